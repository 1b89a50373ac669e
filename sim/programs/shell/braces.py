"""bash's brace expansion: `a{b,c}d` is `abd acd`, `{1..3}` is `1 2 3`. It comes before all other expansions."""

from __future__ import annotations

import re
from itertools import pairwise

from sim.programs.shell.nodes import Part, Text, Word

Item = str | Part  # one unquoted character, or a part that is left as it is
_RANGE = re.compile(r"(?:(-?\d+)\.\.(-?\d+)|([A-Za-z])\.\.([A-Za-z]))(?:\.\.(-?\d+))?")


def expand_braces(word: Word) -> tuple[Word, ...]:
    """The words that a word stands for; itself, if there are no braces that mean something.

    >>> from sim.programs.shell.nodes import Text
    >>> [each.literal for each in expand_braces(Word((Text("x{a,b{1..2}}"),)))]
    ['xa', 'xb1', 'xb2']
    """
    items: list[Item] = []
    for part in word.parts:
        if isinstance(part, Text) and not part.quoted:
            items += part.value
        else:
            items.append(part)
    return tuple(_word(each) for each in _expand(items))


def _expand(items: list[Item]) -> list[list[Item]]:
    for start, item in enumerate(items):
        if item != "{":
            continue
        found = _close(items, start)
        if found is None:
            continue
        end, commas = found
        choices = _choices(items[start + 1 : end], [comma - start - 1 for comma in commas])
        if choices is None:
            continue
        tails = _expand(items[end + 1 :])
        heads = [each for choice in choices for each in _expand(choice)]
        return [[*items[:start], *head, *tail] for head in heads for tail in tails]
    return [items]


def _close(items: list[Item], start: int) -> tuple[int, list[int]] | None:
    """Where the brace at `start` is closed, and the commas directly inside it."""
    depth = 0
    commas: list[int] = []
    for index in range(start, len(items)):
        if items[index] == "{":
            depth += 1
        elif items[index] == "}":
            depth -= 1
            if depth == 0:
                return index, commas
        elif items[index] == "," and depth == 1:
            commas.append(index)
    return None


def _choices(inside: list[Item], commas: list[int]) -> list[list[Item]] | None:
    if commas:
        borders = [-1, *commas, len(inside)]
        return [inside[left + 1 : right] for left, right in pairwise(borders)]
    if not all(isinstance(item, str) for item in inside):
        return None
    found = _RANGE.fullmatch("".join(item for item in inside if isinstance(item, str)))
    return [list(text) for text in _range(found)] if found else None


def _range(found: re.Match[str]) -> list[str]:
    first, last, low, high, step = found.groups()
    begin, end = (int(first), int(last)) if first else (ord(low), ord(high))
    by = abs(int(step or 1)) or 1
    values = range(begin, end + 1, by) if begin <= end else range(begin, end - 1, -by)
    if low:
        return [chr(value) for value in values]
    padded = any(re.match(r"-?0\d", text) for text in (first, last))
    width = max(len(first), len(last)) if padded else 0
    return [f"{value:0{width}d}" for value in values]


def _word(items: list[Item]) -> Word:
    parts: list[Part] = []
    for item in items:
        if not isinstance(item, str):
            parts.append(item)
        elif parts and isinstance(parts[-1], Text) and not parts[-1].quoted:
            parts[-1] = Text(parts[-1].value + item)
        else:
            parts.append(Text(item))
    return Word(tuple(parts))
