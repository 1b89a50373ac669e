"""Manifests of both formats, and which one is for this machine."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.image import config, manifest
from engine.image.digest import Digest
from engine.image.manifest import Index, Manifest, ManifestError, Platform, PlatformError
from engine.image.pattern import familiar_match
from engine.image.reference import Reference

ONE = {"mediaType": "x", "digest": f"sha256:{'1' * 64}", "size": 7}


def index(*platforms: str) -> Index:
    entries = []
    for number, text in enumerate(platforms):
        platform = dict(zip(("os", "architecture", "variant"), text.split("/"), strict=False))
        entries.append({"digest": f"sha256:{number:064x}", "size": 1, "platform": platform})
    read = manifest.parse(json.dumps({"schemaVersion": 2, "manifests": entries}).encode(), manifest.OCI_INDEX)
    assert isinstance(read, Index)
    return read


@pytest.mark.parametrize("kind", [manifest.OCI_MANIFEST, manifest.DOCKER_MANIFEST])
def test_a_manifest_keeps_its_exact_bytes(kind: str) -> None:
    raw = json.dumps({"schemaVersion": 2, "mediaType": kind, "config": ONE, "layers": [ONE], "extra": 1}).encode()
    read = manifest.parse(raw, kind)
    assert isinstance(read, Manifest) and read.digest == Digest.of(raw) and read.raw == raw
    assert read.layers[0].size == 7


@pytest.mark.parametrize(
    ("machine", "offers", "chosen"),
    [
        ("linux/amd64", ["linux/arm64", "linux/amd64"], 1),
        ("linux/x86_64", ["linux/386", "linux/amd64"], 1),
        ("linux/amd64", ["linux/arm64", "linux/386"], 1),
        ("linux/arm64", ["linux/arm/v7", "linux/arm64/v8"], 1),
        ("linux/arm/v7", ["linux/arm/v5", "linux/arm/v6"], 1),
        ("linux/arm/v6", ["linux/arm/v7", "linux/arm/v5"], 1),
    ],
)
def test_the_best_that_the_machine_can_run_is_chosen(machine: str, offers: list[str], chosen: int) -> None:
    assert index(*offers).choose(Platform.parse(machine)).digest.endswith(f"{chosen:x}")


@pytest.mark.parametrize(
    ("machine", "named"), [("linux/amd64", "linux/amd64"), ("linux/arm64", "linux/arm64/v8"), ("arm", "linux/arm/v7")]
)
def test_nothing_for_this_machine_is_said_in_dockers_words(machine: str, named: str) -> None:
    with pytest.raises(ManifestError, match=f"^no matching manifest for {named} in the manifest list entries$"):
        index("linux/s390x").choose(Platform.parse(machine))


@pytest.mark.parametrize("text", ["", "linux/", "a/b/c/d", "linux/am d64", "nosuch", "é"])
def test_a_platform_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(PlatformError, match="invalid argument"):
        Platform.parse(text)


@pytest.mark.parametrize(
    "document",
    [
        [],
        {},
        {"schemaVersion": 1},
        {"schemaVersion": 2, "layers": []},
        {"schemaVersion": 2, "config": ONE, "layers": [{"digest": "sha256:12"}]},
        {"schemaVersion": 2, "config": {**ONE, "size": "7"}, "layers": []},
        {"schemaVersion": 2, "mediaType": manifest.OCI_INDEX, "manifests": [], "config": ONE},
        {"schemaVersion": 2, "mediaType": "text/plain"},
        {"schemaVersion": 2, "config": ONE, "layers": 7},
        {"schemaVersion": 2, "manifests": [ONE], "config": ONE, "layers": []},
    ],
)
def test_what_is_no_manifest_is_refused(document: Any) -> None:
    with pytest.raises(ManifestError):
        manifest.parse(json.dumps(document).encode())


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=10,
)


@given(st.dictionaries(st.sampled_from(["schemaVersion", "mediaType", "config", "layers", "manifests"]), json_values))
def test_hostile_manifests_are_refused_without_harm(document: dict[str, Any]) -> None:
    with pytest.raises(ManifestError):
        manifest.parse(json.dumps({"schemaVersion": 2, "layers": 0} | document).encode())


@given(st.dictionaries(st.sampled_from(["os", "config", "rootfs", "history", "created", "architecture"]), json_values))
def test_hostile_configurations_are_refused_without_harm(document: dict[str, Any]) -> None:
    try:
        config.parse(json.dumps(document).encode())
    except config.ConfigError:
        return
    assert isinstance(document["rootfs"], dict)


def test_a_configuration_is_read() -> None:
    check = {"Test": ["CMD-SHELL", "true"], "Interval": 5_000_000_000, "Retries": 3}
    settings = {"Env": ["A=1"], "Cmd": ["sh"], "ExposedPorts": {"80/tcp": {}}, "Volumes": {"/d": {}}}
    settings |= {"Healthcheck": check, "Labels": {"k": "v"}, "StopSignal": "SIGINT", "Shell": ["sh", "-c"]}
    image = config.parse(json.dumps({"os": "linux", "config": settings, "rootfs": {"diff_ids": []}}).encode())
    assert image.config.exposed_ports == ("80/tcp",) and image.config.volumes == ("/d",)
    assert image.config.healthcheck is not None and image.config.healthcheck.interval == 5_000_000_000
    assert image.config.labels == {"k": "v"} and image.chain == ""


@pytest.mark.parametrize(
    ("name", "pattern", "matches"),
    [
        ("foo", "foo/**/ba[rz]", False),
        ("foo/a/bar", "foo/**/ba[rz]", True),
        ("foo/c/baz:tag", "foo/**/ba[rz]", True),
        ("foo/c/baz:tag", "foo/*/baz:tag", True),
        ("foo/c/baz:tag", "foo/c/ba[^a-y]:t?g", True),
        ("example.com/foo/c/baz:tag", "*/foo/c/baz", True),
        ("example.com/foo/c/baz:tag", "example.com/foo/c/baz", True),
        ("alpine:3.22", "alp*", True),
        ("alpine:3.22", "alpine:3.2?", True),
        ("alpine:3.22", "*:3.21", False),
    ],
)
def test_patterns_match_as_gos(name: str, pattern: str, matches: bool) -> None:
    assert familiar_match(pattern, Reference.parse(name)) is matches


@pytest.mark.parametrize("pattern", ["[", "[a", "[]", "[-x]", "x\\", "[^]"])
def test_a_bad_pattern_is_refused(pattern: str) -> None:
    with pytest.raises(Exception, match=r"^syntax error in pattern$"):
        familiar_match(pattern, Reference.parse("x"))


@given(st.text(alphabet="ab*?[]^-\\/", max_size=12))
def test_any_pattern_matches_or_is_refused(pattern: str) -> None:
    try:
        familiar_match(pattern, Reference.parse("a/b"))
    except Exception as error:
        assert str(error) == "syntax error in pattern"
