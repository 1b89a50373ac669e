"""`-p` and `--expose`: port specifications (docker/go-connections nat)."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from typing import Any


def port_range(text: str) -> tuple[int, int]:
    """ "80" or "80-90". Raises ValueError with nat's words."""
    first, dash, last = text.partition("-")
    try:
        low, high = _port(first), _port(last if dash else first)
    except ValueError:
        raise ValueError(text) from None
    if high < low:
        raise ValueError(text)
    return low, high


def _port(text: str) -> int:
    if not re.fullmatch(r"\d{1,5}", text) or int(text) > 65535:
        raise ValueError(text)
    return int(text)


def _split(word: str) -> tuple[str, str, str]:
    """(ip, host port, container port); an IPv6 address stands in brackets."""
    if word.startswith("["):
        ip, _, rest = word[1:].partition("]:")
        host, _, container = rest.rpartition(":")
        return ip, host, container
    parts = word.split(":")
    if len(parts) > 3:
        raise ValueError(f"invalid IP address: {':'.join(parts[:-2])}")
    return (["", "", *parts] if len(parts) == 1 else ["", *parts] if len(parts) == 2 else parts)[-3:]  # type: ignore[return-value]


def port_bindings(words: Iterable[str]) -> dict[str, list[dict[str, str]]]:
    """{"80/tcp": [{"HostIp": "", "HostPort": "8080"}]}. Raises ValueError.

    >>> port_bindings(["8080:80"])
    {'80/tcp': [{'HostIp': '', 'HostPort': '8080'}]}
    """
    found: dict[str, list[dict[str, str]]] = {}
    for word in words:
        whole, _, protocol = word.partition("/")
        protocol = (protocol or "tcp").lower()
        if protocol not in ("tcp", "udp", "sctp"):
            raise ValueError(f"invalid proto: {protocol}")
        ip, host, container = _split(whole)
        if not container:
            raise ValueError(f"no port specified: {word}<empty>")
        if ip:
            try:
                ipaddress.ip_address(ip)
            except ValueError:
                raise ValueError(f"invalid IP address: {ip}") from None
        try:
            low, high = port_range(container)
        except ValueError:
            raise ValueError(f"invalid containerPort: {container}") from None
        for offset, host_port in enumerate(_host_ports(host, container, high - low + 1)):
            found.setdefault(f"{low + offset}/{protocol}", []).append({"HostIp": ip, "HostPort": host_port})
    return found


def _host_ports(host: str, container: str, count: int) -> list[str]:
    if not host:
        return [""] * count
    try:
        low, high = port_range(host)
    except ValueError:
        raise ValueError(f"invalid hostPort: {host}") from None
    if high - low + 1 != count:
        if count != 1:
            raise ValueError(f"invalid ranges specified for container and host Ports: {container} and {host}")
        return [host]
    return [str(port) for port in range(low, high + 1)]


def exposed_ports(words: Iterable[str]) -> dict[str, dict[str, Any]]:
    """ "80", "53/udp", "7000-7010". Raises ValueError."""
    found: dict[str, dict[str, Any]] = {}
    for word in words:
        text, _, protocol = word.partition("/")
        try:
            low, high = port_range(text)
        except ValueError:
            falling = re.fullmatch(r"\d+-\d+", text) is not None
            wrong = (
                f"invalid range specified for port: {text}"
                if falling
                else (f'strconv.ParseUint: parsing "{text}": invalid syntax')
            )
            raise ValueError(f"invalid range format for --expose: {word}, error: {wrong}") from None
        for port in range(low, high + 1):
            found[f"{port}/{protocol or 'tcp'}"] = {}
    return found
