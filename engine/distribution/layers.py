"""From a manifest's list of layers to layers on the host: download, verify, unpack.

At most three downloads at a time. Each layer is unpacked on top of the one below it, when that is there. A layer that
several pulls need is fetched once; it is given up when the last of them goes away, and what nobody uses is removed from
the host. A transfer that breaks goes on where it stopped. Model: moby, distribution/xfer.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from engine.distribution.client import Repository
from engine.distribution.errors import BadContent, RegistryError
from engine.distribution.jobs import Job, Jobs, Slots, all_or_first_error
from engine.distribution.progress import Message, Meter, Progress, Tell
from engine.distribution.transport import Unreachable
from engine.host import Snapshotter
from engine.image.archive import ArchiveError, Unpacker
from engine.image.blobs import Content, Writer, WrongDigest
from engine.image.digest import ChainID, DiffID, Digest, chain, chains
from engine.image.manifest import Descriptor
from engine.image.store import ImageStore, Layer
from engine.loop import Loop
from engine.trace import Trace

CONCURRENT = 3  # dockerd --max-concurrent-downloads
ATTEMPTS = 5  # dockerd --max-download-attempts
BACK_OFF = 5  # seconds after the first attempt, twice that after the second, …


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
    """Pair a manifest's layers with a configuration's. Raises LayersMismatch."""
    if len(blobs) != len(diff_ids):
        raise LayersMismatch
    stack = chains(diff_ids)
    parents = [ChainID(""), *stack[:-1]]
    return [Wanted(*layer) for layer in zip(blobs, diff_ids, stack, parents, strict=True)]


class Layers:
    """All transfers of one engine."""

    def __init__(self, loop: Loop, trace: Trace, host: Snapshotter, store: ImageStore) -> None:
        self._loop, self._trace, self._host, self._store = loop, trace, host, store
        self._slots = Slots(loop, CONCURRENT)
        self._downloads: Jobs[Content] = Jobs(loop)
        self._installs: Jobs[None] = Jobs(loop)
        self._held: Counter[ChainID] = Counter()

    @property
    def busy(self) -> int:
        """Transfers under way."""
        return len(self._downloads) + len(self._installs)

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
        gone = []
        for each in reversed(stack):
            layer = self._store.layers.get(each)
            if layer is None or layer.users or self._held[each]:
                continue
            self._store.forget_layer(each)
            await self._host.remove(each)
            gone.append(layer)
        return gone

    # -- layers made here

    async def register(self, parent: ChainID | None, tar: Iterable[bytes] | Content) -> Layer:
        """The layer of an *uncompressed* tar on top of `parent`: its archive is kept, byte for byte, and it is unpacked
        on the host, unless it is there already.

        The caller holds it: `release([layer.chain])` once an image uses it, or when none is to come. Raises ValueError
        for a bad archive; then nothing is kept.
        """
        content = tar if isinstance(tar, Content) else _collected(tar)
        diff_id = DiffID(content.sha256())
        made = chain(parent, diff_id)
        self.hold([made])
        try:
            job = self._installs.join(made, _silence, lambda _: self._register(made, parent, diff_id, content))
            try:
                await job.task
            finally:
                self._installs.leave(job, _silence)
        except BaseException:
            await self.release([made])
            raise
        return self._store.layers[made]

    async def _register(self, made: ChainID, parent: ChainID | None, diff_id: DiffID, tar: Content) -> None:
        if made in self._store.layers:
            return
        with self._trace.span("host", f"unpack {diff_id.short}", chain=made) as span:
            span.attributes["size"] = size = await self._put_on_host(made, parent, tar)
        self._record(made, diff_id, size, Digest(diff_id), tar)

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
        with self._trace.span("daemon", f"layer {blob.digest.short}", size=blob.size):
            download = self._downloads.join(blob.digest, tell, lambda hears: self._download(repository, blob, hears))
            try:
                content = await download.task
                if below is not None:
                    await below.task
                if layer.chain not in self._store.layers:
                    await self._unpack(layer, content, tell)
                tell(Progress("Pull complete", blob.digest.short))
            finally:
                self._downloads.leave(download, tell)

    async def _unpack(self, layer: Wanted, content: Content, tell: Tell) -> None:
        digest = layer.blob.digest
        unpacker = Unpacker(content, digest)
        meter = Meter(self._loop, tell, "Extracting", digest.short, content.size)
        try:
            for size in unpacker:
                meter.add(size)
                await self._loop.sleep(0)
        except ArchiveError as error:
            raise BadContent(f"failed to register layer: {error}") from None
        if unpacker.diff_id != layer.diff_id:
            raise LayersMismatch
        with self._trace.span("host", f"unpack {digest.short}", chain=layer.chain) as span:
            size = await self._apply(layer, unpacker.tar)
            span.attributes["size"] = size
        self._record(layer.chain, layer.diff_id, size, digest, content)

    async def _apply(self, layer: Wanted, tar: Content) -> int:
        try:
            return await self._put_on_host(layer.chain, layer.parent or None, tar)
        except ValueError as error:
            raise BadContent(f"failed to register layer: {error}") from None

    async def _put_on_host(self, made: ChainID, parent: ChainID | None, tar: Content) -> int:
        """Unpack; the size of its files. Raises ValueError for a bad archive."""
        try:
            return await self._host.apply(made, parent, tar.open())
        except ValueError:
            raise
        except BaseException:  # given up halfway
            if self._host.exists(made):
                await self._host.remove(made)
            raise

    def _record(self, made: ChainID, diff_id: DiffID, size: int, digest: Digest, archive: Content) -> Layer:
        """The layer is on the host: its archive is kept, and it is known from now on."""
        if digest not in self._store.blobs:
            self._store.blobs.keep(digest, archive)
        layer = Layer(made, diff_id, size, digest)
        self._store.add_layer(layer)
        return layer

    # -- one download

    async def _download(self, repository: Repository, blob: Descriptor, tell: Tell) -> Content:
        if blob.digest in self._store.blobs:
            return self._store.blobs.content(blob.digest)
        if not self._slots.free:
            tell(Progress("Waiting", blob.digest.short))
        await self._slots.acquire()
        try:
            return await self._fetch(repository, blob, tell)
        finally:
            self._slots.release()

    async def _fetch(self, repository: Repository, blob: Descriptor, tell: Tell) -> Content:
        """Until it is there whole, or until trying is of no more use."""
        writer = self._store.blobs.writer(blob.digest)
        for attempt in range(1, ATTEMPTS + 1):
            resumed = writer.size > 0
            try:
                await self._stream(repository, blob, writer, tell)
                return self._verified(blob, writer, tell)
            except (Unreachable, RegistryError) as error:
                if attempt == ATTEMPTS or (isinstance(error, RegistryError) and error.final):
                    raise
            except WrongDigest as error:
                if attempt == ATTEMPTS or not resumed:
                    raise BadContent(str(error)) from None
                writer.restart()
            await self._back_off(attempt * BACK_OFF, blob, tell)
        raise AssertionError("the last attempt returns or raises")

    async def _stream(self, repository: Repository, blob: Descriptor, writer: Writer, tell: Tell) -> None:
        """Add to what is there already, or begin anew if the registry cannot go on from there."""
        with self._trace.span("hub", f"download {blob.digest.short}", digest=blob.digest, offset=writer.size) as span:
            reply = await repository.blob(blob.digest, writer.size)
            if writer.size and reply.status != 206:
                writer.restart()
            meter = Meter(self._loop, tell, "Downloading", blob.digest.short, blob.size, writer.size)
            try:
                async for data in reply.body:
                    writer.write(data)
                    meter.add(len(data))
                    if writer.size > blob.size >= 0:
                        break
            finally:
                await reply.aclose()
                span.attributes["size"] = writer.size
            if writer.size < blob.size:
                raise Unreachable("unexpected EOF")

    def _verified(self, blob: Descriptor, writer: Writer, tell: Tell) -> Content:
        tell(Progress("Verifying Checksum", blob.digest.short))
        content = writer.verify()
        tell(Progress("Download complete", blob.digest.short))
        return content

    async def _back_off(self, seconds: int, blob: Descriptor, tell: Tell) -> None:
        for left in range(seconds, 0, -1):
            plural = "" if left == 1 else "s"
            tell(Progress(f"Retrying in {left} second{plural}", blob.digest.short))
            await self._loop.sleep(1)

    # -- after a restart

    async def recover(self, held: Iterable[Sequence[ChainID]] = ()) -> None:
        """Unpack again, from the archives kept, what the host no longer has; remove what nobody needs.

        `held`: stacks (bottom up) that are needed besides the images'.
        """
        for stack in [*(chains(image.diff_ids) for image in self._store), *held]:
            parent: ChainID | None = None
            for each in stack:
                await self._restore(self._store.layers[each], parent)
                parent = each
        await self.sweep([each for each, layer in self._store.layers.items() if not layer.users])

    async def _restore(self, layer: Layer, parent: ChainID | None) -> None:
        if self._host.exists(layer.chain) or not layer.blob:
            return
        digest = Digest(layer.blob)
        unpacker = Unpacker(self._store.blobs.content(digest), digest)
        for _ in unpacker:
            await self._loop.sleep(0)
        await self._host.apply(layer.chain, parent, unpacker.tar.open())


def _collected(pieces: Iterable[bytes]) -> Content:
    content = Content()
    for piece in pieces:
        content.append(piece)
    return content


def _silence(progress: Progress | Message) -> None:
    """Who does not want to hear."""
