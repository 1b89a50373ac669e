"""What a durable engine keeps of a host that forgets: writable layers, logs and volumes, as of a container's last stop.

A lasting host (HostInfo.lasting) keeps its files itself; then only logs are kept here. All of it is blobs; equal ones
(the layer of an unused container is empty) are there once. An engine without a data root keeps nothing of this.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from engine.daemon.container import new_log
from engine.daemon.journal import Journal, replay
from engine.image.blobs import Blobs
from engine.image.digest import Digest

if TYPE_CHECKING:
    from engine.daemon.container import Container
    from engine.daemon.engine import Engine

LAYER, LOG, VOLUME = "container-layer", "container-log", "volume-content"  # kinds of rows: by container id or name


class Saved:
    """`engine.saved`."""

    def __init__(self, engine: Engine, data_root: Path | None) -> None:
        self._engine = engine
        self._journals = data_root / "journals" if data_root is not None else None
        self._blobs = Blobs(data_root / "saved" if data_root is not None else None)
        for kind in (LAYER, VOLUME):
            for _, digest in engine.state.items(kind):
                self._blobs.use(Digest(digest))
        self._blobs.sweep()

    # -- while something runs that may outlive the daemon

    def write_down(self, container: Container) -> None:
        """From now on, what it prints is in a file at once."""
        if self._journals is None or not self._engine.host.info.live_restore or not container.keeps_log:
            return
        if container.logs is None:
            container.logs = new_log(container)
        if container.logs.journal is None:
            container.logs.journal = Journal(self._journals / container.id)

    # -- when something ends

    def save(self, container: Container) -> None:
        """It has stopped: its files, its log, and the volumes that it may have written."""
        engine = self._engine
        if not engine.state.durable:
            return
        if not engine.host.info.lasting:
            self._keep(LAYER, container.id, engine.host.diff(container.id))
            for point in container.mounts:
                if point.type == "volume" and not engine.volumes.get(point.name).options:
                    self._keep(VOLUME, point.name, engine.host.pack(point.source))
        if container.logs is not None:
            engine.state.put(LOG, container.id, container.logs.rows())
            self._end_journal(container)

    def forget(self, container: Container) -> None:
        """It has been removed."""
        if self._engine.state.durable:
            self._drop(LAYER, container.id)
            self._engine.state.delete(LOG, container.id)
            self._end_journal(container)

    def _end_journal(self, container: Container) -> None:
        """What it held is safe elsewhere, or is not wanted any more."""
        if container.logs is not None and container.logs.journal is not None:
            container.logs.journal.close()
            container.logs.journal = None
        if self._journals is not None:
            (self._journals / container.id).unlink(missing_ok=True)

    def forget_volume(self, name: str) -> None:
        if self._engine.state.durable:
            self._drop(VOLUME, name)

    # -- when the engine begins

    async def restore(self, container: Container) -> None:
        """Bring its writable layer and its log back, where the host has lost them."""
        engine = self._engine
        if pieces := engine.state.get(LOG, container.id):
            container.logs = new_log(container)
            container.logs.load(pieces)
        if self._journals is not None and (path := self._journals / container.id).exists():
            container.logs = container.logs or new_log(container)
            replay(path, container.logs)
        if engine.host.exists(container.id):
            return
        parent = engine.images.chain_for(container.id, container.image_id)
        if (digest := self._kept(LAYER, container.id)) is None:
            await engine.host.prepare(container.id, parent)
            return
        with self._blobs.open(digest) as diff:
            await engine.host.restore(container.id, parent, diff)

    def restore_volume(self, name: str, path: str) -> None:
        """Fill its folder on the host."""
        host = self._engine.host
        host.make_directory(path)
        if (digest := self._kept(VOLUME, name)) is not None:
            with self._blobs.open(digest) as archive:
                host.unpack(path, archive)

    # -- blobs

    def _kept(self, kind: str, key: str) -> Digest | None:
        digest = self._engine.state.get(kind, key)
        return Digest(digest) if digest is not None and Digest(digest) in self._blobs else None

    def _keep(self, kind: str, key: str, data: Iterable[bytes]) -> None:
        writer = self._blobs.writer()
        try:
            for piece in data:
                writer.write(piece)
            digest = writer.commit()
        finally:
            writer.abort()
        before = self._engine.state.get(kind, key)
        self._blobs.use(digest)
        try:
            self._engine.state.put(kind, key, digest)
        except BaseException:
            self._blobs.drop(digest)
            raise
        self._release(before)

    def _drop(self, kind: str, key: str) -> None:
        before = self._engine.state.get(kind, key)
        self._engine.state.delete(kind, key)
        self._release(before)

    def _release(self, digest: str | None) -> None:
        if digest is not None:
            self._blobs.drop(Digest(digest))
