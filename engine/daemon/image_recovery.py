"""Images after a restart: what the host has forgotten is unpacked again; what the disk has lost is left out.

A blob that is missing, or is not what its digest promises, costs the images that need it, and not the daemon.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from engine.image.content import BLOCK
from engine.image.digest import ChainID, Digest, chains

if TYPE_CHECKING:
    from engine.daemon.images import Images

log = logging.getLogger("glassdock.images")

Damaged = dict[ChainID, str]  # layers that cannot be had again, and why


async def recover(images: Images, held: Iterable[Sequence[ChainID]]) -> Damaged:
    """Bring back all layers that images need, and `held` stacks (bottom up); forget what is damaged or not needed."""
    store = images.store
    for id, reason in store.damaged.items():
        log.error("image %s is damaged and left out: %s", Digest(id).short, reason)
    store.forget_damaged()
    damaged: Damaged = {}
    for image in list(store):
        stack = chains(image.diff_ids)
        await _restore(images, stack, damaged)
        if image.chain in damaged:
            log.error("image %s is damaged and left out: %s", image.id.short, damaged[image.chain])
            with store.change():
                for reference in store.references(image.id):
                    store.untag(reference)
                store.remove(image.id)
    for kept in held:
        await _restore(images, list(kept), damaged)
    await images.layers.sweep([chain for chain, layer in store.layers.items() if not layer.users])
    store.blobs.sweep()
    return damaged


async def _restore(images: Images, stack: list[ChainID], damaged: Damaged) -> None:
    """Have a stack on the host, or say of each of its layers from which on it cannot be had."""
    reason = ""
    for chain, parent in zip(stack, [None, *stack], strict=False):
        reason = reason or damaged.get(chain, "")
        if not reason and not images.host.exists(chain):
            reason = await _unpack(images, chain, parent)
        if reason:
            damaged[chain] = reason


async def _unpack(images: Images, chain: ChainID, parent: ChainID | None) -> str:
    """Put one layer on the host; why that cannot be done, or ""."""
    store, hash = images.store, hashlib.sha256()
    try:
        layer = store.layers[chain]
        with store.open_layer(layer) as tar:
            while piece := tar.read(BLOCK):
                hash.update(piece)
        if hash.hexdigest() != layer.diff_id.hex:
            return f"layer {layer.diff_id} has another digest"
        with store.open_layer(layer) as tar:
            await images.host.apply(chain, parent, tar)
    except KeyError as error:
        return f"{error.args[0]} is missing"
    except (ValueError, OSError) as error:
        return f"layer {chain}: {error}"
    return ""
