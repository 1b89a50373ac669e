"""Networks: each a bridge with the containers plugged into it, their addresses, and the ports that are published.

Facts: `GET /networks/{id}` of each, and `GET /containers/json`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from classroom.drawing import Canvas, Picture
from classroom.texts import tell

Facts = Mapping[str, Any]
WIDTH, HEIGHT, GAP = 200, 82, 18  # of a container's box, pixels
LEFT, ROW = 210, 186  # where containers begin; from one network to the next


def draw(networks: Sequence[Facts], containers: Sequence[Facts]) -> Picture:
    """`networks` as inspected, `containers` as listed (running ones have a place in the picture)."""
    canvas = Canvas(tell("networks"))
    listed = {container["Id"]: container for container in containers}
    y = 30.0
    drawn = [network for network in networks if network["Driver"] == "bridge" or members(network, listed)]
    for network in drawn:
        _draw_network(canvas, network, members(network, listed), y)
        y += ROW
    if not drawn:
        canvas.text(16, 30, tell("no networks"), colour="faint")
    return canvas.picture("\n".join(_text(drawn, listed)))


def members(network: Facts, containers: Mapping[str, Facts]) -> list[tuple[Facts, str]]:
    """(container, its address) of all that run on a network, in the order of their addresses' text."""
    found = []
    for id, endpoint in (network.get("Containers") or {}).items():
        if id in containers:
            found.append((containers[id], endpoint.get("IPv4Address", "").split("/")[0]))
    return sorted(found, key=lambda pair: [int(part) for part in pair[1].split(".") if part])


def ports(container: Facts) -> list[str]:
    """Published ports, as `docker ps` says them: "127.0.0.1:8080→80/tcp"."""
    return [
        f"{port.get('IP', '')}:{port['PublicPort']}→{port['PrivatePort']}/{port['Type']}"
        for port in container.get("Ports") or []
        if "PublicPort" in port
    ]


def _subnet(network: Facts) -> str:
    config = (network.get("IPAM") or {}).get("Config") or [{}]
    return str(config[0].get("Subnet", ""))


def _draw_network(canvas: Canvas, network: Facts, inside: Sequence[tuple[Facts, str]], y: float) -> None:
    bridged = network["Driver"] == "bridge"
    width = LEFT + max(2, len(inside)) * (WIDTH + GAP)
    canvas.box(12, y - 16, width, ROW - 24, fill="paper", edge="purple" if bridged else "line", dashed=not bridged)
    canvas.text(26, y + 8, network["Name"], bold=True)
    canvas.text(
        26, y + 28, network["Driver"] + (", internal" if network.get("Internal") else ""), colour="faint", size=12
    )
    canvas.text(26, y + 46, _subnet(network), mono=True, size=12)
    config = (network.get("IPAM") or {}).get("Config") or [{}]
    if gateway := config[0].get("Gateway", ""):
        canvas.text(26, y + 64, tell("gateway", address=gateway), mono=True, size=12)
    bus = y + 128
    if bridged:
        canvas.line([(26, bus), (width - 6, bus)], colour="purple", heavy=True)
        canvas.text(26, bus - 8, "bridge", size=12, colour="purple")
    for at, (container, address) in enumerate(inside):
        _draw_container(canvas, container, address, LEFT + at * (WIDTH + GAP), y - 4, bus if bridged else 0)


def _draw_container(canvas: Canvas, container: Facts, address: str, x: float, y: float, bus: float) -> None:
    canvas.box(x, y, WIDTH, HEIGHT, fill="blue-soft", edge="blue")
    canvas.text(x + 10, y + 20, container["Names"][0].lstrip("/"), bold=True, within=WIDTH - 20)
    canvas.text(x + 10, y + 38, container["Image"], size=12, colour="faint", within=WIDTH - 20)
    canvas.text(x + 10, y + 55, address, mono=True, size=12)
    if bus:
        canvas.line([(x + WIDTH / 2, y + HEIGHT), (x + WIDTH / 2, bus)], colour="purple")
        canvas.text(x + WIDTH / 2 + 6, bus - 24, "veth", size=12, colour="purple")
    for at, port in enumerate(ports(container)[:2]):
        canvas.text(x + WIDTH - 10, y + 73 - 17 * at, port, size=12, anchor="end", colour="orange", mono=True)


def _text(networks: Sequence[Facts], listed: Mapping[str, Facts]) -> Iterator[str]:
    for network in networks:
        yield f"{network['Name']} ({network['Driver']}) {_subnet(network)}".rstrip()
        for container, address in members(network, listed):
            published = "  ".join(ports(container))
            yield f"  {container['Names'][0].lstrip('/'):<20} {address:<15} {published}".rstrip()
