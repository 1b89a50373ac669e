"""Listens at the API and keeps what clients ask: `engine.session`.

Only what can change something is kept: a GET that is no upgrade is not. Beyond `limit` bytes nothing more is kept and
the session can no longer be saved; the engine works on.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

from engine.api.messages import Duplex, Query, Request, Response
from engine.api.streams import close_stream
from engine.loop import Loop
from engine.session.steps import HEADERS, Kind, Record, Step

LIMIT = 64 << 20  # bytes of bodies and input


class TooLong(ValueError):
    """More was asked than a record holds."""


class Recorder:
    """`seed`, `profile`: what the engine was made from."""

    def __init__(self, loop: Loop, seed: int, profile: str = "linux", limit: int = LIMIT) -> None:
        self._loop, self._seed, self._profile, self._limit = loop, seed, profile, limit
        self._start = loop.time
        self._steps: list[Step] = []
        self.requests = 0  # how many have been kept
        self.size = 0  # bytes that the record takes, about
        loop.on_skip = lambda: self.note("skip", 0)

    def record(self) -> Record:
        """The session so far. Raises TooLong."""
        if self.size > self._limit:
            raise TooLong(f"the session is larger than {self._limit >> 20} MB and cannot be saved")
        loop = self._loop
        return Record(self._seed, self._start, loop.time, loop.fired, self._profile, tuple(self._steps))

    def request(self, request: Request) -> int:
        """Keep a request that begins; returns its number, 0 for one that need not be kept."""
        if request.method in ("GET", "HEAD") and "upgrade" not in request.headers:
            return 0
        self.requests += 1
        number = self.requests
        query = request.query
        pairs = tuple(query.pairs()) if isinstance(query, Query) else tuple(query.items())
        headers = {name: value for name, value in request.headers.items() if name in HEADERS}
        streams = request.stream is not None
        step = self._step("request", number, request.body)
        path = f"/v{request.version}{request.path}" if request.version else request.path
        self._keep(replace(step, method=request.method, path=path, query=pairs, headers=headers, streams=streams))
        if request.stream is not None:
            request.stream = self._heard(request.stream, number)
        return number

    def response(self, response: Response, number: int) -> None:
        """Keep what the client does while it reads the answer."""
        if response.stream is not None:
            response.stream = _Watched(response.stream, self, number)
        elif (session := response.session) is not None:

            async def run(duplex: Duplex) -> None:
                await session(_Heard(duplex, self, number))

            response.session = run

    def note(self, kind: Kind, number: int, data: bytes = b"") -> None:
        self._keep(self._step(kind, number, data))

    async def _heard(self, stream: AsyncIterator[bytes], number: int) -> AsyncIterator[bytes]:
        async for piece in stream:
            self.note("input", number, piece)
            yield piece
        self.note("end", number)

    def _step(self, kind: Kind, number: int, body: bytes) -> Step:
        return Step(kind, number, self._loop.time, self._loop.fired, body=body)

    def _keep(self, step: Step) -> None:
        self.size += len(step.body) + 200
        if self.size <= self._limit:
            self._steps.append(step)
        else:
            self._steps.clear()


class _Heard:
    """A taken-over connection whose input is kept."""

    def __init__(self, duplex: Duplex, recorder: Recorder, number: int) -> None:
        self._duplex, self._recorder, self._number = duplex, recorder, number

    async def read(self) -> bytes:
        data = await self._duplex.read()
        self._recorder.note("input" if data else "end", self._number, data)
        return data

    async def write(self, data: bytes) -> None:
        await self._duplex.write(data)

    def close(self) -> None:
        self._duplex.close()


class _Watched:
    """A streaming answer; if the client goes away before its end, that is kept."""

    def __init__(self, stream: AsyncIterator[bytes], recorder: Recorder, number: int) -> None:
        self._stream, self._recorder, self._number = stream, recorder, number
        self._ended = False

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        try:
            return await self._stream.__anext__()
        except Exception:  # and not: the reader was cancelled
            self._ended = True
            raise

    async def aclose(self) -> None:
        if not self._ended:
            self._ended = True
            self._recorder.note("leave", self._number)
        await close_stream(self._stream)
