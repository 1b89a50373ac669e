"""Values of options: how docker reads sizes, durations, times and switches, and what it says to wrong ones.

Sources: pflag (numbers and switches), docker/go-units (sizes), Go's time.ParseDuration, docker/cli opts.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from fractions import Fraction
from typing import Any

from engine.client import forms
from engine.client.attachments import network_option
from engine.client.mounts import mount_option
from engine.timestamps import parse_duration
from engine.units import ram_in_bytes as size

LISTS = {
    "list", "filter", "map", "stringArray", "strings", "stringToString", "ulimit", "mount", "network", "gpu-request",
}  # fmt: skip

_TRUE = {"1", "t", "T", "true", "TRUE", "True"}
_FALSE = {"0", "f", "F", "false", "FALSE", "False"}


def boolean(text: str) -> bool:
    """Go's strconv.ParseBool."""
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    raise ValueError(f'strconv.ParseBool: parsing "{text}": invalid syntax')


def integer(text: str) -> int:
    """Go's strconv.ParseInt with base 0, for 64 bits."""
    try:
        value = int(text, 0)
    except ValueError:
        raise ValueError(f'strconv.ParseInt: parsing "{text}": invalid syntax') from None
    if not -(1 << 63) <= value < 1 << 63:
        raise ValueError(f'strconv.ParseInt: parsing "{text}": value out of range')
    return value


def unsigned(text: str, bits: int = 64) -> int:
    """Go's strconv.ParseUint with base 0."""
    try:
        value = int(text, 0)
    except ValueError:
        value = -1
    if value < 0:
        raise ValueError(f'strconv.ParseUint: parsing "{text}": invalid syntax')
    if value >= 1 << bits:
        raise ValueError(f'strconv.ParseUint: parsing "{text}": value out of range')
    return value


def memory_swap(text: str) -> int:
    """Bytes; -1 is "unlimited"."""
    return -1 if text == "-1" else size(text)


def duration(text: str) -> int:
    """Nanoseconds, from Go's time.ParseDuration: "1m30s", "500ms".

    >>> duration("1m30s")
    90000000000
    """
    try:
        return parse_duration(text)
    except ValueError:
        if re.fullmatch(r"[-+]?[\d.]+", text):
            raise ValueError(f'time: missing unit in duration "{text}"') from None
        raise


def nano_cpus(text: str) -> int:
    """Billionths of a CPU, from "1.5"."""
    try:
        value = Fraction(text)
    except (ValueError, ZeroDivisionError):
        raise ValueError(f"failed to parse {text} as a rational number") from None
    if (value * 10**9).denominator != 1:
        raise ValueError("value is too precise")
    return int(value * 10**9)


def filter_(text: str) -> tuple[str, str]:
    """ "status=exited" """
    name, equals, value = text.partition("=")
    if not equals:
        raise ValueError(
            "invalid argument: " + f'"{text}"' if not text else "bad format of filter (expected name=value)"
        )
    return name.strip().lower(), value.strip()


def environment_variable(text: str) -> str:
    if not text or text.startswith("="):
        raise ValueError(f"invalid environment variable: {text}")
    return text


def extra_host(text: str) -> str:
    """ "name:address" or "name=address" """
    name, _, address = text.partition("=" if "=" in text else ":")
    if not name or not address:
        raise ValueError(f'bad format for add-host: "{text}"')
    if address != "host-gateway":
        try:
            ipaddress.ip_address(address.strip("[]"))
        except ValueError:
            raise ValueError(f'invalid IP address in add-host: "{address}"') from None
    return text


def ip_address(text: str) -> str:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        raise ValueError(f"IP address is not correctly formatted: {text}") from None
    return text


def image_name(text: str) -> str:
    from engine.image.reference import InvalidReference, Reference

    try:
        Reference.parse(text)
    except InvalidReference as error:
        raise ValueError(error.message) from None
    return text


def pairs(text: str) -> dict[str, str]:
    """
    >>> pairs("host=tcp://far:2375,skip-tls-verify=true")
    {'host': 'tcp://far:2375', 'skip-tls-verify': 'true'}
    """
    parts = text.split(",")
    if wrong := [part for part in parts if "=" not in part]:
        raise ValueError(f"{wrong[0]} must be formatted as key=value")
    return dict(part.split("=", 1) for part in parts)


# options whose values are looked at more closely than their kind says
CHECKED: dict[str, Callable[[str], Any]] = {
    "env": environment_variable,
    "add-host": extra_host,
    "attach": forms.stream,
    "blkio-weight-device": forms.weight_device,
    "device-cgroup-rule": forms.cgroup_rule,
    "device-read-bps": forms.bytes_rate,
    "device-read-iops": forms.operations_rate,
    "device-write-bps": forms.bytes_rate,
    "device-write-iops": forms.operations_rate,
    "dns-search": forms.search_domain,
    "gpus": forms.gpu_request,
    "label": forms.label,
    "link": forms.link,
    "mount": mount_option,
    "sysctl": forms.sysctl,
    "build-arg": environment_variable,
    "tag": image_name,
    "dns": ip_address,
    "memory-swap": memory_swap,
}

KINDS: dict[str, Callable[[str], Any]] = {
    "bool": boolean,
    "int": integer,
    "uint": unsigned,
    "uint16": lambda text: unsigned(text, 16),
    "bytes": size,
    "duration": duration,
    "decimal": nano_cpus,
    "ulimit": forms.ulimit,
    "filter": filter_,
    "network": network_option,
    "stringToString": pairs,
}
