"""What machine is simulated: what `docker info`, `uname` and the names of Docker Desktop say of it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from engine.api.inprocess import Connection
from engine.client.command import main
from engine.client.console import BufferConsole
from engine.daemon.config import HostConfig
from engine.daemon.mounts import from_windows
from sim.make import make_engine

KERNELS = {
    "linux": "6.12.43-glassdock",
    "wsl2": "6.6.87.2-microsoft-standard-WSL2",
    "hyperv": "6.10.14-linuxkit",
    "macos": "6.10.14-linuxkit",
}


def docker(connection: Connection, *words: str) -> str:
    console = BufferConsole()
    assert main(words, connection, console) == 0, console.stderr
    return console.stdout.decode()


@pytest.mark.parametrize("profile", KERNELS)
def test_each_machine_has_its_kernel_its_name_and_its_size(profile: str) -> None:
    connection = Connection(make_engine(seed=1, profile=profile))
    info: dict[str, Any] = json.loads(docker(connection, "info", "--format", "json"))
    assert info["KernelVersion"] == KERNELS[profile]
    seen = docker(connection, "run", "--rm", "alpine", "sh", "-c", "uname -r; nproc; grep MemTotal /proc/meminfo")
    assert seen.split()[:2] == [KERNELS[profile], str(info["NCPU"])]
    assert seen.split()[3] == str(info["MemTotal"] // 1024)
    if profile != "linux":
        assert (info["OperatingSystem"], info["Name"]) == ("Docker Desktop", "docker-desktop")
        assert "name=seccomp,profile=unconfined" in info["SecurityOptions"]
        assert "Docker Desktop" in docker(connection, "version", "--format", "{{.Server.Platform.Name}}")


def test_containers_of_docker_desktop_reach_their_users_computer_by_name() -> None:
    desktop = Connection(make_engine(seed=1, profile="macos"))
    docker(desktop, "run", "-d", "-p", "18777:80", "nginx")
    page = docker(desktop, "run", "--rm", "alpine", "wget", "-qO-", "http://host.docker.internal:18777")
    assert "Welcome to nginx" in page
    console = BufferConsole()
    words = ["run", "--rm", "alpine", "ping", "-c1", "host.docker.internal"]
    assert main(words, Connection(make_engine(seed=1)), console) != 0
    assert b"bad address" in console.stderr


def test_folders_of_windows_are_where_docker_desktop_has_them() -> None:
    host = HostConfig(binds=(r"C:\Users\ada\src:/src:ro", "data:/d"))
    assert from_windows(host, "/mnt").binds == ("/mnt/c/Users/ada/src:/src:ro", "data:/d")
