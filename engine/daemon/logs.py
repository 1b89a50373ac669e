"""What a container has printed: a buffer of pieces with the time and the stream of each.

Kept for each container up to 64 MiB; then the oldest goes, and a reader who asks for the beginning is told so. Lines
are what a reader gets; a line's time is that of its first byte (moby, daemon/logger/copier.go: a line is
logged when its newline has come, or the program has ended, or it has grown to 16 KiB).
"""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from engine.host import STDERR, STDOUT
from engine.loop import SECOND, Future, Loop

if TYPE_CHECKING:
    from engine.daemon.journal import Journal

LIMIT = 64 << 20  # bytes kept
LONGEST_LINE = 16 << 10
ENVELOPE = 69  # bytes around a line in a file of json-file: {"log":"…","stream":"stdout","time":"…"}


@dataclass(frozen=True, slots=True)
class Rotation:
    """A file of `size` bytes, then the next; the oldest goes when there are more than `files`. `size` 0: no end."""

    size: int = 0
    files: int = 1


ONE_FILE = Rotation()


class Piece(NamedTuple):
    """One or several whole lines written at once (or a part of a very long one). `time` ns since 1970."""

    time: int
    stream: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Query:
    """What a reader wants. Times in ns since 1970, 0 for no bound; `tail` lines from the end, None for all."""

    stdout: bool = True
    stderr: bool = True
    since: int = 0
    until: int = 0
    tail: int | None = None
    follow: bool = False

    def wants(self, piece: Piece) -> bool:
        if not (self.stdout if piece.stream == STDOUT else self.stderr):
            return False
        return piece.time >= self.since and not (self.until and piece.time > self.until)


class LogBuffer:
    """One container's output, over all its runs."""

    __slots__ = (
        "_files", "_first", "_followers", "_limit", "_loop", "_partial", "_pieces", "_rotation", "_size", "dropped",
        "journal",
    )  # fmt: skip

    def __init__(self, loop: Loop, limit: int = LIMIT, rotation: Rotation = ONE_FILE) -> None:
        self._loop = loop
        self._limit, self._rotation = limit, rotation
        self._files: deque[tuple[int, int]] = deque()  # of those that are rotated: pieces and bytes in each
        self._pieces: deque[Piece] = deque()
        self._first = 0  # number of the first piece that is still here
        self._size = 0
        self._partial: dict[int, tuple[int, bytes]] = {}  # by stream: when a line was begun, and what is there of it
        self._followers: list[Future[bool]] = []
        self.dropped = 0  # bytes
        self.journal: Journal | None = None  # where it is written down at once

    # -- writing

    def write(self, stream: int, data: bytes) -> None:
        """Output from now. What has no newline yet waits for the rest."""
        if self.journal is not None:
            self.journal.write(self._loop.time, stream, data)
        self.put(self._loop.time, stream, data)

    def put(self, time: int, stream: int, data: bytes) -> None:
        """Output of a certain time."""
        now = time
        if begun := self._partial.pop(stream, None):
            time, data = begun[0], begun[1] + data
        whole, newline, rest = data.rpartition(b"\n")
        if newline:
            self._add(Piece(time, stream, whole + newline))
            time = now
        while len(rest) >= LONGEST_LINE:
            self._add(Piece(time, stream, rest[:LONGEST_LINE]))
            rest = rest[LONGEST_LINE:]
        if rest:
            self._partial[stream] = (time, rest)

    def close(self) -> None:
        """The program has ended: what it left of a line is a line, and nobody follows any more."""
        for stream, (time, data) in sorted(self._partial.items()):
            self._add(Piece(time, stream, data))
        self._partial.clear()
        self._wake(more=False)

    def _add(self, piece: Piece) -> None:
        if self._rotation.size:
            for line in lines(piece.data):
                self._add_to_file(piece._replace(data=line))
            self._wake(more=True)
            return
        self._pieces.append(piece)
        self._size += len(piece.data)
        while self._size > self._limit and len(self._pieces) > 1:
            old = self._pieces.popleft()
            self._first += 1
            self._size -= len(old.data)
            self.dropped += len(old.data)
        self._wake(more=True)

    def _add_to_file(self, line: Piece) -> None:
        """One line; a file that is full is followed by another, and the oldest of too many is gone."""
        files, rotation = self._files, self._rotation
        if not files or files[-1][1] >= rotation.size:
            files.append((0, 0))
        if len(files) > rotation.files:
            for _ in range(files.popleft()[0]):
                self._size -= len(self._pieces.popleft().data)
                self._first += 1
        pieces, size = files[-1]
        files[-1] = (pieces + 1, size + len(line.data) + ENVELOPE)
        self._pieces.append(line)
        self._size += len(line.data)

    def _wake(self, more: bool) -> None:
        followers, self._followers = self._followers, []
        for follower in followers:
            follower.set_result(more)

    # -- reading

    async def read(self, query: Query) -> AsyncIterator[Piece]:
        """What is there, in the order in which it came; with `follow` also what comes until the program ends."""
        number = self._end()
        if self.dropped and query.tail is None and query.stderr:
            yield Piece(self._pieces[0].time, STDERR, self._notice())
        for piece in self._wanted(query):
            yield piece
        while query.follow:
            while number < self._end():
                number = max(number, self._first)  # a slow reader misses what was dropped meanwhile
                piece = self._pieces[number - self._first]
                number += 1
                if query.wants(piece):
                    yield piece
            if not await self._more(query.until) and number >= self._end():
                return

    def _end(self) -> int:
        """The number that the next piece will have."""
        return self._first + len(self._pieces)

    async def _more(self, until: int) -> bool:
        """Wait for news. False: nothing will come any more, or not before the moment `until`."""
        news: Future[bool] = Future(self._loop)
        self._followers.append(news)
        try:
            if until:
                return await self._loop.wait_for(news, (until - self._loop.time) / SECOND)
            return await news
        except TimeoutError:
            return False
        finally:
            if news in self._followers:
                self._followers.remove(news)

    def _wanted(self, query: Query) -> Iterable[Piece]:
        """The pieces wanted of those here; with `tail` only so many lines from the end."""
        found = [piece for piece in self._pieces if query.wants(piece)]
        if query.tail is None:
            return found
        left, kept = query.tail, deque[Piece]()
        for piece in reversed(found):
            if left <= 0:
                break
            of_piece = lines(piece.data)
            kept.appendleft(piece._replace(data=b"".join(of_piece[-left:])))
            left -= len(of_piece)
        return kept

    def _notice(self) -> bytes:
        return f"[{self.dropped} bytes of older output were dropped: {self._limit >> 20} MiB are kept]\n".encode()

    # -- its row

    def rows(self) -> list[tuple[int, int, str]]:
        """All pieces, as JSON can hold them."""
        return [(piece.time, piece.stream, piece.data.decode("latin-1")) for piece in self._pieces]

    def load(self, rows: list[list[int | str]]) -> None:
        for time, stream, data in rows:
            self._add(Piece(int(time), int(stream), str(data).encode("latin-1")))


def lines(data: bytes) -> list[bytes]:
    """
    >>> lines(b"one\\ntwo\\r\\nthr")
    [b'one\\n', b'two\\r\\n', b'thr']
    """
    found = [line + b"\n" for line in data.split(b"\n")]
    found[-1] = found[-1][:-1]
    return found if found[-1] else found[:-1]
