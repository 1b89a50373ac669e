"""`docker pull`: from a name to an image in the store.

    name -> tag -> digest -> index -> manifest for this platform -> configuration -> layers that are not here yet

The order of the steps, their messages and their texts are moby's (distribution/pull.go, pull_v2.go).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from engine.distribution.auth import Credentials
from engine.distribution.client import Repository, open_repository
from engine.distribution.errors import BadContent, RegistryError, translate
from engine.distribution.layers import Layers, wanted_layers
from engine.distribution.progress import Message, Tell
from engine.distribution.sources import Source, Sources
from engine.distribution.transport import Transport, Unreachable
from engine.errors import EngineError, InvalidParameter, from_os
from engine.image import config, manifest
from engine.image.digest import Digest
from engine.image.manifest import Descriptor, Index, Manifest, ManifestError, Platform
from engine.image.reference import Reference
from engine.image.store import Image, ImageStore
from engine.loop import Loop
from engine.trace import Trace

CONFIG_ATTEMPTS = 5  # moby, schema2 configuration
CONFIG_BACK_OFF = 2  # seconds, doubled each time


@dataclass(frozen=True, slots=True)
class Pulled:
    """`new`: the name did not mean this image before."""

    image: Image
    new: bool


Keep = Callable[[bytes], Pulled]  # an image's configuration, once its layers are there


class Puller:
    """Pulls for one engine. `platform` is the host's."""

    def __init__(
        self,
        loop: Loop,
        trace: Trace,
        transport: Transport,
        store: ImageStore,
        layers: Layers,
        platform: Platform,
        sources: Sources,
    ) -> None:
        self._loop, self._trace, self._transport = loop, trace, transport
        self._store, self._layers, self._sources = store, layers, sources
        self.platform = platform

    async def pull(
        self, reference: Reference, platform: Platform | None, credentials: Credentials, tell: Tell
    ) -> list[Image]:
        """Pull one tag or digest, or all tags if the name has neither. Raises EngineError with Docker's text.

        Nothing is kept of a pull that fails; one that is cancelled lets go of its transfers.
        """
        try:
            if reference.path in ("library/scratch", "scratch"):
                raise InvalidParameter("'scratch' is a reserved name")
            repository = await open_repository(self._transport, self._loop, self._trace, reference, credentials)
            names = [reference]
            if not reference.tag and not reference.digest:
                names = [reference.with_tag(tag) for tag in await repository.tags()]
            changed, images = False, []
            for name in names:
                pulled = await self._pull_one(repository, name, platform or self.platform, tell)
                changed |= pulled.new
                images.append(pulled.image)
        except (Unreachable, RegistryError, BadContent, ManifestError, config.ConfigError, EngineError) as error:
            raise translate(error, reference) from error
        except OSError as error:  # the store's disk
            raise from_os(error) from error
        words = "Downloaded newer image" if changed else "Image is up to date"
        tell(Message(f"Status: {words} for {reference.familiar}"))
        return images

    async def describe(self, reference: Reference, credentials: Credentials) -> tuple[Descriptor, list[Platform]]:
        """What a registry has under a name, without pulling it: its descriptor, and for which platforms."""
        repository = await open_repository(self._transport, self._loop, self._trace, reference, credentials)
        if reference.digest:
            document = await repository.manifest(reference.digest)
            found = Descriptor(document.media_type, document.digest, len(document.raw))
        else:
            found = await repository.resolve(reference.tag)
            document = await self._manifest(repository, found.digest)
        if isinstance(document, Index):
            return found, [entry.platform for entry in document.manifests if entry.platform]
        image = config.parse(await repository.document(document.config.digest))
        return found, [Platform(image.os, image.architecture, image.variant)]

    async def documents(
        self, reference: Reference, credentials: Credentials, every: bool
    ) -> list[tuple[Descriptor, bytes]]:
        """The manifest or index of a name, as a registry has it; with `every`, instead of an index its manifests."""
        repository = await open_repository(self._transport, self._loop, self._trace, reference, credentials)
        digest = reference.digest or (await repository.resolve(reference.tag)).digest
        top = await repository.manifest(digest)
        if not every:
            return [(Descriptor(top.media_type, top.digest, len(top.raw)), top.raw)]
        if isinstance(top, Index):
            return [(entry, (await repository.manifest(entry.digest)).raw) for entry in top.manifests]
        image = config.parse(await repository.document(top.config.digest))
        platform = Platform(image.os, image.architecture, image.variant)
        return [(Descriptor(top.media_type, top.digest, len(top.raw), platform), top.raw)]

    async def _pull_one(self, repository: Repository, reference: Reference, platform: Platform, tell: Tell) -> Pulled:
        digest = reference.digest or (await repository.resolve(reference.tag)).digest
        top = chosen = await self._manifest(repository, digest)
        tell(Message(f"Pulling from {repository.path}", reference.digest or reference.tag))
        if isinstance(top, Index):
            chosen = await self._manifest(repository, top.choose(platform).digest)
        if isinstance(chosen, Index):
            raise ManifestError("a manifest list must not list manifest lists")
        documents = (top.raw, chosen.raw)
        pulled = await self._image(repository, chosen, lambda raw: self._keep(raw, documents, reference, digest), tell)
        for blob, diff_id in zip(chosen.layers, pulled.image.diff_ids, strict=False):
            self._sources.add(diff_id, Source(blob.digest, blob.size, reference.name))
        tell(Message(f"Digest: {digest}"))
        return pulled

    async def _manifest(self, repository: Repository, digest: Digest) -> Manifest | Index:
        """From the cache, else from the hub."""
        found = digest in self._store.blobs
        with self._trace.span("cache", f"manifest {digest.short}", found=found):
            if found:
                return manifest.parse(self._store.blobs.get(digest))
        return await repository.manifest(digest)

    async def _image(self, repository: Repository, chosen: Manifest, keep: Keep, tell: Tell) -> Pulled:
        """The image of a manifest: as it is here, or fetched."""
        id = chosen.config.digest
        found = id in self._store
        with self._trace.span("cache", f"image {id.short}", found=found):
            if found:
                return keep(self._store.config_bytes(id))
        raw = await self._configuration(repository, id)
        image = _for_this_system(config.parse(raw))
        layers = wanted_layers(chosen.layers, image.diff_ids)
        stack = [layer.chain for layer in layers]
        self._layers.hold(stack)
        try:
            await self._layers.ensure(repository, layers, tell)
            return keep(raw)
        finally:
            await self._layers.release(stack)

    async def _configuration(self, repository: Repository, digest: Digest) -> bytes:
        delay = CONFIG_BACK_OFF
        for attempt in range(1, CONFIG_ATTEMPTS + 1):
            try:
                return await repository.document(digest)
            except (Unreachable, RegistryError) as error:
                if attempt == CONFIG_ATTEMPTS or (isinstance(error, RegistryError) and error.final):
                    words = f"error pulling image configuration: download failed after attempts={attempt}"
                    raise BadContent(f"{words}: {error}") from None
            await self._loop.sleep(delay)
            delay *= 2
        raise AssertionError("the last attempt returns or raises")

    def _keep(self, raw: bytes, documents: Sequence[bytes], reference: Reference, digest: Digest) -> Pulled:
        """The image, its manifests and its names are kept together. `digest`: what the name means in the registry."""
        store, now = self._store, self._loop.time
        before = store.resolve(reference)
        with store.change():
            image = store.add(raw, documents=documents)
            store.tag(reference.with_digest(digest), image.id, now)
            if not reference.digest:
                store.tag(reference, image.id, now)
        return Pulled(image, before is None or before.id != image.id)


def _for_this_system(image: Image) -> Image:
    """Raises BadContent."""
    if image.os not in ("", "linux"):
        words = f'image operating system "{image.os}" cannot be used on this platform'
        raise BadContent(f"{words}: operating system is not supported")
    return image
