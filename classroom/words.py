"""Sizes, durations and ids as a reader likes them; commands as a learner typed them."""

from __future__ import annotations

import re

_ID = re.compile(r"\b([0-9a-f]{12})[0-9a-f]{52}\b")
MILLISECOND, SECOND = 1_000_000, 1_000_000_000


def short_ids(text: str) -> str:
    """Each full id is shown as its first twelve digits, as Docker's own tables do."""
    return _ID.sub(r"\1", text)


def duration(nanoseconds: int) -> str:
    """
    >>> duration(1_500_000), duration(12_340_000_000), duration(900)
    ('1.50 ms', '12.34 s', '0.9 µs')
    """
    if nanoseconds >= SECOND:
        return f"{nanoseconds / SECOND:.2f} s"
    if nanoseconds >= 10_000:
        return f"{nanoseconds / MILLISECOND:.2f} ms"
    return f"{nanoseconds / 1000:.1f} µs"
