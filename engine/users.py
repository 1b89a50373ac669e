"""Who `--user` means: names and numbers looked up in a container's own /etc/passwd and /etc/group.

Source: runc, libcontainer/user (GetExecUser); passwd(5), group(5).
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

MAX_ID = (1 << 31) - 1


class UnknownUser(ValueError):
    """There is none of that name; the text is runc's."""


class User(NamedTuple):
    """What `user[:group]` stands for."""

    uid: int
    gid: int
    groups: tuple[int, ...]
    home: str


@lru_cache(maxsize=256)
def look_up(passwd: bytes, group: bytes, wanted: str, extra: tuple[str, ...] = ()) -> User:
    """`wanted` is "name|uid[:group|gid]", `extra` more groups.

    Raises UnknownUser, e.g. `unable to find user bob: no matching entries in passwd file`.

    >>> look_up(b"ann:x:7:8::/home/ann:", b"", "ann")
    User(uid=7, gid=8, groups=(8,), home='/home/ann')
    """
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
        raise UnknownUser(f"unable to find user {user}: no matching entries in passwd file")
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
        raise UnknownUser(f"unable to find group {name}: no matching entries in group file")
    return found if found is not None else number or 0


def _number(text: str) -> int | None:
    if not text.isdecimal():
        return None
    if int(text) > MAX_ID:
        raise UnknownUser("uids and gids must be in range 0-2147483647")
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
