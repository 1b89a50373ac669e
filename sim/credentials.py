"""Who a process is: users and groups looked up in the container's own files, capabilities.

Source: capabilities(7). Twins: real/credentials.py, real/capabilities.py, real/seccomp.py.
"""

from __future__ import annotations

import errno
from functools import lru_cache

from engine import users
from engine.host import RuntimeFailure
from engine.operations import (
    ChangeDirectory,
    LoadSeccomp,
    NoNewPrivileges,
    SetCapabilities,
    SetOomScore,
    SetRlimit,
    SetUser,
)
from engine.users import User
from sim.container import Container, Handlers
from sim.kernel.processes import Process
from sim.kernel.restrictions import INFINITY, RLIMITS, changed
from sim.vfs import files, mounting
from sim.vfs.paths import Caller, resolve


def look_up(caller: Caller, user: str, extra: tuple[str, ...] = ()) -> User:
    """Raises RuntimeFailure with runc's words, e.g. `unable to find user bob: no matching entries in passwd file`."""
    try:
        return users.look_up(_text(caller, "/etc/passwd"), _text(caller, "/etc/group"), user, extra)
    except users.UnknownUser as error:
        raise RuntimeFailure(str(error)) from None


def _text(caller: Caller, path: str) -> bytes:
    try:
        return files.read_file(caller, path)
    except OSError:
        return b""


# -- operations


def _process(container: Container) -> Process:
    assert container.process is not None
    return container.process


def set_user(container: Container, operation: SetUser) -> None:
    process = _process(container)
    user = look_up(process, operation.user, operation.groups)
    become(process, user)
    container.home = user.home


def become(process: Process, user: User) -> None:
    process.uid, process.gid, process.groups = user.uid, user.gid, user.groups


def set_capabilities(container: Container, operation: SetCapabilities) -> None:
    _process(container).capabilities = _set(operation.keep)


_set = lru_cache(64)(frozenset[str])


def set_rlimit(container: Container, operation: SetRlimit) -> None:
    """Raises RuntimeFailure for a limit that there is not, or a soft one above the hard one."""
    name, soft, hard = operation.name, operation.soft, operation.hard
    if name not in RLIMITS:
        raise RuntimeFailure(f"invalid rlimit type RLIMIT_{name.upper()}")
    if hard != INFINITY and (soft == INFINITY or soft > hard):
        raise RuntimeFailure(f"error setting rlimit type {list(RLIMITS).index(name)}: invalid argument")
    _process(container).limit(name, soft, hard)


def no_new_privileges(container: Container, operation: NoNewPrivileges) -> None:
    """No simulated program has set-user-ID rights to lose: it is only shown."""
    process = _process(container)
    process.restrictions = changed(process.restrictions, no_new_privileges=True)


def load_seccomp(container: Container, operation: LoadSeccomp) -> None:
    """The calls that Docker's profile refuses need capabilities as well; the simulated kernel asks for those."""
    process = _process(container)
    process.restrictions = changed(process.restrictions, seccomp=True)


def set_oom_score(container: Container, operation: SetOomScore) -> None:
    process = _process(container)
    process.restrictions = changed(process.restrictions, oom_score_adj=operation.adjustment)


def change_directory(container: Container, operation: ChangeDirectory) -> None:
    process, path = _process(container), operation.path
    if path == "/":
        return
    superuser = mounting.Superuser(process.space)
    try:
        place = resolve(superuser, path)
        if place.node is None:
            mounting.make_directories(superuser, path)
        elif not place.node.is_dir:
            raise RuntimeFailure(f"Cannot mkdir: {path} is not a directory")
    except FileNotFoundError:
        mounting.make_directories(superuser, path)
    except NotADirectoryError:
        raise RuntimeFailure(f"Cannot mkdir: {path} is not a directory") from None
    process.cwd = files.chdir(superuser, path)


def enter_directory(process: Process, path: str) -> None:
    """The working directory of an exec: it must be there."""
    try:
        process.cwd = files.chdir(process, path)
    except OSError as error:
        reason = ERRORS.get(error.errno or 0, str(error.strerror).lower())
        raise RuntimeFailure(f'chdir to cwd ("{path}") set in config.json failed: {reason}') from None


ERRORS = {
    errno.ENOENT: "no such file or directory",
    errno.EACCES: "permission denied",
    errno.ENOTDIR: "not a directory",
    errno.EISDIR: "is a directory",
    errno.ELOOP: "too many levels of symbolic links",
    errno.ENAMETOOLONG: "file name too long",
    errno.ENOEXEC: "exec format error",
    errno.EROFS: "read-only file system",
    errno.EAGAIN: "resource temporarily unavailable",
}  # Go's words

HANDLERS: Handlers = {
    SetUser: set_user,
    SetCapabilities: set_capabilities,
    SetRlimit: set_rlimit,
    NoNewPrivileges: no_new_privileges,
    LoadSeccomp: load_seccomp,
    SetOomScore: set_oom_score,
    ChangeDirectory: change_directory,
}
