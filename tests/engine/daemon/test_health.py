"""Health checks: starting, healthy, unhealthy, and what `docker ps` and the events say."""

from typing import Any

import pytest

from engine.daemon.health import duration

Docker = Any
SECOND = 10**9


def check(test: str, **more: int) -> dict[str, Any]:
    return {"Test": ["CMD-SHELL", test], "Interval": SECOND, "Retries": 2, **more}


def health(docker: Docker) -> dict[str, Any]:
    return dict(docker.state()["Health"])


def test_it_becomes_unhealthy_after_the_retries_and_healthy_at_once(docker: Docker) -> None:
    docker.run("sleep", "1000", Healthcheck=check("test -f /ok"))
    assert docker.status().endswith("(health: starting)")
    docker.let_pass(1.5)
    assert (health(docker)["Status"], health(docker)["FailingStreak"]) == ("starting", 1)
    docker.let_pass(1)
    assert docker.status().endswith("(unhealthy)")
    docker.exec("touch", "/ok")
    docker.let_pass(1.5)
    assert (health(docker)["Status"], health(docker)["FailingStreak"]) == ("healthy", 0)
    assert docker.get("/containers/json", filters={"health": ["healthy"]})
    assert docker.actions(event=["health_status"]) == ["health_status: unhealthy", "health_status: healthy"]


def test_five_results_are_kept(docker: Docker) -> None:
    docker.run("sleep", "1000", Healthcheck=check("echo checked; exit 4"))
    docker.let_pass(9)
    log = health(docker)["Log"]
    assert [(result["ExitCode"], result["Output"]) for result in log] == [(4, "checked\n")] * 5
    assert log == sorted(log, key=lambda result: str(result["Start"]))


def test_failures_in_the_start_period_do_not_count_and_it_has_its_own_interval(docker: Docker) -> None:
    settings = check("false", StartPeriod=10 * SECOND, StartInterval=2 * SECOND)
    docker.run("sleep", "1000", Healthcheck=settings)
    docker.let_pass(9.5)
    assert (health(docker)["Status"], health(docker)["FailingStreak"], len(health(docker)["Log"])) == ("starting", 0, 4)
    docker.let_pass(4)
    assert health(docker)["Status"] == "unhealthy"


def test_a_check_that_takes_too_long_is_killed(docker: Docker) -> None:
    docker.run("sleep", "1000", Healthcheck=check("sleep 100", Timeout=2 * SECOND))
    docker.let_pass(3.5)
    result = health(docker)["Log"][0]
    assert (result["ExitCode"], result["Output"]) == (-1, "Health check exceeded timeout (2s)")
    docker.let_pass(1)
    processes = docker.get("/containers/c1/top", ps_args="-o pid,args")["Processes"]
    assert len([row for row in processes if "sleep 100" in row[1] and "1000" not in row[1]]) <= 2


def test_output_is_cut(docker: Docker) -> None:
    docker.run("sleep", "1000", Healthcheck=check("seq 1 5000"))
    docker.let_pass(1.5)
    assert len(health(docker)["Log"][0]["Output"]) == 4096


def test_no_checks_while_it_is_paused_or_has_ended(docker: Docker) -> None:
    docker.run("sleep", "1000", Healthcheck=check("true"))
    docker.let_pass(1.5)
    docker.post("/containers/c1/pause")
    before = len(docker.actions(event=["exec_start"]))
    docker.let_pass(10)
    assert len(docker.actions(event=["exec_start"])) == before
    docker.post("/containers/c1/unpause")
    docker.let_pass(1.5)
    assert health(docker)["Status"] == "healthy"
    docker.post("/containers/c1/stop", t=0)
    docker.let_pass(10)
    assert health(docker)["Status"] == "unhealthy"
    assert "healthy" not in docker.status()


def test_none_switches_a_check_off(docker: Docker) -> None:
    docker.run("sleep", "1000", Healthcheck={"Test": ["NONE"]})
    docker.let_pass(60)
    assert "Health" not in docker.state() and docker.actions(event=["exec_start"]) == []


@pytest.mark.parametrize(
    ("ns", "text"),
    [
        (0, "0s"),
        (1, "1ns"),
        (1_500_000, "1.5ms"),
        (SECOND, "1s"),
        (3600 * SECOND, "1h0m0s"),
        (5405 * SECOND, "1h30m5s"),
    ],
)
def test_durations_are_written_as_in_go(ns: int, text: str) -> None:
    assert duration(ns) == text
