"""A daemon's image half on a real store, a real snapshotter and a small registry that can be told to misbehave."""

from __future__ import annotations

import base64
import gzip
import io
import json
import random
import tarfile
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from engine.daemon.images import Images
from engine.daemon.state import open_state
from engine.distribution.progress import Message
from engine.distribution.transport import Reply, Unreachable
from engine.errors import EngineError
from engine.events import EventBus
from engine.host import HostInfo
from engine.image.digest import Digest
from engine.image.manifest import DOCKER_LIST, DOCKER_MANIFEST
from engine.image.reference import Reference
from engine.loop import Loop
from engine.trace import Trace
from sim import mounting
from sim.mounts import Storage
from sim.snapshots import Snapshots

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


class MiniRegistry:
    """A transport whose other end is a registry at any host name; requests are logged as (method, path)."""

    def __init__(self, loop: Loop) -> None:
        self.loop = loop
        self.blobs: dict[str, bytes] = {}
        self.documents: dict[str, tuple[str, bytes]] = {}  # digest -> (media type, bytes)
        self.tags: dict[tuple[str, str], str] = {}
        self.log: list[tuple[str, str]] = []
        self.users: dict[str, str] = {}
        self.token_needed = False
        self.private: set[str] = set()
        self.cut: dict[str, list[int]] = {}  # digest -> after how many bytes each coming transfer breaks
        self.resumes = True
        self.refuse: tuple[int, str, str] | None = None
        self.open = 0  # bodies being read
        self.most_open = 0
        self.unknown_hosts: set[str] = set()
        self.catalogue: list[dict[str, Any]] = []

    # -- what it holds

    def push(
        self, path: str, tag: str, *layers: bytes, platforms: tuple[str, ...] = ("linux/amd64",), **config: Any
    ) -> str:
        """An image of these (uncompressed) layers, behind a manifest list; returns the list's digest."""
        entries = []
        for platform in platforms:
            os, _, rest = platform.partition("/")
            machine, _, variant = rest.partition("/")
            entry = self._manifest(layers, os, machine, config) | {"platform": {"os": os, "architecture": machine}}
            if variant:
                entry["platform"]["variant"] = variant
            entries.append(entry)
        listed = {"schemaVersion": 2, "mediaType": DOCKER_LIST, "manifests": entries}
        digest = self._document(DOCKER_LIST, listed)
        self.tags[path, tag] = digest
        return digest

    def _manifest(self, layers: tuple[bytes, ...], os: str, machine: str, config: Any) -> dict[str, Any]:
        descriptors, diff_ids = [], []
        for tar in layers:
            packed = gzip.compress(tar, mtime=0)
            descriptors.append({"mediaType": "layer", "digest": self._blob(packed), "size": len(packed)})
            diff_ids.append(Digest.of(tar))
        history = [{"created_by": f"step {number}"} for number in range(len(layers))]
        document = {
            "architecture": machine,
            "os": os,
            "config": config,
            "created": "2024-01-02T03:04:05Z",
            "history": history,
            "rootfs": {"type": "layers", "diff_ids": diff_ids},
        }
        raw = json.dumps(document).encode()
        described = {"mediaType": "config", "digest": self._blob(raw), "size": len(raw)}
        manifest = {"schemaVersion": 2, "mediaType": DOCKER_MANIFEST, "config": described, "layers": descriptors}
        digest = self._document(DOCKER_MANIFEST, manifest)
        return {"mediaType": DOCKER_MANIFEST, "digest": digest, "size": len(self.documents[digest][1])}

    def _blob(self, data: bytes) -> str:
        digest = Digest.of(data)
        self.blobs[digest] = data
        return digest

    def _document(self, kind: str, value: Any) -> str:
        raw = json.dumps(value).encode()
        digest = Digest.of(raw)
        self.documents[digest] = (kind, raw)
        return digest

    def layer_digest(self, tar: bytes) -> str:
        return Digest.of(gzip.compress(tar, mtime=0))

    # -- what it answers

    async def request(self, method: str, url: str, headers: Mapping[str, str], body: Any = b"") -> Reply:
        where = urlsplit(url)
        await self.loop.sleep(0.01)
        if where.hostname in self.unknown_hosts:
            raise Unreachable(f"dial tcp: lookup {where.hostname}: no such host")
        self.log.append((method, where.path))
        if where.path == "/token":
            return self._token(headers, parse_qs(where.query))
        if where.path == "/v1/search":
            return self._reply(200, json.dumps({"results": self.catalogue}).encode())
        if self.token_needed and not headers.get("Authorization", "").startswith("Bearer "):
            return self._error(401, "UNAUTHORIZED", "authentication required", challenge="")
        parts = where.path.removeprefix("/v2/").split("/")
        if where.path == "/v2/":
            return self._reply(200, b"{}")
        if self.refuse:
            return self._error(*self.refuse)
        if parts[-2:] == ["tags", "list"]:
            path = "/".join(parts[:-2])
            return self._reply(200, json.dumps({"tags": [tag for name, tag in self.tags if name == path]}).encode())
        path, kind, name = "/".join(parts[:-2]), parts[-2], parts[-1]
        if path in self.private and headers.get("Authorization") != "Bearer alice":
            return self._error(401, "UNAUTHORIZED", "authentication required", challenge=',error="insufficient_scope"')
        return self._manifest_reply(method, path, name) if kind == "manifests" else self._blob_reply(name, headers)

    def _token(self, headers: Mapping[str, str], query: Mapping[str, list[str]]) -> Reply:
        basic = headers.get("Authorization", "")
        if not basic:
            return self._reply(200, b'{"token":"anonymous","expires_in":300}')
        user, _, password = base64.b64decode(basic.removeprefix("Basic ")).decode().partition(":")
        if self.users.get(user) != password:
            return self._reply(401, b'{"details":"incorrect username or password"}')
        return self._reply(200, json.dumps({"token": user}).encode())

    def _manifest_reply(self, method: str, path: str, name: str) -> Reply:
        digest = name if ":" in name else self.tags.get((path, name), "")
        if digest not in self.documents:
            return self._error(404, "MANIFEST_UNKNOWN", "manifest unknown")
        kind, raw = self.documents[digest]
        headers = {"content-type": kind, "docker-content-digest": digest, "content-length": str(len(raw))}
        return self._reply(200, raw if method == "GET" else b"", headers)

    def _blob_reply(self, digest: str, headers: Mapping[str, str]) -> Reply:
        if digest not in self.blobs:
            return self._error(404, "BLOB_UNKNOWN", "blob unknown to registry")
        data, offset = self.blobs[digest], 0
        if self.resumes and (wanted := headers.get("Range")):
            offset = int(wanted.removeprefix("bytes=").removesuffix("-"))
        cuts = self.cut.get(digest)
        stop = cuts.pop(0) if cuts else len(data)
        return Reply(206 if offset else 200, {}, self._stream(data, offset, stop))

    async def _stream(self, data: bytes, start: int, stop: int) -> AsyncIterator[bytes]:
        self.open += 1
        self.most_open = max(self.open, self.most_open)
        try:
            for at in range(start, min(stop, len(data)), CHUNK):
                await self.loop.sleep(0.05)
                yield data[at : min(at + CHUNK, stop)]
            if stop < len(data):
                raise Unreachable("unexpected EOF")
        finally:
            self.open -= 1

    def _error(self, status: int, code: str, message: str, challenge: str | None = None) -> Reply:
        headers = {}
        if challenge is not None:
            headers["www-authenticate"] = f'Bearer realm="https://auth.test/token",service="test"{challenge}'
        return self._reply(status, json.dumps({"errors": [{"code": code, "message": message}]}).encode(), headers)

    def _reply(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> Reply:
        return Reply(status, headers or {}, _once(body))


async def _once(body: bytes) -> AsyncIterator[bytes]:
    yield body


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
    registry: MiniRegistry
    engine: Any
    images: Images
    containers: list[FakeContainer] = field(default_factory=list)

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
        return not (layers.busy or layers._held or self.registry.open) and layers._slots.free == 3


def make_bench(data_root: Path | None = None) -> Bench:
    loop = Loop(start=START)
    storage = Storage(lambda: loop.time, random.Random(1).randbytes)
    mounting.register(storage)
    host = Snapshots(storage)
    host.info = HostInfo("test", "6.1", "Test Linux", "1", "x86_64")  # type: ignore[attr-defined]
    registry = MiniRegistry(loop)
    containers: list[FakeContainer] = []

    def by_image(id: str) -> list[FakeContainer]:
        return [container for container in containers if container.image_id == id]

    engine = SimpleNamespace(
        loop=loop,
        trace=Trace(loop),
        events=EventBus(loop),
        host=host,
        state=open_state(data_root),
        containers=SimpleNamespace(by_image=by_image),
    )
    engine.images = Images(engine, registry, data_root)  # type: ignore[arg-type]
    return Bench(loop, registry, engine, engine.images, containers)


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
