"""A container's processes as a group: freezing them, limits, what they use, who they are. Twin: sim/usage.py."""

from __future__ import annotations

from collections.abc import Mapping

from engine import plan
from engine.host import RuntimeFailure, Stats
from engine.spec import Resources
from real import hostps
from real.cgroups import Driver
from real.container import Container
from real.poller import Poller


class Usage:
    """These verbs of engine.host.Runtime. `containers`: the runtime's own."""

    def __init__(self, poller: Poller, cgroups: Driver | None, containers: Mapping[str, Container]) -> None:
        self._poller, self._cgroups, self._containers = poller, cgroups, containers

    async def pause(self, id: str) -> None:
        groups, path = self._groups("freeze its processes"), self._containers[id].spec.cgroups_path
        await self._poller.work(groups.freeze, path, True)

    async def resume(self, id: str) -> None:
        groups, path = self._groups("thaw its processes"), self._containers[id].spec.cgroups_path
        await self._poller.work(groups.freeze, path, False)

    async def update(self, id: str, resources: Resources) -> None:
        """See engine.host.Runtime."""
        groups, path = self._groups("change its limits"), self._containers[id].spec.cgroups_path
        for file, value in plan.cgroup_files(resources):
            try:
                groups.write(path, file, value)
            except OSError as error:
                raise RuntimeFailure(f"failed to write {value!r} to {file!r}: {error.strerror}") from None

    async def stats(self, id: str) -> Stats:
        """See engine.host.Runtime."""
        container = self._containers[id]
        used = self._cgroups.usage(container.spec.cgroups_path) if self._cgroups is not None else {}
        return hostps.stats(used, container.first.pid if container.first is not None else 0)

    async def ps(self, id: str) -> list[int]:
        """See engine.host.Runtime."""
        container = self._containers[id]
        if self._cgroups is not None:
            return self._cgroups.processes(container.spec.cgroups_path)
        return hostps.in_namespace_of(container.first.pid) if container.first is not None else []

    async def numbers(self, id: str) -> dict[int, int]:
        """See engine.host.Runtime."""
        return {pid: inside for pid in await self.ps(id) if (inside := hostps.inner_number(pid))}

    async def top(self, id: str, ps_args: str) -> tuple[list[str], list[list[str]]]:
        """See engine.host.Runtime."""
        return await self._poller.work(hostps.top, await self.ps(id), ps_args)

    def _groups(self, what: str) -> Driver:
        if self._cgroups is None:
            raise RuntimeFailure(f"to {what} it takes a cgroup, and this daemon has none (see glassdock check)")
        return self._cgroups
