"""Ports as EXPOSE takes them: "80", "53/udp", "7000-7010/tcp" (docker/go-connections, nat)."""

from __future__ import annotations

import re
from collections.abc import Iterable

from engine.errors import InvalidParameter

PROTOCOLS = ("tcp", "udp", "sctp")
NUMBER = re.compile(r"\d{1,5}")
LARGEST = 65535


def port_specs(specs: Iterable[str]) -> list[str]:
    """One "80/tcp" for each port. Raises InvalidParameter.

    >>> port_specs(["80", "7000-7001/udp", "8080:90"])
    ['80/tcp', '7000/udp', '7001/udp', '90/tcp']
    """
    return [port for spec in specs for port in _ports(spec)]


def _ports(spec: str) -> list[str]:
    written, _, protocol = spec.partition("/")
    container = written.rpartition(":")[2]
    protocol = protocol.lower() or "tcp"
    if not container:
        raise InvalidParameter(f"no port specified: {spec}<empty>")
    if protocol not in PROTOCOLS:
        raise InvalidParameter(f"invalid proto: {protocol}")
    first, dash, last = container.partition("-")
    low, high = _number(first), _number(last) if dash else _number(first)
    if low is None or high is None or high < low:
        raise InvalidParameter(f"invalid containerPort: {container}")
    return [f"{port}/{protocol}" for port in range(low, high + 1)]


def _number(text: str) -> int | None:
    return int(text) if NUMBER.fullmatch(text) and int(text) <= LARGEST else None
