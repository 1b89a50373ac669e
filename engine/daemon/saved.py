"""What a durable engine keeps of a container's runs: its writable layer and its log, as of its last stop."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from engine.daemon.logs import LogBuffer
from engine.image.blobs import Blobs
from engine.image.digest import Digest

if TYPE_CHECKING:
    from engine.daemon.container import Container
    from engine.daemon.engine import Engine

LAYER, LOG = "container-layer", "container-log"  # kinds of rows, by container id


class SavedRuns:
    """`engine.saved`. Layers are blobs; equal ones (an unused container's is empty) are there once."""

    def __init__(self, engine: Engine, data_root: Path | None) -> None:
        self._engine = engine
        self._blobs = Blobs(data_root / "container-layers" if data_root is not None else None)
        self._uses = Counter(digest for _, digest in engine.state.items(LAYER))

    def save(self, container: Container) -> None:
        """It has stopped. Nothing to do if the engine forgets everything anyway."""
        engine = self._engine
        if not engine.state.durable:
            return
        digest = self._blobs.put(b"".join(engine.host.diff(container.id)))
        self._uses[digest] += 1
        before = engine.state.get(LAYER, container.id)
        engine.state.put(LAYER, container.id, digest)
        self._release(before)
        if container.logs is not None:
            engine.state.put(LOG, container.id, container.logs.rows())

    def forget(self, container: Container) -> None:
        """It has been removed."""
        engine = self._engine
        if not engine.state.durable:
            return
        before = engine.state.get(LAYER, container.id)
        engine.state.delete(LAYER, container.id)
        engine.state.delete(LOG, container.id)
        self._release(before)

    def _release(self, digest: str | None) -> None:
        if digest is None:
            return
        self._uses[digest] -= 1
        if not self._uses[digest]:
            del self._uses[digest]
            self._blobs.delete(Digest(digest))

    async def restore(self, container: Container) -> None:
        """Bring its writable layer and its log back, where the host has lost them."""
        engine = self._engine
        if pieces := engine.state.get(LOG, container.id):
            container.logs = LogBuffer(engine.loop)
            container.logs.load(pieces)
        if engine.host.exists(container.id):
            return
        parent = engine.images.chain_for(container.id, container.image_id)
        digest = engine.state.get(LAYER, container.id)
        if digest is None or Digest(digest) not in self._blobs:
            await engine.host.prepare(container.id, parent)
            return
        with self._blobs.open(Digest(digest)) as diff:
            await engine.host.restore(container.id, parent, diff)
