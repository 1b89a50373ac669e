"""Which of two versions is newer: Debian's rule (deb-version(7)), Alpine's (apk-package(5)), npm's (semver.org).

Each `*_key` gives something that compares as the versions do. Python's own rule (PEP 440) is the library `packaging`'s.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

Key = tuple[Any, ...]

# -- Debian

_RUNS = re.compile(r"([^0-9]*)([0-9]*)")
_OPERATORS = {"<<": (-1,), "<=": (-1, 0), "=": (0,), ">=": (0, 1), ">>": (1,), "<": (-1,), ">": (1,)}


@lru_cache(maxsize=4096)
def debian_key(version: str) -> Key:
    """[epoch:]upstream[-revision]; a tilde comes before everything, even before the end.

    >>> debian_key("1.0~rc1") < debian_key("1.0") < debian_key("1.0-1") < debian_key("1:0.9")
    True
    """
    epoch, colon, rest = version.partition(":")
    if not colon:
        epoch, rest = "0", version
    upstream, dash, revision = rest.rpartition("-")
    if not dash:
        upstream, revision = rest, ""
    return int(epoch) if epoch.isdigit() else 0, _debian_part(upstream), _debian_part(revision)


def _debian_part(text: str) -> Key:
    """Runs of other characters and of digits, by turns; each character by Debian's order, letters first."""
    runs: list[Any] = []
    for other, digits in _RUNS.findall(text):
        if other or digits:
            runs += [(*map(_debian_order, other), 0), int(digits or 0)]
    return (*runs, (0,))


def _debian_order(character: str) -> int:
    return -1 if character == "~" else ord(character) if character.isalpha() else ord(character) + 256


# -- Alpine

_APK = re.compile(r"(?P<numbers>\d+(?:\.\d+)*)(?P<letter>[a-z]?)(?P<suffixes>(?:_[a-z]+\d*)*)(?:-r(?P<release>\d+))?$")
_SUFFIXES = ("alpha", "beta", "pre", "rc", "", "cvs", "svn", "git", "hg", "p")


@lru_cache(maxsize=4096)
def alpine_key(version: str) -> Key:
    """Numbers, a letter, suffixes (`_rc1`, `_p2`), the package's own release. What is no version comes before all.

    >>> alpine_key("1.2_rc1-r0") < alpine_key("1.2-r0") < alpine_key("1.2_p1-r0") < alpine_key("1.2a-r0")
    True
    """
    match = _APK.match(version)
    if match is None:
        return ((), "", (), version)
    numbers = tuple(int(number) for number in match["numbers"].split("."))
    suffixes = tuple(_suffix(text) for text in match["suffixes"].split("_")[1:])
    return numbers, match["letter"], (*suffixes, (_SUFFIXES.index(""), 0)), int(match["release"] or 0)


def _suffix(text: str) -> tuple[int, int]:
    name = text.rstrip("0123456789")
    return _SUFFIXES.index(name) if name in _SUFFIXES else len(_SUFFIXES), int(text[len(name) :] or 0)


# -- npm

_SEMVER = re.compile(r"[v=\s]*(\d+|[xX*])(?:\.(\d+|[xX*]))?(?:\.(\d+|[xX*]))?(?:-([\w.-]+))?(?:\+\S+)?$")
_COMPARATOR = re.compile(r"(\^|~|>=|<=|>|<|=)?(\S+)")


@lru_cache(maxsize=4096)
def semver_key(version: str) -> Key:
    """MAJOR.MINOR.PATCH[-prerelease]: a prerelease comes before its release. Raises ValueError.

    >>> semver_key("1.0.0-alpha.1") < semver_key("1.0.0-alpha.beta") < semver_key("1.0.0")
    True
    """
    match = _SEMVER.match(version)
    if match is None or not all(part and part.isdigit() for part in match.groups()[:3]):
        raise ValueError(f"Invalid Version: {version}")
    major, minor, patch, before = match.groups()
    words = (
        tuple((0, int(word), "") if word.isdigit() else (1, 0, word) for word in before.split(".")) if before else ()
    )
    return int(major), int(minor), int(patch), not before, words


def semver_matches(version: str, wanted: str) -> bool:
    """Does a version lie in a range (`^1.2.3`, `~1.2`, `1.x`, `>=1 <3`, `1.0 - 2.0`, `a || b`)? Raises ValueError.

    >>> semver_matches("1.9.0", "^1.2.3"), semver_matches("2.0.0", "^1.2.3"), semver_matches("0.3.0", "^0.2.3")
    (True, False, False)
    """
    key = semver_key(version)
    return any(all(_within(key, *bounds) for bounds in _bounds(part)) for part in wanted.split("||"))


def _within(key: Key, least: Key | None, below: Key | None) -> bool:
    """Prereleases belong to a range only if it names one of the same version."""
    if not key[3] and not (least is not None and not least[3] and least[:3] == key[:3]):
        return False
    return (least is None or key >= least) and (below is None or key < below)


def _bounds(part: str) -> list[tuple[Key | None, Key | None]]:
    """A range's comparators as (at least, below)."""
    low, hyphen, high = part.partition(" - ")
    if hyphen:
        part = f">={low.strip()} <={high.strip()}"
    part = re.sub(r"(\^|~|>=|<=|>|<|=)\s+", r"\1", part)
    words = (_COMPARATOR.fullmatch(word) for word in part.split())
    return [_bound(match[1] or "", match[2]) for match in words if match]


def _bound(operator: str, text: str) -> tuple[Key | None, Key | None]:
    match = _SEMVER.match(text)
    if match is None:
        raise ValueError(f"Invalid comparator {operator}{text}")
    numbers = []
    for group in match.groups()[:3]:
        if group is None or not group.isdigit():
            break
        numbers.append(int(group))
    least = _key([*numbers, 0, 0, 0][:3], match[4] if len(numbers) == 3 else None)
    given = len(numbers)
    if not given:
        return None, None
    if operator == ">=":
        return least, None
    if operator == "<":
        return None, least
    if operator == ">":
        return (_next(numbers, given - 1) if given < 3 else (*least, 1)), None
    if operator == "<=":
        return None, (_next(numbers, given - 1) if given < 3 else (*least, 1))
    if operator == "^":
        zeros = next((index for index, number in enumerate(numbers) if number), given - 1)
        return least, _next(numbers, zeros)
    if operator == "~":
        return least, _next(numbers, min(1, given - 1))
    return least, (_next(numbers, given - 1) if given < 3 else (*least, 1))


def _key(numbers: list[int], before: str | None = None) -> Key:
    return semver_key(".".join(map(str, numbers)) + (f"-{before}" if before else ""))


def _next(numbers: list[int], place: int) -> Key:
    """The first version in which the number at `place` is one more, prereleases included."""
    raised = [*numbers[:place], numbers[place] + 1, 0, 0, 0][:3]
    return *raised, False, ()


# -- for all


def compare(one: Key, other: Key) -> int:
    """-1, 0, 1."""
    return (one > other) - (one < other)


def satisfies(one: Key, operator: str, other: Key) -> bool:
    """`one OPERATOR other`, in Debian's words (`>=`, `<<`, …). Raises KeyError for another word."""
    return compare(one, other) in _OPERATORS[operator]
