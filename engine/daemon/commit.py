"""New images: from a container (`docker commit`), and for all who make one, an image's configuration with its history.

An image made here is its parent's layers and one more, or the same layers with other settings; either way one more
entry in the history (moby, image/image.go: NewChildImage).
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from itertools import chain
from typing import TYPE_CHECKING, Any

from engine.api.decode import decode, encode
from engine.daemon import stop
from engine.daemon.config import ContainerConfig, merge
from engine.errors import Conflict, EngineError, System, no_such_container, no_such_image
from engine.image.config import Image, image_config
from engine.image.digest import chains
from engine.image.manifest import Platform
from engine.image.reference import Reference
from engine.image.store import Layer
from engine.lifecycle import State
from engine.timestamps import rfc3339

if TYPE_CHECKING:
    from engine.daemon.container import Container
    from engine.daemon.engine import Engine
    from engine.daemon.images import Images

INHERITED = ("architecture", "variant", "os", "os.version", "os.features")


async def commit(
    engine: Engine,
    container: Container,
    *,
    reference: Reference | None = None,
    config: ContainerConfig | None = None,
    changes: Sequence[str] = (),
    comment: str = "",
    author: str = "",
    pause: bool = True,
) -> Image:
    """`docker commit`: the container's writable layer becomes an image's (moby, daemon/commit.go).

    `config`: instead of the container's own, which fills its gaps; `changes`: Dockerfile instructions on it; `pause`:
    nothing of the container runs meanwhile. Volumes are no part of it. Raises NotFound, Conflict, InvalidParameter.
    """
    if container.state is State.DEAD:
        raise Conflict(f"You cannot commit container {container.id} which is Dead")
    if container.state is State.REMOVING:
        raise Conflict(f"You cannot commit container {container.id} which is being removed")
    with engine.trace.span("daemon", "container commit", container=container.name) as span:
        async with _paused(engine, container, pause):
            settings = _settings(container, config, changes)
            image = await _image(engine, container, settings, comment, author)
            span.attributes["image"] = image.id
            if reference is not None:
                engine.images.tag(image.id, reference)
            told = {"comment": comment, "imageID": image.id, "imageRef": reference.familiar if reference else ""}
            engine.events.publish("container", "commit", container.id, container.attributes(**told))
    return image


@asynccontextmanager
async def _paused(engine: Engine, container: Container, wanted: bool) -> AsyncIterator[None]:
    """A container that runs stands still inside of the block."""
    pausing = wanted and container.state is State.RUNNING
    if pausing:
        with suppress(EngineError):  # it has ended meanwhile
            await stop.pause(engine, container)
    try:
        yield
    finally:
        if pausing:
            with suppress(EngineError):
                await stop.unpause(engine, container)


def _settings(container: Container, config: ContainerConfig | None, changes: Sequence[str]) -> dict[str, Any]:
    """The image's settings: those given (or the container's), changed, with the container's own for what is missing."""
    from engine.builder.changes import apply_changes

    own = encode(container.config) | {"Hostname": container.hostname}
    changed = apply_changes(encode(config) if config is not None else own, changes)
    settings: dict[str, Any] = encode(merge(decode(ContainerConfig, changed), image_config(own)))
    return settings


async def _image(engine: Engine, container: Container, settings: Mapping[str, Any], comment: str, author: str) -> Image:
    """The layers below are held meanwhile: somebody may remove container and image just now."""
    images, parent = engine.images, _parent(engine, container)
    held = list(chains(parent.diff_ids))
    images.layers.hold(held)
    try:
        layer = await _layer(engine, container, parent)
        if layer is not None:
            held.append(layer.chain)
        return await new_image(
            images,
            _parent(engine, container),
            layer,
            settings,
            created_by=" ".join(container.config.cmd or ()),
            comment=comment,
            author=author,
        )
    finally:
        await images.layers.release(held)


def _parent(engine: Engine, container: Container) -> Image:
    if container.image_id not in engine.images.store:
        raise no_such_image(container.image_id)
    return engine.images.store.get(container.image_id)


async def _layer(engine: Engine, container: Container, parent: Image) -> Layer | None:
    """What the container has changed; None if it has changed nothing."""
    if engine.containers.find(container.id) is None:
        raise no_such_container(container.id)
    diff = engine.host.diff(container.id)
    first = next(diff, b"")
    if not first.strip(b"\0"):  # an archive that begins with its end
        return None
    try:
        return await engine.images.layers.register(parent.chain or None, chain([first], diff))
    except (OSError, ValueError) as error:
        raise System(str(error)) from None


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
