"""What `docker inspect` shows of a container (ContainerInspectResponse). Made when asked for; nothing is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.api.decode import encode
from engine.daemon import health
from engine.daemon.files import directory
from engine.daemon.networks import links, views
from engine.lifecycle import State
from engine.timestamps import NEVER, rfc3339

if TYPE_CHECKING:
    from engine.daemon.container import Container
    from engine.daemon.engine import Engine


def inspection(engine: Engine, container: Container) -> dict[str, Any]:
    """The whole document, in the order in which Docker writes it."""
    folder, command = directory(engine.host.info.root, container.id), container.command
    driver = engine.host.info.storage_driver
    return {
        "Id": container.id,
        "Created": rfc3339(container.created),
        "Path": command[0],
        "Args": list(command[1:]),
        "State": state(container),
        "Image": container.image_id,
        "ResolvConfPath": f"{folder}/resolv.conf",
        "HostnamePath": f"{folder}/hostname",
        "HostsPath": f"{folder}/hosts",
        "LogPath": f"{folder}/{container.id}-json.log" if has_log_file(container) else "",
        "Name": f"/{container.name}",
        "RestartCount": container.restart_count,
        "Driver": driver,
        "Platform": engine.host.info.os_type,
        "MountLabel": "",
        "ProcessLabel": "",
        "AppArmorProfile": "",
        "ExecIDs": sorted(container.execs) if container.execs else None,
        "HostConfig": host_config(engine, container),
        "GraphDriver": {"Data": layer_folders(engine, container), "Name": driver},
        "Mounts": [point.json() for point in container.mounts if not _is_plain_tmpfs(container, point.destination)],
        "Config": config(container),
        "NetworkSettings": views.network_settings(engine, container),
    }


def _is_plain_tmpfs(container: Container, destination: str) -> bool:
    """`--tmpfs` is in HostConfig only."""
    return destination in (container.host_config.tmpfs or {})


def has_log_file(container: Container) -> bool:
    return container.host_config.log_config.type == "json-file"


def state(container: Container) -> dict[str, Any]:
    """ContainerState."""
    now = container.state
    shown: dict[str, Any] = {
        "Status": str(now),
        "Running": container.active,
        "Paused": now is State.PAUSED,
        "Restarting": now is State.RESTARTING,
        "OOMKilled": container.oom_killed,
        "Dead": now is State.DEAD,
        "Pid": container.pid,
        "ExitCode": container.exit_code,
        "Error": container.error,
        "StartedAt": moment(container.started_at),
        "FinishedAt": moment(container.finished_at),
    }
    if container.health is not None:
        shown["Health"] = container.health.json()
    elif container.started_at and health.command(container):
        shown["Health"] = {"Status": health.UNHEALTHY, "FailingStreak": 0, "Log": []}
    return shown


def moment(time: int) -> str:
    return rfc3339(time) if time else NEVER


def config(container: Container) -> dict[str, Any]:
    """ContainerConfig, with the host name that the container really has."""
    shown: dict[str, Any] = encode(container.config)
    shown["Hostname"] = container.hostname
    if published := container.host_config.port_bindings:
        every = (*(shown.get("ExposedPorts") or ()), *published)
        shown["ExposedPorts"] = {views.with_protocol(port): {} for port in every}
    return shown


def host_config(engine: Engine, container: Container) -> dict[str, Any]:
    """HostConfig; links as the daemon knows them."""
    shown: dict[str, Any] = encode(container.host_config)
    if shown["Links"]:
        shown["Links"] = links.shown(engine, container)
    return shown


def layer_folders(engine: Engine, container: Container) -> dict[str, str]:
    """Where overlayfs has its parts on the host."""
    base = f"{engine.host.info.root}/{engine.host.info.storage_driver}"
    top = f"{base}/{container.id}"
    lower = [f"{base}/{name.rpartition(':')[2]}/diff" for name in engine.host.layers(container.id)]
    return {
        "ID": container.id,
        "LowerDir": ":".join(lower),
        "MergedDir": f"{top}/merged",
        "UpperDir": f"{top}/diff",
        "WorkDir": f"{top}/work",
    }
