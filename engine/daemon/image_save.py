"""`docker save`: which images, by which names, as one tar archive that is made while it is sent.

The archive's form is engine/image/bundle.py's. Rules and texts: moby, image/tarexport/save.go.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from typing import TYPE_CHECKING

from engine.daemon.image_views import moment
from engine.errors import NotFound, System
from engine.image import bundle, changeset
from engine.image.config import Image
from engine.image.content import BLOCK
from engine.image.digest import DiffID, Digest, chains
from engine.image.reference import Reference, parse_any
from engine.image.store import ImageStore, Layer
from engine.loop import SECOND

if TYPE_CHECKING:
    from engine.daemon.images import Images

Chosen = dict[Digest, list[Reference]]  # images and their names, in the order asked for


def choose(store: ImageStore, names: Sequence[str]) -> Chosen:
    """What the names mean: a repository all its tags, an id an image without a name. Raises NotFound, System."""
    chosen: Chosen = {}
    for name in names:
        for image, reference in _meant(store, name):
            if not image.diff_ids:
                raise System("empty export - not implemented")
            references = chosen.setdefault(image.id, [])
            if reference is not None and reference not in references:
                references.append(reference)
    return chosen


def _meant(store: ImageStore, name: str) -> Iterator[tuple[Image, Reference | None]]:
    parsed = parse_any(name)
    if not isinstance(parsed, Reference) or parsed.familiar_name == "sha256":
        yield _found(store.find(name), f"no such image: {name}"), None
    elif parsed.digest:
        yield _found(store.resolve(parsed), "reference does not exist"), None
    elif parsed.tag:
        yield _found(store.resolve(parsed), "reference does not exist"), parsed
    elif tags := store.tags(parsed.name):
        yield from ((image, reference) for reference, image in tags)
    else:
        yield _found(store.find(name), f"no such image: {name}"), None


def _found(image: Image | None, refusal: str) -> Image:
    if image is None:
        raise NotFound(refusal)
    return image


async def save(images: Images, chosen: Chosen) -> AsyncIterator[bytes]:
    """The archive. What it is made of stays until it has been sent, whatever is removed meanwhile."""
    store = images.store
    stacks = [chains(store.get(id).diff_ids) for id in chosen]
    for stack in stacks:
        images.layers.hold(stack)
    try:
        layers = {layer.diff_id: layer for stack in stacks for layer in map(store.layers.__getitem__, stack)}
        saved = [_saved(store, store.get(id), names, chosen) for id, names in chosen.items()]
        for id in chosen:
            images.event(store.get(id), "save")
        for piece in _gathered(_archive(store, bundle.compose(saved), layers)):
            yield piece
    finally:
        for stack in stacks:
            await images.layers.release(stack)


def _saved(store: ImageStore, image: Image, names: Sequence[Reference], chosen: Chosen) -> bundle.Saved:
    layers = tuple((layer.diff_id, layer.length) for layer in store.stack(image))
    parent = image.parent if Digest(image.parent) in chosen else ""
    created = max(0, moment(image.created)) // SECOND
    return bundle.Saved(store.config_bytes(image.id), tuple(names), layers, created, parent)


def _archive(store: ImageStore, files: dict[str, bundle.File], layers: dict[DiffID, Layer]) -> Iterator[bytes]:
    for path in sorted([*files, *bundle.folders(files)]):
        file = files.get(path)
        yield bundle.header(path, file)
        if file is None:
            continue
        if isinstance(file.data, DiffID):
            yield from _layer(store, layers[file.data])
        else:
            yield file.data
        yield bytes(-file.size % changeset.BLOCK)
    yield changeset.END


def _layer(store: ImageStore, layer: Layer) -> Iterator[bytes]:
    size = 0
    with store.open_layer(layer) as tar:
        while piece := tar.read(BLOCK):
            size += len(piece)
            yield piece
    if size != layer.length:
        raise System(f"layer {layer.diff_id} is damaged: {size} bytes of {layer.length}")


def _gathered(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Small pieces together."""
    waiting = bytearray()
    for piece in pieces:
        waiting += piece
        if len(waiting) >= BLOCK:
            yield bytes(waiting)
            waiting.clear()
    if waiting:
        yield bytes(waiting)
