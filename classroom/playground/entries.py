"""What a learner did in a session, as data, and as a piece of a link: `1.eJyL…`, after the # of an address.

A session is its seed and its entries; doing them again gives the same ids, names and times. A link may come from
anybody: `read` believes nothing, and what it accepts can only be done inside of the simulated computer.
"""

from __future__ import annotations

import base64
import json
import re
import zlib
from dataclasses import dataclass
from typing import Any

VERSION = "1."
LONGEST, LARGEST, MOST = 200_000, 2_000_000, 2_000  # letters of a link; bytes of its content; entries
# kind of an entry -> what its values are called, and of which type they are; "at" is the host's time in ms
KINDS: dict[str, tuple[tuple[str, type], ...]] = {
    "line": (("text", str), ("rows", int), ("columns", int)),
    "keys": (("at", int), ("text", str)),
    "secret": (("at", int), ("text", str)),  # keys that the screen does not show; in a link there are stars for them
    "resize": (("at", int), ("rows", int), ("columns", int)),
    "save": (("at", int), ("path", str), ("text", str)),
    "get": (("at", int), ("port", int), ("path", str)),
    "fault": (("at", int), ("name", str), ("value", object)),
    "heal": (("at", int),),
}
DONE_BY = {"secret": "keys"}  # kind -> the message that does it again, if it is called otherwise
HIDDEN = re.compile(r"[^\r\n\x04]")


class BadLink(ValueError):
    """This is no session; says why."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that was done. `values`: as KINDS says."""

    kind: str
    values: tuple[Any, ...]

    @property
    def message(self) -> dict[str, Any]:
        """The message of the protocol that does it again."""
        names = (name for name, _ in KINDS[self.kind])
        return {"do": DONE_BY.get(self.kind, self.kind), **dict(zip(names, self.values, strict=True))}

    @property
    def shared(self) -> tuple[Any, ...]:
        """The values as others may see them."""
        return (self.at, HIDDEN.sub("*", self.values[1])) if self.kind == "secret" else self.values

    @property
    def at(self) -> int:
        """When, ms of the host's time since the session began; a line is done when what was before it is over."""
        return self.values[0] if self.kind != "line" else 0

    @classmethod
    def of(cls, message: dict[str, Any], at: int) -> Entry:
        """The entry of a message that has been checked (protocol.py); of keys that nobody may see: "secret"."""
        kind = message["do"]
        return cls(kind, tuple(at if name == "at" else message[name] for name, _ in KINDS[kind]))


@dataclass(frozen=True, slots=True)
class Story:
    """A whole session."""

    seed: int
    entries: tuple[Entry, ...] = ()

    def until(self, lines: int) -> Story:
        """The session before its line number `lines` (from 0)."""
        places = [at for at, entry in enumerate(self.entries) if entry.kind == "line"]
        return Story(self.seed, self.entries[: places[lines]]) if lines < len(places) else self

    def by_line(self) -> list[tuple[dict[str, Any] | None, list[tuple[int, dict[str, Any]]]]]:
        """Each line with what was done after it began and before the next one: [(message, [(ms, message)])].

        What was done before the first line has None for it.
        """
        found: list[tuple[dict[str, Any] | None, list[tuple[int, dict[str, Any]]]]] = [(None, [])]
        for entry in self.entries:
            if entry.kind == "line":
                found.append((entry.message, []))
            else:
                found[-1][1].append((entry.at, entry.message))
        return found


def write(story: Story) -> str:
    """As a piece of a link: letters, digits, `-`, `_` and a dot."""
    rows = [[entry.kind, *entry.shared] for entry in story.entries]
    text = json.dumps([story.seed, rows], separators=(",", ":"), ensure_ascii=False)
    return VERSION + base64.urlsafe_b64encode(zlib.compress(text.encode("utf-8", "surrogatepass"), 9)).decode().rstrip(
        "="
    )


def read(link: str) -> Story:
    """A session from a piece of a link. Raises BadLink, and nothing else."""
    if not link.startswith(VERSION) or len(link) > LONGEST:
        raise BadLink("this link is of another version, or too long")
    try:
        packed = base64.b64decode(link[len(VERSION) :] + "===", altchars=b"-_")
        unpacking = zlib.decompressobj()
        text = unpacking.decompress(packed, LARGEST)
        if unpacking.unconsumed_tail or not unpacking.eof:
            raise BadLink("this link is damaged")
        document = json.loads(text.decode("utf-8", "surrogatepass"))
        seed, rows = document
        entries = tuple(_entry(row) for row in rows)
    except BadLink:
        raise
    except (ValueError, TypeError, zlib.error, RecursionError) as error:
        raise BadLink(f"this link is damaged ({type(error).__name__})") from None
    if not _is(seed, int) or not 0 <= seed < 1 << 53 or len(entries) > MOST:
        raise BadLink("this link is damaged")
    return Story(seed, entries)


def _entry(row: Any) -> Entry:
    """Raises BadLink, ValueError, TypeError."""
    kind, *values = row
    fields = KINDS.get(kind) if isinstance(kind, str) else None
    if fields is None or len(fields) != len(values):
        raise BadLink("this link has something in it that is not known here")
    for value, (_, wanted) in zip(values, fields, strict=True):
        if not _is(value, wanted):
            raise BadLink("this link is damaged")
    return Entry(kind, tuple(values))


def _is(value: object, wanted: type) -> bool:
    return isinstance(value, wanted) and not (wanted is int and isinstance(value, bool))
