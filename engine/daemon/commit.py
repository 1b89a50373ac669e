"""New images: from a container (`docker commit`), and for all who make one, an image's configuration with its history.

An image made here is its parent's layers and one more, or the same layers with other settings; either way one more
entry in the history (moby, image/image.go: NewChildImage).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from engine.image.config import Image
from engine.image.manifest import Platform
from engine.image.store import Layer
from engine.timestamps import rfc3339

if TYPE_CHECKING:
    from engine.daemon.images import Images

INHERITED = ("architecture", "variant", "os", "os.version", "os.features")


async def new_image(
    images: Images,
    parent: Image | None,
    layer: Layer | None,
    config: Mapping[str, Any],
    *,
    created_by: str,
    comment: str = "",
    author: str = "",
    platform: Platform | None = None,
) -> Image:
    """The image of `parent` with one more layer (None: the step changed no file) and these settings; it has no name.

    `config` is the "config" object of an OCI image configuration. `platform` counts without a parent only; None: the
    host's. Layers are to be held by the caller until this returns.
    """
    document = _inherited(images, parent, platform)
    created = rfc3339(images.now)
    entry: dict[str, Any] = {"created": created}
    told = {"created_by": created_by, "author": author, "comment": comment}
    entry |= {name: text for name, text in told.items() if text}
    if layer is None:
        entry["empty_layer"] = True
    else:
        document["rootfs"]["diff_ids"].append(layer.diff_id)
    document["history"].append(entry)
    document |= {"config": dict(config), "created": created}
    document |= {name: text for name, text in (("author", author), ("comment", comment)) if text}
    return images.store.add(_bytes(document), parent.id if parent is not None else "")


def _inherited(images: Images, parent: Image | None, platform: Platform | None) -> dict[str, Any]:
    """What a new configuration has from its parent."""
    if parent is None:
        platform = platform or images.platform
        own = {"architecture": platform.architecture, "os": platform.os}
        variant = {"variant": platform.variant} if platform.variant else {}
        return own | variant | {"history": [], "rootfs": {"type": "layers", "diff_ids": []}}
    document = json.loads(images.store.config_bytes(parent.id))
    kept: dict[str, Any] = {name: document[name] for name in INHERITED if document.get(name)}
    kept["history"] = list(document.get("history") or ())
    kept["rootfs"] = {"type": "layers", "diff_ids": list(parent.diff_ids)}
    return kept


def _bytes(document: Mapping[str, Any]) -> bytes:
    """The configuration as it is stored; its digest is the image's id."""
    return json.dumps(document, separators=(",", ":"), sort_keys=True, ensure_ascii=False).encode()
