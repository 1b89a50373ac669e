"""`docker load`: images from an archive that `docker save` (or skopeo, podman, buildah …) has written.

Docker's own layout, or OCI's if it has no manifest.json. Layers that are here are not read. Every digest is verified;
of an image that cannot be loaded nothing is kept. Rules and texts: moby, image/tarexport/load.go.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO

from engine.api.body import go_syntax_error
from engine.distribution.layers import MAX_DEPTH
from engine.distribution.progress import Message, Meter, Progress
from engine.errors import System, from_os
from engine.image import manifest
from engine.image.archive import compression, uncompress
from engine.image.bundle import BLOBS, IMAGE_NAME, LARGEST_BUNDLE, REF_NAME, Bundle, Section
from engine.image.config import Image, parse
from engine.image.content import Spool
from engine.image.digest import ChainID, DiffID, Digest, chain
from engine.image.reference import InvalidReference, Reference

if TYPE_CHECKING:
    from engine.daemon.images import Images

WHERE = "/var/lib/docker/tmp/docker-import-{number}"
NOT_NAMED = "invalid manifest, manifest cannot be null (but can be [])"


@dataclass(frozen=True, slots=True)
class Item:
    """One image of an archive: paths of its configuration and layers, its names, and the id of its parent."""

    config: str
    layers: tuple[str, ...]
    names: tuple[str, ...]
    parent: str = ""


@dataclass(frozen=True, slots=True)
class Said:
    """A line of the answer's `stream`."""

    text: str


Tell = Callable[["Progress | Message | Said"], None]


async def load(
    images: Images, archive: AsyncIterator[bytes], platform: manifest.Platform | None, quiet: bool, tell: Tell
) -> None:
    """Load the images of an archive, compressed or not; those for a platform, or all. Raises EngineError."""
    blobs = images.store.blobs
    try:
        with blobs.spool() as sent, blobs.spool() as tar:
            async for piece in archive:
                sent.append(piece)
            with sent.open() as file:
                packed = compression(file.read(6))
                file.seek(0)
                if packed:
                    await _uncompress(images, file, tar)
                with tar.open() if packed else file as whole:
                    where = WHERE.format(number=images.now // 1000 % 10**10)
                    await _Loading(images, Bundle(whole, where), platform, quiet, tell).all()
    except OSError as error:
        raise from_os(error) from None
    except ValueError as error:
        raise System(str(error)) from None


async def _uncompress(images: Images, file: BinaryIO, tar: Spool) -> None:
    for piece in uncompress(file, LARGEST_BUNDLE):
        tar.append(piece)
        await images.loop.sleep(0)


class _Loading:
    """One load."""

    def __init__(
        self, images: Images, bundle: Bundle, platform: manifest.Platform | None, quiet: bool, tell: Tell
    ) -> None:
        self._images, self._bundle, self._platform = images, bundle, platform
        self._quiet, self._tell = quiet, tell

    async def all(self) -> None:
        ids: list[Digest] = []
        parents: dict[Digest, str] = {}
        named = False
        for item in items(self._bundle, self._platform or self._images.platform):
            raw = self._bundle.read(item.config)
            if not self._wanted(parse(raw)):
                continue
            image = await self._image(item, raw)
            ids.append(image.id)
            parents[image.id] = item.parent
            named = bool(item.names)
        for id, parent in parents.items():
            if parent in parents and parent != id and not self._images.store.get(id).parent:
                self._images.store.set_parent(id, parent)
        if not named:
            for id in ids:
                self._tell(Said(f"Loaded image ID: {id}\n"))

    def _wanted(self, image: Image) -> bool:
        own = manifest.Platform(image.os, image.architecture, image.variant).normalised()
        return self._platform is None or own in self._platform.runs()

    async def _image(self, item: Item, raw: bytes) -> Image:
        image = parse(raw)
        if image.os not in ("", "linux"):
            raise ValueError(f"cannot load {image.os} image on linux")
        if len(item.layers) != len(image.diff_ids):
            words = f"expected {len(item.layers)}, got {len(image.diff_ids)}"
            raise ValueError(f"invalid manifest, layers length mismatch: {words}")
        if len(item.layers) > MAX_DEPTH:
            raise ValueError("max depth exceeded")
        names = [_tag(name) for name in item.names]
        held: list[ChainID] = []
        try:
            for number, (path, diff_id) in enumerate(zip(item.layers, image.diff_ids, strict=True)):
                held.append(await self._layer(number, path, held[-1] if held else None, diff_id))
            return self._keep(raw, names)
        finally:
            await self._images.layers.release(held)

    async def _layer(self, number: int, path: str, below: ChainID | None, diff_id: DiffID) -> ChainID:
        """The layer, held."""
        layers, wanted = self._images.layers, chain(below, diff_id)
        if wanted in self._images.store.layers:
            layers.hold([wanted])
            return wanted
        layer = await layers.register(below, self._tar(self._bundle.open(path), diff_id))
        if layer.diff_id != diff_id:
            await layers.release([layer.chain])
            raise ValueError(f'invalid diffID for layer {number}: expected "{diff_id}", got "{layer.diff_id}"')
        return layer.chain

    async def _tar(self, section: Section, diff_id: DiffID) -> AsyncIterator[bytes]:
        """A layer's tar, with progress; it may lie there compressed."""
        meter = Meter(self._images.loop, self._tell, "Loading layer", diff_id.short, section.size)
        done = 0
        for piece in uncompress(section):  # type: ignore[arg-type]
            yield piece
            at = section.tell()
            if not self._quiet:
                meter.add(at - done)
            done = at
            await self._images.loop.sleep(0)

    def _keep(self, raw: bytes, names: Sequence[Reference]) -> Image:
        """The image and its names are kept together."""
        store, now = self._images.store, self._images.now
        replaced: list[tuple[Reference, Image | None]] = []
        with store.change():
            image = store.add(raw)
            for name in names:
                replaced.append((name, store.tag(name, image.id, now)))
        for name, before in replaced:
            if before is not None:
                words = f"already exists, renaming the old one with ID {before.id} to empty string"
                self._tell(Said(f"The image {name.familiar} {words}\n"))
            self._tell(Said(f"Loaded image: {name.familiar}\n"))
        self._images.event(image, "load")
        return image


def _tag(name: str) -> Reference:
    reference = Reference.parse(name)
    if not reference.tag or reference.digest:
        raise ValueError(f'invalid tag "{name}"')
    return reference


# -- what an archive says that it has


def items(bundle: Bundle, platform: manifest.Platform) -> list[Item]:
    """Raises ValueError, FileNotFoundError."""
    if "manifest.json" not in bundle and "index.json" in bundle and "oci-layout" in bundle:
        return list(_oci(bundle, platform))
    document = _json(bundle.read("manifest.json"))
    if document is None:
        raise ValueError(NOT_NAMED)
    if not isinstance(document, list) or not all(isinstance(item, dict) for item in document):
        raise ValueError("invalid manifest, manifest must be a list of objects")
    return [_docker(item) for item in document]


def _docker(item: dict[str, Any]) -> Item:
    config, layers, names = item.get("Config") or "", item.get("Layers") or [], item.get("RepoTags") or []
    texts = [config, *layers, *names] if isinstance(layers, list) and isinstance(names, list) else [None]
    if not all(isinstance(text, str) for text in texts):
        raise ValueError("invalid manifest, Config, Layers and RepoTags must be strings")
    parent = item.get("Parent") or ""
    return Item(config, tuple(layers), tuple(names), parent if isinstance(parent, str) else "")


def _oci(bundle: Bundle, platform: manifest.Platform) -> Iterator[Item]:
    index = manifest.parse(bundle.read("index.json"), manifest.OCI_INDEX)
    if not isinstance(index, manifest.Index):
        raise ValueError("index.json is not an index")
    named = _json(index.raw)["manifests"] or []
    grouped: dict[Digest, list[str]] = {}
    for descriptor, row in zip(index.manifests, named, strict=True):
        name = _oci_name(row.get("annotations"))
        grouped.setdefault(descriptor.digest, []).extend([name] if name else [])
    for digest, names in grouped.items():
        found = manifest.parse(bundle.read(_blob(digest)))
        if isinstance(found, manifest.Index):
            found = manifest.parse(bundle.read(_blob(found.choose(platform).digest)))
        if isinstance(found, manifest.Index):
            raise ValueError("a manifest list must not list manifest lists")
        layers = tuple(_checked(bundle, layer) for layer in found.layers)
        yield Item(_checked(bundle, found.config), layers, tuple(names))


def _oci_name(annotations: Any) -> str:
    """A name with its tag; "" for a manifest that has a tag only, or nothing."""
    if not isinstance(annotations, dict):
        return ""
    for text in (annotations.get(IMAGE_NAME), annotations.get(REF_NAME)):
        if not isinstance(text, str) or not (":" in text or "/" in text):
            continue
        try:
            return str(Reference.parse(text).with_default_tag())
        except InvalidReference:
            continue
    return ""


def _checked(bundle: Bundle, descriptor: manifest.Descriptor) -> str:
    path = _blob(descriptor.digest)
    if (size := bundle.open(path).size) != descriptor.size:
        raise ValueError(f"{path} has {size} bytes and not {descriptor.size}, as its descriptor says")
    return path


def _blob(digest: Digest) -> str:
    return f"{BLOBS}/{digest.hex}" if digest.algorithm == "sha256" else f"blobs/{digest.algorithm}/{digest.hex}"


def _json(data: bytes) -> Any:
    try:
        return json.loads(data.decode("utf-8", "replace"))
    except json.JSONDecodeError as error:
        raise ValueError(go_syntax_error(error)) from None
    except RecursionError:
        raise ValueError("exceeded max depth") from None
