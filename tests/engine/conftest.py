"""A daemon's image half on a real store, a real snapshotter and a way to a registry that can be told to misbehave."""

from __future__ import annotations

import gzip
import io
import json
import random
import tarfile
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from engine.api.messages import Query, Request, Response, json_response
from engine.daemon.images import Images
from engine.daemon.state import open_state
from engine.distribution.access import TokenGuard
from engine.distribution.progress import Message
from engine.distribution.registry import Document, Refused, Registry
from engine.distribution.transport import Reply, Unreachable
from engine.errors import EngineError
from engine.events import EventBus
from engine.host import HostInfo
from engine.image.blobs import Blobs
from engine.image.digest import Digest
from engine.image.manifest import DOCKER_LIST, DOCKER_MANIFEST
from engine.image.reference import Reference
from engine.loop import Loop
from engine.trace import Trace
from sim.snapshots import Snapshots
from sim.vfs import mounting
from sim.vfs.mounts import Storage

START = 1_750_000_000_000_000_000
CHUNK = 4096


def layer_tar(**files: bytes) -> bytes:
    """An uncompressed layer with these files."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as tar:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    return stream.getvalue()


@dataclass(frozen=True)
class MemoryBlob:
    data: bytes

    @property
    def size(self) -> int:
        return len(self.data)

    def read(self, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        yield self.data[start:end]


class Shelf:
    """A registry's storage and its members, filled by hand."""

    def __init__(self) -> None:
        self.blobs: dict[str, bytes] = {}
        self.documents: dict[str, Document] = {}
        self.names: dict[str, dict[str, str]] = {}  # repository -> tag -> digest
        self.private: dict[str, str] = {}  # repository -> whose it is
        self.users: dict[str, str] = {}

    # -- engine.distribution.registry.Storage

    def repositories(self) -> list[str]:
        return list(self.names)

    def tags(self, name: str) -> list[str] | None:
        return list(self.names[name]) if name in self.names else None

    def manifest(self, name: str, reference: str) -> Document | None:
        return self.documents.get(self.names.get(name, {}).get(reference, reference))

    def blob(self, name: str, digest: str) -> MemoryBlob | None:
        return MemoryBlob(self.blobs[digest]) if digest in self.blobs else None

    # -- engine.distribution.access.Accounts

    def check(self, user: str, password: str) -> bool:
        return self.users.get(user) == password

    def allows(self, user: str, name: str, action: str) -> bool:
        return name in self.names and self.private.get(name, user) == user

    # -- filling it

    def push(
        self, path: str, tag: str, *layers: bytes, platforms: tuple[str, ...] = ("linux/amd64",), **config: Any
    ) -> str:
        """An image of these (uncompressed) layers, behind a manifest list; returns the list's digest."""
        entries = []
        for platform in platforms:
            os, machine, *variant = platform.split("/")
            described = {"os": os, "architecture": machine} | ({"variant": variant[0]} if variant else {})
            entries.append(self._manifest(layers, os, machine, config) | {"platform": described})
        listed = {"schemaVersion": 2, "mediaType": DOCKER_LIST, "manifests": entries}
        digest = self._document(DOCKER_LIST, listed)
        self.names.setdefault(path, {})[tag] = digest
        return digest

    def layer_digest(self, tar: bytes) -> str:
        return Digest.of(gzip.compress(tar, mtime=0))

    def _manifest(self, layers: tuple[bytes, ...], os: str, machine: str, config: Any) -> dict[str, Any]:
        document = {
            "architecture": machine,
            "os": os,
            "config": config,
            "created": "2024-01-02T03:04:05Z",
            "history": [{"created_by": f"step {number}"} for number in range(len(layers))],
            "rootfs": {"type": "layers", "diff_ids": [Digest.of(tar) for tar in layers]},
        }
        manifest = {
            "schemaVersion": 2,
            "mediaType": DOCKER_MANIFEST,
            "config": self._blob(json.dumps(document).encode()),
            "layers": [self._blob(gzip.compress(tar, mtime=0)) for tar in layers],
        }
        digest = self._document(DOCKER_MANIFEST, manifest)
        return {"mediaType": DOCKER_MANIFEST, "digest": digest, "size": len(self.documents[digest].data)}

    def _blob(self, data: bytes) -> dict[str, Any]:
        digest = Digest.of(data)
        self.blobs[digest] = data
        return {"mediaType": "x", "digest": digest, "size": len(data)}

    def _document(self, kind: str, value: Any) -> str:
        document = Document(kind, json.dumps(value).encode())
        self.documents[document.digest] = document
        return document.digest


class Way:
    """A transport to a real registry (at any host name) that can be told to misbehave; requests are logged."""

    def __init__(self, loop: Loop) -> None:
        self.loop, self.shelf = loop, Shelf()
        self._guard = TokenGuard(self.shelf, lambda: loop.time, b"secret", "https://auth.test/token", "test")
        self._open, self._guarded = Registry(self.shelf), Registry(self.shelf, self._guard)
        self.log: list[tuple[str, str]] = []  # (method, path)
        self.token_needed = False
        self.cut: dict[str, list[int]] = {}  # digest -> after how many bytes each coming transfer breaks
        self.resumes = True
        self.refusal: Refused | None = None
        self.unknown_hosts: set[str] = set()
        self.catalogue: list[dict[str, Any]] = []
        self.open = 0  # bodies being read
        self.most_open = 0

    async def request(self, method: str, url: str, headers: Mapping[str, str], body: Any = b"") -> Reply:
        where = urlsplit(url)
        await self.loop.sleep(0.01)
        if where.hostname in self.unknown_hosts:
            raise Unreachable(f"dial tcp: lookup {where.hostname}: no such host")
        self.log.append((method, where.path))
        sent = {name.lower(): value for name, value in headers.items() if self.resumes or name != "Range"}
        asked = Request(method, where.path, Query(parse_qsl(where.query)), sent)
        asked.body, asked.stream = (body, None) if isinstance(body, bytes) else (b"", body)
        response = await self._answer(asked)
        answer = {name.lower(): value for name, value in response.headers.items()}
        return Reply(response.status, answer, self._body(response, where.path.rpartition("/")[2]))

    async def _answer(self, request: Request) -> Response:
        if request.path == "/token":
            return self._guard.issue(request, request.query.get("scope", "").split())
        if request.path == "/v1/search":
            return json_response({"results": self.catalogue})
        if self.refusal is not None:
            return self.refusal.response()
        return await (self._guarded if self.token_needed else self._open).handle(request)

    async def _body(self, response: Response, digest: str) -> AsyncIterator[bytes]:
        if response.stream is None:
            yield response.body
            return
        self.open += 1
        self.most_open = max(self.open, self.most_open)
        try:
            data = b"".join([piece async for piece in response.stream])
            size = response.headers["Content-Length"]
            whole = int(response.headers.get("Content-Range", size).rpartition("/")[2])
            first = whole - len(data)
            cuts = self.cut.get(digest)
            stop = cuts.pop(0) if cuts else whole
            for at in range(first, min(stop, whole), CHUNK):
                await self.loop.sleep(0.05)
                yield data[at - first : min(at + CHUNK, stop) - first]
            if stop < whole:
                raise Unreachable("unexpected EOF")
        finally:
            self.open -= 1


@dataclass
class FakeContainer:
    """What images know of a container."""

    id: str
    image_id: str
    active: bool = False


@dataclass
class Bench:
    """An engine with images only."""

    loop: Loop
    way: Way
    engine: Any
    images: Images
    containers: list[FakeContainer] = field(default_factory=list)

    @property
    def shelf(self) -> Shelf:
        return self.way.shelf

    def run(self, coroutine: Any) -> Any:
        return self.loop.run(coroutine)

    def reference(self, name: str) -> Reference:
        return Reference.parse(name)

    def pull(self, name: str, **options: Any) -> list[Any]:
        """Pull to the end; what was told."""
        return self.run(self.drain(name, **options))

    async def drain(self, name: str, **options: Any) -> list[Any]:
        return [told async for told in self.images.pull(Reference.parse(name), **options)]

    def refusal(self, name: str, **options: Any) -> EngineError:
        with pytest.raises(EngineError) as caught:
            self.pull(name, **options)
        return caught.value

    def statuses(self, told: list[Any], id: str | None = None) -> list[str]:
        """The words alone, repeated ones once; of one layer, or of all."""
        words = [item.status for item in told if id is None or item.id == id]
        return [word for number, word in enumerate(words) if number == 0 or words[number - 1] != word]

    def messages(self, told: list[Any]) -> list[str]:
        return [f"{item.id}: {item.status}" if item.id else item.status for item in told if isinstance(item, Message)]

    def idle(self) -> bool:
        """Nothing under way, nothing held, no connection open."""
        self.loop.run_ready()
        layers = self.images.layers
        return not (layers.busy or layers._held or self.way.open) and layers._transfers.slots.free == 3


def make_bench(data_root: Path | None = None) -> Bench:
    loop = Loop(start=START)
    storage = Storage(lambda: loop.time, random.Random(1).randbytes)
    mounting.register(storage)
    host = Snapshots(storage)
    host.info = HostInfo("test", "6.1", "Test Linux", "1", "x86_64")  # type: ignore[attr-defined]
    way = Way(loop)
    containers: list[FakeContainer] = []

    def by_image(id: str) -> list[FakeContainer]:
        return [container for container in containers if container.image_id == id]

    engine = SimpleNamespace(
        loop=loop,
        trace=Trace(loop),
        events=EventBus(loop),
        host=host,
        state=open_state(data_root),
        session=None,
        containers=SimpleNamespace(by_image=by_image),
    )
    engine.images = Images(engine, way, Blobs(data_root / "blobs" if data_root else None))  # type: ignore[arg-type]
    return Bench(loop, way, engine, engine.images, containers)


@pytest.fixture
def bench() -> Bench:
    return make_bench()


@pytest.fixture
def new_bench() -> Any:
    """Makes one more, given a data root."""
    return make_bench


@pytest.fixture
def tar() -> Any:
    return layer_tar


@pytest.fixture
def container() -> Any:
    """Lets a container of an image be there."""

    def add(bench: Bench, image: str, active: bool = False) -> FakeContainer:
        made = FakeContainer(f"{len(bench.containers) + 10:064x}"[::-1], bench.images.get(image).id, active)
        bench.containers.append(made)
        return made

    return add
