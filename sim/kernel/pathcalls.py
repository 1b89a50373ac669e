"""System calls on paths: one line for each, which hands them on with the process as the caller.

What they do is in sim/vfs/files.py. Owners are translated for those who live in a user namespace of their own. The
docstrings are in `sim.abi.Proc`.
"""

from __future__ import annotations

from dataclasses import replace

from sim.abi import MountInfo, Stat, StatVfs
from sim.kernel.processes import Process
from sim.kernel.userspaces import outside
from sim.vfs import files

CALL = 10e-6  # seconds of CPU time: on a slow machine, which is about what a call costs here


class PathCalls(Process):
    """A process that can name files."""

    __slots__ = ()

    def stat(self, path: str) -> Stat:
        self.debt += CALL
        return self._seen(files.stat(self, path))

    def lstat(self, path: str) -> Stat:
        self.debt += CALL
        return self._seen(files.lstat(self, path))

    def _seen(self, found: Stat) -> Stat:
        user = self.namespaces.user
        if user.parent is None:
            return found
        uid, gid = user.seen(found.uid, found.gid)
        return replace(found, uid=uid, gid=gid)

    def listdir(self, path: str = ".") -> list[str]:
        self.debt += CALL
        return files.listdir(self, path)

    def mkdir(self, path: str, mode: int = 0o777) -> None:
        self.debt += CALL
        files.mkdir(self, path, mode)

    def rmdir(self, path: str) -> None:
        self.debt += CALL
        files.rmdir(self, path)

    def unlink(self, path: str) -> None:
        self.debt += CALL
        files.unlink(self, path)

    def rename(self, old: str, new: str) -> None:
        self.debt += CALL
        files.rename(self, old, new)

    def link(self, old: str, new: str) -> None:
        self.debt += CALL
        files.link(self, old, new)

    def symlink(self, target: str, path: str) -> None:
        self.debt += CALL
        files.symlink(self, target, path)

    def readlink(self, path: str) -> str:
        self.debt += CALL
        return files.readlink(self, path)

    def chmod(self, path: str, mode: int) -> None:
        self.debt += CALL
        files.chmod(self, path, mode)

    def chown(self, path: str, uid: int, gid: int, follow: bool = True) -> None:
        self.debt += CALL
        user = self.namespaces.user
        uid, gid = uid if uid < 0 else outside(user.uids, uid), gid if gid < 0 else outside(user.gids, gid)
        files.chown(self, path, uid, gid, follow)

    def utime(self, path: str, mtime: int) -> None:
        self.debt += CALL
        files.utime(self, path, mtime)

    def truncate(self, path: str, size: int) -> None:
        self.debt += CALL
        files.truncate(self, path, size)

    def mknod(self, path: str, mode: int, device: tuple[int, int] = (0, 0)) -> None:
        self.debt += CALL
        files.mknod(self, path, mode, device)

    def access(self, path: str, mode: int) -> bool:
        self.debt += CALL
        return files.access(self, path, mode)

    def realpath(self, path: str) -> str:
        self.debt += CALL
        return files.realpath(self, path)

    def chdir(self, path: str) -> None:
        self.cwd = files.chdir(self, path)

    def read_file(self, path: str) -> bytes:
        self.debt += CALL
        return files.read_file(self, path)

    def write_file(self, path: str, data: bytes, append: bool = False) -> None:
        self.debt += CALL
        files.write_file(self, path, data, append)

    def mounts(self) -> list[MountInfo]:
        return self.space.info(self.root)

    def statfs(self, path: str) -> StatVfs:
        return files.statfs(self, path)
