"""A daemon in the foreground: listen, say how to reach it, wait for a signal, stop cleanly."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import signal
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from engine.addresses import default_address
from engine.api.publish import Publisher
from engine.api.server import Server
from engine.api.sockets import REACHABLE, Address, AddressError, parse_address

if TYPE_CHECKING:
    from engine.daemon.engine import Engine


def run(name: str, make_engine: Callable[[], Engine], listen: Sequence[str], shares: Sequence[str] = ()) -> int:
    """Serve until SIGINT or SIGTERM; `listen` as `docker -H` writes addresses, empty for the default one.

    `shares` are the folders that bind mounts reach, in words for the user.
    """
    logging.basicConfig(format="%(levelname)s %(name)s: %(message)s", level=logging.WARNING)
    try:
        addresses = [parse_address(text) for text in listen or [default_address(name)]]
        asyncio.run(serve(name, make_engine, addresses, shares))
    except (AddressError, OSError) as error:
        print(f"glassdock: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:  # Windows: there is no other way to hear of ^C
        pass
    return 0


async def serve(
    name: str, make_engine: Callable[[], Engine], addresses: Sequence[Address], shares: Sequence[str] = ()
) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):  # Windows
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
    engine = make_engine()
    server = Server(engine)
    publisher = Publisher(engine.host, server.driver)
    engine.host.publish_through(publisher)
    try:
        real = [await server.listen(address) for address in addresses]
        gc.collect()
        gc.freeze()  # what is here stays: the collector need not look at it again in the middle of a request
        announce(name, real, shares)
        await stop.wait()
    finally:
        gc.unfreeze()
        await server.close()
        publisher.close_all()


def announce(name: str, addresses: Sequence[Address], shares: Sequence[str] = ()) -> None:
    """The first line says where it listens; the rest is to be copied, or to be known."""
    print(f"glassdock: {name} listens on {' and '.join(map(str, addresses))}", flush=True)
    for address in addresses:
        if address.exposed():
            print(REACHABLE.format(address=address), file=sys.stderr, flush=True)
    if shares:
        print(f"Containers can be given (docker run -v): {', '.join(shares)}", flush=True)
    host = addresses[0]
    print("Point docker at it, for good or for one shell:", flush=True)
    print(f"  docker context create {name} --docker host={host} && docker context use {name}", flush=True)
    if sys.platform == "win32":
        print(f"  $env:DOCKER_HOST = '{host}'", flush=True)
    else:
        print(f"  export DOCKER_HOST={host}", flush=True)
