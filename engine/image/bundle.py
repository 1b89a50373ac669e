"""Saved images: one tar archive with Docker's layout (manifest.json, repositories) and OCI's (index.json) at once.

    blobs/sha256/<digest>   configurations, manifests, and layers as uncompressed tars
    index.json, oci-layout  OCI image layout 1.0: which manifests there are, with their names
    manifest.json           Docker's list: configuration, names and layers of each image, as paths
    repositories            Docker's oldest list: name, tag and topmost layer

The same images give the same bytes. What is read comes from strangers: names and links cannot lead out of the archive,
and what a path promises by its digest is verified. Model: moby, image/tarexport.
"""

from __future__ import annotations

import io
import json
import posixpath
import tarfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO

from engine.image import members, tarstream
from engine.image.changeset import Entry
from engine.image.digest import DiffID, Digest
from engine.image.manifest import OCI_INDEX, OCI_MANIFEST
from engine.image.reference import Reference

BLOBS = "blobs/sha256"
LAYER, CONFIG = "application/vnd.oci.image.layer.v1.tar", "application/vnd.oci.image.config.v1+json"
IMAGE_NAME, REF_NAME = "io.containerd.image.name", "org.opencontainers.image.ref.name"
LARGEST_DOCUMENT = 8 << 20  # bytes
LARGEST_BUNDLE = 64 << 30  # bytes of all images together
MOST_LINKS = 255  # that may be followed to one file

# -- writing


@dataclass(frozen=True, slots=True)
class Saved:
    """An image to be written. `layers`: (DiffID, bytes of its tar), bottom up; `created`: seconds since 1970; `parent`:
    id of the image that it was built on, if that is written as well."""

    config: bytes
    names: tuple[Reference, ...]
    layers: tuple[tuple[DiffID, int], ...]
    created: int = 0
    parent: str = ""


@dataclass(frozen=True, slots=True)
class File:
    """One file of a bundle: a document, or a layer whose bytes are elsewhere."""

    data: bytes | DiffID
    size: int
    mtime: int = 0


def compose(images: Sequence[Saved]) -> dict[str, File]:
    """The files of a bundle by path."""
    files: dict[str, File] = {}
    listed: list[dict[str, Any]] = []
    descriptors: list[dict[str, Any]] = []
    repositories: dict[str, dict[str, str]] = {}
    for image in images:
        layers = [_descriptor(LAYER, diff_id, size) for diff_id, size in image.layers]
        for diff_id, size in image.layers:
            files.setdefault(_path(diff_id), File(diff_id, size, image.created))
        id = _add(files, image.config, image.created)
        manifest = {"schemaVersion": 2, "mediaType": OCI_MANIFEST}
        manifest |= {"config": _descriptor(CONFIG, id, len(image.config)), "layers": layers}
        raw = _json(manifest)
        descriptors += _named(_descriptor(OCI_MANIFEST, _add(files, raw), len(raw)), image.names)
        for name in image.names:
            repositories.setdefault(name.familiar_name, {})[name.tag] = image.layers[-1][0].hex
        listed.append(_listed(image, id, layers))
    _document(files, "index.json", _json({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": descriptors}))
    _document(files, "manifest.json", _json(listed) + b"\n")
    _document(files, "oci-layout", b'{"imageLayoutVersion": "1.0.0"}')
    if repositories:
        _document(files, "repositories", _json(dict(sorted(repositories.items()))) + b"\n")
    return files


def folders(files: Iterable[str]) -> list[str]:
    return sorted({path for file in files for path in _parents(file)})


def header(path: str, file: File | None) -> bytes:
    """What goes before a file's bytes in the tar; None for a folder."""
    info = tarfile.TarInfo(path)
    info.mode = 0o644
    if file is None:
        info.type, info.mode = tarfile.DIRTYPE, 0o755
    else:
        info.size, info.mtime = file.size, file.mtime
    return info.tobuf(tarfile.PAX_FORMAT, "utf-8", "surrogateescape")


def _listed(image: Saved, id: Digest, layers: list[dict[str, Any]]) -> dict[str, Any]:
    """An image in manifest.json."""
    item: dict[str, Any] = {
        "Config": _path(id),
        "RepoTags": [name.familiar for name in image.names] or None,
        "Layers": [_path(diff_id) for diff_id, _ in image.layers],
    }
    if image.parent:
        item["Parent"] = image.parent
    return item | {"LayerSources": {layer["digest"]: layer for layer in sorted(layers, key=lambda row: row["digest"])}}


def _named(descriptor: dict[str, Any], names: Sequence[Reference]) -> list[dict[str, Any]]:
    """One descriptor for each name; an image without names has one, too."""
    if not names:
        return [descriptor]
    return [descriptor | {"annotations": {IMAGE_NAME: str(name), REF_NAME: name.tag}} for name in names]


def _descriptor(kind: str, digest: str, size: int) -> dict[str, Any]:
    return {"mediaType": kind, "digest": digest, "size": size}


def _add(files: dict[str, File], data: bytes, mtime: int = 0) -> Digest:
    digest = Digest.of(data)
    files.setdefault(_path(digest), File(data, len(data), mtime))
    return digest


def _document(files: dict[str, File], path: str, data: bytes) -> None:
    files[path] = File(data, len(data))


def _path(digest: Digest) -> str:
    return f"{BLOBS}/{digest.hex}"


def _parents(path: str) -> Iterator[str]:
    while path := posixpath.dirname(path):
        yield path


def _json(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


# -- reading


class Section(io.RawIOBase):
    """A stretch of a seekable file as a file of its own."""

    def __init__(self, file: BinaryIO, start: int, size: int) -> None:
        self._file, self._start, self.size, self._at = file, start, size, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self.size}[whence]
        self._at = max(0, base + offset)
        return self._at

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        self._file.seek(self._start + self._at)
        data = self._file.read(min(len(buffer), max(0, self.size - self._at)))
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)


class Bundle:
    """The files of an *uncompressed* archive, by path, without unpacking it. `where` is what errors call its root.

    Raises ValueError for a broken archive and for names and links that lead out.
    """

    def __init__(self, file: BinaryIO, where: str) -> None:
        self._file, self.where = file, where
        self._nodes: dict[str, tuple[int, int] | str] = {}  # path -> (start, size), or a link's target
        for info, _ in tarstream.read(file, LARGEST_BUNDLE):
            path = members.below(where, info.name)
            inside = path.removeprefix(where).strip("/")
            if info.issym() or info.islnk():
                self._nodes[inside] = self._link(path, info)
            elif info.issparse():
                raise ValueError(tarstream.INVALID)
            elif info.isreg():
                self._nodes[inside] = (info.offset_data, info.size)

    def _link(self, path: str, info: tarfile.TarInfo) -> str:
        kind = "symlink" if info.issym() else "hardlink"
        members.check_link(self.where, path, Entry(info.name, kind, target=info.linkname))
        return info.linkname if info.issym() else "/" + info.linkname

    def __contains__(self, path: str) -> bool:
        return isinstance(self._nodes.get(self._followed(path)), tuple)

    def open(self, path: str) -> Section:
        """Raises FileNotFoundError, with Go's text."""
        found = self._nodes.get(self._followed(path))
        if not isinstance(found, tuple):
            raise FileNotFoundError(f"open {posixpath.join(self.where, path)}: no such file or directory")
        return Section(self._file, *found)

    def read(self, path: str) -> bytes:
        """A document; verified, if its path is its digest. Raises FileNotFoundError, ValueError."""
        file = self.open(path)
        if file.size > LARGEST_DOCUMENT:
            raise ValueError(f"{path} is too large: {file.size} bytes")
        data = b"".join(iter(lambda: file.read(LARGEST_DOCUMENT), b""))
        if len(data) < file.size:
            raise ValueError(tarstream.CUT_OFF)
        promised = path.removeprefix(BLOBS + "/")
        if path.startswith(BLOBS + "/") and Digest.of(data).hex != promised:
            raise ValueError(f"verification failed for digest sha256:{promised}")
        return data

    def _followed(self, path: str) -> str:
        """Through symbolic links; at the root, ".." goes nowhere."""
        todo, done, links = path.split("/")[::-1], list[str](), 0
        while todo:
            name = todo.pop()
            if name in ("", "."):
                continue
            if name == "..":
                done = done[:-1]
                continue
            node = self._nodes.get("/".join([*done, name]))
            if not isinstance(node, str):
                done.append(name)
                continue
            links += 1
            if links > MOST_LINKS:
                raise ValueError(f"{path}: too many levels of symbolic links")
            done = [] if node.startswith("/") else done
            todo += node.split("/")[::-1]
        return "/".join(done)
