"""Packages that an image of the shelf has from the start: their files, and the databases that know of them.

A layer's recipe names what was installed in it and, after an @, the layers on which it stands:

    [packages]
    index = "debian-trixie"
    names = ["@debian/trixie", "ca-certificates", "curl"]
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from sim.hub.tarball import DIRECTORY, FILE, Entry
from sim.packages import alpine, debian
from sim.packages.contents import entries, upstream
from sim.packages.records import Record, write_records

KEPT = ("Package", "Status", "Essential", "Priority", "Section", "Installed-Size", "Maintainer", "Architecture",
        "Multi-Arch", "Version", "Provides", "Depends", "Recommends", "Suggests", "Description")  # fmt: skip
PROGRAM = 48 << 10  # bytes of an ordinary program
HEAVY = 256  # kB of a package for which its libraries weigh one more


@dataclass(slots=True)
class Laid:
    """Members by path, and the weights of those that share the layer's size."""

    entries: dict[str, Entry] = field(default_factory=dict)
    bulk: dict[str, int] = field(default_factory=dict)


def debian_packages(index: str, before: Sequence[str], names: Sequence[str]) -> Laid:
    """`before`: what the layers below have."""
    known = debian.records(index)
    there = closure(before, lambda name: _needs(known, name))
    new = [name for name in closure([*before, *names], lambda name: _needs(known, name)) if name not in set(there)]
    laid = Laid()
    for name in new or there:
        record = {"Status": "install ok installed", **debian.public(index, known[name])}
        said = (known[name].get("Says", ""), upstream(record["Version"]))
        paths = _lay(laid, known[name].get("Contents", ""), int(record["Installed-Size"]), *said)
        stem = f"{name}:{record['Architecture']}" if record.get("Multi-Arch") == "same" else name
        text = "".join(f"{path}\n" for path in ["/.", *paths])
        laid.entries[f"var/lib/dpkg/info/{stem}.list"] = _file(f"var/lib/dpkg/info/{stem}.list", text)
    records = [{"Status": "install ok installed", **debian.public(index, known[name])}
               for name in sorted({*there, *new})]  # fmt: skip
    status = write_records({field: record.get(field, "") for field in KEPT} for record in records)
    laid.entries["var/lib/dpkg/status"] = _file("var/lib/dpkg/status", status + "\n")
    return laid


def alpine_packages(index: str, before: Sequence[str], names: Sequence[str]) -> Laid:
    known = alpine.records(index)
    all_names = closure([*before, *names], lambda name: alpine.needs(known, name))
    laid = Laid()
    records = []
    for name in all_names:
        contents = known[name].get("Contents", "") if name not in before else ""
        said = (known[name].get("Says", ""), upstream(known[name]["V"]))
        paths = _lay(laid, contents, int(known[name]["I"]) // 1024, *said)
        records.append((known[name], paths))
    text = "\n".join(alpine.installed_record(record, paths) for record, paths in records) + "\n"
    for path, data in (
        ("lib/apk/db/installed", text),
        ("etc/apk/world", "".join(f"{name}\n" for name in sorted({*before, *names}))),
        ("etc/apk/arch", "x86_64\n"),
    ):
        laid.entries[path] = _file(path, data)
    return laid


def closure(names: Iterable[str], needs: Callable[[str], Iterable[str]]) -> list[str]:
    """`names` and all that they need, what is needed first."""
    found: dict[str, None] = {}
    going: set[str] = set()

    def add(name: str) -> None:
        if name not in found and name not in going:
            going.add(name)
            for other in needs(name):
                add(other)
            found[name] = None

    for name in names:
        add(name)
    return list(found)


def _needs(known: Mapping[str, Record], name: str) -> list[str]:
    words = (part.split("|")[0].split()[0] for part in known[name].get("Depends", "").split(",") if part.strip())
    return [word for word in words if word in known]


def _lay(laid: Laid, contents: str, kilobytes: int, said: str, version: str) -> list[str]:
    """The members of one package; returns their paths."""
    members = entries(contents, 0, said, version=version)
    for entry in members:
        if entry.type == FILE and entry.data:
            laid.entries[entry.path] = replace(entry, size=PROGRAM)
        elif entry.type == FILE:
            laid.bulk[entry.path] = 1 + kilobytes // HEAVY
        elif entry.type != DIRECTORY:
            laid.entries[entry.path] = entry
    return [f"/{entry.path}" for entry in members]


def _file(path: str, text: str) -> Entry:
    return Entry(path, FILE, 0o644, data=text.encode())
