"""`docker import`: a tar archive of a whole root directory becomes an image of one layer (moby, image_import.go)."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

from engine.errors import InvalidParameter
from engine.image.archive import uncompress
from engine.image.config import Image
from engine.image.digest import DiffID
from engine.image.manifest import Platform
from engine.timestamps import rfc3339

if TYPE_CHECKING:
    from engine.daemon.images import Images


async def import_archive(
    images: Images, archive: AsyncIterator[bytes], source: str, message: str, platform: Platform
) -> Image:
    """The image; it has no name yet. Raises InvalidParameter for what is no archive; then nothing is kept."""
    with images.store.blobs.spool() as spool:
        async for piece in archive:
            spool.append(piece)
        try:
            layer = await images.layers.register(None, uncompress(spool.open()))
        except ValueError as error:
            raise InvalidParameter(str(error)) from None
    try:
        document = _configuration(layer.diff_id, message or f"Imported from {source}", platform, images.now)
        return images.store.add(json.dumps(document, separators=(",", ":")).encode())
    finally:
        await images.layers.release([layer.chain])


def _configuration(diff_id: DiffID, comment: str, platform: Platform, now: int) -> dict[str, Any]:
    created = rfc3339(now)
    return {
        "architecture": platform.architecture,
        "comment": comment,
        "config": {},
        "created": created,
        "history": [{"created": created, "comment": comment}],
        "os": platform.os,
        "rootfs": {"type": "layers", "diff_ids": [diff_id]},
    }
