"""Layers' archives from a registry into the blob store: at most three at a time, each fetched once, whoever asks.

A transfer that breaks goes on where it stopped, and is tried five times; what has come is verified before anybody sees
it. Model: moby, distribution/xfer/download.go.
"""

from __future__ import annotations

from engine.distribution.client import Repository
from engine.distribution.errors import BadContent, RegistryError
from engine.distribution.jobs import Job, Jobs, Slots
from engine.distribution.progress import Meter, Progress, Tell
from engine.distribution.transport import Unreachable
from engine.image.blobs import Blobs, Writer, WrongDigest
from engine.image.manifest import Descriptor
from engine.loop import Loop
from engine.trace import Trace

CONCURRENT = 3  # dockerd --max-concurrent-downloads
ATTEMPTS = 5  # dockerd --max-download-attempts
BACK_OFF = 5  # seconds after the first attempt, twice that after the second, …


class Transfers:
    """All downloads of one engine."""

    def __init__(self, loop: Loop, trace: Trace, blobs: Blobs) -> None:
        self._loop, self._trace, self._blobs = loop, trace, blobs
        self._jobs: Jobs[None] = Jobs(loop)
        self.slots = Slots(loop, CONCURRENT)

    def __len__(self) -> int:
        """How many are under way."""
        return len(self._jobs)

    def join(self, repository: Repository, blob: Descriptor, tell: Tell) -> Job[None]:
        """Have a blob in the store when the job's task is done. The caller counts as a use of it, and `leave`s."""
        return self._jobs.join(blob.digest, tell, lambda hears: self._download(repository, blob, hears))

    def leave(self, job: Job[None], tell: Tell) -> None:
        self._jobs.leave(job, tell)

    async def _download(self, repository: Repository, blob: Descriptor, tell: Tell) -> None:
        if blob.digest in self._blobs:
            return
        if not self.slots.free:
            tell(Progress("Waiting", blob.digest.short))
        await self.slots.acquire()
        writer = self._blobs.writer(blob.digest)
        try:
            await self._fetch(repository, blob, writer, tell)
        finally:
            writer.abort()
            self.slots.release()

    async def _fetch(self, repository: Repository, blob: Descriptor, writer: Writer, tell: Tell) -> None:
        """Until it is there whole, or until trying is of no more use."""
        for attempt in range(1, ATTEMPTS + 1):
            resumed = writer.size > 0
            try:
                await self._stream(repository, blob, writer, tell)
                tell(Progress("Verifying Checksum", blob.digest.short))
                writer.commit()
                tell(Progress("Download complete", blob.digest.short))
                return
            except (Unreachable, RegistryError) as error:
                if attempt == ATTEMPTS or (isinstance(error, RegistryError) and error.final):
                    raise
            except WrongDigest as error:
                if attempt == ATTEMPTS or not resumed:
                    raise BadContent(str(error)) from None
                writer.restart()
            await self._back_off(attempt * BACK_OFF, blob, tell)

    async def _stream(self, repository: Repository, blob: Descriptor, writer: Writer, tell: Tell) -> None:
        """Add to what is there already, or begin anew if the registry cannot go on from there."""
        with self._trace.span("hub", f"download {blob.digest.short}", digest=blob.digest, offset=writer.size) as span:
            reply = await repository.blob(blob.digest, writer.size)
            if writer.size and reply.status != 206:
                writer.restart()
            meter = Meter(self._loop, tell, "Downloading", blob.digest.short, blob.size, writer.size)
            try:
                if (length := reply.headers.get("content-length", "")).isdecimal():
                    _check_size(blob, writer.size + int(length))
                async for data in reply.body:
                    _check_size(blob, max(blob.size, writer.size + len(data)))
                    writer.write(data)
                    meter.add(len(data))
            finally:
                await reply.aclose()
                span.attributes["size"] = writer.size
            if writer.size < blob.size:
                raise Unreachable("unexpected EOF")

    async def _back_off(self, seconds: int, blob: Descriptor, tell: Tell) -> None:
        for left in range(seconds, 0, -1):
            plural = "" if left == 1 else "s"
            tell(Progress(f"Retrying in {left} second{plural}", blob.digest.short))
            await self._loop.sleep(1)


def _check_size(blob: Descriptor, size: int) -> None:
    """Does the registry have as many bytes as the manifest says? Raises BadContent, in containerd's words."""
    if blob.size >= 0 and size != blob.size:
        raise BadContent(f"failed size validation: {size} != {blob.size}: failed precondition")
