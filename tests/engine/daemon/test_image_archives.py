"""docker save and docker load, through the API: what comes out is true, what goes in is not trusted."""

from __future__ import annotations

import bz2
import gzip
import hashlib
import io
import json
import lzma
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from saved_archive import check

EMPTY = bytes(1024)


def save(docker: Any, *names: str) -> bytes:
    return docker.connection.request("GET", "/v1.50/images/get", {"names": names}, {}, b"").read()


def load(docker: Any, archive: bytes, quiet: bool = True) -> list[str]:
    """The lines that docker load prints; the last one may be an error."""
    answer = docker.connection.request("POST", "/v1.50/images/load", {"quiet": "1" if quiet else "0"}, {}, archive)
    assert answer.status == 200
    lines = [json.loads(line) for line in answer.read().splitlines()]
    return [line.get("stream") or line.get("error") or line["status"] for line in lines]


def ids(docker: Any) -> dict[str, str]:
    return {name: row["Id"] for row in docker.get("/images/json") for name in row["RepoTags"]}


def kept(docker: Any) -> tuple[Any, ...]:
    """Everything that a store holds: rows, blobs, layers on the host; and nothing is under way."""
    images = docker.engine.images
    docker.loop.run_ready()
    assert not images.layers.busy and not images.layers._held
    folder = images.store.blobs._root
    assert folder is None or not list(folder.glob("*.part"))
    return sorted(images.store.blobs), sorted(images.store.layers), sorted(image.id for image in images.store)


def digest(data: bytes) -> str:
    return "sha256:" + hashlib.sha256(data).hexdigest()


def tar(files: dict[str, bytes | tarfile.TarInfo]) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        for name, data in files.items():
            member = tarfile.TarInfo(name) if isinstance(data, bytes) else data
            member.size = len(data) if isinstance(data, bytes) else 0
            archive.addfile(member, io.BytesIO(data) if isinstance(data, bytes) else None)
    return stream.getvalue()


def link(name: str, target: str, kind: bytes = tarfile.SYMTYPE) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind, target
    return member


LAYER = tar({"hello": b"world"})


def config(*layers: bytes, **more: Any) -> bytes:
    rootfs = {"type": "layers", "diff_ids": [digest(layer) for layer in layers]}
    return json.dumps({"architecture": "amd64", "os": "linux", "config": {}, "rootfs": rootfs, **more}).encode()


def old_layout(layers: dict[str, Any], raw: bytes, paths: list[str], tags: list[str] | None) -> dict[str, Any]:
    """As docker save wrote it before 25.0: <id>/layer.tar and <digest>.json."""
    manifest = [{"Config": "c.json", "RepoTags": tags, "Layers": paths}]
    return {**layers, "c.json": raw, "manifest.json": json.dumps(manifest).encode()}


GOOD = old_layout({"1/layer.tar": LAYER}, config(LAYER), ["1/layer.tar"], ["x:1"])


@pytest.fixture(params=["memory", "durable"])
def any_docker(request: pytest.FixtureRequest, make_docker: Callable[..., Any], tmp_path: Path) -> Any:
    return make_docker(None if request.param == "memory" else tmp_path)


def test_a_saved_image_is_true_in_every_digest_and_size(any_docker: Any) -> None:
    any_docker.ask("POST", "/images/create", fromImage="hello-world", tag="latest")
    archive = save(any_docker, "busybox", "hello-world:latest")
    known = ids(any_docker)
    assert check(archive) == {
        known["busybox:latest"]: ["busybox:latest"],
        known["hello-world:latest"]: ["hello-world:latest"],
    }
    assert save(any_docker, "busybox", "hello-world:latest") == archive


def test_an_image_comes_back_from_its_archive_as_it_was(any_docker: Any) -> None:
    archive, before = save(any_docker, "busybox"), any_docker.get("/images/busybox/json")
    any_docker.ask("DELETE", "/images/busybox")
    assert kept(any_docker) == ([], [], [])
    assert load(any_docker, archive) == ["Loaded image: busybox:latest\n"]
    after = any_docker.get("/images/busybox/json")
    assert {key for key in before if before[key] != after[key]} <= {"RepoDigests", "Metadata"}
    assert save(any_docker, "busybox") == archive
    any_docker.run("true")
    assert any_docker.wait() == 0


def test_a_repository_is_all_its_tags_and_an_id_has_no_name(docker: Any) -> None:
    docker.post("/images/busybox/tag", repo="busybox", tag="other")
    [(id, names)] = check(save(docker, "busybox")).items()
    assert names == ["busybox:latest", "busybox:other"]
    assert check(save(docker, id[7:19], "busybox:other")) == {id: ["busybox:other"]}
    nameless = save(docker, id)
    assert check(nameless) == {id: []}
    docker.ask("DELETE", "/images/busybox:latest")
    docker.ask("DELETE", "/images/busybox:other")
    assert load(docker, nameless) == [f"Loaded image ID: {id}\n"]
    assert docker.get("/images/json")[0]["RepoTags"] == []


def test_names_that_mean_nothing_are_refused_before_the_first_byte(docker: Any) -> None:
    for names, message in (
        (["nosuch"], "no such image: nosuch"),
        (["busybox", "nosuch:1"], "reference does not exist"),
        (["sha256:" + "0" * 64], "no such image: sha256:" + "0" * 64),
    ):
        answer = docker.connection.request("GET", "/v1.50/images/get", {"names": names}, {}, b"")
        assert (answer.status, json.loads(answer.read())) == (404, {"message": message})


def test_an_image_may_be_removed_while_it_is_being_saved(docker: Any) -> None:
    whole = save(docker, "busybox")
    archive = docker.engine.images.save(["busybox"])
    first = docker.loop.run(anext(archive))
    docker.ask("DELETE", "/images/busybox")

    async def rest() -> bytes:
        return b"".join([piece async for piece in archive])

    assert first + docker.loop.run(rest()) == whole
    assert kept(docker) == ([], [], [])


def test_a_client_that_goes_away_ends_the_saving(docker: Any) -> None:
    archive = docker.engine.images.save(["busybox"])
    docker.loop.run(anext(archive))
    assert docker.engine.images.layers._held
    docker.loop.run(archive.aclose())
    kept(docker)


def zstd(data: bytes) -> bytes:
    return bytes(pytest.importorskip("zstandard").compress(data))


@pytest.mark.parametrize("pack", [zstd, gzip.compress, bz2.compress, lzma.compress])
def test_archives_may_be_compressed(docker: Any, pack: Callable[[bytes], bytes]) -> None:
    assert load(docker, pack(tar(GOOD))) == ["Loaded image: x:1\n"]


def test_progress_is_told_unless_quiet(docker: Any) -> None:
    assert load(docker, tar(GOOD), quiet=False) == ["Loading layer", "Loaded image: x:1\n"]
    assert load(docker, tar(GOOD), quiet=False) == ["Loaded image: x:1\n"]  # the layer is here


def test_a_name_that_moves_to_a_loaded_image_is_told(docker: Any) -> None:
    before = ids(docker)["busybox:latest"]
    archive = tar(old_layout({"1": LAYER}, config(LAYER), ["1"], ["busybox:latest"]))
    assert load(docker, archive) == [
        f"The image busybox:latest already exists, renaming the old one with ID {before} to empty string\n",
        "Loaded image: busybox:latest\n",
    ]
    assert docker.get(f"/images/{before}/json")["RepoTags"] == []


def test_the_layout_of_older_dockers_shares_layers_by_links(docker: Any) -> None:
    other = tar({"b": b"2"})
    layers = {
        "1/layer.tar": LAYER,
        "2/layer.tar": link("2/layer.tar", "../1/layer.tar"),
        "3/layer.tar": gzip.compress(other),
        "4/layer.tar": link("4/layer.tar", "3/layer.tar", tarfile.LNKTYPE),
    }
    paths = ["1/layer.tar", "2/layer.tar", "4/layer.tar"]
    archive = tar(old_layout(layers, config(LAYER, LAYER, other), paths, ["x:1"]))
    assert load(docker, archive) == ["Loaded image: x:1\n"]
    assert list(check(save(docker, "x:1")).values()) == [["x:1"]]


def test_an_image_built_on_another_one_finds_its_parent_again(docker: Any) -> None:
    base, child = config(LAYER), config(LAYER, comment="child")
    manifest = [
        {"Config": "child", "RepoTags": ["child:1"], "Layers": ["l"], "Parent": digest(base)},
        {"Config": "base", "RepoTags": None, "Layers": ["l"]},
    ]
    load(docker, tar({"l": LAYER, "child": child, "base": base, "manifest.json": json.dumps(manifest).encode()}))
    assert docker.get("/images/child:1/json")["Parent"] == digest(base)
    archive = save(docker, digest(base), "child:1")
    docker.ask("DELETE", "/images/child:1")
    assert load(docker, archive) == ["Loaded image: child:1\n"]
    assert docker.get("/images/child:1/json")["Parent"] == digest(base)


# -- OCI archives


def oci(*layers: bytes, annotations: dict[str, str] | None = None, nested: bool = False, **more: Any) -> dict[str, Any]:
    """An OCI image layout with compressed layers, without Docker's manifest.json."""
    files: dict[str, Any] = {"oci-layout": b'{"imageLayoutVersion":"1.0.0"}'}

    def blob(data: bytes, kind: str) -> dict[str, Any]:
        files[f"blobs/sha256/{digest(data)[7:]}"] = data
        return {"mediaType": kind, "digest": digest(data), "size": len(data)}

    manifest = {
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.manifest.v1+json",
        "config": blob(config(*layers), "application/vnd.oci.image.config.v1+json"),
        "layers": [blob(gzip.compress(layer), "application/vnd.oci.image.layer.v1.tar+gzip") for layer in layers],
    } | more
    top = blob(json.dumps(manifest).encode(), manifest["mediaType"])
    if nested:
        kind = "application/vnd.oci.image.index.v1+json"
        listed = [top | {"platform": {"os": "linux", "architecture": "amd64"}}]
        listed.insert(0, blob(b"{}", manifest["mediaType"]) | {"platform": {"os": "linux", "architecture": "s390x"}})
        top = blob(json.dumps({"schemaVersion": 2, "mediaType": kind, "manifests": listed}).encode(), kind)
    if annotations is not None:
        top["annotations"] = annotations
    files["index.json"] = json.dumps({"schemaVersion": 2, "manifests": [top]}).encode()
    return files


@pytest.mark.parametrize(
    ("annotations", "said"),
    [
        ({"io.containerd.image.name": "docker.io/library/x:2"}, "Loaded image: x:2\n"),
        ({"org.opencontainers.image.ref.name": "quay.io/a/b:3"}, "Loaded image: quay.io/a/b:3\n"),
        ({"org.opencontainers.image.ref.name": "latest"}, f"Loaded image ID: {digest(config(LAYER))}\n"),
        (None, f"Loaded image ID: {digest(config(LAYER))}\n"),
    ],
)
@pytest.mark.parametrize("nested", [False, True])
def test_oci_archives_are_loaded_too(docker: Any, annotations: Any, said: str, nested: bool) -> None:
    assert load(docker, tar(oci(LAYER, annotations=annotations, nested=nested))) == [said]


# -- what is refused


def changed(base: dict[str, Any], **files: Any) -> bytes:
    """`base` with other files; __ stands for a dot, None takes one away."""
    names = {name.replace("__", "."): data for name, data in files.items()}
    return tar({name: data for name, data in (base | names).items() if data is not None})


DEEP = [tar({f"{number}": b""}) for number in range(126)]
NO_FILE = "open /var/lib/docker/tmp/docker-import-*: no such file or directory"
BROKEN = {
    "no archive": (b"garbage\n", "unexpected EOF"),
    "no archive of a block or more": (b"garbage\n" * 99, "archive/tar: invalid tar header"),
    "half a compressed archive": (gzip.compress(tar(GOOD))[:-20], "unexpected EOF"),
    "a compressed archive with a wrong byte": (gzip.compress(tar(GOOD))[:-8] + bytes(8), "gzip: invalid checksum"),
    "an archive cut in the middle of a file": (tar(GOOD)[:2000], "unexpected EOF"),
    "no manifest": (changed(GOOD, manifest__json=None), NO_FILE),
    "no configuration": (changed(GOOD, c__json=None), NO_FILE),
    "no layer": (changed(GOOD, **{"1/layer.tar": None}), NO_FILE),
    "a manifest that is no JSON": (changed(GOOD, manifest__json=b"[{]"), "invalid character*"),
    "a manifest that is null": (changed(GOOD, manifest__json=b"null"), "invalid manifest, manifest cannot be null*"),
    "a manifest of something else": (changed(GOOD, manifest__json=b'{"a": 1}'), "invalid manifest, *"),
    "paths that are numbers": (changed(GOOD, manifest__json=b'[{"Config": 1, "Layers": [2]}]'), "invalid manifest, *"),
    "JSON deeper than deep": (changed(GOOD, manifest__json=b"[" * 100_000), "exceeded max depth"),
    "a configuration that is none": (changed(GOOD, c__json=b"{}"), "invalid image JSON, no RootFS key"),
    "a configuration for Windows": (changed(GOOD, c__json=config(LAYER, os="windows")), "cannot load windows*"),
    "another layer than promised": (
        changed(GOOD, **{"1/layer.tar": tar({"other": b"x"})}),
        f'invalid diffID for layer 0: expected "{digest(LAYER)}", got "*"',
    ),
    "more layers than files": (
        changed(GOOD, c__json=config(LAYER, LAYER)), "invalid manifest, layers length mismatch: expected 1, got 2",
    ),
    "more layers than Docker allows": (
        tar(old_layout({str(n): one for n, one in enumerate(DEEP)}, config(*DEEP), list(map(str, range(126))), None)),
        "max depth exceeded",
    ),
    "a layer that is no archive": (
        tar(old_layout({"1": b"x" * 2000}, config(b"x" * 2000), ["1"], None)), "archive/tar: invalid tar header",
    ),
    "a layer that leads out": (
        tar(old_layout({"1": tar({"../x": b""})}, config(tar({"../x": b""})), ["1"], None)), "*outside of the root",
    ),
    "a name that leads out": (changed(GOOD, **{"../../etc/x": b"1"}), '"../../etc/x" is outside of *'),
    "a symbolic link that leads out": (
        changed(GOOD, **{"1/layer.tar": link("1/layer.tar", "../../../../../../etc/passwd")}), "invalid symlink *",
    ),
    "a hard link that leads out": (
        changed(GOOD, **{"1/layer.tar": link("1/layer.tar", "../../etc/passwd", tarfile.LNKTYPE)}), "invalid hardlink*",
    ),
    "links in a circle": (changed(GOOD, c__json=link("c.json", "c.json")), "*too many levels of symbolic links"),
    "a manifest that points outside": (
        changed(GOOD, manifest__json=b'[{"Config": "../../../../etc/passwd", "Layers": []}]'), NO_FILE,
    ),
    "a name with control characters": (
        changed(GOOD, manifest__json=b'[{"Config":"c.json","Layers":["1/layer.tar"],"RepoTags":["a\\u0007b:1"]}]'),
        "invalid reference format",
    ),
    "a name without a tag": (
        changed(GOOD, manifest__json=b'[{"Config":"c.json","Layers":["1/layer.tar"],"RepoTags":["a"]}]'),
        'invalid tag "a"',
    ),
    "an OCI manifest with a wrong byte": (
        tar({name: data.replace(b"gzip", b"gzap") if b"layers" in data else data for name, data in oci(LAYER).items()}),
        "verification failed for digest sha256:*",
    ),
    "an OCI manifest that lies about sizes": (
        tar(oci(LAYER, layers=[{"mediaType": "x", "digest": digest(gzip.compress(LAYER)), "size": 5}])),
        "blobs/sha256/* has * bytes and not 5, as its descriptor says",
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", BROKEN)
def test_a_bad_archive_is_refused_and_leaves_nothing(any_docker: Any, what: str) -> None:
    from fnmatch import fnmatchcase

    archive, message = BROKEN[what]
    before = kept(any_docker)
    [said] = load(any_docker, archive)
    escaped = message.replace("[", "[[]")
    assert fnmatchcase(said, escaped), said
    assert kept(any_docker) == before
    assert load(any_docker, tar(GOOD)) == ["Loaded image: x:1\n"]


def test_a_small_archive_that_becomes_gigabytes_is_refused(docker: Any) -> None:
    bomb = bz2.compress(bytes(100 << 20))
    before = kept(docker)
    [said] = load(docker, bomb)
    assert said.startswith("archive is too large: more than ")
    assert kept(docker) == before


def test_125_layers_are_not_too_many(docker: Any) -> None:
    layers = DEEP[:125]
    files = {str(number): one for number, one in enumerate(layers)}
    assert load(docker, tar(old_layout(files, config(*layers), list(files), ["deep:1"]))) == ["Loaded image: deep:1\n"]
    assert len(docker.get("/images/deep:1/json")["RootFS"]["Layers"]) == 125


json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=5), st.sampled_from(["c.json", "1/layer.tar"])),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from(["Config", "Layers", "RepoTags", "Parent", "x"]), inner, max_size=4),
    ),
    max_leaves=8,
)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(manifest=st.lists(json_values, max_size=3) | json_values)
def test_whatever_a_manifest_says_it_is_loaded_or_refused(docker: Any, manifest: Any) -> None:
    for line in load(docker, changed(GOOD, manifest__json=json.dumps(manifest).encode())):
        assert line
    kept(docker)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(damage=st.lists(st.tuples(st.integers(0, len(tar(GOOD)) - 1), st.integers(0, 255)), min_size=1, max_size=6))
def test_a_damaged_archive_is_loaded_or_refused(docker: Any, damage: list[tuple[int, int]]) -> None:
    data = bytearray(tar(GOOD))
    for place, value in damage:
        data[place] = value
    said = load(docker, bytes(data))
    if said == ["Loaded image: x:1\n"]:
        check(save(docker, "x:1"))
    kept(docker)


def test_many_loads_and_a_removal_at_once_are_one_after_the_other_in_effect(any_docker: Any) -> None:
    images = any_docker.engine.images

    async def loaded(data: bytes) -> list[Any]:
        async def pieces() -> Any:
            for at in range(0, len(data), 700):
                yield data[at : at + 700]
                await any_docker.loop.sleep(0)

        return [told async for told in images.load(pieces())]

    async def removed() -> list[Any]:
        await any_docker.loop.sleep(0)
        return list(await images.remove("busybox"))

    archive = tar(GOOD)
    any_docker.loop.run(any_docker.loop.gather(loaded(archive), removed(), loaded(archive), loaded(archive)))
    assert list(ids(any_docker)) == ["x:1"]
    assert len(kept(any_docker)[0]) == 2  # one layer, one configuration
