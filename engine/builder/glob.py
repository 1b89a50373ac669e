"""A shell's patterns on a variable's value: `*` is any text, `?` any letter, `\\` takes their meaning away.

All positions where the pattern may stand are followed at once, as bits of one number, so no pattern takes longer than
its length times the text's.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

MANY, ANY = "*", "?"


class PatternError(ValueError):
    """Not a pattern."""


@dataclass(frozen=True, slots=True)
class Glob:
    """`parts`: letters (MANY, ANY or, after an "=", a letter as such)."""

    parts: tuple[str, ...]

    @classmethod
    def parse(cls, pattern: str) -> Glob:
        """Raises PatternError. Brackets mean nothing here."""
        parts: list[str] = []
        letters = iter(pattern)
        for letter in letters:
            if letter in (MANY, ANY):
                parts.append(letter)
            elif letter == "\\":
                following = next(letters, "")
                if following not in ("}", "/", "*", "?", "\\"):
                    raise PatternError(f"invalid escape '\\{following}'")
                parts.append("=" + following)
            else:
                parts.append("=" + letter)
        return cls(tuple(parts))

    def backwards(self) -> Glob:
        """For texts that are read from their end."""
        return Glob(self.parts[::-1])

    def ends(self, text: str) -> Iterator[int]:
        """Where the beginnings of the text that match are over, shortest first.

        >>> list(Glob.parse("a*").ends("abc"))
        [1, 2, 3]
        """
        many, any_letter, own = self._masks()
        last = 1 << len(self.parts)
        state = _over(1, many)
        for at in range(len(text) + 1):
            if state & last:
                yield at
            if at == len(text) or not state:
                return
            moved = (state & (any_letter | own.get(text[at], 0))) << 1
            state = _over(moved | state & many, many)

    def _masks(self) -> tuple[int, int, dict[str, int]]:
        """Which places are MANY, which ANY, and which want what letter."""
        many = any_letter = 0
        own: dict[str, int] = {}
        for place, part in enumerate(self.parts):
            if part == MANY:
                many |= 1 << place
            elif part == ANY:
                any_letter |= 1 << place
            else:
                own[part[1:]] = own.get(part[1:], 0) | 1 << place
        return many, any_letter, own


def _over(state: int, many: int) -> int:
    """MANY may stand for nothing."""
    while (further := state | (state & many) << 1) != state:
        state = further
    return state


def without_prefix(pattern: str, value: str, longest: bool) -> str:
    """${value#pattern}, ${value##pattern}. Raises PatternError."""
    ends = list(Glob.parse(pattern).ends(value))
    return value[ends[-1 if longest else 0] :] if ends else value


def without_suffix(pattern: str, value: str, longest: bool) -> str:
    """${value%pattern}, ${value%%pattern}. Raises PatternError."""
    ends = list(Glob.parse(pattern).backwards().ends(value[::-1]))
    return value[: len(value) - ends[-1 if longest else 0]] if ends else value


def replaced(pattern: str, value: str, text: str, everywhere: bool) -> str:
    """${value/pattern/text}, ${value//pattern/text}: the longest match at each place. Raises PatternError."""
    glob = Glob.parse(pattern)
    out, at = "", 0
    while at < len(value):
        length = max(glob.ends(value[at:]), default=0)
        if not length:
            out, at = out + value[at], at + 1
            continue
        out, at = out + text, at + length
        if not everywhere:
            break
    return out + value[at:]
