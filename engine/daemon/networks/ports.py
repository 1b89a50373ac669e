"""Ports as clients write them: "80", "53/udp", and which of them a container wants published."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from engine.daemon.networks.network import ANY_ADDRESS
from engine.errors import InvalidParameter
from engine.host import PortBinding

if TYPE_CHECKING:
    from engine.daemon.container import Container

PORT = re.compile(r"(\d+)(?:/(tcp|udp|sctp))?", re.IGNORECASE)


def wanted_ports(container: Container, any_address: str = ANY_ADDRESS) -> list[PortBinding]:
    """The bindings that the settings ask for: `-p`, and with `-P` all exposed ports that have none."""
    host = container.host_config
    if not host.port_bindings and not host.publish_all_ports:
        return []
    wanted = []
    for port, bindings in host.port_bindings.items():
        number, protocol = parse_port(port)
        for binding in bindings or ():
            first, _, last = binding.host_port.partition("-")
            ends = int(first or 0), int(last or 0)
            wanted.append(PortBinding(number, protocol, binding.host_ip or any_address, *ends))
    if host.publish_all_ports:
        for port in container.config.exposed_ports or ():
            number, protocol = parse_port(port)
            if not any(host.port_bindings.get(key) for key in (port, f"{number}/{protocol}")):
                wanted.append(PortBinding(number, protocol, any_address))
    return sorted(wanted, key=lambda each: not each.host_port)  # those that leave the choice come last


def parse_port(text: str) -> tuple[int, str]:
    """
    >>> parse_port("80"), parse_port("53/udp")
    ((80, 'tcp'), (53, 'udp'))
    """
    match = PORT.fullmatch(text)
    if match is None or not 0 < int(match[1]) < 65536:
        raise InvalidParameter(f'invalid port specification: "{text}"')
    return int(match[1]), (match[2] or "tcp").lower()
