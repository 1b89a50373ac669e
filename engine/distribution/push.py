"""`docker push`: from an image in the store to a name in a registry.

    layers, top first: already there? in a repository beside it? else send  ->  configuration  ->  manifest and tag

At most five layers travel at a time; one that two pushes need is sent once. The manifest is the one that the image came
with, if its layers still are as they were; else a new one of the same family (OCI, or Docker's schema 2, which is what
Docker writes for an image that was built). The order of the steps, their messages and their texts are moby's
(distribution/push.go, push_v2.go).
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any

from engine.distribution import sending
from engine.distribution.auth import Credentials
from engine.distribution.client import Repository, open_repository
from engine.distribution.errors import BadContent, RegistryError, plain
from engine.distribution.jobs import Job, Jobs, Slots, all_or_first_error
from engine.distribution.packing import Parcel
from engine.distribution.progress import Message, Meter, Progress, Tell
from engine.distribution.sources import Source, Sources
from engine.distribution.transport import Transport, Unreachable
from engine.errors import NotFound
from engine.image import manifest
from engine.image.digest import Digest
from engine.image.manifest import DOCKER_MANIFEST, OCI_MANIFEST, Manifest
from engine.image.reference import Reference
from engine.image.store import Image, ImageStore, Layer
from engine.loop import Loop
from engine.trace import Trace

CONCURRENT = 5  # dockerd --max-concurrent-uploads
ATTEMPTS = 5  # moby, maxUploadAttempts
BACK_OFF = 5  # seconds after the first attempt, twice that after the second, …
MOST_MOUNTS = 4  # repositories that are tried, as moby
CONFIGS = {
    OCI_MANIFEST: "application/vnd.oci.image.config.v1+json",
    DOCKER_MANIFEST: "application/vnd.docker.container.image.v1+json",
}
LAYERS = {  # (manifest, compression) -> a layer's type
    (OCI_MANIFEST, "gzip"): "application/vnd.oci.image.layer.v1.tar+gzip",
    (OCI_MANIFEST, "zstd"): "application/vnd.oci.image.layer.v1.tar+zstd",
    (OCI_MANIFEST, ""): "application/vnd.oci.image.layer.v1.tar",
    (DOCKER_MANIFEST, "gzip"): "application/vnd.docker.image.rootfs.diff.tar.gzip",
    (DOCKER_MANIFEST, "zstd"): "application/vnd.docker.image.rootfs.diff.tar.zstd",
    (DOCKER_MANIFEST, ""): "application/vnd.docker.image.rootfs.diff.tar",
}


@dataclass(frozen=True, slots=True)
class Sent:
    """A layer as the registry has it."""

    digest: Digest
    size: int
    compression: str


class Pusher:
    """Pushes of one engine."""

    def __init__(self, loop: Loop, trace: Trace, transport: Transport, store: ImageStore, sources: Sources) -> None:
        self._loop, self._trace, self._transport = loop, trace, transport
        self._store, self._sources = store, sources
        self._slots = Slots(loop, CONCURRENT)
        self._jobs: Jobs[Sent] = Jobs(loop)

    async def push(self, reference: Reference, credentials: Credentials, tell: Tell) -> None:
        """Push a tag, or all tags if the name has none. Raises EngineError with Docker's text."""
        tell(Message(f"The push refers to repository [{reference.name}]"))
        chosen = self._chosen(reference)
        actions = ("pull", "push")
        try:
            repository = await open_repository(
                self._transport, self._loop, self._trace, reference, credentials, actions
            )
            for name, image in chosen:
                await self._push_one(repository, name, image, tell)
        except (Unreachable, RegistryError, BadContent) as error:
            raise plain(error) from error

    def _chosen(self, reference: Reference) -> list[tuple[Reference, Image]]:
        """Which tags, sorted. Raises NotFound."""
        if reference.tag:
            image = self._store.resolve(reference)
            if image is not None:
                return [(reference, image)]
        known = self._store.tags(reference.name)
        if not known:
            raise NotFound(f"An image does not exist locally with the tag: {reference.familiar_name}")
        if reference.tag:
            raise NotFound(f"tag does not exist: {reference.familiar}")
        return known

    async def _push_one(self, repository: Repository, name: Reference, image: Image, tell: Tell) -> None:
        sent = await self._layers(repository, name, self._store.stack(image), tell)
        raw_config = self._store.config_bytes(image.id)
        await sending.put_document(repository, raw_config)
        kind, raw = self._manifest(image, len(raw_config), sent)
        await sending.put_manifest(repository, name.tag, kind, raw)
        digest = Digest.of(raw)
        self._store.tag(name.with_digest(digest), image.id, self._loop.time)
        tell(Message(f"{name.tag}: digest: {digest} size: {len(raw)}"))
        tell(Message("", aux={"Tag": name.tag, "Digest": digest, "Size": len(raw)}))

    # -- layers

    async def _layers(self, repository: Repository, name: Reference, stack: Sequence[Layer], tell: Tell) -> list[Sent]:
        """Have all layers in the repository; bottom up. A layer that an image has twice is sent once."""
        jobs: dict[str, Job[Sent]] = {}
        unique = {layer.diff_id: layer for layer in reversed(stack)}
        for layer in unique.values():
            tell(Progress("Preparing", layer.diff_id.short))
        for layer in unique.values():
            if not self._slots.free or len(jobs) >= CONCURRENT:
                tell(Progress("Waiting", layer.diff_id.short))
            jobs[layer.diff_id] = self._join(repository, name, layer, tell)
        try:
            await all_or_first_error(self._loop, [job.task for job in jobs.values()])
            return [jobs[layer.diff_id].task.result() for layer in stack]
        finally:
            for job in jobs.values():
                self._jobs.leave(job, tell)

    def _join(self, repository: Repository, name: Reference, layer: Layer, tell: Tell) -> Job[Sent]:
        key = (repository.endpoint, repository.path, layer.diff_id)
        return self._jobs.join(key, tell, lambda hears: self._send(repository, name.bare(), layer, hears))

    async def _send(self, repository: Repository, name: Reference, layer: Layer, tell: Tell) -> Sent:
        await self._slots.acquire()
        try:
            with self._trace.span("daemon", f"layer {layer.diff_id.short}", size=layer.size) as span:
                sent, how = await self._provide(repository, name, layer, tell)
                span.attributes["how"] = how
        finally:
            self._slots.release()
        self._sources.add(layer.diff_id, Source(sent.digest, sent.size, str(name)))
        tell(Progress(how, layer.diff_id.short))
        return sent

    async def _provide(self, repository: Repository, name: Reference, layer: Layer, tell: Tell) -> tuple[Sent, str]:
        """Let the repository have the layer, the cheapest way first; and say which it was."""
        parcel = Parcel(self._store.blobs, layer)
        compression, known = parcel.compression(), parcel.known
        sources = [one for one in self._sources.of(layer.diff_id) if known is None or one.digest == known[0]]
        candidates = dict.fromkeys([*([known] if known else []), *((one.digest, one.size) for one in sources)])
        for digest, size in candidates:
            if await sending.has_blob(repository, digest) is not None:
                return Sent(digest, size, compression), "Layer already exists"
        for source, path in _neighbours(name, sources):
            if await sending.mount(repository, source.digest, path):
                return Sent(source.digest, source.size, compression), f"Mounted from {path}"
        digest, size = await self._upload(repository, layer, parcel, tell)
        return Sent(digest, size, compression), "Pushed"

    async def _upload(self, repository: Repository, layer: Layer, parcel: Parcel, tell: Tell) -> tuple[Digest, int]:
        """Until it is there, or until trying is of no more use."""
        uploading = sending.Uploading(repository)

        async def pieces(offset: int) -> AsyncIterator[bytes]:
            meter = Meter(self._loop, tell, "Pushing", layer.diff_id.short, parcel.size)
            async for piece in parcel.pieces(offset, meter.add):
                yield piece
                await self._loop.sleep(0)

        def digest() -> Digest:
            assert parcel.known is not None
            return parcel.known[0]

        for attempt in range(1, ATTEMPTS + 1):
            try:
                await uploading.send(pieces, digest)
                assert parcel.known is not None
                return parcel.known
            except (Unreachable, RegistryError) as error:
                if attempt == ATTEMPTS or (isinstance(error, RegistryError) and error.final):
                    raise
            await back_off(self._loop, attempt * BACK_OFF, layer.diff_id.short, tell)
        raise AssertionError("the last attempt returns or raises")

    # -- the manifest

    def _manifest(self, image: Image, config_size: int, sent: Sequence[Sent]) -> tuple[str, bytes]:
        """Media type and bytes: those that the image came with, if they still say what is true."""
        kind = DOCKER_MANIFEST
        for document in self._came_with(image):
            if [(part.digest, part.size) for part in document.layers] == [(one.digest, one.size) for one in sent]:
                return document.media_type, document.raw
            kind = document.media_type
        config = {"mediaType": CONFIGS[kind], "size": config_size, "digest": image.id}
        layers = [{"mediaType": LAYERS[kind, one.compression], "size": one.size, "digest": one.digest} for one in sent]
        made: dict[str, Any] = {"schemaVersion": 2, "mediaType": kind, "config": config, "layers": layers}
        return kind, json.dumps(made, indent=3).encode()

    def _came_with(self, image: Image) -> list[Manifest]:
        found = []
        for digest in self._store.documents(image.id):
            document = manifest.parse(self._store.blobs.get(Digest(digest)))
            if isinstance(document, Manifest) and document.config.digest == image.id:
                found.append(document)
        return found


def _neighbours(name: Reference, sources: Sequence[Source]) -> list[tuple[Source, str]]:
    """Other repositories of the same registry that have the layer, with their paths."""
    named = ((source, Reference.parse(source.repository)) for source in sources)
    beside = [(source, one.path) for source, one in named if one.domain == name.domain and one.path != name.path]
    return beside[:MOST_MOUNTS]


async def back_off(loop: Loop, seconds: int, id: str, tell: Tell) -> None:
    """Wait, counting the seconds aloud."""
    for left in range(seconds, 0, -1):
        plural = "" if left == 1 else "s"
        tell(Progress(f"Retrying in {left} second{plural}", id))
        await loop.sleep(1)
