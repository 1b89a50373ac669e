"""unshare: run a program in namespaces of its own. Source: unshare(1) of util-linux 2.38, busybox 1.37."""

from __future__ import annotations

from collections.abc import Collection

from sim.abi import Proc
from sim.programs.options import Failure, Options, command, complain, is_gnu
from sim.programs.running import become, wait_for

# option → (namespace, flag of clone(2)), in the order of the manual page
SPACES = {
    "m": ("mount", 0x20000),
    "u": ("uts", 0x4000000),
    "i": ("ipc", 0x8000000),
    "n": ("network", 0x40000000),
    "p": ("pid", 0x20000000),
    "U": ("user", 0x10000000),
    "C": ("cgroup", 0x2000000),
    "T": ("time", 0x80),
}
NAMES = {"mount": "m", "uts": "u", "ipc": "i", "net": "n", "pid": "p", "user": "U", "cgroup": "C", "time": "T"}
PROPAGATIONS = ("slave", "shared", "private", "unchanged")


@command(
    "+muinpUCTfrcw:R:S:G:",
    synopsis="[OPTIONS] [PROG ARGS]",
    about="\t-m,--mount\t\tUnshare mount namespace\n\t-u,--uts\t\tUnshare UTS namespace (hostname etc.)\n"
    "\t-i,--ipc\t\tUnshare System V IPC namespace\n\t-n,--net\t\tUnshare network namespace\n"
    "\t-p,--pid\t\tUnshare PID namespace\n\t-U,--user\t\tUnshare user namespace\n"
    "\t-f\t\t\tFork before execing PROG\n\t-r\t\t\tMap current user to root (implies -U)\n"
    "\t--mount-proc[=DIR]\tMount /proc filesystem first (implies -m)\n"
    "\t--propagation slave|shared|private|unchanged\n\t\t\t\tModify mount propagation in mount namespace\n"
    "\t--setgroups allow|deny\tControl the setgroups syscall in user namespaces",
    long={**NAMES, "mount-proc::": "mount-proc", "propagation:": "propagation", "setgroups:": "setgroups"},
    gnu={"fork": "f", "map-root-user": "r", "map-current-user": "c", "root:": "R", "wd:": "w", "setuid:": "S",
         "setgid:": "G", "kill-child::": "kill"},
)  # fmt: skip
async def unshare(proc: Proc, options: Options, operands: list[str]) -> int:
    if options.get("propagation", "private") not in PROPAGATIONS:
        raise Failure(f"unsupported propagation mode: {options['propagation']}")
    letters = {letter for letter in SPACES if letter in options}
    letters |= {"U"} if options.any("rc") else set()
    letters |= {"m"} if "mount-proc" in options else set()
    uid, gid = proc.getuid(), proc.getgid()
    try:
        proc.unshare({SPACES[letter][0] for letter in letters})
    except OSError as error:
        flags = sum(SPACES[letter][1] for letter in letters)
        raise Failure(f"{'unshare failed' if is_gnu(proc) else f'unshare({flags:#x})'}: {error.strerror}") from None
    if options.any("rc"):
        _map(proc, uid, gid, (0, 0) if "r" in options else (uid, gid))
    if "f" not in options and "kill" not in options:
        return await _run(proc, options, operands, letters)

    async def child(proc: Proc) -> int:
        return await _run(proc, options, operands, letters)

    try:
        return await wait_for(proc, proc.fork(child))
    except OSError as error:
        raise Failure(f"fork failed: {error.strerror}" if is_gnu(proc) else f"vfork: {error.strerror}") from None


def _map(proc: Proc, uid: int, gid: int, inside: tuple[int, int]) -> None:
    """The caller's own user is the only one with a name in the new user namespace. Raises Failure."""
    texts = {"setgroups": "deny", "uid_map": f"{inside[0]} {uid} 1", "gid_map": f"{inside[1]} {gid} 1"}
    for file, text in texts.items():
        try:
            proc.write_file(f"/proc/self/{file}", text.encode())
        except OSError as error:
            raise Failure(f"write failed /proc/self/{file}: {error.strerror}") from None


async def _run(proc: Proc, options: Options, operands: list[str], letters: Collection[str]) -> int:
    """The second half, in the new namespaces."""
    propagation = options.get("propagation", "private")
    if "m" in letters and propagation != "unchanged":
        proc.mount("none", "/", "", ("rec", propagation))
    if "R" in options:
        await _new_root(proc, options["R"])
    if "w" in options:
        proc.chdir(options["w"])
    if "mount-proc" in options:
        folder = options["mount-proc"] or "/proc"
        try:
            proc.mount("proc", folder, "proc", ("nosuid", "noexec", "nodev"))
        except OSError as error:
            raise Failure(f"mount {folder} failed: {error.strerror}") from None
    if options.any("SG"):
        proc.setuid(int(options.get("S") or proc.getuid()), int(options.get("G") or proc.getgid()))
    return await start(proc, operands)


async def _new_root(proc: Proc, path: str) -> None:
    try:
        proc.chroot(path)
    except OSError as error:
        raise Failure(f"cannot change root directory to '{path}': {error.strerror}") from None
    proc.chdir("/")


async def start(proc: Proc, operands: list[str]) -> int:
    """The program, or the user's shell."""
    if operands:
        return await become(proc, operands)
    shell = proc.env.get("SHELL") or "/bin/sh"
    try:
        await proc.execve(shell, [f"-{shell.rpartition('/')[2]}" if is_gnu(proc) else shell], proc.env)
    except OSError as error:
        await complain(proc, f"failed to execute {shell}: {error.strerror}")
    return 127
