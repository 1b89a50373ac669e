"""A small Internet behind the host: names, addresses, how far away they are, and what answers there.

Addresses of the name servers are the real ones; the others are from blocks reserved for documentation (RFC 5737, and
RFC 3849 for IPv6), so that nothing here can be taken for somebody's machine.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

from engine.loop import SECOND
from sim.packages.serving import service

if TYPE_CHECKING:
    from sim.net.sockets import Socket

MILLISECOND = SECOND // 1000
Service = Callable[["Socket"], Any]


@dataclass(frozen=True, slots=True)
class Remote:
    """A host out there. `latency` one way in ns; `services` by TCP port; `resolver`: answers DNS. `six`: its IPv6
    address, if it has one."""

    address: str
    names: tuple[str, ...]
    latency: int
    hops: int = 9
    services: Mapping[int, Service] = field(default_factory=dict)
    resolver: bool = False
    six: str = ""

    @property
    def addresses(self) -> tuple[str, ...]:
        return (self.address, self.six) if self.six else (self.address,)


class Internet:
    """Who is there. More hosts can be added."""

    def __init__(self) -> None:
        self._by_address: dict[str, Remote] = {}
        self._by_name: dict[str, list[str]] = {}
        for remote in HOSTS:
            self.add(remote)

    def add(self, remote: Remote) -> None:
        for address in remote.addresses:
            self._by_address[shortest(address)] = remote
        for name in remote.names:
            self._by_name.setdefault(name, []).extend(remote.addresses)

    def at(self, address: str) -> Remote | None:
        return self._by_address.get(shortest(address))

    def reverse(self, address: str) -> str:
        """The first name of an address; "" if it has none."""
        remote = self.at(address)
        return remote.names[0] if remote is not None and remote.names else ""

    def lookup(self, name: str) -> list[str]:
        """Addresses of a name; [] if there is no such name (NXDOMAIN)."""
        return list(self._by_name.get(name.lower().rstrip("."), ()))


def shortest(address: str) -> str:
    """An IPv6 address as RFC 5952 writes it; others as they are.

    >>> shortest("2001:DB8:0::80"), shortest("192.0.2.80")
    ('2001:db8::80', '192.0.2.80')
    """
    return str(ip_address(address)) if ":" in address else address


def page(title: str, text: str) -> Service:
    """An HTTP/1.1 server with one page."""
    body = (
        f"<!doctype html>\n<html><head><title>{title}</title></head>\n"
        f"<body><h1>{title}</h1><p>{text}</p></body></html>\n"
    )
    head = f"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"

    async def serve(socket: Socket) -> None:
        request = b""
        while b"\r\n\r\n" not in request and len(request) < 65536:
            data = await ready(socket.read, 65536)
            if not data:
                break
            request += data
        if b"\r\n\r\n" in request:
            answer = (head if request.startswith(b"HEAD ") else head + body).encode()
            await ready(socket.write, answer)
        socket.close()

    return serve


async def ready(call: Callable[[Any], Any], argument: Any) -> Any:
    """Call again until there is a result instead of a Future to wait for. A broken connection reads as ended."""
    try:
        while isinstance(result := call(argument), Awaitable):
            await result
    except OSError:
        return b""
    return result


HOSTS = (
    Remote("8.8.8.8", ("dns.google",), 6 * MILLISECOND, resolver=True, six="2001:4860:4860::8888"),
    Remote("8.8.4.4", ("dns.google",), 6 * MILLISECOND, resolver=True, six="2001:4860:4860::8844"),
    Remote("1.1.1.1", ("one.one.one.one",), 5 * MILLISECOND, 7, resolver=True, six="2606:4700:4700::1111"),
    Remote("9.9.9.9", ("dns9.quad9.net",), 8 * MILLISECOND, resolver=True, six="2620:fe::fe"),
    Remote(
        "192.0.2.80",
        ("example.com", "www.example.com", "example.org", "www.example.org", "example.net"),
        11 * MILLISECOND,
        services={80: page("Example Domain", "This domain is for use in documents without prior coordination.")},
        six="2001:db8::80",
    ),
    Remote(
        "198.51.100.10",
        ("google.com", "www.google.com"),
        7 * MILLISECOND,
        services={80: page("Google", "A page of the simulated Internet.")},
        six="2001:db8:10::1",
    ),
    Remote(
        "198.51.100.20",
        ("docker.com", "www.docker.com", "hub.docker.com", "docs.docker.com"),
        13 * MILLISECOND,
        services={80: page("Docker", "A page of the simulated Internet.")},
        six="2001:db8:20::1",
    ),
    Remote("198.51.100.21", ("registry-1.docker.io", "auth.docker.io"), 14 * MILLISECOND),
    Remote("198.51.100.30", ("github.com", "www.github.com"), 15 * MILLISECOND),
    Remote(
        "198.51.100.40",
        ("pypi.org", "files.pythonhosted.org"),
        9 * MILLISECOND,
        services={443: service("sim.packages.pypi")},
        six="2001:db8:40::1",
    ),
    Remote(
        "198.51.100.41",
        ("registry.npmjs.org",),
        12 * MILLISECOND,
        services={443: service("sim.packages.npmjs")},
        six="2001:db8:41::1",
    ),
    Remote(
        "198.51.100.50",
        ("deb.debian.org", "security.debian.org", "archive.ubuntu.com", "security.ubuntu.com"),
        10 * MILLISECOND,
        services={80: service("sim.packages.debian")},
        six="2001:db8:50::1",
    ),
    Remote(
        "198.51.100.60",
        ("dl-cdn.alpinelinux.org",),
        8 * MILLISECOND,
        services=dict.fromkeys((80, 443), service("sim.packages.alpine")),
        six="2001:db8:60::1",
    ),
    Remote(
        "203.0.113.53",
        ("wikipedia.org", "www.wikipedia.org", "en.wikipedia.org"),
        18 * MILLISECOND,
        services={80: page("Wikipedia", "A page of the simulated Internet.")},
        six="2001:db8:53::1",
    ),
)
