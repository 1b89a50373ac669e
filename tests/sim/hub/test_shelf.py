"""The shelf: the same layers everywhere, as large and as shared as the published ones."""

from __future__ import annotations

import gzip
import hashlib
import io
import tarfile
import tomllib
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.image.digest import Digest
from sim.hub import deflate, recipes, shelf
from sim.hub.segments import Run, Segments
from sim.programs import registry

LAYERS = shelf.all_layers()
SMALL = 12_000_000  # bytes; hashing more takes long


def sizes(*names: str) -> dict[str, set[tuple[str, int]]]:
    """{image: {(layer, bytes)}} from the manifests that the shelf shows."""
    return {name: set(stack(name)) for name in names}


def stack(name: str) -> list[tuple[str, int]]:
    repository, _, tag = name.partition(":")
    about = shelf.repository(repository)
    version = next(version for version in about.versions if tag in version.tags)
    return [(shelf.lock()[layer.key].digest, layer.size) for layer in shelf.stack(version, "amd64")]


@pytest.mark.parametrize("key", [key for key, layer in LAYERS.items() if layer.size < SMALL])
def test_layers_have_the_locked_digests(key: str) -> None:
    assert shelf.measure(LAYERS[key]) == shelf.lock()[key], "if it is meant: glassdock images build"


@pytest.mark.slow
@pytest.mark.parametrize("key", [key for key, layer in LAYERS.items() if layer.size >= SMALL])
def test_large_layers_have_the_locked_digests(key: str) -> None:
    assert shelf.measure(LAYERS[key]) == shelf.lock()[key], "if it is meant: glassdock images build"


def test_the_lock_has_every_layer_and_no_other() -> None:
    assert set(shelf.lock()) == set(LAYERS)


@pytest.mark.parametrize("key", ["b05093807bb0/amd64", "2f4636dca226/amd64", "325b1e560d63/amd64"])
def test_layers_are_gzip_and_tar_as_other_programs_read_them(key: str) -> None:
    layer = LAYERS[key]
    archive = layer.archive()
    packed = archive.blob.whole()
    assert len(packed) == layer.size and gzip.decompress(packed) == archive.tar
    with tarfile.open(fileobj=io.BytesIO(archive.tar)) as opened:
        members = opened.getmembers()
    assert len({member.name for member in members}) == len(members)
    unpacked = sum(member.size for member in members)
    assert unpacked == 0 or unpacked == pytest.approx(layer.size * recipes.SWELLING, rel=0.01)


def test_the_empty_layer_is_the_one_that_every_registry_knows() -> None:
    digest = shelf.lock()["4f4fb700ef54/amd64"].digest
    assert digest == "sha256:4f4fb700ef54461cfa02571ae0db9a0dc1e0cdb5577484a6d75e68dc38e8acc1"


def test_images_weigh_what_was_published() -> None:
    total = {name: sum(size for _, size in stack(name)) for name in ("alpine:latest", "httpd:latest", "node:latest")}
    assert total == {"alpine:latest": 3_849_738, "httpd:latest": 45_292_773, "node:latest": 440_298_459}


def test_one_debian_carries_many_images_and_an_older_one_none_of_them() -> None:
    together = sizes(
        "httpd:latest", "memcached:1", "nginx:stable", "node:slim", "postgres:18", "python:slim", "redis:8"
    )
    base = next(layer for layer in together["httpd:latest"] if layer[1] == 29_830_418)
    assert all(base in layers for layers in together.values())
    assert sum(size for layers in together.values() for _, size in layers) == 484_605_372
    assert sum(size for _, size in set.union(*together.values())) == 305_622_832
    newest = sizes("nginx:latest")["nginx:latest"]
    assert not any(newest & layers for layers in together.values())


def test_manifests_are_for_two_platforms_with_programs_of_their_own() -> None:
    amd, arm = (recipes.read(shelf.IMAGES, "busybox/root", machine) for machine in shelf.MACHINES)
    assert [entry.path for entry in amd.entries] == [entry.path for entry in arm.entries]
    assert recipes.program("busybox") != recipes.program("busybox", "arm64")


@given(st.binary(max_size=3000), st.integers(0, 200_000))
def test_archives_are_of_the_size_that_was_asked_for(data: bytes, more: int) -> None:
    data = data or b"x"
    size = len(deflate.text(data)) + 18 + more
    try:
        packed = Segments(deflate.gzip(data, zlib.crc32(data), size)).whole()
    except ValueError:
        assert more < 5 * (1 + len(data) // 65535)
        return
    assert len(packed) == size and gzip.decompress(packed) == data


parts = st.lists(
    st.one_of(st.binary(max_size=40), st.builds(Run, st.binary(min_size=1, max_size=5), st.integers(0, 90)))
)


@given(parts, st.integers(0, 500), st.integers(0, 500))
def test_any_range_of_a_long_sequence_can_be_read(parts: list[bytes | Run], start: int, size: int) -> None:
    whole = b"".join(part.pattern * part.count if isinstance(part, Run) else part for part in parts)
    segments = Segments(parts)
    assert segments.size == len(whole)
    assert b"".join(segments.read(start, start + size)) == whole[start : start + size]


def test_digests_are_of_what_is_sent() -> None:
    found = shelf.Shelf()
    document = found.manifest("library/hello-world", "latest")
    assert document is not None and found.manifest("library/hello-world", document.digest) == document
    digest = next(iter(found.layers("library/hello-world")))
    blob = found.blob("library/hello-world", digest)
    assert blob is not None
    assert Digest("sha256:" + hashlib.sha256(b"".join(blob.read())).hexdigest()) == digest


def test_every_program_on_the_shelf_can_be_run() -> None:
    names = {
        entry.data.partition(b":")[2].partition(b"\n")[0].decode()
        for layer in LAYERS.values()
        for entry in recipes.read(shelf.IMAGES, layer.folder).entries
        if entry.data.startswith(b"\x7fELF")
    }
    assert [name for name in sorted(names) if registry.find(name, [name]) is None] == []


def test_busybox_has_a_link_for_each_of_its_applets() -> None:
    table = tomllib.loads((shelf.IMAGES / "applets.toml").read_text("utf-8"))
    assert sorted(name for names in table.values() for name in names) == sorted(registry.APPLETS)
