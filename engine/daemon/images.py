"""Images, as the daemon handles them: find, pull, tag, list, inspect, remove, prune, search.

The store itself is `engine.image.store`; what lists show is in image_views, what may be removed in image_removal.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from engine.daemon import image_import, image_load, image_recovery, image_removal, image_save, image_views
from engine.daemon.filters import NO_FILTERS, Filters, invalid_filter
from engine.daemon.image_import import Import
from engine.daemon.image_load import Said
from engine.distribution import index, lists
from engine.distribution.auth import NOBODY, Credentials
from engine.distribution.errors import BadContent, RegistryError, plain
from engine.distribution.layers import Layers
from engine.distribution.progress import Message, Progress, Tell
from engine.distribution.pull import Puller
from engine.distribution.push import Pusher
from engine.distribution.sources import Sources
from engine.distribution.transport import Unreachable
from engine.errors import EngineError, NotFound, no_such_image
from engine.events import Event
from engine.image.blobs import Blobs
from engine.image.config import Image
from engine.image.digest import ChainID, Digest
from engine.image.manifest import Descriptor, Platform
from engine.image.reference import Reference, parse_any
from engine.image.store import ImageStore
from engine.loop import Loop, Queue

if TYPE_CHECKING:
    from engine.daemon.engine import Engine
    from engine.distribution.transport import Transport

T = TypeVar("T")

HELD = "held-layers"  # rows: container id -> the layers that it keeps though its image is gone


class User(Protocol):
    """What this module needs of a container."""

    @property
    def id(self) -> str: ...

    @property
    def active(self) -> bool: ...


class Images:
    """`engine.images`. `blobs` is where documents are kept (and archives, if it is a folder); None: in memory."""

    def __init__(self, engine: Engine, transport: Transport, blobs: Blobs | None = None) -> None:
        self._engine = engine
        self.host = engine.host
        self.transport = transport
        self.store = ImageStore(engine.state, blobs or Blobs())
        self.layers = Layers(engine.loop, engine.trace, engine.host, self.store)
        self.platform = Platform.parse(f"{engine.host.info.os_type}/{engine.host.info.architecture}")
        sources = Sources(engine.state)
        self._puller = Puller(engine.loop, engine.trace, transport, self.store, self.layers, self.platform, sources)
        self._pusher = Pusher(engine.loop, engine.trace, transport, self.store, sources)
        self._held: dict[str, list[ChainID]] = {}
        engine.events.on_event(self._on_event)

    # -- find

    def get(self, name: str, platform: Platform | None = None) -> Image:
        """The image of a name, an id, or the beginning of an id; a look-up in the cache, and a span.

        Raises NotFound (also if it is for another platform than the one asked for), InvalidReference.
        """
        with self._engine.trace.span("cache", f"image {name}", found=False) as span:
            image = self.find(name)
            span.attributes["found"] = True
            if platform is not None:
                _check_platform(name, image, platform)
            return image

    def find(self, name: str) -> Image:
        """As `get`, without a span: for the daemon's own use."""
        image = self.store.find(name)
        if image is None:
            raise no_such_image(_familiar(name))
        return image

    def users(self, image: Image) -> Iterator[User]:
        """The containers that are made from an image, or mount it."""
        return iter(self._engine.containers.by_image(image.id))

    @property
    def now(self) -> int:
        return self._engine.loop.time

    @property
    def loop(self) -> Loop:
        return self._engine.loop

    @property
    def storage_driver(self) -> str:
        return self._engine.host.info.storage_driver

    @property
    def layer_root(self) -> str:
        """The host's folder with the layers."""
        return f"{self._engine.host.info.root}/{self.storage_driver}"

    # -- pull and push

    def pull(
        self, reference: Reference, platform: Platform | None = None, credentials: Credentials = NOBODY
    ) -> AsyncGenerator[Progress | Message]:
        """Pull a tag, a digest, or (if the name has neither) all tags; yields what Docker tells meanwhile.

        Raises EngineError. Closing the iterator gives the pull up.
        """
        return self._told(lambda tell: self._pull(reference, platform, credentials, tell), f"pull {reference.familiar}")

    def push(self, reference: Reference, credentials: Credentials = NOBODY) -> AsyncGenerator[Progress | Message]:
        """Push a tag, or (if the name has none) all tags; yields as `pull`. Raises EngineError."""
        return self._told(lambda tell: self._push(reference, credentials, tell), f"push {reference.familiar}")

    async def _told(
        self, work: Callable[[Callable[[T], None]], Coroutine[Any, Any, None]], name: str
    ) -> AsyncGenerator[T]:
        """What a task tells while it is at work; closing the iterator gives it up."""
        loop = self._engine.loop
        told: Queue[T] = Queue(loop)
        task = loop.spawn(work(told.put), name)
        task.add_done_callback(told.close)
        try:
            while (progress := await told.get()) is not None:
                yield progress
            task.result()
        finally:
            task.cancel()

    async def _push(self, reference: Reference, credentials: Credentials, tell: Tell) -> None:
        await self._pusher.push(reference, credentials, tell)
        self._engine.events.publish("image", "push", reference.familiar, {"name": reference.familiar_name})

    async def _pull(
        self, reference: Reference, platform: Platform | None, credentials: Credentials, tell: Tell
    ) -> None:
        with self._engine.trace.span("daemon", f"image pull {reference.familiar}"):
            images = await self._puller.pull(reference, platform, credentials, tell)
        self._engine.events.publish("image", "pull", reference.familiar, {"name": reference.familiar_name})
        if platform is not None and images:
            try:
                _check_platform(reference.familiar, images[-1], platform)
            except NotFound as error:  # a registry may have the image for one platform only, and not say which
                tell(Message(f"WARNING: {error}"))

    # -- registries

    async def search(self, term: str, limit: int, filters: Filters = NO_FILTERS) -> list[dict[str, Any]]:
        """`docker search`: rows of the Hub's catalogue. Raises EngineError."""
        stars = 0
        for value in filters.get("stars"):
            if not value.isdecimal():
                raise invalid_filter("stars", value)
            stars = max(stars, int(value))
        if filters.boolean("is-automated", False):
            return []
        official = filters.boolean("is-official", False)
        rows = await index.search(self.transport, self._engine.trace, term, limit)
        return [
            row | {"is_automated": False}
            for row in rows
            if row["star_count"] >= stars and ("is-official" not in filters or row["is_official"] == official)
        ]

    async def login(self, credentials: Credentials) -> None:
        """`docker login`: ask the registry. Raises Unauthorized, System."""
        await index.login(self.transport, self._engine.loop, self._engine.trace, credentials)

    async def manifests(
        self, reference: Reference, credentials: Credentials = NOBODY, every: bool = False
    ) -> list[tuple[Descriptor, bytes]]:
        """The documents behind a name in a registry (see Puller.documents). Raises EngineError."""
        try:
            return await self._puller.documents(reference, credentials, every)
        except (EngineError, RegistryError, BadContent, Unreachable, ValueError) as error:
            raise plain(error) from error

    async def push_list(
        self, reference: Reference, credentials: Credentials, guests: Sequence[lists.Guest], raw: bytes
    ) -> Digest:
        """`docker manifest push`. Raises EngineError."""
        engine = self._engine
        try:
            return await lists.push(self.transport, engine.loop, engine.trace, reference, credentials, guests, raw)
        except (EngineError, RegistryError, BadContent, Unreachable, ValueError) as error:
            raise plain(error) from error

    async def distribution(self, reference: Reference, credentials: Credentials = NOBODY) -> dict[str, Any]:
        """What a registry has under a name (DistributionInspect), without pulling it. Raises EngineError."""
        try:
            found, platforms = await self._puller.describe(reference, credentials)
        except (EngineError, RegistryError, BadContent, Unreachable, ValueError) as error:
            raise plain(error) from error
        return {
            "Descriptor": {"mediaType": found.media_type, "digest": found.digest, "size": found.size},
            "Platforms": [_platform_json(platform) for platform in platforms],
        }

    def import_image(self, wanted: Import, upload: AsyncIterator[bytes]) -> AsyncGenerator[Progress | Message]:
        """`docker import`: an image of one layer, from a tar of a whole root; yields as `pull`, last its id."""
        return self._told(lambda tell: image_import.import_image(self, wanted, upload, tell), "import")

    # -- archives of images

    def save(self, names: Sequence[str], platform: Platform | None = None) -> AsyncIterator[bytes]:
        """`docker save`: a tar archive of the images with these names or ids. Raises NotFound, System."""
        chosen = image_save.choose(self.store, names)
        if platform is not None:
            for id in chosen:
                _check_platform(id, self.store.get(id), platform)
        return image_save.save(self, chosen)

    def load(
        self, archive: AsyncIterator[bytes], platform: Platform | None = None, quiet: bool = True
    ) -> AsyncGenerator[Progress | Message | Said]:
        """`docker load`: the images of an archive; yields what Docker tells meanwhile. Raises EngineError."""
        return self._told(lambda tell: image_load.load(self, archive, platform, quiet, tell), "load")

    # -- names

    def tag(self, name: str, reference: Reference) -> None:
        """Give an image one more name. Raises NotFound."""
        image = self.find(name)
        self.store.tag(reference.with_default_tag(), image.id, self.now)
        self.event(image, "tag", reference.with_default_tag().familiar)

    async def remove(self, name: str, force: bool = False, prune: bool = True) -> list[dict[str, str]]:
        """`docker rmi`; returns {"Untagged": …} and {"Deleted": …}. Raises NotFound, Conflict."""
        return await image_removal.remove(self, name, force, prune)

    async def prune(self, filters: Filters = NO_FILTERS) -> tuple[list[dict[str, str]], int]:
        """`docker image prune`; returns records as `remove`, and the bytes reclaimed."""
        records, reclaimed = await image_removal.prune(self, filters)
        self._engine.events.publish("image", "prune", "", {"reclaimed": str(reclaimed)})
        return records, reclaimed

    # -- views

    def summaries(
        self,
        filters: Filters = NO_FILTERS,
        *,
        all: bool = False,
        shared_size: bool = False,
        containers: bool = False,
    ) -> list[dict[str, Any]]:
        """ImageSummary of each, newest first."""
        return image_views.summaries(self, filters, all=all, shared_size=shared_size, containers=containers)

    def inspect(self, name: str, platform: Platform | None = None) -> dict[str, Any]:
        """ImageInspect. Raises NotFound."""
        return image_views.inspection(self, self.get(name, platform))

    def history(self, name: str, platform: Platform | None = None) -> list[dict[str, Any]]:
        """HistoryResponseItem of each step, newest first. Raises NotFound."""
        return image_views.history(self, self.get(name, platform))

    def disk_usage(self) -> tuple[int, list[dict[str, Any]]]:
        """For `docker system df`: bytes of all layers, and the images with their shared sizes and containers."""
        rows = self.summaries(shared_size=True, containers=True)
        return image_views.layers_size(self), rows

    # -- layers that containers keep

    def keep_for_containers(self, image: Image, stack: Sequence[ChainID]) -> None:
        """The image goes though (stopped) containers stand on it: its layers stay until those go."""
        for user in self.users(image):
            if user.id not in self._held:
                self._hold(user.id, list(stack))
                self._engine.state.put(HELD, user.id, self._held[user.id])

    def _hold(self, container: str, stack: list[ChainID]) -> None:
        self._held[container] = stack
        self.layers.hold(stack)

    def _on_event(self, event: Event) -> None:
        if self._held and event.action == "destroy" and event.type == "container":
            stack = self._held.pop(event.id, None)
            if stack is not None:
                self._engine.state.delete(HELD, event.id)
                self._engine.loop.spawn(self._release(stack), f"release layers of {event.id[:12]}")

    async def _release(self, stack: list[ChainID]) -> None:
        await self.layers.release(stack)

    async def recover(self) -> None:
        """After a restart, once the containers are known: what layers the host lost, what nobody needs."""
        for container, stack in self._engine.state.items(HELD):
            self._hold(container, [ChainID(chain) for chain in stack])
        damaged = await image_recovery.recover(self, self._held.values())
        for container, stack in list(self._held.items()):
            if stack[-1] in damaged:
                await self.layers.release(self._held.pop(container))
                self._engine.state.delete(HELD, container)

    def chain_for(self, container: str, image_id: str) -> ChainID | None:
        """The layer that a container stands on, also if its image has been removed by force; None for no layer."""
        if image_id in self.store:
            return self.store.get(image_id).chain or None
        stack = self._held.get(container)
        return stack[-1] if stack else None

    # -- events

    def event(self, image: Image, action: str, name: str = "") -> None:
        self.publish(action, image.id, self.attributes(image, name))

    def attributes(self, image: Image, name: str = "") -> dict[str, str]:
        """What an event says of an image: its labels as long as it is here, and a name or its id."""
        labels = image.config.labels if image.id in self.store else {}
        return {**labels, "name": name or image.id}

    def publish(self, action: str, id: str, attributes: Mapping[str, str]) -> None:
        self._engine.events.publish("image", action, id, attributes)


def _platform_json(platform: Platform) -> dict[str, str]:
    shown = {"architecture": platform.architecture, "os": platform.os}
    return shown | ({"variant": platform.variant} if platform.variant else {})


def _familiar(name: str) -> str:
    """How "No such image" says what was asked for: a name with its tag, or an id."""
    parsed = parse_any(name)
    return parsed.with_default_tag().familiar if isinstance(parsed, Reference) else Digest(parsed)


def _check_platform(name: str, image: Image, platform: Platform) -> None:
    """Raises NotFound. An image that names no variant is for all of them."""
    actual = Platform(image.os, image.architecture, image.variant).normalised()
    wanted = platform.normalised()
    if actual in wanted.runs():
        return
    if not image.variant and (actual.os, actual.architecture) == (wanted.os, wanted.architecture):
        return
    raise NotFound(
        f"image with reference {name} was found but its platform ({actual}) does not match the specified platform"
        f" ({wanted})"
    )
