"""The Python Package Index: the simple API in JSON (PEP 691), metadata beside the files (PEP 658), wheels (PEP 427).

indexes/pypi.txt has a paragraph for each project: its newest version and older ones, which have the same size here and
need the same projects in any version. What the modules of a few do is in files/pypi.org; of the others there
is the name and the version.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import lru_cache
from hashlib import sha256

from packaging.version import Version

from sim.hub.segments import Segments
from sim.hub.tarball import FILE, Entry
from sim.packages.archives import wheel
from sim.packages.contents import HERE, texts_of
from sim.packages.records import Record, read_records
from sim.packages.serving import Body

JSON = "application/vnd.pypi.simple.v1+json"
FILES = "https://files.pythonhosted.org/packages"
PYTHONS = ("cp37", "cp38", "cp39", "cp310", "cp311", "cp312", "cp313", "cp314")
DESCRIPTION = 2400  # bytes of a long description, about
MANYLINUX = "manylinux_2_27_x86_64.manylinux_2_28_x86_64"
MODULES = {"beautifulsoup4": "bs4", "pyyaml": "yaml", "python-dotenv": "dotenv", "pillow": "PIL", "pymysql": "pymysql",
           "scikit-learn": "sklearn", "psycopg2-binary": "psycopg2", "python-dateutil": "dateutil", "pyjwt": "jwt",
           "djangorestframework": "rest_framework", "mysql-connector-python": "mysql", "dnspython": "dns",
           "prometheus-client": "prometheus_client", "python-multipart": "multipart", "kafka-python": "kafka",
           "attrs": "attr", "fonttools": "fontTools"}  # fmt: skip
_FILE = re.compile(
    r"/packages/(?P<project>[a-z0-9-]+)/(?P<file>[\w.+]+-(?P<version>[^-/]+)-[\w.-]+\.whl)(?P<about>\.metadata)?$"
)


def answer(path: str) -> Body | None:
    """`/simple/flask/`, `/packages/flask/flask-3.1.3-py3-none-any.whl`, and the same with `.metadata`."""
    if path.startswith("/simple/"):
        name = normalized(path.split("/")[2])
        return Body.text(page(name), kind=JSON) if name in projects() else None
    match = _FILE.match(path)
    if match is None or match["version"] not in versions(match["project"]):
        return None
    if match["about"]:
        return Body(Segments([metadata(match["project"], match["version"])]))
    return Body(package(match["project"], match["version"], match["file"]))


@lru_cache(maxsize=1)
def projects() -> Mapping[str, Record]:
    records = read_records((HERE / "indexes" / "pypi.txt").read_text("utf-8"))
    return {record["Name"]: record for record in records}


def normalized(name: str) -> str:
    """PEP 503.

    >>> normalized("Flask_SQLAlchemy")
    'flask-sqlalchemy'
    """
    return re.sub(r"[-_.]+", "-", name).lower()


def versions(name: str) -> list[str]:
    """All versions of a project, oldest first; [] if there is no such project."""
    record = projects().get(name)
    found = [*record.get("Older", "").split(), record["Version"]] if record else []
    return sorted(found, key=Version)


@lru_cache(maxsize=64)
def page(name: str) -> str:
    """The document of a project."""
    files = [
        {"filename": file, "url": f"{FILES}/{name}/{file}", "size": size_of(name), "core-metadata": True,
         "hashes": {"sha256": sha256(file.encode()).hexdigest()}}
        for version in versions(name) for file in files_of(name, version)
    ]  # fmt: skip
    return json.dumps({"meta": {"api-version": "1.4"}, "name": name, "versions": versions(name), "files": files})


def files_of(name: str, version: str) -> list[str]:
    """The wheels of a version: one for all, or one for each Python."""
    stem = f"{name.replace('-', '_')}-{version}"
    if projects()[name].get("Platform") != "manylinux":
        return [f"{stem}-py3-none-any.whl"]
    return [f"{stem}-{python}-{python}-{MANYLINUX}.whl" for python in PYTHONS]


def size_of(name: str) -> int:
    return int(projects()[name]["Size"])


def requires(name: str, version: str) -> list[str]:
    """What a version needs, as PEP 508 says it."""
    words = [word.strip() for word in projects()[name].get("Requires", "").split(", ") if word.strip()]
    if version == projects()[name]["Version"]:
        return words
    return [re.split(r"[<>=!~]", word)[0] for word in words]


@lru_cache(maxsize=256)
def metadata(name: str, version: str) -> bytes:
    """The file METADATA of a wheel (core metadata specifications)."""
    record = projects()[name]
    lines = ["Metadata-Version: 2.4", f"Name: {name}", f"Version: {version}", f"Summary: {record.get('Summary', '')}",
             "Requires-Python: >=3.8", *(f"Requires-Dist: {word}" for word in requires(name, version))]  # fmt: skip
    about = f"{record.get('Summary', name)}\n"
    return ("\n".join(lines) + "\n\n" + about * (1 + DESCRIPTION // len(about))).encode()


@lru_cache(maxsize=16)
def package(name: str, version: str, file: str) -> Segments:
    """The wheel."""
    record = projects()[name]
    module = MODULES.get(name, name.replace("-", "_"))
    info = f"{name.replace('-', '_')}-{version}.dist-info"
    scripts = "".join(f"{script} = {module}:main\n" for script in record.get("Scripts", "").split())
    whole = int(record["Installed-Size"]) * 1024
    compiled = "-none-any" not in file
    pure = b"false" if compiled else b"true"
    texts = {
        f"{module}/__init__.py": f'"""{record.get("Summary", name)}"""\n\n__version__ = "{version}"\n'.encode(),
        **{path: data.replace(b"{version}", version.encode()) for path, data in texts_of(name, "pypi.org").items()},
        f"{info}/METADATA": metadata(name, version),
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nRoot-Is-Purelib: " + pure + b"\n",
        f"{info}/top_level.txt": f"{module}\n".encode(),
    }
    if scripts:
        texts[f"{info}/entry_points.txt"] = f"[console_scripts]\n{scripts}".encode()
    left = max(0, whole - sum(map(len, texts.values())))
    library = f"_{module.lower()}.cpython-{file.split('-cp')[-1][:3]}-x86_64-linux-gnu.so"
    main = f"{module}/{library if compiled else 'core.py'}"
    members = [Entry(path, FILE, data=data) for path, data in texts.items()]
    return wheel([*members, Entry(main, FILE, size=left)], int(record["Size"]))
