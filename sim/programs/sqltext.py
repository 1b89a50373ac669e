"""SQL as text, whichever database's: what the simulated servers' dialects have in common."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol


class Piece(Protocol):
    """A word, a string, a space …, of a dialect's own tokens."""

    @property
    def kind(self) -> str: ...

    @property
    def text(self) -> str: ...


def statements(pieces: Iterable[Piece]) -> list[str]:
    """Those of a query or a script, without their semicolons, what surrounds them, and those that say nothing."""
    found: list[str] = []
    current, solid = "", False
    for piece in pieces:
        if piece.text != ";":
            current, solid = current + piece.text, solid or piece.kind != "space"
            continue
        found += [current.strip()] if solid else []
        current, solid = "", False
    return [*found, current.strip()] if solid else found
