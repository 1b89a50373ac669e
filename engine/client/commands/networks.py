"""docker network create, connect, disconnect, rm (docker/cli: cli/command/network)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from ipaddress import ip_address, ip_network
from typing import Any

from engine.client.attachments import endpoint_settings
from engine.client.commandline import Parsed
from engine.client.context import ApiError, Context, Failure
from engine.client.settings import pairs


def create(context: Context, parsed: Parsed) -> int:
    wanted: dict[str, Any] = {
        "Name": parsed.arguments[0],
        "Driver": parsed.get("driver", "bridge"),
        "Scope": parsed.get("scope", ""),
        "Internal": parsed.flag("internal"),
        "Attachable": parsed.flag("attachable"),
        "Ingress": parsed.flag("ingress"),
        "ConfigOnly": parsed.flag("config-only"),
        "IPAM": {
            "Driver": parsed.get("ipam-driver", "default"),
            "Options": pairs(parsed.values("ipam-opt")),
            "Config": _subnets(parsed),
        },
        "Options": pairs(parsed.values("opt")),
        "Labels": pairs(parsed.values("label")),
    }
    for name in ("ipv4", "ipv6"):
        if name in parsed.given:
            wanted[f"EnableIP{name[2:]}"] = parsed.given[name]
    if source := parsed.get("config-from", ""):
        wanted["ConfigFrom"] = {"Network": source}
    context.console.out(context.api.json("POST", "/networks/create", body=wanted)["Id"])
    return 0


def _subnets(parsed: Parsed) -> list[dict[str, Any]]:
    """Ranges, gateways and auxiliary addresses, each in the subnet that it lies in. Raises Failure."""
    subnets, ranges, gateways = parsed.values("subnet"), parsed.values("ip-range"), parsed.values("gateway")
    if len(subnets) < len(ranges) or len(subnets) < len(gateways):
        raise Failure("every ip-range or gateway must have a corresponding subnet")
    found: dict[str, dict[str, Any]] = {}
    for subnet in subnets:
        if any(_overlap(subnet, other) for other in found):
            raise Failure("multiple overlapping subnet configuration is not supported")
        found[subnet] = {"Subnet": subnet}
    _file(found, "IPRange", "range", ranges)
    _file(found, "Gateway", "gateway", gateways)
    for name, address in pairs(parsed.values("aux-address")).items():
        if (subnet := _home(found, address)) is None:
            raise Failure(f"no matching subnet for aux-address {address}")
        found[subnet].setdefault("AuxiliaryAddresses", {})[name] = address
    return list(found.values())


def _file(found: dict[str, dict[str, Any]], key: str, what: str, words: Sequence[str]) -> None:
    for word in words:
        if (subnet := _home(found, word)) is None:
            raise Failure(f"no matching subnet for {what} {word}")
        if (other := found[subnet].get(key)) is not None:
            which = f"{'on' if what == 'range' else 'for'} the same subnet ({subnet})"
            raise Failure(f"cannot configure multiple {what}s ({word}, {other}) {which}")
        found[subnet][key] = word


def _home(subnets: Iterable[str], word: str) -> str | None:
    """The subnet in which an address, or the beginning of a range, lies."""
    try:
        address = ip_address(word.partition("/")[0])
        return next((text for text in subnets if address in ip_network(text, strict=False)), None)
    except ValueError:
        return None


def _overlap(one: str, other: str) -> bool:
    try:
        first, second = ip_network(one, strict=False), ip_network(other, strict=False)
    except ValueError:
        return False
    return first.network_address in second or second.network_address in first


def connect(context: Context, parsed: Parsed) -> int:
    network, container = parsed.arguments
    given = {
        "IPv4Address": parsed.get("ip", ""), "IPv6Address": parsed.get("ip6", ""),
        "LinkLocalIPs": parsed.values("link-local-ip"), "Links": parsed.values("link"),
        "Aliases": parsed.values("alias"), "GwPriority": parsed.get("gw-priority", 0),
        "DriverOpts": _driver_options(parsed.values("driver-opt")),
    }  # fmt: skip
    body = {"Container": container, "EndpointConfig": endpoint_settings(given)}
    context.api.call("POST", f"/networks/{network}/connect", body=body).read()
    return 0


def _driver_options(words: Iterable[str]) -> dict[str, str]:
    for word in words:
        if not word.partition("=")[1]:
            raise Failure("invalid key/value pair format in driver options")
    return pairs(words)


def disconnect(context: Context, parsed: Parsed) -> int:
    network, container = parsed.arguments
    body = {"Container": container, "Force": parsed.flag("force")}
    context.api.call("POST", f"/networks/{network}/disconnect", body=body).read()
    return 0


def rm(context: Context, parsed: Parsed) -> int:
    failed = False
    for name in parsed.arguments:
        try:
            context.api.call("DELETE", f"/networks/{name}").read()
            context.console.out(name)
        except ApiError as error:
            if not (parsed.flag("force") and error.status == 404):
                context.console.err(f"Error response from daemon: {error}")
                failed = True
    if failed:
        raise Failure("exit status 1")
    return 0
