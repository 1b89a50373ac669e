"""What a registry holds, and what it asks of the place where that lies.

A `Storage` is read (pull, discovery); a `Writable` one also takes pushes. Names of repositories are without the
registry's: "library/alpine". Every name, tag and digest that a storage is given has been checked by the application.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from engine.image.digest import Digest


@dataclass(frozen=True, slots=True)
class Document:
    """A manifest or index, as it was pushed."""

    media_type: str
    data: bytes

    @property
    def digest(self) -> Digest:
        return Digest.of(self.data)


class Blob(Protocol):
    """A layer or configuration; `read` gives the bytes from `start` up to `end` in pieces."""

    @property
    def size(self) -> int: ...

    def read(self, start: int = 0, end: int | None = None) -> Iterator[bytes]: ...


class Storage(Protocol):
    """What there is."""

    def repositories(self) -> Sequence[str]: ...

    def tags(self, name: str) -> Sequence[str] | None:
        """None: there is no such repository."""

    def manifest(self, name: str, reference: str) -> Document | None:
        """By tag or digest."""

    def blob(self, name: str, digest: str) -> Blob | None: ...


class Upload(Protocol):
    """A blob on its way in; its bytes are nobody's until `commit`."""

    @property
    def size(self) -> int: ...

    def append(self, data: bytes) -> None: ...

    def commit(self, name: str, digest: Digest) -> None:
        """The repository has it now. Raises WrongDigest (engine.image.blobs), and nothing is kept."""

    def abort(self) -> None: ...


@runtime_checkable
class Writable(Storage, Protocol):
    """A storage that can be pushed to."""

    def upload(self, id: str) -> Upload:
        """Begin one; `id` is new."""

    def mount(self, source: str, name: str, digest: str) -> bool:
        """Let a repository have a blob of another one; False if that has none."""

    def put_manifest(self, name: str, document: Document, tag: str = "", subject: str = "") -> None:
        """Keep it, under a tag if one is given, and as a referrer of `subject` (a digest) if it is one."""

    def referrers(self, name: str, digest: str) -> Sequence[Document]:
        """The manifests whose subject it is."""

    def remove_tag(self, name: str, tag: str) -> bool:
        """False: there is none. So the others."""

    def remove_manifest(self, name: str, digest: str) -> bool:
        """With all tags that mean it."""

    def remove_blob(self, name: str, digest: str) -> bool: ...
