"""docker push, from layers on the host to a name in a registry, which may misbehave."""

from __future__ import annotations

import gzip
import json
import random
from collections.abc import AsyncIterator
from typing import Any

import pytest

from clerk import Clerk, manifest
from engine.api.messages import Request, Response
from engine.daemon.commit import new_image
from engine.distribution.access import BasicGuard, Members, TokenGuard
from engine.distribution.auth import Credentials
from engine.distribution.progress import Message
from engine.distribution.registry import Layout, MemoryTree, Refused, Registry
from engine.distribution.transport import Unreachable
from engine.errors import EngineError
from engine.image.digest import Digest
from engine.image.manifest import DOCKER_MANIFEST, OCI_MANIFEST
from engine.image.reference import Reference

NOISE = random.Random(1).randbytes(300_000)


class Pushing:
    """A bench whose registry takes pushes; `hub` is another one, to pull from."""

    def __init__(self, bench: Any) -> None:
        self.bench, self.log = bench, bench.way.log
        self.storage = Layout(MemoryTree())
        self.registry: Any = Registry(self.storage, deletes=True)
        self.hub = Registry(bench.shelf)
        bench.way._answer = self._answer

    async def _answer(self, request: Request) -> Response:
        official = request.path.startswith("/v2/library/")
        return await (self.hub if official else self.registry).handle(request)

    def push(self, name: str, **options: Any) -> list[Any]:
        return self.bench.run(self.drain(name, **options))

    async def drain(self, name: str, **options: Any) -> list[Any]:
        return [told async for told in self.bench.images.push(Reference.parse(name), **options)]

    def refusal(self, name: str, **options: Any) -> str:
        with pytest.raises(EngineError) as caught:
            self.push(name, **options)
        return caught.value.message

    def make(self, name: str, *layers: bytes) -> Any:
        """An image that was made here, of these tars."""
        image = None
        for tar in layers:
            layer = self.bench.run(self.bench.images.layers.register(image.chain if image else None, [tar]))
            made = new_image(self.bench.images, image, layer, {}, created_by="RUN make")
            image = self.bench.run(made)
        self.bench.images.tag(image.id, Reference.parse(name))
        return image

    def tag(self, name: str, new: str) -> None:
        self.bench.images.tag(name, Reference.parse(new))

    def requests(self, method: str) -> list[str]:
        return [path for asked, path in self.log if asked == method]

    def manifest(self, name: str, tag: str) -> tuple[str, dict[str, Any]]:
        document = self.storage.manifest(name, tag)
        assert document is not None
        return document.media_type, json.loads(document.data)

    def idle(self) -> bool:
        pusher = self.bench.images._pusher
        self.bench.loop.run_ready()
        return not len(pusher._jobs) and pusher._slots.free == 5


@pytest.fixture
def pushing(bench: Any) -> Pushing:
    return Pushing(bench)


def test_a_push_tells_each_step_in_dockers_words(pushing: Pushing, tar: Any) -> None:
    layer = tar(file=NOISE)
    pushing.make("localhost:5000/app:1", layer)
    told = pushing.push("localhost:5000/app:1")
    short = Digest.of(layer).short
    assert pushing.bench.statuses(told, short) == ["Preparing", "Pushing", "Pushed"]
    pushed = [item for item in told if item.status == "Pushing"]
    assert pushed[-1].current == pushed[-1].total == len(layer)
    kind, document = pushing.manifest("app", "1")
    raw = json.dumps(document, indent=3).encode()
    assert [item.status for item in told if isinstance(item, Message)] == [
        "The push refers to repository [localhost:5000/app]", f"1: digest: {Digest.of(raw)} size: {len(raw)}", "",
    ]  # fmt: skip
    assert told[-1].aux == {"Tag": "1", "Digest": Digest.of(raw), "Size": len(raw)}
    assert kind == DOCKER_MANIFEST and document["layers"][0]["mediaType"].endswith("diff.tar.gzip")
    assert pushing.idle()


def test_what_was_made_here_is_compressed_on_the_way_and_always_alike(pushing: Pushing, tar: Any) -> None:
    layer = tar(file=NOISE, zeros=bytes(200_000))
    pushing.make("localhost:5000/app:1", layer)
    pushing.push("localhost:5000/app:1")
    described = pushing.manifest("app", "1")[1]["layers"][0]
    blob = pushing.storage.blob("app", described["digest"])
    assert blob is not None and blob.size == described["size"] < len(layer)
    assert gzip.decompress(b"".join(blob.read())) == layer
    pushing.storage.remove_blob("app", described["digest"])
    pushing.push("localhost:5000/app:1")
    assert pushing.manifest("app", "1")[1]["layers"][0] == described


def test_an_image_that_was_pulled_goes_out_as_it_came(pushing: Pushing, tar: Any) -> None:
    pushing.bench.shelf.push("library/alpine", "latest", tar(a=NOISE), tar(b=b"b"))
    pushing.bench.pull("alpine:latest")
    pushing.tag("alpine", "localhost:5000/alpine:latest")
    pushing.push("localhost:5000/alpine:latest")
    came = [document for document in pushing.bench.shelf.documents.values() if document.media_type == DOCKER_MANIFEST]
    document = pushing.storage.manifest("alpine", "latest")
    assert document is not None and document.data == came[0].data
    assert pushing.bench.images.get(f"localhost:5000/alpine@{document.digest}")


def test_a_second_push_sends_nothing_but_the_name(pushing: Pushing, tar: Any) -> None:
    pushing.make("localhost:5000/app:1", tar(file=NOISE))
    pushing.push("localhost:5000/app:1")
    pushing.log.clear()
    told = pushing.push("localhost:5000/app:1")
    assert [item.status for item in told][1:3] == ["Preparing", "Layer already exists"]
    assert [method for method, _ in pushing.log] == ["GET", "HEAD", "HEAD", "PUT"]


def test_a_layer_that_lies_in_a_neighbouring_repository_is_mounted(pushing: Pushing, tar: Any) -> None:
    pushing.make("localhost:5000/team/app:1", tar(file=NOISE))
    pushing.push("localhost:5000/team/app:1")
    pushing.tag("localhost:5000/team/app:1", "localhost:5000/copy:1")
    pushing.log.clear()
    assert "Mounted from team/app" in [item.status for item in pushing.push("localhost:5000/copy:1")]
    assert len(pushing.requests("PATCH")) == 1  # the configuration


def test_only_what_the_registry_lacks_travels(pushing: Pushing, tar: Any) -> None:
    base, top = tar(base=NOISE), tar(top=b"top")
    pushing.bench.shelf.push("library/base", "latest", base)
    pushing.bench.shelf.push("library/both", "latest", base, top)
    for name in ("base", "both"):
        pushing.bench.pull(f"{name}:latest")
        pushing.tag(name, f"localhost:5000/{name}:latest")
    pushing.push("localhost:5000/base:latest")
    told = pushing.push("localhost:5000/both:latest")
    assert pushing.bench.statuses(told, Digest.of(base).short)[-1] == "Mounted from base"
    assert pushing.bench.statuses(told, Digest.of(top).short)[-1] == "Pushed"


def test_two_pushes_of_the_same_layer_send_it_once(pushing: Pushing, tar: Any) -> None:
    layer = tar(file=NOISE)
    pushing.make("localhost:5000/app:1", layer)
    pushing.tag("localhost:5000/app:1", "localhost:5000/app:2")
    run = pushing.bench.loop.gather
    both = pushing.bench.run(run(pushing.drain("localhost:5000/app:1"), pushing.drain("localhost:5000/app:2")))
    uploads = set(pushing.requests("PATCH"))
    assert len(uploads) <= 3  # the layer once, the configuration at most twice
    assert all(pushing.bench.statuses(told, Digest.of(layer).short)[-1] == "Pushed" for told in both)
    assert sorted(pushing.storage.tags("app") or ()) == ["1", "2"] and pushing.idle()


def test_all_tags_go_when_the_name_has_none(pushing: Pushing, tar: Any) -> None:
    pushing.make("localhost:5000/app:b", tar(b=b"b"))
    pushing.make("localhost:5000/app:a", tar(a=b"a"))
    told = pushing.push("localhost:5000/app")
    assert [item.aux["Tag"] for item in told if isinstance(item, Message) and item.aux] == ["a", "b"]
    assert sorted(pushing.storage.tags("app") or ()) == ["a", "b"]


def test_what_is_not_here_cannot_be_pushed(pushing: Pushing, tar: Any) -> None:
    assert pushing.refusal("localhost:5000/app:1") == "An image does not exist locally with the tag: localhost:5000/app"
    pushing.make("localhost:5000/app:1", tar(a=b"a"))
    assert pushing.refusal("localhost:5000/app:2") == "tag does not exist: localhost:5000/app:2"
    assert pushing.refusal("alpine") == "An image does not exist locally with the tag: alpine"


class Breaking:
    """A registry to which the transfers of blobs break: `cuts` says after how many bytes each of the next ones does."""

    def __init__(self, registry: Registry, *cuts: int) -> None:
        self.registry, self.cuts = registry, list(cuts)

    async def handle(self, request: Request) -> Response:
        if request.method != "PATCH" or not self.cuts:
            return await self.registry.handle(request)
        left, stream = self.cuts.pop(0), request.stream
        assert stream is not None

        async def some() -> AsyncIterator[bytes]:
            nonlocal left
            async for piece in stream:
                yield piece[:left]
                left -= len(piece)
                if left <= 0:
                    raise Unreachable("gone")

        request.stream = some()
        await self.registry.handle(request)
        raise Unreachable("write: broken pipe")


def test_a_broken_transfer_goes_on_where_it_stopped(pushing: Pushing, tar: Any) -> None:
    pushing.bench.shelf.push("library/app", "latest", tar(file=NOISE))
    pushing.bench.pull("app:latest")
    pushing.tag("app", "localhost:5000/app:1")
    pushing.registry = Breaking(pushing.registry, 100_000, 50_000)
    short = pushing.bench.images.get("app").diff_ids[0].short
    words = pushing.bench.statuses(pushing.push("localhost:5000/app:1"), short)
    assert words.index("Retrying in 5 seconds") < words.index("Retrying in 10 seconds") and words[-1] == "Pushed"
    assert len(set(pushing.requests("PATCH")[:3])) == 1  # always the same upload
    assert pushing.idle()


def test_five_broken_transfers_are_enough(pushing: Pushing, tar: Any) -> None:
    pushing.make("localhost:5000/app:1", tar(file=NOISE))
    pushing.registry = Breaking(pushing.registry, 1, 1, 1, 1, 1)
    assert "write: broken pipe" in pushing.refusal("localhost:5000/app:1")
    assert pushing.storage.tags("app") is None and pushing.idle()


def test_a_stranger_is_turned_away_in_dockers_words(pushing: Pushing, tar: Any) -> None:
    pushing.make("localhost:5000/app:1", tar(file=NOISE))
    members = Members({"ann": "secret"})
    pushing.registry = Registry(pushing.storage, BasicGuard(members))
    assert pushing.refusal("localhost:5000/app:1").endswith("no basic auth credentials")
    pushing.push("localhost:5000/app:1", credentials=Credentials("ann", "secret"))
    wrong = pushing.refusal("localhost:5000/app:1", credentials=Credentials("ann", "wrong"))
    assert wrong == "unauthorized: authentication required"


def test_a_token_is_fetched_for_what_is_needed_and_again_when_it_ends(pushing: Pushing, tar: Any) -> None:
    loop = pushing.bench.loop
    guard = TokenGuard(Members({"ann": "secret"}), lambda: loop.time, b"k", "https://auth.test/token", "test")
    pushing.registry = Registry(pushing.storage, guard)
    plain = pushing._answer

    async def answer(request: Request) -> Response:
        if request.path == "/token":
            return guard.issue(request, request.query.all("scope"))  # type: ignore[attr-defined]
        return await plain(request)

    pushing.bench.way._answer = answer
    pushing.make("localhost:5000/app:1", tar(file=NOISE))
    assert pushing.refusal("localhost:5000/app:1") == "denied: requested access to the resource is denied"
    pushing.log.clear()
    pushing.make("localhost:5000/app:1", *[tar(file=bytes([number])) for number in range(6)])
    pushing.push("localhost:5000/app:1", credentials=Credentials("ann", "secret"))
    assert pushing.requests("GET").count("/token") == 1  # for all of the layers
    pushing.tag("localhost:5000/app:1", "localhost:5000/copy:1")
    told = pushing.push("localhost:5000/copy:1", credentials=Credentials("ann", "secret"))
    assert "Mounted from app" in [item.status for item in told]
    guard._secret = b"another key"  # the registry was restarted: tokens that had been good are refused
    pushing.push("localhost:5000/app:1", credentials=Credentials("ann", "secret"))


def test_a_refused_manifest_is_the_last_word(pushing: Pushing, tar: Any) -> None:
    pushing.make("localhost:5000/app:1", tar(file=b"x"))
    registry = pushing.registry

    class Refusing:
        async def handle(self, request: Request) -> Response:
            if "/manifests/" in request.path and request.method == "PUT":
                return Refused("TOOMANYREQUESTS", message="slow down").response()
            return await registry.handle(request)

    pushing.registry = Refusing()
    assert pushing.refusal("localhost:5000/app:1") == "toomanyrequests: slow down"


def test_giving_a_push_up_ends_its_transfers(pushing: Pushing, tar: Any) -> None:
    pushing.make("localhost:5000/app:1", tar(file=NOISE))

    async def look_and_leave() -> None:
        told = pushing.bench.images.push(Reference.parse("localhost:5000/app:1"))
        async for item in told:
            if item.status == "Pushing":
                break
        await told.aclose()

    pushing.bench.run(look_and_leave())
    assert pushing.storage.tags("app") is None and pushing.idle()


def test_oci_images_stay_oci_images(pushing: Pushing, tar: Any) -> None:
    hub = Layout(MemoryTree())
    pushing.hub = Registry(hub)
    clerk = Clerk(pushing.hub)
    layer, config = tar(file=b"x"), {"os": "linux", "architecture": "amd64", "config": {}}
    config["rootfs"] = {"type": "layers", "diff_ids": [Digest.of(layer)]}
    document = manifest(clerk.blob(json.dumps(config).encode(), "library/oci"), clerk.blob(layer, "library/oci"))
    clerk.put("latest", document, "library/oci")
    pushing.bench.pull("oci:latest")
    pushing.tag("oci", "localhost:5000/oci:latest")
    pushing.push("localhost:5000/oci:latest")
    kind, pushed = pushing.manifest("oci", "latest")
    assert kind == OCI_MANIFEST and pushed["layers"][0]["mediaType"] == "application/vnd.oci.image.layer.v1.tar+gzip"


def test_a_push_is_an_event_and_a_tree_of_spans(pushing: Pushing, tar: Any) -> None:
    pushing.make("localhost:5000/app:1", tar(file=b"x"))
    pushing.push("localhost:5000/app:1")
    event = pushing.bench.engine.events.history[-1]
    assert (event.action, event.id, event.attributes["name"]) == ("push", "localhost:5000/app:1", "localhost:5000/app")
    spans = {span.id: span for span in pushing.bench.engine.trace.finished}
    uploads = [span for span in spans.values() if span.where == "hub" and span.name.startswith("PATCH")]
    assert uploads and spans[uploads[0].outer.id].name.startswith("layer ")
