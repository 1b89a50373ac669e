"""Which versions of which projects: pip's resolver, as far as its everyday goes.

Projects are looked at in the order in which pip would; each gets the newest version that everybody accepts. When a
later wish rules out what an earlier one got, the choice is made again with all that is known by then.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.version import Version

from sim.packages.pypi import normalized

ROUNDS = 20


@dataclass(frozen=True, slots=True)
class Wish:
    """A requirement, and where it comes from: "" (the command line), "-r FILE (line N)", or "jinja2>=3.1->flask".

    `parent` is the project that has it, with its version; "" for those of the user.
    """

    requirement: Requirement
    by: str = ""
    parent: str = ""

    @property
    def name(self) -> str:
        return normalized(self.requirement.name)

    def text(self) -> str:
        """As pip says it: `blinker>=1.9.0 (from flask)`."""
        return str(self.requirement) + (f" (from {self.by})" if self.by else "")


@dataclass(frozen=True, slots=True)
class Choice:
    """A version of a project that will be installed. `file` describes its wheel; `wish` was the first for it."""

    name: str
    version: str
    file: Mapping[str, Any]
    requires: tuple[Requirement, ...]
    wish: Wish


@dataclass(slots=True)
class Project:
    """What the index says: versions, oldest first, and the wheels that fit this Python."""

    name: str
    versions: list[str] = field(default_factory=list)
    files: dict[str, Mapping[str, Any]] = field(default_factory=dict)

    @classmethod
    def parse(cls, name: str, data: bytes, tag: str) -> Project:
        project = cls(name)
        document = json.loads(data)
        project.versions = document["versions"]
        for file in document["files"]:
            words = file["filename"].split("-")
            if words[-3] in ("py3", tag):
                project.files[words[1]] = file
        return project

    def newest(self, wishes: Sequence[Wish]) -> str | None:
        """The newest version that all accept; one before its release only if it is asked for by name."""
        for version in reversed(self.versions):
            if version in self.files and all(wish.requirement.specifier.contains(version) for wish in wishes):
                return version
        return None


class NoneFound(Exception):
    """No version fits one wish."""

    def __init__(self, wish: Wish, versions: Sequence[str]) -> None:
        super().__init__(wish.text())
        self.wish, self.versions = wish, versions


class Conflict(Exception):
    """Several wishes exclude each other."""

    def __init__(self, wishes: Sequence[Wish]) -> None:
        super().__init__(*(wish.text() for wish in wishes))
        self.wishes = wishes


Look = Callable[[Wish], Awaitable[Project]]
Read = Callable[[Project, str], Awaitable[bytes]]


class Resolver:
    """`look` fetches a project's page, `read` the metadata of a version; `there`: what is installed and may stay."""

    def __init__(self, look: Look, read: Read, there: Mapping[str, str]) -> None:
        self._look, self._read, self._there = look, read, there
        self._projects: dict[str, Project] = {}
        self._requires: dict[tuple[str, str], tuple[Requirement, ...]] = {}
        self.met: list[Wish] = []  # by what is installed, in order

    async def resolve(self, wishes: Sequence[Wish]) -> dict[str, Choice]:
        """In the order in which they were found. Raises NoneFound, Conflict."""
        known: dict[str, list[Wish]] = {}
        for _ in range(ROUNDS):
            before = {name: list(each) for name, each in known.items()}
            chosen = await self._round(wishes, known)
            if known == before:
                break
        return chosen

    async def _round(self, wishes: Sequence[Wish], known: dict[str, list[Wish]]) -> dict[str, Choice]:
        chosen: dict[str, Choice] = {}
        waiting = list(wishes)
        self.met = []
        seen: set[str] = set()
        while waiting:
            wish = waiting.pop(0)
            if wish.requirement.marker is not None and not wish.requirement.marker.evaluate({"extra": ""}):
                continue
            others = known.setdefault(wish.name, [])
            if wish not in others:
                others.append(wish)
            if wish.name in seen:
                continue
            there = self._there.get(wish.name)
            if there is not None and all(one.requirement.specifier.contains(there, True) for one in others):
                self.met.append(wish)
                seen.add(wish.name)
                continue
            seen.add(wish.name)
            choice = await self._choose(wish, others)
            chosen[wish.name] = choice
            by = f"{wish.requirement}->{wish.by}" if wish.by else str(wish.requirement)
            waiting += [Wish(needed, by, f"{wish.name} {choice.version}") for needed in choice.requires]
        return chosen

    async def _choose(self, wish: Wish, wishes: Sequence[Wish]) -> Choice:
        name = wish.name
        if name not in self._projects:
            self._projects[name] = await self._look(wish)
        project = self._projects[name]
        version = project.newest(wishes)
        if version is None:
            alone = next((one for one in wishes if project.newest([one]) is None), None)
            if alone is not None:
                raise NoneFound(alone, sorted(project.versions, key=Version))
            raise Conflict(wishes)
        if (name, version) not in self._requires:
            self._requires[name, version] = _requirements(await self._read(project, version))
        return Choice(name, version, project.files[version], self._requires[name, version], wish)


def _requirements(metadata: bytes) -> tuple[Requirement, ...]:
    found = []
    for line in metadata.decode(errors="replace").splitlines():
        if line.startswith("Requires-Dist:"):
            found.append(Requirement(line.partition(":")[2].strip()))
    return tuple(found)


def order(chosen: Mapping[str, Choice]) -> list[Choice]:
    """What is needed comes before what needs it."""
    found: dict[str, Choice] = {}
    going: set[str] = set()

    def add(name: str) -> None:
        if name in chosen and name not in found and name not in going:
            going.add(name)
            for needed in reversed(chosen[name].requires):
                add(normalized(needed.name))
            found[name] = chosen[name]

    for name in reversed(list(chosen)):
        add(name)
    return list(found.values())


def read_requirements(text: str, file: str) -> tuple[list[Wish], list[str]]:
    """A requirements file: the wishes, and lines that are none (with pip's complaint)."""
    wishes, wrong = [], []
    for number, line in enumerate(text.splitlines(), 1):
        words = line.partition(" #")[0].strip()
        if not words or words.startswith(("#", "-")):
            continue
        try:
            wishes.append(Wish(Requirement(words), f"-r {file} (line {number})"))
        except InvalidRequirement:
            wrong.append(f"Invalid requirement: {words!r} (from line {number} of {file})")
    return wishes, wrong
