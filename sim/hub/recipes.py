"""From a folder of images/ to a layer: a tar archive and the gzip archive of exactly the published transfer size.

A layer's folder has `files/` (what is there word for word) and `layer.toml`:

    like = "alpine/root"                                            all of another folder, and this
    parents = false                                                 no entries for directories that lie below
    directories = ["root 0700", "tmp 1777", "data 0755 999:999"]    path, mode, owner
    [programs]                                                      directory = names in sim/programs/registry.py
    "usr/bin" = ["cat", "ls", "sh=dash"]                            (file=NAME if they differ)
    [links]                                                         symbolic
    "bin" = "usr/bin"
    [hardlinks]
    "bin/ls" = "bin/busybox"
    [applets]                                                       links to bin/busybox: "symbolic", each in its
    type = "hard"                                                   folder, or "hard", all in bin; images/applets.toml
    [owners]                                                        of what has other than the usual ones
    "etc/shadow" = "0640 0:42"
    [bulk]                                                          files that share the size, by weight
    "usr/local/bin/node" = 9
    [packages]                                                      installed packages (sim/packages/laid.py)
    index = "debian-trixie"
    names = ["@debian/trixie", "curl"]

The files are holes but for what is written above, so that unpacked the layer is `SWELLING` times as large as the
archive travels, as layers are on the whole; the archive's padding is zeros (sim/hub/deflate.py). Same folder, size,
date and machine: same bytes, everywhere.
"""

from __future__ import annotations

import calendar
import time
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any
from zlib import crc32

from sim.hub import deflate
from sim.hub.segments import Segments
from sim.hub.tarball import DIRECTORY, END, FILE, HARD_LINK, SYMBOLIC_LINK, Entry, archived

if TYPE_CHECKING:
    from sim.packages.laid import Laid

SWELLING = 2.6  # unpacked size by transfer size
PROGRAM = 48 << 10  # bytes of an ordinary program
MODES = {FILE: 0o644, DIRECTORY: 0o755, SYMBOLIC_LINK: 0o777, HARD_LINK: 0o755}


@dataclass(frozen=True, slots=True)
class Recipe:
    """A layer's folder, read. `bulk` is {path: weight}."""

    name: str
    entries: tuple[Entry, ...]
    bulk: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Archive:
    """A layer: its tar archive and how that travels."""

    tar: bytes
    blob: Segments


def program(name: str, machine: str = "amd64") -> bytes:
    """An executable's text. Another machine's is not ours to execute: "exec format error"."""
    return b"\x7fELF" + (f"glassdock:{name}\n" if machine == "amd64" else f"glassdock/{machine}:{name}\n").encode()


@lru_cache(maxsize=256)
def read(images: Path, name: str, machine: str = "amd64") -> Recipe:
    """The layer of a folder below `images`. Raises FileNotFoundError, ValueError (also for malformed TOML)."""
    entries: dict[str, Entry] = {}
    bulk = _read(images, name, machine, entries)
    return Recipe(name, tuple(_ordered(entries)), bulk)


def build(recipe: Recipe, transfer: int, created: str) -> Archive:
    """The layer whose compressed archive has exactly `transfer` bytes. `created`: "2026-09-18T00:00:00Z".

    Raises ValueError if its files do not fit into that.
    """
    if not recipe.entries:
        return Archive(deflate.EMPTY_TAR, Segments([deflate.EMPTY]))
    mtime = calendar.timegm(time.strptime(created, "%Y-%m-%dT%H:%M:%SZ"))
    left = int(transfer * SWELLING) - sum(entry.size for entry in recipe.entries if entry.path not in recipe.bulk)
    share = left / max(1, sum(recipe.bulk.values()))
    sizes = {path: max(0, int(share * weight)) for path, weight in recipe.bulk.items()}
    entries = (replace(entry, mtime=mtime, size=sizes.get(entry.path, entry.size)) for entry in recipe.entries)
    tar = b"".join(map(archived, entries)) + END
    return Archive(tar, Segments(deflate.gzip(tar, crc32(tar), transfer)))


def _read(images: Path, name: str, machine: str, entries: dict[str, Entry]) -> Mapping[str, int]:
    """Fill `entries` from a folder and those that it is like; returns the bulk files."""
    recipe = tomllib.loads((images / name / "layer.toml").read_text("utf-8"))
    bulk = dict(_read(images, recipe["like"], machine, entries)) if "like" in recipe else {}
    bulk.update(recipe.get("bulk", {}))
    if "packages" in recipe:
        laid = _packages(images, recipe["packages"])
        for path, entry in laid.entries.items():
            entries[path] = replace(entry, data=_elsewhere(entry.data, machine))
        bulk.update(laid.bulk)
    for line in recipe.get("directories", ()):
        path, _, owner = line.partition(" ")
        entries[path] = _owned(Entry(path, DIRECTORY, 0o755), owner)
    for path, data in _files(images / name / "files"):
        entries[path] = Entry(path, FILE, 0o755 if data.startswith(b"#!") else 0o644, data=data)
    for directory, names in recipe.get("programs", {}).items():
        for path, main in _programs(directory, names):
            entries[path] = Entry(path, FILE, 0o755, data=program(main, machine), size=PROGRAM)
    for path, (type, target) in _links(images, recipe).items():
        entries[path] = Entry(path, type, MODES[type], target=target)
    for path in bulk:
        entries.setdefault(path, Entry(path))
    for path, owner in recipe.get("owners", {}).items():
        entries[path] = _owned(entries[path], owner)
    for path in list(entries) if recipe.get("parents", True) else ():
        for parent in PurePosixPath(path).parents[:-1]:
            entries.setdefault(str(parent), Entry(str(parent), DIRECTORY, 0o755))
    return bulk


def _packages(images: Path, table: Mapping[str, Any]) -> Laid:
    """What is installed in a layer, with the databases that know of it; "@NAME" is a layer below."""
    from sim.packages import laid  # most layers have none

    before = [name for word in table["names"] if word.startswith("@") for name in _installed(images, word[1:])]
    names = [word for word in table["names"] if not word.startswith("@")]
    lay = laid.alpine_packages if table["index"].startswith("alpine") else laid.debian_packages
    return lay(table["index"], before, names)


def _installed(images: Path, name: str) -> list[str]:
    """The packages of a layer and of those below it."""
    table = tomllib.loads((images / name / "layer.toml").read_text("utf-8"))["packages"]
    return [found for word in table["names"]
            for found in (_installed(images, word[1:]) if word.startswith("@") else [word])]  # fmt: skip


def _elsewhere(data: bytes, machine: str) -> bytes:
    """An executable's text, for another machine."""
    there = b"\x7fELFglassdock/%s:" % machine.encode()
    return data if machine == "amd64" else data.replace(b"\x7fELFglassdock:", there)


def _files(folder: Path) -> Iterable[tuple[str, bytes]]:
    for file in folder.rglob("*") if folder.is_dir() else ():
        if file.is_file():
            yield file.relative_to(folder).as_posix(), file.read_bytes()


def _programs(directory: str, names: Sequence[str]) -> Iterable[tuple[str, str]]:
    for name in names:
        file, _, main = name.partition("=")
        yield f"{directory}/{file}" if directory != "." else file, main or file


def _links(images: Path, recipe: Mapping[str, Mapping[str, str]]) -> dict[str, tuple[bytes, str]]:
    """{path: (kind, target)}"""
    links = {path: (SYMBOLIC_LINK, target) for path, target in recipe.get("links", {}).items()}
    links |= {path: (HARD_LINK, target) for path, target in recipe.get("hardlinks", {}).items()}
    if "applets" in recipe:
        table = tomllib.loads((images / "applets.toml").read_text("utf-8"))
        hard = recipe["applets"]["type"] == "hard"
        for place, names in table.items():
            link = (HARD_LINK, "bin/busybox") if hard else (SYMBOLIC_LINK, "/bin/busybox")
            links |= {f"{'bin' if hard else place}/{name}": link for name in names}
    return links


def _ordered(entries: Mapping[str, Entry]) -> Iterable[Entry]:
    """By path, hard links after what they may point at."""
    return sorted(entries.values(), key=lambda entry: (entry.type == HARD_LINK, entry.path))


def _owned(entry: Entry, owner: str) -> Entry:
    """`owner` is "", "0700" or "0700 uid:gid"."""
    mode, _, ids = owner.partition(" ")
    uid, _, gid = (ids or "0:0").partition(":")
    return replace(entry, mode=int(mode, 8) if mode else entry.mode, uid=int(uid), gid=int(gid))
