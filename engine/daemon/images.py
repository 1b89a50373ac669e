"""Images, as the daemon handles them: find, list, inspect, tag, remove, prune, pull.

Rules and texts: moby, daemon/images (graph-driver store). The store itself is `engine.image.store`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.errors import no_such_image
from engine.image.blobs import Blobs
from engine.image.config import Image
from engine.image.digest import Digest
from engine.image.reference import Reference, parse_any
from engine.image.store import ImageStore

if TYPE_CHECKING:
    from engine.daemon.engine import Engine
    from engine.distribution.transport import Transport


class Images:
    """`engine.images`."""

    def __init__(self, engine: Engine, transport: Transport, blobs: Blobs | None = None) -> None:
        self._engine = engine
        self._transport = transport
        self.store = ImageStore(engine.state, blobs or Blobs())

    def get(self, name: str) -> Image:
        """The image of a name, an id, or the beginning of an id. Raises NotFound, InvalidReference."""
        image = self.store.find(name)
        if image is None:
            raise no_such_image(_familiar(name))
        return image


def _familiar(name: str) -> str:
    """How "No such image" says what was asked for: a name with its tag, or an id."""
    parsed = parse_any(name)
    return parsed.with_default_tag().familiar if isinstance(parsed, Reference) else Digest(parsed)
