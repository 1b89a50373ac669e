"""`docker commit`, `import` and `history`: what an image made from a container is, and says of itself."""

from __future__ import annotations

import io
import json
import tarfile
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

Docker = Any


def refusal(docker: Docker, method: str, path: str, body: Any = None, **query: Any) -> tuple[int, str]:
    with pytest.raises(AssertionError) as refused:
        docker.ask(method, path, body, **query)
    return refused.value.status, refused.value.message  # type: ignore[attr-defined]


def finished(docker: Docker, *command: str, name: str = "c1", **options: Any) -> None:
    docker.run(*command, name=name, **options)
    docker.wait(name)


def commit(docker: Docker, name: str = "c1", body: Any = None, changes: tuple[str, ...] = (), **query: str) -> str:
    asked = {"container": name, **query, "changes": changes}
    headers = {"content-type": "application/json"} if body is not None else {}
    data = json.dumps(body).encode() if body is not None else b""
    answer = docker.connection.request("POST", "/v1.50/commit", asked, headers, data)
    said = json.loads(answer.read())
    assert answer.status == 201, said
    return str(said["Id"])


def test_an_image_of_a_container_has_its_files_and_its_command(docker: Docker) -> None:
    finished(docker, "sh", "-c", "echo saved > /saved; rm /etc/group")
    id = commit(docker, repo="mine", tag="1", comment="a message", author="Ann <ann@lab.test>")
    image = docker.get("/images/mine:1/json")
    assert image["Id"] == id and image["Parent"] == docker.get("/images/busybox/json")["Id"]
    assert (image["Comment"], image["Author"]) == ("a message", "Ann <ann@lab.test>")
    assert image["Config"]["Cmd"] == ["sh", "-c", "echo saved > /saved; rm /etc/group"]
    assert len(image["RootFS"]["Layers"]) == 1 + len(docker.get("/images/busybox/json")["RootFS"]["Layers"])
    newest, *older = docker.get("/images/mine:1/history")
    assert (newest["CreatedBy"], newest["Comment"]) == ("sh -c echo saved > /saved; rm /etc/group", "a message")
    assert [step["CreatedBy"] for step in older] == [
        step["CreatedBy"] for step in docker.get("/images/busybox/history")
    ]
    finished(docker, "sh", "-c", "cat /saved; ls /etc/group", name="c2", image="mine:1")
    assert docker.logs("c2").startswith(b"saved\nls: ")


def test_what_changed_no_file_makes_no_layer(docker: Docker) -> None:
    finished(docker, "true")
    id = commit(docker)
    image = docker.get(f"/images/{id}/json")
    assert image["RootFS"] == docker.get("/images/busybox/json")["RootFS"]
    assert image["RepoTags"] == []
    assert docker.get(f"/images/{id}/history")[0]["Size"] == 0


def test_a_running_container_stands_still_while_it_is_committed_unless_told_otherwise(docker: Docker) -> None:
    docker.run("sleep", "1000")
    commit(docker, repo="live")
    assert docker.state()["Status"] == "running"
    assert docker.actions(type=["container"])[-3:] == ["pause", "commit", "unpause"]
    commit(docker, pause="0")
    assert docker.actions(type=["container"])[-1] == "commit"
    docker.post("/containers/c1/pause")
    commit(docker)
    assert docker.state()["Status"] == "paused"
    event = docker.events(event=["commit"])[0]["Actor"]["Attributes"]
    assert (event["imageRef"], event["comment"]) == ("live:latest", "")
    assert event["imageID"] == docker.get("/images/live/json")["Id"]


def test_changes_are_dockerfile_instructions_on_the_containers_settings(docker: Docker) -> None:
    docker.create("sh", Env=["A=1"], Labels={"of": "c1"}, WorkingDir="/home")
    changes = ("CMD echo hi", "ENV B=2", "EXPOSE 80", "LABEL more=1", "USER nobody", "VOLUME /data", "ONBUILD RUN x")
    id = commit(docker, changes=changes)
    config = docker.get(f"/images/{id}/json")["Config"]
    assert config["Cmd"] == ["/bin/sh", "-c", "echo hi"]
    assert {"A=1", "B=2"} <= set(config["Env"])
    assert list(config["ExposedPorts"]) == ["80/tcp"] and list(config["Volumes"]) == ["/data"]
    assert config["Labels"] == {"of": "c1", "more": "1"}
    assert (config["User"], config["WorkingDir"], config["OnBuild"]) == ("nobody", "/home", ["RUN x"])
    assert docker.get("/containers/c1/json")["Config"]["Cmd"] == ["sh"]
    with pytest.raises(AssertionError, match="run is not a valid change command"):
        commit(docker, changes=("RUN x",))


def test_settings_in_the_request_count_and_the_containers_fill_their_gaps(docker: Docker) -> None:
    docker.create("sh", Env=["A=1", "B=1"], Labels={"of": "c1"}, User="nobody")
    id = commit(docker, body={"Cmd": ["true"], "Env": ["A=2"], "Labels": {"new": "1"}})
    config = docker.get(f"/images/{id}/json")["Config"]
    assert (config["Cmd"], config["User"]) == (["true"], "nobody")
    assert config["Labels"] == {"new": "1", "of": "c1"}
    assert [entry for entry in config["Env"] if entry[0] in "AB"] == ["A=2", "B=1"]


def test_a_name_moves_to_the_newer_image(docker: Docker) -> None:
    finished(docker, "touch", "/a")
    first, second = commit(docker, repo="mine"), commit(docker, repo="mine", comment="again")
    assert first != second and docker.get("/images/mine/json")["Id"] == second
    assert docker.get(f"/images/{first}/json")["RepoTags"] == []
    assert docker.actions(type=["image"], event=["tag"]) == ["tag", "tag"]


def test_what_cannot_be_committed_is_refused(docker: Docker) -> None:
    assert refusal(docker, "POST", "/commit", container="none") == (404, "No such container: none")
    docker.create("true")
    assert refusal(docker, "POST", "/commit", container="c1", repo="Bad")[0] == 400
    assert refusal(docker, "POST", "/commit", {"Cmd": 7}, container="c1")[0] == 400
    docker.delete("/images/busybox", force=True)
    assert refusal(docker, "POST", "/commit", container="c1")[0] == 404


def test_images_share_what_they_have_in_common_and_free_it_last(docker: Docker) -> None:
    layers = docker.engine.images.store.layers
    before = len(layers)
    finished(docker, "sh", "-c", "echo x > /x")
    commit(docker, repo="one")
    commit(docker, repo="two", comment="the same files")
    assert len(layers) == before + 1
    docker.delete("/containers/c1")
    docker.delete("/images/one")
    assert len(layers) == before + 1
    docker.delete("/images/two")
    assert len(layers) == before
    assert not docker.engine.images.layers._held


def archive(**members: bytes) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as tar:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size, info.mode = len(data), 0o755
            tar.addfile(info, io.BytesIO(data))
    return stream.getvalue()


def import_image(docker: Docker, data: bytes, **query: Any) -> tuple[int, list[dict[str, Any]]]:
    asked = {"fromSrc": "-", **query}
    answer = docker.connection.request("POST", "/v1.50/images/create", asked, {}, iter([data]))
    return answer.status, [json.loads(line) for line in answer.read().splitlines()]


def test_an_export_comes_back_as_an_image(docker: Docker) -> None:
    finished(docker, "sh", "-c", "echo hi > /new")
    data = docker.ask("GET", "/containers/c1/export")
    status, lines = import_image(docker, data, repo="again:1", changes=("CMD cat /new", "ENV X=1"), message="m")
    image = docker.get("/images/again:1/json")
    assert (status, lines) == (200, [{"status": image["Id"]}])
    assert (image["Comment"], image["Config"]["Env"]) == ("m", ["X=1"])
    assert docker.get("/images/again:1/history")[0]["Comment"] == "m"
    finished(docker, name="c2", image="again:1")
    assert docker.logs("c2") == b"hi\n"
    assert docker.events(event=["import"])[0]["Actor"]["ID"] == image["Id"]


def test_an_import_says_where_it_is_from_and_for_which_platform(docker: Docker) -> None:
    (line,) = import_image(docker, archive(a=b"a"), platform="linux/arm64")[1]
    image = docker.get(f"/images/{line['status']}/json")
    assert (image["Comment"], image["Architecture"], image["Os"]) == ("Imported from -", "arm64", "linux")


@pytest.mark.parametrize(
    ("data", "query", "status", "message"),
    [
        (b"junk\n", {}, 500, "unexpected EOF"),
        (b"x" * 1024, {}, 500, "archive/tar: invalid tar header"),
        (archive(**{"../x": b""}), {}, 500, "'../x' is outside of the root"),
        (archive(a=b""), {"changes": ("FROM x",)}, 400, "from is not a valid change command"),
        (archive(a=b""), {"platform": "windows/amd64"}, 400, "operating system is not supported"),
        (archive(a=b""), {"repo": "Bad"}, 400, "invalid reference format"),
    ],
)
def test_a_bad_import_leaves_nothing(docker: Docker, data: bytes, query: Any, status: int, message: str) -> None:
    layers, images = len(docker.engine.images.store.layers), len(docker.engine.images.store)
    got, (said,) = import_image(docker, data, **query)
    assert got == status and message in said["message"]
    assert (len(docker.engine.images.store.layers), len(docker.engine.images.store)) == (layers, images)
    assert not docker.engine.images.layers._held


EDITS = (
    "echo 1 > /f",
    "rm -f /f",
    "mkdir -p /d/e",
    "rm -rf /d",
    "mkdir -p /d; touch /d/x",
    "ln -sf /d /l; rm -rf /etc/l",
)
LISTING = "find / -path /proc -prune -o -path /sys -prune -o -path /dev -prune -o -print | sort; cat /f 2>/dev/null"


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(edits=some.lists(some.sampled_from(EDITS), min_size=1, max_size=6))
def test_a_chain_of_commits_has_the_same_files_as_one(docker: Docker, edits: list[str]) -> None:
    image = "busybox"
    for edit in edits:
        finished(docker, "sh", "-c", edit, image=image)
        image = commit(docker)
        docker.delete("/containers/c1")
    finished(docker, "sh", "-c", "; ".join(edits))
    once = commit(docker)
    docker.delete("/containers/c1")
    said = []
    for which in (image, once):
        finished(docker, "sh", "-c", LISTING, image=which)
        said.append(docker.logs())
        docker.delete("/containers/c1")
    assert said[0] == said[1] and b"/bin/busybox" in said[0]
