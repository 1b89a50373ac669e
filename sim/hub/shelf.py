"""What lies on the hub's shelf: the folders of images/ as repositories of an OCI registry.

`images/catalogue.json` says which layers an image has and what they weigh; `images/NAME/image.toml` which folder fills
each of them; `images/lock.json` which digests come out. So a manifest costs a few dictionary accesses, and a layer is
made when somebody asks for it, byte for byte the same on every machine. `glassdock images build` writes the lock anew.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.distribution.registry import Blob, Document
from engine.image.digest import Digest
from engine.image.manifest import OCI_INDEX, OCI_MANIFEST
from sim.hub.derived import worked_out
from sim.hub.segments import Segments

if TYPE_CHECKING:
    from sim.hub import recipes

IMAGES = Path(__file__).parents[2] / "images"
OFFICIAL = "library/"
MACHINES: Mapping[str, Mapping[str, str]] = {
    "amd64": {"architecture": "amd64", "os": "linux"},
    "arm64": {"architecture": "arm64", "os": "linux", "variant": "v8"},
}
PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
CONFIG = "application/vnd.oci.image.config.v1+json"


@dataclass(frozen=True, slots=True)
class Layer:
    """`key` names it in the lock; `folder` below images/; `size` of the archive as it travels, bytes."""

    key: str
    folder: str
    size: int
    created: str
    machine: str

    def archive(self) -> recipes.Archive:
        from sim.hub import recipes  # only who asks for a layer pays for the reader of recipes

        return recipes.build(recipes.read(IMAGES, self.folder, self.machine), self.size, self.created)


@dataclass(frozen=True, slots=True)
class Locked:
    """What is known of a layer without making it."""

    digest: str
    diff_id: str


@dataclass(frozen=True, slots=True)
class Version:
    """One image under its tags. `like`: its name in the catalogue; `layers`: folders below images/, bottom first."""

    tags: tuple[str, ...]
    like: str
    layers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Repository:
    """One folder of images/ with an image.toml. Its `name` is the folder's, or "OWNER/NAME" as the file says."""

    name: str
    description: str
    stars: int
    versions: tuple[Version, ...]

    @property
    def official(self) -> bool:
        return "/" not in self.name

    @property
    def path(self) -> str:
        """As a registry has it."""
        return OFFICIAL + self.name if self.official else self.name


class LazyLayer:
    """A blob whose size is known before its bytes are."""

    __slots__ = ("_layer", "size")

    def __init__(self, layer: Layer) -> None:
        self._layer, self.size = layer, layer.size

    def read(self, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        return _archive(self._layer).blob.read(start, end)


@lru_cache(maxsize=64)
def _archive(layer: Layer) -> recipes.Archive:
    return layer.archive()


@dataclass(slots=True)
class _Shown:
    """A repository, worked out: its documents by tag and digest, its blobs by digest."""

    tags: dict[str, Document] = field(default_factory=dict)
    documents: dict[str, Document] = field(default_factory=dict)
    blobs: dict[str, Blob] = field(default_factory=dict)


class Shelf:
    """A `Storage` of engine/distribution/registry.py. There is one shelf, however many hubs stand before it."""

    def repositories(self) -> Sequence[str]:
        return list(_found())

    def about(self, name: str) -> Repository:
        """Raises KeyError."""
        return repository(_found()[name])

    def tags(self, name: str) -> Sequence[str] | None:
        shown = _show(name)
        return None if shown is None else list(shown.tags)

    def manifest(self, name: str, reference: str) -> Document | None:
        shown = _show(name)
        return None if shown is None else shown.tags.get(reference) or shown.documents.get(reference)

    def blob(self, name: str, digest: str) -> Blob | None:
        shown = _show(name)
        return None if shown is None else shown.blobs.get(digest)

    def layers(self, name: str) -> set[str]:
        """Digests of the layers of a repository."""
        shown = _show(name)
        return {digest for digest, blob in shown.blobs.items() if isinstance(blob, LazyLayer)} if shown else set()


@cache
def _found() -> Mapping[str, str]:
    """{repository: folder}"""
    return {repository(folder).path: folder for folder in folders()}


@cache
def _show(name: str) -> _Shown | None:
    """A repository's documents and blobs, once for all hubs: nobody writes to it. None: there is none of this name."""
    if name not in _found():
        return None
    shown = _Shown()
    for version in repository(_found()[name]).versions:
        shown.tags |= dict.fromkeys(version.tags, _add_index(shown, version))
    return shown


@lru_cache
def catalogue() -> Mapping[str, Any]:
    """{"alpine:latest": {"config", "layers": [{"published", "size"}], "history": [{"created", "created_by", …}]}}"""
    return worked_out(json.loads((IMAGES / "catalogue.json").read_text("utf-8"))["images"])


@lru_cache
def lock() -> Mapping[str, Locked]:
    """{layer's key: Locked}"""
    document = json.loads((IMAGES / "lock.json").read_text("utf-8"))
    return {key: Locked(*entry) for key, entry in document["layers"].items()}


@lru_cache
def repository(folder: str) -> Repository:
    """Raises KeyError for a folder that has no image.toml."""
    import tomllib

    about = tomllib.loads((IMAGES / folder / "image.toml").read_text("utf-8"))
    versions = (Version(tuple(row["tags"]), row["like"], tuple(row["layers"])) for row in about["version"])
    return Repository(about.get("name", folder), about["description"], about["stars"], tuple(versions))


def stack(version: Version, machine: str) -> list[Layer]:
    """The layers of an image, bottom first."""
    facts = catalogue()[version.like]
    dates = [line["created"] for line in facts["history"] if not line.get("empty_layer")]
    return [
        Layer(f"{layer['published']}/{machine}", folder, layer["size"], created, machine)
        for layer, folder, created in zip(facts["layers"], version.layers, dates, strict=True)
    ]


def folders() -> list[str]:
    """The repositories."""
    return sorted(path.parent.name for path in IMAGES.glob("*/image.toml"))


def _add_index(shown: _Shown, version: Version) -> Document:
    manifests = []
    for machine, platform in MACHINES.items():
        manifest = _add_manifest(shown, version, machine)
        manifests.append({**_descriptor(OCI_MANIFEST, manifest.data), "platform": platform})
    return _add_document(shown, OCI_INDEX, {"manifests": manifests})


def _add_manifest(shown: _Shown, version: Version, machine: str) -> Document:
    described, diff_ids = [], []
    for layer in stack(version, machine):
        locked = lock()[layer.key]
        shown.blobs[locked.digest] = LazyLayer(layer)
        described.append({"mediaType": LAYER, "digest": locked.digest, "size": layer.size})
        diff_ids.append(locked.diff_id)
    config = _compact(_configuration(catalogue()[version.like], machine, diff_ids))
    shown.blobs[Digest.of(config)] = Segments([config])
    return _add_document(shown, OCI_MANIFEST, {"config": _descriptor(CONFIG, config), "layers": described})


def _add_document(shown: _Shown, media_type: str, content: Mapping[str, Any]) -> Document:
    document = Document(media_type, _compact({"schemaVersion": 2, "mediaType": media_type, **content}))
    shown.documents[document.digest] = document
    return document


def _configuration(facts: Mapping[str, Any], machine: str, diff_ids: Sequence[str]) -> dict[str, Any]:
    """An image configuration, OCI image specification."""
    config = dict(facts["config"])
    config["Env"] = _environment(config.get("Env", ()))
    for sets in ("ExposedPorts", "Volumes"):
        if sets in config:
            config[sets] = {name: {} for name in config[sets]}
    return {
        **MACHINES[machine],
        "config": config,
        "created": facts["history"][-1]["created"],
        "history": facts["history"],
        "rootfs": {"type": "layers", "diff_ids": list(diff_ids)},
    }


def _environment(env: Sequence[str]) -> list[str]:
    """With a PATH, first."""
    path = next((line for line in env if line.startswith("PATH=")), PATH)
    return [path, *(line for line in env if not line.startswith("PATH="))]


def _descriptor(media_type: str, data: bytes) -> dict[str, Any]:
    return {"mediaType": media_type, "digest": Digest.of(data), "size": len(data)}


def _compact(document: Mapping[str, Any]) -> bytes:
    return json.dumps(document, separators=(",", ":")).encode()


def measure(layer: Layer) -> Locked:
    """Make a layer and hash it."""
    archive, digest = layer.archive(), hashlib.sha256()
    for piece in archive.blob.read():
        digest.update(piece)
    return Locked(f"sha256:{digest.hexdigest()}", Digest.of(archive.tar))


def all_layers() -> dict[str, Layer]:
    """Every layer of every version and machine, by key. Raises ValueError if one key stands for two folders."""
    found: dict[str, Layer] = {}
    versions = (version for folder in folders() for version in repository(folder).versions)
    for layer in (layer for version in versions for machine in MACHINES for layer in stack(version, machine)):
        known = found.setdefault(layer.key, layer)
        if known.folder != layer.folder:
            raise ValueError(f"{layer.key} is both {layer.folder} and {known.folder}")
    return found


def write_lock() -> int:
    """Make every layer and write images/lock.json; returns how many there are."""
    measured = {key: measure(layer) for key, layer in sorted(all_layers().items())}
    rows = (f" {json.dumps(key)}: {json.dumps([row.digest, row.diff_id])}" for key, row in measured.items())
    text = '{"layers": {\n' + ",\n".join(rows) + "\n}}\n"
    (IMAGES / "lock.json").write_text(text, "utf-8", newline="\n")
    return len(measured)


def check() -> list[str]:
    """Layers whose digests are not the locked ones, by key."""
    known, made = lock(), all_layers()
    wrong = [key for key, layer in sorted(made.items()) if known.get(key) != measure(layer)]
    return wrong + sorted(known.keys() - made.keys())


def main(words: Sequence[str]) -> int:
    """`glassdock images build [--check]`: words in, exit code out."""
    import argparse

    from sim.hub import dockerfiles

    about = "Make the hub's content from images/: the lock file with all digests, and a Dockerfile for each image."
    parser = argparse.ArgumentParser(prog="glassdock images build", description=about)
    parser.add_argument("--check", action="store_true", help="write nothing: tell what would be other than it is")
    if not parser.parse_args(list(words)).check:
        print(f"{write_lock()} layers in images/lock.json, {dockerfiles.write()} Dockerfiles")
        return 0
    wrong = [f"images/lock.json: {key}" for key in check()] + [f"images/{path}" for path in dockerfiles.differing()]
    print("\n".join(wrong) or "everything is as it was locked")
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
