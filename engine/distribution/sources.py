"""Where layers have been seen: which registry's repository has a layer, and as which compressed blob.

Pull and push write it down; a later push asks, so that a layer which the registry has is not sent again, and one that
lies in a neighbouring repository is mounted from there. Model: moby, distribution/metadata (V2MetadataService).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from engine.image.digest import Digest

KIND = "layer-source"  # rows: DiffID -> [[digest, size, repository], …], the newest last
MOST = 50  # sources of one layer that are remembered, as moby


class Rows(Protocol):
    """What this module needs of `engine.daemon.state`."""

    def get(self, kind: str, key: str) -> Any: ...

    def put(self, kind: str, key: str, value: Any) -> None: ...


@dataclass(frozen=True, slots=True)
class Source:
    """`repository` with its registry: "docker.io/library/alpine"; `size` of the blob, bytes."""

    digest: Digest
    size: int
    repository: str


class Sources:
    """All of one engine."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def add(self, diff_id: str, source: Source) -> None:
        row = [source.digest, source.size, source.repository]
        known = [list(one) for one in self._rows.get(KIND, diff_id) or ()]
        if known and known[-1] == row:
            return
        self._rows.put(KIND, diff_id, [*(one for one in known if one != row), row][-MOST:])

    def of(self, diff_id: str) -> list[Source]:
        """The newest first."""
        rows = self._rows.get(KIND, diff_id) or ()
        return [Source(Digest(digest), size, repository) for digest, size, repository in reversed(rows)]
