"""Where a container's file comes from: which layers say something about a path, from the bottom up.

The topmost word counts (overlayfs, kernel documentation): a file there hides all below it, a whiteout takes it away.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.image.changeset import read

if TYPE_CHECKING:
    from engine.daemon.container import Container
    from engine.daemon.engine import Engine
    from engine.image.store import Layer

KINDS = {0: "changed", 1: "added", 2: "deleted"}  # of engine.host.Change


@dataclass(frozen=True, slots=True)
class Word:
    """What one layer says: "" (nothing), the entry's kind ("file", …), "deleted", "changed" or "added".

    `chain` is "" for the container's own layer.
    """

    chain: str
    said: str


async def origins(engine: Engine, container: Container, path: str) -> list[Word]:
    """From the bottom layer up to the container's own."""
    name = path.strip("/")
    store = engine.images.store
    found = []
    if container.image_id in store:
        found = [Word(layer.chain, _said(engine, layer, name)) for layer in store.stack(store.get(container.image_id))]
    changes = {change.path.strip("/"): KINDS[change.kind] for change in await engine.host.changes(container.id)}
    return [*found, Word("", changes.get(name, ""))]


def _said(engine: Engine, layer: Layer, name: str) -> str:
    """A layer's last word about a path."""
    said = ""
    with closing(engine.images.store.open_layer(layer)) as tar:
        for entry, _ in read(tar):
            if entry.name == name:
                said = "deleted" if entry.kind == "whiteout" else entry.kind
            elif entry.kind in ("whiteout", "opaque") and name.startswith(f"{entry.name}/" if entry.name else ""):
                said = "deleted"
    return said
