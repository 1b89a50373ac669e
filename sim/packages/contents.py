"""What a package lays down: from the field `Contents` of an index to the members of its archive.

    usr/bin/curl=curl                    a program of sim/programs/registry.py
    usr/bin/git!                         a program that the simulation has not; it can tell its version (`Says`)
    usr/lib/libcurl.so.4.8.0             a file that takes part in the package's size, …
    usr/lib/jvm/lib/modules:60           … by weight
    usr/lib/libcurl.so.4->libcurl.so.4.8.0
    var/log/nginx/                       a directory

Files that matter to somebody who reads them lie word for word in `files/PACKAGE/`. The rest are holes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path, PurePosixPath

from sim.hub.tarball import DIRECTORY, FILE, SYMBOLIC_LINK, Entry

HERE = Path(__file__).parent
MAGIC = b"\x7fELFglassdock:"
ABSENT = "absent"  # the program that says that a program is not simulated
SMALLEST = 16 << 10  # bytes of a program, if the package's size allows it


def entries(
    contents: str, size: int, said: str = "", texts: Mapping[str, bytes] | None = None, version: str = ""
) -> list[Entry]:
    """The members, by path; together `size` bytes, if there is a file that can have them.

    `said`: what a program answers when it is asked for its version; those that are simulated know at least `version`.
    """
    found: dict[str, Entry] = {}
    weights: dict[str, int] = {}
    for word in contents.split():
        entry, weight = _entry(word, said, version)
        found[entry.path] = entry
        if weight:
            weights[entry.path] = weight
    for path, data in (texts or {}).items():
        found[path] = Entry(path, FILE, 0o755 if data.startswith(b"#!") else 0o644, data=data)
    left = max(0, size - sum(len(entry.data) for entry in found.values()))
    share = left / max(1, sum(weights.values()))
    for path, weight in weights.items():
        found[path] = replace(found[path], size=int(share * weight))
    for path in list(found):
        for parent in PurePosixPath(path).parents[:-1]:
            found.setdefault(str(parent), Entry(str(parent), DIRECTORY, 0o755))
    return sorted(found.values(), key=lambda entry: entry.path)


def texts_of(package: str, flavour: str) -> dict[str, bytes]:
    """{path: bytes} of the files below files/FLAVOUR/PACKAGE."""
    folder = HERE / "files" / flavour / package
    files = (file for file in sorted(folder.rglob("*")) if file.is_file()) if folder.is_dir() else ()
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in files}


def program(name: str, said: str = "") -> bytes:
    """The text of an executable; `said`: what it answers when it is asked for its version."""
    return MAGIC + name.encode() + b"\n" + (said.encode() + b"\n" if said else b"")


def _entry(word: str, said: str, version: str) -> tuple[Entry, int]:
    """A word of the field, and the file's weight."""
    path, arrow, target = word.partition("->")
    if arrow:
        return Entry(path, SYMBOLIC_LINK, 0o777, target=target), 0
    if word.endswith("/"):
        return Entry(word.rstrip("/"), DIRECTORY, 0o755), 0
    path, colon, weight = word.rpartition(":")
    if not colon or not weight.isdigit():
        path, weight = word, "1"
    if path.endswith("!"):
        return Entry(path[:-1], FILE, 0o755, data=program(ABSENT, said)), int(weight)
    path, equals, name = path.partition("=")
    if equals:
        return Entry(path, FILE, 0o755, data=program(name, said or version)), int(weight)
    return Entry(path, FILE, 0o644), int(weight)


def upstream(version: str) -> str:
    """Of a package's version the part that is the program's.

    >>> upstream("2:9.1.1230-2"), upstream("1.26.3-3+deb13u1"), upstream("1.28.2-r0"), upstream("20.19.2+dfsg-1")
    ('9.1.1230', '1.26.3', '1.28.2', '20.19.2')
    """
    match = re.match(r"(?:\d+:)?(\d+(?:\.\d+)*)", version)
    return match[1] if match else version
