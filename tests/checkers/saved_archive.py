"""Reads what `docker save` has written with nothing but Python's own tarfile, json and hashlib, and checks every word.

This shares no code with the engine: a digest, size or path that the two would both get wrong cannot hide here.
"""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from typing import Any


def check(archive: bytes) -> dict[str, list[str]]:
    """Image ids and their names. Raises AssertionError for anything that is not true."""
    with tarfile.open(fileobj=io.BytesIO(archive), mode="r:") as tar:
        members = tar.getmembers()
        assert len({member.name for member in members}) == len(members), "a name comes twice"
        assert all(member.isreg() or member.isdir() for member in members)
        files = {member.name: _read(tar, member) for member in members if member.isreg()}
    blobs = {name.rpartition("/")[2]: data for name, data in files.items() if name.startswith("blobs/sha256/")}
    for digest, data in blobs.items():
        assert hashlib.sha256(data).hexdigest() == digest, f"{digest} is not its own digest"
    assert json.loads(files["oci-layout"]) == {"imageLayoutVersion": "1.0.0"}
    oci, needed = _oci(json.loads(files["index.json"]), blobs)
    docker = _docker(json.loads(files["manifest.json"]), files)
    assert {id: sorted(names) for id, names in docker.items()} == oci, "the two layouts do not say the same"
    assert needed == set(blobs), "blobs that nobody needs"
    _repositories(files, docker)
    return docker


def _read(tar: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    file = tar.extractfile(member)
    assert file is not None
    return file.read()


def _oci(index: dict[str, Any], blobs: dict[str, bytes]) -> tuple[dict[str, list[str]], set[str]]:
    """Names by image id, and which blobs are needed."""
    assert index["schemaVersion"] == 2 and index["mediaType"] == "application/vnd.oci.image.index.v1+json"
    found: dict[str, list[str]] = {}
    needed: set[str] = set()
    for descriptor in index["manifests"]:
        manifest = json.loads(_described(descriptor, blobs, needed))
        assert manifest["schemaVersion"] == 2 and manifest["mediaType"] == descriptor["mediaType"]
        config = json.loads(_described(manifest["config"], blobs, needed))
        for layer in manifest["layers"]:
            assert layer["mediaType"] == "application/vnd.oci.image.layer.v1.tar"
            _described(layer, blobs, needed)
        assert [layer["digest"] for layer in manifest["layers"]] == config["rootfs"]["diff_ids"]
        names = found.setdefault(manifest["config"]["digest"], [])
        if "annotations" in descriptor:
            name = descriptor["annotations"]["io.containerd.image.name"]
            assert name.endswith(":" + descriptor["annotations"]["org.opencontainers.image.ref.name"])
            names.append(name.removeprefix("docker.io/").removeprefix("library/"))
    return {id: sorted(names) for id, names in found.items()}, needed


def _described(descriptor: dict[str, Any], blobs: dict[str, bytes], needed: set[str]) -> bytes:
    digest = descriptor["digest"].removeprefix("sha256:")
    assert len(blobs[digest]) == descriptor["size"]
    needed.add(digest)
    return blobs[digest]


def _docker(manifest: list[dict[str, Any]], files: dict[str, bytes]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for item in manifest:
        config = files[item["Config"]]
        diff_ids = json.loads(config)["rootfs"]["diff_ids"]
        assert len(item["Layers"]) == len(diff_ids)
        for path, diff_id in zip(item["Layers"], diff_ids, strict=True):
            assert f"sha256:{hashlib.sha256(files[path]).hexdigest()}" == diff_id
            source = item["LayerSources"][diff_id]
            assert (source["digest"], source["size"]) == (diff_id, len(files[path]))
            with tarfile.open(fileobj=io.BytesIO(files[path]), mode="r:") as layer:
                layer.getmembers()
        found[f"sha256:{hashlib.sha256(config).hexdigest()}"] = item["RepoTags"] or []
    return found


def _repositories(files: dict[str, bytes], images: dict[str, list[str]]) -> None:
    listed = json.loads(files.get("repositories", b"{}"))
    names = {f"{name}:{tag}" for name, tags in listed.items() for tag in tags}
    assert names == {name for names in images.values() for name in names}
    for tags in listed.values():
        assert all(f"blobs/sha256/{layer}" in files for layer in tags.values())
