"""sys, os, os.path, platform, signal, atexit, errno: the container, as Python names it."""

from __future__ import annotations

import errno as library_errno
import posixpath
import sys as library_sys
from typing import TYPE_CHECKING, Any

from sim.abi import SIG_DFL, SIG_IGN
from sim.kernel import signals
from sim.programs.python.files import named
from sim.programs.python.machine import Exit
from sim.programs.python.objects import Module

if TYPE_CHECKING:
    from sim.programs.python.machine import Machine

Table = dict[str, Any]


def sys(machine: Machine) -> Table:
    number = machine.version.removeprefix("Python ")
    parts = tuple(int(part) for part in number.split(".")[:3] if part.isdigit())

    def exit(code: Any = None) -> None:
        raise SystemExit(code)

    def exc_info() -> tuple[Any, Any, None]:
        error = machine.handling[-1] if machine.handling else None
        return (type(error) if error else None, error, None)

    return {
        "argv": machine.argv, "stdout": machine.out, "stderr": machine.err, "stdin": machine.input,
        "path": machine.path,
        "modules": machine.modules, "exit": exit, "exc_info": exc_info, "platform": "linux", "byteorder": "little",
        "version": f"{number} (main) [GCC 14.2.0]", "maxsize": 2**63 - 1, "version_info": VersionInfo(parts),
        "executable": machine.proc.which(machine.proc.argv[0]) or "/usr/local/bin/python3",
        "getsizeof": library_sys.getsizeof, "getrecursionlimit": lambda: 1000, "setrecursionlimit": lambda limit: None,
        "implementation": Module("implementation", name="cpython"), "prefix": "/usr/local",
    }  # fmt: skip


class VersionInfo(tuple[Any, ...]):
    """sys.version_info."""

    def __new__(cls, parts: tuple[int, ...]) -> VersionInfo:
        return super().__new__(cls, (*parts, "final", 0))

    @property
    def major(self) -> int:
        return int(self[0])

    @property
    def minor(self) -> int:
        return int(self[1])

    @property
    def micro(self) -> int:
        return int(self[2])


class Environ(dict[str, str]):
    """os.environ: what is changed is the process's own, and its children's."""

    def __init__(self, env: dict[str, str]) -> None:
        super().__init__(env)
        self._env = env

    def __setitem__(self, name: str, value: str) -> None:
        if not isinstance(value, str):
            raise TypeError(f"str expected, not {type(value).__name__}")
        super().__setitem__(name, value)
        self._env[name] = value

    def __delitem__(self, name: str) -> None:
        super().__delitem__(name)
        self._env.pop(name, None)

    def __missing__(self, name: str) -> str:
        raise KeyError(name)

    def setdefault(self, name: str, value: str = "") -> str:
        if name not in self:
            self[name] = value
        return self[name]


def os(machine: Machine) -> Table:
    proc = machine.proc
    environ = Environ(proc.env)

    def listdir(path: str = ".") -> list[str]:
        with named(path):
            return proc.listdir(path)

    def makedirs(path: str, mode: int = 0o777, exist_ok: bool = False) -> None:
        path = str(path)
        parent = posixpath.dirname(path.rstrip("/"))
        if parent and not proc.access(parent, 0):
            makedirs(parent, mode, True)
        try:
            with named(path):
                proc.mkdir(path, mode)
        except FileExistsError:
            if not exist_ok:
                raise

    def walk(top: str) -> Any:
        names = sorted(proc.listdir(top))
        folders = [name for name in names if _is(machine, f"{top}/{name}", 0o040000)]
        yield top, folders, [name for name in names if name not in folders]
        for name in folders:
            yield from walk(f"{top}/{name}")

    def uname() -> Module:
        return Module("uname", **proc.uname())

    def one(function: Any) -> Any:
        """A system call on a path, whose error names it."""

        def call(path: Any, *more: Any, **_: Any) -> Any:
            with named(str(path), str(more[0]) if more and isinstance(more[0], str) else None):
                return function(str(path), *more)

        return call

    def exit_now(code: int) -> None:
        raise Exit(code)

    def cpu_count() -> int:
        return proc.processors()

    return {
        "environ": environ, "getenv": lambda name, default=None: environ.get(name, default), "sep": "/",
        "name": "posix",
        "linesep": "\n", "pathsep": ":", "getpid": lambda: proc.pid, "getppid": lambda: proc.ppid,
        "getuid": proc.getuid, "geteuid": proc.getuid, "getgid": proc.getgid, "getcwd": lambda: proc.cwd,
        "chdir": one(proc.chdir), "listdir": listdir, "mkdir": one(proc.mkdir), "makedirs": makedirs,
        "remove": one(proc.unlink), "unlink": one(proc.unlink), "rmdir": one(proc.rmdir), "rename": one(proc.rename),
        "replace": one(proc.rename), "symlink": one(proc.symlink), "readlink": one(proc.readlink),
        "chmod": one(proc.chmod), "chown": one(proc.chown), "stat": one(lambda path: _stat(proc.stat(path))),
        "access": one(proc.access), "uname": uname, "kill": proc.kill, "cpu_count": cpu_count, "walk": walk,
        "_exit": exit_now, "urandom": machine.random.randbytes, "path": Module("posixpath", **path(machine)),
        "F_OK": 0, "R_OK": 4, "W_OK": 2, "X_OK": 1, "getloadavg": lambda: proc.uptime()[1], "fspath": str,
        "system": lambda command: proc.run(["/bin/sh", "-c", command]), "curdir": ".", "devnull": "/dev/null",
    }  # fmt: skip


def _stat(found: Any) -> Module:
    return Module("stat_result", st_mode=found.mode, st_size=found.size, st_uid=found.uid, st_gid=found.gid,
                  st_mtime=found.mtime / 1e9, st_ino=found.ino, st_nlink=found.nlink)  # fmt: skip


def _is(machine: Machine, path: str, kind: int) -> bool:
    try:
        return machine.proc.stat(path).mode & 0o170000 == kind
    except OSError:
        return False


def path(machine: Machine) -> Table:
    proc = machine.proc
    names = ("basename", "dirname", "join", "split", "splitext", "isabs", "normpath", "commonpath")
    pure = {name: getattr(posixpath, name) for name in names}
    pure["relpath"] = lambda path, start=None: posixpath.relpath(absolute(path), absolute(start or "."))

    def absolute(path: Any) -> str:
        return posixpath.normpath(posixpath.join(proc.cwd, str(path)))

    def getsize(path: str) -> int:
        with named(path):
            return proc.stat(path).size

    def getmtime(path: str) -> float:
        with named(path):
            return proc.stat(path).mtime / 1e9

    def expanduser(path: str) -> str:
        return proc.env.get("HOME", "/root") + path[1:] if path.startswith("~") else path

    return pure | {
        "abspath": absolute, "exists": lambda path: proc.access(str(path), 0), "getsize": getsize, "getmtime": getmtime,
        "isfile": lambda path: _is(machine, str(path), 0o100000),
        "isdir": lambda path: _is(machine, str(path), 0o040000),
        "islink": lambda path: _link(machine, str(path)), "realpath": lambda path: proc.realpath(str(path)),
        "expanduser": expanduser, "sep": "/",
    }  # fmt: skip


def _link(machine: Machine, path: str) -> bool:
    try:
        return machine.proc.lstat(path).mode & 0o170000 == 0o120000
    except OSError:
        return False


def platform(machine: Machine) -> Table:
    uname = machine.proc.uname()
    number = machine.version.removeprefix("Python ")
    return {
        "system": lambda: uname["sysname"], "node": lambda: uname["nodename"], "release": lambda: uname["release"],
        "version": lambda: uname["version"], "machine": lambda: uname["machine"], "processor": lambda: "",
        "python_version": lambda: number, "python_implementation": lambda: "CPython",
        "platform": lambda: f"Linux-{uname['release']}-{uname['machine']}-with-glibc2.41",
    }  # fmt: skip


def signal(machine: Machine) -> Table:
    numbers = {f"SIG{name}": SignalNumber(f"SIG{name}", number) for name, number in signals.NUMBERS.items()}

    async def pause() -> None:
        try:
            await machine.wait(machine.proc.pause())
        except InterruptedError:
            return

    def set_handler(number: int, handler: Any) -> Any:
        plain = {0: SIG_DFL, 1: SIG_IGN}.get(handler, handler) if isinstance(handler, int) else handler
        return machine.set_handler(int(number), plain)

    return numbers | {
        "signal": set_handler, "getsignal": lambda number: machine.handler(int(number)), "pause": pause, "SIG_DFL": 0,
        "SIG_IGN": 1, "raise_signal": lambda number: machine.proc.kill(machine.proc.pid, int(number)),
        "Signals": lambda number: next(one for one in numbers.values() if one == number),
    }  # fmt: skip


class SignalNumber(int):
    """`signal.SIGTERM`: a number with a name."""

    def __new__(cls, name: str, number: int) -> SignalNumber:
        made = super().__new__(cls, number)
        made.name = name
        return made

    name: str

    @property
    def value(self) -> int:
        return int(self)

    def __repr__(self) -> str:
        return f"<Signals.{self.name}: {int(self)}>"

    def __str__(self) -> str:
        return str(int(self))


def atexit(machine: Machine) -> Table:
    def register(function: Any, *args: Any, **kwargs: Any) -> Any:
        machine.at_exit.append((function, args, kwargs))
        return function

    return {"register": register}


def errno(machine: Machine) -> Table:
    return {name: number for number, name in library_errno.errorcode.items()} | {
        "errorcode": dict(library_errno.errorcode)
    }
