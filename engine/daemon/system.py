"""What `docker version`, `docker info` and `docker system df` say of the engine and its host."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.daemon import listing
from engine.daemon.files import ROOT
from engine.lifecycle import State
from engine.timestamps import rfc3339

if TYPE_CHECKING:
    from engine.daemon.engine import Engine

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
        "Platform": {"Name": "Glassdock"},
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
    host = engine.host.info
    states = [container.state for container in engine.containers]
    paused = states.count(State.PAUSED)
    running = states.count(State.RUNNING) + states.count(State.RESTARTING)
    return {
        "ID": engine.id,
        "Containers": len(states),
        "ContainersRunning": running,
        "ContainersPaused": paused,
        "ContainersStopped": len(states) - running - paused,
        "Images": len(engine.images.store),
        "Driver": host.storage_driver,
        "DriverStatus": [["Backing Filesystem", "extfs"], ["Supports d_type", "true"], ["Using metacopy", "false"]],
        "Plugins": {
            "Volume": ["local"],
            "Network": ["bridge", "host", "null"],
            "Authorization": None,
            "Log": ["json-file", "local", "none"],
        },
        **dict.fromkeys(("MemoryLimit", "SwapLimit", "CpuCfsPeriod", "CpuCfsQuota", "CPUShares", "CPUSet"), True),
        **dict.fromkeys(("PidsLimit", "IPv4Forwarding"), True),
        "OomKillDisable": host.cgroup_version == "1",
        "Debug": False,
        "NFd": 0,
        "NGoroutines": 0,
        "SystemTime": rfc3339(engine.loop.time),
        "LoggingDriver": "json-file",
        "CgroupDriver": host.cgroup_driver,
        "CgroupVersion": host.cgroup_version,
        "NEventsListener": engine.events.listeners,
        "KernelVersion": host.kernel_version,
        "OperatingSystem": host.operating_system,
        "OSVersion": host.os_version,
        "OSType": host.os_type,
        "Architecture": host.architecture,
        "IndexServerAddress": INDEX,
        "RegistryConfig": {
            "AllowNondistributableArtifactsCIDRs": None,
            "AllowNondistributableArtifactsHostnames": None,
            "InsecureRegistryCIDRs": ["::1/128", "127.0.0.0/8"],
            "IndexConfigs": {"docker.io": {"Name": "docker.io", "Mirrors": [], "Secure": True, "Official": True}},
            "Mirrors": [],
        },
        "NCPU": host.cpus,
        "MemTotal": host.memory,
        "GenericResources": None,
        "DockerRootDir": ROOT,
        "HttpProxy": "",
        "HttpsProxy": "",
        "NoProxy": "",
        "Name": host.name,
        "Labels": [],
        "ExperimentalBuild": False,
        "ServerVersion": release,
        "Runtimes": {host.runtime: {"path": host.runtime}, "io.containerd.runc.v2": {"path": host.runtime}},
        "DefaultRuntime": host.runtime,
        "Swarm": {
            "NodeID": "",
            "NodeAddr": "",
            "LocalNodeState": "inactive",
            "ControlAvailable": False,
            "Error": "",
            "RemoteManagers": None,
        },
        "LiveRestoreEnabled": False,
        "Isolation": "",
        "InitBinary": "docker-init",
        "ContainerdCommit": {"ID": ""},
        "RuncCommit": {"ID": ""},
        "InitCommit": {"ID": ""},
        "SecurityOptions": ["name=seccomp,profile=builtin", "name=cgroupns"],
        "CDISpecDirs": [],
        "Warnings": list(host.warnings) or None,
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
