"""Layers between registry, store and host: fetched once, kept as long as somebody needs them, and never trusted."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import random
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.image import archive
from engine.image.blobs import Blobs
from engine.image.content import Content
from engine.image.digest import Digest


@pytest.fixture(params=["memory", "durable"])
def bench(request: pytest.FixtureRequest, new_bench: Any, tmp_path: Path) -> Any:
    return new_bench(None if request.param == "memory" else tmp_path)


def noise(seed: int, size: int = 30_000) -> bytes:
    return random.Random(seed).randbytes(size)


def nothing_left(bench: Any) -> bool:
    """As a store that has never had an image."""
    blobs = bench.images.store.blobs
    parts = list(blobs._root.glob("*.part")) if blobs._root else []
    empty = not bench.images.store.layers and not list(blobs) and not blobs._uses and not parts
    return bool(bench.idle() and empty and not bench.engine.host._committed)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(stacks=st.lists(st.lists(st.integers(0, 4), min_size=1, max_size=4), min_size=1, max_size=4))
def test_many_pulls_at_once_fetch_each_layer_once(stacks: list[list[int]], new_bench: Any, tar: Any) -> None:
    bench = new_bench()
    tars = [tar(**{f"f{number}": noise(number)}) for number in range(5)]
    for number, stack in enumerate(stacks):
        bench.shelf.push(f"library/image{number}", "latest", *(tars[at] for at in stack))
    pulls = [bench.drain(f"image{number}:latest") for number in range(len(stacks))]
    bench.run(bench.loop.gather(*pulls))
    asked = Counter(path for _, path in bench.way.log if "/blobs/" in path)
    wanted = {bench.shelf.layer_digest(tars[at]) for stack in stacks for at in stack}
    fetched = {path.rpartition("/")[2]: count for path, count in asked.items()}
    assert {digest: fetched[digest] for digest in wanted} == dict.fromkeys(wanted, 1)
    store = bench.images.store
    shared = {chain: layer.users for chain, layer in store.layers.items()}
    rows = bench.images.summaries(shared_size=True)
    once = sum(store.layers[chain].size for chain, users in shared.items() if users > 1)
    assert sum(row["Size"] - row["SharedSize"] for row in rows) + once == bench.images.disk_usage()[0]
    for image in list(store):
        bench.run(bench.images.remove(image.id, force=True))
    assert nothing_left(bench)


def test_every_layer_can_be_had_again_byte_for_byte(bench: Any, tar: Any) -> None:
    tars = [tar(one=noise(1)), tar(two=bytes(2_000_000))]
    bench.shelf.push("library/a", "latest", *tars)
    bench.pull("a:latest")
    store = bench.images.store
    for layer, data in zip(store.stack(bench.images.get("a")), tars, strict=True):
        with store.open_layer(layer) as file:
            assert file.read() == data
        assert layer.length == len(data) and layer.blob == bench.shelf.layer_digest(data)


def test_a_layer_made_here_is_held_until_it_is_released(bench: Any, tar: Any) -> None:
    async def pieces(data: bytes) -> AsyncIterator[bytes]:
        for at in range(0, len(data), 1000):
            yield data[at : at + 1000]

    layers, data = bench.images.layers, tar(one=noise(1))
    first = bench.run(layers.register(None, [data[:100], data[100:]]))
    assert bench.run(layers.register(None, Content(data))) == first
    assert bench.run(layers.register(None, pieces(data))) == first
    second = bench.run(layers.register(first.chain, [data]))
    assert (first.diff_id, second.parent, second.diff_id) == (Digest.of(data), first.chain, first.diff_id)
    for _ in range(2):
        assert bench.run(layers.release([first.chain])) == []
    assert bench.run(layers.release([first.chain, second.chain])) == [second, first]
    assert nothing_left(bench)


def test_a_bad_layer_is_refused_and_leaves_nothing(bench: Any, tar: Any) -> None:
    for data in (b"garbage" * 1000, tar(x=b"x" * 3000)[:1500], tar(**{"../x": b""})):
        with pytest.raises(ValueError):
            bench.run(bench.images.layers.register(None, [data]))
        assert nothing_left(bench)


def test_a_layer_that_is_leaving_may_be_wanted_again(bench: Any, tar: Any) -> None:
    data = tar(one=noise(1))
    bench.shelf.push("library/a", "latest", data)
    bench.pull("a:latest")
    bench.run(bench.loop.gather(bench.images.remove("a"), bench.drain("a:latest")))
    assert bench.engine.host.exists(bench.images.get("a").chain) and bench.idle()


def test_a_blob_that_two_stacks_share_survives_the_first(bench: Any, tar: Any) -> None:
    same, one, two = tar(same=noise(1)), tar(one=b"1"), tar(two=b"2")
    bench.shelf.push("library/a", "latest", one, same)
    bench.shelf.push("library/b", "latest", two, same)
    bench.pull("a:latest")
    bench.way.log.clear()
    both = bench.loop.gather(bench.images.remove("a"), bench.drain("b:latest"))
    bench.run(both)
    layer = bench.images.store.stack(bench.images.get("b"))[-1]
    with bench.images.store.open_layer(layer) as file:
        assert file.read() == same


# -- manifests that lie, archives that explode


def push(bench: Any, layers: list[bytes], diff_ids: list[str], sizes: list[int] | None = None) -> None:
    """An image of these (compressed) blobs, whatever is said of them."""
    shelf = bench.shelf
    rootfs = {"type": "layers", "diff_ids": diff_ids}
    config = shelf._blob(json.dumps({"os": "linux", "architecture": "amd64", "rootfs": rootfs}).encode())
    described = [shelf._blob(layer) for layer in layers]
    for row, size in zip(described, sizes or [], strict=False):
        row["size"] = size
    kind = "application/vnd.oci.image.manifest.v1+json"
    manifest = {"schemaVersion": 2, "mediaType": kind, "config": config, "layers": described}
    shelf.names.setdefault("library/a", {})["latest"] = shelf._document(kind, manifest)


def sha256(data: bytes) -> str:
    return "sha256:" + hashlib.sha256(data).hexdigest()


@pytest.mark.parametrize("lie", [-1000, 1000])
def test_a_manifest_that_lies_about_a_size_is_refused(bench: Any, tar: Any, lie: int) -> None:
    data = tar(a=noise(1))
    blob = gzip.compress(data)
    push(bench, [blob], [sha256(data)], [len(blob) + lie])
    words = f"failed size validation: {len(blob)} != {len(blob) + lie}: failed precondition"
    assert str(bench.refusal("a:latest")) == words
    assert nothing_left(bench)


@pytest.mark.parametrize("count", [126, 10_000])
def test_more_layers_than_docker_allows_are_not_even_fetched(bench: Any, tar: Any, count: int) -> None:
    data = tar(a=b"a")
    push(bench, [gzip.compress(data)] * count, [sha256(data)] * count)
    assert str(bench.refusal("a:latest")) == "failed to register layer: max depth exceeded"
    assert not [path for _, path in bench.way.log if path.endswith(sha256(gzip.compress(data)))]
    assert nothing_left(bench)


BROKEN = {
    "half a gzip": (lambda tar: gzip.compress(tar)[:-12], "unexpected EOF"),
    "a gzip with a wrong checksum": (lambda tar: gzip.compress(tar)[:-8] + bytes(8), "gzip: invalid checksum"),
    "two gzips, the second one broken": (lambda tar: gzip.compress(tar) + b"\x1f\x8b\x08\0", "unexpected EOF"),
    "something after the gzip": (lambda tar: gzip.compress(tar) + b"x" * 20, "gzip: invalid header"),
    "an unknown compression": (lambda tar: b"LZIP" * 1000, "archive/tar: invalid tar header"),
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_layer_that_cannot_be_uncompressed_is_refused(bench: Any, tar: Any, what: str) -> None:
    make, message = BROKEN[what]
    data = tar(a=noise(1))
    blob = make(data)
    push(bench, [blob], [sha256(data if not what.startswith("an unknown") else blob)])
    assert str(bench.refusal("a:latest")) == f"failed to register layer: {message}"
    assert nothing_left(bench)


def test_an_archive_bomb_is_refused(bench: Any, tar: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "LARGEST", 1_000_000)
    data = tar(a=bytes(5_000_000))
    push(bench, [gzip.compress(data)], [sha256(data)])
    assert str(bench.refusal("a:latest")).startswith("failed to register layer: archive is too large: more than ")
    assert nothing_left(bench)


def test_uncompressing_needs_little_memory_however_much_comes_of_it() -> None:
    packed = gzip.compress(bytes(300 << 20), 1)
    largest = max(map(len, archive.uncompress(io.BytesIO(packed))))
    assert largest <= 1 << 20


# -- a disk that forgets


def test_a_damaged_image_is_left_out_and_the_daemon_starts(
    tmp_path: Path, new_bench: Any, tar: Any, caplog: pytest.LogCaptureFixture
) -> None:
    good, bad, worse = tar(good=noise(1)), tar(bad=noise(2)), tar(worse=noise(3))
    first = new_bench(tmp_path)
    for name, data in (("good", good), ("bad", bad), ("worse", worse), ("gone", tar(gone=b""))):
        first.shelf.push(f"library/{name}", "latest", good, data)
        first.pull(f"{name}:latest")
    ids = {name: first.images.get(name).id for name in ("good", "bad", "worse", "gone")}
    first.engine.state.close()
    blobs = Blobs(tmp_path / "blobs")
    blobs._path(Digest(first.shelf.layer_digest(bad))).write_bytes(b"\x1f\x8b\x08 broken")
    blobs._path(Digest(first.shelf.layer_digest(worse))).write_bytes(gzip.compress(tar(other=b"1")))
    blobs.delete(ids["gone"])
    second = new_bench(tmp_path)
    second.run(second.images.recover())
    assert [image.id for image in second.images.store] == [ids["good"]]
    assert all(ids[name].short in caplog.text for name in ("bad", "worse", "gone"))
    assert not second.images.layers._held and len(second.images.store.layers) == 2
    second.engine.state.close()
    third = new_bench(tmp_path)
    third.run(third.images.recover())
    assert [image.id for image in third.images.store] == [ids["good"]]
