"""The archives of Debian and Ubuntu as their mirrors serve them: InRelease, Packages, pool/ (deb.debian.org).

The indexes are in indexes/: paragraphs of deb822(5), with two fields of our own, `Contents` (sim/packages/contents.py)
and `Script` (what is run when a package is configured), which the mirror keeps to itself. An index may stand on another
(`Like`), whose paragraphs it changes field by field. Signatures are not simulated: InRelease is plain text.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256

from sim.hub.segments import Segments
from sim.packages.archives import deb
from sim.packages.contents import HERE, entries, texts_of, upstream
from sim.packages.records import Record, read_records, write_record
from sim.packages.serving import Body

OURS = ("Contents", "Script", "Says", "Like")
MAINTAINERS = {"debian": "Debian Developers <debian-devel@lists.debian.org>",
               "ubuntu": "Ubuntu Developers <ubuntu-devel-discuss@lists.ubuntu.com>"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Suite:
    """One `dists/SUITE`: sizes in bytes of InRelease and of each component's Packages, as they travel.

    `index`: the file in indexes/ with its packages (all of them in `main`); "" for a suite that has nothing for us.
    """

    release: int
    components: Mapping[str, int]
    index: str = ""


KB = 1000
UBUNTU = {"main": 1400 * KB, "universe": 11_300 * KB, "restricted": 60 * KB, "multiverse": 190 * KB}


def _older(name: str) -> dict[str, Suite]:
    """The four suites of an older Ubuntu."""
    more = (f"{name}-{part}" for part in ("updates", "backports", "security"))
    return {name: Suite(265 * KB, UBUNTU, f"ubuntu-{name}"), **dict.fromkeys(more, Suite(128 * KB, UBUNTU))}


ARCHIVES: Mapping[str, Mapping[str, Suite]] = {
    "debian": {
        "bullseye": Suite(116 * KB, {"main": 8066 * KB}, "debian-bullseye"),
        "bullseye-updates": Suite(44_100, {"main": 18_800}),
        "trixie": Suite(140 * KB, {"main": 9670 * KB}, "debian-trixie"),
        "trixie-updates": Suite(47_300, {"main": 5412}),
        "bookworm": Suite(151 * KB, {"main": 8791 * KB}, "debian-bookworm"),
        "bookworm-updates": Suite(55_400, {"main": 6924}),
    },
    "debian-security": {
        "trixie-security": Suite(43_400, {"main": 52_300}),
        "bookworm-security": Suite(48 * KB, {"main": 293 * KB}),
        "bullseye-security": Suite(27_200, {"main": 402 * KB}),
    },
    "ubuntu": {
        "noble": Suite(
            256 * KB,
            {"main": 1808 * KB, "universe": 19_300 * KB, "restricted": 117 * KB, "multiverse": 331 * KB},
            "ubuntu-noble",
        ),
        "noble-updates": Suite(126 * KB, {"main": 1620 * KB, "universe": 1501 * KB, "restricted": 2200 * KB}),
        "noble-backports": Suite(126 * KB, {"main": 49_400, "universe": 34_600}),
        "noble-security": Suite(126 * KB, {"main": 1312 * KB, "universe": 1130 * KB, "restricted": 2100 * KB}),
        "jammy": Suite(
            270 * KB,
            {"main": 1792 * KB, "universe": 17_500 * KB, "restricted": 164 * KB, "multiverse": 266 * KB},
            "ubuntu-jammy",
        ),
        "jammy-updates": Suite(128 * KB, {"main": 3532 * KB, "universe": 1572 * KB, "restricted": 5180 * KB}),
        "jammy-backports": Suite(127 * KB, {"main": 83_200, "universe": 35_200}),
        "jammy-security": Suite(129 * KB, {"main": 3207 * KB, "universe": 1269 * KB, "restricted": 4960 * KB}),
        **_older("focal"),
        **_older("bionic"),
        **_older("xenial"),
        **_older("trusty"),
    },
}


def answer(path: str) -> Body | None:
    """What a mirror has at `/debian/dists/trixie/InRelease`, `/debian/pool/main/c/curl/curl_8.14.1-2_amd64.deb` …"""
    _, archive, *rest = path.split("/")
    suites = ARCHIVES.get(archive, {})
    if rest[:1] == ["dists"] and len(rest) > 2 and rest[1] in suites:
        return _index(archive, rest[1], rest[2:])
    if rest[:1] == ["pool"]:
        for suite in suites.values():
            if suite.index and (name := pool(suite.index).get("/".join(rest))):
                return Body(package(suite.index, name))
    return None


def _index(archive: str, name: str, rest: list[str]) -> Body | None:
    suite = ARCHIVES[archive][name]
    if rest == ["InRelease"]:
        return Body.text(release(archive, name), suite.release)
    match rest:
        case [component, "binary-amd64", "Packages"] if component in suite.components:
            text = packages(suite.index) if suite.index and component == "main" else ""
            return Body.text(text, suite.components[component])
    return None


def release(archive: str, name: str) -> str:
    """The text of InRelease: what there is, and how large."""
    suite = ARCHIVES[archive][name]
    label = "Ubuntu" if archive == "ubuntu" else "Debian-Security" if "security" in archive else "Debian"
    head = {"Origin": label.partition("-")[0], "Label": label, "Suite": name, "Codename": name.partition("-")[0],
            "Architectures": "amd64", "Components": " ".join(suite.components)}  # fmt: skip
    listed = "".join(f"\n {size} {part}/binary-amd64/Packages" for part, size in suite.components.items())
    return write_record({**head, "Index": listed})


@lru_cache(maxsize=8)
def records(index: str) -> Mapping[str, Record]:
    """{package: paragraph} of an index, with our own fields."""
    text = (HERE / "indexes" / f"{index}.txt").read_text("utf-8")
    first, *rest = list(read_records(text))
    found: dict[str, Record] = {}
    if "Like" in first:
        found = {name: dict(record) for name, record in records(first["Like"]).items()}
    else:
        rest.insert(0, first)
    for record in rest:
        found[record["Package"]] = {**found.get(record["Package"], {}), **record}
    if "Like" in first:
        _renewed(found, records(first["Like"]))
    return found


def _renewed(found: Mapping[str, Record], before: Mapping[str, Record]) -> None:
    """Where versions are others than before, relations to them are, too: the same version stays the same."""
    for record in found.values():
        if "Depends" in record:
            parts = (_relation(part, found, before) for part in record["Depends"].split(", "))
            record["Depends"] = ", ".join(parts)


def _relation(part: str, found: Mapping[str, Record], before: Mapping[str, Record]) -> str:
    name, _, rest = part.partition(" (")
    if not rest or name not in found or found[name]["Version"] == before.get(name, {}).get("Version"):
        return part
    return f"{name} (= {found[name]['Version']})" if rest.startswith("= ") else name


@lru_cache(maxsize=8)
def packages(index: str) -> str:
    """The text of a Packages file."""
    return "\n".join(write_record(public(index, record)) for record in records(index).values())


def public(index: str, record: Record) -> Record:
    """A paragraph as the mirror shows it."""
    told = {name: value for name, value in record.items() if name not in OURS}
    told.setdefault("Architecture", "amd64")
    told.setdefault("Priority", "optional")
    told["Maintainer"] = MAINTAINERS[index.partition("-")[0]]
    told["Filename"] = filename(told)
    told["SHA256"] = sha256(f"{told['Filename']}\n{told['Size']}".encode()).hexdigest()
    return told


def filename(record: Mapping[str, str]) -> str:
    """ "pool/main/c/curl/curl_8.14.1-2_amd64.deb" """
    name = record["Package"]
    letter = name[:4] if name.startswith("lib") else name[0]
    version = record["Version"].partition(":")[2] or record["Version"]
    return f"pool/main/{letter}/{name}/{name}_{version}_{record['Architecture']}.deb"


@lru_cache(maxsize=8)
def pool(index: str) -> Mapping[str, str]:
    """{path: package}"""
    return {filename(public(index, record)): name for name, record in records(index).items()}


@lru_cache(maxsize=32)
def package(index: str, name: str) -> Segments:
    """The .deb."""
    record = records(index)[name]
    texts = texts_of(name, "debian")
    texts[f"usr/share/doc/{name}/copyright"] = f"{name} is free software; its licences are not simulated.\n".encode()
    size, version = int(record["Installed-Size"]) * 1024, upstream(record["Version"])
    members = entries(record.get("Contents", ""), size, record.get("Says", ""), texts, version)
    told = {key: value for key, value in public(index, record).items() if key not in ("Filename", "Size", "SHA256")}
    control = {"control": write_record(told).encode()}
    if "Script" in record:
        control["postinst"] = f"#!/bin/sh\nset -e\n{record['Script']}\n".encode()
    return deb(control, members, int(record["Size"]))
