"""From names to addresses, as the C library does it: /etc/hosts, then the servers of /etc/resolv.conf.

127.0.0.11 is Docker's own server: it knows the containers on the same networks, and asks the host's servers for the
rest. Source: hosts(5), resolv.conf(5).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from engine.loop import SECOND
from sim.net.network import MICROSECOND, NetworkNamespace, is_address
from sim.vfs import files

if TYPE_CHECKING:
    from sim.net.network import Bridge

EMBEDDED = "127.0.0.11"
ANSWER = 150 * MICROSECOND  # of the embedded server
TIMEOUT, ATTEMPTS = 5, 2  # seconds for each server, rounds
UPSTREAM = "8.8.8.8"
EXTERNAL = re.compile(r"^# ExtServers: \[(.*)\]$", re.MULTILINE)
NO_NAME, TRY_AGAIN = (-2, "Name or service not known"), (-3, "Temporary failure in name resolution")


async def resolve(process: Any, space: NetworkNamespace, name: str, family: int = 0) -> list[str]:
    """Addresses of a name: of `family` 4 or 6, or (0) those of IPv6 only if no other can be reached (RFC 6724).

    Raises OSError with getaddrinfo(3)'s number and words.
    """
    if is_address(name):
        return [name]
    if found := _of_family(space, _in_hosts(_text(process, "/etc/hosts"), name), family):
        return found
    servers, search, dots = _configuration(_text(process, "/etc/resolv.conf"))
    names = [f"{name}.{domain}" for domain in search]
    names = [name, *names] if name.count(".") >= dots else [*names, name]
    answered = False
    for candidate in names:
        answer = await _ask(process, space, servers, candidate)
        if chosen := _of_family(space, answer or [], family):
            return chosen
        answered = answered or answer is not None
    raise OSError(*(NO_NAME if answered else TRY_AGAIN))


def _of_family(space: NetworkNamespace, addresses: list[str], family: int) -> list[str]:
    six = [address for address in addresses if ":" in address]
    four = [address for address in addresses if ":" not in address]
    if family:
        return six if family == 6 else four
    return six if not four or (six and not _reaches(space, four[0])) else four


def _reaches(space: NetworkNamespace, address: str) -> bool:
    """There is a route."""
    try:
        return space.fabric.find(space, address) is not None
    except OSError:
        return False


def servers_of(process: Any) -> list[str]:
    """The name servers that this process would ask."""
    return _configuration(_text(process, "/etc/resolv.conf"))[0]


def _text(process: Any, path: str) -> str:
    try:
        return files.read_file(process, path).decode(errors="replace")
    except OSError:
        return ""


def _in_hosts(text: str, name: str) -> list[str]:
    """Addresses that have this name, in the file's order."""
    wanted, found = name.lower().rstrip("."), []
    for line in text.splitlines():
        address, *names = line.partition("#")[0].split() or [""]
        if wanted in (each.lower() for each in names) and is_address(address):
            found.append(address)
    return found


def _configuration(text: str) -> tuple[list[str], list[str], int]:
    """Name servers, search list, and how many dots make a name tried as it is first."""
    servers, search, dots = [], [], 1
    for line in text.splitlines():
        word, *values = line.partition("#")[0].split() or [""]
        if word == "nameserver" and values:
            servers.append(values[0])
        elif word in ("search", "domain"):
            search = values
        elif word == "options":
            dots = next((int(v[6:]) for v in values if v.startswith("ndots:") and v[6:].isdigit()), dots)
    return servers or ["127.0.0.1"], search, dots


async def _ask(process: Any, space: NetworkNamespace, servers: list[str], name: str) -> list[str] | None:
    """The servers' answer: [] if the name does not exist, None if none of them answers."""
    for _ in range(ATTEMPTS):
        for server in servers:
            if space.fabric.faults.no_names:
                await process.sleep(TIMEOUT)
                continue
            if server == EMBEDDED:
                return await _embedded(process, space, name)
            try:
                way = space.fabric.find(space, server)
            except OSError:
                continue
            if way.remote is not None and way.remote.resolver:
                way.count(len(name) + 18)
                await process.sleep(space.fabric.jitter(way.latency) / SECOND)
                found = space.fabric.internet.lookup(name)
                way.count(len(name) + 18 + 16 * len(found), back=True)
                return found
            if way.lost or way.remote is not None:
                await process.sleep(TIMEOUT)
    return None


async def _embedded(process: Any, space: NetworkNamespace, name: str) -> list[str] | None:
    """Docker's own server: containers on the same networks, by name; of several in turn. Others ask the next server."""
    await process.sleep(ANSWER / SECOND)
    wanted = name.lower().rstrip(".")
    found = [address for bridge in _bridges(space) for address in _known(space, bridge, wanted)]
    if found:
        return space.fabric.random.sample(found, len(found)) if len(found) > 1 else found
    if all(bridge.internal for bridge in _bridges(space)):
        return []
    for server in EXTERNAL.findall(_text(process, "/etc/resolv.conf")) or [f"host({UPSTREAM})"]:
        for word in server.split():
            where = space.fabric.host if word.startswith("host(") else space
            answer = await _ask(process, where, [word.removeprefix("host(").removesuffix(")")], name)
            if answer is not None:
                return answer
    return None


def _bridges(space: NetworkNamespace) -> list[Bridge]:
    return [link.bridge for link in space.links if link.bridge is not None]


def _known(space: NetworkNamespace, bridge: Bridge, wanted: str) -> Sequence[str]:
    """Addresses of a name on one network: an alias of the asker's own, a name, or NAME.NETWORK."""
    asker = next((link.host_name for link in space.links if link.bridge is bridge), "")
    alias = bridge.aliases.get(asker, {}).get(wanted)
    if alias is not None:
        wanted = alias
    if not (addresses := bridge.names.get(wanted, ())) and wanted.endswith(f".{bridge.title.lower()}"):
        addresses = bridge.names.get(wanted[: -len(bridge.title) - 1], ())
    return addresses


async def reverse(process: Any, space: NetworkNamespace, address: str) -> str:
    """The name of an address, as the name servers say it: "web.lab" for a container. "" if nobody knows it."""
    if EMBEDDED in servers_of(process):
        await process.sleep(ANSWER / SECOND)
        for bridge in _bridges(space):
            for endpoint in bridge.endpoints.values():
                if address in endpoint.addresses and endpoint.names:
                    return f"{endpoint.names[0]}.{bridge.title}"
    return space.fabric.internet.reverse(address)
