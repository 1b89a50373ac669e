"""Nothing is left: after many runs, after failures, and after the daemon or its zygote was killed."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import socket
import threading
from pathlib import Path
from typing import Any

import pytest

from real.netlink.rules import Rules

RUNS = int(os.environ.get("GLASSDOCK_TEST_RUNS", "200"))  # 1000 takes some minutes
PORT = 28080
HOW: list[dict[str, Any]] = [  # one after the other
    {"mem_limit": "20m"},
    {"network_mode": "bridge"},
    {},
    {"network_mode": "bridge", "ports": {"80/tcp": ("127.0.0.1", PORT)}},
]
KILLS = 10  # of the daemon, and as many of its zygote
ROOM = os.environ.get("GLASSDOCK_TEST_ROOM", "")
FAILURES: list[dict[str, Any]] = [
    {"command": "nope"},
    {"user": "nosuch"},
    {"working_dir": "/etc/passwd"},
    {"sysctls": {"kernel.shm_rmid_forced": "x"}},
    {"cpuset_cpus": "900"},
    {"tmpfs": {"/x": "size=nonsense"}},
]


def machine(daemon: Any) -> dict[str, int]:
    """What there is of things that could be left behind."""
    _bury()
    processes = [path for path in Path("/proc").iterdir() if path.name.isdecimal()]
    return {
        "mounts": len(Path("/proc/self/mountinfo").read_text().splitlines()),
        "groups": sum(1 for _ in Path("/sys/fs/cgroup").glob(f"*/{daemon.root.name}/**")),
        "network namespaces": len({_link(path / "ns/net") for path in processes}),
        "links": len(socket.if_nameindex()),
        "packet filter rules": _rules(),
        "zombies": sum(_state(path) == "Z" for path in processes),
        "processes": len(processes),
        "temporary files": sum("tmp" in name for _, names, files in os.walk(ROOM) for name in (*names, *files)),
    }


def steady(counts: dict[str, int]) -> dict[str, int]:
    """Without what comes and goes with a daemon: its threads' and its spare's processes and namespaces."""
    return {name: count for name, count in counts.items() if name not in ("processes", "network namespaces")}


def of(daemon: Any) -> dict[str, int]:
    """Without sockets: the client keeps connections open."""
    counts = {f"files of {name}": sum(1 for each in Path(f"/proc/{pid}/fd").iterdir() if not _is_socket(each)) for
              name, pid in (("daemon", daemon.pid), ("zygote", daemon.zygote()))}  # fmt: skip
    folders = ("overlay2", "containers", "run")
    return counts | {name: len(os.listdir(daemon.root / "data" / name)) for name in folders}


def _rules() -> int:
    with contextlib.closing(Rules()) as rules:
        return sum(len(rules.rules(table)) for table in rules.tables())


def _link(path: Path) -> str:
    try:
        return os.readlink(path)
    except OSError:
        return ""


def _state(path: Path) -> str:
    try:
        return (path / "stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return ""


def _is_socket(path: Path) -> bool:
    try:
        return os.readlink(path).startswith("socket:")
    except FileNotFoundError:
        return True


def test_many_runs_leave_nothing(daemon: Any, until: Any) -> None:
    """mounts, groups, links, rules, processes, files: with limits, on a network, with a published port."""
    for options in HOW:
        daemon.run("true", **options)
    before = machine(daemon) | of(daemon)
    for number in range(RUNS):
        daemon.run("sh", "-c", "echo x > /x; sleep 100 & exit 0", **HOW[number % len(HOW)])
    until(lambda: machine(daemon) | of(daemon), before)


def test_failures_leave_nothing(daemon: Any, until: Any) -> None:
    daemon.run("true")
    before = machine(daemon) | of(daemon)
    for options in FAILURES:
        try:
            daemon.run(options.get("command", "true"), **{name: options[name] for name in options if name != "command"})
        except Exception:
            for each in daemon.docker.containers.list(all=True):
                each.remove(force=True)
    until(lambda: machine(daemon) | of(daemon), before)


@pytest.mark.parametrize("whom", ["daemon", "zygote"])
def test_a_killed_daemon_leaves_nothing_that_the_next_does_not_take_back(daemon: Any, until: Any, whom: str) -> None:
    """At moments of a run that are chosen by a seed."""
    random.seed(whom)
    daemon.run("true", network_mode="bridge")
    until(lambda: len(socket.if_nameindex()), 2)  # lo, docker0: a cable goes when the kernel comes to it
    quiet = machine(daemon)
    for _ in range(KILLS):
        run = threading.Thread(target=_run_and_lose, args=(daemon,))
        run.start()
        threading.Event().wait(random.uniform(0, 0.06))
        if whom == "zygote":
            os.kill(daemon.zygote(), signal.SIGKILL)
        daemon.process.kill() if whom == "zygote" else daemon.kill()
        daemon.process.wait()
        run.join()
        daemon.start()
        for each in daemon.docker.containers.list(all=True):
            assert each.status in ("exited", "created")
            each.remove(force=True)
        assert daemon.run("echo", "still here", network_mode="bridge") == (0, "still here\n")
        until(lambda: steady(machine(daemon)), steady(quiet))


def _bury() -> None:
    """We are PID 1 here, and so the parent of whatever a killed daemon or zygote has left to die."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _run_and_lose(daemon: Any) -> None:
    options = {"network_mode": "bridge", "mem_limit": "20m", "cgroup_parent": f"/{daemon.root.name}"}
    try:
        daemon.docker.containers.run("busybox", ["sh", "-c", "sleep 100 & sleep 0.02"], **options)
    except Exception:
        return
