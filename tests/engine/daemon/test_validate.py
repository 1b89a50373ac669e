"""What is refused, and in which words; what the daemon fills in; how settings and image combine."""

from dataclasses import replace
from typing import Any

import pytest

from engine.daemon.config import ContainerConfig, Healthcheck, merge
from engine.daemon.create import read_settings
from engine.errors import InvalidParameter
from engine.host import HostInfo
from engine.image.config import Healthcheck as ImageHealthcheck
from engine.image.config import ImageConfig

INFO = HostInfo("box", "6.1", "Linux", "1", "x86_64", cpus=4)
MB = 1 << 20

BAD_HOST: list[tuple[dict[str, Any], str]] = [
    ({"Memory": 1024}, "Minimum memory limit allowed is 6MB"),
    (
        {"Memory": 10 * MB, "MemorySwap": 5 * MB},
        "Minimum memoryswap limit should be larger than memory limit, see usage",
    ),
    ({"MemorySwap": 5 * MB}, "You should always set the Memory limit when using Memoryswap limit, see usage"),
    (
        {"Memory": 32 * MB, "MemoryReservation": 64 * MB},
        "Minimum memory limit can not be less than memory reservation limit, see usage",
    ),
    ({"NanoCpus": 10**12}, "Range of CPUs is from 0.01 to 4.00, as there are only 4 CPUs available"),
    ({"NanoCpus": -1}, "Range of CPUs is from 0.01 to 4.00, as there are only 4 CPUs available"),
    ({"NanoCpus": 5, "CpuQuota": 1000}, "Conflicting options: Nano CPUs and CPU Quota cannot both be set"),
    ({"CpusetCpus": "0-9"}, "Requested CPUs are not available - requested 0-9, available: 0-3"),
    ({"CpusetCpus": "x"}, "Invalid value x for cpuset cpus: invalid format: x"),
    ({"RestartPolicy": {"Name": "sometimes"}}, "invalid restart policy 'sometimes'"),
    (
        {"RestartPolicy": {"Name": "always", "MaximumRetryCount": 3}},
        "maximum retry count cannot be used with restart policy 'always'",
    ),
    (
        {"AutoRemove": True, "RestartPolicy": {"Name": "always"}},
        "can't create 'AutoRemove' container with restart policy",
    ),
    ({"Binds": ["data:/x:zz"]}, "invalid mode: zz"),
    ({"Binds": ["data:/x", "other:/x"]}, "Duplicate mount point: /x"),
    (
        {"Binds": ["/tmp:relative"]},
        "invalid volume specification: '/tmp:relative': invalid mount config for type \"bind\": "
        "invalid mount path: 'relative' mount path must be absolute",
    ),
    (
        {"Binds": ["/tmp:/"]},
        "invalid volume specification: '/tmp:/': invalid mount config for type \"bind\": "
        "invalid specification: destination can't be '/'",
    ),
    (
        {"Binds": ["relative/dir:/x"]},
        'create relative/dir: "relative/dir" includes invalid characters for a local volume name, only '
        '"[a-zA-Z0-9][a-zA-Z0-9_.-]" are allowed. If you intended to pass a host directory, use absolute path',
    ),
    ({"VolumesFrom": ["x:y:z"]}, "invalid mode: y:z"),
    ({"DeviceCgroupRules": ["x 1:3 r"]}, "invalid device cgroup rule format: 'x 1:3 r'"),
    ({"CapAdd": ["FLY"]}, 'invalid CapAdd: unknown capability: "FLY"'),
    ({"LogConfig": {"Type": "paper"}}, "logger: no log driver named 'paper' is registered"),
    ({"PidMode": "shared"}, "invalid PID mode: shared"),
    ({"PortBindings": {"http": []}}, 'invalid port specification: "http"'),
    ({"ExtraHosts": ["nonsense"]}, 'bad format for add-host: "nonsense"'),
    (
        {"NetworkMode": "container:x", "PortBindings": {"80/tcp": [{"HostPort": "80"}]}},
        "conflicting options: port publishing and the container type network mode",
    ),
]

BAD_CONFIG: list[tuple[dict[str, Any], str]] = [
    ({"WorkingDir": "relative"}, "the working directory 'relative' is invalid, it needs to be an absolute path"),
    ({"Env": ["=x"]}, "invalid environment variable: =x"),
    ({"StopSignal": "NOSUCH"}, "invalid signal: NOSUCH"),
    ({"Healthcheck": {"Interval": 1000}}, "Interval in Healthcheck cannot be less than 1ms"),
    ({"Healthcheck": {"Retries": -1}}, "Retries in Healthcheck cannot be negative"),
    (
        {"Hostname": "x", "HostConfig": {"NetworkMode": "container:base"}},
        "conflicting options: hostname and the network mode",
    ),
]


@pytest.mark.parametrize(
    ("document", "words"), [({"HostConfig": host}, words) for host, words in BAD_HOST] + BAD_CONFIG
)
def test_a_mistake_is_refused_in_dockers_words(document: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidParameter) as refused:
        read_settings({"Image": "busybox", **document}, INFO)
    assert refused.value.message == words


@pytest.mark.parametrize("document", [None, {}])
def test_no_settings_at_all_are_refused(document: Any) -> None:
    with pytest.raises(InvalidParameter, match="config cannot be empty in order to create a container"):
        read_settings(document, INFO)


def test_the_daemon_fills_in_its_defaults() -> None:
    host = read_settings({"Image": "busybox", "HostConfig": {"Memory": 64 * MB}}, INFO).host
    assert (host.memory_swap, host.shm_size, host.ipc_mode) == (128 * MB, 64 * MB, "private")
    assert (host.restart_policy.name, host.log_config.type, host.runtime) == ("no", "json-file", "runc")
    assert host.masked_paths and not read_settings({"HostConfig": {"Privileged": True}}, INFO).host.masked_paths


def test_a_kernel_without_a_controller_runs_the_container_without_the_limit_and_says_so() -> None:
    raspberry = replace(INFO, controllers=frozenset(("cpu", "cpuset", "io", "pids")))
    asked: dict[str, Any] = {"HostConfig": {"Memory": 64 * MB, "MemoryReservation": 32 * MB, "PidsLimit": 5}}
    settings = read_settings({"Image": "busybox", **asked}, raspberry)
    assert (settings.host.memory, settings.host.memory_swap, settings.host.memory_reservation) == (0, 0, 0)
    assert settings.host.pids_limit == 5
    assert list(settings.warnings) == [
        "Your kernel does not support memory limit capabilities or the cgroup is not mounted. Limitation discarded.",
        "Your kernel does not support memory soft limit capabilities or the cgroup is not mounted. Limitation "
        "discarded.",
    ]
    no_swap = replace(INFO, controllers=INFO.controllers - {"swap"})
    settings = read_settings({"Image": "busybox", "HostConfig": {"Memory": 64 * MB}}, no_swap)
    assert (settings.host.memory, settings.host.memory_swap) == (64 * MB, -1)
    assert list(settings.warnings) == [
        "Your kernel does not support swap limit capabilities or the cgroup is not mounted. Memory limited without "
        "swap."
    ]
    nothing = replace(INFO, controllers=frozenset())
    assert read_settings({"Image": "busybox", "HostConfig": {"PidsLimit": -1}}, nothing).warnings == ()
    with pytest.raises(InvalidParameter, match="NanoCPUs can not be set, as your kernel does not support CPU CFS"):
        read_settings({"Image": "busybox", "HostConfig": {"NanoCpus": 10**9}}, nothing)


# Docker's table: rows are ENTRYPOINT and CMD of the image, columns what the user gives.
COMBINED = [
    (("e",), ("c",), None, None, ("e", "c")),
    (("e",), ("c",), None, ("x",), ("e", "x")),
    (("e",), ("c",), ("u",), None, ("u",)),
    (("e",), ("c",), ("u",), ("x",), ("u", "x")),
    (("e",), ("c",), ("",), None, ()),
    (("e",), ("c",), ("",), ("x",), ("x",)),
    (("e",), (), None, None, ("e",)),
    ((), ("c",), None, None, ("c",)),
    ((), ("c",), None, ("x", "y"), ("x", "y")),
    ((), (), None, None, ()),
]


@pytest.mark.parametrize(("entrypoint", "cmd", "user_entrypoint", "user_cmd", "command"), COMBINED)
def test_entrypoint_and_cmd_combine_as_dockers_table_says(
    entrypoint: tuple[str, ...],
    cmd: tuple[str, ...],
    user_entrypoint: tuple[str, ...] | None,
    user_cmd: tuple[str, ...] | None,
    command: tuple[str, ...],
) -> None:
    image = ImageConfig(entrypoint=entrypoint, cmd=cmd)
    merged = merge(ContainerConfig(entrypoint=user_entrypoint, cmd=user_cmd), image)
    assert (merged.entrypoint or ()) + (merged.cmd or ()) == command


def test_what_the_user_leaves_open_is_the_images() -> None:
    image = ImageConfig(
        env=("PATH=/bin", "A=image"),
        labels={"stage": "night", "owner": "ann"},
        volumes=("/data",),
        exposed_ports=("80/tcp",),
        user="web",
        stop_signal="SIGQUIT",
        healthcheck=ImageHealthcheck(("CMD", "check"), interval=5, retries=2),
    )
    merged = merge(ContainerConfig(env=("A=user",), labels={"stage": "day"}, healthcheck=Healthcheck(retries=9)), image)
    assert merged.env == ("A=user", "PATH=/bin")
    assert merged.labels == {"stage": "day", "owner": "ann"}
    assert (merged.volumes, merged.exposed_ports) == ({"/data": {}}, {"80/tcp": {}})
    assert (merged.user, merged.stop_signal) == ("web", "SIGQUIT")
    assert merged.healthcheck == Healthcheck(("CMD", "check"), interval=5, retries=9)
