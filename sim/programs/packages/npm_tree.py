"""Where npm puts what: each package as near to the root of node_modules as another version of it lets it.

A package that several need lies once, at the top; who needs another version has that in a node_modules of its own.
Source: docs.npmjs.com/cli/v11/using-npm/dependency-selectors; "npm-install: algorithm".
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sim.packages.versions import semver_key, semver_matches

Document = Mapping[str, Any]
Look = Callable[[str], Awaitable[Document | None]]


class NotFound(Exception):
    """The registry has no such package."""

    def __init__(self, name: str, wanted: str) -> None:
        super().__init__(name)
        self.name, self.wanted = name, wanted


class NoVersion(Exception):
    """The registry has no version that fits."""

    def __init__(self, name: str, wanted: str) -> None:
        super().__init__(name)
        self.name, self.wanted = name, wanted


@dataclass(slots=True)
class Node:
    """A place in the tree: `children` lie in its node_modules. `manifest` as in the registry, with `dist`."""

    name: str
    manifest: Mapping[str, Any]
    parent: Node | None = None
    children: dict[str, Node] = field(default_factory=dict)

    @property
    def version(self) -> str:
        return str(self.manifest.get("version", ""))

    @property
    def path(self) -> str:
        """ "node_modules/express/node_modules/debug"; "" is the root."""
        if self.parent is None:
            return ""
        above = self.parent.path
        return f"{above}/node_modules/{self.name}" if above else f"node_modules/{self.name}"

    def seen(self, name: str) -> Node | None:
        """What `require(name)` finds from here."""
        node: Node | None = self
        while node is not None:
            if name in node.children:
                return node.children[name]
            node = node.parent
        return None

    def walk(self) -> Iterator[Node]:
        for _, child in sorted(self.children.items()):
            yield child
            yield from child.walk()


async def grow(root: Node, wanted: Mapping[str, str], look: Look) -> None:
    """Put what is wanted, and what that needs, below the root. Raises NotFound, NoVersion."""
    waiting = [(root, name, text) for name, text in sorted(wanted.items())]
    while waiting:
        who, name, text = waiting.pop(0)
        there = who.seen(name)
        if there is not None and fits(there.version, text):
            continue
        document = await look(name)
        if document is None:
            raise NotFound(name, text)
        version = choose(document, text)
        if version is None:
            raise NoVersion(name, text)
        node = _place(who, name, document["versions"][version])
        waiting += [(node, needed, text) for needed, text in sorted(node.manifest.get("dependencies", {}).items())]


def _place(who: Node, name: str, manifest: Mapping[str, Any]) -> Node:
    """As high as nothing else of that name is in the way."""
    place = who
    while place.parent is not None and name not in place.parent.children:
        place = place.parent
    node = Node(name, manifest, place)
    place.children[name] = node
    return node


def prune(root: Node, wanted: Mapping[str, str]) -> None:
    """Take away what nobody who is wanted needs."""
    reached: set[int] = set()
    waiting = [root.children[name] for name in wanted if name in root.children]
    while waiting:
        node = waiting.pop()
        if id(node) not in reached:
            reached.add(id(node))
            needs = (node.seen(name) for name in node.manifest.get("dependencies", {}))
            waiting += [found for found in needs if found is not None]
    for node in [node for node in root.walk() if id(node) not in reached]:
        if node.parent is not None:
            del node.parent.children[node.name]


def choose(document: Document, wanted: str) -> str | None:
    """The version that npm takes: a tag's, the latest if it fits, or else the newest that fits."""
    tags = document.get("dist-tags", {})
    if wanted in tags or wanted in ("", "*"):
        return str(tags.get(wanted, tags["latest"]))
    if fits(tags["latest"], wanted):
        return str(tags["latest"])
    found = [version for version in document["versions"] if fits(version, wanted)]
    return max(found, key=semver_key, default=None)


def fits(version: str, wanted: str) -> bool:
    try:
        return wanted in ("", "*", "latest") or semver_matches(version, wanted)
    except ValueError:
        return False
