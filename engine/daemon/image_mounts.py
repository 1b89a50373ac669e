"""`--mount type=image`: another image's files, read-only, in a container (moby, daemon/volumes.go).

The image is named when the container is made, and found then: what the name means later does not matter. While the
container runs, a snapshot of the image is mounted on a folder of the host, and from there into the container.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from hashlib import sha256
from typing import TYPE_CHECKING

from engine.daemon.mounts import MountPoint
from engine.errors import System

if TYPE_CHECKING:
    from engine.daemon.container import Container
    from engine.daemon.engine import Engine

KIND = "image"


def settle(engine: Engine, points: Sequence[MountPoint], container_id: str) -> list[MountPoint]:
    """Mount points with their images found. Raises NotFound."""
    return [_settled(engine, point, container_id) if point.type == KIND else point for point in points]


def _settled(engine: Engine, point: MountPoint, container_id: str) -> MountPoint:
    image = engine.images.get(point.source)
    layer = f"{container_id},src={point.source},dst={point.destination}".encode()
    folder = f"{engine.images.layer_root}/{sha256(layer).hexdigest()}/merged"
    return replace(point, name=layer.hex(), source=folder, image=image.id)


async def mount(engine: Engine, container: Container) -> None:
    """It is about to run. Raises System."""
    for point, key in _of(container):
        image = engine.images.get(point.image)
        if not engine.host.exists(key):
            await engine.host.prepare(key, image.chain or None, init=False)
        await engine.host.mount_snapshot(key, point.source)
        path = f"{point.source}/{point.subpath}"
        if point.subpath and not engine.host.has_path(path):
            raise System(f"cannot access path {path}: lstat {path}: no such file or directory")


async def unmount(engine: Engine, container: Container) -> None:
    """It runs no more."""
    for point, key in _of(container):
        if engine.host.exists(key):
            await engine.host.unmount_folder(point.source)
            await engine.host.remove(key)


def _of(container: Container) -> Iterator[tuple[MountPoint, str]]:
    """Image mounts, and the names of their snapshots."""
    for point in container.mounts:
        if point.type == KIND:
            yield point, point.source.split("/")[-2]
