"""A `Writable` storage in the folder layout of Docker's own registry (distribution's storage driver), below any `Tree`.

    docker/registry/v2/blobs/sha256/ab/abcd…/data                                   every blob and manifest, once
    docker/registry/v2/repositories/NAME/_layers/sha256/abcd…/link                  NAME has this blob
    docker/registry/v2/repositories/NAME/_manifests/revisions/sha256/abcd…/link     … and this manifest
    docker/registry/v2/repositories/NAME/_manifests/tags/TAG/current/link           what TAG means
    docker/registry/v2/repositories/NAME/_manifests/subjects/sha256/DIGEST/abcd…    manifests about DIGEST (our own)
    docker/registry/v2/uploads/ID                                                   bytes on their way in (our own)

A link is a file that holds a digest. The same code keeps a registry in memory, in a folder of this computer, and in
/var/lib/registry of a simulated container: those are the three trees.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from typing import Protocol

from engine.distribution.registry.content import Blob, Document
from engine.image import manifest
from engine.image.blobs import WrongDigest
from engine.image.digest import Digest

ROOT = "docker/registry/v2"
BLOBS, REPOSITORIES, UPLOADS = f"{ROOT}/blobs", f"{ROOT}/repositories", f"{ROOT}/uploads"


class Tree(Protocol):
    """Files by relative path. Folders are made when a file needs them."""

    def size(self, path: str) -> int | None:
        """None: there is no such file."""

    def read(self, path: str, start: int, end: int) -> Iterator[bytes]:
        """Bytes from `start` up to `end` in pieces."""

    def write(self, path: str, data: bytes) -> None:
        """A small file, whole or not at all."""

    def append(self, path: str, data: bytes) -> None:
        """Make the file if it is not there."""

    def rename(self, old: str, new: str) -> None:
        """What was at `new` is replaced."""

    def list(self, path: str) -> Sequence[str]:
        """Names in a folder; none if it is not there."""

    def remove(self, path: str) -> None:
        """A file, or a folder with all that is in it; one that is not there does not mind."""


class TreeBlob:
    """A `Blob` in a tree."""

    __slots__ = ("_path", "_tree", "size")

    def __init__(self, tree: Tree, path: str, size: int) -> None:
        self._tree, self._path, self.size = tree, path, size

    def read(self, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        return self._tree.read(self._path, start, self.size if end is None else min(end, self.size))


class TreeUpload:
    """An `Upload` in a tree; it is hashed as it comes."""

    def __init__(self, layout: Layout, tree: Tree, path: str) -> None:
        self._layout, self._tree, self._path = layout, tree, path
        self._hash = hashlib.sha256()
        self.size = 0

    def append(self, data: bytes) -> None:
        self._tree.append(self._path, data)
        self._hash.update(data)
        self.size += len(data)

    def commit(self, name: str, digest: Digest) -> None:
        actual = self._actual(digest.algorithm)
        if actual != digest:
            raise WrongDigest(digest, actual)
        if self.size == 0:
            self._tree.append(self._path, b"")
        if not self._layout.has(digest):
            self._tree.rename(self._path, data_path(digest))
        self._layout.link(name, digest)

    def _actual(self, algorithm: str) -> str:
        digest = self._hash
        if algorithm != "sha256":
            digest = hashlib.new(algorithm)
            for piece in self._tree.read(self._path, 0, self.size):
                digest.update(piece)
        return f"{algorithm}:{digest.hexdigest()}"

    def abort(self) -> None:
        self._tree.remove(self._path)


class Layout:
    """See the module's first lines. `fresh`: uploads that a former process has left are removed."""

    def __init__(self, tree: Tree, *, fresh: bool = True) -> None:
        self._tree = tree
        if fresh:
            tree.remove(UPLOADS)

    # -- Storage

    def repositories(self) -> list[str]:
        return list(self._below(""))

    def _below(self, name: str) -> Iterator[str]:
        here = sorted(self._tree.list(f"{REPOSITORIES}/{name}" if name else REPOSITORIES))
        if "_manifests" in here:
            yield name
        for part in here:
            if not part.startswith("_"):
                yield from self._below(f"{name}/{part}" if name else part)

    def tags(self, name: str) -> list[str] | None:
        place = f"{REPOSITORIES}/{name}/_manifests"
        if not self._tree.list(place):
            return None
        return [tag for tag in self._tree.list(f"{place}/tags") if self._tag(name, tag)]

    def manifest(self, name: str, reference: str) -> Document | None:
        digest = reference if ":" in reference else self._tag(name, reference)
        if not digest or self._tree.size(_revision(name, digest)) is None:
            return None
        data = self._whole(data_path(Digest(digest)))
        return Document(manifest.parse(data).media_type, data)

    def blob(self, name: str, digest: str) -> Blob | None:
        path = data_path(Digest(digest))
        size = self._tree.size(path) if self.linked(name, digest) else None
        return None if size is None else TreeBlob(self._tree, path, size)

    # -- Writable

    def upload(self, id: str) -> TreeUpload:
        return TreeUpload(self, self._tree, f"{UPLOADS}/{id}")

    def mount(self, source: str, name: str, digest: str) -> bool:
        if self.blob(source, digest) is None:
            return False
        self.link(name, digest)
        return True

    def put_manifest(self, name: str, document: Document, tag: str = "", subject: str = "") -> None:
        digest = document.digest
        if not self.has(digest):
            self._tree.write(data_path(digest), document.data)
        self._tree.write(_revision(name, digest), digest.encode())
        if subject:
            self._tree.write(f"{_subjects(name, subject)}/{digest.hex}", digest.encode())
        if tag:
            self._tree.write(_tag_path(name, tag), digest.encode())

    def referrers(self, name: str, digest: str) -> list[Document]:
        place = _subjects(name, digest)
        links = (self._whole(f"{place}/{entry}").decode() for entry in sorted(self._tree.list(place)))
        found = (self.manifest(name, link) for link in links)
        return [document for document in found if document is not None]

    def remove_tag(self, name: str, tag: str) -> bool:
        known = bool(self._tag(name, tag))
        self._tree.remove(f"{REPOSITORIES}/{name}/_manifests/tags/{tag}")
        return known

    def remove_manifest(self, name: str, digest: str) -> bool:
        if self._tree.size(_revision(name, digest)) is None:
            return False
        for tag in self.tags(name) or ():
            if self._tag(name, tag) == digest:
                self.remove_tag(name, tag)
        self._tree.remove(_revision(name, digest))
        return True

    def remove_blob(self, name: str, digest: str) -> bool:
        known = self.blob(name, digest) is not None
        self._tree.remove(_layer_path(name, digest))
        return known

    # -- for collecting what nobody needs

    def manifests(self, name: str) -> list[Digest]:
        """All of a repository, tagged or not."""
        place = f"{REPOSITORIES}/{name}/_manifests/revisions"
        return [Digest(f"{kind}:{hex}") for kind in self._tree.list(place) for hex in self._tree.list(f"{place}/{kind}")
                if self._tree.size(f"{place}/{kind}/{hex}/link") is not None]  # fmt: skip

    def all_blobs(self) -> list[Digest]:
        """Of all repositories."""
        kinds = [(kind, begin) for kind in self._tree.list(BLOBS) for begin in self._tree.list(f"{BLOBS}/{kind}")]
        return [Digest(f"{kind}:{hex}") for kind, begin in kinds for hex in self._tree.list(f"{BLOBS}/{kind}/{begin}")]

    def erase(self, digest: Digest) -> None:
        """The bytes of a blob, and every repository's link to it."""
        self._tree.remove(data_path(digest).rpartition("/")[0])
        for name in self.repositories():
            self._tree.remove(_layer_path(name, digest).rpartition("/")[0])

    # -- links

    def has(self, digest: Digest) -> bool:
        """Is the blob here, whoever may see it?"""
        return self._tree.size(data_path(digest)) is not None

    def linked(self, name: str, digest: str) -> bool:
        return self._tree.size(_layer_path(name, digest)) is not None

    def link(self, name: str, digest: str) -> None:
        """The repository has the blob."""
        if not self.linked(name, digest):
            self._tree.write(_layer_path(name, digest), digest.encode())

    def _tag(self, name: str, tag: str) -> str:
        path = _tag_path(name, tag)
        return self._whole(path).decode() if self._tree.size(path) is not None else ""

    def _whole(self, path: str) -> bytes:
        return b"".join(self._tree.read(path, 0, self._tree.size(path) or 0))


def data_path(digest: Digest) -> str:
    return f"{BLOBS}/{digest.algorithm}/{digest.hex[:2]}/{digest.hex}/data"


def _layer_path(name: str, digest: str) -> str:
    return f"{REPOSITORIES}/{name}/_layers/{digest.replace(':', '/')}/link"


def _revision(name: str, digest: str) -> str:
    return f"{REPOSITORIES}/{name}/_manifests/revisions/{digest.replace(':', '/')}/link"


def _subjects(name: str, digest: str) -> str:
    return f"{REPOSITORIES}/{name}/_manifests/subjects/{digest.replace(':', '/')}"


def _tag_path(name: str, tag: str) -> str:
    return f"{REPOSITORIES}/{name}/_manifests/tags/{tag}/current/link"
