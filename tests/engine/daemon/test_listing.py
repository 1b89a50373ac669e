"""`docker ps`: which rows, in which order, and what they say."""

from typing import Any

import pytest

from engine.daemon.listing import command_line

Docker = Any


@pytest.fixture
def three(docker: Docker) -> Docker:
    docker.run("sleep", "1000", name="up", Labels={"tier": "web"}, ExposedPorts={"80/tcp": {}})
    docker.run("sh", "-c", "exit 3", name="done", HostConfig={"Binds": ["data:/srv"]})
    docker.wait("done")
    docker.create("true", name="fresh", Labels={"tier": "db"}, HostConfig={"NetworkMode": "none"})
    return docker


def names(docker: Docker, **query: Any) -> list[str]:
    return [row["Names"][0].removeprefix("/") for row in docker.get("/containers/json", **query)]


def test_running_ones_and_all_newest_first(three: Docker) -> None:
    assert names(three) == ["up"]
    assert names(three, all=True) == ["fresh", "done", "up"]
    assert names(three, limit=2) == ["fresh", "done"]
    assert names(three, limit=-1) == ["up"]


FILTERS: list[tuple[dict[str, list[str]], list[str]]] = [
    ({"status": ["exited"]}, ["done"]),
    ({"status": ["created", "running"]}, ["fresh", "up"]),
    ({"name": ["on"]}, ["done"]),
    ({"name": ["^/up$"]}, ["up"]),
    ({"name": ["^up$"]}, ["up"]),
    ({"label": ["tier"]}, ["fresh", "up"]),
    ({"label": ["tier=web"]}, ["up"]),
    ({"exited": ["3"]}, ["done"]),
    ({"exited": ["0"]}, []),
    ({"before": ["fresh"]}, ["done", "up"]),
    ({"since": ["up"]}, ["fresh", "done"]),
    ({"ancestor": ["busybox"]}, ["fresh", "done", "up"]),
    ({"ancestor": ["nosuch"]}, []),
    ({"volume": ["data"]}, ["done"]),
    ({"volume": ["/srv"]}, ["done"]),
    ({"network": ["none"]}, ["fresh"]),
    ({"expose": ["80"]}, ["up"]),
    ({"expose": ["70-90/tcp"]}, ["up"]),
    ({"publish": ["80"]}, []),
    ({"health": ["none"]}, ["fresh", "done", "up"]),
    ({"is-task": ["false"]}, ["fresh", "done", "up"]),
    ({"is-task": ["true"]}, []),
]


@pytest.mark.parametrize(("filters", "expected"), FILTERS)
def test_filters(three: Docker, filters: dict[str, list[str]], expected: list[str]) -> None:
    assert names(three, all=True, filters=filters) == expected


def test_an_ids_beginning_is_a_filter(three: Docker) -> None:
    id = three.get("/containers/up/json")["Id"]
    assert names(three, filters={"id": [id[:9]]}) == ["up"]


@pytest.mark.parametrize(
    ("filters", "words"),
    [
        ({"status": ["zombie"]}, "400 invalid filter 'status=zombie'"),
        ({"colour": ["red"]}, "400 invalid filter 'colour'"),
        ({"exited": ["three"]}, '400 strconv.Atoi: parsing "three": invalid syntax'),
        ({"before": ["nosuch"]}, "404 No such container: nosuch"),
    ],
)
def test_filters_that_make_no_sense_are_refused(docker: Docker, filters: dict[str, list[str]], words: str) -> None:
    with pytest.raises(AssertionError) as refused:
        docker.get("/containers/json", filters=filters)
    assert str(refused.value) == words


def test_a_row_says_what_a_person_wants_to_know(three: Docker) -> None:
    three.let_pass(61)
    fresh, done, up = three.get("/containers/json", all=True, size=True)
    assert (fresh["Status"], fresh["State"], fresh["Command"]) == ("Created", "created", "true")
    assert (done["Status"], done["Command"]) == ("Exited (3) About a minute ago", "sh -c 'exit 3'")
    assert up["Status"] == "Up About a minute"
    assert up["Ports"] == [{"PrivatePort": 80, "Type": "tcp"}]
    assert list(up["NetworkSettings"]["Networks"]) == ["bridge"] and up["SizeRootFs"] > 1_000_000
    assert [mount["Name"] for mount in done["Mounts"]] == ["data"]


def test_a_container_whose_tag_moved_on_shows_its_images_id(docker: Docker) -> None:
    docker.create("true")
    docker.ask("POST", "/images/create", fromImage="alpine", tag="latest")
    docker.ask("POST", "/images/alpine/tag", repo="busybox", tag="latest")
    row = docker.get("/containers/json", all=True)[0]
    assert row["Image"] == row["ImageID"]


def test_old_clients_see_the_network_as_they_knew_it(docker: Docker) -> None:
    docker.create("true")
    assert docker.get("/containers/c1/json")["HostConfig"]["NetworkMode"] == "bridge"
    docker.version = "1.41"
    assert docker.get("/containers/c1/json")["HostConfig"]["NetworkMode"] == "default"


@pytest.mark.parametrize(
    ("command", "line"),
    [(("ls",), "ls"), (("sh", "-c", "a b"), "sh -c 'a b'"), ((), ""), (("/my prog", "x"), "/my prog x")],
)
def test_a_command_is_one_line(command: tuple[str, ...], line: str) -> None:
    assert command_line(command) == line
