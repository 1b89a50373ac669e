"""Pushing to the registry application: the conformance suite's category "Push", and clients that mean no good."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clerk import NAME, Clerk, Vanished, detail, error, manifest
from engine.distribution.registry import FolderTree, Layout, MemoryTree, Registry
from engine.image.digest import Digest
from engine.image.manifest import DOCKER_MANIFEST, OCI_INDEX, OCI_MANIFEST

DATA = b"0123456789" * 100
DIGEST = Digest.of(DATA)
BLOB = f"/v2/{NAME}/blobs/{DIGEST}"


def new_clerk(tree: Any = None) -> Clerk:
    return Clerk(Registry(Layout(tree or MemoryTree()), deletes=True))


@pytest.fixture(params=["memory", "folder"])
def clerk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Clerk]:
    yield new_clerk(FolderTree(tmp_path / "data") if request.param == "folder" else None)


def uploads(clerk: Clerk) -> int:
    return len(clerk.registry.uploads)


# -- blobs


def test_a_blob_in_one_request(clerk: Clerk) -> None:
    reply = clerk.ask("POST", f"/v2/{NAME}/blobs/uploads/?digest={DIGEST}", DATA)
    assert (reply.status, reply.headers["Location"], reply.headers["Docker-Content-Digest"]) == (201, BLOB, DIGEST)
    assert clerk.ask("GET", BLOB).body == DATA and uploads(clerk) == 0


def test_a_blob_in_two_requests(clerk: Clerk) -> None:
    assert clerk.ask("HEAD", BLOB).status == 404
    assert clerk.ask("PUT", f"{clerk.upload()}?digest={DIGEST}", [DATA[:300], DATA[300:]]).status == 201
    head = clerk.ask("HEAD", BLOB)
    assert (head.status, head.headers["Content-Length"], head.body) == (200, "1000", b"")


def test_a_blob_in_chunks_which_the_client_can_ask_about(clerk: Clerk) -> None:
    place = clerk.upload()
    first = clerk.ask("PATCH", place, DATA[:400], content_range="0-399", content_length="400")
    assert (first.status, first.headers["Range"]) == (202, "0-399")
    status = clerk.ask("GET", first.headers["Location"])
    assert (status.status, status.headers["Range"]) == (204, "0-399")
    second = clerk.ask("PATCH", status.headers["Location"], DATA[400:900], content_range="400-899")
    assert second.headers["Range"] == "0-899"
    last = clerk.ask("PUT", f"{second.headers['Location']}?digest={DIGEST}", DATA[900:], content_range="900-999")
    assert last.status == 201 and clerk.ask("GET", BLOB).body == DATA


def test_a_chunk_out_of_its_turn_is_refused_and_changes_nothing(clerk: Clerk) -> None:
    place = clerk.upload()
    clerk.ask("PATCH", place, DATA[:400], content_range="0-399")
    for wrong in ("0-399", "500-899", "399-401", "400-100", "x-y"):
        reply = clerk.ask("PATCH", place, DATA[400:], content_range=wrong)
        assert error(reply) == (416, "RANGE_INVALID") and reply.headers["Range"] == "0-399"
    assert clerk.ask("PUT", f"{place}?digest={DIGEST}", DATA[400:]).status == 201


def test_a_chunk_of_another_length_than_announced_is_refused(clerk: Clerk) -> None:
    assert error(clerk.ask("PATCH", clerk.upload(), DATA, content_range="0-9")) == (400, "SIZE_INVALID")
    assert error(clerk.ask("PATCH", clerk.upload(), DATA, content_range="0-1999")) == (400, "SIZE_INVALID")
    assert error(clerk.ask("PUT", f"{clerk.upload()}?digest={DIGEST}", DATA, content_length="5")) == (
        400,
        "SIZE_INVALID",
    )


def test_bytes_that_have_another_digest_are_refused_by_name_and_forgotten(clerk: Clerk) -> None:
    reply = clerk.ask("PUT", f"{clerk.upload()}?digest={DIGEST}", DATA[:-1] + b"!")
    assert error(reply) == (400, "DIGEST_INVALID") and detail(reply)["digest"] == DIGEST
    assert clerk.ask("HEAD", BLOB).status == 404 and uploads(clerk) == 0
    for nonsense in ("", "?digest=", "?digest=sha256:12", "?digest=md5:" + "0" * 32, "?digest=../../etc/passwd"):
        assert error(clerk.ask("PUT", clerk.upload() + nonsense, DATA)) == (400, "DIGEST_INVALID")


def test_other_algorithms_are_verified_as_well(clerk: Clerk) -> None:
    digest = "sha512:" + hashlib.sha512(DATA).hexdigest()
    assert clerk.ask("PUT", f"{clerk.upload()}?digest={digest}", DATA).status == 201
    assert clerk.ask("GET", f"/v2/{NAME}/blobs/{digest}").body == DATA
    assert error(clerk.ask("PUT", f"{clerk.upload()}?digest=sha512:{'0' * 128}", DATA)) == (400, "DIGEST_INVALID")


def test_nothing_at_all_is_a_blob_too(clerk: Clerk) -> None:
    clerk.blob(b"")
    assert clerk.ask("GET", f"/v2/{NAME}/blobs/{Digest.of(b'')}").body == b""


def test_a_client_that_vanishes_leaves_no_blob_and_may_come_back(clerk: Clerk) -> None:
    place = clerk.upload()
    assert clerk.ask("PATCH", place, [DATA[:500], Vanished("gone")]).status == 400
    assert clerk.ask("HEAD", BLOB).status == 404
    assert clerk.ask("GET", place).headers["Range"] == "0-499"
    assert clerk.ask("PATCH", place, DATA[500:], content_range="500-999").status == 202
    assert clerk.ask("PUT", f"{place}?digest={DIGEST}").status == 201
    one_request = clerk.ask("POST", f"/v2/{NAME}/blobs/uploads/?digest={DIGEST}", [DATA[:5], Vanished("gone")])
    assert one_request.status == 400 and uploads(clerk) == 0


def test_an_upload_can_be_given_up_and_is_nobody_elses(clerk: Clerk) -> None:
    place = clerk.upload()
    assert error(clerk.ask("PATCH", place.replace(NAME, "other/app"), DATA)) == (404, "BLOB_UPLOAD_UNKNOWN")
    assert clerk.ask("DELETE", place).status == 204
    for method in ("GET", "PATCH", "PUT", "DELETE"):
        assert error(clerk.ask(method, f"{place}?digest={DIGEST}", DATA)) == (404, "BLOB_UPLOAD_UNKNOWN")
    assert error(clerk.ask("GET", f"/v2/{NAME}/blobs/uploads/../../x"))[0] == 400


def test_a_blob_is_mounted_from_another_repository_or_an_upload_begins(clerk: Clerk) -> None:
    clerk.blob(DATA, "library/alpine")
    mounted = clerk.ask("POST", f"/v2/{NAME}/blobs/uploads/?mount={DIGEST}&from=library/alpine")
    assert (mounted.status, mounted.headers["Location"]) == (201, BLOB)
    assert clerk.ask("GET", BLOB).body == DATA and uploads(clerk) == 0
    for source in ("library/none", "", "../x"):
        begun = clerk.ask("POST", f"/v2/third/app/blobs/uploads/?mount={DIGEST}&from={source}")
        assert begun.status == 202 and "/uploads/" in begun.headers["Location"]


def test_there_is_room_for_so_many_uploads_and_the_oldest_goes(clerk: Clerk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.distribution.registry.app.MOST_UPLOADS", 3)
    places = [clerk.upload() for _ in range(4)]
    assert [clerk.ask("GET", place).status for place in places] == [404, 204, 204, 204]


CUTS = st.lists(st.integers(0, len(DATA)), max_size=6).map(sorted)


@given(CUTS, st.booleans())
def test_however_a_blob_is_cut_it_arrives_whole(cuts: list[int], announced: bool) -> None:
    clerk = new_clerk()
    place, edges = clerk.upload(), [0, *cuts, len(DATA)]
    for begin, end in pairwise(edges):
        headers = {"content_range": f"{begin}-{end - 1}"} if announced and end > begin else {}
        reply = clerk.ask("PATCH", place, DATA[begin:end], **headers)
        assert (reply.status, reply.headers["Range"]) == (202, f"0-{max(0, end - 1)}")
    assert clerk.ask("PUT", f"{place}?digest={DIGEST}").status == 201
    assert clerk.ask("GET", BLOB).body == DATA


@given(st.integers(0, 2000), st.integers(0, 2000), st.integers(0, 1000))
def test_a_range_is_taken_if_and_only_if_it_continues(start: int, end: int, there: int) -> None:
    clerk = new_clerk()
    place = clerk.upload()
    clerk.ask("PATCH", place, DATA[:there])
    fits = start == there and end >= start
    body = bytes(end - start + 1) if fits else DATA
    reply = clerk.ask("PATCH", place, body, content_range=f"{start}-{end}")
    assert reply.status == (202 if fits else 416)
    assert clerk.ask("GET", place).headers["Range"] == f"0-{max(0, (end + 1 if fits else there) - 1)}"


# -- names


@given(st.from_regex(r"[a-z0-9]+(?:[._-][a-z0-9]+)*(?:/[a-z0-9]+(?:__[a-z0-9]+)*){0,3}", fullmatch=True))
def test_good_names_are_taken(name: str) -> None:
    assert new_clerk().ask("POST", f"/v2/{name}/blobs/uploads/").status == (202 if len(name) <= 255 else 400)


@pytest.mark.parametrize(
    "name",
    [
        "UP",
        "a..b",
        "a/../b",
        "../x",
        "a//b",
        "-a",
        "a-",
        "a/_layers",
        "_x",
        "a___b",
        "a b",
        "ä",
        "a" * 256,
        "a\\b",
        "a\0b",
    ],
)
def test_bad_names_are_refused_before_anything_is_touched(name: str, tmp_path: Path) -> None:
    clerk = new_clerk(FolderTree(tmp_path / "data"))
    for method, path in (
        ("POST", "blobs/uploads/"),
        ("GET", "tags/list"),
        ("PUT", "manifests/x"),
        ("DELETE", BLOB[-84:]),
    ):
        assert clerk.ask(method, f"/v2/{name}/{path}", DATA).status in (400, 404)
    assert not list(tmp_path.rglob("*.part")) and len(list((tmp_path / "data").iterdir())) == 0


# -- manifests


@pytest.mark.parametrize("reference", ["latest", "v1.0_x-Y", "digest"])
def test_a_manifest_is_taken_by_tag_or_digest(clerk: Clerk, reference: str) -> None:
    document = manifest(clerk.blob(b"{}"), clerk.blob(DATA))
    raw = json.dumps(document, indent=3).encode()
    wanted = Digest.of(raw) if reference == "digest" else reference
    reply = clerk.put(wanted, raw)
    assert (reply.status, reply.headers["Docker-Content-Digest"]) == (201, Digest.of(raw))
    assert reply.headers["Location"] == f"/v2/{NAME}/manifests/{Digest.of(raw)}"
    for name in (wanted, Digest.of(raw)):
        back = clerk.ask("GET", f"/v2/{NAME}/manifests/{name}")
        assert (back.body, back.headers["Content-Type"]) == (raw, OCI_MANIFEST)


def test_what_a_manifest_speaks_of_must_be_there(clerk: Clerk) -> None:
    config, absent = clerk.blob(b"{}"), {"mediaType": "x", "digest": Digest.of(b"absent"), "size": 6}
    reply = clerk.put("latest", manifest(config, absent))
    assert error(reply) == (400, "MANIFEST_BLOB_UNKNOWN") and detail(reply)["digest"] == absent["digest"]
    clerk.blob(b"absent", "other/app")
    assert error(clerk.put("latest", manifest(config, absent))) == (400, "MANIFEST_BLOB_UNKNOWN")
    index = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": [absent | {"mediaType": OCI_MANIFEST}]}
    assert error(clerk.put("latest", index)) == (400, "MANIFEST_BLOB_UNKNOWN")
    foreign = absent | {"mediaType": "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"}
    assert clerk.put("latest", manifest(config, foreign)).status == 201


@pytest.mark.parametrize("size", [-1, 0, 999, 1001, 1 << 70, None, "1000", True, 1e3])
def test_a_manifest_that_lies_about_a_size_is_refused_and_the_lie_named(clerk: Clerk, size: Any) -> None:
    layer = clerk.blob(DATA) | {"size": size}
    if size is None:
        del layer["size"]
    reply = clerk.put("latest", manifest(clerk.blob(b"{}"), layer))
    assert error(reply) == (400, "MANIFEST_INVALID")
    if isinstance(size, int) and not isinstance(size, bool):
        assert detail(reply)["sizes"] == [f"{DIGEST} has 1000 bytes, not {size}"]
    assert clerk.ask("GET", f"/v2/{NAME}/manifests/latest").status == 404


@pytest.mark.parametrize(
    "raw",
    [b"", b"{", b"[]", b"null", b"{}", b'{"schemaVersion":1}', b"\xff" * 9, b"[" * 100_000,
     b'{"schemaVersion":2,"config":{},"layers":[]}',
     b'{"schemaVersion":2,"config":{"digest":"sha256:..","size":1},"layers":[]}',
     b'{"schemaVersion":2,"mediaType":"' + OCI_INDEX.encode() + b'","manifests":[]}'],
)  # fmt: skip
def test_what_is_no_manifest_is_refused(clerk: Clerk, raw: bytes) -> None:
    assert error(clerk.put("latest", raw)) == (400, "MANIFEST_INVALID")


def test_a_manifest_of_another_digest_or_type_than_announced_is_refused(clerk: Clerk) -> None:
    document = manifest(clerk.blob(b"{}"))
    assert error(clerk.put(Digest.of(b"else"), document)) == (400, "DIGEST_INVALID")
    assert error(clerk.put("latest", document, kind=DOCKER_MANIFEST)) == (400, "MANIFEST_INVALID")
    assert error(clerk.put("sha256:12", document)) == (400, "DIGEST_INVALID")
    for tag in (".x", "-x", "a" * 129, "a b", "%2e%2e"):
        assert error(clerk.put(tag, document)) == (400, "TAG_INVALID")


def test_there_are_limits_to_a_manifest(clerk: Clerk) -> None:
    config, layer = clerk.blob(b"{}"), clerk.blob(DATA)
    assert clerk.put("deep", manifest(config, *[layer] * 127)).status == 201
    assert error(clerk.put("deeper", manifest(config, *[layer] * 10_000))) == (400, "MANIFEST_INVALID")
    huge = manifest(config, layer, annotations={"x": "y" * (4 << 20)})
    assert error(clerk.put("huge", huge)) == (413, "MANIFEST_INVALID")


def test_a_subject_is_confirmed_and_need_not_be_there(clerk: Clerk) -> None:
    subject = {"mediaType": OCI_MANIFEST, "digest": Digest.of(b"later"), "size": 5}
    reply = clerk.put("sig", manifest(clerk.blob(b"{}"), subject=subject))
    assert (reply.status, reply.headers["OCI-Subject"]) == (201, subject["digest"])
    for nonsense in ({}, {"digest": "x"}, "sha256:1", 5):
        reply = clerk.put("sig", manifest(clerk.blob(b"{}"), subject=nonsense))
        assert error(reply) == (400, "MANIFEST_INVALID")


def test_a_tag_moves_and_the_old_manifest_stays(clerk: Clerk) -> None:
    old, new = clerk.image("latest", DATA), clerk.image("latest", DATA, b"more")
    assert clerk.ask("HEAD", f"/v2/{NAME}/manifests/latest").headers["Docker-Content-Digest"] == new
    assert clerk.ask("HEAD", f"/v2/{NAME}/manifests/{old}").status == 200
