"""Who a process is: users and groups looked up in the container's own files, capabilities, limits.

Source: runc, libcontainer/user (GetExecUser); passwd(5), group(5), capabilities(7), setrlimit(2).
Twins: real/capabilities.py, real/seccomp.py.
"""

from __future__ import annotations

import errno
from dataclasses import dataclass
from functools import lru_cache

from engine.host import RuntimeFailure
from engine.operations import (
    ChangeDirectory,
    LoadSeccomp,
    NoNewPrivileges,
    SetCapabilities,
    SetRlimit,
    SetUser,
)
from sim import files, mounting
from sim.container import Container, Handlers
from sim.paths import Caller, resolve
from sim.processes import Process

MAX_ID = (1 << 31) - 1


@dataclass(frozen=True, slots=True)
class User:
    """What `user[:group]` stands for."""

    uid: int
    gid: int
    groups: tuple[int, ...]
    home: str


def look_up(caller: Caller, user: str, extra: tuple[str, ...] = ()) -> User:
    """Raises RuntimeFailure with runc's words, e.g. `unable to find user bob: no matching entries in passwd file`."""
    return _find(_text(caller, "/etc/passwd"), _text(caller, "/etc/group"), user, extra)


def _text(caller: Caller, path: str) -> bytes:
    try:
        return files.read_file(caller, path)
    except OSError:
        return b""


@lru_cache(maxsize=256)
def _find(passwd: bytes, group: bytes, wanted: str, extra: tuple[str, ...]) -> User:
    user, _, group_name = wanted.partition(":")
    people, groups = _rows(passwd, 7), _rows(group, 4)
    uid, gid, home, name = 0, 0, "/", user
    number = _number(user)
    row = next((row for row in people if _is(row, user, number)), None)
    if row is not None:
        name, uid, gid, home = row[0], int(row[2]), int(row[3]), row[5] or "/"
    elif number is not None:
        uid = number
    elif user:
        raise RuntimeFailure(f"unable to find user {user}: no matching entries in passwd file")
    supplementary: list[int] = []
    if group_name:
        gid = _group(groups, group_name)
    else:
        supplementary += [int(row[2]) for row in groups if name and name in row[3].split(",")]
    supplementary += [_group(groups, name) for name in extra]
    return User(uid, gid, tuple(dict.fromkeys((gid, *supplementary))), home)  # moby: the own group is one of them


def _is(row: list[str], user: str, number: int | None) -> bool:
    """The row of passwd is the wanted user's, by name or number; nobody wanted means number 0."""
    return row[0] == user if user and number is None else row[0] == user or int(row[2]) == (number or 0)


def _group(groups: list[list[str]], name: str) -> int:
    found = next((int(row[2]) for row in groups if row[0] == name), None)
    number = _number(name)
    if found is None and number is None:
        raise RuntimeFailure(f"unable to find group {name}: no matching entries in group file")
    return found if found is not None else number or 0


def _number(text: str) -> int | None:
    if not text.isdecimal():
        return None
    if int(text) > MAX_ID:
        raise RuntimeFailure("uids and gids must be in range 0-2147483647")
    return int(text)


def _rows(data: bytes, width: int) -> list[list[str]]:
    """Well-formed lines of a file like passwd, split; numbers are where they should be."""
    rows = []
    for line in data.decode(errors="surrogateescape").splitlines():
        fields = line.strip().split(":")
        fields += [""] * (width - len(fields))
        if fields[2].isdecimal() and (width < 7 or fields[3].isdecimal()):
            rows.append(fields)
    return rows


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
    if operation.name == "nofile":
        _process(container).descriptors.limit = operation.soft


def no_new_privileges(container: Container, operation: NoNewPrivileges) -> None:
    """No simulated program has set-user-ID rights to lose."""


def load_seccomp(container: Container, operation: LoadSeccomp) -> None:
    """The calls that Docker's profile refuses are those that need CAP_SYS_ADMIN; the simulated kernel asks for that."""


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
    ChangeDirectory: change_directory,
}
