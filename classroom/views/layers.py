"""Images as piles of layers: a layer that several images stand on is drawn once, below all of them.

Facts: `GET /glassdock/layers` (engine/api/glass.py). A layer's ChainID names it together with all that is below it, so
the layers of all images form a forest; each image is the path from a root up to one node. A container is one more
layer, writable, on top.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from classroom.drawing import Canvas, Picture
from classroom.texts import tell
from engine.units import human_size

WIDTH, HEIGHT, GAP, TOP = 250, 40, 6, 30  # pixels: of a column, of a layer, between; above the pile
Facts = Mapping[str, Any]


@dataclass(slots=True)
class Node:
    """A layer, or ("container") a writable one on top. `names`: of the images that end here."""

    key: str
    label: str
    size: int
    kind: str = "layer"
    names: list[str] = field(default_factory=list)
    above: dict[str, Node] = field(default_factory=dict)

    @property
    def width(self) -> int:
        """Columns that it spans."""
        return max(1, sum(node.width for node in self.above.values()))


def forest(facts: Facts, images: Sequence[str] = ()) -> dict[str, Node]:
    """The roots, by ChainID. `images`: names or beginnings of ids; none for all."""
    roots: dict[str, Node] = {}
    tops: dict[str, dict[str, Node]] = {}
    for image in facts["Images"]:
        if images and not any(_is(image, name) for name in images):
            continue
        level, node = roots, None
        for layer in image["Layers"]:
            new = Node(layer["Chain"], instruction(layer["CreatedBy"]), layer["Size"])
            node = level.setdefault(new.key, new)
            level = node.above
        if node is not None:
            node.names.append(", ".join(image["Tags"]) or f"<none> {image['Id'][7:19]}")
            tops[node.key] = node.above
    for container in facts["Containers"]:
        if (above := tops.get(container["Chain"])) is not None:
            label = f"{container['Name']} ({container['State']})"
            above[container["Id"]] = Node(container["Id"], label, container["Size"], "container")
    return roots


def _is(image: Facts, name: str) -> bool:
    tags = [*image["Tags"], *(tag.removesuffix(":latest") for tag in image["Tags"])]
    return name in tags or image["Id"].removeprefix("sha256:").startswith(name)


def instruction(created_by: str) -> str:
    """A line of history as the Dockerfile had it.

    >>> instruction("/bin/sh -c #(nop) COPY file:1f2e in /app ")
    'COPY file:1f2e in /app'
    >>> instruction("/bin/sh -c apt-get update")
    'RUN apt-get update'
    """
    text = re.sub(r"\s+# buildkit$", "", created_by.strip())
    if (nop := "/bin/sh -c #(nop)") in text:
        return text.split(nop)[1].strip()
    if text.startswith("/bin/sh -c "):
        return "RUN " + text.removeprefix("/bin/sh -c ")
    return re.sub(r"^RUN /bin/sh -c ", "RUN ", text)


def draw(facts: Facts, images: Sequence[str] = ()) -> Picture:
    """The pile. `facts`: see the module; `images`: only these."""
    roots = forest(facts, images)
    tallest = max((_depth(node) for node in roots.values()), default=0)
    floor = TOP + tallest * (HEIGHT + GAP)
    canvas = Canvas(tell("layers"))
    if not roots:
        canvas.text(16, TOP, tell("no images"), colour="faint")
    column = 0
    for node in roots.values():
        _draw(canvas, node, column, 0, floor)
        column += node.width
    return canvas.picture("\n".join(_text(roots)) or tell("no images"))


def _depth(node: Node) -> int:
    return 1 + max((_depth(above) for above in node.above.values()), default=0)


def _draw(canvas: Canvas, node: Node, column: int, level: int, floor: float) -> None:
    x, width = 16 + column * (WIDTH + 14), node.width * (WIDTH + 14) - 14
    y = floor - (level + 1) * (HEIGHT + GAP)
    shared = node.width > 1 or len(node.names) > 1
    container = node.kind == "container"
    fill = "orange-soft" if container else "green-soft" if shared else "blue-soft"
    edge = "orange" if container else "green" if shared else "blue"
    canvas.box(x, y, width, HEIGHT, fill=fill, edge=edge, dashed=container)
    canvas.text(x + 10, y + 17, node.label or node.key[7:19], size=12, mono=not container, within=width - 20)
    if node.names:
        canvas.text(x + 10, y + 33, "▲ " + "; ".join(node.names), size=12, bold=True, within=width - 90)
    else:
        below = tell("writable") if container else node.key[7:19]
        canvas.text(x + 10, y + 33, below, size=12, colour="faint", mono=not container)
    canvas.text(x + width - 10, y + 33, human_size(node.size), size=12, anchor="end", bold=True)
    for above in node.above.values():
        _draw(canvas, above, column, level + 1, floor)
        column += above.width


def _text(roots: Mapping[str, Node]) -> Iterator[str]:
    """From the bottom up, what stands on a layer indented below it."""

    def walk(node: Node, depth: int) -> Iterator[str]:
        name = f"  = {'; '.join(node.names)}" if node.names else ""
        shared = f"  ({tell('shared by', count=node.width)})" if node.width > 1 and node.kind == "layer" else ""
        what = tell("container") if node.kind == "container" else node.key[7:19]
        yield f"{'  ' * depth}{what:<12}  {human_size(node.size):>8}  {node.label[:70]}{shared}{name}"
        for above in node.above.values():
            yield from walk(above, depth + 1)

    for root in roots.values():
        yield from walk(root, 0)
