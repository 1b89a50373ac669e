"""A daemon in the foreground: listen, say how to reach it, wait for a signal, stop cleanly."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import signal
import ssl
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

from engine.addresses import default_address
from engine.api.app import App
from engine.api.publish import Publisher
from engine.api.server import Application, Owner, Server
from engine.api.sockets import REACHABLE, Address, AddressError, parse_address
from engine.distribution.internet import Internet
from engine.distribution.transport import Gateway

if TYPE_CHECKING:
    from engine.daemon.engine import Engine

FILES = (65536, 10240, 4096)  # the middle one is OPEN_MAX of macOS


def run(
    name: str,
    make_engine: Callable[[], Engine],
    listen: Sequence[str],
    shares: Sequence[str] = (),
    tls: ssl.SSLContext | None = None,
) -> int:
    """Serve until SIGINT or SIGTERM; `listen` as `docker -H` writes addresses, empty for the default one.

    `shares` are the folders that bind mounts reach, in words for the user. `tls` is for the TCP addresses.
    """
    logging.basicConfig(format="%(levelname)s %(name)s: %(message)s", level=logging.WARNING)
    if name != "real":  # whose containers begin with the limits that the daemon has
        allow_files()
    try:
        addresses = [parse_address(text) for text in listen or [default_address(name)]]
        asyncio.run(serve(name, make_engine, addresses, shares, tls))
    except (AddressError, OSError) as error:
        print(f"glassdock: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:  # Windows: there is no other way to hear of ^C
        pass
    return 0


def allow_files() -> None:
    """As many open files, and so clients, as this process may have: it begins with 256 on macOS."""
    try:
        import resource
    except ImportError:  # Windows
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    for wanted in FILES:
        if soft != resource.RLIM_INFINITY and soft < wanted and (wanted <= hard or hard == resource.RLIM_INFINITY):
            with contextlib.suppress(OSError, ValueError):
                resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
                return


async def serve(
    name: str,
    make_engine: Callable[[], Engine],
    addresses: Sequence[Address],
    shares: Sequence[str] = (),
    tls: ssl.SSLContext | None = None,
) -> None:
    stop = _stop_signal()
    engine = make_engine()
    server = Server(engine, App(engine))
    publisher = Publisher(engine.host, server.driver)
    engine.host.publish_through(publisher)
    internet = Internet(server.driver)
    if isinstance(engine.images.transport, Gateway):
        engine.images.transport.reach_out(internet)
    try:
        real = [await server.listen(address, tls) for address in addresses]
        gc.collect()
        gc.freeze()  # what is here stays: the collector need not look at it again in the middle of a request
        announce(name, real, shares, tls)
        await stop.wait()
    finally:
        gc.unfreeze()
        await server.close()
        await internet.close()
        publisher.close_all()


def _stop_signal() -> asyncio.Event:
    """Set when the process is told to end."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):  # Windows
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
    return stop


class Service(Application, Owner, Protocol):
    """An application that owns its loop."""


def run_alone(make: Callable[[], Service], address: Address, announce: Callable[[Address], None]) -> int:
    """Serve one application that is no daemon, until SIGINT or SIGTERM. 1: cannot listen."""

    async def serve_alone() -> None:
        stop, service = _stop_signal(), make()
        server = Server(service, service)
        try:
            announce(await server.listen(address))
            await stop.wait()
        finally:
            await server.close()

    logging.basicConfig(format="%(levelname)s %(name)s: %(message)s", level=logging.WARNING)
    try:
        asyncio.run(serve_alone())
    except (AddressError, OSError) as error:
        print(f"glassdock: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:  # Windows
        pass
    return 0


def announce(
    name: str, addresses: Sequence[Address], shares: Sequence[str] = (), tls: ssl.SSLContext | None = None
) -> None:
    """The first line says where it listens; the rest is to be copied, or to be known."""
    print(f"glassdock: {name} listens on {' and '.join(map(str, addresses))}", flush=True)
    for address in addresses:
        if address.exposed() and (tls is None or tls.verify_mode is ssl.CERT_NONE):
            print(REACHABLE.format(address=address), file=sys.stderr, flush=True)
    if shares:
        print(f"Containers can be given (docker run -v): {', '.join(shares)}", flush=True)
    host = addresses[0]
    secure = tls is not None and not host.path
    keys = ",ca=$HOME/.docker/ca.pem,cert=$HOME/.docker/cert.pem,key=$HOME/.docker/key.pem" if secure else ""
    print("Point docker at it, for good or for one shell:", flush=True)
    print(f'  docker context create {name} --docker "host={host}{keys}" && docker context use {name}', flush=True)
    if sys.platform == "win32":
        print(f"  $env:DOCKER_HOST = '{host}'" + ("; $env:DOCKER_TLS_VERIFY = 1" if secure else ""), flush=True)
    else:
        print(f"  export DOCKER_HOST={host}" + (" DOCKER_TLS_VERIFY=1" if secure else ""), flush=True)
