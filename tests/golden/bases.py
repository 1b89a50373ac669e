"""The recordings' base images, made from our own hub's files.

The recorded daemon had been given busybox and hello-world as archives of one layer, whose configurations say that they
were built by ADD and CMD; `docker history` and `docker image inspect` show that. So these are saved here the same way.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
from pathlib import Path
from typing import Any

from engine.api.inprocess import Connection
from sim.make import make_engine

CREATED = "2023-01-01T00:00:00Z"
IMAGES = {"busybox": ["sh"], "hello-world": ["/hello"]}  # name -> CMD
PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def make(folder: Path) -> None:
    """NAME.tar.gz for each, as `docker save` writes it."""
    folder.mkdir()
    docker = Connection(make_engine(seed=1))
    for name, command in IMAGES.items():
        docker.request("POST", "/images/create", {"fromImage": name, "tag": "latest"}).read()
        saved = docker.request("GET", "/images/get", {"names": name}).read()
        layer = _layer(saved).replace(b"glassdock:hello\n", b"glassdock:brief\n")  # it said less in those days
        (folder / f"{name}.tar.gz").write_bytes(gzip.compress(_image(name, layer, command), 1))


def _layer(saved: bytes) -> bytes:
    """The only layer of a saved image."""
    with tarfile.open(fileobj=io.BytesIO(saved)) as archive:
        manifest = json.loads(_read(archive, "manifest.json"))
        (layer,) = manifest[0]["Layers"]
        return _read(archive, layer)


def _read(archive: tarfile.TarFile, name: str) -> bytes:
    file = archive.extractfile(name)
    assert file is not None
    return file.read()


def _image(name: str, layer: bytes, command: list[str]) -> bytes:
    digest = hashlib.sha256(layer).hexdigest()
    added = {"created": CREATED, "created_by": f"/bin/sh -c #(nop) ADD file:{digest} in / "}
    told = {"created": CREATED, "created_by": f"/bin/sh -c #(nop)  CMD {json.dumps(command)}", "empty_layer": True}
    config: dict[str, Any] = {
        "architecture": "amd64", "os": "linux", "created": CREATED, "config": {"Cmd": command, "Env": [PATH]},
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{digest}"]}, "history": [added, told],
    }  # fmt: skip
    document = json.dumps(config).encode()
    id = hashlib.sha256(document).hexdigest()
    manifest = [{"Config": f"{id}.json", "RepoTags": [f"{name}:latest"], "Layers": [f"{digest}/layer.tar"]}]
    return _tar({f"{id}.json": document, f"{digest}/layer.tar": layer, "manifest.json": json.dumps(manifest).encode()})


def _tar(files: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return stream.getvalue()
