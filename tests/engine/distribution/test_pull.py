"""docker pull, from a name to layers on the host, against a registry that may misbehave."""

from __future__ import annotations

import random
from typing import Any

import pytest

from engine.distribution.auth import Credentials
from engine.distribution.registry import Refused
from engine.image.digest import Digest
from engine.image.manifest import Platform

BASE = {"a": b"base " * 3000}


def noise(seed: int, size: int = 40_000) -> bytes:
    return random.Random(seed).randbytes(size)


def test_a_pull_tells_each_step_in_dockers_words(bench: Any, tar: Any) -> None:
    layer = tar(file=noise(1))
    digest = bench.shelf.push("library/alpine", "latest", layer)
    told = bench.pull("alpine:latest")
    assert bench.messages(told) == [
        "latest: Pulling from library/alpine",
        f"Digest: {digest}",
        "Status: Downloaded newer image for alpine:latest",
    ]
    short = Digest(bench.shelf.layer_digest(layer)).short
    assert bench.statuses(told, short) == [
        "Pulling fs layer", "Downloading", "Verifying Checksum", "Download complete", "Extracting", "Pull complete",
    ]  # fmt: skip
    last = [item for item in told if item.status == "Downloading"][-1]
    assert last.current == last.total == len(bench.shelf.blobs[bench.shelf.layer_digest(layer)])
    assert bench.idle()


def test_the_image_is_there_by_tag_digest_and_id(bench: Any, tar: Any) -> None:
    digest = bench.shelf.push("library/alpine", "latest", tar(file=b"x"), Env=["A=1"], Cmd=["sh"])
    bench.pull("alpine:latest")
    image = bench.images.get("alpine")
    assert image.config.env == ("A=1",) and image.config.cmd == ("sh",)
    for name in ("alpine:latest", "docker.io/library/alpine", f"alpine@{digest}", image.id, image.id.short):
        assert bench.images.get(name) is image
    assert bench.engine.host.exists(image.chain)


def test_a_second_pull_fetches_nothing(bench: Any, tar: Any) -> None:
    bench.shelf.push("library/alpine", "latest", tar(file=b"x"))
    bench.pull("alpine:latest")
    bench.way.log.clear()
    told = bench.pull("alpine:latest")
    assert told[-1].status == "Status: Image is up to date for alpine:latest"
    assert bench.way.log == [("GET", "/v2/"), ("HEAD", "/v2/library/alpine/manifests/latest")]


def test_layers_that_are_present_are_not_fetched(bench: Any, tar: Any) -> None:
    base, top = tar(**BASE), tar(top=b"top")
    bench.shelf.push("library/debian", "latest", base)
    bench.shelf.push("library/httpd", "latest", base, top)
    bench.pull("debian:latest")
    bench.way.log.clear()
    told = bench.pull("httpd:latest")
    assert bench.statuses(told, Digest(bench.shelf.layer_digest(base)).short) == ["Already exists"]
    fetched = [path.rpartition("/")[2] for _, path in bench.way.log if "/blobs/" in path]
    assert bench.shelf.layer_digest(base) not in fetched
    assert bench.shelf.layer_digest(top) in fetched


def test_two_pulls_at_once_share_one_download_of_a_common_layer(bench: Any, tar: Any) -> None:
    base = tar(file=noise(2))
    bench.shelf.push("library/a", "latest", base, tar(a=b"a"))
    bench.shelf.push("library/b", "latest", base, tar(b=b"b"))
    both = bench.run(bench.loop.gather(bench.drain("a:latest"), bench.drain("b:latest")))
    fetched = [path for _, path in bench.way.log if path.endswith(bench.shelf.layer_digest(base))]
    assert len(fetched) == 1
    short = Digest(bench.shelf.layer_digest(base)).short
    assert all("Pull complete" in bench.statuses(told, short) for told in both)
    assert bench.idle()


def test_no_more_than_three_downloads_at_a_time(bench: Any, tar: Any) -> None:
    layers = [tar(**{f"f{number}": noise(number)}) for number in range(6)]
    bench.shelf.push("library/python", "latest", *layers)
    told = bench.pull("python:latest")
    assert bench.way.most_open == 3
    waiting = [item.id for item in told if item.status == "Waiting"]
    assert waiting == [Digest(bench.shelf.layer_digest(layer)).short for layer in layers[3:]]


def test_a_layer_that_comes_twice_in_an_image_is_fetched_once(bench: Any, tar: Any) -> None:
    same = tar(file=noise(3))
    bench.shelf.push("library/twice", "latest", same, tar(other=b"o"), same)
    bench.pull("twice:latest")
    fetched = [path for _, path in bench.way.log if path.endswith(bench.shelf.layer_digest(same))]
    assert len(fetched) == 1 and len(bench.images.get("twice").diff_ids) == 3


def test_a_broken_transfer_goes_on_where_it_stopped(bench: Any, tar: Any) -> None:
    layer = tar(file=noise(4))
    bench.shelf.push("library/alpine", "latest", layer)
    digest = bench.shelf.layer_digest(layer)
    bench.way.cut[digest] = [8192]
    told = bench.pull("alpine:latest")
    words = bench.statuses(told, Digest(digest).short)
    assert words[2:7] == [f"Retrying in {left} second{'s' * (left > 1)}" for left in (5, 4, 3, 2, 1)]
    resumed = [item.current for item in told if item.status == "Downloading"]
    assert resumed == sorted(resumed) and words[-1] == "Pull complete"


def test_a_registry_that_cannot_resume_sends_all_again(bench: Any, tar: Any) -> None:
    layer = tar(file=noise(5))
    bench.shelf.push("library/alpine", "latest", layer)
    bench.way.resumes = False
    bench.way.cut[bench.shelf.layer_digest(layer)] = [8192]
    bench.pull("alpine:latest")
    assert bench.images.get("alpine")


def test_five_broken_transfers_are_enough(bench: Any, tar: Any) -> None:
    layer = tar(file=noise(6))
    bench.shelf.push("library/alpine", "latest", layer)
    bench.way.cut[bench.shelf.layer_digest(layer)] = [100] * 5
    assert str(bench.refusal("alpine:latest")) == "unexpected EOF"
    assert bench.idle() and not bench.images.store.layers


def test_a_wrong_byte_is_refused_by_name_and_nothing_is_kept(bench: Any, tar: Any) -> None:
    good, bad = tar(good=noise(7)), tar(bad=noise(8))
    bench.shelf.push("library/alpine", "latest", good, bad)
    digest = bench.shelf.layer_digest(bad)
    data = bytearray(bench.shelf.blobs[digest])
    data[-1] ^= 1
    bench.shelf.blobs[digest] = bytes(data)
    assert str(bench.refusal("alpine:latest")) == f"filesystem layer verification failed for digest {digest}"
    assert not bench.images.store.layers and not len(bench.images.store)
    assert not bench.engine.host._committed and bench.idle()


def test_a_manifest_of_another_image_is_refused(bench: Any, tar: Any) -> None:
    digest = bench.shelf.push("library/alpine", "latest", tar(a=b"a"))
    other = bench.shelf.push("library/other", "latest", tar(b=b"b"))
    bench.shelf.documents[digest] = bench.shelf.documents[other]
    assert str(bench.refusal(f"alpine@{digest}")) == f"manifest verification failed for digest {digest}"


def test_a_client_that_goes_away_ends_the_pull(bench: Any, tar: Any) -> None:
    bench.shelf.push("library/alpine", "latest", tar(one=noise(9)), tar(two=noise(10, 400_000)))

    async def leave() -> None:
        pull = bench.images.pull(bench.reference("alpine:latest"))
        async for told in pull:
            if told.status == "Pull complete":
                break
        await pull.aclose()

    bench.run(leave())
    assert bench.idle()
    assert not bench.images.store.layers and not bench.engine.host._committed


def test_a_client_that_goes_away_does_not_end_the_pull_of_another(bench: Any, tar: Any) -> None:
    bench.shelf.push("library/alpine", "latest", tar(one=noise(11, 200_000)))

    async def leave() -> list[Any]:
        stays = bench.loop.spawn(bench.drain("alpine:latest"))
        goes = bench.images.pull(bench.reference("alpine:latest"))
        async for told in goes:
            if told.status == "Downloading":
                break
        await goes.aclose()
        return await stays

    told = bench.run(leave())
    assert told[-1].status == "Status: Downloaded newer image for alpine:latest"
    assert bench.idle() and bench.images.get("alpine")


def test_the_manifest_for_this_machine_is_chosen(bench: Any, tar: Any) -> None:
    bench.shelf.push("library/alpine", "latest", tar(a=b"a"), platforms=("linux/arm64/v8", "linux/amd64"))
    bench.pull("alpine:latest")
    assert bench.images.get("alpine").platform == "linux/amd64"
    bench.pull("alpine:latest", platform=Platform.parse("linux/arm64"))
    assert bench.images.get("alpine").platform == "linux/arm64"


@pytest.mark.parametrize(
    ("name", "text", "status"),
    [
        (
            "nosuch:latest",
            "pull access denied for nosuch, repository does not exist or may require 'docker login': "
            "denied: requested access to the resource is denied",
            404,
        ),
        ("alpine:nosuch", "manifest for alpine:nosuch not found: manifest unknown: manifest unknown", 404),
        (
            "registry.test/x:latest",
            'Get "https://registry.test/v2/": dial tcp: lookup registry.test: no such host',
            500,
        ),
    ],
)
def test_refusals_have_dockers_texts(bench: Any, tar: Any, name: str, text: str, status: int) -> None:
    bench.way.token_needed = True
    bench.way.unknown_hosts.add("registry.test")
    bench.shelf.push("library/alpine", "latest", tar(a=b"a"))
    error = bench.refusal(name)
    assert (error.message, error.status) == (text, status)


def test_the_rate_limit_and_a_missing_platform_are_told(bench: Any, tar: Any) -> None:
    bench.shelf.push("library/alpine", "latest", tar(a=b"a"), platforms=("linux/s390x",))
    assert bench.refusal("alpine:latest").message == (
        "no matching manifest for linux/amd64 in the manifest list entries"
    )
    limit = "You have reached your pull rate limit. You may increase the limit by authenticating and upgrading: https"
    bench.way.refusal = Refused("TOOMANYREQUESTS", message=limit)
    assert bench.refusal("alpine:latest").message == f"toomanyrequests: {limit}"


def test_a_private_repository_opens_for_its_user(bench: Any, tar: Any) -> None:
    bench.way.token_needed = True
    bench.shelf.private["alice/secret"] = "alice"
    bench.shelf.users["alice"] = "pw"
    bench.shelf.push("alice/secret", "latest", tar(a=b"a"))
    assert bench.refusal("alice/secret:latest").message.startswith("pull access denied for alice/secret")
    assert bench.refusal("alice/secret:latest", credentials=Credentials("alice", "wrong")).message == (
        'Head "https://registry-1.docker.io/v2/alice/secret/manifests/latest": '
        "unauthorized: incorrect username or password"
    )
    bench.pull("alice/secret:latest", credentials=Credentials("alice", "pw"))
    assert bench.images.get("alice/secret")


def test_all_tags_come_when_asked_for(bench: Any, tar: Any) -> None:
    bench.shelf.push("library/alpine", "3.21", tar(a=b"old"))
    bench.shelf.push("library/alpine", "3.22", tar(a=b"new"))
    told = bench.pull("alpine")
    assert told[-1].status == "Status: Downloaded newer image for alpine"
    assert bench.images.get("alpine:3.21") is not bench.images.get("alpine:3.22")


def test_a_pull_by_digest_gives_no_tag(bench: Any, tar: Any) -> None:
    digest = bench.shelf.push("library/alpine", "latest", tar(a=b"a"))
    told = bench.pull(f"alpine@{digest}")
    assert told[-1].status == f"Status: Downloaded newer image for alpine@{digest}"
    [row] = bench.images.summaries()
    assert row["RepoTags"] == [] and row["RepoDigests"] == [f"alpine@{digest}"]


def test_a_moved_tag_leaves_the_old_image_without_tag(bench: Any, tar: Any) -> None:
    bench.shelf.push("library/alpine", "latest", tar(a=b"old"))
    bench.pull("alpine:latest")
    old = bench.images.get("alpine")
    bench.shelf.push("library/alpine", "latest", tar(a=b"new"))
    bench.pull("alpine:latest")
    assert bench.images.get("alpine").id != old.id
    assert [name.tag for name in bench.images.store.references(old.id)] == [""]


def test_a_pull_is_a_tree_of_spans(bench: Any, tar: Any) -> None:
    bench.shelf.push("library/alpine", "latest", tar(a=b"a"))
    bench.pull("alpine:latest")
    wheres = {(span["where"], span["name"].partition(" ")[0]) for span in bench.engine.trace.since()}
    assert {("cache", "image"), ("hub", "HEAD"), ("hub", "download"), ("daemon", "layer"), ("host", "unpack")} <= wheres


def test_pulls_survive_a_restart(tmp_path: Any, new_bench: Any, tar: Any) -> None:
    first = new_bench(tmp_path)
    first.shelf.push("library/alpine", "latest", tar(one=noise(12)), tar(two=b"2"))
    first.pull("alpine:latest")
    image = first.images.get("alpine")
    left = first.images.store.blobs.put(b"left behind by a crash")
    first.engine.state.close()
    second = new_bench(tmp_path)
    assert second.images.get("alpine") == image
    assert second.images.inspect("alpine") == first.images.inspect("alpine")
    second.run(second.images.recover())
    assert left not in second.images.store.blobs
    assert second.engine.host.exists(image.chain)
    assert second.images.store.layers == first.images.store.layers
