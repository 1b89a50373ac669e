"""`--network` of run and create, in its short form ("lab") and its long one ("name=lab,alias=db,ip=10.0.0.7"), and the
options that say more about the first of them (docker/cli: opts/network.go, cli/command/container/opts.go).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from engine.client.commandline import Parsed

LONG = re.compile(r"\w+=\S")
MAC = re.compile(r"[0-9a-fA-F]{2}([:-])(?:[0-9a-fA-F]{2}\1){4}[0-9a-fA-F]{2}")
PREDEFINED = ("default", "bridge", "host", "none")
Wanted = dict[str, Any]  # "name", and EndpointSettings
# option of run -> (its place in EndpointSettings, what a conflict calls it)
_MORE = {
    "network-alias": ("Aliases", "--network-alias and per-network alias"),
    "link": ("Links", "--link and per-network links"),
    "ip": ("IPv4Address", "--ip and per-network IPv4 address"),
    "ip6": ("IPv6Address", "--ip6 and per-network IPv6 address"),
    "mac-address": ("MacAddress", "--mac-address and per-network MAC address"),
    "link-local-ip": ("LinkLocalIPs", "--link-local-ip and per-network link-local IP addresses"),
}
_FIELDS = {"ip": "IPv4Address", "ip6": "IPv6Address", "mac-address": "MacAddress"}
_LISTS = {"alias": "Aliases", "link-local-ip": "LinkLocalIPs"}
_IPAM = ("IPv4Address", "IPv6Address", "LinkLocalIPs")


def network_option(text: str) -> Wanted:
    """One `--network`. Raises ValueError."""
    if not LONG.match(text):
        return {"name": text}
    wanted: Wanted = {}
    for field in text.split(","):
        key, equals, value = field.partition("=")
        key, value = key.strip().lower(), value.strip()
        if not equals:
            raise ValueError(f"invalid field {field}")
        _set(wanted, key, value)
    if not wanted.get("name"):
        raise ValueError("network name/id is not specified")
    return wanted


def _set(wanted: Wanted, key: str, value: str) -> None:
    if key == "name":
        wanted["name"] = value
    elif key in _FIELDS:
        wanted[_FIELDS[key]] = value
    elif key in _LISTS:
        wanted.setdefault(_LISTS[key], []).append(value)
    elif key == "driver-opt":
        name, equals, setting = value.partition("=")
        if not equals:
            raise ValueError("invalid key value pair format in driver options")
        wanted.setdefault("DriverOpts", {})[name.strip().lower()] = setting.strip()
    elif key == "gw-priority":
        try:
            wanted["GwPriority"] = int(value)
        except ValueError:
            raise ValueError(f"invalid gw-priority ({value}): invalid syntax") from None
    else:
        raise ValueError(f"invalid field key {key}")


def networking(parsed: Parsed) -> tuple[str, dict[str, Any]]:
    """(NetworkMode, EndpointsConfig). Raises ValueError."""
    mac = parsed.get("mac-address", "")
    if mac and MAC.fullmatch(mac) is None:
        raise ValueError(f"{mac} is not a valid mac address")
    networks: list[Wanted] = [dict(each) for each in parsed.values("network")] or [{"name": "default"}]
    _complete(parsed, networks[0])
    names = [each["name"] for each in networks]
    if len(names) > 1 and any(_alone(name) for name in names):
        raise ValueError("conflicting options: cannot attach both user-defined and non-user-defined network-modes")
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f'network "{name}" is specified multiple times')
    for each in networks:
        if not _user_defined(each["name"]):
            for key, what in (("Aliases", "network-scoped aliases are"), ("Links", "links are")):
                if each.get(key):
                    raise ValueError(f"{what} only supported for user-defined networks")
    wanted = {each["name"]: endpoint_settings(each) for each in networks}
    plain = names == ["default"] and not any(wanted.values())
    return names[0], {} if plain or names[0].startswith("container:") else wanted


def _complete(parsed: Parsed, first: Wanted) -> None:
    """Options beside `--network` are meant for the first one."""
    for option, (key, conflict) in _MORE.items():
        if option not in parsed.given or (option == "link" and not _user_defined(first["name"])):
            continue
        if key in first:
            raise ValueError(f"conflicting options: cannot specify both {conflict}")
        first[key] = parsed.given[option]


def _user_defined(name: str) -> bool:
    return name not in PREDEFINED and not name.startswith("container:")


def _alone(name: str) -> bool:
    """A mode that goes with no other network."""
    return name in ("host", "none") or name.startswith("container:")


def endpoint_settings(wanted: Wanted) -> dict[str, Any]:
    """EndpointSettings as the API takes them."""
    settings = {key: value for key, value in wanted.items() if key != "name" and key not in _IPAM}
    ipam = {key: wanted[key] for key in _IPAM if wanted.get(key)}
    return settings | ({"IPAMConfig": ipam} if ipam else {})
