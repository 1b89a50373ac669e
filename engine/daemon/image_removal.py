"""`docker rmi` and `docker image prune`: what may go, in which order, and what is said of it.

A name goes first; the image goes with its last name, and its layers with the last image that stands on them. Hard
conflicts (a child image, a running container) always hold; soft ones (a stopped container, other names) yield to
`force`. What one command removes is removed together, or nothing of it. Rules and texts: moby,
daemon/images/image_delete.go and image_prune.go.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from engine.daemon.filters import Filters
from engine.errors import Conflict, InvalidParameter, NotFound
from engine.image.config import Image
from engine.image.digest import chains
from engine.image.reference import Reference
from engine.image.store import Layer
from engine.timestamps import parse_moment, parse_rfc3339

if TYPE_CHECKING:
    from engine.daemon.images import Images

Record = dict[str, str]  # {"Untagged": name} or {"Deleted": digest}

PRUNE_FILTERS = ("dangling", "label", "label!", "until")


class DeleteConflict(Conflict):
    """`used`: a container stands in the way, not a name."""

    def __init__(self, image: Image, reason: str, *, hard: bool = False, used: bool = False) -> None:
        force = "cannot be forced" if hard else "must be forced"
        super().__init__(f"conflict: unable to delete {image.id.short} ({force}) - {reason}")
        self.used = used


@dataclass(slots=True)
class _Removal:
    """What one removal does: what it tells, and what follows as soon as it is written down."""

    images: Images
    records: list[Record] = field(default_factory=list)
    gone: list[Layer] = field(default_factory=list)
    events: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)  # action, id, attributes

    def event(self, image: Image, action: str) -> None:
        self.events.append((action, image.id, self.images.attributes(image)))

    async def finish(self) -> None:
        """The host's part, and the news."""
        await self.images.layers.discard(self.gone)
        for event in self.events:
            self.images.publish(*event)


async def remove(images: Images, name: str, force: bool = False, prune: bool = True) -> list[Record]:
    """Remove a name, or the image of an id. `prune`: untagged parents go as well. Raises NotFound, Conflict."""
    removal = _Removal(images)
    image = images.get(name)
    with images.store.change():
        _remove(removal, image, name, force, prune)
    await removal.finish()
    return removal.records


def _remove(removal: _Removal, image: Image, name: str, force: bool, prune: bool) -> None:
    images = removal.images
    references = images.store.references(image.id)
    if _is_id_prefix(image, name):
        if _is_single(references):
            _check(images, image, names=False, stopped=not force)
            for reference in references:
                _untag(removal, image, reference)
        _delete(removal, image, force, prune, quiet=False)
        return
    if not force and _is_single(references) and (user := next(images.users(image), None)):
        raise Conflict(
            f'conflict: unable to remove repository reference "{name}" (must force) - container {user.id[:12]}'
            f" is using its referenced image {image.id.short}"
        )
    _untag_with_digests(removal, image, Reference.parse(name).with_default_tag())
    if not images.store.references(image.id):
        _delete(removal, image, force, prune, quiet=True)


async def prune(images: Images, filters: Filters) -> tuple[list[Record], int]:
    """Remove dangling images, or (dangling=false) all that no container uses. Returns records and bytes reclaimed."""
    dangling = filters.boolean("dangling", True)
    until = _until(filters, images.now)
    sizes = {str(chain): layer.size for chain, layer in images.store.layers.items()}
    records: list[Record] = []
    for image in list(images.store):
        if image.id in images.store and _prunable(images, image, filters, until, dangling):
            for name in _names_to_prune(images, image, dangling):
                try:
                    records += await remove(images, name)
                except (Conflict, NotFound):  # in use, or gone with another of its names
                    continue
    return records, sum(sizes.get(record.get("Deleted", ""), 0) for record in records)


def _prunable(images: Images, image: Image, filters: Filters, until: int | None, dangling: bool) -> bool:
    children = images.store.has_children(image.id)
    if children and (dangling or not images.store.references(image.id)):
        return False
    if until is not None and (not image.created or parse_rfc3339(image.created) > until):
        return False
    return filters.prunes(image.config.labels)


def _names_to_prune(images: Images, image: Image, dangling: bool) -> list[str]:
    """What to remove so that the image goes; nothing if it is to stay."""
    references = images.store.references(image.id)
    if not references:
        return [image.id.hex]
    if dangling and any(reference.tag for reference in references):
        return []
    return [str(reference) for reference in references]


def _until(filters: Filters, now: int) -> int | None:
    values = filters.get("until")
    if not values:
        return None
    if len(values) > 1:
        raise InvalidParameter("more than one until filter specified")
    try:
        return parse_moment(values[0], now)
    except ValueError as error:
        raise InvalidParameter(str(error)) from None


def _untag(removal: _Removal, image: Image, reference: Reference, event: bool = True) -> None:
    removal.images.store.untag(reference)
    if event:
        removal.event(image, "untag")
    removal.records.append({"Untagged": reference.familiar})


def _untag_with_digests(removal: _Removal, image: Image, reference: Reference) -> None:
    """A name goes; with the last tag of a repository go the repository's digests."""
    if reference.digest:
        reference = reference.with_digest(reference.digest)
    _untag(removal, image, reference)
    same = [other for other in removal.images.store.references(image.id) if other.name == reference.name]
    if not reference.digest and not any(other.tag for other in same):
        for other in same:
            _untag(removal, image, other, event=False)


def _delete(removal: _Removal, image: Image, force: bool, prune: bool, quiet: bool) -> None:
    """The image itself, and its untagged parents if `prune`. `quiet`: it is all right if it has to stay."""
    images = removal.images
    try:
        _check(images, image, names=not force, stopped=not force)
    except DeleteConflict as conflict:
        if quiet and (conflict.used or images.store.references(image.id) or images.store.has_children(image.id)):
            return
        raise
    for reference in images.store.references(image.id):
        _untag(removal, image, reference)
    stack = chains(image.diff_ids)
    images.keep_for_containers(image, stack)
    images.store.remove(image.id)
    removal.event(image, "delete")
    gone = images.layers.forget(stack)
    removal.gone += gone
    removal.records += [{"Deleted": image.id}, *({"Deleted": str(layer.chain)} for layer in gone)]
    parent = images.store.find(image.parent) if image.parent else None
    if prune and parent is not None:
        _delete(removal, parent, force=False, prune=True, quiet=True)


def _check(images: Images, image: Image, *, names: bool, stopped: bool) -> None:
    """Raises DeleteConflict. `names` and `stopped`: do other names and stopped containers count?"""
    if images.store.has_children(image.id):
        raise DeleteConflict(image, "image has dependent child images", hard=True)
    for user in _those(images, image, running=True):
        raise DeleteConflict(image, f"image is being used by running container {user}", hard=True, used=True)
    if names and images.store.references(image.id):
        raise DeleteConflict(image, "image is referenced in multiple repositories")
    if stopped:
        for user in _those(images, image, running=False):
            raise DeleteConflict(image, f"image is being used by stopped container {user}", used=True)


def _those(images: Images, image: Image, running: bool) -> Iterator[str]:
    return (user.id[:12] for user in images.users(image) if user.active is running)


def _is_id_prefix(image: Image, text: str) -> bool:
    return image.id.startswith(text) or image.id.hex.startswith(text)


def _is_single(references: Sequence[Reference]) -> bool:
    """All within one repository, with at most one tag; not so if there are none."""
    if len(references) <= 1:
        return len(references) == 1
    tags = [reference for reference in references if not reference.digest]
    repositories = {reference.name for reference in references if reference.digest}
    if len(tags) > 1:
        return False
    return repositories == {tags[0].name if tags else references[0].name}
