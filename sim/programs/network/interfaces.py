"""ip, ifconfig and route: the interfaces and routes of a network namespace, as BusyBox shows them.

What ip changes is in sim/programs/network/changes.py. Source: ip(8), ifconfig(8), route(8).
"""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Interface, ip_interface

from sim.abi import Interface, Proc
from sim.programs.network import changes
from sim.programs.options import Failure, Options, Usage, command

Route = tuple[str, str, str]  # destination, gateway or "", interface
OBJECTS = ("address", "link", "neigh", "netns", "route")
PERMANENT = "       valid_lft forever preferred_lft forever\n"


# -- ip


@command("+46obrn:", synopsis="[OPTIONS] address|route|link", about="Show network devices and addresses")
async def ip(proc: Proc, options: Options, operands: list[str]) -> int:
    words = operands
    if not words:
        raise Usage()
    try:
        if "n" in options:
            return await changes.inside(proc, options["n"], [proc.argv[0], *words])
        return await _object(proc, options, words)
    except changes.Plain as plain:
        await proc.err(plain.message + "\n")
        return plain.status


async def _object(proc: Proc, options: Options, words: list[str]) -> int:
    found = [object for object in OBJECTS if object.startswith(words[0])] or [_alias(words[0])]
    if found[0] == "netns":
        return await changes.netns(proc, words[1:])
    if words[1:] and words[1] in changes.VERBS:
        return await changes.change(proc, found[0], words[1:])
    if words[1:] and not any(verb.startswith(words[1]) for verb in ("show", "list", "lst")):
        raise Failure(_unknown(words[1]), 2)
    wanted = [word for word in words[2:] if word != "dev"]
    links = [link for link in proc.net.interfaces() if not wanted or link.name in wanted]
    if wanted and not links and found[0] != "route":
        raise Failure(f"can't find device '{wanted[0]}'")
    family = 6 if "6" in options else 4 if "4" in options else 0
    if found[0] == "route":
        routes = [route for route in proc.net.routes() if (":" in route[0] + route[1]) == (family == 6)]
        shown = [_ip_route(route, proc.net.interfaces()) for route in sorted(routes, key=_first)]
    elif found[0] == "neigh":
        shown = []
    else:
        show = _brief if "b" in options else _ip_link
        shown = [show(link, found[0] == "address", family) for link in links]
    if "o" in options:
        shown = [text.removesuffix("\n").replace("\n", "\\") + "\n" for text in shown]
    await proc.out("".join(shown))
    return 0


def _alias(word: str) -> str:
    if word in ("addr", "a"):
        return "address"
    raise Failure(_unknown(word))


def _unknown(word: str) -> str:
    return (
        f'either "dev" is duplicate, or "{word}" is garbage' if word == "dev" else f"invalid argument '{word}' to 'ip'"
    )


def _flags(link: Interface) -> str:
    kind = ["LOOPBACK"] if link.name == "lo" else ["BROADCAST", "MULTICAST"]
    if not link.carrier:
        return ",".join([*["NO-CARRIER"] * link.up, *kind, *["UP"] * link.up, "M-DOWN"])
    state = ["UP", "LOWER_UP"] if link.up else []
    return ",".join(kind + state + (["M-DOWN"] if link.peer and link.up else []))


def _state(link: Interface) -> str:
    if link.up and not link.carrier:
        return "LOWERLAYERDOWN"
    return "UNKNOWN" if link.name == "lo" and link.up else "UP" if link.up else "DOWN"


def _named(link: Interface) -> str:
    return f"{link.name}@if{link.peer}" if link.peer else link.name


def _ip_link(link: Interface, addresses: bool, family: int) -> str:
    master = f" master {link.master}" if link.master else ""
    queue = f" qdisc {'noqueue' if link.up else 'noop'}{master} state {_state(link)} "
    queue += "qlen 1000" if link.name == "lo" else ""
    text = f"{link.index}: {_named(link)}: <{_flags(link)}> mtu {link.mtu}{queue}\n"
    if not family:
        kind, broadcast = ("loopback", "00:00:00:00:00:00") if link.name == "lo" else ("ether", "ff:ff:ff:ff:ff:ff")
        text += f"    link/{kind} {link.mac} brd {broadcast}\n"
    for address in link.addresses if addresses else ():
        if family != (4 if ":" in address else 6):
            text += _ip_address(link, address)
    return text


def _ip_address(link: Interface, text: str) -> str:
    address = ip_interface(text)
    if address.version == 6:
        return f"    inet6 {text} scope {'link' if address.ip.is_link_local else 'global'} \n{PERMANENT}"
    scope = "host lo" if link.name == "lo" else f"{'link' if address.ip.is_link_local else 'global'} {link.name}"
    broadcast = "" if link.name == "lo" else f" brd {address.network.broadcast_address}"
    return f"    inet {text}{broadcast} scope {scope}\n{PERMANENT}"


def _brief(link: Interface, addresses: bool, family: int) -> str:
    shown = [each for each in link.addresses if family != (4 if ":" in each else 6)]
    last = " ".join(shown) if addresses else f"{link.mac} <{_flags(link)}>"
    return f"{_named(link):<16} {_state(link):<14} {last} \n"


def _ip_route(route: Route, links: list[Interface]) -> str:
    target, gateway, device = route
    if ":" in target + gateway:
        return f"{target} {f'via {gateway} ' if gateway else ''}dev {device}  metric {1024 if gateway else 256} \n"
    if gateway:
        return f"{target} via {gateway} dev {device} \n"
    own = next(link.addresses for link in links if link.name == device)
    source = next((each.partition("/")[0] for each in own if _is_on(each, target)), "")
    return f"{target} dev {device} scope link  src {source} \n"


def _is_on(address: str, network: str) -> bool:
    return str(ip_interface(address).network) == network


def _first(route: Route) -> tuple[bool, str]:
    return route[0] != "default", route[0]


# -- ifconfig


@command("a", synopsis="[-a] [INTERFACE]", about="Show network interfaces", most=1)
async def ifconfig(proc: Proc, options: Options, operands: list[str]) -> int:
    links = proc.net.interfaces()
    if operands:
        links = [link for link in links if link.name == operands[0]]
        if not links:
            raise Failure(f"{operands[0]}: error fetching interface information: Device not found")
    shown = [link for link in links if link.up or "a" in options or operands]
    await proc.out("".join(_ifconfig(link) + "\n" for link in sorted(shown, key=lambda link: link.name)))
    return 0


def _ifconfig(link: Interface) -> str:
    loopback = link.name == "lo"
    kind = "Local Loopback  " if loopback else f"Ethernet  HWaddr {link.mac.upper()}  "
    lines = [f"{link.name:<9} Link encap:{kind}"]
    for text in link.addresses:
        address = ip_interface(text)
        if isinstance(address, IPv6Interface):
            lines.append(f"inet6 addr: {text} Scope:{'Link' if address.ip.is_link_local else 'Global'}")
            continue
        broadcast = "" if loopback else f"  Bcast:{address.network.broadcast_address}"
        lines.append(f"inet addr:{address.ip}{broadcast}  Mask:{address.netmask}")
    flags = ["UP"] if link.up else []
    flags += (
        ["LOOPBACK", "RUNNING"] if loopback else ["BROADCAST", "RUNNING", "MULTICAST"] if link.up else ["BROADCAST"]
    )
    lines += [
        f"{' '.join(flags)}  MTU:{link.mtu}  Metric:1",
        f"RX packets:{link.rx_packets} errors:0 dropped:0 overruns:0 frame:0",
        f"TX packets:{link.tx_packets} errors:0 dropped:0 overruns:0 carrier:0",
        f"collisions:0 txqueuelen:{1000 if loopback else 0} ",
        f"RX bytes:{link.rx_bytes} ({_human(link.rx_bytes)})  TX bytes:{link.tx_bytes} ({_human(link.tx_bytes)})",
    ]
    return "\n          ".join(lines) + "\n"


def _human(size: int) -> str:
    """ifconfig's own units: 1024, with one decimal."""
    amount, units = float(size), ["B", "KiB", "MiB", "GiB", "TiB"]
    while amount >= 1024 and len(units) > 1:
        amount, units = amount / 1024, units[1:]
    return f"{amount:.1f} {units[0]}"


# -- route


@command("ne", synopsis="[-ne]", about="Show routing tables", most=0)
async def route(proc: Proc, options: Options, operands: list[str]) -> int:
    await proc.out(routing_table(proc.net.routes(), "n" in options))
    return 0


def routing_table(routes: list[Route], numeric: bool) -> str:
    """As route(8) and netstat -r show it."""
    head = ("Destination", "Gateway", "Genmask", "Flags", "Metric", "Ref", "Use", "Iface")
    shown = sorted((route for route in routes if ":" not in route[0] + route[1]), key=_first)
    rows = [head] + [_row(route, numeric) for route in shown]
    lines = (f"{a:<15} {b:<15} {c:<15} {d:<5} {e:<6} {f:<3} {g:>6} {h}" for a, b, c, d, e, f, g, h in rows)
    return "Kernel IP routing table\n" + "\n".join(lines).replace("Ref       Use", "Ref    Use") + "\n"


def _row(route: Route, numeric: bool) -> tuple[str, ...]:
    target, gateway, device = route
    network = IPv4Network("0.0.0.0/0" if target == "default" else target)
    name = "default" if target == "default" and not numeric else str(network.network_address)
    nobody = "0.0.0.0" if numeric else "*"
    return name, gateway or nobody, str(network.netmask), "UG" if gateway else "U", "0", "0", "0", device
