"""What the options of `docker run` do, as one sees it from inside the container; and what cannot be started."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.daemon.create import read_settings
from engine.errors import InvalidParameter
from engine.host import HostInfo

Docker = Any
MB = 1 << 20
STATUS = "grep -E '^({})' /proc/self/status"
NO_TASK = "failed to create task for container: failed to create shim task: OCI runtime create failed: "
RUNC = f"{NO_TASK}runc create failed: "

# HostConfig, shell line, its output
INSIDE: list[tuple[dict[str, Any], str, str]] = [
    ({"BlkioWeight": 300}, "cat /sys/fs/cgroup/io.weight", "default 300"),
    (
        {
            "BlkioDeviceReadBps": [{"Path": "/dev/sda", "Rate": 1024}],
            "BlkioDeviceWriteIOps": [{"Path": "/dev/sda", "Rate": 7}],
        },
        "cat /sys/fs/cgroup/io.max",
        "8:0 rbps=1024 wbps=max riops=max wiops=7",
    ),
    ({"CapDrop": ["ALL"]}, STATUS.format("CapEff"), "CapEff:\t0000000000000000"),
    ({"CapAdd": ["SYS_ADMIN"]}, "mkdir /m; mount -t tmpfs x /m && hostname new && hostname", "new"),
    ({}, "hostname new", "hostname: sethostname: Operation not permitted"),
    ({"CapDrop": ["CHOWN"]}, "chown 1 /etc/passwd", "chown: /etc/passwd: Operation not permitted"),
    ({"CapDrop": ["MKNOD"]}, "mknod /d c 1 3", "mknod: /d: Operation not permitted"),
    (
        {"CapDrop": ["KILL"]},
        "su -s /bin/sh nobody -c 'sleep 9' & sleep 1; kill $!",
        "sh: can't kill pid {any}: Operation not permitted",
    ),
    ({"CgroupParent": "/lab", "CgroupnsMode": "host"}, "cut -c1-9 /proc/self/cgroup", "0::/lab/{any}"),
    ({"CpuPeriod": 50_000, "CpuQuota": 25_000}, "cat /sys/fs/cgroup/cpu.max", "25000 50000"),
    ({"NanoCpus": 500_000_000}, "cat /sys/fs/cgroup/cpu.max", "50000 100000"),
    ({"CpuShares": 1024}, "cat /sys/fs/cgroup/cpu.weight", "39"),
    (
        {"CpusetCpus": "0", "CpusetMems": "0"},
        "nproc; " + STATUS.format("Cpus_allowed_list"),
        "1\nCpus_allowed_list:\t0",
    ),
    (
        {"Devices": [{"PathOnHost": "/dev/fuse", "PathInContainer": "/dev/x"}]},
        "ls -l /dev/x | cut -c1-10",
        "crw-rw-rw-",
    ),
    ({}, "mknod /d b 8 0; cat /d", "cat: can't open '/d': Operation not permitted"),
    ({"Privileged": True}, "cat /dev/sda", "cat: can't open '/dev/sda': No such device or address"),
    ({"DeviceCgroupRules": ["b 8:* r"]}, "mknod /d b 8 0; cat /d", "cat: can't open '/d': No such device or address"),
    ({"DeviceCgroupRules": ["a *:* rwm"]}, "mknod /d b 8 0; cat /d", "cat: can't open '/d': No such device or address"),
    ({"DeviceCgroupRules": ["c 8:* r"]}, "mknod /d b 8 0; cat /d", "cat: can't open '/d': Operation not permitted"),
    ({"Init": True}, "cat /proc/1/comm", "docker-init"),
    ({"IpcMode": "none"}, "mount | grep -c /dev/shm", "0"),
    (
        {"Memory": 64 * MB, "MemorySwap": -1},
        "cat /sys/fs/cgroup/memory.max /sys/fs/cgroup/memory.swap.max",
        "67108864\nmax",
    ),
    ({"MemoryReservation": 32 * MB}, "cat /sys/fs/cgroup/memory.low", "33554432"),
    ({"OomScoreAdj": 500}, "cat /proc/self/oom_score_adj", "500"),
    ({"PidMode": "host"}, "cat /proc/1/comm", "systemd"),
    ({"PidsLimit": 2}, "sleep 1 & sleep 1 & wait", "sh: can't fork: Resource temporarily unavailable"),
    ({"Privileged": True}, "ls -d /dev/sda; " + STATUS.format("CapEff"), "/dev/sda\nCapEff:\t000001ffffffffff"),
    ({"ReadonlyRootfs": True}, "touch /x", "touch: /x: Read-only file system"),
    ({"ReadonlyRootfs": True, "Tmpfs": {"/t": ""}}, "touch /t/x && echo done", "done"),
    ({"SecurityOpt": ["no-new-privileges"]}, STATUS.format("NoNewPrivs|Seccomp:"), "NoNewPrivs:\t1\nSeccomp:\t2"),
    ({"SecurityOpt": ["seccomp=unconfined"]}, STATUS.format("NoNewPrivs|Seccomp:"), "NoNewPrivs:\t0\nSeccomp:\t0"),
    ({"ShmSize": 5 * MB}, "df -m /dev/shm | tail -1 | tr -s ' ' | cut -d' ' -f2", "5"),
    (
        {"Sysctls": {"net.core.somaxconn": "77", "kernel.msgmax": "9000"}},
        "cat /proc/sys/net/core/somaxconn /proc/sys/kernel/msgmax",
        "77\n9000",
    ),
    ({"Tmpfs": {"/t": "size=3m,mode=700"}}, "df -m /t | tail -1 | tr -s ' ' | cut -d' ' -f2; stat -c %a /t", "3\n700"),
    ({"Ulimits": [{"Name": "nofile", "Soft": 20, "Hard": 40}]}, "ulimit -n; ulimit -Hn", "20\n40"),
    ({"Ulimits": [{"Name": "fsize", "Soft": 512, "Hard": 512}]}, "yes | head -c 600 > /x; stat -c %s /x", "512"),
    ({"UTSMode": "host"}, "hostname", "glassdock"),
    ({"GroupAdd": ["44"]}, "id -G", "0{any}44"),
    (
        {"Mounts": [{"Type": "tmpfs", "Target": "/t", "TmpfsOptions": {"SizeBytes": MB}}]},
        "df -m /t | tail -1 | tr -s ' ' | cut -d' ' -f2",
        "1",
    ),
    (
        {
            "Mounts": [
                {
                    "Type": "volume",
                    "Source": "mem",
                    "Target": "/v",
                    "VolumeOptions": {
                        "DriverConfig": {"Options": {"type": "tmpfs", "device": "tmpfs", "o": "size=2m"}}
                    },
                }
            ]
        },
        "df -m /v | tail -1 | tr -s ' ' | cut -d' ' -f2",
        "2",
    ),
]


def said(docker: Docker, line: str, host: dict[str, Any], **more: Any) -> str:
    docker.run("sh", "-c", line, HostConfig=host, **more)
    docker.wait()
    text = docker.logs().decode().rstrip("\n")
    docker.delete("/containers/c1", v=True)
    return str(text)


@pytest.mark.parametrize(("host", "line", "expected"), INSIDE, ids=[next(iter(row[0]), "-") for row in INSIDE])
def test_an_option_is_seen_inside(docker: Docker, host: dict[str, Any], line: str, expected: str) -> None:
    got, (before, _, after) = said(docker, line, host), expected.partition("{any}")
    assert got.startswith(before) and got.endswith(after) and (got == expected or "{any}" in expected)


def test_names_and_folders_of_the_portable_part(docker: Docker) -> None:
    assert said(docker, "id -u; id -g; pwd", {}, User="1000:2000", WorkingDir="/a/b") == "1000\n2000\n/a/b"
    assert said(docker, "hostname -f", {}, Hostname="h", Domainname="example.org") == "h.example.org"


# HostConfig, status, message: when it is started
NOT_STARTED: list[tuple[dict[str, Any], int, str]] = [
    (
        {"Devices": [{"PathOnHost": "/dev/nope"}]},
        500,
        'error gathering device information while adding custom device "/dev/nope": no such file or directory',
    ),
    (
        {"Devices": [{"PathOnHost": "/etc/passwd"}]},
        500,
        'error gathering device information while adding custom device "/etc/passwd": not a device node',
    ),
    ({"BlkioDeviceReadBps": [{"Path": "/dev/nope", "Rate": 1}]}, 500, "stat /dev/nope: no such file or directory"),
    (
        {"DeviceRequests": [{"Count": -1, "Capabilities": [["gpu"]]}]},
        500,
        'could not select device driver "" with capabilities: [[gpu]]',
    ),
    (
        {"Sysctls": {"vm.max_map_count": "1"}},
        400,
        f'{RUNC}sysctl "vm.max_map_count" is not in a separate kernel namespace: unknown',
    ),
    (
        {"Sysctls": {"net.core.somaxconn": "1"}, "NetworkMode": "host"},
        400,
        f'{RUNC}sysctl "net.core.somaxconn" is not allowed in the hosts network namespace: unknown',
    ),
    (
        {"Ulimits": [{"Name": "nofile", "Soft": 9, "Hard": 5}]},
        500,
        f"{RUNC}unable to start container process: error during container init: error setting rlimit type 7: "
        "invalid argument: unknown",
    ),
    (
        {"LogConfig": {"Type": "json-file", "Config": {"max-size": "lots"}}},
        500,
        "failed to create task for container: failed to initialize logging driver: invalid size: 'lots'",
    ),
    (
        {"SecurityOpt": ["seccomp={"]},
        400,
        "Decoding seccomp profile failed: unexpected EOF",
    ),
    ({"PidMode": "container:nobody"}, 400, "failed to join PID namespace: No such container: nobody"),
    (
        {
            "Mounts": [
                {
                    "Type": "volume",
                    "Source": "nfs",
                    "Target": "/v",
                    "VolumeOptions": {
                        "DriverConfig": {"Options": {"type": "nfs", "device": ":/e", "o": "addr=192.0.2.1"}}
                    },
                }
            ]
        },
        500,
        "error while mounting volume '/var/lib/docker/volumes/nfs/_data': failed to mount local volume: mount "
        ":/e:/var/lib/docker/volumes/nfs/_data, data: addr=192.0.2.1: no such device",
    ),
]


@pytest.mark.parametrize(("host", "status", "words"), NOT_STARTED)
def test_what_the_host_cannot_do_is_said_at_the_start(
    docker: Docker, host: dict[str, Any], status: int, words: str
) -> None:
    docker.create("true", HostConfig=host)
    with pytest.raises(AssertionError) as refused:
        docker.post("/containers/c1/start")
    assert str(refused.value) == f"{status} {words}"
    assert docker.state()["Status"] == "created"


NOT_CREATED: list[tuple[dict[str, Any], int, str]] = [
    (
        {"Mounts": [{"Type": "bind", "Source": "/nope", "Target": "/x"}]},
        400,
        'invalid mount config for type "bind": bind source path does not exist: /nope',
    ),
    (
        {"Binds": ["data:/x"], "VolumeDriver": "nope"},
        400,
        'create data: error looking up volume plugin nope: plugin "nope" not found',
    ),
    (
        {"Mounts": [{"Type": "volume", "Source": "v1", "Target": "/x", "VolumeOptions": {"Subpath": "../y"}}]},
        400,
        'invalid mount config for type "volume": subpath must be a relative path within the volume',
    ),
]


@pytest.mark.parametrize(("host", "status", "words"), NOT_CREATED)
def test_what_is_not_there_is_said_at_creation(docker: Docker, host: dict[str, Any], status: int, words: str) -> None:
    with pytest.raises(AssertionError) as refused:
        docker.create("true", HostConfig=host)
    assert str(refused.value) == f"{status} {words}"


def test_what_this_kernel_does_not_have_is_dropped_with_a_warning(docker: Docker) -> None:
    host = {"MemorySwappiness": 5, "OomKillDisable": True, "CpuRealtimeRuntime": 5, "CpuPercent": 9}
    answer = docker.post("/containers/create", {"Image": "busybox", "HostConfig": host}, name="c1")
    assert [warning.split(".")[-2].strip() for warning in answer["Warnings"]] == [
        "Memory swappiness discarded",
        "OomKillDisable discarded",
        "Percent discarded",
        "CPU real-time runtime discarded",
    ]
    kept = docker.get("/containers/c1/json")["HostConfig"]
    assert (kept["MemorySwappiness"], kept["OomKillDisable"], kept["CpuRealtimeRuntime"]) == (None, None, 0)


def test_a_folder_that_the_simulated_host_cannot_have_is_made_with_a_warning(docker: Docker) -> None:
    body = {"Image": "busybox", "HostConfig": {"Binds": ["/home/ada/src:/src", "/data:/data"]}}
    warnings = docker.post("/containers/create", body, name="c1")["Warnings"]
    assert len(warnings) == 1 and "/home/ada/src is not on the host glassdock" in warnings[0]
    docker.post("/containers/c1/start")
    assert docker.wait() == 0


def test_shared_memory_is_shared_with_those_who_may(docker: Docker) -> None:
    docker.run("sh", "-c", "echo hello > /dev/shm/x; sleep 1000", name="donor", HostConfig={"IpcMode": "shareable"})
    docker.let_pass(1)
    assert said(docker, "cat /dev/shm/x", {"IpcMode": "container:donor"}) == "hello"
    docker.run("sleep", "1000", name="alone")
    docker.create("true", HostConfig={"IpcMode": "container:alone"})
    with pytest.raises(AssertionError, match="non-shareable IPC"):
        docker.post("/containers/c1/start")


def test_part_of_a_volume_can_be_mounted(docker: Docker) -> None:
    said(docker, "mkdir /d/sub; echo deep > /d/sub/f", {"Binds": ["data:/d"]})
    mount = {"Type": "volume", "Source": "data", "Target": "/x", "VolumeOptions": {"Subpath": "sub"}}
    assert said(docker, "cat /x/f", {"Mounts": [mount]}) == "deep"
    mount["VolumeOptions"] = {"Subpath": "none"}
    docker.create("true", HostConfig={"Mounts": [mount]})
    with pytest.raises(AssertionError, match="cannot access path /var/lib/docker/volumes/data/_data/none"):
        docker.post("/containers/c1/start")


def test_a_volume_of_memory_is_empty_again_when_nobody_has_it(docker: Docker) -> None:
    docker.post("/volumes/create", {"Name": "mem", "DriverOpts": {"type": "tmpfs", "device": "tmpfs"}})
    docker.run("sh", "-c", "echo x > /v/x; sleep 1000", name="keeps", HostConfig={"Binds": ["mem:/v"]})
    docker.let_pass(1)
    assert said(docker, "ls /v", {"Binds": ["mem:/v"]}) == "x"
    docker.delete("/containers/keeps", force=True)
    assert said(docker, "ls /v", {"Binds": ["mem:/v"]}) == ""
    assert docker.actions(type=["volume"])[-2:] == ["mount", "unmount"]


def test_a_log_is_rotated_and_forgets_its_oldest_file(docker: Docker) -> None:
    log = {"Type": "json-file", "Config": {"max-size": "1k", "max-file": "2"}}
    docker.run("sh", "-c", "for i in $(seq 100); do echo line $i; done", HostConfig={"LogConfig": log})
    docker.wait()
    lines = docker.logs().decode().splitlines()
    assert lines[-1] == "line 100" and 12 <= len(lines) <= 28


def test_a_fork_bomb_that_nobody_has_limited_ends(docker: Docker) -> None:
    docker.run("sh", "-c", "bomb() { bomb | bomb & }; bomb; sleep 5")
    docker.let_pass(20)
    docker.delete("/containers/c1", force=True)
    assert said(docker, "echo fine", {}) == "fine"


# -- values of any shape

INFO = HostInfo("box", "6.1", "Linux", "1", "x86_64", cpus=4)
WORDS = st.text(max_size=12) | st.sampled_from(["host", "container:x", "/x", "a:b", "-1", "0", "none", "default"])
NUMBERS = st.integers(-(1 << 63), (1 << 63) - 1)
VALUES: dict[str, st.SearchStrategy[Any]] = {
    **dict.fromkeys(
        ("Memory", "MemorySwap", "MemoryReservation", "NanoCpus", "CpuShares", "CpuPeriod", "CpuQuota"), NUMBERS
    ),
    **dict.fromkeys(("PidsLimit", "BlkioWeight", "OomScoreAdj", "ShmSize", "MemorySwappiness"), NUMBERS),
    **dict.fromkeys(("CpusetCpus", "CpusetMems", "IpcMode", "PidMode", "UTSMode", "UsernsMode", "CgroupnsMode"), WORDS),
    **dict.fromkeys(("Runtime", "Isolation", "VolumeDriver", "CgroupParent", "NetworkMode"), WORDS),
    **dict.fromkeys(
        ("Binds", "VolumesFrom", "CapAdd", "CapDrop", "SecurityOpt", "GroupAdd"), st.lists(WORDS, max_size=3)
    ),
    "Sysctls": st.dictionaries(WORDS, WORDS, max_size=3),
    "Tmpfs": st.dictionaries(WORDS, WORDS, max_size=3),
    "LogConfig": st.fixed_dictionaries({"Type": WORDS, "Config": st.dictionaries(WORDS, WORDS, max_size=3)}),
    "RestartPolicy": st.fixed_dictionaries({"Name": WORDS, "MaximumRetryCount": NUMBERS}),
    "Mounts": st.lists(
        st.fixed_dictionaries(
            {"Type": st.sampled_from(["bind", "volume", "tmpfs", "x"]), "Source": WORDS, "Target": WORDS}
        ),
        max_size=2,
    ),
}


@settings(max_examples=300, deadline=None)
@given(st.fixed_dictionaries({}, optional=VALUES))
def test_a_value_of_any_shape_is_taken_or_refused_in_words(host: dict[str, Any]) -> None:
    try:
        read_settings({"Image": "busybox", "HostConfig": host}, INFO)
    except InvalidParameter as error:
        assert error.message
