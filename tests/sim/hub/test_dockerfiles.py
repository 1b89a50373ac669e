"""The shelf's Dockerfiles: what they say is what was published, and our own builder makes the same image of them."""

from __future__ import annotations

import io
import tarfile
from typing import Any

import pytest

from containers import Host
from sim.hub import dockerfiles, shelf
from sim.hub.dockerfiles import Step
from sim.hub.shelf import Version

LARGE = 60_000_000  # bytes of the layers that a build has to unpack
VERSIONS = {f"{folder}:{version.tags[0]}": version for folder in shelf.folders()
            for version in shelf.repository(folder).versions}  # fmt: skip
SETTINGS = ("Cmd", "Entrypoint", "ExposedPorts", "Labels", "StopSignal", "User", "Volumes", "WorkingDir")


def weight(version: Version) -> int:
    return sum(step.size for step in dockerfiles.recipe(version).steps)


@pytest.fixture(scope="module")
def host() -> Host:
    return Host()


def test_the_dockerfiles_are_those_that_follow_from_the_catalogue() -> None:
    assert dockerfiles.differing() == [], "if it is meant: glassdock images build"


@pytest.mark.parametrize("name", VERSIONS)
def test_every_layer_has_its_line(name: str) -> None:
    version = VERSIONS[name]
    recipe = dockerfiles.recipe(version)
    assert [step.layer for step in recipe.steps if step.layer] == list(version.layers[recipe.below :])


def test_images_stand_on_images_of_the_shelf() -> None:
    bases = {name: dockerfiles.recipe(version).base for name, version in VERSIONS.items()}
    debian = "debian:trixie-20260918-slim"
    assert {name for name, base in bases.items() if base == debian} == {
        "httpd:latest", "memcached:latest", "nginx:stable", "node:slim", "postgres:latest", "python:slim",
        "redis:latest", *(f"postgres:{major}" for major in range(13, 18)),
        "node:22-slim", "node:20-slim", "node:18-slim",
    }  # fmt: skip
    assert bases["nginx:latest"] == "debian:trixie-20260713-slim"
    assert bases["python:latest"] == bases["node:latest"] == "buildpack-deps:trixie"
    assert bases["mysql:latest"] == "oraclelinux:9-slim"


def built(host: Host, name: str) -> dict[str, Any]:
    """Build the Dockerfile with our builder, without its cache; the image as it is inspected."""
    text, context = dockerfiles.buildable(VERSIONS[name])
    base = dockerfiles.recipe(VERSIONS[name]).base
    if base != "scratch":
        repository, _, tag = base.partition(":")
        host.call("POST", "/images/create", fromImage=repository, tag=tag)
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        for file, data in {"Dockerfile": text.encode(), **context}.items():
            info = tarfile.TarInfo(file)
            info.size, info.mode = len(data), 0o755
            archive.addfile(info, io.BytesIO(data))
    said = host.send("/build", stream.getvalue(), t="built", nocache="1")
    assert "Successfully built" in said, said[-500:]
    image: dict[str, Any] = host.call("GET", "/images/built/json")
    return image


@pytest.mark.parametrize("name", [name for name, version in VERSIONS.items() if weight(version) < LARGE])
def test_our_builder_makes_the_published_image(host: Host, name: str) -> None:
    compare(host, name)


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name, version in VERSIONS.items() if weight(version) >= LARGE])
def test_our_builder_makes_the_large_ones(host: Host, name: str) -> None:
    compare(host, name)


def compare(host: Host, name: str) -> None:
    version = VERSIONS[name]
    image, recipe = built(host, name), dockerfiles.recipe(version)
    published = shelf.catalogue()[version.like]["config"]
    for setting in SETTINGS:
        wanted = published.get(setting) or None
        found = image["Config"].get(setting) or None
        assert (sorted(found) if isinstance(found, dict) and not isinstance(wanted, dict) else found) == (
            sorted(wanted) if setting in ("ExposedPorts", "Volumes") and wanted else wanted
        ), setting
    assert set(published.get("Env", ())) <= set(image["Config"]["Env"] or ())
    history = host.call("GET", "/images/built/history")[: len(recipe.steps)][::-1]
    assert [word_of(line["CreatedBy"]) for line in history] == [builder_word(step) for step in recipe.steps]


def word_of(created_by: str) -> str:
    """The instruction of a line that the classic builder wrote."""
    return created_by.removeprefix("/bin/sh -c #(nop)").strip().partition(" ")[0]


def builder_word(step: Step) -> str:
    return "ADD" if step.word == "RUN" else step.word


def test_a_changed_file_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = {**dockerfiles.texts(), "nginx/Dockerfile": "FROM scratch\n"}
    monkeypatch.setattr(dockerfiles, "texts", lambda: texts)
    assert dockerfiles.differing() == ["nginx/Dockerfile"]
