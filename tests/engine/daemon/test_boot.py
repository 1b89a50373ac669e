"""A durable engine: what it acknowledged is there when the next one begins where it was killed."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Docker = Any
Make = Callable[..., Docker]


@pytest.fixture
def docker(make_docker: Make, tmp_path: Path) -> Docker:
    return make_docker(tmp_path)


@pytest.fixture
def again(make_docker: Make, tmp_path: Path) -> Callable[[], Docker]:
    """An engine on the same data root; the one before has had no chance to say goodbye."""
    return lambda: make_docker(tmp_path, pull=False)


def test_containers_images_and_names_come_back(docker: Docker, again: Callable[[], Docker]) -> None:
    docker.create("echo", "hi", name="fresh", Labels={"a": "b"}, HostConfig={"Memory": 64 << 20})
    docker.run("sh", "-c", "echo printed; exit 3", name="done")
    docker.wait("done")
    docker.run("sleep", "1000", name="runs")
    before = {row["Id"]: row["Names"] for row in docker.get("/containers/json", all=True)}

    back = again()
    assert {row["Id"]: row["Names"] for row in back.get("/containers/json", all=True)} == before
    assert [row["RepoTags"] for row in back.get("/images/json")] == [["busybox:latest"]]
    assert (back.state("fresh")["Status"], back.state("done")["ExitCode"]) == ("created", 3)
    assert (back.state("runs")["Status"], back.state("runs")["ExitCode"]) == ("exited", 255)
    assert back.logs("done") == b"printed\n"
    fresh = back.get("/containers/fresh/json")
    assert (fresh["Config"]["Labels"], fresh["HostConfig"]["Memory"]) == ({"a": "b"}, 64 << 20)
    back.post("/containers/fresh/start")
    assert back.wait("fresh") == 0
    assert back.logs("fresh") == b"hi\n"


def test_files_come_back_as_of_the_last_stop(docker: Docker, again: Callable[[], Docker]) -> None:
    docker.run("sh", "-c", "echo kept > /tmp/f; rm /etc/group")
    docker.wait()
    back = again()
    assert [(row["Path"], row["Kind"]) for row in back.get("/containers/c1/changes")] == [
        (row["Path"], row["Kind"]) for row in docker.get("/containers/c1/changes")
    ]
    back.post("/containers/c1/start")
    back.wait()


def test_what_was_removed_stays_removed(docker: Docker, again: Callable[[], Docker]) -> None:
    docker.run("true", name="a1")
    docker.create("true", name="b1")
    docker.post("/containers/b1/rename", name="c1")
    docker.wait("a1")
    docker.delete("/containers/a1")
    back = again()
    assert [row["Names"] for row in back.get("/containers/json", all=True)] == [["/c1"]]
    back.create("true", name="a1")
    back.create("true", name="b1")


@pytest.mark.parametrize(
    ("policy", "stopped", "runs"),
    [
        ("no", False, False),
        ("always", False, True),
        ("always", True, True),
        ("unless-stopped", False, True),
        ("unless-stopped", True, False),
        ("on-failure", False, True),
        ("on-failure", True, False),
    ],
)
def test_restart_policies_act(
    docker: Docker, again: Callable[[], Docker], policy: str, stopped: bool, runs: bool
) -> None:
    docker.run("sleep", "1000", HostConfig={"RestartPolicy": {"Name": policy}})
    if stopped:
        docker.post("/containers/c1/stop", t=0)
    back = again()
    back.let_pass(1)
    assert back.state()["Running"] is runs


def test_a_container_run_with_rm_is_gone(docker: Docker, again: Callable[[], Docker]) -> None:
    docker.run("sleep", "1000", HostConfig={"AutoRemove": True})
    assert again().get("/containers/json", all=True) == []


def test_the_daemon_and_its_networks_keep_their_ids(docker: Docker, again: Callable[[], Docker]) -> None:
    back = again()
    assert back.get("/info")["ID"] == docker.get("/info")["ID"]
    assert {row["Id"] for row in back.get("/networks")} == {row["Id"] for row in docker.get("/networks")}


def test_volumes_come_back_with_their_users(docker: Docker, again: Callable[[], Docker]) -> None:
    docker.create("true", HostConfig={"Binds": ["data:/d"]})
    back = again()
    assert back.get("/volumes/data")["Name"] == "data"
    with pytest.raises(AssertionError, match="409 remove data: volume is in use"):
        back.delete("/volumes/data")


def test_what_volumes_hold_comes_back_as_of_the_last_stop(docker: Docker, again: Callable[[], Docker]) -> None:
    docker.run("sh", "-c", "echo kept > /d/f; chmod 700 /d", HostConfig={"Binds": ["data:/d"]})
    docker.wait()
    docker.run("sleep", "1000", name="c2", HostConfig={"Binds": ["data:/d"], "RestartPolicy": {"Name": "always"}})
    back = again()
    back.let_pass(1)
    assert back.exec("sh", "-c", "cat /d/f; stat -c %a /d", name="c2") == (0, b"kept\n700\n")
    back.delete("/containers/c1", force=True)
    back.delete("/containers/c2", force=True)
    back.delete("/volumes/data")
    assert again().get("/volumes")["Volumes"] == []
