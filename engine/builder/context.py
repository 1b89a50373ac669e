"""The build context: what the client has sent, in a snapshot of its own, and the Dockerfile in it.

A tar archive, compressed or not. What would come to lie outside comes to lie inside, as in a chroot; what is no archive
is refused. Texts: moby, builder/remotecontext.
"""

from __future__ import annotations

import posixpath
from collections.abc import AsyncIterator
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from engine.builder.dockerfile import Dockerfile, DockerfileError, parse
from engine.builder.dockerignore import Ignore, PatternError
from engine.builder.sources import Place
from engine.errors import EngineError, InvalidParameter, System
from engine.image import changeset
from engine.image.archive import uncompress
from engine.image.pieces import as_file

if TYPE_CHECKING:
    from engine.daemon.engine import Engine

DEFAULT = "Dockerfile"
IGNORE = ".dockerignore"
LARGEST_DOCKERFILE = 16 << 20  # bytes


async def context_of(dockerfile: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The archive of a context that is only a Dockerfile."""
    data = b"".join([piece async for piece in dockerfile])
    for piece in changeset.write([(changeset.Entry(DEFAULT, "file", size=len(data)), [data])]):
        yield piece


class Context:
    """`place`: where its files are. To be closed."""

    def __init__(self, engine: Engine, key: str) -> None:
        self.key = key
        self.place = Place(engine.host, key, is_context=True)
        self._engine = engine

    async def receive(self, archive: AsyncIterator[bytes]) -> None:
        """Take the client's archive. Raises InvalidParameter, System (no space left)."""
        host, spool = self._engine.host, self._engine.blobs.spool()
        try:
            async for piece in archive:
                spool.append(piece)
            await host.prepare(self.key, None, init=False)
            with self._engine.trace.span("daemon", "build context", size=spool.size), spool.open() as file:
                await host.unpack_path(self.key, "/", as_file(uncompress(file)))
        except OSError as error:
            raise System(f"Error processing tar file: {error}") from None
        except ValueError as error:
            raise InvalidParameter(f"Error processing tar file(exit status 1): {error}") from None
        finally:
            spool.close()

    async def dockerfile(self, name: str) -> Dockerfile:
        """Parsed; from now on the context is without it if `.dockerignore` says so. Raises InvalidParameter, System."""
        name = name or DEFAULT
        data = await self._read(name)
        if data is None and name == DEFAULT:
            data = await self._read(DEFAULT.lower())
        if data is None:
            raise System(f"Cannot locate specified Dockerfile: {name}")
        await self._hide(name)
        if not data:
            raise InvalidParameter(f"the Dockerfile ({name}) cannot be empty")
        try:
            return parse(data)
        except DockerfileError as error:
            raise InvalidParameter(f"failed to parse {name}: {error}") from None

    async def _read(self, name: str) -> bytes | None:
        """A file in the context; None if there is none."""
        try:
            found = await self.place.find(name)
        except EngineError:
            return None
        for entry, data in found[0].entries() if found else ():
            if data is not None and entry.size <= LARGEST_DOCKERFILE:
                return b"".join(iter(partial(data.read, 1 << 16), b""))
        return None

    async def _hide(self, dockerfile: str) -> None:
        """The Dockerfile and `.dockerignore` are sent in any case, but may not be for COPY."""
        data = await self._read(IGNORE)
        if data is None:
            return
        with suppress(PatternError):
            ignore = Ignore.parse(data)
            names = (posixpath.normpath(name) for name in (IGNORE, dockerfile))
            self.place.hidden = frozenset(f"/{name}" for name in names if ignore.excludes(name))

    async def close(self) -> None:
        """Nothing of it is left."""
        if self._engine.host.exists(self.key):
            await self._engine.host.remove(self.key)
