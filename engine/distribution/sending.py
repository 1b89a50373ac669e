"""A registry, as its client sees it: the write side of the OCI Distribution API (push), on a `Repository`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from urllib.parse import urlencode

from engine.distribution.client import Repository, join, refuse_errors
from engine.distribution.errors import BadContent, RegistryError, refusal
from engine.distribution.transport import Reply
from engine.image.digest import Digest

STREAM = {"Content-Type": "application/octet-stream"}

# from an offset to the bytes that follow it
Pieces = Callable[[int], AsyncIterator[bytes]]


class Uploading:
    """One blob on its way to a registry. A transfer that broke goes on where the registry says that it stands."""

    def __init__(self, repository: Repository) -> None:
        self._repository = repository
        self._location = ""

    async def send(self, pieces: Pieces, digest: Callable[[], Digest]) -> None:
        """end-4a, end-5, end-6. `digest` is asked when all has been sent. Raises RegistryError, Unreachable."""
        offset = await self._stand() if self._location else 0
        if not self._location:
            self._location = await self._begin()
        reply = await self._repository.request("PATCH", self._location, STREAM, pieces(offset))
        self._location = await self._moved(reply)
        url = f"{self._location}{'&' if '?' in self._location else '?'}{urlencode({'digest': digest()})}"
        reply = await self._repository.request("PUT", url, {"Content-Length": "0"})
        await refuse_errors(reply)
        await reply.aclose()

    async def _begin(self) -> str:
        return await self._moved(await self._repository.request("POST", _uploads(self._repository)))

    async def _stand(self) -> int:
        """end-13: how many bytes are there; an upload that the registry has forgotten begins anew."""
        reply = await self._repository.request("GET", self._location)
        await reply.aclose()
        last = reply.headers.get("range", "").rpartition("-")[2]
        if reply.status != 204 or not last.isdecimal():
            self._location = ""
            return 0
        self._location = _absolute(self._repository, reply.headers.get("location", self._location))
        return int(last) + 1 if int(last) else 0

    async def _moved(self, reply: Reply) -> str:
        """Where to go on."""
        await refuse_errors(reply)
        await reply.aclose()
        location = reply.headers.get("location", "")
        if not location:
            raise BadContent("registry gave no location for the upload")
        return _absolute(self._repository, location)


async def has_blob(repository: Repository, digest: Digest) -> int | None:
    """end-2, HEAD: its size, or None. Raises RegistryError for any other refusal."""
    reply = await repository.request("HEAD", f"{repository.path}/blobs/{digest}")
    if reply.status == 404:
        await reply.aclose()
        return None
    await refuse_errors(reply)
    await reply.aclose()
    length = reply.headers.get("content-length", "")
    return int(length) if length.isdecimal() else -1


async def mount(repository: Repository, digest: Digest, source: str) -> bool:
    """end-11: take a blob over from another repository of the same registry; False if it does not."""
    query = urlencode({"mount": digest, "from": source})
    reply = await repository.request("POST", f"{_uploads(repository)}?{query}")
    await reply.aclose()
    if reply.status == 201:
        return True
    if reply.status == 202 and (location := reply.headers.get("location")):  # it has begun an upload instead
        await (await repository.request("DELETE", _absolute(repository, location))).aclose()
    return False


async def put_document(repository: Repository, data: bytes) -> Digest:
    """A small blob (a configuration), unless it is there: end-4a and end-6."""
    digest = Digest.of(data)
    if await has_blob(repository, digest) is None:
        await Uploading(repository).send(lambda offset: _once(data[offset:]), lambda: digest)
    return digest


async def put_manifest(repository: Repository, reference: str, media_type: str, data: bytes) -> None:
    """end-7. Raises RegistryError."""
    path = f"{repository.path}/manifests/{reference}"
    reply = await repository.request("PUT", path, {"Content-Type": media_type}, data)
    if reply.status >= 300:
        raise await refusal(reply)
    await reply.aclose()
    digest = reply.headers.get("docker-content-digest", "")
    if digest and digest != Digest.of(data):
        raise RegistryError("", f"registry stored {digest} for what has the digest {Digest.of(data)}", final=True)


async def _once(data: bytes) -> AsyncIterator[bytes]:
    yield data


def _uploads(repository: Repository) -> str:
    return f"{repository.path}/blobs/uploads/"


def _absolute(repository: Repository, location: str) -> str:
    return join(f"{repository.endpoint}/v2/", location)
