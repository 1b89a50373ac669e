"""Names of users and groups: /etc/passwd and /etc/group, as getpwnam(3), getgrgid(3) and getgrouplist(3) read them."""

from __future__ import annotations

from dataclasses import dataclass

from sim.abi import Proc
from sim.programs.options import Failure


@dataclass(frozen=True, slots=True)
class User:
    """A line of passwd(5)."""

    name: str
    uid: int
    gid: int
    gecos: str
    home: str
    shell: str

    def line(self) -> str:
        return f"{self.name}:x:{self.uid}:{self.gid}:{self.gecos}:{self.home}:{self.shell}"


@dataclass(frozen=True, slots=True)
class Group:
    """A line of group(5)."""

    name: str
    gid: int
    members: tuple[str, ...]

    def line(self) -> str:
        return f"{self.name}:x:{self.gid}:{','.join(self.members)}"


def users(proc: Proc) -> list[User]:
    return [
        User(row[0], int(row[2]), int(row[3]), row[4], row[5], row[6])
        for row in _rows(proc, "/etc/passwd", 7)
        if row[2].isdigit() and row[3].isdigit()
    ]


def groups(proc: Proc) -> list[Group]:
    return [
        Group(row[0], int(row[2]), tuple(name for name in row[3].split(",") if name))
        for row in _rows(proc, "/etc/group", 4)
        if row[2].isdigit()
    ]


def user(proc: Proc, name: str) -> User | None:
    return next((found for found in users(proc) if found.name == name), None)


def user_of(proc: Proc, uid: int) -> User | None:
    return next((found for found in users(proc) if found.uid == uid), None)


def group(proc: Proc, name: str) -> Group | None:
    return next((found for found in groups(proc) if found.name == name), None)


def user_names(proc: Proc) -> dict[int, str]:
    """{uid: name}; of several names the first."""
    return {found.uid: found.name for found in reversed(users(proc))}


def group_names(proc: Proc) -> dict[int, str]:
    return {found.gid: found.name for found in reversed(groups(proc))}


def uid_of(proc: Proc, name: str) -> int:
    """A user by name or number. Raises Failure."""
    found = user(proc, name)
    if found is not None:
        return found.uid
    if not name.isdigit():
        raise Failure(f"unknown user {name}")
    return int(name)


def gid_of(proc: Proc, name: str) -> int:
    found = group(proc, name)
    if found is not None:
        return found.gid
    if not name.isdigit():
        raise Failure(f"unknown group {name}")
    return int(name)


def membership(proc: Proc, name: str, gid: int) -> list[int]:
    """All groups of a user, the primary one first."""
    return [gid, *(found.gid for found in groups(proc) if name in found.members and found.gid != gid)]


def _rows(proc: Proc, path: str, fields: int) -> list[list[str]]:
    try:
        text = proc.read_file(path).decode(errors="surrogateescape")
    except OSError:
        return []
    rows = (line.split(":") for line in text.splitlines())
    return [row for row in rows if len(row) >= fields]
