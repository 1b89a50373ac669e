"""News of processes that the kernel has killed for want of memory. Only containers with a limit are watched."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable

from engine.host import OutOfMemory
from real.cgroups import Driver
from real.container import Container
from real.poller import Poller


class MemoryWatch:
    """The kernel tells of kills by a descriptor of the group's; what it tells is handed on once for each kill."""

    def __init__(self, poller: Poller, cgroups: Driver | None, tell: Callable[[OutOfMemory], object]) -> None:
        self._poller, self._cgroups, self._tell = poller, cgroups, tell

    def begin(self, container: Container) -> None:
        if self._cgroups is None or not container.spec.resources.memory:
            return
        watched = self._cgroups.watch_oom(container.spec.cgroups_path)
        if watched is not None:
            container.oom = watched[0]
            self._poller.watch(watched[0], watched[1], lambda events: self._news(container))

    def _news(self, container: Container) -> None:
        with contextlib.suppress(OSError):
            os.read(container.oom, 4096)
        self.check(container)

    def check(self, container: Container) -> bool:
        """Tell of kills that were not told yet; True if there were ever any."""
        if self._cgroups is None or not container.spec.resources.memory:
            return False
        kills = self._cgroups.oom_kills(container.spec.cgroups_path)
        if kills > container.oom_kills:
            container.oom_kills = kills
            self._tell(OutOfMemory(container.id))
        return container.oom_kills > 0

    def end(self, container: Container) -> None:
        if container.oom >= 0:
            self._poller.forget(container.oom)
            os.close(container.oom)
            container.oom = -1
