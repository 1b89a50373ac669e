"""`docker create`: settings and image become a container with a writable layer of its own (moby, daemon/create.go)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from engine.api.decode import decode
from engine.daemon import image_mounts, mounts, validate
from engine.daemon.attach import Stdin
from engine.daemon.config import ContainerConfig, HostConfig, NetworkingConfig, Settings, merge
from engine.daemon.container import Container
from engine.daemon.networks import attachments
from engine.errors import EngineError, InvalidParameter, NotFound
from engine.image.config import Image, ImageConfig
from engine.image.digest import Digest
from engine.image.manifest import Platform, PlatformError

if TYPE_CHECKING:
    from engine.daemon.engine import Engine
    from engine.daemon.mounts import MountPoint
    from engine.host import HostInfo

NOTHING = Image(Digest(""), ImageConfig())
SHARED = 256  # different settings that are remembered, so that equal containers share them


class Creator:
    """Makes containers. What equal requests have in common is checked, merged and kept once."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._merged: dict[tuple[Settings, str], Settings] = {}

    async def create(
        self, settings: Settings, name: str = "", platform: str = "", *, scratch: bool = False
    ) -> Container:
        """`settings` have been checked. `scratch`: on no image at all (the builder's FROM scratch).

        Raises NotFound for the image, InvalidParameter, Conflict for the name.
        """
        engine = self._engine
        span = engine.trace.open("daemon", "container create", {"image": settings.config.image})
        try:
            container = await self._create(settings, name, platform, scratch)
        except EngineError as error:
            engine.trace.close(span, error.message)
            raise
        span.attributes["container"] = container.name
        engine.trace.close(span)
        return container

    async def _create(self, settings: Settings, name: str, platform: str, scratch: bool) -> Container:
        engine = self._engine
        image = NOTHING if scratch else engine.images.get(settings.config.image, _platform(platform))
        settings = self._with_image(settings, image)
        id = engine.ids.new()
        name = engine.containers.reserve(name or engine.ids.name(engine.containers.names), id)
        try:
            check_links(engine, settings)
            attachments.check_all(engine.networks, settings)
            settings = share_namespaces(engine, settings)
            container = Container(
                engine.loop, id, name, image.id, settings, engine.loop.time, hostname(engine, id, settings)
            )
            container.mounts = self._mounts(container)
            if settings.config.open_stdin:
                container.stdin = Stdin(engine.loop)
            await engine.host.prepare(id, image.chain or None)
            await engine.volumes.populate(container)
        except BaseException:
            engine.containers.release(name)
            raise
        engine.containers.add(container)
        engine.events.publish("container", "create", id, container.attributes())
        return container

    def _with_image(self, settings: Settings, image: Image) -> Settings:
        """The settings over the image's. Raises InvalidParameter if there is nothing to execute."""
        key = (settings, image.id)
        if (merged := self._merged.get(key)) is None:
            config = merge(settings.config, image.config)
            if not config.entrypoint and not config.cmd:
                raise InvalidParameter("no command specified")
            if len(self._merged) >= SHARED:
                self._merged.clear()
            merged = self._merged[key] = replace(settings, config=config)
        return merged

    def _mounts(self, container: Container) -> tuple[MountPoint, ...]:
        config, host = container.config, container.host_config
        if not (host.binds or host.mounts or host.tmpfs or host.volumes_from or config.volumes):
            return ()
        points = {point.destination: point for point in self._borrowed(host)}
        points |= {point.destination: point for point in mounts.requested(config, host)}
        for point in points.values():
            if point.must_exist and not self._engine.host.has_path(point.source):
                raise InvalidParameter(
                    f'invalid mount config for type "bind": bind source path does not exist: {point.source}'
                )
        try:
            found = image_mounts.settle(self._engine, list(points.values()), container.id)
            return self._engine.volumes.settle(found, container.id)
        except NotFound as error:  # a driver, an image; a 404 would tell the client that the image is missing
            raise InvalidParameter(error.message) from None

    def _borrowed(self, host: HostConfig) -> list[MountPoint]:
        """What `--volumes-from` brings."""
        found = []
        for text in host.volumes_from or ():
            name, mode = mounts.volumes_from(text)
            try:
                lender = self._engine.containers.get(name)
            except NotFound as error:  # a 404 would tell the client that the image is missing
                raise InvalidParameter(error.message) from None
            for point in lender.mounts:
                rw = point.rw and "ro" not in mode.split(",")
                found.append(replace(point, rw=rw, create=False))
        return found


def _platform(text: str) -> Platform | None:
    """Raises InvalidParameter."""
    try:
        return Platform.parse(text) if text else None
    except PlatformError as error:
        raise InvalidParameter(str(error)) from None


def read_settings(document: Any, info: HostInfo) -> Settings:
    """The settings in a create request's JSON, checked and completed. Raises InvalidParameter."""
    if not document:
        raise InvalidParameter("config cannot be empty in order to create a container")
    config = decode(ContainerConfig, document)
    folded = {key.lower(): value for key, value in document.items()}
    host = decode(HostConfig, folded.get("hostconfig"))
    settings = Settings(
        config,
        mounts.from_windows(host, info.drives) if info.drives else host,
        decode(NetworkingConfig, folded.get("networkingconfig")),
    )
    warnings = validate.check(settings, info)
    return replace(settings, host=validate.adapt(settings.host, info), warnings=tuple(warnings))


def check_links(engine: Engine, settings: Settings) -> None:
    """`--link` names a container that is there. Raises InvalidParameter."""
    for link in settings.host.links or ():
        name = link.partition(":")[0]
        try:
            engine.containers.get(name)
        except NotFound as error:
            raise InvalidParameter(f"could not get container for {name}: {error.message}") from None


def share_namespaces(engine: Engine, settings: Settings) -> Settings:
    """`container:NAME` becomes `container:ID`, so that a later rename does not matter."""
    host = settings.host
    modes = {name: getattr(host, name) for name in ("network_mode", "pid_mode", "ipc_mode")}
    named = {name: mode[10:] for name, mode in modes.items() if mode.startswith("container:")}
    if not named:
        return settings
    found: dict[str, Any] = {}
    for name, word in named.items():
        try:
            found[name] = f"container:{engine.containers.get(word).id}"
        except NotFound:
            continue  # told when it is started
    return replace(settings, host=replace(host, **found))


def hostname(engine: Engine, id: str, settings: Settings) -> str:
    """As the settings say; the host's or the other container's with their network; or else the short id."""
    mode = settings.host.network_mode
    if settings.config.hostname:
        return settings.config.hostname
    if mode == "host" or settings.host.uts_mode == "host":
        return engine.host.info.name
    if mode.startswith("container:"):
        other = engine.containers.find(mode.removeprefix("container:"))
        return other.hostname if other else ""
    return id[:12]
