"""`docker import`: a tar archive of a whole root directory becomes an image of one layer (moby, image_import.go)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from engine.daemon.commit import new_image
from engine.distribution.download import fetch
from engine.distribution.progress import Message, Meter, Tell
from engine.distribution.transport import Unreachable
from engine.errors import InvalidParameter, System
from engine.image.archive import uncompress
from engine.image.manifest import Platform
from engine.image.reference import Reference

if TYPE_CHECKING:
    from engine.daemon.images import Images

UPLOAD = "-"  # the source that is no URL


@dataclass(frozen=True, slots=True)
class Import:
    """What is asked for: `source` is UPLOAD or a URL, `changes` Dockerfile instructions for the settings."""

    source: str = UPLOAD
    name: Reference | None = None
    message: str = ""
    changes: Sequence[str] = ()
    platform: Platform | None = None


async def import_image(images: Images, wanted: Import, upload: AsyncIterator[bytes], tell: Tell) -> None:
    """Make the image, and name it if that is wanted; tells its id. Raises EngineError; then nothing is kept."""
    from engine.builder.changes import apply_changes

    platform = wanted.platform or images.platform
    if platform.os != images.platform.os:
        raise InvalidParameter("operating system is not supported")
    config = apply_changes({}, wanted.changes)
    with images.store.blobs.spool() as spool:
        try:
            async for piece in upload if wanted.source == UPLOAD else _download(images, wanted.source, tell):
                spool.append(piece)
            layer = await images.layers.register(None, uncompress(spool.open()))
        except (OSError, ValueError) as error:
            raise System(str(error)) from None
    comment = wanted.message or f"Imported from {wanted.source}"
    try:
        image = await new_image(images, None, layer, config, created_by="", comment=comment, platform=platform)
    finally:
        await images.layers.release([layer.chain])
    if wanted.name is not None:
        images.tag(image.id, wanted.name)
    images.event(image, "import")
    tell(Message(image.id))


async def _download(images: Images, source: str, tell: Tell) -> AsyncIterator[bytes]:
    url = source if "://" in source else f"http://{source}"
    try:
        urlsplit(url)
    except ValueError as error:
        raise InvalidParameter(str(error)) from None
    reply = await fetch(images.transport, url)
    tell(Message(f"Downloading from {url}"))
    length = reply.headers.get("content-length", "")
    meter = Meter(images.loop, tell, "Importing", "", int(length) if length.isdecimal() else -1)
    try:
        async for piece in reply.body:
            meter.add(len(piece))
            yield piece
    except Unreachable as error:
        raise System(str(error)) from None
    finally:
        await reply.aclose()
