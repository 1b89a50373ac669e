"""The Dockerfiles of the shelf: each image as the steps that made it, for people to read and for our builder to check.

The bytes of a layer come from its folder (sim/hub/recipes.py), its size, configuration and history from the catalogue.
From the two follows the Dockerfile, so that it cannot say anything else: `dockerfile` writes it, beside the folders.

Lines that compile and fetch are shortened, as the catalogue has them. So what the builder gets to build is `buildable`:
the same steps, with ADD of the layer's own archive in the place of each RUN.
"""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import PurePosixPath
from typing import Any

from sim.hub import recipes, shelf
from sim.hub.shelf import IMAGES, Version
from sim.hub.tarball import FILE

WIDTH = 120
ROOT = "rootfs.tar.gz"
BUILDKIT = " # buildkit"
_DATE, _NUMBER = re.compile(r"\d{8}"), re.compile(r"\d")


@dataclass(frozen=True, slots=True)
class Step:
    """One instruction. `layer`: the folder of the layer that it makes, or "". `size`: of that, as it travels, bytes."""

    word: str
    rest: str
    layer: str = ""
    size: int = 0

    def __str__(self) -> str:
        return f"{self.word} {self.rest}"


@dataclass(frozen=True, slots=True)
class Recipe:
    """`base`: what FROM names; `below`: how many of the layers are the base's."""

    base: str
    below: int
    steps: tuple[Step, ...]


@lru_cache(maxsize=64)
def recipe(version: Version) -> Recipe:
    """The steps of an image on its base. Raises KeyError for one that the catalogue has not."""
    facts = shelf.catalogue()[version.like]
    base, parent = _parent(version)
    before = shelf.catalogue()[parent.like] if parent else None
    lines = facts["history"][len(before["history"]) if before else 0 :]
    below = len(parent.layers) if parent else 0
    layers = iter(zip(version.layers[below:], facts["layers"][below:], strict=True))
    steps = [_step(line, facts["config"], layers, parent is None) for line in lines]
    if parent is None:
        steps += _untold(facts["config"], steps)
    return Recipe(base, below, tuple(steps))


def _parent(version: Version) -> tuple[str, Version | None]:
    """The image with most of this one's layers at its bottom, and its most precise tag."""
    facts, best, name = shelf.catalogue()[version.like], None, "scratch"
    for folder in shelf.folders():
        for other in shelf.repository(folder).versions:
            theirs = shelf.catalogue()[other.like]
            count = len(theirs["layers"])
            begins = [_published(theirs), theirs["history"]] == [_published(facts)[:count],
                                                                facts["history"][: len(theirs["history"])]]  # fmt: skip
            if begins and count < len(facts["layers"]) and (best is None or count > len(best.layers)):
                best, name = other, f"{shelf.repository(folder).name}:{_precise(other.tags)}"
    return name, best


def _published(facts: Mapping[str, Any]) -> list[str]:
    return [layer["published"] for layer in facts["layers"]]


def _precise(tags: Sequence[str]) -> str:
    """The tag that says most: one with a date, or else with a number, or else any but "latest"; the longest of them."""
    return max(tags, key=lambda tag: (bool(_DATE.search(tag)), bool(_NUMBER.search(tag)), tag != "latest", len(tag)))


def _step(line: Mapping[str, Any], config: Mapping[str, Any], layers: Iterator[Any], at_bottom: bool) -> Step:
    """A line of history as the instruction that it came from."""
    word, _, rest = line["created_by"].removesuffix(BUILDKIT).strip().partition(" ")
    rest = rest.removeprefix("/bin/sh -c ")
    layer, size = "", 0
    if not line.get("empty_layer"):
        layer, facts = next(layers)
        size = facts["size"]
    if at_bottom and layer and word != "COPY":
        return Step("ADD", f"{ROOT} /", layer, size)
    return Step(word, _argument(word, rest, config), layer, size)


def _argument(word: str, rest: str, config: Mapping[str, Any]) -> str:
    """BuildKit writes some arguments as Go prints them."""
    if word in ("CMD", "ENTRYPOINT"):
        return json.dumps(config["Cmd" if word == "CMD" else "Entrypoint"]) if not rest.startswith('["/bin') else rest
    if word == "EXPOSE" and rest.startswith("map["):
        return " ".join(part.partition("/")[0] for part in re.findall(r"[\d/a-z]+(?=:\{)", rest))
    if word == "VOLUME":
        return json.dumps(rest.strip("[]").split())
    if word == "LABEL" or (word == "ENV" and rest.count("=") == 1):
        name, _, value = rest.partition("=")
        return f"{name}={json.dumps(value) if re.search(r'[^A-Za-z0-9_./:=,+%@~-]', value) else value}"
    return rest


def _untold(config: Mapping[str, Any], steps: Sequence[Step]) -> list[Step]:
    """What the configuration has though no line of the history says so: the command of a base image."""
    told = {step.word for step in steps}
    return [Step("CMD", json.dumps(config["Cmd"]))] if "Cmd" in config and "CMD" not in told else []


# -- as a text


def dockerfile(folder: str, version: Version) -> str:
    """The Dockerfile, with each layer's folder and size above the line that made it."""
    found = recipe(version)
    names = ", ".join(f"{shelf.repository(folder).name}:{tag}" for tag in version.tags)
    lines = [f"# {line}" for line in textwrap.wrap(f"{names}.", WIDTH - 2)]
    lines += ["# Each line that makes a layer is below the folder with its files, and the layer's size as it travels.",
              "", f"FROM {found.base}"]  # fmt: skip
    for step in found.steps:
        if step.layer:
            lines += ["", f"# {step.layer}: {_megabytes(step.size)}"]
        lines += _wrapped(step)
    return "\n".join(lines) + "\n"


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.1f} MB" if size >= 100_000 else f"{size / 1e3:.1f} kB" if size >= 1000 else f"{size} B"


def _wrapped(step: Step) -> list[str]:
    """A long RUN on several lines, broken where a command ends."""
    text = str(step)
    if step.word != "RUN" or len(text) <= WIDTH:
        return [text]
    parts = re.split(r"(?<=;) (?=\S)| (?=&& )", text)
    lines = [parts[0]]
    for part in parts[1:]:
        if len(lines[-1]) + len(part) + 3 <= WIDTH:
            lines[-1] += f" {part}"
        else:
            lines.append(f"    {part}")
    return [f"{line} \\" for line in lines[:-1]] + lines[-1:]


def texts() -> dict[str, str]:
    """{path below images/: text} of all Dockerfiles; the first version of a repository has the plain name."""
    found = {}
    for folder in shelf.folders():
        for number, version in enumerate(shelf.repository(folder).versions):
            name = f"{version.tags[0]}.Dockerfile" if number else "Dockerfile"
            found[f"{folder}/{name}"] = dockerfile(folder, version)
    return found


# -- to be built


def buildable(version: Version) -> tuple[str, dict[str, bytes]]:
    """(Dockerfile, {name: bytes} of the context). RUN is ADD of the layer's archive here."""
    found = recipe(version)
    lines, context = [f"FROM {found.base}"], {}
    for number, step in enumerate(found.steps):
        if step.layer and step.word in ("RUN", "ADD"):
            context[f"{number}.tar"] = recipes.build(recipes.read(IMAGES, step.layer), step.size, _EPOCH).tar
            lines.append(f"ADD {number}.tar /")
            continue
        lines.append(str(step))
        if step.word == "COPY":
            entries = recipes.read(IMAGES, step.layer).entries
            files = {PurePosixPath(entry.path).name: entry.data for entry in entries if entry.type == FILE}
            context |= {name: files[name] for name in step.rest.split()[:-1] if name in files}
            context |= {name: b"" for name in step.rest.split()[:-1] if name not in files}
    return "\n".join(lines) + "\n", context


_EPOCH = "2026-01-01T00:00:00Z"


def write() -> int:
    """Write all Dockerfiles; returns how many there are."""
    found = texts()
    for path, text in found.items():
        (IMAGES / path).write_text(text, "utf-8", newline="\n")
    return len(found)


def differing() -> list[str]:
    """Dockerfiles below images/ that are not what follows from the catalogue; also those that nobody has."""
    there = {path.relative_to(IMAGES).as_posix(): path.read_text("utf-8")
             for path in IMAGES.glob("*/*Dockerfile")}  # fmt: skip
    wanted = texts()
    return sorted(path for path in there.keys() | wanted.keys() if there.get(path) != wanted.get(path))
