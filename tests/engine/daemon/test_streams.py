"""Attach, exec, logs, events and stats through the API."""

import json
from typing import Any

import pytest

from engine.api.streams import Unframer

Docker = Any
SHELL = "while read line; do echo got $line; done; echo end"


def unframed(data: bytes) -> list[tuple[int, bytes]]:
    return list(Unframer().feed(data))


def all_of(session: Any) -> bytes:
    return b"".join(iter(session.recv, b""))


def test_both_streams_arrive_framed(docker: Docker) -> None:
    docker.create("sh", "-c", "echo out; echo err >&2")
    session = docker.attach()
    docker.post("/containers/c1/start")
    assert sorted(unframed(all_of(session))) == [(1, b"out\n"), (2, b"err\n")]


def test_several_clients_see_the_same(docker: Docker) -> None:
    docker.create("sh", "-c", "echo one; echo two")
    sessions = [docker.attach() for _ in range(3)]
    docker.post("/containers/c1/start")
    seen = {b"".join(data for _, data in unframed(all_of(session))) for session in sessions}
    assert seen == {b"one\ntwo\n"}


def test_input_reaches_the_program_and_its_end_too(docker: Docker) -> None:
    docker.create("sh", "-c", SHELL, OpenStdin=True, StdinOnce=True)
    session = docker.attach(stdin=1)
    session.send(b"early\n")  # before the start
    docker.post("/containers/c1/start")
    session.send(b"late\n")
    session.half_close()
    assert b"".join(data for _, data in unframed(all_of(session))) == b"got early\ngot late\nend\n"


def test_without_stdin_once_the_input_outlives_a_client(docker: Docker) -> None:
    docker.run("sh", "-c", SHELL, OpenStdin=True)
    for word in (b"one\n", b"two\n"):
        session = docker.attach(stdin=1)
        session.send(word)
        docker.let_pass(0.1)
        session.close()
    assert docker.logs() == b"got one\ngot two\n"
    assert docker.state()["Running"]


def test_without_open_stdin_the_program_reads_nothing(docker: Docker) -> None:
    docker.run("sh", "-c", SHELL)
    assert docker.wait() == 0
    assert docker.logs() == b"end\n"


def test_attach_can_begin_with_what_was_printed(docker: Docker) -> None:
    docker.run("sh", "-c", "echo before; sleep 5; echo after")
    docker.let_pass(1)
    assert b"".join(data for _, data in unframed(all_of(docker.attach(logs=1)))) == b"before\nafter\n"
    assert unframed(all_of(docker.attach(logs=1, stream=0, stderr=0))) == [(1, b"before\n"), (1, b"after\n")]


def test_the_detach_keys_leave_the_program_running(docker: Docker) -> None:
    docker.run("sh", Tty=True, OpenStdin=True)
    session = docker.attach(stdin=1)
    session.send(b"echo hi\n\x10\x11")
    all_of(session)  # it ends
    docker.let_pass(0.1)
    assert b"hi" in docker.ask("GET", "/containers/c1/logs", stdout=1)
    assert docker.state()["Running"]
    assert docker.actions(event=["detach"]) == ["detach"]


def test_a_terminal_is_raw_and_echoes(docker: Docker) -> None:
    docker.run("sh", Tty=True, OpenStdin=True)
    session = docker.attach(stdin=1)
    session.send(b"echo $((6*7)); exit 3\n")
    assert b"42\r\n" in all_of(session)
    assert docker.wait() == 3


def test_exec_runs_in_the_container_and_tells_its_code(docker: Docker) -> None:
    docker.run("sleep", "1000", Env=["A=1"], WorkingDir="/tmp")
    assert docker.exec("sh", "-c", "echo $A; pwd; exit 17") == (17, b"1\n/tmp\n")
    assert docker.exec("sh", "-c", "echo $A", Env=["A=2"]) == (0, b"2\n")
    assert docker.get("/containers/c1/json")["ExecIDs"] is None
    assert docker.actions(type=["container"])[2:5] == [
        "exec_create: sh -c echo $A; pwd; exit 17",
        "exec_start: sh -c echo $A; pwd; exit 17",
        "exec_die",
    ]


@pytest.mark.parametrize("terminal", [False, True])
def test_whether_an_exec_comes_in_frames_is_said_when_it_is_started(docker: Docker, terminal: bool) -> None:
    docker.run("sleep", "1000")
    made = {"Cmd": ["echo", "hi"], "AttachStdout": True, "Tty": terminal}
    line = b"hi\r\n" if terminal else b"hi\n"
    for how, frames in ((b'{"Tty": false}', True), (b'{"Tty": true}', False)):
        id = docker.post("/containers/c1/exec", made)["Id"]
        headers = {"content-type": "application/json"}
        _, session = docker.connection.upgrade(f"/v1.50/exec/{id}/start", {}, headers, how)
        answer = all_of(session)
        assert (unframed(answer) if frames else answer) == ([(1, line)] if frames else line)


def test_exec_of_what_is_not_there_prints_the_runtimes_words(docker: Docker) -> None:
    docker.run("sleep", "1000")
    code, text = docker.exec("nosuch")
    assert code == 127
    assert text == (
        b"OCI runtime exec failed: exec failed: unable to start container process: "
        b'exec: "nosuch": executable file not found in $PATH: unknown\r\n'
    )


def test_exec_needs_a_running_container_and_a_command(docker: Docker) -> None:
    id = docker.create("true")
    with pytest.raises(AssertionError, match=f"409 container {id} is not running"):
        docker.exec("true")
    docker.run("sleep", "9", name="c2")
    with pytest.raises(AssertionError, match="400 No exec command specified"):
        docker.post("/containers/c2/exec", {})
    with pytest.raises(AssertionError, match="404 No such exec instance: nosuch"):
        docker.get("/exec/nosuch/json")


def test_a_detached_exec_runs_once(docker: Docker) -> None:
    docker.run("sleep", "1000")
    id = docker.post("/containers/c1/exec", {"Cmd": ["sh", "-c", "echo made > /tmp/made"]})["Id"]
    docker.post(f"/exec/{id}/start", {"Detach": True})
    docker.let_pass(1)
    assert docker.exec("cat", "/tmp/made") == (0, b"made\n")
    with pytest.raises(AssertionError, match=f"409 Error: Exec command {id} has already run"):
        docker.post(f"/exec/{id}/start", {"Detach": True})


def test_execs_end_with_their_container(docker: Docker) -> None:
    docker.run("sleep", "1000")
    id = docker.post("/containers/c1/exec", {"Cmd": ["sleep", "500"]})["Id"]
    docker.post(f"/exec/{id}/start", {"Detach": True})
    assert docker.get("/containers/c1/json")["ExecIDs"] == [id]
    docker.post("/containers/c1/kill")
    assert docker.get(f"/exec/{id}/json")["ExitCode"] == 137


def test_exec_records_are_forgotten_after_a_while(docker: Docker) -> None:
    docker.run("sleep", "100000")
    docker.exec("true")
    docker.let_pass(301)
    docker.exec("true")
    assert len(docker.engine.execs) == 1


def test_logs_can_be_cut_and_stamped(docker: Docker) -> None:
    docker.run("sh", "-c", "for i in 1 2 3 4; do echo $i; sleep 1; done")
    docker.wait()
    assert docker.logs(tail=2) == b"3\n4\n"
    assert docker.logs(tail="x") == b"1\n2\n3\n4\n"
    stamped = docker.logs(timestamps=1).decode().splitlines()
    assert [line[30:] for line in stamped] == [" 1", " 2", " 3", " 4"] and stamped[0][29] == "Z"
    assert docker.logs(since=stamped[2][:30]) == b"3\n4\n"
    assert docker.logs(until=stamped[1][:30]) == b"1\n2\n"
    with pytest.raises(AssertionError, match="400 Bad parameters: you must choose at least one stream"):
        docker.ask("GET", "/containers/c1/logs")


def test_logs_follow_to_the_end(docker: Docker) -> None:
    docker.run("sh", "-c", "for i in 1 2 3; do echo $i; sleep 1; done")
    assert docker.logs(follow=1) == b"1\n2\n3\n"
    assert docker.logs(follow=1) == b"1\n2\n3\n"


def test_a_log_that_is_not_kept_cannot_be_read(docker: Docker) -> None:
    docker.run("echo", "lost", HostConfig={"LogConfig": {"Type": "none"}})
    docker.wait()
    with pytest.raises(AssertionError, match="501 configured logging driver does not support reading"):
        docker.logs()
    assert docker.engine.containers.get("c1").logs is None


def test_events_are_filtered_and_end_at_until(docker: Docker) -> None:
    docker.run("sh", "-c", "exit 3", name="ev", Labels={"tier": "web"})
    docker.wait("ev")
    docker.run("true", name="other")
    docker.wait("other")
    assert docker.actions(container=["ev"]) == ["create", "start", "die"]
    assert docker.actions(label=["tier=web"], event=["die"]) == ["die"]
    assert docker.actions(type=["network"]) == ["connect", "disconnect"] * 2
    die = docker.events(event=["die"])[0]
    assert die["Actor"]["Attributes"] == {
        "execDuration": "0", "exitCode": "3", "image": "busybox", "name": "ev", "tier": "web",
    }  # fmt: skip


def test_events_come_while_they_happen(docker: Docker) -> None:
    answer = docker.connection.request("GET", "/events", {"filters": json.dumps({"event": ["create"]})})
    chunks = answer.chunks()
    docker.create("true")
    assert json.loads(next(chunks))["Action"] == "create"
    chunks.close()
    assert docker.engine.events.listeners == 0


def test_one_reading_of_stats_has_one_before_it(docker: Docker) -> None:
    docker.run("sh", "-c", "while :; do :; done", HostConfig={"Memory": 64 << 20})
    shown = docker.get("/containers/c1/stats", stream=0)
    assert shown["memory_stats"]["limit"] == 64 << 20
    assert shown["pids_stats"]["current"] == 1
    busy = shown["cpu_stats"]["cpu_usage"]["total_usage"] - shown["precpu_stats"]["cpu_usage"]["total_usage"]
    assert 0.9e9 < busy < 1.1e9
    assert "eth0" in shown["networks"]
    assert docker.get("/containers/c1/stats", **{"stream": 0, "one-shot": 1})["preread"].startswith("0001")


def test_stats_of_what_does_not_run_are_empty(docker: Docker) -> None:
    docker.create("true")
    shown = docker.get("/containers/c1/stats", stream=0)
    assert shown["read"].startswith("0001") and shown["memory_stats"] == {}


def test_a_stream_of_stats_ticks_each_second(docker: Docker) -> None:
    docker.run("sleep", "1000")
    chunks = docker.connection.request("GET", "/containers/c1/stats").chunks()
    reads = [json.loads(next(chunks)) for _ in range(3)]
    chunks.close()
    assert reads[1]["preread"] == reads[0]["read"] and reads[2]["read"] > reads[1]["read"]
