"""Things go wrong on purpose: each fault ends in Docker's own message, and in a state that can go on when it heals."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from classroom import Lab
from classroom.faultline import main as fault_command
from engine.client.connection import ApiError
from engine.session.replay import replay
from sim.board import FAULTS
from sim.make import remake


@pytest.fixture
def lab() -> Lab:
    return Lab("sim", seed=7)


@pytest.fixture
def ready(lab) -> Lab:
    """With alpine pulled, and two containers."""
    for name in ("web", "db"):
        lab.docker(f"run -d --name {name} alpine sleep 100000")
    return lab


def test_a_hub_that_is_down(lab):
    lab.fault("hub.down", True)
    ran = lab.docker("pull alpine")
    assert ran.exit == 1
    assert ran.err.strip().endswith("dial tcp: lookup registry-1.docker.io: no such host")
    lab.heal()
    assert lab.docker("pull alpine").exit == 0


def test_a_slow_hub_takes_its_time(lab):
    lab.fault("hub.bandwidth", 100_000)
    began = lab.now
    lab.docker("pull alpine")
    assert lab.now - began > 30


def test_a_layer_with_a_wrong_byte_is_refused_and_leaves_nothing(lab):
    lab.fault("hub.corrupt", ["library/alpine"])
    ran = lab.docker("pull alpine")
    assert ran.exit == 1
    assert "filesystem layer verification failed for digest sha256:" in ran.err
    assert lab.images == []
    lab.heal()
    assert lab.docker("run --rm alpine echo fine").out == "fine\n"


def test_a_rate_limit(lab):
    lab.fault("hub.rate_limit", 1)
    assert lab.docker("pull alpine").exit == 0
    assert "toomanyrequests: You have reached your" in lab.docker("pull redis").err
    lab.run("sleep 21601")
    assert lab.docker("pull redis").exit == 0


def test_a_transfer_that_breaks_is_taken_up_again(lab):
    lab.fault("hub.break_after", 100_000)
    ran = lab.docker("pull httpd")
    assert ran.exit == 0
    assert sum("download" in span["name"] and span["error"] is not None for span in ran.spans) <= 1


def test_a_full_disk_in_a_container(ready):
    ready.fault("disk.free", 1_000_000)
    ran = ready.docker("exec web dd if=/dev/zero of=/big bs=1M count=5")
    assert ran.exit == 1
    assert "No space left on device" in ran.err
    assert ready.docker("exec web sh -c 'echo x > /dev/shm/x && cat /dev/shm/x'").out == "x\n"  # memory is no disk
    ready.heal()
    assert ready.docker("exec web dd if=/dev/zero of=/big bs=1M count=5").exit == 0


def test_a_full_disk_in_a_pull(lab):
    lab.fault("disk.free", 1_000_000)
    ran = lab.docker("pull httpd")
    assert ran.exit == 1
    assert "no space left on device" in ran.err
    assert lab.images == []
    lab.heal()
    assert lab.docker("pull httpd").exit == 0


def test_two_containers_that_cannot_reach_each_other(ready):
    address = ready.inspect("db")["NetworkSettings"]["IPAddress"]
    assert ready.docker(f"exec web ping -c 1 -W 1 {address}").exit == 0
    ready.fault("network.cut", ["web:db"])
    assert "100% packet loss" in ready.docker(f"exec web ping -c 1 -W 1 {address}").out
    ready.heal()
    assert ready.docker(f"exec web ping -c 1 -W 1 {address}").exit == 0


def test_no_name_server_answers(ready):
    ready.docker("network create lab")
    ready.docker("run -d --name one --network lab alpine sleep 1000")
    ready.fault("network.no_names", True)
    assert "bad address 'one'" in ready.docker("run --rm --network lab alpine ping -c 1 one").err


def test_a_clock_that_is_wrong(ready):
    ready.fault("clock.skew", 90 * 86400)
    ahead = int(ready.docker("exec web date +%s").out) - ready.now
    assert abs(ahead - 90 * 86400) < 5
    assert "x509: certificate has expired or is not yet valid: current time" in ready.docker("pull redis").err


def test_the_kernel_runs_out_of_memory(ready):
    ready.api.call("POST", "/glassdock/containers/web/oom")
    ready.run("sleep 1")
    state = ready.inspect("web")["State"]
    assert (state["ExitCode"], state["OOMKilled"], state["Status"]) == (137, True, "exited")
    assert ready.docker("start web").exit == 0
    ready.docker("stop -t 0 db")
    with pytest.raises(ApiError, match="db is not running"):
        ready.api.call("POST", "/glassdock/containers/db/oom")


def test_faults_are_part_of_a_session(ready):
    ready.fault("hub.down", True)
    engine = ready.connection.engine
    again = replay(engine.session.record(), remake)
    assert again.faults.show() == engine.faults.show()


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("hub.up", True, "unknown fault 'hub.up'"),
        ("hub.down", 1, "hub.down takes true or false"),
        ("hub.latency", "slow", "hub.latency takes a number of at least 0"),
        ("disk.free", -1, "disk.free takes a whole number of at least 0, or null"),
        ("network.cut", ["web"], "network.cut takes pairs as web:db"),
        ("network.cut", ["web:nobody"], "No such container: nobody"),
        ("daemon.kill_after", 1, "daemon.kill_after needs a daemon that keeps what it knows"),
    ],
)
def test_what_makes_no_sense_is_refused_and_changes_nothing(ready, name, value, words):
    before = ready.api.get("/glassdock/faults")
    with pytest.raises(ApiError, match=words):
        ready.fault(name, value)
    assert ready.api.get("/glassdock/faults") == before == {name: fault.usual for name, fault in FAULTS.items()}


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="a POSIX signal")
@pytest.mark.parametrize("change", [1, 3, 6])
def test_a_daemon_that_is_killed_comes_back_with_what_it_had_said(tmp_path: Path, change: int):
    """Through the command, on a daemon of its own: what a client was told of is there after the restart."""
    socket = f"unix://{tmp_path}/d.sock"
    argv = [sys.executable, "-m", "engine.cli", "serve", "sim", "--data-root", str(tmp_path / "root"), "-H", socket]

    def serve() -> subprocess.Popen[str]:
        daemon = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True)
        assert daemon.stdout is not None and "listens" in daemon.stdout.readline()
        return daemon

    def docker(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "engine.client.command", *words]
        return subprocess.run(
            command, env=os.environ | {"DOCKER_HOST": socket}, capture_output=True, text=True, check=False
        )

    daemon = serve()
    told = [docker("volume", "create", "kept").stdout.strip()]
    assert fault_command(["-H", socket, f"daemon.kill_after={change}"]) == 0
    for number in range(10):
        done = docker("volume", "create", f"more{number}")
        if done.returncode == 0:
            told.append(done.stdout.strip())
    assert daemon.wait(20) == -signal.SIGKILL
    assert len(told) == change
    daemon = serve()
    there = docker("volume", "ls", "-q").stdout.split()
    assert set(told) <= set(there) <= {*told, f"more{change - 1}"}
    daemon.terminate()
    assert daemon.wait(20) == 0
