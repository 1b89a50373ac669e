"""The registry application's content discovery and content management, and where its content lies."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from clerk import NAME, Clerk, error, manifest
from engine.distribution.registry import FolderTree, Layout, MemoryTree, Registry
from engine.distribution.registry.garbage import collect
from engine.image.digest import Digest
from engine.image.manifest import OCI_INDEX, OCI_MANIFEST


@pytest.fixture
def clerk() -> Clerk:
    return Clerk(Registry(Layout(MemoryTree()), deletes=True))


def listed(clerk: Clerk, path: str, key: str) -> list[str]:
    """All of a list, page by page."""
    found: list[str] = []
    while path:
        reply = clerk.ask("GET", path)
        found += json.loads(reply.body)[key]
        path = reply.headers.get("Link", "").partition(">")[0].lstrip("<")
    return found


# -- discovery


@pytest.mark.parametrize("page", ["", "?n=1", "?n=2", "?n=3", "?n=100"])
def test_tags_and_repositories_come_in_order_on_pages_of_any_size(clerk: Clerk, page: str) -> None:
    tags = ["a", "b-1", "latest", "v1", "v10", "v2"]
    for tag in reversed(tags):
        clerk.image(tag)
    clerk.image("x", name="team/app/deeper")
    clerk.image("x", name="alpine")
    assert listed(clerk, f"/v2/{NAME}/tags/list{page}", "tags") == tags
    assert listed(clerk, f"/v2/_catalog{page}", "repositories") == ["alpine", NAME, "team/app/deeper"]


def test_no_tags_are_wanted_or_from_some_tag_on(clerk: Clerk) -> None:
    clerk.image("a"), clerk.image("b")
    nothing = clerk.ask("GET", f"/v2/{NAME}/tags/list?n=0")
    assert json.loads(nothing.body)["tags"] == [] and "Link" not in nothing.headers
    assert listed(clerk, f"/v2/{NAME}/tags/list?last=a", "tags") == ["b"]
    assert listed(clerk, f"/v2/{NAME}/tags/list?last=zzz&n=5", "tags") == []
    for nonsense in ("-1", "x", "9" * 30, "٣"):
        assert error(clerk.ask("GET", f"/v2/_catalog?n={nonsense}")) == (400, "PAGINATION_NUMBER_INVALID")


def test_a_manifest_without_a_tag_is_a_repository_without_tags(clerk: Clerk) -> None:
    document = json.dumps(manifest(clerk.blob(b"{}"))).encode()
    clerk.put(Digest.of(document), document)
    assert listed(clerk, f"/v2/{NAME}/tags/list", "tags") == []
    assert error(clerk.ask("GET", "/v2/no/body/tags/list")) == (404, "NAME_UNKNOWN")


def subject(digest: str) -> dict[str, Any]:
    return {"mediaType": OCI_MANIFEST, "digest": digest, "size": 1}


def test_referrers_tell_what_was_said_about_a_manifest(clerk: Clerk) -> None:
    image = clerk.image("latest")
    notes = {"org.example": "x"}
    signature = clerk.image("sig", subject=subject(image), artifactType="application/vnd.sig", annotations=notes)
    bill = clerk.image("sbom", b"bill", subject=subject(image))
    reply = clerk.ask("GET", f"/v2/{NAME}/referrers/{image}")
    index = json.loads(reply.body)
    assert (reply.status, reply.headers["Content-Type"], index["mediaType"]) == (200, OCI_INDEX, OCI_INDEX)
    rows = {row["digest"]: row for row in index["manifests"]}
    assert rows[signature]["artifactType"] == "application/vnd.sig" and rows[signature]["annotations"] == notes
    assert rows[bill]["artifactType"] == "application/octet-stream"  # its configuration's type
    assert rows[bill]["size"] == len(clerk.ask("GET", f"/v2/{NAME}/manifests/{bill}").body)
    chosen = clerk.ask("GET", f"/v2/{NAME}/referrers/{image}?artifactType=application/vnd.sig")
    assert [row["digest"] for row in json.loads(chosen.body)["manifests"]] == [signature]
    assert chosen.headers["OCI-Filters-Applied"] == "artifactType"
    clerk.ask("DELETE", f"/v2/{NAME}/manifests/{signature}")
    assert [
        row["digest"] for row in json.loads(clerk.ask("GET", f"/v2/{NAME}/referrers/{image}").body)["manifests"]
    ] == [bill]


def test_nobody_has_said_anything_about_what_is_not_there(clerk: Clerk) -> None:
    reply = clerk.ask("GET", f"/v2/no/body/referrers/{Digest.of(b'')}")
    assert (reply.status, json.loads(reply.body)["manifests"]) == (200, [])
    assert error(clerk.ask("GET", f"/v2/{NAME}/referrers/sha256:12")) == (400, "DIGEST_INVALID")


# -- management


def test_a_tag_goes_and_the_manifest_stays(clerk: Clerk) -> None:
    digest = clerk.image("one")
    clerk.image("two")
    assert clerk.ask("DELETE", f"/v2/{NAME}/manifests/one").status == 202
    assert error(clerk.ask("DELETE", f"/v2/{NAME}/manifests/one")) == (404, "MANIFEST_UNKNOWN")
    assert listed(clerk, f"/v2/{NAME}/tags/list", "tags") == ["two"]
    assert clerk.ask("GET", f"/v2/{NAME}/manifests/{digest}").status == 200


def test_a_manifest_goes_with_its_tags(clerk: Clerk) -> None:
    digest, other = clerk.image("one"), clerk.image("other", b"x")
    clerk.image("two")
    assert clerk.ask("DELETE", f"/v2/{NAME}/manifests/{digest}").status == 202
    assert listed(clerk, f"/v2/{NAME}/tags/list", "tags") == ["other"]
    assert error(clerk.ask("GET", f"/v2/{NAME}/manifests/{digest}")) == (404, "MANIFEST_UNKNOWN")
    assert error(clerk.ask("DELETE", f"/v2/{NAME}/manifests/{digest}")) == (404, "MANIFEST_UNKNOWN")
    assert clerk.ask("GET", f"/v2/{NAME}/manifests/{other}").status == 200


def test_a_blob_goes_from_its_repository_only(clerk: Clerk) -> None:
    blob = f"blobs/{clerk.blob(b'x')['digest']}"
    clerk.blob(b"x", "other/app")
    assert clerk.ask("DELETE", f"/v2/{NAME}/{blob}").status == 202
    assert error(clerk.ask("GET", f"/v2/{NAME}/{blob}")) == (404, "BLOB_UNKNOWN")
    assert error(clerk.ask("DELETE", f"/v2/{NAME}/{blob}")) == (404, "BLOB_UNKNOWN")
    assert clerk.ask("GET", f"/v2/other/app/{blob}").body == b"x"


def test_a_registry_that_keeps_everything_says_so() -> None:
    clerk = Clerk(Registry(Layout(MemoryTree())))
    digest = clerk.image("latest", b"x")
    for path in ("manifests/latest", f"manifests/{digest}", f"blobs/{Digest.of(b'x')}"):
        assert error(clerk.ask("DELETE", f"/v2/{NAME}/{path}")) == (405, "UNSUPPORTED")


def test_garbage_is_what_no_manifest_speaks_of(clerk: Clerk) -> None:
    layout = clerk.registry.storage
    assert isinstance(layout, Layout)
    digest = clerk.image("latest", b"layer")
    loose = clerk.blob(b"loose")["digest"]
    clerk.image("gone", b"only here")
    clerk.ask("DELETE", f"/v2/{NAME}/manifests/gone")
    assert f"blob eligible for deletion: {loose}" in list(collect(layout, dry_run=True))
    assert clerk.ask("HEAD", f"/v2/{NAME}/blobs/{loose}").status == 200
    list(collect(layout, untagged=True))
    for data, status in ((b"loose", 404), (b"only here", 404), (b"layer", 200), (b'{"os":"linux"}', 200)):
        assert clerk.ask("HEAD", f"/v2/{NAME}/blobs/{Digest.of(data)}").status == status
    assert clerk.ask("HEAD", f"/v2/{NAME}/manifests/{digest}").status == 200


# -- folders


def test_a_folder_keeps_everything_but_what_was_under_way(tmp_path: Path) -> None:
    before = Clerk(Registry(Layout(FolderTree(tmp_path)), deletes=True))
    digest = before.image("latest", b"layer")
    place = before.upload()
    before.ask("PATCH", place, b"half")
    after = Clerk(Registry(Layout(FolderTree(tmp_path)), deletes=True))
    assert after.ask("HEAD", f"/v2/{NAME}/manifests/latest").headers["Docker-Content-Digest"] == digest
    assert after.ask("GET", f"/v2/{NAME}/blobs/{Digest.of(b'layer')}").body == b"layer"
    assert after.ask("GET", place).status == 404
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and path.read_bytes() == b"half"]


def test_the_folder_is_laid_out_as_dockers_own_registry_does_it(tmp_path: Path) -> None:
    clerk = Clerk(Registry(Layout(FolderTree(tmp_path))))
    digest = clerk.image("latest", b"layer")
    root, layer = tmp_path / "docker/registry/v2", Digest.of(b"layer")
    assert (root / f"repositories/{NAME}/_manifests/tags/latest/current/link").read_text() == digest
    assert (root / f"repositories/{NAME}/_layers/sha256/{layer.hex}/link").read_text() == layer
    assert (root / f"blobs/sha256/{layer.hex[:2]}/{layer.hex}/data").read_bytes() == b"layer"


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_a_link_in_the_folder_leads_nowhere(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(b"secret")
    clerk = Clerk(Registry(Layout(FolderTree(tmp_path / "data")), deletes=True))
    clerk.image("latest", b"layer")
    layer = Digest.of(b"layer")
    data = tmp_path / f"data/docker/registry/v2/blobs/sha256/{layer.hex[:2]}/{layer.hex}/data"
    data.unlink()
    data.symlink_to(secret)
    reply = clerk.ask("GET", f"/v2/{NAME}/blobs/{layer}")
    assert error(reply) == (503, "UNAVAILABLE") and str(tmp_path).encode() not in reply.body
    uploads = tmp_path / "data/docker/registry/v2/uploads"
    if uploads.exists():
        uploads.rmdir()
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    uploads.symlink_to(elsewhere)
    clerk.ask("PATCH", clerk.ask("POST", f"/v2/{NAME}/blobs/uploads/").headers["Location"], b"x")
    assert list(elsewhere.iterdir()) == []
