"""The simulated host: the port of engine/host.py on a simulated kernel. Twin: real/host.py.

It decides nothing: the runtime, the snapshotter and the network driver each answer for their part of the port.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from random import Random
from typing import BinaryIO

from engine.host import UNPACKING, News, PathStat, Unpacking
from engine.loop import Loop
from engine.spec import Device, Mount
from sim import archives, boot, folders
from sim.kernel.kernel import Kernel
from sim.net.bridges import Bridges
from sim.profiles import LINUX, Profile
from sim.runtime import Runtime
from sim.shares import Share
from sim.shares import mount as mount_shares
from sim.vfs import files, mounting, overlay
from sim.vfs.paths import resolve


class SimHost:
    """engine.host.Host."""

    def __init__(self, loop: Loop, random: Random, profile: Profile = LINUX, shares: Iterable[Share] = ()) -> None:
        self.loop = loop
        self.info = profile.info
        self.kernel = Kernel(loop, random, profile)
        boot.make_files(self.kernel)
        mount_shares(self.kernel, shares)
        self._callback: Callable[[News], object] = lambda news: None

        runtime = self.runtime = Runtime(self.kernel, self._tell)
        self.create, self.start, self.exec, self.delete = runtime.create, runtime.start, runtime.exec, runtime.delete
        self.recover = runtime.recover
        self.kill, self.pause, self.resume = runtime.kill, runtime.pause, runtime.resume
        self.resize, self.update, self.stats = runtime.resize, runtime.update, runtime.stats
        self.ps, self.numbers, self.top = runtime.ps, runtime.numbers, runtime.top

        snapshots = self.kernel.snapshots
        self.exists, self.apply, self.prepare = snapshots.exists, snapshots.apply, snapshots.prepare
        self.layers, self.commit, self.diff = snapshots.layers, snapshots.commit, snapshots.diff
        self.export, self.changes, self.usage = snapshots.export, snapshots.changes, snapshots.usage
        self.remove, self.restore = snapshots.remove, snapshots.restore

        network = Bridges(self.kernel)
        self.create_network, self.delete_network = network.create_network, network.delete_network
        self.join, self.leave, self.configure = network.join, network.leave, network.configure
        self.surroundings, self.name_servers = network.surroundings, network.name_servers
        self.publish, self.withdraw, self.publish_through = network.publish, network.withdraw, network.publish_through
        self.dial, self.dial_datagrams = network.dial, network.dial_datagrams

    def listen(self, callback: Callable[[News], object]) -> None:
        self._callback = callback

    def _tell(self, news: News) -> None:
        self._callback(news)

    def write_file(self, path: str, data: bytes) -> None:
        """See engine.host.Host."""
        root = self.kernel.root
        try:
            files.write_file(root, path, data)
        except FileNotFoundError:
            mounting.make_directories(root, path.rpartition("/")[0])
            files.write_file(root, path, data)

    def has_path(self, path: str) -> bool:
        """See engine.host.Host."""
        return files.access(self.kernel.root, path, 0)

    def devices(self, path: str) -> list[Device]:
        """See engine.host.Host."""
        return folders.devices(self.kernel, path)

    def make_directory(self, path: str) -> None:
        """See engine.host.Host."""
        folders.make(self.kernel, path)

    async def mount_folder(self, path: str, type: str, source: str, options: Sequence[str]) -> None:
        """See engine.host.Host."""
        root = self.kernel.root
        mounting.make_directories(root, path)
        mounting.mount(root, source, path, type, options)

    async def mount_snapshot(self, key: str, path: str) -> None:
        """See engine.host.Snapshotter."""
        root = self.kernel.root
        mounting.make_directories(root, path)
        place = resolve(root, path)
        place.space.attach(
            tuple(place.names), place.row, "overlay", ("ro",), self.kernel.snapshots.tree(key), "overlay"
        )

    async def unmount_folder(self, path: str) -> None:
        """See engine.host.Host."""
        with suppress(OSError):
            mounting.umount(self.kernel.root, path)

    async def tree_size(self, path: str) -> int:
        """See engine.host.Host."""
        return folders.size(self.kernel, path)

    def pack(self, path: str) -> Iterator[bytes]:
        """See engine.host.Host."""
        return folders.pack(self.kernel, path)

    def unpack(self, path: str, archive: BinaryIO) -> None:
        """See engine.host.Host."""
        folders.unpack(self.kernel, path, archive)

    async def copy_up(self, path: str, key: str, inside: str) -> None:
        """See engine.host.Host."""
        folders.copy_up(self.kernel, path, self.kernel.snapshots.tree(key), inside)

    def remove_tree(self, path: str) -> None:
        """See engine.host.Host."""
        try:
            place = resolve(self.kernel.root, path, follow=False)
        except FileNotFoundError:
            return
        if place.node is not None:
            place.tree.grow(-folders.size(self.kernel, path))
            overlay.remove(place.root, place.inside[:-1], place.names[-1])

    async def stat_path(self, key: str, path: str, volumes: Sequence[Mount] = ()) -> PathStat:
        """See engine.host.Snapshotter."""
        return archives.stat_path(self.kernel, key, path, volumes)

    def pack_path(self, key: str, path: str, volumes: Sequence[Mount] = ()) -> Iterator[bytes]:
        """See engine.host.Snapshotter."""
        return archives.pack_path(self.kernel, key, path, volumes)

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
        archives.unpack_path(self.kernel, key, path, archive, volumes, options)

    async def close(self) -> None:
        """See engine.host.Host."""
        for id in list(self.kernel.containers):
            await self.runtime.delete(id)
