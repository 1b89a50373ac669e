"""`docker update`: limits that change while the container runs, policies, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

Docker = Any
MB = 1 << 20


def cgroup(docker: Docker, file: str) -> str:
    return docker.exec("cat", f"/sys/fs/cgroup/{file}")[1].decode().strip()


def test_limits_take_effect_at_once(docker: Docker) -> None:
    docker.run("sleep", "1000", HostConfig={"Memory": 64 * MB})
    answer = docker.post(
        "/containers/c1/update",
        {"Memory": 128 * MB, "MemorySwap": 256 * MB, "CpuShares": 512, "NanoCpus": 500_000_000, "PidsLimit": 30},
    )
    assert answer == {"Warnings": None}
    files = {name: cgroup(docker, name) for name in ("memory.max", "memory.swap.max", "cpu.max", "pids.max")}
    assert files == {
        "memory.max": str(128 * MB), "memory.swap.max": str(128 * MB), "cpu.max": "50000 100000", "pids.max": "30",
    }  # fmt: skip
    shown = docker.get("/containers/c1/json")["HostConfig"]
    assert (shown["Memory"], shown["NanoCpus"], shown["PidsLimit"]) == (128 * MB, 500_000_000, 30)
    assert docker.actions(event=["update"]) == ["update"]


def test_a_pids_limit_can_be_taken_back(docker: Docker) -> None:
    docker.run("sleep", "1000", HostConfig={"PidsLimit": 5})
    assert cgroup(docker, "pids.max") == "5"
    docker.post("/containers/c1/update", {"PidsLimit": -1})
    assert cgroup(docker, "pids.max") == "max"


def test_what_uses_more_than_the_new_limit_is_killed(docker: Docker) -> None:
    docker.run("sh", "-c", "dd if=/dev/zero of=/dev/null bs=40M count=100000", HostConfig={"Memory": 128 * MB})
    docker.let_pass(1)
    docker.post("/containers/c1/update", {"Memory": 8 * MB, "MemorySwap": 16 * MB})
    docker.let_pass(1)
    assert docker.state()["OOMKilled"] is True


def test_a_stopped_container_has_its_new_limits_when_it_starts(docker: Docker) -> None:
    docker.create("cat", "/sys/fs/cgroup/pids.max")
    docker.post("/containers/c1/update", {"PidsLimit": 7})
    docker.post("/containers/c1/start")
    docker.wait()
    assert docker.logs() == b"7\n"


def test_a_restart_policy_counts_from_the_next_end_on(docker: Docker) -> None:
    docker.run("sh", "-c", "sleep 5; exit 3")
    docker.post("/containers/c1/update", {"RestartPolicy": {"Name": "on-failure", "MaximumRetryCount": 2}})
    docker.let_pass(30)
    found = docker.get("/containers/c1/json")
    assert found["RestartCount"] == 2 and found["State"]["Status"] == "exited"


REFUSED: list[tuple[dict[str, Any], dict[str, Any], int, str]] = [
    ({}, {"Memory": 1024}, 400, "Minimum memory limit allowed is 6MB"),
    ({}, {"CpusetCpus": "77"}, 400, "Requested CPUs are not available - requested 77, available: 0-1"),
    ({}, {"RestartPolicy": {"Name": "sometimes"}}, 400, "invalid restart policy 'sometimes'"),
    (
        {"NanoCpus": 10**9},
        {"CpuQuota": 5000},
        409,
        "Cannot update container {id}: Conflicting options: CPU Quota cannot be updated as NanoCPUs has already been "
        "set",
    ),
    (
        {"CpuPeriod": 50_000},
        {"NanoCpus": 10**9},
        409,
        "Cannot update container {id}: Conflicting options: Nano CPUs cannot be updated as CPU Period has already been "
        "set",
    ),
    (
        {"Memory": 64 * MB},
        {"Memory": 256 * MB},
        409,
        "Cannot update container {id}: Memory limit should be smaller than already set memoryswap limit, update the "
        "memoryswap at the same time",
    ),
    (
        {"AutoRemove": True},
        {"RestartPolicy": {"Name": "always"}},
        409,
        "Cannot update container {id}: Restart policy cannot be updated because AutoRemove is enabled for the "
        "container",
    ),
]


@pytest.mark.parametrize(("host", "wanted", "status", "words"), REFUSED)
def test_what_is_refused_changes_nothing(
    docker: Docker, host: dict[str, Any], wanted: dict[str, Any], status: int, words: str
) -> None:
    id = docker.run("sleep", "1000", HostConfig=host)
    before = docker.get("/containers/c1/json")["HostConfig"]
    with pytest.raises(AssertionError) as refused:
        docker.post("/containers/c1/update", wanted)
    assert str(refused.value) == f"{status} {words.format(id=id)}"
    assert docker.get("/containers/c1/json")["HostConfig"] == before


def test_what_this_kernel_does_not_have_is_dropped_with_a_warning(docker: Docker) -> None:
    docker.create("true")
    answer = docker.post("/containers/c1/update", {"CpuRealtimePeriod": 5000})
    assert answer["Warnings"] == [
        "Your kernel does not support CPU real-time period or the cgroup is not mounted. CPU real-time period "
        "discarded."
    ]
