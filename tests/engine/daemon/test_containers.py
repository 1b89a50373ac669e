"""A container's life through the API, on the simulated host."""

from typing import Any

import pytest

Docker = Any
NEVER = "0001-01-01T00:00:00Z"
SLEEP = ("sleep", "1000")


def refusal(docker: Docker, method: str, path: str, body: Any = None, **query: Any) -> tuple[int, str]:
    try:
        docker.ask(method, path, body, **query)
    except AssertionError as refused:
        return refused.status, refused.message  # type: ignore[attr-defined]
    pytest.fail("it was not refused")


def test_a_container_is_created_started_waited_for_and_removed(docker: Docker) -> None:
    id = docker.create("sh", "-c", "echo hello; exit 3")
    assert docker.state() | {"Health": None} == {
        "Status": "created", "Running": False, "Paused": False, "Restarting": False, "OOMKilled": False, "Dead": False,
        "Pid": 0, "ExitCode": 0, "Error": "", "StartedAt": NEVER, "FinishedAt": NEVER, "Health": None,
    }  # fmt: skip
    docker.post("/containers/c1/start")
    assert docker.wait() == 3
    assert (docker.state()["Status"], docker.state()["ExitCode"]) == ("exited", 3)
    assert docker.logs() == b"hello\n"
    docker.delete("/containers/c1")
    assert refusal(docker, "GET", f"/containers/{id}/json") == (404, f"No such container: {id}")
    assert docker.actions(type=["container"]) == ["create", "start", "die", "destroy"]


def test_a_program_that_is_not_there_is_127_and_leaves_the_container_created(docker: Docker) -> None:
    docker.create("nosuch")
    status, message = refusal(docker, "POST", "/containers/c1/start")
    assert status == 400
    assert message.startswith("failed to create task for container: ") and message.endswith(
        'exec: "nosuch": executable file not found in $PATH: unknown'
    )
    state = docker.state()
    assert (state["Status"], state["ExitCode"], state["Error"]) == ("created", 127, message)
    assert docker.get("/networks/bridge")["Containers"] == {}


def test_a_file_that_may_not_be_executed_is_126(docker: Docker) -> None:
    docker.create("/etc/passwd")
    assert refusal(docker, "POST", "/containers/c1/start")[1].endswith(
        'exec: "/etc/passwd": permission denied: unknown'
    )
    assert docker.state()["ExitCode"] == 126


def test_a_user_that_is_not_there_is_told_before_the_runtime_is_asked(docker: Docker) -> None:
    docker.create("true", User="nobodyknows")
    assert refusal(docker, "POST", "/containers/c1/start")[1] == (
        "unable to find user nobodyknows: no matching entries in passwd file"
    )


def test_stop_sends_term_and_after_the_grace_kill(docker: Docker) -> None:
    docker.run(*SLEEP)  # as process 1 it has no handler, so TERM does nothing
    began = docker.loop.time
    docker.post("/containers/c1/stop")
    assert 10 <= (docker.loop.time - began) / 1e9 < 10.5
    assert docker.state()["ExitCode"] == 137
    signals = [event["Actor"]["Attributes"]["signal"] for event in docker.events(event=["kill"])]
    assert signals == ["15", "9"]
    assert docker.actions(type=["container"])[-3:] == ["kill", "die", "stop"]
    docker.post("/containers/c1/stop")  # 304: it is stopped already


def test_stop_respects_signal_and_timeout_of_settings_and_request(docker: Docker) -> None:
    polite = "trap 'echo bye; exit 0' USR1; while :; do sleep 0.1; done"
    docker.run("sh", "-c", polite, StopSignal="SIGUSR1", StopTimeout=3)
    docker.let_pass(1)
    docker.post("/containers/c1/stop")
    assert (docker.state()["ExitCode"], docker.logs()) == (0, b"bye\n")
    docker.run(*SLEEP, name="c2", StopTimeout=3)
    began = docker.loop.time
    docker.post("/containers/c2/stop")
    assert 3 <= (docker.loop.time - began) / 1e9 < 3.5
    docker.run(*SLEEP, name="c3")
    began = docker.loop.time
    docker.post("/containers/c3/stop", t=0, signal="KILL")
    assert docker.loop.time - began < 5e8


def test_kill_takes_names_and_numbers(docker: Docker) -> None:
    docker.run("sh", "-c", "trap 'echo hup' HUP; while :; do sleep 0.1; done")
    docker.let_pass(1)
    docker.post("/containers/c1/kill", signal="SIGHUP")
    docker.post("/containers/c1/kill", signal="1")
    docker.let_pass(1)
    assert docker.logs() == b"hup\n"  # the second came while the first was pending
    assert refusal(docker, "POST", "/containers/c1/kill", signal="NOSUCH") == (400, "invalid signal: NOSUCH")
    docker.post("/containers/c1/kill")
    assert docker.wait() == 137
    id = docker.get("/containers/c1/json")["Id"]
    assert refusal(docker, "POST", "/containers/c1/kill") == (
        409,
        f"cannot kill container: c1: container {id} is not running",
    )


def test_a_paused_container_stands_still_until_it_is_unpaused(docker: Docker) -> None:
    docker.run("sh", "-c", "while :; do echo tick; sleep 1; done")
    docker.let_pass(2.5)
    docker.post("/containers/c1/pause")
    seen = docker.logs()
    docker.let_pass(10)
    assert docker.logs() == seen
    assert docker.state()["Paused"] and docker.state()["Running"]
    assert docker.status().endswith("(Paused)")
    docker.post("/containers/c1/unpause")
    docker.let_pass(2)
    assert len(docker.logs()) > len(seen)


def test_a_paused_container_can_be_stopped(docker: Docker) -> None:
    docker.run(*SLEEP)
    docker.post("/containers/c1/pause")
    docker.post("/containers/c1/stop", t=1)
    assert docker.state()["Status"] == "exited"


def test_restart_is_stop_and_start(docker: Docker) -> None:
    docker.run(*SLEEP, HostConfig={"AutoRemove": True})
    before = docker.state()["StartedAt"]
    docker.post("/containers/c1/restart", t=0)
    assert docker.state()["Running"] and docker.state()["StartedAt"] > before
    assert docker.actions(type=["container"]) == ["create", "start", "kill", "kill", "die", "stop", "start", "restart"]


def test_rm_leaves_nothing_behind(docker: Docker) -> None:
    docker.run(*SLEEP)
    words = 'cannot remove container "/c1": container is running: stop the container before removing or force remove'
    assert refusal(docker, "DELETE", "/containers/c1") == (409, words)
    docker.delete("/containers/c1", force=True)
    assert docker.get("/containers/json", all=True) == []
    assert docker.get("/networks/bridge")["Containers"] == {}
    assert docker.engine.host.kernel.containers == {}
    docker.run("true")  # the name is free again


def test_a_container_run_with_rm_removes_itself(docker: Docker) -> None:
    docker.create("sh", "-c", "exit 4", HostConfig={"AutoRemove": True})
    answer = docker.connection.request("POST", "/containers/c1/wait", {"condition": "removed"})
    docker.post("/containers/c1/start")
    assert answer.read() == b'{"StatusCode":4}\n'
    assert docker.get("/containers/json", all=True) == []


def test_force_removal_of_one_that_removes_itself_is_one_removal(docker: Docker) -> None:
    docker.run(*SLEEP, HostConfig={"AutoRemove": True})
    docker.delete("/containers/c1", force=True)
    assert docker.actions(event=["destroy"]) == ["destroy"]


def test_every_waiter_is_told(docker: Docker) -> None:
    docker.create("sh", "-c", "sleep 1; exit 5")
    next_exit = docker.connection.request("POST", "/containers/c1/wait", {"condition": "next-exit"})
    assert docker.wait() == 0  # created counts as not running
    docker.post("/containers/c1/start")
    others = [docker.connection.request("POST", "/containers/c1/wait") for _ in range(3)]
    assert [answer.read() for answer in (next_exit, *others)] == [b'{"StatusCode":5}\n'] * 4
    assert refusal(docker, "POST", "/containers/c1/wait", condition="never") == (400, 'invalid condition: "never"')


def test_a_client_that_waits_no_more_is_forgotten(docker: Docker) -> None:
    docker.run(*SLEEP)
    answer = docker.connection.request("POST", "/containers/c1/wait")
    docker.loop.run_ready()
    answer.close()
    assert not docker.engine.containers.get("c1").waiting_exit


def test_names_and_renames(docker: Docker) -> None:
    id = docker.create("true", name="a1")
    docker.create("true", name="/b1")
    docker.post("/containers/a1/rename", name="c1")
    assert docker.get("/containers/c1/json")["Name"] == "/c1"
    status, message = refusal(docker, "POST", "/containers/b1/rename", name="c1")
    assert status == 409
    assert message.startswith(
        f'Error when allocating new name: Conflict. The container name "/c1" is already in use by container "{id}".'
    )
    assert refusal(docker, "POST", "/containers/c1/rename", name="c1") == (
        400,
        "Renaming a container with the same name as its current name",
    )
    assert docker.create("true", name="a1") != id


def test_a_memory_limit_kills_and_says_so(docker: Docker) -> None:
    docker.run("dd", "if=/dev/zero", "of=/dev/null", "bs=64M", "count=1", HostConfig={"Memory": 16 << 20})
    docker.wait()
    assert docker.state()["OOMKilled"]
    assert "oom" in docker.actions(type=["container"])


def test_top_shows_the_processes_of_the_container(docker: Docker) -> None:
    docker.run("sh", "-c", "sleep 900 & sleep 1000")
    docker.let_pass(1)
    shown = docker.get("/containers/c1/top", ps_args="-o pid,args")
    assert shown["Titles"] == ["PID", "COMMAND"]
    assert sorted(row[1] for row in shown["Processes"])[-2:] == ["sleep 1000", "sleep 900"]


def test_prune_removes_what_does_not_run(docker: Docker) -> None:
    docker.run(*SLEEP, name="stays")
    done, fresh = docker.run("true", name="done"), docker.create("true", name="fresh", Labels={"keep": "1"})
    docker.wait("done")
    assert docker.post("/containers/prune", filters={"label!": ["keep"]})["ContainersDeleted"] == [done]
    assert docker.post("/containers/prune")["ContainersDeleted"] == [fresh]
    assert docker.post("/containers/prune")["ContainersDeleted"] is None
    assert refusal(docker, "POST", "/containers/prune", filters={"colour": ["x"]})[1] == "invalid filter 'colour'"
