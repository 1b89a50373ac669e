"""Commands that run other commands: env, nice, nohup, timeout, time, watch, setsid, chroot, su, setpriv."""

from __future__ import annotations

import errno
from collections.abc import Sequence

from engine.loop import SECOND
from sim.abi import O_APPEND, O_CREAT, O_WRONLY, SIG_IGN, Main, Proc
from sim.kernel import signals
from sim.programs import accounts
from sim.programs.calendars import strftime
from sim.programs.options import Failure, Options, Usage, command, complain, is_gnu, name
from sim.programs.sizes import seconds

GNU_WORDS = {
    "env": "'{}'",
    "nice": "'{}'",
    "timeout": "failed to run command '{}'",
    "nohup": "failed to run command '{}'",
    "setsid": "failed to execute {}",
    "su": "failed to execute {}",
    "setpriv": "failed to execute {}",
    "unshare": "failed to execute {}",
    "nsenter": "failed to execute {}",
    "chroot": "failed to run command '{}'",
}


async def become(proc: Proc, argv: Sequence[str]) -> int:
    """execvp(3). Returns only when it fails, after a message: 127 not found, 126 not to be executed."""
    path = proc.which(argv[0]) or (argv[0] if "/" in argv[0] else "")
    why, status = "No such file or directory", 127
    try:
        if path:
            await proc.execve(path, argv, proc.env)
    except OSError as error:
        if error.errno == errno.ENOEXEC:
            await proc.execve("/bin/sh", ["/bin/sh", path, *argv[1:]], proc.env)
        why, status = error.strerror or "", 127 if error.errno == errno.ENOENT else 126
    shown = GNU_WORDS.get(name(proc), "{}").format(argv[0]) if is_gnu(proc) else f"can't execute '{argv[0]}'"
    await complain(proc, f"{shown}: {why}")
    return status


def child(argv: Sequence[str]) -> Main:
    """The main of a forked process that becomes a program."""

    async def main(proc: Proc) -> int:
        return await become(proc, argv)

    return main


async def wait_for(proc: Proc, pid: int) -> int:
    """The exit status of a child as a shell says it."""
    while True:
        try:
            _, status = await proc.wait(pid)
        except InterruptedError:
            continue
        return status if status >= 0 else 128 - status


@command(
    "+iu:0",
    synopsis="[-i0] [-u NAME]... [-] [NAME=VALUE]... [PROG ARGS]",
    about="Print current environment or run PROG after setting up\n\n\t-, -i\tStart with empty environment\n"
    "\t-0\tNUL terminated output\n\t-u NAME\tRemove variable from environment",
    long={"ignore-environment": "i", "unset:": "u", "null": "0"},
    gnu={"chdir:": "chdir"},
)
async def env(proc: Proc, options: Options, operands: list[str]) -> int:
    environment = dict(proc.env)
    words = list(operands)
    if "i" in options or words[:1] == ["-"]:
        environment = {}
        words = words[1:] if words[:1] == ["-"] else words
    for variable in options.all("u"):
        environment.pop(variable, None)
    while words and "=" in words[0]:
        variable, _, value = words.pop(0).partition("=")
        environment[variable] = value
    if not words:
        end = "\0" if "0" in options else "\n"
        await proc.out("".join(f"{variable}={value}{end}" for variable, value in environment.items()))
        return 0
    if "chdir" in options:
        proc.chdir(options["chdir"])
    path = environment.get("PATH", proc.env.get("PATH", ""))
    found = proc.which(words[0], path)
    proc.env = environment
    if found is None or "/" in words[0]:
        return await become(proc, words)
    try:
        await proc.execve(found, words, environment)
    except OSError as error:
        if error.errno != errno.ENOEXEC:
            raise
    return await become(proc, words)


@command("+n:", synopsis="[-n ADJUST] [PROG ARGS]", about="Change scheduling priority, run PROG",
         gnu={"adjustment:": "n"},
         digits="n")  # fmt: skip
async def nice(proc: Proc, options: Options, operands: list[str]) -> int:
    """The simulated processors share by cgroup weight alone; a priority is taken and has no effect."""
    if not operands:
        await proc.out("0\n")
        return 0
    if not options.get("n", "10").lstrip("+-").isdigit():
        raise Failure(f"invalid number '{options['n']}'")
    return await become(proc, operands)


@command("+", synopsis="PROG ARGS", about="Run PROG immune to hangups, with output to a non-tty")
async def nohup(proc: Proc, options: Options, operands: list[str]) -> int:
    if not operands:
        raise Usage("missing operand" if is_gnu(proc) else "")
    proc.signal(signals.SIGHUP, SIG_IGN)
    if proc.isatty(1):
        fd = proc.open("nohup.out", O_WRONLY | O_CREAT | O_APPEND, 0o600)
        proc.dup2(fd, 1)
        said = "ignoring input and appending output to 'nohup.out'" if is_gnu(proc) else "appending output to nohup.out"
        await complain(proc, said)
    if proc.isatty(2):
        proc.dup2(1, 2)
    return await become(proc, operands)


@command(
    "+s:k:pf",
    synopsis="[-s SIG] [-k KILL_SECS] SECS PROG ARGS",
    about="Run PROG. Send SIG to it if it is not gone in SECS seconds.\n"
    "Default SIG: TERM. If it still exists in KILL_SECS seconds, send KILL.",
    gnu={"signal:": "s", "kill-after:": "k", "preserve-status": "preserve", "foreground": "f"},
    gnu_status=125,
)
async def timeout(proc: Proc, options: Options, operands: list[str]) -> int:
    if len(operands) < 2:
        raise Usage("missing operand" if is_gnu(proc) else "")
    signal, limit, grace = _limits(proc, options, operands[0])
    pid = proc.fork(child(operands[1:]))
    proc.signal(signals.SIGTERM, lambda number: proc.kill(pid, number))
    expired = False
    for wait, number in ((limit, signal), (grace, signals.SIGKILL)):
        status = await _wait_until(proc, pid, wait)
        if status is not None:
            break
        expired = True
        proc.kill(pid, number)
    else:
        status = await wait_for(proc, pid)
    assert status is not None
    if expired and is_gnu(proc) and status != 137 and "preserve" not in options:
        return 124
    return status


def _limits(proc: Proc, options: Options, text: str) -> tuple[int, float, float]:
    """Signal, seconds until it, seconds more until SIGKILL. Raises Failure."""
    try:
        signal = signals.number(options.get("s", "TERM"))
    except ValueError:
        said = f"'{options['s']}': invalid signal" if is_gnu(proc) else f"unknown signal '{options['s']}'"
        raise Failure(said, 125 if is_gnu(proc) else 1) from None
    try:
        limit = seconds(text) or float("inf")
        grace = seconds(options["k"]) if "k" in options else float("inf")
    except ValueError as error:
        said = f"invalid time interval '{error}'" if is_gnu(proc) else f"invalid number '{error}'"
        raise Failure(said, 125 if is_gnu(proc) else 1) from None
    return signal, limit, grace


async def _wait_until(proc: Proc, pid: int, limit: float) -> int | None:
    """The child's status, or None if it lives longer than `limit` seconds."""
    if limit == float("inf"):
        return await wait_for(proc, pid)
    clock = proc.fork(_sleeper(limit))
    while True:
        try:
            ended, status = await proc.wait(-1)
        except InterruptedError:
            continue
        if ended == clock:
            return None
        if ended == pid:
            proc.kill(clock, signals.SIGKILL)
            await wait_for(proc, clock)
            return status if status >= 0 else 128 - status


def _sleeper(limit: float) -> Main:
    async def main(proc: Proc) -> int:
        for fd in (0, 1, 2):
            proc.close(fd)
        await proc.sleep(limit)
        return 0

    return main


@command(
    "+pvf:o:a",
    synopsis="[-vpa] [-o FILE] PROG ARGS",
    about="Run PROG, display resource usage when it exits\n\n\t-v\tVerbose\n\t-p\tPOSIX output format",
    least=1,
)
async def time(proc: Proc, options: Options, operands: list[str]) -> int:
    """/usr/bin/time. The processor time is read when the child has ended and before it is waited for."""
    started = proc.now()
    proc.signal(signals.SIGCHLD, lambda number: None)  # so that the end of the child interrupts pause()
    pid = proc.fork(child(operands))
    used = 0.0
    while True:
        info = next((info for info in proc.processes() if info.pid == pid), None)
        used = info.cpu if info else used
        if info is None or info.state == "Z":
            break
        try:
            await proc.pause()
        except InterruptedError:
            continue
    status = await wait_for(proc, pid)
    elapsed = (proc.now() - started) / SECOND
    if status > 125 and status < 128:
        await proc.err(f"Command exited with non-zero status {status}\n")
    elif status > 128:
        await proc.err(f"Command terminated by signal {status - 128}\n")
    await proc.err(_times(elapsed, used, posix="p" in options))
    return status


def _times(elapsed: float, used: float, posix: bool) -> str:
    if posix:
        return f"real {elapsed:.2f}\nuser {used:.2f}\nsys 0.00\n"
    rows = (("real", elapsed), ("user", used), ("sys", 0.0))
    return "".join(f"{label}\t{int(spent // 60)}m {spent % 60:.2f}s\n" for label, spent in rows)


@command("+n:td", synopsis="[-n SEC] [-t] PROG ARGS", about="Run PROG periodically\n\n\t-n SEC\tPeriod (default 2)\n"
         "\t-t\tDon't print header", gnu={"interval:": "n", "no-title": "t"}, least=1)  # fmt: skip
async def watch(proc: Proc, options: Options, operands: list[str]) -> int:
    try:
        period = seconds(options.get("n", "2"))
    except ValueError:
        raise Failure(f"invalid number '{options['n']}'") from None
    line = " ".join(operands)
    while True:
        width = (proc.winsize(1)[1] if proc.isatty(1) else 0) or 80
        await proc.out("\x1b[H\x1b[J")
        if "t" not in options:
            when = strftime("%Y-%m-%d %H:%M:%S", proc.now())
            await proc.out(f"{f'Every {period:.1f}s: {line}'[: width - len(when)]:<{width - len(when)}}{when}\n\n")
        await wait_for(proc, proc.fork(child(["sh", "-c", line])))
        await proc.sleep(period)


@command("+cfw", synopsis="[-c] PROG ARGS", about="Run PROG in a new session")
async def setsid(proc: Proc, options: Options, operands: list[str]) -> int:
    if not operands:
        raise Usage("no command specified" if is_gnu(proc) else "")

    async def leader(proc: Proc) -> int:
        proc.setsid()
        return await become(proc, operands)

    try:
        proc.setsid()
    except PermissionError:  # it leads a process group: a child does not
        pid = proc.fork(leader)
        return await wait_for(proc, pid) if "w" in options else 0
    return await become(proc, operands)


@command("+", synopsis="NEWROOT [PROG ARGS]", about="Run PROG with root directory set to NEWROOT", least=1)
async def chroot(proc: Proc, options: Options, operands: list[str]) -> int:
    root = operands[0]
    try:
        proc.chroot(root)
    except OSError as error:
        cannot = "cannot" if is_gnu(proc) else "can't"
        await complain(proc, f"{cannot} change root directory to '{root}': {error.strerror}")
        return 125 if is_gnu(proc) else 1
    proc.chdir("/")
    return await become(proc, operands[1:] or [proc.env.get("SHELL", "/bin/sh"), "-i"])


@command(
    "lmpc:s:g:G:",
    synopsis="[-lmp] [-s SH] [-] [USER [FILE ARGS]]",
    about="Run shell under USER (by default, root)\n\n"
    "\t-,-l\tClear environment, go to home dir, run shell as login shell\n"
    "\t-m,-p\tDo not set new $HOME, $SHELL, $USER, $LOGNAME\n\t-c CMD\tCommand to pass to 'sh -c'\n"
    "\t-s SH\tShell to use",
    gnu={"login": "l", "command:": "c", "shell:": "s", "preserve-environment": "p"},
)
async def su(proc: Proc, options: Options, operands: list[str]) -> int:
    words = list(operands)
    login = "l" in options or "-" in words[:1]
    words = words[1:] if words[:1] == ["-"] else words
    wanted = words.pop(0) if words else "root"
    user = accounts.user(proc, wanted)
    if user is None:
        raise Failure(f"user {wanted} does not exist or the user entry does not contain all the required fields"
                      if is_gnu(proc) else f"unknown user {wanted}")  # fmt: skip
    if proc.getuid():
        raise Failure("must be suid to work properly" if not is_gnu(proc) else "Authentication failure")
    proc.setuid(user.uid, user.gid, accounts.membership(proc, user.name, user.gid))
    shell = options.get("s") or user.shell or "/bin/sh"
    _environment(proc, options, user, shell, login)
    start = shell.rpartition("/")[2]
    argv = [f"-{start}" if login else start, *(["-c", options["c"]] if "c" in options else []), *words]
    try:
        await proc.execve(shell, argv, proc.env)
    except OSError as error:
        said = f"failed to execute {shell}" if is_gnu(proc) else f"can't execute '{shell}'"
        await complain(proc, f"{said}: {error.strerror}")
    return 127


def _environment(proc: Proc, options: Options, user: accounts.User, shell: str, login: bool) -> None:
    names = {"USER": user.name, "LOGNAME": user.name} if user.uid or login else {}
    if login:
        proc.env = {"TERM": proc.env.get("TERM", "linux"), "HOME": user.home, "SHELL": shell, **names,
                    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}  # fmt: skip
        try:
            proc.chdir(user.home)
        except OSError:
            proc.chdir("/")
    elif not options.any("mp"):
        proc.env = {**proc.env, "HOME": user.home, "SHELL": shell, **names}


@command(
    "+d",
    synopsis="[OPTIONS] PROG ARGS",
    about="Run PROG with different privilege settings",
    long={"reuid:": "uid", "regid:": "gid", "ruid:": "uid", "euid:": "uid", "rgid:": "gid", "egid:": "gid",
          "clear-groups": "clear", "keep-groups": "keep", "init-groups": "init", "groups:": "groups", "dump": "d",
          "nnp": "nnp", "no-new-privs": "nnp", "inh-caps:": "caps", "ambient-caps:": "caps", "bounding-set:": "caps",
          "reset-env": "reset"},
)  # fmt: skip
async def setpriv(proc: Proc, options: Options, operands: list[str]) -> int:
    if "d" in options:
        groups = ",".join(map(str, proc.groups)) or "[none]"
        uid, gid = proc.getuid(), proc.getgid()
        await proc.out(f"uid: {uid}\neuid: {uid}\ngid: {gid}\negid: {gid}\nSupplementary groups: {groups}\n")
        return 0
    if not operands:
        raise Usage("No program specified" if is_gnu(proc) else "")
    uid = accounts.uid_of(proc, options["uid"]) if "uid" in options else proc.getuid()
    gid = accounts.gid_of(proc, options["gid"]) if "gid" in options else proc.getgid()
    groups_wanted: Sequence[int] = proc.groups
    if "groups" in options:
        groups_wanted = [accounts.gid_of(proc, group) for group in options["groups"].split(",")]
    elif "clear" in options:
        groups_wanted = ()
    elif "init" in options and (user := accounts.user_of(proc, uid)):
        groups_wanted = accounts.membership(proc, user.name, gid)
    proc.setuid(uid, gid, groups_wanted)
    return await become(proc, operands)
