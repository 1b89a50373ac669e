"""The image store: images by id, names that point at them, and layers shared between them.

An image is its configuration's bytes (in the blob store) and a stack of layers. A layer is known by its ChainID and is
there once, however many images stand on it; it goes when the last of them goes. Look-up by id or name is one dictionary
access, by the beginning of an id a bisection. Every change is a row in the state store before the call returns.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, BinaryIO, Protocol

from engine.image.archive import Unpacker
from engine.image.blobs import Blobs
from engine.image.config import Image, ImageConfig, parse
from engine.image.digest import ChainID, DiffID, Digest, chains
from engine.image.reference import DEFAULT_TAG, Reference, parse_any

__all__ = ["Image", "ImageConfig", "ImageStore", "Layer"]

IMAGE, TAG, LAYER = "image", "tag", "layer"  # kinds of rows


class Rows(Protocol):
    """What this module needs of `engine.daemon.state`."""

    def put(self, kind: str, key: str, value: Any) -> None: ...

    def delete(self, kind: str, key: str) -> None: ...

    def items(self, kind: str) -> Iterator[tuple[str, Any]]: ...


@dataclass(frozen=True, slots=True)
class Layer:
    """`size`: of its files, bytes; `blob`: digest of the archive it came as; `users`: images on it."""

    chain: ChainID
    diff_id: DiffID
    size: int
    blob: str = ""
    users: int = 0


@dataclass(slots=True)
class _Entry:
    """What is kept of an image beside its document."""

    image: Image
    size: int  # of all layers, bytes
    tagged: int  # when it was last given a name here, ns since 1970; 0 never
    documents: tuple[str, ...]  # manifests it came with, digests in the blob store
    names: list[str]  # keys of the references that point at it, in the order given
    children: int = 0


class ImageStore:
    """See the module's first lines."""

    def __init__(self, rows: Rows, blobs: Blobs) -> None:
        self.blobs = blobs
        self.layers: dict[ChainID, Layer] = {}
        self._rows = rows
        self._images: dict[Digest, _Entry] = {}
        self._hexes: list[str] = []  # sorted, for look-up by prefix
        self._names: dict[str, tuple[Reference, Digest]] = {}
        self._load()

    # -- look-up

    def __len__(self) -> int:
        return len(self._images)

    def __iter__(self) -> Iterator[Image]:
        return (entry.image for entry in self._images.values())

    def __contains__(self, id: object) -> bool:
        return id in self._images

    def get(self, id: str) -> Image:
        """Raises KeyError."""
        return self._images[Digest(id)].image

    def resolve(self, reference: Reference) -> Image | None:
        """The image of a name; the tag is `latest` if the name has neither tag nor digest."""
        found = self._names.get(reference.key)
        return self._images[found[1]].image if found else None

    def find(self, text: str) -> Image | None:
        """The image of a name, an id, or the beginning of an id that only one image has. Raises InvalidReference."""
        if "/" not in text and (hit := self._names.get(f"docker.io/library/{text}:{DEFAULT_TAG}")) is not None:
            return self._images[hit[1]].image  # the usual case, without parsing
        parsed = parse_any(text)
        if not isinstance(parsed, Reference):
            entry = self._images.get(parsed)
            return entry.image if entry else None
        return self.resolve(parsed) or self._by_prefix(text)

    def _by_prefix(self, text: str) -> Image | None:
        prefix = text.removeprefix("sha256:")
        at = bisect_left(self._hexes, prefix)
        found = self._hexes[at : at + 2]
        if not prefix or not found or not found[0].startswith(prefix):
            return None
        if len(found) > 1 and found[1].startswith(prefix):
            return None  # ambiguous
        return self._images[Digest(f"sha256:{found[0]}")].image

    def references(self, id: str) -> list[Reference]:
        """All names of an image, tags and digests, sorted."""
        names = self._images[Digest(id)].names
        return sorted((self._names[name][0] for name in names), key=str)

    def size(self, id: str) -> int:
        """Bytes of all its layers."""
        return self._images[Digest(id)].size

    def tagged(self, id: str) -> int:
        """When it was last given a name here, ns since 1970; 0 for never."""
        return self._images[Digest(id)].tagged

    def has_children(self, id: str) -> bool:
        return self._images[Digest(id)].children > 0

    def children(self, id: str) -> list[Image]:
        return [entry.image for entry in self._images.values() if entry.image.parent == id]

    def config_bytes(self, id: str) -> bytes:
        return self.blobs.get(Digest(id))

    def stack(self, image: Image) -> list[Layer]:
        """Its layers, bottom up."""
        return [self.layers[chain] for chain in chains(image.diff_ids)]

    def open_layer(self, layer: Layer) -> BinaryIO:
        """Its *uncompressed* tar, byte for byte: the digest of what is read is its DiffID."""
        digest = Digest(layer.blob)
        unpacker = Unpacker(self.blobs.content(digest), digest)
        for _ in unpacker:
            pass
        return unpacker.tar.open()

    # -- change

    def add_layer(self, layer: Layer) -> None:
        """Record a layer that the host has unpacked."""
        self.layers[layer.chain] = layer
        self._rows.put(LAYER, layer.chain, {"diff_id": layer.diff_id, "size": layer.size, "blob": layer.blob})

    def forget_layer(self, chain: ChainID) -> None:
        """A layer that no image uses is gone from the host."""
        layer = self.layers.pop(chain)
        self._rows.delete(LAYER, chain)
        if layer.blob and not any(other.blob == layer.blob for other in self.layers.values()):
            self.blobs.delete(Digest(layer.blob))

    def add(self, config: bytes, parent: str = "", documents: tuple[str, ...] = ()) -> Image:
        """A new image whose layers are all there; one that is known already gets the new documents only."""
        id = Digest.of(config)
        known = self._images.get(id)
        if known is not None:
            known.documents = tuple(dict.fromkeys((*known.documents, *documents)))
            self._save(known)
            return known.image
        image = parse(config, parent)
        self.blobs.put(config)
        entry = self._file(image, 0, documents)
        self._save(entry)
        return image

    def remove(self, id: str) -> list[Layer]:
        """Forget an image that has no names left; returns its layers that nobody uses now, topmost first."""
        entry = self._images.pop(Digest(id))
        self._rows.delete(IMAGE, id)
        self._hexes.remove(entry.image.id.hex)
        if (parent := self._images.get(Digest(entry.image.parent))) is not None:
            parent.children -= 1
        for document in (id, *entry.documents):
            if not any(document in other.documents for other in self._images.values()):
                self.blobs.delete(Digest(document))
        unused = []
        for chain in reversed(chains(entry.image.diff_ids)):
            layer = self.layers[chain] = replace(self.layers[chain], users=self.layers[chain].users - 1)
            if layer.users == 0:
                unused.append(layer)
        return unused

    def tag(self, reference: Reference, id: str, now: int) -> Image | None:
        """Let a name point at an image; returns the image that it pointed at before, if that is another."""
        key = reference.key
        named = reference.with_digest(reference.digest) if reference.digest else reference.with_default_tag()
        before = self._names.get(key)
        if before is not None and before[1] == id:
            return None
        if before is not None:
            self._images[before[1]].names.remove(key)
        entry = self._images[Digest(id)]
        self._names[key] = (named, Digest(id))
        entry.names.append(key)
        if not reference.digest:
            entry.tagged = now
            self._save(entry)
        self._rows.put(TAG, key, id)
        return self._images[before[1]].image if before else None

    def untag(self, reference: Reference) -> bool:
        """Take a name away; False if there is none."""
        found = self._names.pop(reference.key, None)
        if found is None:
            return False
        self._images[found[1]].names.remove(reference.key)
        self._rows.delete(TAG, reference.key)
        return True

    def sweep_blobs(self) -> None:
        """Delete what a crash has left in the blob store: nothing here refers to it."""
        needed: set[str] = {layer.blob for layer in self.layers.values()}
        for id, entry in self._images.items():
            needed |= {id, *entry.documents}
        for digest in list(self.blobs):
            if digest not in needed:
                self.blobs.delete(digest)

    # -- rows

    def _file(self, image: Image, tagged: int, documents: tuple[str, ...]) -> _Entry:
        stack = self.stack(image)
        for layer in stack:
            self.layers[layer.chain] = replace(layer, users=layer.users + 1)
        entry = _Entry(image, sum(layer.size for layer in stack), tagged, documents, [])
        self._images[image.id] = entry
        insort(self._hexes, image.id.hex)
        if (parent := self._images.get(Digest(image.parent))) is not None:
            parent.children += 1
        return entry

    def _save(self, entry: _Entry) -> None:
        image = entry.image
        row = {"parent": image.parent, "tagged": entry.tagged, "documents": list(entry.documents)}
        self._rows.put(IMAGE, image.id, row)

    def _load(self) -> None:
        for chain, row in self._rows.items(LAYER):
            self.layers[ChainID(chain)] = Layer(ChainID(chain), DiffID(row["diff_id"]), row["size"], row["blob"])
        for id, row in self._rows.items(IMAGE):
            image = parse(self.blobs.get(Digest(id)), row["parent"])
            self._file(image, row["tagged"], tuple(row["documents"]))
        parents = Counter(entry.image.parent for entry in self._images.values())
        for entry in self._images.values():
            entry.children = parents[entry.image.id]
        for key, id in self._rows.items(TAG):
            self._names[key] = (Reference.parse(key), Digest(id))
            self._images[Digest(id)].names.append(key)
