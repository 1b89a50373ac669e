"""The image store: images by id, names that point at them, and layers shared between them.

An image is its configuration's bytes (in the blob store) and a stack of layers. A layer is known by its ChainID and is
there once, however many images stand on it; it goes when the last of them goes. Look-up by id or name is one dictionary
access, by the beginning of an id a bisection. Every change is rows in the state store before the call returns; what
belongs together is one `change`: all of it is kept, or nothing.
"""

from __future__ import annotations

import io
from bisect import bisect_left, insort
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, BinaryIO, Protocol

from engine.image.archive import uncompressed
from engine.image.blobs import Blobs
from engine.image.config import Image, ImageConfig, parse
from engine.image.content import BLOCK
from engine.image.digest import ChainID, DiffID, Digest, chains
from engine.image.reference import DEFAULT_TAG, Reference, parse_any

__all__ = ["Image", "ImageConfig", "ImageStore", "Layer"]

IMAGE, TAG, LAYER = "image", "tag", "layer"  # kinds of rows


class Rows(Protocol):
    """What this module needs of `engine.daemon.state`."""

    def put(self, kind: str, key: str, value: Any) -> None: ...

    def delete(self, kind: str, key: str) -> None: ...

    def items(self, kind: str) -> Iterator[tuple[str, Any]]: ...

    def transaction(self) -> AbstractContextManager[None]: ...


@dataclass(frozen=True, slots=True)
class Layer:
    """`size`: of its files, bytes; `blob`: digest of the archive it came as; `users`: images on it; `parent`: ChainID
    of the layer below, "" for none; `length`: of its uncompressed tar, bytes."""

    chain: ChainID
    diff_id: DiffID
    size: int
    blob: str = ""
    users: int = 0
    parent: str = ""
    length: int = 0

    def row(self) -> dict[str, Any]:
        return {"diff_id": self.diff_id, "size": self.size, "blob": self.blob, "parent": self.parent,
                "length": self.length}  # fmt: skip


@dataclass(slots=True)
class _Entry:
    """What is kept of an image beside its document."""

    image: Image
    size: int  # of all layers, bytes
    tagged: int  # when it was last given a name here, ns since 1970; 0 never
    documents: tuple[str, ...]  # manifests it came with, digests in the blob store
    names: list[str]  # keys of the references that point at it, in the order given
    children: int = 0


@dataclass(slots=True)
class _Change:
    """Which blobs a change needs that were not needed before, and which it no longer needs; has it begun?"""

    begun: bool = False
    used: list[Digest] = field(default_factory=list)
    dropped: list[Digest] = field(default_factory=list)


class ImageStore:
    """See the module's first lines."""

    def __init__(self, rows: Rows, blobs: Blobs) -> None:
        self.blobs = blobs
        self._rows = rows
        self._change: _Change | None = None
        self._load()
        for layer in self.layers.values():
            blobs.use(Digest(layer.blob))
        for id, entry in self._images.items():
            for digest in (id, *entry.documents):
                blobs.use(Digest(digest))

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

    def tags(self, repository: str) -> list[tuple[Reference, Image]]:
        """The tags of a repository ("docker.io/library/httpd") and their images, sorted."""
        found = [known for known in self._names.values() if known[0].name == repository and known[0].tag]
        return [(name, self._images[id].image) for name, id in sorted(found, key=lambda known: known[0].tag)]

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

    def documents(self, id: str) -> tuple[str, ...]:
        """Digests of the manifests and indexes that it came with."""
        return self._images[Digest(id)].documents

    def stack(self, image: Image) -> list[Layer]:
        """Its layers, bottom up."""
        return [self.layers[chain] for chain in chains(image.diff_ids)]

    def open_layer(self, layer: Layer) -> BinaryIO:
        """Its *uncompressed* tar from beginning to end: the digest of what is read is its DiffID."""
        archive = self.blobs.open(Digest(layer.blob))
        if layer.blob == layer.diff_id:
            return archive
        return io.BufferedReader(uncompressed(archive), BLOCK)

    def depth(self, chain: str) -> int:
        """How many layers a stack has, from its topmost one."""
        depth = 0
        while chain:
            depth, chain = depth + 1, self.layers[ChainID(chain)].parent
        return depth

    # -- change

    @contextmanager
    def change(self) -> Iterator[None]:
        """What is changed inside the block is kept at its end, together. If an exception leaves the block, or the disk
        is full, then the store is as it was before. Nothing may be awaited inside."""
        if self._change is not None:
            yield
            return
        change = self._change = _Change()
        try:
            with self._rows.transaction():
                yield
        except BaseException:
            if change.begun:
                self._load()
            change.dropped = change.used
            raise
        finally:
            self._change = None
            for digest in change.dropped:
                self.blobs.drop(digest)

    @contextmanager
    def _changing(self) -> Iterator[None]:
        """Here it begins."""
        with self.change():
            assert self._change is not None
            self._change.begun = True
            yield

    def _use(self, digest: str) -> None:
        assert self._change is not None
        self._change.used.append(Digest(digest))
        self.blobs.use(Digest(digest))

    def _drop(self, digest: str) -> None:
        assert self._change is not None
        self._change.dropped.append(Digest(digest))

    def add_layer(self, layer: Layer) -> None:
        """Record a layer that the host has unpacked; its archive is in the blob store."""
        with self._changing():
            self._use(layer.blob)
            self._rows.put(LAYER, layer.chain, layer.row())
            self.layers[layer.chain] = layer

    def forget_layer(self, chain: ChainID) -> None:
        """A layer that no image uses is not needed any more."""
        with self._changing():
            self._drop(self.layers.pop(chain).blob)
            self._rows.delete(LAYER, chain)

    def add(self, config: bytes, parent: str = "", documents: Sequence[bytes] = ()) -> Image:
        """A new image whose layers are all there. `documents`: the manifests that it came with; an image that is known
        already takes over those that are new."""
        with self._changing():
            known = self._images.get(Digest.of(config))
            present = known.documents if known else ()
            new = [document for document in dict.fromkeys(documents) if Digest.of(document) not in present]
            kept = (*present, *(self._put(document) for document in new))
            if known is not None:
                known.documents = kept
                self._save(known)
                return known.image
            image = parse(config, parent)
            self._put(config)
            entry = self._file(image, 0, kept)
            self._save(entry)
            return image

    def set_parent(self, id: str, parent: str) -> None:
        """An image turns out to have been built on another one that is here."""
        entry, below = self._images[Digest(id)], self._images[Digest(parent)]
        with self._changing():
            entry.image = replace(entry.image, parent=parent)
            below.children += 1
            self._save(entry)

    def _put(self, document: bytes) -> Digest:
        digest = Digest.of(document)
        self._use(digest)
        return self.blobs.put(document)

    def remove(self, id: str) -> list[Layer]:
        """Forget an image that has no names left; returns its layers that nobody uses now, topmost first."""
        with self._changing():
            entry = self._images.pop(Digest(id))
            self._rows.delete(IMAGE, id)
            del self._hexes[bisect_left(self._hexes, entry.image.id.hex)]
            if (parent := self._images.get(Digest(entry.image.parent))) is not None:
                parent.children -= 1
            for document in (id, *entry.documents):
                self._drop(document)
            unused = []
            for chain in reversed(chains(entry.image.diff_ids)):
                layer = self.layers[chain] = replace(self.layers[chain], users=self.layers[chain].users - 1)
                if layer.users == 0:
                    unused.append(layer)
            return unused

    def forget_damaged(self) -> None:
        """Images that could not be read, and their names."""
        with self._changing():
            for key, id in self._rows.items(TAG):
                if id in self.damaged:
                    self._rows.delete(TAG, key)
            for id in self.damaged:
                self._rows.delete(IMAGE, id)
            self.damaged.clear()

    def tag(self, reference: Reference, id: str, now: int) -> Image | None:
        """Let a name point at an image; returns the image that it pointed at before, if that is another."""
        key = reference.key
        named = reference.with_digest(reference.digest) if reference.digest else reference.with_default_tag()
        before = self._names.get(key)
        if before is not None and before[1] == id:
            return None
        with self._changing():
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
        found = self._names.get(reference.key)
        if found is None:
            return False
        with self._changing():
            del self._names[reference.key]
            self._images[found[1]].names.remove(reference.key)
            self._rows.delete(TAG, reference.key)
        return True

    # -- rows

    def _read(self, id: str, parent: str) -> Image:
        """Raises KeyError, ValueError, OSError."""
        config = self.blobs.get(Digest(id))
        if Digest.of(config) != id:
            raise ValueError("its configuration has another digest")
        return parse(config, parent)

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
        """As the rows have it: at the beginning, and after a change that could not be kept."""
        self.layers: dict[ChainID, Layer] = {}
        self._images: dict[Digest, _Entry] = {}
        self._hexes: list[str] = []  # sorted, for look-up by prefix
        self._names: dict[str, tuple[Reference, Digest]] = {}
        for chain, row in self._rows.items(LAYER):
            self.layers[ChainID(chain)] = Layer(ChainID(chain), **{**row, "diff_id": DiffID(row["diff_id"])})
        self.damaged: dict[str, str] = {}  # images that cannot be read, and why
        for id, row in self._rows.items(IMAGE):
            try:
                self._file(self._read(id, row["parent"]), row["tagged"], tuple(row["documents"]))
            except (KeyError, ValueError, OSError) as error:
                self.damaged[id] = str(error.args[0])
        parents = Counter(entry.image.parent for entry in self._images.values())
        for entry in self._images.values():
            entry.children = parents[entry.image.id]
        for key, id in self._rows.items(TAG):
            if id in self.damaged:
                continue
            self._names[key] = (Reference.parse(key), Digest(id))
            self._images[Digest(id)].names.append(key)
