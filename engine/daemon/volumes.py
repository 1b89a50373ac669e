"""Local volumes: folders of the host that outlive the containers that use them (moby, volume/).

A volume is volumes/NAME/_data below the host's root for Docker (HostInfo.root). One without a name gets an id for a name and goes with `docker rm -v`,
or with the container if that was run with --rm.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from engine.daemon.mounts import MountPoint, check_volume_name
from engine.errors import Conflict, NotFound
from engine.timestamps import rfc3339

if TYPE_CHECKING:
    from engine.daemon.container import Container
    from engine.daemon.engine import Engine

KIND = "volume"  # of its row
ANONYMOUS = "com.docker.volume.anonymous"  # the label of volumes that nobody named


@dataclass(frozen=True, slots=True)
class Volume:
    """`created` ns since 1970."""

    name: str
    created: int
    labels: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, str] = field(default_factory=dict)
    root: str = "/var/lib/docker"

    @property
    def folder(self) -> str:
        return f"{self.root}/volumes/{self.name}"

    @property
    def mountpoint(self) -> str:
        return f"{self.folder}/_data"

    def json(self) -> dict[str, Any]:
        return {
            "CreatedAt": rfc3339(self.created - self.created % 1_000_000_000),
            "Driver": "local",
            "Labels": dict(self.labels) or None,
            "Mountpoint": self.mountpoint,
            "Name": self.name,
            "Options": dict(self.options) or None,
            "Scope": "local",
        }


class Volumes:
    """`engine.volumes`."""

    def __init__(self, engine: Engine) -> None:
        self._engine, self._root = engine, engine.host.info.root
        self._by_name: dict[str, Volume] = {}
        self._users: dict[str, set[str]] = {}  # name -> ids of containers
        for name, row in engine.state.items(KIND):
            self._by_name[name] = Volume(name, row["created"], row["labels"], row["options"], self._root)

    def __iter__(self) -> Iterator[Volume]:
        return iter(list(self._by_name.values()))

    def get(self, name: str) -> Volume:
        if volume := self._by_name.get(name):
            return volume
        raise NotFound(f"get {name}: no such volume")

    def users(self, name: str) -> int:
        """How many containers have it."""
        return len(self._users.get(name, ()))

    async def size(self, volume: Volume) -> int:
        """Bytes in it."""
        return await self._engine.host.tree_size(volume.mountpoint)

    def create(
        self, name: str = "", labels: Mapping[str, str] | None = None, options: Mapping[str, str] | None = None
    ) -> Volume:
        """The volume of that name, made if it is not there; no name: a new one with an id for a name."""
        if volume := self._by_name.get(name):
            return volume
        engine, labels = self._engine, dict(labels or {})
        if not name:
            name = engine.ids.new()
            labels[ANONYMOUS] = ""
        check_volume_name(name)
        volume = Volume(name, engine.loop.time, labels, dict(options or {}), self._root)
        engine.host.make_directory(volume.mountpoint)
        engine.state.put(KIND, name, {"created": volume.created, "labels": labels, "options": dict(volume.options)})
        self._by_name[name] = volume
        engine.events.publish("volume", "create", name, {"driver": "local"})
        return volume

    def remove(self, name: str) -> None:
        """Raises NotFound, or Conflict while a container has it."""
        volume = self.get(name)
        if users := self._users.get(name):
            raise Conflict(f"remove {name}: volume is in use - [{', '.join(sorted(users))}]")
        self._engine.host.remove_tree(volume.folder)
        self._engine.state.delete(KIND, name)
        self._engine.saved.forget_volume(name)
        del self._by_name[name]
        self._engine.events.publish("volume", "destroy", name, {"driver": "local"})

    # -- containers

    def settle(self, points: list[MountPoint], container_id: str) -> tuple[MountPoint, ...]:
        """Mount points with their volumes made; the container counts as their user from now on."""
        settled = []
        for point in points:
            if point.type == "volume":
                volume = self.create(point.name)
                self._users.setdefault(volume.name, set()).add(container_id)
                point = replace(point, name=volume.name, source=volume.mountpoint)
            settled.append(point)
        return tuple(settled)

    async def populate(self, container: Container) -> None:
        """Empty volumes take what the image has at their place, unless told otherwise."""
        for point in container.mounts:
            if point.type == "volume" and point.copy:
                await self._engine.host.copy_up(point.source, container.id, point.destination)

    def restore(self) -> None:
        """After a restart, for a host that has forgotten."""
        for volume in self:
            self._engine.saved.restore_volume(volume.name, volume.mountpoint)

    def adopt(self, container: Container) -> None:
        """A container that was there before the daemon."""
        for point in container.mounts:
            if point.type == "volume":
                self._users.setdefault(point.name, set()).add(container.id)

    def container_removed(self, container: Container, with_anonymous: bool) -> None:
        """It uses its volumes no more; those that nobody named go too, if asked and nobody else has them."""
        for point in container.mounts:
            if point.type != "volume":
                continue
            users = self._users.get(point.name, set())
            users.discard(container.id)
            if not users:
                self._users.pop(point.name, None)
                if with_anonymous and point.anonymous and point.name in self._by_name:
                    self.remove(point.name)
