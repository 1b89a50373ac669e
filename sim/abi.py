"""System calls, as a simulated program sees them: the protocol between `sim/programs` and `sim/kernel`.

A program is a coroutine function `async def main(proc: Proc) -> int` (its exit status). What may block is a coroutine;
the rest answers at once. Errors are `OSError` with the kernel's errno (`FileNotFoundError`, `PermissionError`, …).
Names follow the system calls (man section 2). A program that needs time says so: `await proc.sleep(s)` waits,
`await proc.cpu(s)` works; all other calls charge a little CPU time by themselves, which is worked off in calls that are
awaited, so that an endless loop lets time pass.

A signal whose action is the default ends the program by `Cancelled`, thrown where it waits. A handler set with
`proc.signal(number, handler)` is called at once, and a blocked call ends with `InterruptedError` (EINTR).
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from sim.abi_network import Interface as Interface
from sim.abi_network import Listener as Listener
from sim.abi_network import Net as Net

Main = Callable[["Proc"], Coroutine[Any, Any, int]]
Handler = Callable[[int], object]

O_RDONLY, O_WRONLY, O_RDWR, O_CREAT, O_EXCL, O_TRUNC, O_APPEND, O_DIRECTORY = 0, 1, 2, 64, 128, 512, 1024, 65536
SIG_DFL, SIG_IGN = "default", "ignore"
WNOHANG, WUNTRACED = 1, 2


@dataclass(frozen=True, slots=True)
class Stat:
    """stat(2). `mode` with the type bits; times in ns since 1970; `rdev` = (major, minor) of a device."""

    ino: int
    mode: int
    nlink: int
    uid: int
    gid: int
    size: int
    mtime: int
    dev: int = 1
    rdev: tuple[int, int] = (0, 0)
    atime: int = 0
    ctime: int = 0
    blocks: int = 0  # of 512 bytes


@dataclass(frozen=True, slots=True)
class StatVfs:
    """statfs(2), in bytes and inodes."""

    size: int
    free: int
    files: int
    files_free: int


@dataclass(frozen=True, slots=True)
class MountInfo:
    """A line of /proc/self/mountinfo."""

    id: int
    parent: int
    target: str
    type: str
    source: str
    options: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ProcInfo:
    """What ps(1) reads from /proc/PID, with ids as the reader's PID namespace sees them."""

    pid: int
    ppid: int
    pgid: int
    sid: int
    uid: int
    user: str
    state: str  # R S D T Z
    tty: str  # "pts/0" or "?"
    start: int  # ns since 1970
    cpu: float  # seconds used
    rss: int  # bytes
    vsz: int
    comm: str
    args: tuple[str, ...]


class Poll(Protocol):
    """epoll(7), for reading: waits for many descriptors at once. A descriptor is removed before it is closed."""

    def add(self, fd: int) -> None: ...

    def remove(self, fd: int) -> None: ...

    async def wait(self, timeout: float | None = None) -> list[int]:
        """Those from which reading (or accepting) would not wait; [] after `timeout` seconds."""


class Proc(Protocol):
    """One process. Attributes are the process's own and may be changed, as the shell does."""

    argv: list[str]
    program: str  # NAME of the file's `glassdock:NAME`: "busybox", or GNU's "ls"; tells the flavour of messages
    env: dict[str, str]
    cwd: str
    umask: int
    pid: int  # as the process itself sees it (getpid)
    ppid: int
    uid: int  # the kernel's own number; what programs print is getuid()
    gid: int
    groups: tuple[int, ...]  # supplementary
    net: Net

    # -- time and memory
    def now(self) -> int:
        """ns since 1970 (CLOCK_REALTIME)."""

    async def sleep(self, seconds: float) -> None: ...

    async def cpu(self, seconds: float) -> None:
        """Use the CPU for so long; takes longer when it is shared or limited."""

    async def allocate(self, size: int) -> None:
        """Have `size` bytes of memory more (negative: give back). May end in the OOM killer."""

    # -- descriptors
    def open(self, path: str, flags: int = O_RDONLY, mode: int = 0o666) -> int: ...

    def close(self, fd: int) -> None: ...

    def dup2(self, old: int, new: int) -> int: ...

    def dup(self, old: int, least: int = 0) -> int:
        """The lowest free descriptor not below `least`; with a `least`, execve closes it (F_DUPFD_CLOEXEC)."""

    def pipe(self) -> tuple[int, int]: ...

    def epoll(self) -> Poll: ...

    async def read(self, fd: int, size: int = 65536) -> bytes:
        """b"" at the end of file."""

    async def write(self, fd: int, data: bytes) -> int:
        """All of it; raises BrokenPipeError after SIGPIPE, if that is ignored."""

    def lseek(self, fd: int, offset: int, whence: int = 0) -> int: ...

    def pread(self, fd: int, size: int, offset: int) -> bytes:
        """Of a file that can be sought in, at once; its position stays."""

    def ftruncate(self, fd: int, size: int) -> None: ...

    def fstat(self, fd: int) -> Stat: ...

    def isatty(self, fd: int) -> bool: ...

    def ttyname(self, fd: int) -> str:
        """ "/dev/pts/0" """

    def winsize(self, fd: int) -> tuple[int, int]:
        """(rows, columns) of the terminal; OSError ENOTTY if it is none."""

    def tcgetattr(self, fd: int) -> dict[str, bool]:
        """{"icanon", "echo", "isig", "opost", "icrnl"}"""

    def tcsetattr(self, fd: int, **flags: bool) -> None: ...

    # -- conveniences over descriptors 0, 1, 2
    async def out(self, text: str | bytes) -> None: ...

    async def err(self, text: str | bytes) -> None: ...

    def lines(self, fd: int = 0) -> AsyncIterator[bytes]:
        """Lines with their newline, as they come."""

    async def read_all(self, fd: int = 0) -> bytes: ...

    # -- files
    def stat(self, path: str) -> Stat: ...

    def lstat(self, path: str) -> Stat: ...

    def listdir(self, path: str = ".") -> list[str]:
        """Names in no order, without . and .."""

    def mkdir(self, path: str, mode: int = 0o777) -> None: ...

    def rmdir(self, path: str) -> None: ...

    def unlink(self, path: str) -> None: ...

    def rename(self, old: str, new: str) -> None: ...

    def link(self, old: str, new: str) -> None: ...

    def symlink(self, target: str, path: str) -> None: ...

    def readlink(self, path: str) -> str: ...

    def chmod(self, path: str, mode: int) -> None: ...

    def chown(self, path: str, uid: int, gid: int, follow: bool = True) -> None:
        """-1 leaves one as it is."""

    def utime(self, path: str, mtime: int) -> None: ...

    def truncate(self, path: str, size: int) -> None: ...

    def mknod(self, path: str, mode: int, device: tuple[int, int] = (0, 0)) -> None: ...

    def access(self, path: str, mode: int) -> bool:
        """mode: 4 read, 2 write, 1 execute, 0 exists."""

    def realpath(self, path: str) -> str: ...

    def chdir(self, path: str) -> None: ...

    def read_file(self, path: str) -> bytes: ...

    def write_file(self, path: str, data: bytes, append: bool = False) -> None: ...

    def mounts(self) -> list[MountInfo]: ...

    def mount(self, source: str, target: str, type: str, options: Sequence[str] = ()) -> None:
        """Needs CAP_SYS_ADMIN."""

    def umount(self, target: str, lazy: bool = False) -> None:
        """`lazy` (MNT_DETACH): with all that is mounted below, and though it is in use."""

    # -- namespaces and the root directory
    def unshare(self, types: Collection[str]) -> None:
        """New namespaces for this process ("pid": for its children), of "mount", "uts", "ipc", "network", "pid",
        "user", "cgroup", "time". Needs CAP_SYS_ADMIN, unless "user" is among them."""

    def setns(self, fd: int, type: str = "") -> None:
        """Enter the namespace that was opened, /proc/PID/ns/net for example. Raises OSError EINVAL, EPERM."""

    def chroot(self, path: str) -> None:
        """Needs CAP_SYS_CHROOT. A working directory outside of the new root is left for the new root itself.

        Raises OSError EXDEV for a directory of another mount namespace.
        """

    def pivot_root(self, new_root: str, put_old: str) -> None:
        """Another mount becomes the root of the mount namespace. Raises OSError EINVAL, EBUSY, EPERM."""

    def getuid(self) -> int:
        """Its user, as its user namespace calls it; 65534 if it has no name for it."""

    def getgid(self) -> int: ...

    def statfs(self, path: str) -> StatVfs: ...

    # -- processes
    def fork(self, main: Main, fds: Mapping[int, int] | None = None, setpgid: int | None = None) -> int:
        """A child that runs `main` with a copy of everything; returns its pid.

        `fds`: {child's: parent's} replaces 0, 1, 2… in the child; the rest is inherited. `setpgid` 0: its own group.
        """

    async def execve(self, path: str, argv: Sequence[str], env: Mapping[str, str]) -> None:
        """Become another program; returns only by raising (FileNotFoundError, PermissionError, OSError ENOEXEC)."""

    def which(self, name: str, path: str | None = None) -> str | None:
        """Look a command up in $PATH as execvp(3) does."""

    async def run(
        self, argv: Sequence[str], env: Mapping[str, str] | None = None, fds: Mapping[int, int] | None = None
    ) -> int:
        """fork, execvp, wait; the exit status as a shell says it (127 not found, 126 not executable, 128+signal)."""

    async def wait(self, pid: int = -1, options: int = 0) -> tuple[int, int]:
        """(pid, status): status 0–255 an exit code, < 0 minus the signal's number. Raises ChildProcessError.

        With WNOHANG and nothing to tell: (0, 0). With WUNTRACED also 256 + signal for a child that was stopped.
        """

    def kill(self, pid: int, signal: int) -> None:
        """pid > 0 one, 0 own group, < -1 a group, -1 all. Raises ProcessLookupError, PermissionError."""

    def signal(self, number: int, handler: Handler | str) -> Handler | str:
        """Set a handler, SIG_DFL or SIG_IGN; returns the old one."""

    async def pause(self) -> None:
        """Wait for a signal; raises InterruptedError after a handler has run."""

    def getpgid(self, pid: int = 0) -> int: ...

    def setpgid(self, pid: int, pgid: int) -> None: ...

    def setsid(self) -> int: ...

    def tcsetpgrp(self, fd: int, pgid: int) -> None: ...

    def processes(self) -> list[ProcInfo]:
        """All that /proc shows, by pid: the PID namespace in which it was mounted. [] if nothing is mounted there."""

    # -- the machine
    def setuid(self, uid: int, gid: int, groups: Sequence[int] = ()) -> None:
        """Become another user for good: setgroups, setgid, setuid in one. Needs CAP_SETUID if it changes anything."""

    def getrlimit(self, name: str) -> tuple[int, int]:
        """Soft and hard limit of "nofile", "nproc", "fsize", …; -1 is unlimited."""

    def setrlimit(self, name: str, soft: int, hard: int) -> None:
        """To raise a hard limit needs CAP_SYS_RESOURCE; OSError EINVAL for a soft one above the hard one."""

    def processors(self) -> int:
        """How many this process may run on (sched_getaffinity)."""

    def uname(self) -> dict[str, str]:
        """sysname, nodename, release, version, machine."""

    def sethostname(self, name: str) -> None: ...

    def uptime(self) -> tuple[float, tuple[float, float, float]]:
        """Seconds since boot, and the load averages."""

    def meminfo(self) -> dict[str, int]:
        """/proc/meminfo's names, in bytes."""
