"""The npm registry: a package's document (`/express`) and its archives (`/express/-/express-5.3.0.tgz`).

indexes/npm.txt has a paragraph for each version: `Unpacked` bytes, `Dependencies` (name@range), `Bin` (command=file).
What a few packages do is in files/npmjs.org; of the others there is the name, the version and the size.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from hashlib import sha512
from typing import Any
from urllib.parse import unquote
from zlib import crc32

from sim.hub.segments import Segments
from sim.hub.tarball import FILE, Entry
from sim.packages.archives import gzipped
from sim.packages.contents import HERE, texts_of
from sim.packages.records import Record, read_records
from sim.packages.serving import Body
from sim.packages.versions import semver_key

REGISTRY = "https://registry.npmjs.org"
FUNDED = 5  # one of so many packages asks for money
PACKED = 4  # times smaller than unpacked does an archive travel
NODE = "#!/usr/bin/env node\n"
EMPTY = "throw new Error('{name}@{version}: this simulated registry has its name and size, and not its code');\n"


def answer(path: str) -> Body | None:
    name, archive, file = unquote(path.lstrip("/")).partition("/-/")
    if name not in packages():
        return None
    if not archive:
        return Body.text(document(name), kind="application/json")
    for record in packages()[name]:
        if file == tarball(record).rpartition("/")[2]:
            return Body(package(name, record["Version"]))
    return None


@lru_cache(maxsize=1)
def packages() -> Mapping[str, Sequence[Record]]:
    """{name: versions, oldest first}"""
    found: dict[str, list[Record]] = {}
    for record in read_records((HERE / "indexes" / "npm.txt").read_text("utf-8")):
        found.setdefault(record["Name"], []).append(record)
    for records in found.values():
        records.sort(key=lambda record: semver_key(record["Version"]))
    return found


def tarball(record: Record) -> str:
    name = record["Name"]
    return f"{REGISTRY}/{name}/-/{name.rpartition('/')[2]}-{record['Version']}.tgz"


@lru_cache(maxsize=256)
def document(name: str) -> str:
    """What the registry tells of a package."""
    records = packages()[name]
    versions = {record["Version"]: {**manifest(record), "dist": _dist(record)} for record in records}
    latest = records[-1]["Version"]
    about = records[-1].get("Description", "")
    return json.dumps({"name": name, "description": about, "dist-tags": {"latest": latest}, "versions": versions})


def _dist(record: Record) -> dict[str, Any]:
    digest = sha512(tarball(record).encode()).digest()
    return {"tarball": tarball(record), "unpackedSize": int(record["Unpacked"]),
            "integrity": f"sha512-{base64.b64encode(digest).decode()}"}  # fmt: skip


def manifest(record: Record) -> dict[str, Any]:
    """The package's own package.json."""
    found: dict[str, Any] = {"name": record["Name"], "version": record["Version"]}
    if "Description" in record:
        found["description"] = record["Description"]
    found |= {"license": "MIT", "main": "index.js"}
    if crc32(record["Name"].encode()) % FUNDED == 0:
        found["funding"] = {"url": f"https://opencollective.com/{record['Name'].rpartition('/')[2]}"}
    if "Bin" in record:
        found["bin"] = dict(pair.split("=") for pair in record["Bin"].split(","))
    if "Dependencies" in record:
        found["dependencies"] = dict(word.rsplit("@", 1) for word in record["Dependencies"].split())
    return found


@lru_cache(maxsize=64)
def package(name: str, version: str) -> Segments:
    """The .tgz: everything below package/."""
    record = next(record for record in packages()[name] if record["Version"] == version)
    unpacked = int(record["Unpacked"])
    texts = {"package.json": json.dumps(manifest(record), indent=2) + "\n", "LICENSE": "MIT\n",
             "index.js": EMPTY.format(name=name, version=version)}  # fmt: skip
    for file in manifest(record).get("bin", {}).values():
        texts[file] = NODE + EMPTY.format(name=name, version=version)
    texts |= {path: data.decode() for path, data in texts_of(name, "npmjs.org").items()}
    members = [Entry(f"package/{path}", FILE, 0o755 if text.startswith("#!") else 0o644, data=text.encode())
               for path, text in sorted(texts.items())]  # fmt: skip
    left = max(0, unpacked - sum(len(entry.data) for entry in members))
    return gzipped([*members, Entry("package/dist.bin", FILE, size=left)], unpacked // PACKED)
