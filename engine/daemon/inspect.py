"""What `docker inspect` shows of a container (ContainerInspectResponse). Made when asked for; nothing is kept."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from engine.api.decode import encode
from engine.daemon import health, networks
from engine.daemon.files import directory
from engine.daemon.networks import Endpoint, endpoint_id
from engine.host import PortBinding
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
        "HostConfig": encode(container.host_config),
        "GraphDriver": {"Data": layer_folders(engine, container), "Name": driver},
        "Mounts": [point.json() for point in container.mounts if not _is_plain_tmpfs(container, point.destination)],
        "Config": config(container),
        "NetworkSettings": network_settings(container),
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
        shown["ExposedPorts"] = {_with_protocol(port): {} for port in every}
    return shown


def _with_protocol(port: str) -> str:
    number, protocol = networks.parse_port(port)
    return f"{number}/{protocol}"


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


# -- network


def network_settings(container: Container) -> dict[str, Any]:
    """NetworkSettings, with the fields of the default bridge that Docker still repeats at the top."""
    bridge = next((each for each in container.endpoints if each.network.name == networks.BRIDGE), None)
    ours = endpoint_settings(container, bridge)
    sandbox = hashlib.sha256(f"sandbox {container.id} {container.started_at}".encode()).hexdigest()
    alive = container.alive
    return {
        "Bridge": "",
        "SandboxID": sandbox if alive else "",
        "SandboxKey": f"/var/run/docker/netns/{sandbox[:12]}" if alive else "",
        "Ports": ports(container),
        "HairpinMode": False,
        "LinkLocalIPv6Address": "",
        "LinkLocalIPv6PrefixLen": 0,
        "SecondaryIPAddresses": None,
        "SecondaryIPv6Addresses": None,
        "EndpointID": ours["EndpointID"],
        "Gateway": ours["Gateway"],
        "GlobalIPv6Address": "",
        "GlobalIPv6PrefixLen": 0,
        "IPAddress": ours["IPAddress"],
        "IPPrefixLen": ours["IPPrefixLen"],
        "IPv6Gateway": "",
        "MacAddress": ours["MacAddress"],
        "Networks": endpoints(container),
    }


def endpoints(container: Container) -> dict[str, dict[str, Any]]:
    """EndpointSettings by network; also of a container that does not run, then without addresses."""
    mode = container.host_config.network_mode
    if container.endpoints:
        return {each.network.name: endpoint_settings(container, each) for each in container.endpoints}
    if mode.startswith("container:"):
        return {}
    name = networks.BRIDGE if mode in ("", "default") else mode
    return {name: endpoint_settings(container, None)}


def endpoint_settings(container: Container, endpoint: Endpoint | None) -> dict[str, Any]:
    pool = endpoint.network.pool if endpoint is not None else None
    return {
        "IPAMConfig": None,
        "Links": None,
        "Aliases": None,
        "MacAddress": endpoint.mac if endpoint else "",
        "DriverOpts": None,
        "GwPriority": 0,
        "NetworkID": endpoint.network.id if endpoint else "",
        "EndpointID": endpoint_id(container) if endpoint else "",
        "Gateway": pool.gateway if pool else "",
        "IPAddress": endpoint.address if endpoint else "",
        "IPPrefixLen": pool.subnet.prefixlen if pool else 0,
        "IPv6Gateway": "",
        "GlobalIPv6Address": "",
        "GlobalIPv6PrefixLen": 0,
        "DNSNames": None,
    }


def ports(container: Container) -> dict[str, list[dict[str, str]] | None]:
    """PortMap: what is published with the host's real ports, what is only exposed with null; {} while it is off."""
    if not container.alive or not any(endpoint.address for endpoint in container.endpoints):
        return {}
    shown: dict[str, list[dict[str, str]] | None] = {
        _with_protocol(port): None for port in container.config.exposed_ports or ()
    }
    for binding in published(container):
        rows = shown.get(key := f"{binding.container_port}/{binding.protocol}")
        if rows is None:
            rows = shown[key] = []
        rows.append({"HostIp": binding.host_ip, "HostPort": str(binding.host_port)})
    return dict(sorted(shown.items()))


def published(container: Container) -> list[PortBinding]:
    return [binding for endpoint in container.endpoints for binding in endpoint.ports]
