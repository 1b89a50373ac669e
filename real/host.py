"""The real host: the port of engine/host.py on the Linux kernel. Twin: sim/host.py.

It decides nothing: the runtime, the snapshotter and the network driver each answer for their part of the port.
"""

from __future__ import annotations

import os
import platform
import resource
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from engine.host import CONTROLLERS, UNPACKING, HostInfo, News, OnOutput, PathStat, RuntimeFailure, Started, Unpacking
from engine.loop import Loop
from engine.operations import Operation, Performed
from engine.spec import Device, Mount, Spec
from real import archives, cables, cgroups, folders, hostnet, hostps, layers, rootfs, syscalls
from real.cleanup import Mounted, reclaim_groups
from real.launch import Connection
from real.network import Networks
from real.poller import Poller
from real.runtime import Runtime
from real.snapshots import Snapshots, overlay_works
from real.usage import Usage


class RealHost:
    """engine.host.Host. `root`: the daemon's folder, on a file system that can be an overlay's upper one.

    `live_restore`: containers go on without a daemon, and the next one finds them again.
    """

    def __init__(self, loop: Loop, root: Path, live_restore: bool = False) -> None:
        root = root.resolve()
        self.loop, self.root = loop, str(root)
        self.poller = loop.outside = Poller(loop)
        self.cgroups = cgroups.find()
        rootless = os.geteuid() != 0
        self._callback: Callable[[News], object] = lambda news: None
        copying = not rootless and not overlay_works(root)
        self.info = _describe(root, self.cgroups, "vfs" if copying else "overlay2", live_restore)
        snapshots = self.snapshots = Snapshots(root / self.info.storage_driver, self.poller, rootless, copying)
        place = root / "run" / "root"
        place.mkdir(parents=True, exist_ok=True)
        settings = {
            "root": str(root),
            "store": snapshots.store,
            "place": str(place),
            "cgroups": self.cgroups.recipe if self.cgroups is not None else None,
            "rootless": rootless,
            "copying": copying,
            "door": str(root / "run" / "zygote") if live_restore else "",
        }
        self.zygote = Connection(self.poller, settings)
        self._take_back(str(root))
        _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))  # ours, for three pipes a container; not theirs
        runtime = self.runtime = Runtime(self.poller, self.zygote, self.cgroups, self._tell, live_restore)
        self.start, self.exec = runtime.start, runtime.exec
        self.kill, self.resize = runtime.kill, runtime.resize
        usage = Usage(self.poller, self.cgroups, runtime.containers)
        self.pause, self.resume, self.update = usage.pause, usage.resume, usage.update
        self.stats, self.ps, self.numbers, self.top = usage.stats, usage.ps, usage.numbers, usage.top

        self.exists, self.apply, self.prepare = snapshots.exists, snapshots.apply, snapshots.prepare
        self.layers, self.commit, self.diff = snapshots.layers, snapshots.commit, snapshots.diff
        self.export, self.changes, self.usage = snapshots.export, snapshots.changes, snapshots.usage
        self.remove, self.restore = snapshots.remove, snapshots.restore

        network = self.network = Networks(self.poller, str(root), rootless, kept=bool(self.zygote.found))
        runtime.on_birth = network.born
        self.create_network, self.delete_network = network.create_network, network.delete_network
        self.join, self.leave = network.join, network.leave
        self.configure, self.publish, self.withdraw = network.configure, network.publish, network.withdraw
        self.publish_through, self.dial = network.publish_through, network.dial
        self.dial_datagrams = network.dial_datagrams
        self.surroundings, self.name_servers = network.surroundings, hostnet.name_servers

    def _take_back(self, root: str) -> None:
        """What an earlier daemon has left, but for the containers that its zygote has kept."""
        kept = {each.id for each in self.zygote.found}
        self.mounted = Mounted(root)
        if not kept:
            self.mounted.unmount_all()
        if self.cgroups is not None:
            reclaim_groups(self.cgroups, set(self.snapshots.writable()) - kept)

    # -- containers, with their cables

    async def create(
        self, spec: Spec, operations: Sequence[Operation], on_output: OnOutput, *, hold: bool = True
    ) -> Started:
        """See engine.host.Runtime. A thread lays the cables while the process makes its root."""
        wanted, others = cables.split(operations)
        if not wanted:
            return await self.runtime.create(spec, operations, on_output, hold=hold)
        laid = self.network.expect(spec.id, wanted)
        try:
            started = await self.runtime.create(spec, others, on_output, hold=True)
        except BaseException:
            self.network.gone(spec.id)
            raise
        try:
            return replace(started, performed=cables.merged(operations, await laid, started.performed))
        except RuntimeFailure as failure:
            performed = (*started.performed, *failure.performed, *await self.delete(spec.id))
            raise RuntimeFailure(str(failure), performed) from None

    async def recover(self, wanted: Mapping[str, OnOutput]) -> dict[str, Started]:
        """See engine.host.Runtime."""
        found = await self.runtime.recover(wanted)
        for id, started in found.items():
            self.network.found(id, started.pid)
        return found

    async def delete(self, id: str) -> tuple[Performed, ...]:
        """See engine.host.Runtime."""
        self.network.gone(id)
        return await self.runtime.delete(id)

    # -- files of a snapshot

    def _view(self, key: str, volumes: Sequence[Mount]) -> archives.View:
        return archives.open_view(self.zygote, key, self.snapshots.layers(key), volumes)

    async def stat_path(self, key: str, path: str, volumes: Sequence[Mount] = ()) -> PathStat:
        """See engine.host.Snapshotter."""
        with closing(self._view(key, volumes)) as view:
            return archives.look(view, path)

    def pack_path(self, key: str, path: str, volumes: Sequence[Mount] = ()) -> Iterator[bytes]:
        """See engine.host.Snapshotter."""
        view = self._view(key, volumes)
        try:
            archives.look(view, path)
        except BaseException:
            view.close()
            raise
        return archives.pack(view, path)

    async def unpack_path(
        self,
        key: str,
        path: str,
        archive: BinaryIO,
        volumes: Sequence[Mount] = (),
        *,
        options: Unpacking = UNPACKING,
    ) -> None:
        """See engine.host.Snapshotter."""
        with closing(self._view(key, volumes)) as view:
            await self.poller.work(archives.unpack, view, path, archive, options)

    # -- files of the daemon's

    def listen(self, callback: Callable[[News], object]) -> None:
        self._callback = callback

    def _tell(self, news: News) -> None:
        self._callback(news)

    def write_file(self, path: str, data: bytes) -> None:
        """See engine.host.Host."""
        folders.write_file(path, data)

    def has_path(self, path: str) -> bool:
        """See engine.host.Host."""
        return os.path.exists(path)

    def devices(self, path: str) -> list[Device]:
        """See engine.host.Host."""
        return folders.devices(path)

    def make_directory(self, path: str) -> None:
        """See engine.host.Host."""
        folders.make(path)

    async def mount_folder(self, path: str, type: str, source: str, options: Sequence[str]) -> None:
        """See engine.host.Host."""
        folders.make(path)
        flags, data = rootfs.parse(options)
        self.mounted.mount(path, type, source, flags | (syscalls.MS_BIND if type == "bind" else 0), data)

    async def mount_snapshot(self, key: str, path: str) -> None:
        """See engine.host.Snapshotter."""
        folders.make(path)
        type, source, flags, data = self.snapshots.mounting(key)
        self.mounted.mount(path, type, source, flags, data)

    async def unmount_folder(self, path: str) -> None:
        """See engine.host.Host."""
        self.mounted.unmount(path)

    async def tree_size(self, path: str) -> int:
        """See engine.host.Host."""
        return await self.poller.work(folders.size, path)

    def pack(self, path: str) -> Iterator[bytes]:
        """See engine.host.Host."""
        return folders.pack(path)

    def unpack(self, path: str, archive: BinaryIO) -> None:
        """See engine.host.Host."""
        folders.unpack(path, archive)

    async def copy_up(self, path: str, key: str, inside: str) -> None:
        """See engine.host.Host."""
        await self.poller.work(folders.copy_up, path, self.snapshots.tree(key), inside)

    def remove_tree(self, path: str) -> None:
        """See engine.host.Host. Only what is the daemon's own: raises PermissionError for anything else."""
        if not os.path.abspath(path).startswith(f"{self.root}/"):
            raise PermissionError(1, "not a folder of this daemon's", path)
        layers.remove_tree(path)

    async def close(self) -> None:
        """See engine.host.Host."""
        keep = self.info.live_restore and bool(self.runtime.containers)
        if not keep:
            await self.runtime.close()
        self.zygote.close(keep)
        self.network.close(keep)
        if not keep:
            self.mounted.unmount_all()
        self.poller.close()
        self.loop.outside = None


def _describe(root: Path, driver: cgroups.Driver | None, storage: str, live_restore: bool) -> HostInfo:
    system, version = hostps.name_of_system()
    return HostInfo(
        name=platform.node(),
        kernel_version=platform.release(),
        operating_system=system,
        os_version=version,
        architecture=platform.machine(),
        cpus=os.cpu_count() or 1,
        memory=hostps.memory(),
        cgroup_driver="cgroupfs" if driver is not None else "none",
        cgroup_version=driver.version if driver is not None else "1",
        controllers=driver.controllers() if driver is not None else CONTROLLERS,  # none at all: refused, not dropped
        storage_driver=storage,
        root=str(root),
        lasting=True,
        live_restore=live_restore,
        warnings=tuple(_warnings(driver, storage)),
    )


def _warnings(driver: cgroups.Driver | None, storage: str) -> Iterator[str]:
    """What `docker info` ends with."""
    if os.geteuid() != 0:
        yield "WARNING: No bridge networks: use --network none, host or container:NAME"
    elif not hostnet.forwards() and not hostnet.may_turn_on():
        yield "WARNING: IPv4 forwarding is disabled"
    if driver is None:
        yield "WARNING: No cgroup: no limits, no pause, no stats"
    if storage == "vfs":
        yield "WARNING: No overlayfs: every container is a copy of its image"
