"""From a manifest's list of layers, or from a tar made here, to layers on the host: fetch, verify, unpack, keep.

Each layer is unpacked on top of the one below it, when that is there, and once, however many need it. It is given up
when the last of them goes away, and what nobody uses is removed from the host. Model: moby, distribution/xfer and
layer/layer_store.go.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from io import SEEK_END
from typing import BinaryIO

from engine.distribution.client import Repository
from engine.distribution.errors import BadContent
from engine.distribution.jobs import Job, Jobs, all_or_first_error
from engine.distribution.progress import Message, Meter, Progress, Tell
from engine.distribution.transfers import Transfers
from engine.host import Snapshotter
from engine.image.archive import Unpacker
from engine.image.content import BLOCK, Content
from engine.image.digest import ChainID, DiffID, Digest, chain, chains
from engine.image.manifest import Descriptor
from engine.image.store import ImageStore, Layer
from engine.loop import Future, Loop
from engine.trace import Trace

MAX_DEPTH = 125  # layers of an image (moby, layer/layer_store.go)

Tar = Iterable[bytes] | AsyncIterable[bytes] | Content  # of a layer; an asynchronous one lets others have their turn


class LayersMismatch(BadContent):
    """The manifest and the configuration do not belong together."""

    def __init__(self) -> None:
        super().__init__("layers from manifest don't match image configuration")


@dataclass(frozen=True, slots=True)
class Wanted:
    """One layer of an image: where it comes from, what it is, and on what it stands ("" on nothing)."""

    blob: Descriptor
    diff_id: DiffID
    chain: ChainID
    parent: ChainID


def wanted_layers(blobs: Sequence[Descriptor], diff_ids: Sequence[DiffID]) -> list[Wanted]:
    """Pair a manifest's layers with a configuration's. Raises LayersMismatch, BadContent."""
    if len(blobs) != len(diff_ids):
        raise LayersMismatch
    if len(blobs) > MAX_DEPTH:
        raise BadContent("failed to register layer: max depth exceeded")
    stack = chains(diff_ids)
    parents = [ChainID(""), *stack[:-1]]
    return [Wanted(*layer) for layer in zip(blobs, diff_ids, stack, parents, strict=True)]


class Layers:
    """All transfers of one engine."""

    def __init__(self, loop: Loop, trace: Trace, host: Snapshotter, store: ImageStore) -> None:
        self._loop, self._trace, self._host, self._store = loop, trace, host, store
        self._transfers = Transfers(loop, trace, store.blobs)
        self._installs: Jobs[None] = Jobs(loop)
        self._held: Counter[ChainID] = Counter()
        self._leaving: dict[ChainID, Future[None]] = {}  # what the host is removing

    @property
    def busy(self) -> int:
        """Transfers under way."""
        return len(self._transfers) + len(self._installs)

    # -- who needs which layers

    def hold(self, stack: Sequence[ChainID]) -> None:
        """Keep these layers, present or to come, though no image may stand on them."""
        self._held.update(stack)

    async def release(self, stack: Sequence[ChainID]) -> list[Layer]:
        """Take a hold back; layers that nobody uses now go, topmost first. Returns those."""
        for each in stack:
            self._held[each] -= 1
            if self._held[each] <= 0:
                del self._held[each]
        return await self.sweep(stack)

    async def sweep(self, stack: Sequence[ChainID]) -> list[Layer]:
        """Remove those of a stack (bottom up) that no image and nobody else uses."""
        gone = self.forget(stack)
        await self.discard(gone)
        return gone

    def forget(self, stack: Sequence[ChainID]) -> list[Layer]:
        """`sweep` in the store alone; the host's part is to be `discard`ed afterwards."""
        gone = []
        with self._store.change():
            for each in reversed(stack):
                layer = self._store.layers.get(each)
                if layer is not None and not layer.users and not self._held[each]:
                    self._store.forget_layer(each)
                    gone.append(layer)
        return gone

    async def discard(self, gone: Sequence[Layer]) -> None:
        """Remove from the host what the store has just forgotten, topmost first."""
        for layer in gone:
            self._leaving[layer.chain] = self._loop.future()
        try:
            for layer in gone:
                if self._host.exists(layer.chain):
                    await self._host.remove(layer.chain)
        finally:
            for layer in gone:
                self._leaving.pop(layer.chain).set_result(None)

    # -- layers made here

    async def register(self, parent: ChainID | None, tar: Tar) -> Layer:
        """The layer of an *uncompressed* tar on top of `parent`: its archive is kept, byte for byte, and it is unpacked
        on the host, unless it is there already.

        The caller holds it: `release([layer.chain])` once an image uses it, or when none is to come. Raises ValueError
        for a bad archive, and OSError for a full disk; then nothing is kept.
        """
        found = await self._keep(parent, tar)
        self.hold([found.chain])
        try:
            if self._store.depth(found.parent) >= MAX_DEPTH:
                raise ValueError("max depth exceeded")
            job = self._installs.join(found.chain, _silence, lambda _: self._register(found))
            try:
                await job.task
            finally:
                self._installs.leave(job, _silence)
        except BaseException:
            await self.release([found.chain])
            raise
        finally:
            self._store.blobs.drop(Digest(found.blob))
        return self._store.layers[found.chain]

    async def _keep(self, parent: ChainID | None, tar: Tar) -> Layer:
        """Put a tar into the blob store; the caller has a use of it, to be dropped."""
        writer = self._store.blobs.writer()
        try:
            if isinstance(tar, AsyncIterable):
                async for piece in tar:
                    writer.write(piece)
            else:
                for piece in _pieces(tar.open()) if isinstance(tar, Content) else tar:
                    writer.write(piece)
            length, diff_id = writer.size, DiffID(writer.commit())
        finally:
            writer.abort()
        self._store.blobs.use(diff_id)
        return Layer(chain(parent, diff_id), diff_id, 0, diff_id, parent=parent or "", length=length)

    async def _register(self, layer: Layer) -> None:
        if layer.chain not in self._store.layers:
            with self._store.blobs.open(Digest(layer.blob)) as tar:
                await self._put_on_host(layer, tar)

    # -- pull

    async def ensure(self, repository: Repository, layers: Sequence[Wanted], tell: Tell) -> None:
        """Have all layers on the host. The caller holds them. Raises the first error of any."""
        jobs: list[Job[None]] = []
        heard: list[Tell] = []
        seen: set[Digest] = set()
        for layer in layers:
            if not jobs and layer.chain in self._store.layers:
                tell(Progress("Already exists", layer.blob.digest.short))
                continue
            hears = tell if layer.blob.digest not in seen else _silence  # twice in one image: told of once
            seen.add(layer.blob.digest)
            hears(Progress("Pulling fs layer", layer.blob.digest.short))
            jobs.append(self._join(repository, layer, hears, jobs[-1] if jobs else None))
            heard.append(hears)
        try:
            await all_or_first_error(self._loop, [job.task for job in jobs])
        finally:
            for job, hears in reversed(list(zip(jobs, heard, strict=True))):
                self._installs.leave(job, hears)

    def _join(self, repository: Repository, layer: Wanted, tell: Tell, below: Job[None] | None) -> Job[None]:
        return self._installs.join(layer.chain, tell, lambda hears: self._install(repository, layer, hears, below))

    async def _install(self, repository: Repository, layer: Wanted, tell: Tell, below: Job[None] | None) -> None:
        blob = layer.blob
        self._store.blobs.use(blob.digest)
        with self._trace.span("daemon", f"layer {blob.digest.short}", size=blob.size):
            download = self._transfers.join(repository, blob, tell)
            try:
                await download.task
                if below is not None:
                    await below.task
                if layer.chain not in self._store.layers:
                    await self._unpack(layer, tell)
                tell(Progress("Pull complete", blob.digest.short))
            finally:
                self._transfers.leave(download, tell)
                self._store.blobs.drop(blob.digest)

    async def _unpack(self, layer: Wanted, tell: Tell) -> None:
        digest, blobs = layer.blob.digest, self._store.blobs
        meter = Meter(self._loop, tell, "Extracting", digest.short, blobs.size(digest))
        try:
            with blobs.open(digest) as archive, blobs.spool() as spool:
                unpacker = Unpacker(archive, digest, spool)
                for size in unpacker:
                    meter.add(size)
                    await self._loop.sleep(0)
                if unpacker.diff_id != layer.diff_id:
                    raise LayersMismatch
                with unpacker.open() as tar:
                    length = tar.seek(0, SEEK_END)
                    tar.seek(0)
                    await self._put_on_host(
                        Layer(layer.chain, layer.diff_id, 0, digest, parent=layer.parent, length=length), tar
                    )
        except ValueError as error:
            raise BadContent(f"failed to register layer: {error}") from None

    async def _put_on_host(self, layer: Layer, tar: BinaryIO) -> None:
        """Unpack it, and know of it from now on. Raises ValueError for a bad archive; then nothing is kept."""
        while layer.chain in self._leaving:
            await self._leaving[layer.chain]
        with self._trace.span("host", f"unpack {layer.diff_id.short}", chain=layer.chain) as span:
            try:
                size = await self._host.apply(layer.chain, layer.parent or None, tar)
                self._store.add_layer(replace(layer, size=size))
            except BaseException:  # refused, given up halfway, or not to be written down
                if self._host.exists(layer.chain):
                    await self._host.remove(layer.chain)
                raise
            span.attributes["size"] = size


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    with file:
        while piece := file.read(BLOCK):
            yield piece


def _silence(progress: Progress | Message) -> None:
    """Who does not want to hear."""
