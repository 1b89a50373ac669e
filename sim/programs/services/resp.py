"""The Redis serialization protocol: what goes over a connection to Redis, as Python values and back.

Specification: redis.io, "Redis serialization protocol specification" (RESP2, RESP3).

    "text"     Simple    +text            b"bytes"  bulk string        3     integer        [..]  array
    Error      -text                      None      null (RESP2: $-1)  1.5, True, {}, set()   RESP3
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Simple:
    text: bytes


@dataclass(frozen=True, slots=True)
class Error:
    text: bytes


def encode(value: Any, version: int = 2) -> bytes:
    """A reply. Types that RESP2 lacks are written as their RESP2 stand-ins. Raises TypeError for what is no reply."""
    match value:
        case Simple(text):
            return b"+" + text + b"\r\n"
        case Error(text):
            return b"-" + text + b"\r\n"
        case None:
            return b"_\r\n" if version == 3 else b"$-1\r\n"
        case bool():
            return (b"#t\r\n" if value else b"#f\r\n") if version == 3 else b":%d\r\n" % value
        case int():
            return b":%d\r\n" % value
        case float():
            return b",%.17g\r\n" % value if version == 3 else encode(b"%.17g" % value)
        case bytes():
            return b"$%d\r\n%s\r\n" % (len(value), value)
        case str():
            return encode(value.encode())
        case dict():
            items = [item for pair in value.items() for item in pair]
            head = b"%%%d\r\n" % len(value) if version == 3 else b"*%d\r\n" % len(items)
            return head + b"".join(encode(item, version) for item in items)
        case set() | frozenset():
            head = (b"~%d\r\n" if version == 3 else b"*%d\r\n") % len(value)
            return head + b"".join(encode(item, version) for item in value)
        case list() | tuple():
            return b"*%d\r\n" % len(value) + b"".join(encode(item, version) for item in value)
    raise TypeError(f"not a reply: {value!r}")


def command(words: Sequence[bytes]) -> bytes:
    """A request: an array of bulk strings."""
    return encode(list(words))


class Decoder:
    """Bytes in, values out."""

    def __init__(self) -> None:
        self._data = bytearray()
        self._reading: Generator[None, None, Any] | None = None

    @property
    def pending(self) -> bool:
        """It is in the middle of a value."""
        return self._reading is not None

    def feed(self, data: bytes) -> list[Any]:
        """The values that are whole now. Raises ValueError for what is not RESP."""
        self._data += data
        found = []
        while self._data or self._reading:
            self._reading = self._reading or self._value()
            try:
                next(self._reading)
                break  # it needs more
            except StopIteration as stop:
                found.append(stop.value)
                self._reading = None
        return found

    def _line(self) -> Generator[None, None, bytes]:
        while (end := self._data.find(b"\r\n")) < 0:
            yield
        line = bytes(self._data[:end])
        del self._data[: end + 2]
        return line

    def _value(self) -> Generator[None, None, Any]:
        line = yield from self._line()
        kind, rest = line[:1], line[1:]
        if kind in b"$=":
            return (yield from self._bulk(int(rest)))
        if kind in b"*~>":
            return (yield from self._values(int(rest)))
        if kind == b"%":
            items = yield from self._values(2 * int(rest))
            return dict(zip(items[::2], items[1::2], strict=True))
        simple: dict[bytes, Callable[[bytes], Any]] = {
            b"+": Simple,
            b"-": Error,
            b":": int,
            b",": float,
            b"#": b"t".__eq__,
            b"_": lambda text: None,
        }
        if kind not in simple:
            raise ValueError(f"Protocol error, got {kind!r} as reply type byte")
        return simple[kind](rest)

    def _bulk(self, size: int) -> Generator[None, None, bytes | None]:
        if size < 0:
            return None
        while len(self._data) < size + 2:
            yield
        text = bytes(self._data[:size])
        del self._data[: size + 2]
        return text

    def _values(self, count: int) -> Generator[None, None, Any]:
        if count < 0:
            return None
        values = []
        for _ in range(count):
            values.append((yield from self._value()))
        return values
