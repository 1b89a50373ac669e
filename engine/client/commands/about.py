"""version, info, context: who is there, and where."""

from __future__ import annotations

import platform
from collections.abc import Iterable, Iterator
from typing import Any

from engine.client.commandline import Parsed
from engine.client.connection import API_VERSION
from engine.client.context import ApiError, CannotConnect, Context, Failure
from engine.client.template_functions import to_json
from engine.client.templates import TemplateError, parse, render
from engine.units import bytes_size

CLIENT_VERSION = "28.2.2"  # the docker command whose behaviour this one has


def _client(context: Context) -> dict[str, Any]:
    machine = platform.machine()
    return {
        "Platform": {"Name": "Glassdock"},
        "Version": CLIENT_VERSION,
        "ApiVersion": API_VERSION,
        "DefaultAPIVersion": API_VERSION,
        "Os": platform.system().lower(),
        "Arch": {"x86_64": "amd64", "aarch64": "arm64"}.get(machine, machine),
        "Context": context.name,
    }


def _formatted(context: Context, format: str, data: dict[str, Any], name: str, owner: str) -> None:
    """`--format json` or a template, whose errors name the type they met."""
    if format == "json":
        context.console.out(to_json(data))
        return
    try:
        context.console.out(render(parse(format), data, owner=owner))
    except TemplateError as error:
        text = str(error).replace('executing ""', f'executing "{name}"')
        raise Failure(f"template: {name}{text}") from None


def version(context: Context, parsed: Parsed) -> int:
    client, server, trouble = _client(context), None, ""
    try:
        server = context.api.get("/version")
    except (CannotConnect, ApiError) as error:
        trouble = str(error)
    if format := parsed.get("format", ""):
        data = {"Client": client, "Server": server}
        if format != "json":  # a template sees Go's names of the fields
            data = {side: _go_names(found) for side, found in data.items()}
        _formatted(context, format, data, "version", "system.versionInfo")
    else:
        context.console.out("\n".join(_version_lines(client, server)))
    if trouble:
        raise Failure(trouble)
    return 0


def _go_names(found: dict[str, Any] | None) -> dict[str, Any] | None:
    return found and {"APIVersion" if key == "ApiVersion" else key: value for key, value in found.items()}


def _version_lines(client: dict[str, Any], server: dict[str, Any] | None) -> list[str]:
    lines = ["Client: " + client["Platform"]["Name"]]
    rows = [("Version", client["Version"]), ("API version", client["ApiVersion"]),
            ("OS/Arch", f"{client['Os']}/{client['Arch']}"), ("Context", client["Context"])]  # fmt: skip
    lines += [f" {name + ':':<18} {value}" for name, value in rows]
    if server is None:
        return lines
    lines += ["", "Server: " + ((server.get("Platform") or {}).get("Name") or "")]
    for component in server.get("Components") or ():
        details = component.get("Details") or {}
        lines.append(f" {component['Name']}:")
        lines.append(f"  {'Version:':<17} {component['Version']}")
        for key, label in (("ApiVersion", "API version"), ("GoVersion", "Go version"), ("GitCommit", "GitCommit"),
                           ("BuildTime", "Built")):  # fmt: skip
            if value := details.get(key):
                if key == "ApiVersion":
                    value += f" (minimum version {details.get('MinAPIVersion', '')})"
                lines.append(f"  {label + ':':<17} {value}")
        if component["Name"] == "Engine":
            lines.append(f"  {'OS/Arch:':<17} {details.get('Os', '')}/{details.get('Arch', '')}")
            lines.append(f"  {'Experimental:':<17} {details.get('Experimental', 'false')}")
    return lines


def info(context: Context, parsed: Parsed) -> int:
    try:
        server: dict[str, Any] | None = context.api.get("/info")
        trouble = ""
    except (CannotConnect, ApiError) as error:
        server, trouble = None, str(error)
    client = {"Version": CLIENT_VERSION, "Context": context.name, "Debug": False, "Plugins": [], "Warnings": None}
    if format := parsed.get("format", ""):
        data = (server or {}) | {"ClientInfo": client, "ServerErrors": [trouble] if trouble else []}
        _formatted(context, format, data, "", "system.dockerInfo")
        return 1 if trouble else 0
    lines = [
        "Client:",
        f" Version:    {CLIENT_VERSION}",
        f" Context:    {context.name}",
        " Debug Mode: false",
        "",
        "Server:",
    ]
    context.console.out("\n".join(lines + (_info_lines(server) if server else [])))
    if trouble:
        raise Failure(trouble)
    for warning in (server or {}).get("Warnings") or ():
        context.console.err(warning)
    return 0


# what `docker info` says of the server, in order: (label, key of /info)
_INFO_COUNTS = (
    ("Containers", "Containers"),
    (" Running", "ContainersRunning"),
    (" Paused", "ContainersPaused"),
    (" Stopped", "ContainersStopped"),
    ("Images", "Images"),
    ("Server Version", "ServerVersion"),
    ("Storage Driver", "Driver"),
)
_INFO_DRIVERS = (
    ("Logging Driver", "LoggingDriver"),
    ("Cgroup Driver", "CgroupDriver"),
    ("Cgroup Version", "CgroupVersion"),
)
_INFO_COMMITS = (("containerd", "ContainerdCommit"), ("runc", "RuncCommit"), ("init", "InitCommit"))
_INFO_PROXIES = (("HTTP Proxy", "HttpProxy"), ("HTTPS Proxy", "HttpsProxy"), ("No Proxy", "NoProxy"))
_INFO_MACHINE = (
    ("Kernel Version", "KernelVersion"),
    ("Operating System", "OperatingSystem"),
    ("OSType", "OSType"),
    ("Architecture", "Architecture"),
    ("CPUs", "NCPU"),
)


def _info_lines(server: dict[str, Any]) -> list[str]:
    def rows(table: tuple[tuple[str, str], ...]) -> list[str]:
        return [f" {label}: {server.get(key, '')}" for label, key in table]

    plugins = server.get("Plugins") or {}
    swarm = server.get("Swarm") or {}
    return [
        *rows(_INFO_COUNTS),
        *(f"  {name}: {value}" for name, value in server.get("DriverStatus") or ()),
        *rows(_INFO_DRIVERS),
        " Plugins:",
        *(f"  {kind}: {' '.join(plugins.get(kind) or ())}" for kind in ("Volume", "Network", "Log")),
        f" Swarm: {swarm.get('LocalNodeState', 'inactive')}",
        f" Runtimes: {' '.join(sorted(server.get('Runtimes') or {}))}",
        *rows((("Default Runtime", "DefaultRuntime"), ("Init Binary", "InitBinary"))),
        *(f" {name} version: {(server.get(key) or {}).get('ID', '')}" for name, key in _INFO_COMMITS),
        " Security Options:",
        *_security_lines(server),
        *rows(_INFO_MACHINE),
        f" Total Memory: {bytes_size(server.get('MemTotal', 0))}",
        *rows((("Name", "Name"), ("ID", "ID"), ("Docker Root Dir", "DockerRootDir"))),
        f" Debug Mode: {str(server.get('Debug', False)).lower()}",
        *(f" {label}: {server[key]}" for label, key in _INFO_PROXIES if server.get(key)),
        *_listed(" Labels:", server.get("Labels") or ()),
        f" Experimental: {str(server.get('ExperimentalBuild', False)).lower()}",
        *_listed(" Insecure Registries:", _insecure(server.get("RegistryConfig") or {})),
        f" Live Restore Enabled: {str(server.get('LiveRestoreEnabled', False)).lower()}",
        *_address_pools(server.get("DefaultAddressPools") or ()),
        "",
    ]


def _listed(title: str, rows: Iterable[str]) -> list[str]:
    found = [f"  {row}" for row in rows]
    return [title, *found] if found else []


def _security_lines(server: dict[str, Any]) -> Iterator[str]:
    """ "name=seccomp,profile=builtin" in two lines."""
    for option in server.get("SecurityOptions") or ():
        for word in option.split(","):
            key, _, value = word.partition("=")
            yield f"  {value}" if key == "name" else f"   {key.capitalize()}: {value}"


def _insecure(registries: dict[str, Any]) -> list[str]:
    named = [name for name, each in (registries.get("IndexConfigs") or {}).items() if not each["Secure"]]
    return named + list(registries.get("InsecureRegistryCIDRs") or ())


def _address_pools(pools: Iterable[dict[str, Any]]) -> list[str]:
    rows = [f"   Base: {pool['Base']}, Size: {pool['Size']}" for pool in pools]
    return [" Default Address Pools:", *rows] if rows else []
