"""File modes as chmod(1) writes them: "755", "u+x,go-w", "a=rX"."""

from __future__ import annotations

import re
import stat

CLAUSE = re.compile(r"([ugoa]*)((?:[-+=](?:[rwxXst]*|[ugo]))+)$")
ACTION = re.compile(r"([-+=])([rwxXst]*[ugo]?)")
WHO = {"u": 0o4700, "g": 0o2070, "o": 0o1007, "a": 0o7777}
BITS = {"r": 0o444, "w": 0o222, "x": 0o111, "s": 0o6000, "t": 0o1000}


def change(text: str, mode: int, umask: int = 0, directory: bool = False) -> int:
    """The permission bits after `text` was applied to `mode`. Raises ValueError.

    >>> oct(change("u+x,go-w", 0o666))
    '0o744'
    """
    if text and not text.strip("01234567"):
        if int(text, 8) > 0o7777:
            raise ValueError(text)
        return int(text, 8)
    mode = stat.S_IMODE(mode)
    for clause in text.split(","):
        found = CLAUSE.match(clause)
        if not found:
            raise ValueError(text)
        mask = 0
        for letter in found[1]:
            mask |= WHO[letter]
        if not found[1]:  # nobody named: all, except what the umask forbids
            mask = 0o7777 & ~umask
        for action in ACTION.finditer(found[2]):
            mode = _act(action[1], _bits(action[2], mode, directory), mask, mode)
    return mode


def _act(sign: str, bits: int, mask: int, mode: int) -> int:
    if sign == "+":
        return mode | bits & mask
    if sign == "-":
        return mode & ~(bits & mask)
    kept = mode & ~mask | mode & 0o7000 & ~bits & mask & 0o1000
    return kept | bits & mask


def _bits(letters: str, mode: int, directory: bool) -> int:
    bits = 0
    for letter in letters:
        if letter in "ugo":
            bits |= (mode >> {"u": 6, "g": 3, "o": 0}[letter] & 7) * 0o111
        elif letter == "X":
            bits |= 0o111 if directory or mode & 0o111 else 0
        else:
            bits |= BITS[letter]
    return bits
