"""`glassdock hub`: the pretended hub alone, as an ordinary registry over HTTP, for any client there is.

    glassdock hub                                    the teaching images, at localhost:5000/library/…
    glassdock hub --empty --data DIR                 a registry of one's own; what is pushed stays in DIR
    glassdock hub --auth ann:secret --auth bob:pw    only for them

Without --auth everybody may pull, push and delete: it listens on this computer alone unless --host says otherwise.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from engine.api.messages import Request, Response
from engine.distribution.access import Members, TokenGuard
from engine.distribution.registry import FolderTree, MemoryTree, Registry
from engine.loop import Loop, WallClock
from sim.hub.hub import token
from sim.hub.search import search
from sim.hub.shelf import Shelf
from sim.hub.storage import HubStorage, Nothing

if TYPE_CHECKING:
    from engine.api.sockets import Address

SERVICE = "glassdock hub"
OPEN = "glassdock: hub: anybody who can reach {address} can push to it and delete (see --auth)"


class HubApp:
    """What a socket serves: the registry at /v2/, the token office at /token, search at /v1/search."""

    def __init__(
        self, loop: Loop, *, empty: bool = False, data: Path | None = None, accounts: Mapping[str, str]
    ) -> None:
        self.loop = loop
        self._shelf = None if empty else Shelf()
        self._storage = HubStorage(self._shelf or Nothing(), FolderTree(data) if data is not None else MemoryTree())
        self._guard: TokenGuard | None = None
        if accounts:
            import secrets  # who guesses it writes tokens

            key = secrets.token_bytes(32)
            self._guard = TokenGuard(Members(accounts), lambda: loop.time, key, "{host}/token", SERVICE)
        self._registry = Registry(self._storage, self._guard, deletes=True)

    async def handle(self, request: Request) -> Response:
        if request.path == "/token" and self._guard is not None:
            return await token(self._guard, request)
        if request.path == "/v1/search" and self._guard is None:
            return search(self._storage, self._shelf, (), request)
        return await self._registry.handle(request)

    async def close(self) -> None:
        """Nothing is left open."""


def main(argv: Sequence[str]) -> int:
    """Until SIGINT or SIGTERM. 1: cannot listen; 2: words that are not understood."""
    options = parser().parse_args(argv)
    from engine.api.sockets import Address
    from engine.serve import run_alone

    accounts = dict(pair.split(":", 1) for pair in options.auth)
    return run_alone(
        lambda: HubApp(Loop(WallClock()), empty=options.empty, data=options.data, accounts=accounts),
        Address(host=options.host, port=options.port),
        lambda address: _announce(address, bool(accounts)),
    )


def parser() -> argparse.ArgumentParser:
    words = argparse.ArgumentParser(prog="glassdock hub", description="A registry for any client, over HTTP.")
    add = words.add_argument
    add("--port", type=int, default=5000, help="0: any free one (default: 5000)")
    add("--host", metavar="ADDRESS", default="127.0.0.1", help="where to listen (default: this computer only)")
    add("--data", metavar="DIR", type=Path, help="keep what is pushed there (default: in memory)")
    add("--empty", action="store_true", help="without the teaching images")
    add(
        "--auth", metavar="USER:PASSWORD", action="append", default=[], type=account, help="an account; may be repeated"
    )
    return words


def account(text: str) -> str:
    user, colon, password = text.partition(":")
    if not user or not colon or not password:
        raise ValueError
    return text


def _announce(address: Address, guarded: bool) -> None:
    where = f"{address.host}:{address.port}"
    print(f"glassdock: hub listens on http://{where}", flush=True)
    if address.exposed() and not guarded:
        print(OPEN.format(address=where), file=sys.stderr, flush=True)
