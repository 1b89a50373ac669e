"""All containers: by full id, by name, by a beginning of the id that only one has, and by image.

Who wins when a word could mean several: the full id, then the name, then the prefix (moby, daemon/container.go:
GetContainer). Every look-up but that of a prefix shorter than three digits is independent of how many there are; and
`docker ps` costs what runs, not what is there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import count

from engine.daemon.container import KIND, Container, from_row
from engine.daemon.networks.links import split
from engine.daemon.state import State as Rows
from engine.errors import Conflict, InvalidParameter, no_such_container
from engine.loop import Loop

NAME = re.compile(r"/?[a-zA-Z0-9][a-zA-Z0-9_.-]+")
ALLOWED = "[a-zA-Z0-9][a-zA-Z0-9_.-]"
BUCKET = 3  # digits of an id that choose its bucket: 4096 of them


class Containers:
    """`engine.containers`. Iterating gives the newest first."""

    def __init__(self, loop: Loop, rows: Rows) -> None:
        self._rows = rows
        self._by_id: dict[str, Container] = {}
        self._by_name: dict[str, str] = {}  # name without slash -> id
        self._buckets: dict[str, dict[str, Container]] = {}
        self._by_image: dict[str, dict[str, Container]] = {}
        self._numbers: dict[str, int] = {}  # by id: which one it was, counted from the first
        self._active: dict[str, Container] = {}
        self._linking: dict[str, Container] = {}
        self._count = count()
        for id, row in rows.items(KIND):
            container = from_row(loop, id, row)
            self._by_name[container.name] = id
            self._file(container)

    # -- look-up

    def __len__(self) -> int:
        return len(self._by_id)

    def __iter__(self) -> Iterator[Container]:
        return iter(list(reversed(self._by_id.values())))

    def get(self, word: str) -> Container:
        """The container that a word means. Raises NotFound, or InvalidParameter if a prefix is ambiguous."""
        if container := self._by_id.get(word):
            return container
        if (id := self._by_name.get(word.removeprefix("/"))) and (container := self._by_id.get(id)):
            return container
        return self._linked(word) if "/" in word.strip("/") else self._by_prefix(word)

    def find(self, id: str) -> Container | None:
        """By full id."""
        return self._by_id.get(id)

    def _linked(self, word: str) -> Container:
        """ "web/store": what `--link` made known to web by that name."""
        parent, _, alias = word.strip("/").rpartition("/")
        for link in (self.get(parent).host_config.links or ()) if parent in self._by_name else ():
            if (found := split(link))[1] == alias:
                return self.get(found[0])
        raise no_such_container(word)

    def _by_prefix(self, word: str) -> Container:
        if not word:
            raise InvalidParameter("prefix can't be empty")
        found = [id for bucket in self._near(word) for id in bucket if id.startswith(word)]
        if len(found) > 1:
            raise InvalidParameter(f"Multiple IDs found with provided prefix: {word}")
        if not found:
            raise no_such_container(word)
        return self._by_id[found[0]]

    def _near(self, word: str) -> Iterable[dict[str, Container]]:
        if len(word) >= BUCKET:
            return (self._buckets.get(word[:BUCKET], {}),)
        return [bucket for start, bucket in self._buckets.items() if start.startswith(word)]

    def by_image(self, image_id: str) -> list[Container]:
        """Containers made from an image, or mounting it, in any state."""
        return list(self._by_image.get(image_id, {}).values())

    def active(self) -> list[Container]:
        """Those that run, or will again by themselves; the newest first."""
        return sorted(self._active.values(), key=lambda each: self._numbers[each.id], reverse=True)

    def linking(self) -> list[Container]:
        """Those that were made with `--link`."""
        return list(self._linking.values())

    # -- names

    @property
    def names(self) -> dict[str, str]:
        """Taken names, without slash, and whose they are."""
        return self._by_name

    def reserve(self, name: str, id: str) -> str:
        """Take a name for an id; returns it without its slash. Raises InvalidParameter or Conflict."""
        if not NAME.fullmatch(name):
            raise InvalidParameter(f"Invalid container name ({name}), only {ALLOWED} are allowed")
        bare = name.removeprefix("/")
        owner = self._by_name.setdefault(bare, id)
        if owner != id:
            raise Conflict(
                f'Conflict. The container name "/{bare}" is already in use by container "{owner}". '
                "You have to remove (or rename) that container to be able to reuse that name."
            )
        return bare

    def release(self, name: str) -> None:
        self._by_name.pop(name, None)

    # -- change

    def add(self, container: Container) -> None:
        """One more; its name has been reserved."""
        self._file(container)
        self.save(container)

    def remove(self, container: Container) -> None:
        """Forget it and its name."""
        for index in (self._by_id, self._numbers, self._active, self._linking):
            index.pop(container.id, None)
        self.release(container.name)
        del self._buckets[container.id[:BUCKET]][container.id]
        for image in _images(container):
            of_image = self._by_image[image]
            del of_image[container.id]
            if not of_image:
                del self._by_image[image]
        if self._rows.durable:
            self._rows.delete(KIND, container.id)

    def save(self, container: Container) -> None:
        """Commit its state, before anybody is told of it."""
        if container.active:
            self._active[container.id] = container
        else:
            self._active.pop(container.id, None)
        if self._rows.durable:
            self._rows.put(KIND, container.id, container.row())

    def _file(self, container: Container) -> None:
        id = container.id
        self._by_id[id] = container
        self._buckets.setdefault(id[:BUCKET], {})[id] = container
        for image in _images(container):
            self._by_image.setdefault(image, {})[id] = container
        self._numbers[id] = next(self._count)
        if container.active:
            self._active[id] = container
        if container.host_config.links:
            self._linking[id] = container


def _images(container: Container) -> set[str]:
    """The one that it is made from, and those that it mounts."""
    return {container.image_id, *(point.image for point in container.mounts if point.image)}
