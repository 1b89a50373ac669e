"""What the pretended hub holds: the shelf's images, and above them what was pushed; and who has an account there."""

from __future__ import annotations

import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from engine.distribution.registry import Blob, Document, Layout, MemoryTree, Storage, Tree, Upload
from sim.faults import Faults

DOCKER_ID = re.compile(r"[a-z0-9](?:[a-z0-9_-]{0,28}[a-z0-9])")
RESERVED = ("library", "docker")


class HubStorage:
    """A `Writable` (engine/distribution/registry): what is pushed lies in `tree` and hides what the shelf has there."""

    def __init__(self, shelf: Storage, tree: Tree | None = None) -> None:
        self._shelf = shelf
        self.pushed = Layout(tree or MemoryTree())

    def repositories(self) -> list[str]:
        return sorted({*self._shelf.repositories(), *self.pushed.repositories()})

    def tags(self, name: str) -> Sequence[str] | None:
        here, below = self.pushed.tags(name), self._shelf.tags(name)
        return None if here is None and below is None else sorted({*(here or ()), *(below or ())})

    def manifest(self, name: str, reference: str) -> Document | None:
        return self.pushed.manifest(name, reference) or self._shelf.manifest(name, reference)

    def blob(self, name: str, digest: str) -> Blob | None:
        if (found := self.pushed.blob(name, digest) or self._shelf.blob(name, digest)) is not None:
            return found
        return self._anywhere(digest) if self.pushed.linked(name, digest) else None

    def upload(self, id: str) -> Upload:
        return self.pushed.upload(id)

    def mount(self, source: str, name: str, digest: str) -> bool:
        if self.blob(source, digest) is None:
            return False
        self.pushed.link(name, digest)
        return True

    def put_manifest(self, name: str, document: Document, tag: str = "", subject: str = "") -> None:
        self.pushed.put_manifest(name, document, tag, subject)

    def referrers(self, name: str, digest: str) -> list[Document]:
        return self.pushed.referrers(name, digest)

    def remove_tag(self, name: str, tag: str) -> bool:
        return self.pushed.remove_tag(name, tag)

    def remove_manifest(self, name: str, digest: str) -> bool:
        return self.pushed.remove_manifest(name, digest)

    def remove_blob(self, name: str, digest: str) -> bool:
        return self.pushed.remove_blob(name, digest)

    def _anywhere(self, digest: str) -> Blob | None:
        """A layer of the shelf's that was mounted is not copied; it is where it always was."""
        blobs = (self._shelf.blob(name, digest) for name in self._shelf.repositories())
        return next((blob for blob in blobs if blob is not None), None)


class Nothing:
    """A shelf with nothing on it."""

    def repositories(self) -> list[str]:
        return []

    def tags(self, name: str) -> list[str] | None:
        return None

    def manifest(self, name: str, reference: str) -> Document | None:
        return None

    def blob(self, name: str, digest: str) -> Blob | None:
        return None


@dataclass(slots=True)
class Students:
    """Accounts that open themselves: a new Docker ID belongs to the first who logs in with it, and with that password.

    A Docker ID has 2 to 30 small letters, digits, `-` or `_`; "library" and "docker" are taken. The password may be
    anything but empty, and must be the same the next time. A user's own repositories are "user/…".
    """

    faults: Faults
    storage: Storage
    passwords: dict[str, str] = field(default_factory=dict)

    def check(self, user: str, password: str) -> bool:
        if not password or user in RESERVED or not DOCKER_ID.fullmatch(user):
            return False
        right = self.passwords.setdefault(user, password)
        return hmac.compare_digest(right.encode(), password.encode())

    def allows(self, user: str, name: str, action: str) -> bool:
        if user and name.startswith(f"{user}/"):
            return True
        return action == "pull" and name not in self.faults.private and self.storage.tags(name) is not None
