"""Files, at once: what fs and fs/promises stand on. Source: nodejs.org/api/fs.html."""

from __future__ import annotations

import errno
import posixpath
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from sim import abi
from sim.programs.node.bindings.buffer import buffer, given
from sim.programs.node.operators import integer, truth
from sim.programs.node.values import JSObject, Thrown, hidden, waits

if TYPE_CHECKING:
    from sim.programs.node.machine import Machine
    from sim.programs.node.realm import Realm

WORDS = {
    errno.ENOENT: "no such file or directory", errno.EACCES: "permission denied", errno.EEXIST: "file already exists",
    errno.ENOTDIR: "not a directory", errno.EISDIR: "illegal operation on a directory",
    errno.EPERM: "operation not permitted",
    errno.ENOTEMPTY: "directory not empty", errno.EBADF: "bad file descriptor", errno.EROFS: "read-only file system",
    errno.EINVAL: "invalid argument", errno.ENOSPC: "no space left on device",
    errno.ELOOP: "too many symbolic links encountered",
    errno.EXDEV: "cross-device link not permitted", errno.EBUSY: "resource busy or locked",
    errno.ESRCH: "no such process",
}  # fmt: skip
FLAGS = {"r": abi.O_RDONLY, "w": abi.O_WRONLY | abi.O_CREAT | abi.O_TRUNC,
         "a": abi.O_WRONLY | abi.O_CREAT | abi.O_APPEND, "r+": abi.O_RDWR, "w+": abi.O_RDWR | abi.O_CREAT | abi.O_TRUNC,
         "a+": abi.O_RDWR | abi.O_CREAT | abi.O_APPEND, "wx": abi.O_WRONLY | abi.O_CREAT | abi.O_EXCL}  # fmt: skip
KINDS = {0o100000: "file", 0o040000: "directory", 0o120000: "link", 0o140000: "socket", 0o010000: "fifo"}


def system_error(realm: Realm, failure: OSError, call: str, path: Any = None, other: Any = None) -> Thrown:
    """What libuv makes of an errno: `ENOENT: no such file or directory, open 'x'`."""
    number = failure.errno or 0
    code = errno.errorcode.get(number, "UNKNOWN")
    words = WORDS.get(number, (failure.strerror or "unknown error").lower())
    where = "" if path is None else f" '{path}'" + ("" if other is None else f" -> '{other}'")
    thrown = realm.error("Error", f"{code}: {words}, {call}{where}")
    value = thrown.value
    value.props |= {"errno": -float(number), "code": code, "syscall": call}
    if path is not None:
        value.props["path"] = path
    if other is not None:
        value.props["dest"] = other
    return thrown


def _name(realm: Realm, path: Any) -> str:
    """A path that was given as text, bytes or URL. Raises Thrown."""
    if type(path) is str:
        return path
    if isinstance(path, JSObject) and type(realm.value_of(path, "pathname")) is str:
        return str(realm.value_of(path, "pathname"))
    if isinstance(path, JSObject) and path.kind == "Uint8Array":
        return bytes(path.data).decode("utf-8", "surrogateescape")
    from sim.programs.node.inspecting import inspect

    shown = inspect(realm, path) if not isinstance(path, JSObject) else f"an instance of {path.kind}"
    raise realm.error("TypeError", 'The "path" argument must be of type string or an instance of Buffer or URL. '
                      f"Received {shown}", "ERR_INVALID_ARG_TYPE")  # fmt: skip


def _one(call: str, work: Callable[..., Any]) -> Callable[..., Any]:
    """A system call on a path, whose errors are node's."""

    def function(realm: Realm, this: Any, path: Any, *more: Any) -> Any:
        name = _name(realm, path)
        try:
            return work(name, *more)
        except OSError as failure:
            raise system_error(realm, failure, call, name) from None

    return function


def _two(call: str, work: Callable[[str, str], Any]) -> Callable[..., Any]:
    def function(realm: Realm, this: Any, path: Any, other: Any, *_: Any) -> Any:
        one, two = _name(realm, path), _name(realm, other)
        try:
            return work(one, two)
        except OSError as failure:
            raise system_error(realm, failure, call, one, two) from None

    return function


class Files:
    """The calls of one machine."""

    def __init__(self, machine: Machine) -> None:
        self._machine, self._proc = machine, machine.proc

    def read(self, realm: Realm, this: Any, path: Any) -> Any:
        """A whole file; of a descriptor (standard input, too) what is left: then it may wait."""
        if type(path) is float:
            return waits(self._rest(realm, int(path)))
        name = _name(realm, path)
        try:
            if name == "/dev/stdin":
                return waits(self._rest(realm, 0))
            if self._proc.stat(name).mode & 0o170000 == 0o040000:
                self._proc.read_file(name)
            data = self._proc.read_file(name)
        except IsADirectoryError as failure:
            raise system_error(realm, failure, "read") from None
        except OSError as failure:
            raise system_error(realm, failure, "open", name) from None
        return buffer(realm, data)

    async def _rest(self, realm: Realm, fd: int) -> Any:
        return buffer(realm, await self._proc.read_all(fd))

    def write(self, realm: Realm, this: Any, path: Any, data: Any, encoding: Any, flag: Any, mode: Any = None) -> None:
        content = given(realm, data, encoding)
        if type(path) is float:
            self._machine.write(int(path), content)
            return
        name = _name(realm, path)
        try:
            if flag == "wx" and self._proc.access(name, 0):
                raise FileExistsError(errno.EEXIST, "File exists")
            self._proc.write_file(name, content, append=str(flag).startswith("a"))
        except OSError as failure:
            raise system_error(realm, failure, "open", name) from None

    def mkdir(self, realm: Realm, this: Any, path: Any, recursive: Any = False, mode: Any = None) -> Any:
        name = _name(realm, path)
        try:
            return self._make(name, truth(recursive), int(integer(realm, mode, 0o777)))
        except OSError as failure:
            raise system_error(realm, failure, "mkdir", name) from None

    def _make(self, name: str, recursive: bool, mode: int) -> str | None:
        """The first folder that was made."""
        first = None
        parent = posixpath.dirname(name.rstrip("/"))
        if recursive and parent and not self._proc.access(parent, 0):
            first = self._make(parent, True, mode)
        try:
            self._proc.mkdir(name, mode)
        except FileExistsError:
            if not recursive or self._proc.stat(name).mode & 0o170000 != 0o040000:
                raise
            return first
        return first or name

    def remove(self, realm: Realm, this: Any, path: Any, recursive: Any, force: Any) -> None:
        name = _name(realm, path)
        try:
            self._remove(name, truth(recursive))
        except FileNotFoundError as failure:
            if not truth(force):
                raise system_error(realm, failure, "lstat" if not recursive else "rm", name) from None
        except IsADirectoryError:
            raise realm.error("Error", f"Path is a directory: rm returned EISDIR (is a directory) {name}",
                              "ERR_FS_EISDIR") from None  # fmt: skip
        except OSError as failure:
            raise system_error(realm, failure, "rm", name) from None

    def _remove(self, name: str, recursive: bool) -> None:
        if self._proc.lstat(name).mode & 0o170000 != 0o040000:
            self._proc.unlink(name)
            return
        if not recursive:
            raise IsADirectoryError(errno.EISDIR, "Is a directory")
        for inner in self._proc.listdir(name):
            self._remove(f"{name}/{inner}", True)
        self._proc.rmdir(name)

    def stat(self, follow: bool) -> Callable[..., Any]:
        def stat(name: str) -> Any:
            found = self._proc.stat(name) if follow else self._proc.lstat(name)
            times = {"atimeMs": found.atime or found.mtime, "mtimeMs": found.mtime,
                "ctimeMs": found.ctime or found.mtime,
                     "birthtimeMs": found.ctime or found.mtime}  # fmt: skip
            return self._machine.realm.object({
                "dev": float(found.dev), "mode": float(found.mode), "nlink": float(found.nlink),
                "uid": float(found.uid),
                "gid": float(found.gid), "rdev": 0.0, "blksize": 4096.0, "ino": float(found.ino),
                "size": float(found.size), "blocks": float(found.blocks),
                **{key: value / 1e6 for key, value in times.items()},
                "kind": hidden(KINDS.get(found.mode & 0o170000, "other"))})  # fmt: skip

        return _one("stat" if follow else "lstat", stat)

    def list(self, name: str) -> Any:
        if self._proc.stat(name).mode & 0o170000 != 0o040000:
            raise NotADirectoryError(errno.ENOTDIR, "Not a directory")
        return self._machine.realm.array(sorted(self._proc.listdir(name)))

    def access(self, name: str, mode: Any = None) -> None:
        wanted = int(integer(self._machine.realm, mode))
        if not self._proc.access(name, 0):
            raise FileNotFoundError(errno.ENOENT, "No such file or directory")
        if wanted and not self._proc.access(name, wanted):
            raise PermissionError(errno.EACCES, "Permission denied")

    def copy(self, one: str, two: str) -> None:
        self._proc.write_file(two, self._proc.read_file(one))

    def open(self, name: str, flags: Any = None, mode: Any = None) -> float:
        wanted = FLAGS.get(str(flags or "r"), abi.O_RDONLY) if type(flags) is not float else int(flags)
        return float(self._proc.open(name, wanted, int(integer(self._machine.realm, mode, 0o666))))

    def close(self, realm: Realm, this: Any, fd: Any) -> None:
        try:
            self._proc.close(int(fd))
        except OSError as failure:
            raise system_error(realm, failure, "close") from None

    def read_some(self, realm: Realm, this: Any, fd: Any, size: Any, position: Any = None) -> Any:
        async def work() -> Any:
            if type(position) is float:
                return buffer(realm, self._proc.pread(int(fd), int(size), int(position)))
            return buffer(realm, await self._proc.read(int(fd), int(size)))

        return waits(work())

    def temporary(self, prefix: str) -> str:
        letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
        name = prefix + "".join(self._machine.random.choice(letters) for _ in range(6))
        self._proc.mkdir(name, 0o700)
        return name


def table(machine: Machine) -> dict[str, Any]:
    files, proc = Files(machine), machine.proc
    return {
        "read": files.read, "write": files.write, "mkdir": files.mkdir, "remove": files.remove,
        "stat": files.stat(True), "lstat": files.stat(False), "readdir": _one("scandir", files.list),
        "access": _one("access", files.access), "unlink": _one("unlink", proc.unlink),
        "rmdir": _one("rmdir", proc.rmdir), "rename": _two("rename", proc.rename), "copy": _two("copyfile", files.copy),
        "symlink": _two("symlink", proc.symlink), "link": _two("link", proc.link),
        "readlink": _one("readlink", proc.readlink), "realpath": _one("realpath", proc.realpath),
        "chmod": _one("chmod", lambda name, mode: proc.chmod(name, int(mode) if type(mode) is float else int(mode, 8))),
        "chown": _one("chown", lambda name, uid, gid: proc.chown(name, int(uid), int(gid))),
        "utimes": _one("utime", lambda name, atime, mtime: proc.utime(name, int(float(mtime) * 1e9))),
        "truncate": _one("open", lambda name, size=None: proc.truncate(name, int(size or 0))),
        "open": _one("open", files.open), "close": files.close, "readSome": files.read_some,
        "mkdtemp": _one("mkdtemp", files.temporary),
        "exists": lambda realm, this, path=None: type(path) is str and proc.access(path, 0),
        "later": lambda realm, this, function: machine.later(lambda: realm.began(function, None)),
    }  # fmt: skip
