"""What has to happen so that some packages are there, or are not: apt's resolver, as far as its everyday goes.

Pure functions over what is installed and what can be had. Of alternatives (`a | b`) the first that is there is taken,
or else the first that can be had; nothing that is installed is removed in order to install something else.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from sim.packages.records import Record
from sim.packages.versions import debian_key, satisfies
from sim.programs.packages.apt_sources import Available, Candidate

_RELATION = re.compile(r"\s*([a-z0-9][a-z0-9.+-]*)(?::\w+)?\s*(?:\(\s*(<<|<=|=|>=|>>)\s*([^)\s]+)\s*\))?")


@dataclass(frozen=True, slots=True)
class Relation:
    """`name (operator version)`; "" for any version."""

    name: str
    operator: str = ""
    version: str = ""

    def __str__(self) -> str:
        return f"{self.name} ({self.operator} {self.version})" if self.operator else self.name

    def accepts(self, version: str) -> bool:
        return not self.operator or satisfies(debian_key(version), self.operator, debian_key(self.version))


def relations(text: str) -> Iterator[tuple[Relation, ...]]:
    """The alternatives of each part of a field.

    >>> [tuple(map(str, part)) for part in relations("libc6 (>= 2.34), mawk | awk")]
    [('libc6 (>= 2.34)',), ('mawk', 'awk')]
    """
    for part in text.split(","):
        found = (_RELATION.match(word) for word in part.split("|"))
        if alternatives := tuple(Relation(m[1], m[2] or "", m[3] or "") for m in found if m):
            yield alternatives


class Broken(Exception):
    """Something that is needed cannot be had. `lines` as apt-get lists them."""

    def __init__(self, lines: list[str]) -> None:
        super().__init__(*lines)
        self.lines = lines


@dataclass(slots=True)
class Plan:
    """`steps`: what is unpacked, in the order in which it is configured; `asked`: the names that were meant."""

    steps: dict[str, Candidate] = field(default_factory=dict)
    asked: set[str] = field(default_factory=set)
    suggested: set[str] = field(default_factory=set)
    unmet_recommendations: set[str] = field(default_factory=set)


class Planner:
    """Collects steps. `recommends`: are recommended packages wanted, too?"""

    def __init__(self, known: Available, installed: Mapping[str, Record], recommends: bool) -> None:
        self._known, self._installed, self._recommends = known, installed, recommends
        provided = (record.get("Provides", "") for record in installed.values())
        self._provided = {word for words in provided for word in words.replace(",", " ").split()}
        self.plan = Plan()
        self._going: set[str] = set()

    def want(self, candidate: Candidate) -> None:
        """Raises Broken."""
        name = candidate.record["Package"]
        self.plan.asked.add(name)
        self._add(name, candidate)

    def _add(self, name: str, candidate: Candidate) -> None:
        """Dependencies come before what needs them; a circle is cut where it was entered."""
        if name in self.plan.steps or name in self._going:
            return
        self._going.add(name)
        record = candidate.record
        for field_name in ("Pre-Depends", "Depends"):
            for part in relations(record.get(field_name, "")):
                self._need(name, part)
        self._recommend(record)
        self._going.discard(name)
        self.plan.steps[name] = candidate

    def _need(self, name: str, part: tuple[Relation, ...]) -> None:
        if any(self._is_met(relation) for relation in part):
            return
        for relation in part:
            found = self._find(relation)
            if found is not None:
                self._add(found.record["Package"], found)
                return
        why = "but it is not installable"
        if part[0].operator and (best := self._known.best(part[0].name)):
            why = f"but {best.version} is to be installed"
        raise Broken([f" {name} : Depends: {part[0]} {why}"])

    def _recommend(self, record: Record) -> None:
        for part in relations(record.get("Recommends", "")):
            if any(self._is_met(relation) for relation in part):
                continue
            found = next((found for relation in part if (found := self._find(relation))), None)
            if found is not None and self._recommends:
                self._add(found.record["Package"], found)
            else:
                self.plan.unmet_recommendations.add(part[0].name)
        self.plan.suggested |= {part[0].name for part in relations(record.get("Suggests", ""))
                                if not any(self._is_met(relation) for relation in part)}  # fmt: skip

    def _is_met(self, relation: Relation) -> bool:
        """By what is installed, or will be."""
        if relation.name in self._going:
            return True
        step = self.plan.steps.get(relation.name)
        record = step.record if step is not None else self._installed.get(relation.name)
        if record is not None:
            return relation.accepts(record["Version"])
        return not relation.operator and relation.name in self._provided

    def _find(self, relation: Relation) -> Candidate | None:
        for name in (relation.name, *self._known.provided.get(relation.name, ())):
            for candidate in self._known.packages.get(name, ()):
                if relation.accepts(candidate.version) or name != relation.name:
                    return candidate
        return None


def upgrades(known: Available, installed: Mapping[str, Record]) -> dict[str, Candidate]:
    """What is installed and could be newer."""
    best = ((name, known.best(name), record["Version"]) for name, record in sorted(installed.items()))
    return {name: found for name, found, version in best
            if found is not None and debian_key(found.version) > debian_key(version)}  # fmt: skip


def dependants(names: Iterable[str], installed: Mapping[str, Record]) -> list[str]:
    """`names` and all that cannot stay without them."""
    gone = {name for name in names if name in installed}
    grown = True
    while grown:
        grown = False
        for name, record in installed.items():
            if name not in gone and any(_breaks(part, gone, installed) for part in relations(_needs(record))):
                gone.add(name)
                grown = True
    return sorted(gone)


def unneeded(installed: Mapping[str, Record], automatic: set[str], gone: Iterable[str] = ()) -> list[str]:
    """What came only because others needed it, and is needed no more once `gone` are away."""
    left = {name: record for name, record in installed.items() if name not in set(gone)}
    kept: set[str] = set()
    waiting = [name for name, record in left.items()
               if name not in automatic or record.get("Essential") == "yes"]  # fmt: skip
    while waiting:
        name = waiting.pop()
        if name not in kept:
            kept.add(name)
            record = left[name]
            for part in relations(_needs(record) + "," + record.get("Recommends", "")):
                waiting += [relation.name for relation in part if relation.name in left]
    return sorted(set(left) - kept)


def _needs(record: Record) -> str:
    return record.get("Pre-Depends", "") + "," + record.get("Depends", "")


def _breaks(part: tuple[Relation, ...], gone: set[str], installed: Mapping[str, Record]) -> bool:
    """Were the alternatives met, and is none left?"""
    there = [relation.name for relation in part if relation.name in installed]
    return bool(there) and all(name in gone for name in there)
