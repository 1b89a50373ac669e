"""Where one COPY or ADD takes its files from: the context, a stage, an image, a URL, or here-documents."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import AsyncExitStack
from types import TracebackType
from typing import TYPE_CHECKING

from engine.builder import download
from engine.builder.instructions import Copy
from engine.builder.sources import BuildError, Found, Place
from engine.distribution.progress import Progress
from engine.distribution.transport import Unreachable
from engine.errors import EngineError
from engine.image.changeset import Entry
from engine.image.content import Spool
from engine.image.tarstream import Data

if TYPE_CHECKING:
    from engine.builder.build import Build

UNNAMED = "__unnamed__"
DOWNLOADED_MODE, DOCUMENT_MODE = 0o600, 0o644


class Written:
    """A file that lies nowhere yet; like a `Place` with only that."""

    def __init__(self, entry: Entry, spool: Spool) -> None:
        self._entry, self._spool = entry, spool

    def entries(self, path: str) -> Iterator[tuple[Entry, Data | None]]:
        with self._spool.open() as file:
            yield self._entry, Data(file)


class Sources:
    """All of one instruction; what was made for it goes at the end."""

    def __init__(self, build: Build, copy: Copy) -> None:
        self._build, self._instruction = build, copy
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Sources:
        await self._stack.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        await self._stack.__aexit__(kind, error, at)

    async def find(self) -> list[Found]:
        """Raises BuildError."""
        copy = self._instruction
        place, now = await self._place(), self._build.engine.loop.time
        try:
            found = [each for source in copy.sources for each in await self._source(source, place)]
            found += [self._written(file.name, DOCUMENT_MODE, now, file.text.encode()) for file in copy.files]
        except EngineError as error:
            raise BuildError(f"{copy.keyword} failed: {error}") from None
        if not found:
            raise BuildError(f"{copy.keyword} failed: no source files were specified")
        return found

    async def _place(self) -> Place:
        origin = self._instruction.origin
        if not origin:
            return self._build.context.place
        try:
            image = await self._build.stage_or_image(origin)
        except EngineError as error:
            raise BuildError(f"invalid from flag value {origin}: {error}") from None
        key = await self._stack.enter_async_context(self._build.snapshot(image))
        return Place(self._build.engine.host, key, is_context=False)

    async def _source(self, source: str, place: Place) -> list[Found]:
        if not download.is_url(source):
            return await place.find(source)
        if self._instruction.keyword == "COPY":
            raise BuildError("source can't be a URL for COPY")
        return [await self._download(source)]

    async def _download(self, url: str) -> Found:
        found = await download.get(self._build.engine.images.transport, url)
        if not found.name and self._instruction.destination.endswith("/"):
            raise BuildError(f"cannot determine filename for source {url}")
        data = bytearray()
        try:
            async for piece in found.body:
                data += piece
                self._build.output.progress(Progress("Downloading", "", len(data), found.size))
        except Unreachable as error:
            raise BuildError(str(error)) from None
        self._build.output.write("\n")
        self._check(bytes(data))
        return self._written(found.name or UNNAMED, DOWNLOADED_MODE, found.modified, bytes(data))

    def _check(self, data: bytes) -> None:
        """ADD --checksum."""
        wanted, actual = self._instruction.checksum, f"sha256:{hashlib.sha256(data).hexdigest()}"
        if wanted and wanted != actual:
            raise BuildError(f"digest mismatch {actual}: {wanted}")

    def _written(self, name: str, mode: int, mtime: int, data: bytes) -> Found:
        spool: Spool = self._build.engine.blobs.spool()
        self._stack.callback(spool.close)
        spool.append(data)
        entry = Entry(name, "file", mode, mtime=mtime, size=len(data))
        digest = hashlib.sha256(f"{name}\0{mode}\0".encode() + data).hexdigest()
        return Found(Written(entry, spool), name, name, False, f"file:{digest}", packed=True)
