"""nsenter: run a program in the namespaces of another process. Source: nsenter(1) of util-linux 2.38, busybox 1.37."""

from __future__ import annotations

from sim.abi import Proc
from sim.programs.options import Failure, Options, Usage, command, is_gnu
from sim.programs.running import wait_for
from sim.programs.spaces.unshare import start

# option → file in /proc/PID/ns, in the order in which they are entered
FILES = {"U": "user", "C": "cgroup", "i": "ipc", "u": "uts", "n": "net", "p": "pid", "m": "mnt", "T": "time"}
FLAGS = {"U": 0x10000000, "C": 0x2000000, "i": 0x8000000, "u": 0x4000000, "n": 0x40000000, "p": 0x20000000,
         "m": 0x20000, "T": 0x80}  # fmt: skip
NAMES = {"user::": "U", "cgroup::": "C", "ipc::": "i", "uts::": "u", "net::": "n", "pid::": "p", "mount::": "m",
         "time::": "T"}  # fmt: skip


@command(
    "+at:m::u::i::n::p::U::C::T::S:G:r::w::F",
    synopsis="[OPTIONS] [PROG ARGS]",
    about="\t-t PID\t\tTarget process to get namespaces from\n\t-m[FILE]\tEnter mount namespace\n"
    "\t-u[FILE]\tEnter UTS namespace (hostname etc)\n\t-i[FILE]\tEnter System V IPC namespace\n"
    "\t-n[FILE]\tEnter network namespace\n\t-p[FILE]\tEnter pid namespace\n\t-U[FILE]\tEnter user namespace\n"
    "\t-S UID\t\tSet uid in entered namespace\n\t-G GID\t\tSet gid in entered namespace\n"
    "\t-r[DIR]\t\tSet root directory\n\t-w[DIR]\t\tSet working directory\n"
    "\t-F\t\tDon't fork before exec'ing PROG",
    long={**NAMES, "target:": "t", "setuid:": "S", "setgid:": "G", "root::": "r", "wd::": "w", "no-fork": "F",
          "preserve-credentials": "keep"},
    gnu={"all": "a"},
)  # fmt: skip
async def nsenter(proc: Proc, options: Options, operands: list[str]) -> int:
    target = options.get("t")
    if target and not target.isdecimal():
        raise Failure(f"failed to parse pid: '{target}'" if is_gnu(proc) else f"invalid number '{target}'")
    wanted = {letter: options.get(letter) for letter in FILES if letter in options}
    if "a" in options:
        wanted |= {letter: "" for letter in FILES if letter not in wanted and _differs(proc, target, FILES[letter])}
    root, folder = (_place(proc, options, target, *each) for each in (("r", "root"), ("w", "cwd")))
    opened = {letter: _open(proc, letter, wanted[letter], target) for letter in FILES if letter in wanted}
    for letter, fd in opened.items():
        try:
            proc.setns(fd)
        except OSError as error:
            what = f"reassociate to namespace 'ns/{FILES[letter]}' failed"
            raise Failure(f"{what if is_gnu(proc) else f'setns({FLAGS[letter]:#x})'}: {error.strerror}") from None
        proc.close(fd)
    if root:
        proc.chroot(root)
        proc.chdir("/")
    if folder:
        proc.chdir(folder)
    if options.any("SG") or ("U" in options and "keep" not in options):
        proc.setuid(int(options.get("S") or 0), int(options.get("G") or 0))
    if "p" not in wanted or "F" in options:
        return await start(proc, operands)

    async def child(proc: Proc) -> int:
        return await start(proc, operands)

    try:
        return await wait_for(proc, proc.fork(child))
    except OSError as error:
        raise Failure(f"fork failed: {error.strerror}" if is_gnu(proc) else f"vfork: {error.strerror}") from None


def _place(proc: Proc, options: Options, target: str, letter: str, link: str) -> str:
    """A directory that was named, or the target's own, as a path; "" if neither is wanted."""
    if letter not in options:
        return ""
    path = f"/proc/{target}/{link}"
    return options[letter] or (proc.readlink(path) if "m" in options or "a" in options else path)


def _open(proc: Proc, letter: str, path: str, target: str) -> int:
    file = f"ns/{FILES[letter]}"
    if not path and not target:
        if not is_gnu(proc):
            raise Usage()
        raise Failure(f"neither filename nor target pid supplied for {file}")
    path = path or f"/proc/{target}/{file}"
    try:
        return proc.open(path)
    except OSError as error:
        said = f"cannot open {path}" if is_gnu(proc) else f"can't open '{path}'"
        raise Failure(f"{said}: {error.strerror}") from None


def _differs(proc: Proc, target: str, file: str) -> bool:
    """--all leaves out the namespaces that it is in already."""
    if not target:
        raise Failure("no target PID specified for --all")
    return proc.readlink(f"/proc/{target}/ns/{file}") != proc.readlink(f"/proc/self/ns/{file}")
