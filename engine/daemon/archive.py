"""`docker cp` and `docker export`: files of a container as tar archives, out and in (moby, daemon/archive_unix.go).

For `cp` the container's writable layer is seen with its volumes and with the files that Docker lays over /etc, and
without what only a running container has: /proc, /sys, /dev and tmpfs mounts. Which links are followed at the end of a
path is the client's business; none leads out of the container. `export` is the layer alone, over its image.
"""

from __future__ import annotations

import errno
import io
import stat as st
import tarfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, BinaryIO, cast

from engine import users
from engine.daemon import files, specs
from engine.errors import Conflict, EngineError, InvalidParameter, NotFound, System, no_such_container
from engine.host import PathError, PathStat, Unpacking
from engine.image.archive import uncompressed
from engine.image.members import is_inside
from engine.lifecycle import State
from engine.pathnames import absolute
from engine.spec import Mount

if TYPE_CHECKING:
    from engine.daemon.container import Container
    from engine.daemon.engine import Engine


async def look(engine: Engine, name: str, path: str) -> PathStat:
    """What is at a path. Raises NotFound, System."""
    async with _locked(engine, name) as container:
        with _step(engine, container, "look", name, path):
            return await engine.host.stat_path(container.id, absolute(path), _volumes(engine, container))


async def pack(engine: Engine, name: str, path: str) -> tuple[PathStat, Iterator[bytes]]:
    """What is at a path, and an uncompressed tar of it (see engine.host.Snapshotter). Raises NotFound, System."""
    async with _locked(engine, name) as container:
        with _step(engine, container, "pack", name, path):
            volumes = _volumes(engine, container)
            found = await engine.host.stat_path(container.id, absolute(path), volumes)
            archive = engine.host.pack_path(container.id, absolute(path), volumes)
    engine.events.publish("container", "archive-path", container.id, container.attributes())
    return found, archive


async def unpack(
    engine: Engine, name: str, path: str, upload: AsyncIterator[bytes], *, keep_kinds: bool, as_user: bool
) -> None:
    """Unpack a tar, compressed or not, into a directory of a container.

    `keep_kinds`: see engine.host.Unpacking. `as_user`: all that is made belongs to the container's user. What came
    before an upload broke off, or before an error, stays. Raises NotFound, InvalidParameter, System.
    """
    engine.containers.get(name)
    with engine.images.store.blobs.spool() as spool:
        broken: EngineError | None = None
        try:
            async for piece in upload:
                spool.append(piece)
        except EngineError as error:
            broken = error
        async with _locked(engine, name) as container:
            with _step(engine, container, "unpack", name, path), uncompressed(spool.open()) as tar:
                await _unpack(engine, container, absolute(path), cast(BinaryIO, tar), keep_kinds, as_user)
    if broken is not None:
        raise broken
    engine.events.publish("container", "extract-to-dir", container.id, container.attributes())


def export(engine: Engine, name: str) -> Iterator[bytes]:
    """The whole file system of a container, without its volumes, as an uncompressed tar. Raises NotFound, Conflict."""
    container = engine.containers.get(name)
    if container.state is State.DEAD:
        raise Conflict(f"You cannot export container {container.id} which is Dead")
    if container.state is State.REMOVING:
        raise Conflict(f"You cannot export container {container.id} which is being removed")
    with engine.trace.span("daemon", "container export", container=container.name):
        archive = engine.host.export(container.id)
    engine.events.publish("container", "export", container.id, container.attributes())
    return archive


# -- unpacking


async def _unpack(
    engine: Engine, container: Container, path: str, tar: BinaryIO, keep_kinds: bool, as_user: bool
) -> None:
    volumes = _volumes(engine, container)
    found = await engine.host.stat_path(container.id, path, volumes)
    directory = found.target
    if st.S_ISLNK(found.mode):
        found = await engine.host.stat_path(container.id, directory, volumes)
    if not st.S_ISDIR(found.mode):
        raise InvalidParameter("extraction point is not a directory")
    _check_writable(container, directory)
    owner = _owner(engine, container) if as_user and container.config.user else None
    options = Unpacking(keep_kinds=keep_kinds, owner=owner)
    try:
        await engine.host.unpack_path(container.id, directory, tar, volumes, options=options)
    except (OSError, ValueError) as error:
        raise System(f"error processing tar file(exit status 1): {error}") from None
    finally:
        engine.saved.save(container)


def _check_writable(container: Container, path: str) -> None:
    """Raises InvalidParameter if Docker's user does not want files to be written there."""
    tmpfs = container.host_config.tmpfs or {}  # those are not in view
    lying_over = [
        point for point in container.mounts
        if point.destination not in tmpfs and is_inside(point.destination, path)
    ]  # fmt: skip
    if lying_over:
        if not max(lying_over, key=lambda point: len(point.destination)).rw:
            raise InvalidParameter("mounted volume is marked read-only")
    elif container.host_config.readonly_rootfs:
        raise InvalidParameter("container rootfs is marked read-only")


def _owner(engine: Engine, container: Container) -> tuple[int, int]:
    """The container's user and group, as numbers."""
    passwd, group = (_read(engine, container, path) for path in ("/etc/passwd", "/etc/group"))
    try:
        user = users.look_up(passwd, group, container.config.user)
    except users.UnknownUser as error:
        raise InvalidParameter(str(error)) from None
    return user.uid, user.gid


def _read(engine: Engine, container: Container, path: str) -> bytes:
    """A small file of the container's; nothing if there is none."""
    try:
        archive = b"".join(engine.host.pack_path(container.id, path))
    except PathError:
        return b""
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        file = tar.extractfile(tar.getmembers()[0])
        return file.read() if file is not None else b""


# -- the container's files


def _volumes(engine: Engine, container: Container) -> tuple[Mount, ...]:
    """What is laid over the container's layer, parents before what is below them."""
    shown = (point for point in container.mounts if point.type not in ("tmpfs", "image"))
    chosen = [point.spec() for point in sorted(shown, key=lambda point: point.destination.count("/"))]
    owner = specs.owner_of_files(container)
    if container.started_at and engine.containers.find(owner) is not None:
        taken = {mount.target for mount in chosen}
        chosen += [mount for mount in files.mounts(engine.host.info.root, owner) if mount.target not in taken]
    return tuple(chosen)


@asynccontextmanager
async def _locked(engine: Engine, name: str) -> AsyncIterator[Container]:
    """The container, to oneself. Raises NotFound, also if it was removed while one waited for it."""
    container = engine.containers.get(name)
    async with container.lock:
        if engine.containers.find(container.id) is None:
            raise no_such_container(name)
        yield container


@contextmanager
def _step(engine: Engine, container: Container, verb: str, name: str, path: str) -> Iterator[None]:
    """A span, in which the host's errors become the daemon's."""
    with engine.trace.span("daemon", f"container {verb}", container=container.name, path=path):
        try:
            yield
        except PathError as error:
            if error.errno == errno.ENOENT:
                raise NotFound(f"Could not find the file {path} in container {name}") from None
            raise System(str(error)) from None
        except (OSError, ValueError) as error:
            raise System(str(error)) from None
