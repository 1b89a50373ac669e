"""Restart policies: which ends are answered with a new start, and after how long."""

from itertools import pairwise
from typing import Any

import pytest

Docker = Any
FAIL = ("sh", "-c", "exit 1")


def policy(name: str, count: int = 0) -> dict[str, Any]:
    return {"RestartPolicy": {"Name": name, "MaximumRetryCount": count}}


def starts(docker: Docker) -> list[float]:
    """Seconds between the first start and each."""
    times = [event["timeNano"] for event in docker.events(event=["start"])]
    return [(time - times[0]) / 1e9 for time in times]


def test_always_starts_again_and_waits_twice_as_long_each_time(docker: Docker) -> None:
    docker.run(*FAIL, HostConfig=policy("always"))
    docker.let_pass(7)
    gaps = [round(later - earlier, 1) for earlier, later in pairwise(starts(docker))]
    assert gaps == [0.1, 0.2, 0.4, 0.8, 1.6, 3.2]
    shown = docker.get("/containers/c1/json")
    assert shown["RestartCount"] == 7
    assert shown["State"]["Status"] == "restarting" and shown["State"]["Running"] and shown["State"]["Restarting"]
    assert docker.status().startswith("Restarting (1) ")


def test_the_wait_is_never_longer_than_a_minute(docker: Docker) -> None:
    docker.run(*FAIL, HostConfig=policy("always"))
    docker.let_pass(400)
    at = starts(docker)
    assert max(later - earlier for earlier, later in pairwise(at)) < 60.2


def test_a_long_run_is_forgiven(docker: Docker) -> None:
    docker.run("sleep", "11", HostConfig=policy("always"))
    docker.let_pass(60)
    at = starts(docker)
    assert len(at) == 6 and at[-1] - at[-2] < 11.3


def test_on_failure_gives_up_after_so_many(docker: Docker) -> None:
    docker.run(*FAIL, HostConfig=policy("on-failure", 2))
    docker.let_pass(30)
    assert (len(starts(docker)), docker.get("/containers/c1/json")["RestartCount"]) == (3, 2)
    assert docker.state()["Status"] == "exited"


@pytest.mark.parametrize(("name", "command"), [("on-failure", ("true",)), ("no", FAIL), ("", FAIL)])
def test_other_ends_are_the_end(docker: Docker, name: str, command: tuple[str, ...]) -> None:
    docker.run(*command, HostConfig=policy(name))
    docker.let_pass(30)
    assert len(starts(docker)) == 1 and docker.state()["Status"] == "exited"


@pytest.mark.parametrize("how", ["stop", "kill"])
def test_whoever_stops_it_is_respected(docker: Docker, how: str) -> None:
    docker.run("sleep", "1000", HostConfig=policy("always"))
    docker.post(f"/containers/c1/{how}")
    docker.let_pass(100)
    assert docker.state()["Status"] == "exited" and len(starts(docker)) == 1


@pytest.mark.parametrize("how", ["stop", "kill"])
def test_it_can_be_stopped_while_it_waits(docker: Docker, how: str) -> None:
    docker.run(*FAIL, HostConfig=policy("always"))
    docker.let_pass(10)
    assert docker.state()["Status"] == "restarting"
    docker.post(f"/containers/c1/{how}")
    before = len(starts(docker))
    docker.let_pass(100)
    assert docker.state()["Status"] == "exited" and len(starts(docker)) == before


def test_it_can_be_removed_while_it_waits(docker: Docker) -> None:
    docker.run(*FAIL, HostConfig=policy("always"))
    docker.let_pass(10)
    docker.delete("/containers/c1", force=True)
    docker.let_pass(100)
    assert docker.get("/containers/json", all=True) == []


def test_a_restart_that_cannot_start_is_the_end(docker: Docker) -> None:
    docker.run("sh", "-c", "rm /bin/sh; exit 1", HostConfig=policy("always"))
    docker.let_pass(10)
    state = docker.state()
    assert (state["Status"], state["ExitCode"]) == ("exited", 127)
    assert "executable file not found" in state["Error"]
