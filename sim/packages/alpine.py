"""Alpine's mirror: APKINDEX.tar.gz and the .apk files beside it (dl-cdn.alpinelinux.org).

The indexes are in indexes/ in Alpine's own format (apk-package(5)); `Repository` ("main" if it is missing), `Contents`
(sim/packages/contents.py), `Says` and `Script` (run after the installation) are ours. An index may stand on another
(`Like`). Signatures are not simulated.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from hashlib import sha1
from pathlib import PurePosixPath

from sim.hub.segments import Segments
from sim.hub.tarball import DIRECTORY, Entry
from sim.packages.archives import gzipped
from sim.packages.contents import HERE, entries, texts_of, upstream
from sim.packages.records import Record, read_records, write_record
from sim.packages.serving import Body

OURS = ("Contents", "Says", "Script", "Repository", "Like")
INDEX_SIZES: Mapping[str, int] = {"main": 512_000, "community": 2_310_000}  # bytes, as they travel
ARCHITECTURE = "x86_64"
RELEASES = ("v3.24", "v3.23", "v3.22", "v3.21", "v3.20", "v3.19", "v3.18", "v3.10")


def answer(path: str) -> Body | None:
    """What a mirror has at `/alpine/v3.24/main/x86_64/APKINDEX.tar.gz`, `…/curl-8.18.0-r1.apk`."""
    match path.split("/"):
        case ["", "alpine", release, repository, "x86_64", name] if release in RELEASES and repository in INDEX_SIZES:
            index = f"alpine-{release}"
            if name == "APKINDEX.tar.gz":
                return Body(_index(index, repository))
            found = pool(index, repository).get(name)
            return Body(package(index, found)) if found else None
    return None


@lru_cache(maxsize=8)
def records(index: str) -> Mapping[str, Record]:
    """{package: paragraph} of an index, with our own fields."""
    first, *rest = read_records((HERE / "indexes" / f"{index}.txt").read_text("utf-8"))
    found: dict[str, Record] = {}
    if "Like" in first:
        before = records(first["Like"])
        found = {name: dict(record) for name, record in before.items()}
        for record in rest:
            found[record["P"]].update(record)
        for record in found.values():
            record["D"] = " ".join(_renewed(word, before, found) for word in record.get("D", "").split())
        return found
    return {record["P"]: record for record in (first, *rest)}


def _renewed(word: str, before: Mapping[str, Record], found: Mapping[str, Record]) -> str:
    """A dependency on the very version follows the version."""
    name, equals, version = word.partition("=")
    return f"{name}={found[name]['V']}" if equals and before.get(name, {}).get("V") == version else word


def needs(known: Mapping[str, Record], name: str) -> list[str]:
    """The names that a package depends on, without versions; what is provided by a package is that package."""
    provided = {word: other for other, record in known.items() for word in record.get("p", "").split()}
    words = (dependency(word)[0] for word in known[name].get("D", "").split())
    return [provided.get(word, word) for word in words if provided.get(word, word) in known]


def dependency(word: str) -> tuple[str, str, str]:
    """
    >>> dependency("musl>=1.2.3"), dependency("curl"), dependency("libcurl=8.1-r0")
    (('musl', '>=', '1.2.3'), ('curl', '', ''), ('libcurl', '=', '8.1-r0'))
    """
    for operator in (">=", "<=", "=~", "~=", "<", ">", "=", "~"):
        name, found, version = word.partition(operator)
        if found:
            return name, operator, version
    return word, "", ""


@lru_cache(maxsize=16)
def _index(index: str, repository: str) -> Segments:
    listed = [record for record in records(index).values() if record.get("Repository", "main") == repository]
    text = "\n".join(write_record(public(record), ":") for record in listed)
    members = [Entry("DESCRIPTION", data=f"{index.partition('-')[2]}.0-{len(text) % 400}-g{_digest(text)}\n".encode()),
               Entry("APKINDEX", data=text.encode())]  # fmt: skip
    return gzipped(members, INDEX_SIZES[repository])


def _digest(text: str) -> str:
    return sha1(text.encode()).hexdigest()[:11]


def public(record: Record) -> Record:
    """A paragraph as the mirror shows it: with a checksum first."""
    told = {name: value for name, value in record.items() if name not in OURS}
    checksum = base64.b64encode(sha1(f"{record['P']}-{record['V']}".encode()).digest()).decode()
    return {"C": f"Q1{checksum}", **told}


@lru_cache(maxsize=16)
def pool(index: str, repository: str) -> Mapping[str, str]:
    """{file name: package}"""
    return {f"{name}-{record['V']}.apk": name for name, record in records(index).items()
            if record.get("Repository", "main") == repository}  # fmt: skip


@lru_cache(maxsize=32)
def package(index: str, name: str) -> Segments:
    """The .apk: .PKGINFO, a script, the files."""
    record = records(index)[name]
    texts, version = _texts(name, record["V"]), upstream(record["V"])
    members = entries(record.get("Contents", ""), int(record["I"]), record.get("Says", ""), texts, version)
    about = "".join(f"{key} = {value}\n" for key, value in (("pkgname", name), ("pkgver", record["V"])))
    control = [Entry(".PKGINFO", data=about.encode())]
    if "Script" in record:
        control.append(Entry(".post-install", mode=0o755, data=f"#!/bin/sh\n{record['Script']}\nexit 0\n".encode()))
    return gzipped([*control, *members], int(record["S"]))


def _texts(name: str, version: str) -> dict[str, bytes]:
    """Also those that belong to one version: files/alpine/python3=3.14."""
    minor = ".".join(version.split(".")[:2])
    return texts_of(name, "alpine") | texts_of(f"{name}={minor}", "alpine")


def installed_record(record: Mapping[str, str], paths: Iterable[str]) -> str:
    """A paragraph of /lib/apk/db/installed: what the index says, and the files (`R:`) of each directory (`F:`)."""
    folders: dict[str, list[str]] = {}
    kept = sorted(set(paths))
    parents = {str(parent) for path in kept for parent in PurePosixPath(path).parents}
    for path in kept:
        if path in parents:
            folders.setdefault(path.strip("/"), [])
        else:
            folder, _, name = path.strip("/").rpartition("/")
            folders.setdefault(folder, []).append(name)
    head = write_record(public(dict(record)) if "C" not in record else record, ":")
    listed = (f"F:{folder}\n" + "".join(f"R:{name}\n" for name in folders[folder]) for folder in sorted(folders))
    return head + "".join(listed)


def paths_of(members: Sequence[Entry]) -> list[str]:
    return [f"/{entry.path}" for entry in members if entry.type != DIRECTORY]
