"""What `docker version`, `docker info` and `docker system df` say of the engine and its host."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from engine.daemon import listing
from engine.lifecycle import State
from engine.timestamps import rfc3339

if TYPE_CHECKING:
    from engine.daemon.engine import Engine
    from engine.host import HostInfo

INDEX = "https://index.docker.io/v1/"
GO_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}
BUILD_TIME = "2025-05-30T12:07:05.000000000+00:00"  # of the release whose behaviour this is


def version(engine: Engine, release: str, api: str, oldest_api: str) -> dict[str, Any]:
    """SystemVersion."""
    import platform

    info = engine.host.info
    architecture = GO_ARCHITECTURES.get(info.architecture, info.architecture)
    details = {
        "ApiVersion": api,
        "Arch": architecture,
        "BuildTime": BUILD_TIME,
        "Experimental": "false",
        "KernelVersion": info.kernel_version,
        "MinAPIVersion": oldest_api,
        "Os": info.os_type,
        "PythonVersion": platform.python_version(),
    }
    return {
        "Platform": {"Name": info.product or "Glassdock"},
        "Components": [{"Name": "Engine", "Version": release, "Details": details}],
        "Version": release,
        "ApiVersion": api,
        "MinAPIVersion": oldest_api,
        "GitCommit": "",
        "GoVersion": "",
        "Os": info.os_type,
        "Arch": architecture,
        "KernelVersion": info.kernel_version,
        "BuildTime": BUILD_TIME,
    }


def information(engine: Engine, release: str) -> dict[str, Any]:
    """SystemInfo."""
    return {
        "ID": engine.id,
        **_counts(engine),
        "Plugins": PLUGINS,
        **{name: controller in engine.host.info.controllers for name, controller, _ in LIMITS},
        "IPv4Forwarding": True,
        **_host(engine.host.info),
        "Debug": False,
        "SystemTime": rfc3339(engine.loop.time),
        "LoggingDriver": "json-file",
        "NEventsListener": engine.events.listeners,
        "IndexServerAddress": INDEX,
        "RegistryConfig": _registries(engine.host.info),
        "GenericResources": None,
        "DockerRootDir": engine.host.info.root,
        "HttpProxy": engine.host.info.http_proxy,
        "HttpsProxy": engine.host.info.http_proxy,
        "NoProxy": engine.host.info.no_proxy,
        "Labels": list(engine.host.info.labels),
        "ExperimentalBuild": False,
        "ServerVersion": release,
        "Swarm": NO_SWARM,
        "LiveRestoreEnabled": engine.host.info.live_restore,
        "Isolation": "",
        "InitBinary": "docker-init",
        "ContainerdCommit": NO_COMMIT,
        "RuncCommit": NO_COMMIT,
        "InitCommit": NO_COMMIT,
        "SecurityOptions": [f"name=seccomp,profile={engine.host.info.seccomp}", "name=cgroupns"],
        "CDISpecDirs": [],
    }


PLUGINS = {
    "Volume": ["local"],
    "Network": ["bridge", "host", "ipvlan", "macvlan", "null"],
    "Authorization": None,
    "Log": ["json-file", "local", "none"],
}
LIMITS = (  # field, the controller that it needs, and what `docker info` ends with where that is missing
    ("MemoryLimit", "memory", "WARNING: No memory limit support"),
    ("SwapLimit", "swap", "WARNING: No swap limit support"),
    ("CpuCfsPeriod", "cpu", "WARNING: No cpu cfs period support"),
    ("CpuCfsQuota", "cpu", "WARNING: No cpu cfs quota support"),
    ("CPUShares", "cpu", "WARNING: No cpu shares support"),
    ("CPUSet", "cpuset", "WARNING: No cpuset support"),
    ("PidsLimit", "pids", "WARNING: No pids limit support"),
)
REGISTRIES: dict[str, Any] = {
    "InsecureRegistryCIDRs": ["::1/128", "127.0.0.0/8"],
    "IndexConfigs": {"docker.io": {"Name": "docker.io", "Mirrors": [], "Secure": True, "Official": True}},
    "Mirrors": [],
}
NO_SWARM = {
    "NodeID": "",
    "NodeAddr": "",
    "LocalNodeState": "inactive",
    "ControlAvailable": False,
    "Error": "",
    "RemoteManagers": None,
}
NO_COMMIT = {"ID": ""}


def _registries(info: HostInfo) -> dict[str, Any]:
    """Those that Docker reaches without TLS, too: loopback, and what the host adds."""
    unsafe = {
        name: {"Name": name, "Mirrors": [], "Secure": False, "Official": False} for name in info.insecure_registries
    }
    return REGISTRIES | {"IndexConfigs": REGISTRIES["IndexConfigs"] | unsafe} if unsafe else REGISTRIES


def _counts(engine: Engine) -> dict[str, int]:
    states = Counter(container.state for container in engine.containers)
    paused, running = states[State.PAUSED], states[State.RUNNING] + states[State.RESTARTING]
    return {
        "Containers": states.total(),
        "ContainersRunning": running,
        "ContainersPaused": paused,
        "ContainersStopped": states.total() - running - paused,
        "Images": len(engine.images.store),
    }


def _host(info: HostInfo) -> dict[str, Any]:
    """What is the machine's."""
    missing = [warning for _, controller, warning in LIMITS if controller not in info.controllers]
    return {
        "Name": info.name,
        "Driver": info.storage_driver,
        "DriverStatus": [["Supports d_type", "true"]],
        "OomKillDisable": info.cgroup_version == "1",
        "CgroupDriver": info.cgroup_driver,
        "CgroupVersion": info.cgroup_version,
        "KernelVersion": info.kernel_version,
        "OperatingSystem": info.operating_system,
        "OSVersion": info.os_version,
        "OSType": info.os_type,
        "Architecture": info.architecture,
        "NCPU": info.cpus,
        "MemTotal": info.memory,
        "Runtimes": {info.runtime: {"path": info.runtime}, "io.containerd.runc.v2": {"path": info.runtime}},
        "DefaultRuntime": info.runtime,
        "Warnings": [*missing, *info.warnings] or None,
    }


async def disk_usage(engine: Engine, types: set[str]) -> dict[str, Any]:
    """For `docker system df`; `types` of container, image, volume, build-cache."""
    shown: dict[str, Any] = {"LayersSize": 0, "Images": None, "Containers": None, "Volumes": None, "BuildCache": None}
    if "image" in types:
        shown["LayersSize"], shown["Images"] = engine.images.disk_usage()
    if "container" in types:
        shown["Containers"] = await listing.rows(engine, listing.Query(all=True, size=True))
    if "volume" in types:
        shown["Volumes"] = [
            volume.json()
            | {"UsageData": {"RefCount": engine.volumes.users(volume.name), "Size": await engine.volumes.size(volume)}}
            for volume in engine.volumes
        ]
    if "build-cache" in types:
        shown["BuildCache"] = []
    return shown
