"""Local volumes: folders of the host that outlive the containers that use them (moby, volume/).

A volume is volumes/NAME/_data below the host's root for Docker (HostInfo.root). One without a name gets an id for a
name and goes with `docker rm -v`, or with the container if that was run with --rm. What the options of one say
(`type`, `device`, `o`) is mounted on its folder while a container that has it runs.
"""

from __future__ import annotations

import errno
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from engine.daemon.mounts import MountPoint, check_volume_name
from engine.errors import Conflict, InvalidParameter, NotFound, System
from engine.timestamps import rfc3339
from engine.units import ram_in_bytes

if TYPE_CHECKING:
    from engine.daemon.container import Container
    from engine.daemon.engine import Engine

KIND = "volume"  # of its row
LOCAL = "local"  # the one driver
OPTIONS = ("type", "o", "device", "size")
NEEDS = {"device": ("type",), "type": ("device",), "o": ("device", "type")}
BINDS = {"bind", "rbind"}
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


def check_options(name: str, options: Mapping[str, str]) -> None:
    """The local driver's (moby, volume/local). Raises InvalidParameter."""
    for option in options:
        if option not in OPTIONS:
            raise InvalidParameter(f'create {name}: invalid option: "{option}"')
    if "size" in options:
        try:
            size = ram_in_bytes(options["size"])
        except ValueError as error:
            raise InvalidParameter(f"create {name}: {error}") from None
        if size > 0:
            raise InvalidParameter(f"create {name}: quota size requested but no quota support")
    for option, others in NEEDS.items():
        for other in others if option in options else ():
            if other not in options:
                raise InvalidParameter(f'create {name}: missing required option: "{other}"')


class Volumes:
    """`engine.volumes`."""

    def __init__(self, engine: Engine) -> None:
        self._engine, self._root = engine, engine.host.info.root
        self._by_name: dict[str, Volume] = {}
        self._running: dict[str, set[str]] = {}  # name -> ids of running containers
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
        self,
        name: str = "",
        labels: Mapping[str, str] | None = None,
        options: Mapping[str, str] | None = None,
        driver: str = "",
    ) -> Volume:
        """The volume of that name, made if it is not there; no name: a new one with an id for a name.

        Raises NotFound for another driver than the local one, InvalidParameter for options that it does not have.
        """
        if driver not in ("", LOCAL):
            raise NotFound(f'create {name}: error looking up volume plugin {driver}: plugin "{driver}" not found')
        if volume := self._by_name.get(name):
            return volume
        check_options(name, options or {})
        engine, labels = self._engine, dict(labels or {})
        if not name:
            name = engine.ids.new()
            labels[ANONYMOUS] = ""
        check_volume_name(name)
        volume = Volume(name, engine.loop.time, labels, dict(options or {}), self._root)
        _make_folder(engine, volume)
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

    # -- while a container runs

    async def mount(self, container: Container) -> None:
        """It is about to run: what its volumes' options say is mounted on their folders. Raises System."""
        for point in container.mounts:
            if point.type != "volume":
                continue
            volume, runs = self._by_name[point.name], self._running.setdefault(point.name, set())
            if volume.options and not runs:
                await self._mount(volume)
            runs.add(container.id)
            self._tell(point, container, "mount")
            path = f"{point.source}/{point.subpath}"
            if point.subpath and not self._engine.host.has_path(path):
                raise System(f"cannot access path {path}: lstat {path}: no such file or directory")

    async def _mount(self, volume: Volume) -> None:
        kind, device, words = (volume.options.get(name, "") for name in ("type", "device", "o"))
        where, options = volume.mountpoint, tuple(filter(None, words.split(",")))
        try:
            await self._engine.host.mount_folder(where, "bind" if BINDS & set(options) else kind, device, options)
        except OSError as error:
            data = f", data: {words}" if words else ""
            reason = str(error.strerror or error).lower()
            raise System(
                f"error while mounting volume '{where}': failed to mount local volume: mount {device}:{where}{data}: "
                f"{reason}"
            ) from None

    async def unmount(self, container: Container) -> None:
        """It runs no more: what nobody else has mounted is taken away."""
        for point in container.mounts:
            runs = self._running.get(point.name)
            if runs is None or container.id not in runs:
                continue
            self._tell(point, container, "unmount")
            runs.discard(container.id)
            if not runs:
                del self._running[point.name]
                if self._by_name[point.name].options:
                    await self._engine.host.unmount_folder(point.source)

    def _tell(self, point: MountPoint, container: Container, action: str) -> None:
        attributes = {"container": container.id, "driver": LOCAL}
        if action == "mount":
            attributes |= {"destination": point.destination, "read/write": str(point.rw).lower(), "propagation": ""}
        self._engine.events.publish("volume", action, point.name, attributes)

    # -- containers

    def settle(self, points: list[MountPoint], container_id: str) -> tuple[MountPoint, ...]:
        """Mount points with their volumes made; the container counts as their user from now on."""
        settled = []
        for point in points:
            if point.type == "volume":
                volume = self.create(point.name, dict(point.labels), dict(point.driver_options), point.driver)
                self._users.setdefault(volume.name, set()).add(container_id)
                point = replace(point, name=volume.name, source=volume.mountpoint)
            settled.append(point)
        return tuple(settled)

    async def populate(self, container: Container) -> None:
        """Empty volumes take what the image has at their place, unless told otherwise."""
        for point in container.mounts:
            if point.type == "volume" and point.copy and not self._by_name[point.name].options:
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


def _make_folder(engine: Engine, volume: Volume) -> None:
    """Raises System for a name too long; what else the disk refuses is an OSError."""
    try:
        engine.host.make_directory(volume.mountpoint)
    except OSError as error:
        if error.errno != errno.ENAMETOOLONG:
            raise
        words = f"error while creating volume root path '{volume.folder}': mkdir {volume.folder}: file name too long"
        raise System(f"create {volume.name}: {words}") from None
