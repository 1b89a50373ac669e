"""The engine: its parts, wired together. It decides nothing itself."""

from __future__ import annotations

import random
from pathlib import Path
from typing import TYPE_CHECKING

from engine.builder.cache import Builds
from engine.daemon import boot, exits
from engine.daemon.create import Creator
from engine.daemon.execs import Execs
from engine.daemon.ids import Ids
from engine.daemon.images import Images
from engine.daemon.networks.controller import Networks
from engine.daemon.registry import Containers
from engine.daemon.saved import Saved
from engine.daemon.state import open_state
from engine.daemon.volumes import Volumes
from engine.events import EventBus
from engine.host import Host
from engine.image.blobs import Blobs
from engine.trace import Trace

if TYPE_CHECKING:
    from engine.distribution.transport import Transport
    from engine.faults import Faults
    from engine.session.recorder import Recorder


class Engine:
    """One Docker daemon on one host.

    `seed`: the same seed and the same requests give the same ids and names; None: different each time. `data_root`: a
    folder where everything that was acknowledged survives the process; None: memory only.
    """

    def __init__(
        self, host: Host, transport: Transport, *, seed: int | None = None, data_root: Path | None = None
    ) -> None:
        self.host = host
        self.loop = host.loop
        self.trace = Trace(self.loop)
        self.session: Recorder | None = None  # what clients ask is kept, if somebody wants it
        self.faults: Faults | None = None  # of a host that can be broken on purpose
        self.events = EventBus(self.loop)
        self.ids = Ids(random.Random(seed))
        self.state = open_state(data_root)
        self.id = self._own_id()
        self.blobs = Blobs(data_root / "blobs" if data_root is not None else None)
        self.images = Images(self, transport, self.blobs)
        self.networks = Networks(self)
        self.volumes = Volumes(self)
        self.containers = Containers(self.loop, self.state)
        self.creator = Creator(self)
        self.execs = Execs(self)
        self.saved = Saved(self, data_root)
        self.builds = Builds(self)
        host.listen(lambda news: exits.on_news(self, news))
        if self.state.durable:
            self.loop.run(boot.restore(self))

    def _own_id(self) -> str:
        """Of this daemon, for ever: a UUID (version 4's shape)."""
        if (id := self.state.get("daemon", "id")) is None:
            digits = self.ids.new()
            id = f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:32]}"
            self.state.put("daemon", "id", id)
        return str(id)

    async def close(self) -> None:
        """End what runs and let go of the host and the disk."""
        boot.shut_down(self)
        await self.host.close()
        self.state.close()
