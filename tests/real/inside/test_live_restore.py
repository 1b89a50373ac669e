"""`--live-restore`: containers go on while there is no daemon, and the next one finds them as they are."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

COUNT = "i=0; while :; do i=$((i + 1)); echo $i; sleep 0.05; done"


@pytest.fixture
def lasting(daemon_with: Any) -> Iterator[Any]:
    made = daemon_with("--live-restore")
    yield made
    for each in made.docker.containers.list(all=True):
        each.remove(force=True)
    zygote = made.zygote()
    made.stop()
    made.until(lambda: made.gone(zygote))


def crash(daemon: Any) -> None:
    daemon.process.kill()
    daemon.process.wait()


def start(daemon: Any, *command: str, **options: Any) -> Any:
    options = {"network_mode": "none"} | options
    container = daemon.docker.containers.create("busybox", list(command), **options)
    container.start()
    return container


def fetched(port: int) -> bytes:
    """nc(1) serves one, and then begins again: there are moments without it."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as line:
            return line.recv(100)
    except ConnectionError:
        return b""


def again(daemon: Any, container: Any) -> Any:
    return daemon.docker.containers.get(container.id)


def test_a_container_runs_on_and_is_found_with_its_process_and_its_output(lasting: Any) -> None:
    container = start(lasting, "sh", "-c", COUNT, mem_limit="20m", name="counting")
    lasting.until(lambda: b"3\n" in container.logs())
    container.reload()
    before, pid, zygote = container.logs(), container.attrs["State"]["Pid"], lasting.zygote()
    crash(lasting)
    lasting.until(lambda: Path(f"/proc/{pid}").exists())
    lasting.start()
    found = again(lasting, container)
    assert (found.status, found.attrs["State"]["Pid"], found.attrs["State"]["StartedAt"]) == (
        "running", pid, container.attrs["State"]["StartedAt"],
    )  # fmt: skip
    assert lasting.zygote() == zygote
    lasting.until(lambda: len(found.logs().split()) > len(before.split()) + 10)
    said = found.logs().split()
    assert said == [b"%d" % number for number in range(1, len(said) + 1)]  # each once, none is missing
    assert found.exec_run(["cat", "/proc/1/cmdline"])[1].startswith(b"sh\0-c")
    assert found.stats(stream=False)["memory_stats"]["limit"] == 20 << 20
    found.stop(timeout=0)
    assert found.wait()["StatusCode"] == 137
    assert lasting.docker.info()["LiveRestoreEnabled"]


def test_what_ends_meanwhile_is_told_with_its_exit_code_and_last_words(lasting: Any) -> None:
    ending = start(lasting, "sh", "-c", "read line; echo last words; exit 7", stdin_open=True)
    again_and_again = start(lasting, "sh", "-c", "sleep 0.2; exit 3", restart_policy={"Name": "on-failure"})
    gone = start(lasting, "sh", "-c", "sleep 0.1", auto_remove=True)
    ending.reload()
    pid = ending.attrs["State"]["Pid"]
    crash(lasting)
    os.kill(pid, signal.SIGKILL)
    lasting.until(lambda: Path(f"/proc/{pid}/status").exists() is False)
    lasting.start()
    lasting.until(lambda: again(lasting, ending).status, "exited")
    assert again(lasting, ending).attrs["State"]["ExitCode"] == 137
    lasting.until(lambda: again(lasting, again_and_again).attrs["RestartCount"] > 0)
    lasting.until(lambda: [each for each in lasting.docker.containers.list(all=True) if each.id == gone.id], [])


def test_input_terminal_and_its_end_survive(lasting: Any) -> None:
    shell = start(lasting, "sh", tty=True, stdin_open=True)
    cat = start(lasting, "sh", "-c", "cat; echo end", stdin_open=True)
    crash(lasting)
    lasting.start()
    for container, text, answer in ((shell, b"echo $((6 * 7)); exit 5\n", b"42"), (cat, b"hello\n", b"hello\nend\n")):
        found = again(lasting, container)
        line = found.attach_socket(params={"stdin": 1, "stream": 1})
        line._sock.sendall(text)
        line._sock.shutdown(1)
        assert found.wait(timeout=10)["StatusCode"] == (5 if container is shell else 0)
        assert answer in found.logs()
        line.close()


def test_a_daemon_that_is_stopped_leaves_them_too_and_the_last_one_ends_the_zygote(lasting: Any) -> None:
    container = start(lasting, "sleep", "1000")
    zygote = lasting.zygote()
    lasting.stop()
    assert not lasting.gone(zygote)
    lasting.start()
    assert again(lasting, container).status == "running"
    again(lasting, container).remove(force=True)
    lasting.stop()
    lasting.until(lambda: lasting.gone(zygote))
    lasting.start()


def test_what_the_next_daemon_does_not_know_is_ended(lasting: Any) -> None:
    """Killed again and again while containers start: none is left that nobody knows."""
    for _ in range(5):
        start(lasting, "sleep", "1000")
        crash(lasting)
        lasting.start()
    known = {each.id for each in lasting.docker.containers.list()}
    assert len(known) == 5
    in_use = [path for path in Path("/sys/fs/cgroup").glob("*/docker/*/cgroup.procs") if path.read_text()]
    assert {path.parent.name for path in in_use} == known


def test_networks_are_as_they_were(lasting: Any) -> None:
    """Cables are laid anew, with the same addresses; names and published ports lead there again."""
    network = lasting.docker.networks.create("lan")
    options = {"network_mode": "lan", "ports": {"80/tcp": ("127.0.0.1", 18099)}}
    server = start(lasting, "sh", "-c", "while :; do echo served | nc -l -p 80; done", name="server", **options)
    client = start(lasting, "sleep", "1000", name="client", network_mode="lan")
    look = lambda each: lasting.docker.containers.get(each.id).attrs["NetworkSettings"]["Networks"]["lan"]  # noqa: E731
    before = [look(each) for each in (server, client)]
    assert client.exec_run(["nc", "server", "80"])[1] == b"served\n"
    crash(lasting)
    lasting.start()
    for was, now in zip(before, map(look, (server, client)), strict=True):
        assert [was[key] for key in ("IPAddress", "MacAddress")] == [now[key] for key in ("IPAddress", "MacAddress")]
    lasting.until(lambda: again(lasting, client).exec_run(["nc", "server", "80"])[1] == b"served\n")
    lasting.until(lambda: fetched(18099), b"served\n")
    for each in (server, client):
        again(lasting, each).remove(force=True)
    lasting.docker.networks.get(network.id).remove()


def test_without_it_everything_ends_with_the_daemon(daemon_with: Any) -> None:
    daemon = daemon_with()
    container = start(daemon, "sleep", "1000")
    daemon.kill()
    daemon.start()
    assert again(daemon, container).status == "exited"
    daemon.stop()
