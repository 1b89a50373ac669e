"""The playground on loopback: the page, and a websocket to a process of its own for each tab (worker.py).

Only this computer is served, and of it only who has the token: it is in the address that `glassdock playground` prints,
and becomes a cookie at the first visit, so that the address can be shared without it. Other sites' pages are refused by
their Origin, other names for this computer by their Host (DNS rebinding).
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import sys
import tempfile
from asyncio.subprocess import PIPE, Process
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from aiohttp import WSMsgType, web

STATIC = Path(__file__).parent / "static"
TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src data:; "
    "connect-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY, "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin", "Cache-Control": "no-cache",
}  # fmt: skip
TABS, IDLE = 12, 30 * 60.0  # at once; seconds without a message
MESSAGE, LINE = 1 << 20, 64 << 20  # bytes of a message from the page, of one to it
FULL, ASLEEP, ENDED = 4001, 4002, 4003  # close codes, for the page
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(slots=True)
class Playground:
    """Serves at most `tabs` tabs; one that is silent for `idle` seconds is closed."""

    port: int
    lang: str = ""
    tabs: int = TABS
    idle: float = IDLE
    token: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    _open: set[Process] = field(default_factory=set)

    @property
    def address(self) -> str:
        """What to open in a browser."""
        return f"http://127.0.0.1:{self.port}/?token={self.token}" + (f"&lang={self.lang}" if self.lang else "")

    def application(self) -> web.Application:
        """Pages and the websocket."""
        app = web.Application(middlewares=[self._guard])
        app.router.add_get("/", self._page)
        app.router.add_get("/session", self._session)
        app.router.add_get("/{name}", self._static)
        return app

    @property
    def _cookie(self) -> str:
        return f"glassdock-playground-{self.port}"

    # -- who may come in

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.host not in (f"127.0.0.1:{self.port}", f"localhost:{self.port}"):
            raise web.HTTPForbidden(text="This playground is for this computer only.\n")
        answer = await handler(request)
        if not answer.prepared:
            answer.headers.update(HEADERS)
        return answer

    def _known(self, request: web.Request) -> bool:
        given = request.query.get("token") or request.cookies.get(self._cookie, "")
        return secrets.compare_digest(given.encode(), self.token.encode())

    # -- what there is

    async def _page(self, request: web.Request) -> web.StreamResponse:
        if not self._known(request):
            raise web.HTTPForbidden(text="Open the address that `glassdock playground` has printed.\n")
        if "token" not in request.query:
            return _file("index.html")
        kept = {name: value for name, value in request.query.items() if name != "token"}
        answer = web.Response(status=302, headers={"Location": str(request.url.with_query(kept).relative())})
        answer.set_cookie(self._cookie, self.token, httponly=True, samesite="Strict")
        return answer

    async def _static(self, request: web.Request) -> web.StreamResponse:
        return _file(request.match_info["name"])

    async def _session(self, request: web.Request) -> web.StreamResponse:
        """A tab, from its first message to its end."""
        origin = urlsplit(request.headers.get("Origin", ""))
        if not self._known(request) or origin.scheme != "http" or origin.netloc != request.host:
            raise web.HTTPForbidden(text="Not from here.\n")
        socket = web.WebSocketResponse(heartbeat=30, max_msg_size=MESSAGE)
        await socket.prepare(request)
        if len(self._open) >= self.tabs:
            await socket.close(code=FULL, message=b"too many tabs")
            return socket
        with tempfile.TemporaryDirectory(prefix="glassdock-playground-") as folder:
            worker = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "classroom.playground.worker", folder, stdin=PIPE, stdout=PIPE, limit=LINE
            )
            self._open.add(worker)
            try:
                await self._carry(socket, worker)
            finally:
                self._open.discard(worker)
                with contextlib.suppress(ProcessLookupError):
                    worker.kill()
                await worker.wait()
        return socket

    async def _carry(self, socket: web.WebSocketResponse, worker: Process) -> None:
        """Messages both ways, until one side is gone or the page has been silent for too long."""
        assert worker.stdin is not None
        down = asyncio.create_task(_down(worker, socket))
        try:
            while not down.done():
                message = await socket.receive(timeout=self.idle)
                if message.type is not WSMsgType.TEXT:
                    break
                worker.stdin.write(message.data.replace("\n", " ").encode("utf-8", "replace") + b"\n")
                await worker.stdin.drain()
        except TimeoutError:
            await socket.close(code=ASLEEP, message=b"asleep")
        except ConnectionError:
            pass  # the worker has ended
        finally:
            down.cancel()
            with contextlib.suppress(asyncio.CancelledError, ConnectionError):
                await down


async def _down(worker: Process, socket: web.WebSocketResponse) -> None:
    assert worker.stdout is not None
    while line := await worker.stdout.readline():
        await socket.send_str(line.decode())
    await socket.close(code=ENDED, message=b"the session has ended")


def _file(name: str) -> web.Response:
    path = STATIC / name
    if path.parent != STATIC or path.suffix not in TYPES or not path.is_file():
        raise web.HTTPNotFound(text="There is no such page.\n")
    return web.Response(body=path.read_bytes(), content_type=TYPES[path.suffix], charset="utf-8")


async def serve(playground: Playground, ready: Callable[[Playground], object]) -> None:
    """Until cancelled. `ready` is called when it listens; port 0 has become a number by then. Raises OSError."""
    runner = web.AppRunner(playground.application(), access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", playground.port).start()
        playground.port = runner.addresses[0][1]
        ready(playground)
        await asyncio.Event().wait()
    finally:
        await runner.cleanup()
