"""http.server, socketserver, urllib.request: a web server's handler classes, and a client. The protocol is h11's."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from io import BytesIO
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import h11

from sim.programs.python.calling import call
from sim.programs.python.modules.sockets import gaierror
from sim.programs.python.objects import Lent
from sim.programs.services.web import Reply, Server, Visit, http_date, log_date

if TYPE_CHECKING:
    from sim.programs.python.machine import Machine

Table = dict[str, Any]
IDLE = 60.0
SERVER = "BaseHTTP/0.6"


class Headers(Lent):
    """http.client.HTTPMessage: names without regard to case."""

    def __init__(self, headers: Mapping[str, str]) -> None:
        self._headers = {name.lower(): value for name, value in headers.items()}

    def get(self, name: str, default: Any = None) -> Any:
        return self._headers.get(name.lower(), default)

    def __getitem__(self, name: str) -> Any:
        return self.get(name)

    def __contains__(self, name: str) -> bool:
        return name.lower() in self._headers

    def items(self) -> list[tuple[str, str]]:
        return [
            ("-".join(part.capitalize() for part in name.split("-")), value) for name, value in self._headers.items()
        ]


class Handler(Lent):
    """http.server.BaseHTTPRequestHandler: one instance for each request; the program has do_GET and its like."""

    server_version, protocol_version = SERVER, "HTTP/1.0"

    def _begin(self, machine: Machine, visit: Visit) -> None:
        self._machine = machine
        self.path, self.command, self.requestline = visit.target, visit.method, visit.line
        self.client_address, self.request_version = visit.client, f"HTTP/{visit.version}"
        self.headers = Headers(visit.headers)
        self.rfile, self.wfile = BytesIO(visit.body), BytesIO()
        self._status, self._sent = 200, list[tuple[str, str]]()

    def _reply(self) -> Reply:
        body = self.wfile.getvalue()
        headers = list(self._sent)
        if not any(name.lower() == "content-length" for name, _ in headers):
            headers.append(("Connection", "close"))
        return Reply(self._status, headers, body)

    async def send_response(self, code: int, message: str | None = None) -> None:
        await self.log_request(code)
        self._status = int(code)
        version = self._machine.version.replace(" ", "/")
        self._sent = [("Server", f"{self.server_version} {version}"), ("Date", http_date(self._machine.proc.now()))]

    def send_header(self, name: str, value: Any) -> None:
        self._sent.append((str(name), str(value)))

    def end_headers(self) -> None: ...

    async def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        said = message or HTTPStatus(code).phrase
        await self.log_error("code %d, message %s", code, said)
        await self.send_response(code)
        self.send_header("Content-Type", "text/html;charset=utf-8")
        self.wfile.write(
            '<!DOCTYPE HTML>\n<html lang="en">\n    <head>\n        <meta charset="utf-8">\n'
            f"        <title>Error response</title>\n    </head>\n    <body>\n        <h1>Error response</h1>\n"
            f"        <p>Error code: {int(code)}</p>\n        <p>Message: {said}.</p>\n    </body>\n</html>\n".encode()
        )

    async def log_request(self, code: Any = "-", size: Any = "-") -> None:
        await self.log_message('"%s" %s %s', self.requestline, str(int(code)), str(size))

    async def log_error(self, form: str, *args: Any) -> None:
        await self.log_message(form, *args)

    async def log_message(self, form: str, *args: Any) -> None:
        stamp = log_date(self._machine.proc.now()).partition(" ")[0].replace(":", " ", 1)
        self._machine.err.write(f"{self.client_address[0]} - - [{stamp}] {form % args}\n")

    def address_string(self) -> str:
        return self.client_address[0]


Handler.__qualname__ = Handler.__name__ = "BaseHTTPRequestHandler"
Handler.__module__ = "http.server"


class HTTPServer(Lent):
    """http.server.HTTPServer: listens when it is made, answers in serve_forever()."""

    _machine: Machine

    def __init__(self, address: tuple[str, int], handler: type) -> None:
        self._listener = self._machine.proc.net.listen(address[0] or "0.0.0.0", address[1])
        self.server_address = (address[0] or "0.0.0.0", self._listener.address[1])
        self.server_port, self.RequestHandlerClass = self._listener.address[1], handler
        self._server = Server(self._machine.proc, [self._listener.fd], self._answer, IDLE)
        self._failure: BaseException | None = None

    async def _answer(self, visit: Visit) -> Reply:
        """One request by a handler of the program; its traceback, if it fails, goes to standard error."""
        from sim.programs.python import errors

        machine = self._machine
        kind: Any = self.RequestHandlerClass
        handler = kind.__new__(kind)
        handler._begin(machine, visit)
        handler.server = self
        method = getattr(handler, f"do_{visit.method}", None)
        if method is None:
            await handler.send_error(501, f"Unsupported method ('{visit.method}')")
            return _finish(handler)
        try:
            await call(machine, method, (), {})
        except Exception as error:
            machine.err.write(f"{'-' * 40}\nException occurred during processing of request from {visit.client}\n"
                              f"{errors.traceback_text(machine, error)}{'-' * 40}\n")  # fmt: skip
            return Reply(500, [("Connection", "close")])
        except (KeyboardInterrupt, SystemExit) as error:
            self._failure = error
            self._server.stop()
        await machine.step()
        return _finish(handler)

    async def serve_forever(self, poll_interval: float = 0.5) -> None:
        while True:
            try:
                await self._machine.wait(self._server.turn())
            except InterruptedError:
                continue
            if self._failure is not None:
                raise self._failure

    def server_close(self) -> None:
        self._listener.close()

    def shutdown(self) -> None:
        self._server.stop()

    def __enter__(self) -> HTTPServer:
        return self

    def __exit__(self, *_: Any) -> None:
        self.server_close()


def _finish(handler: Any) -> Reply:
    reply: Reply = handler._reply()
    return reply


def http_server(machine: Machine) -> Table:
    made = type("HTTPServer", (HTTPServer,), {"_machine": machine, "__module__": "http.server"})
    return {"BaseHTTPRequestHandler": Handler, "HTTPServer": made, "ThreadingHTTPServer": made}


def socketserver(machine: Machine) -> Table:
    return {"TCPServer": http_server(machine)["HTTPServer"]}


# -- the client


class URLError(OSError):
    """urllib.error.URLError."""

    def __init__(self, reason: Any) -> None:
        super().__init__(reason)
        self.reason = reason

    def __str__(self) -> str:
        return f"<urlopen error {self.reason}>"


class HTTPError(URLError):
    """urllib.error.HTTPError."""

    def __init__(self, code: int, msg: str, headers: Headers, body: bytes) -> None:
        super().__init__(msg)
        self.code, self.status, self.msg, self.headers, self._body = code, code, msg, headers, body

    def read(self) -> bytes:
        return self._body

    def __str__(self) -> str:
        return f"HTTP Error {self.code}: {self.msg}"


for _kind in (URLError, HTTPError):
    _kind.__module__ = "urllib.error"


class Response(Lent):
    """What urlopen gives."""

    def __init__(self, status: int, reason: str, headers: Headers, body: bytes, url: str) -> None:
        self.status = self.code = status
        self.reason, self.headers, self.url, self._body = reason, headers, url, BytesIO(body)

    def read(self, size: int = -1) -> bytes:
        return self._body.read(size)

    def getcode(self) -> int:
        return self.status

    def __enter__(self) -> Response:
        return self

    def __exit__(self, *_: Any) -> None: ...

    def __iter__(self) -> Any:
        return iter(self._body)


class Request(Lent):
    """urllib.request.Request."""

    def __init__(self, url: str, data: bytes | None = None, headers: Any = None, method: str | None = None) -> None:
        self.full_url, self.data, self.headers = url, data, dict(headers or {})
        self.method = method or ("POST" if data is not None else "GET")


async def fetch(machine: Machine, request: Request) -> Response:
    """One request over a connection of its own. Raises URLError."""
    parts = urlsplit(request.full_url)
    if parts.scheme != "http" or not parts.hostname:
        raise URLError(
            f"unknown url type: {parts.scheme}" if parts.scheme != "https" else "the simulated Python has no TLS"
        )
    proc = machine.proc
    try:
        addresses = await machine.wait(proc.net.resolve(parts.hostname, 4))
    except OSError:
        raise URLError(gaierror(-2, "Name or service not known")) from None
    try:
        fd = await machine.wait(proc.net.connect(addresses[0], parts.port or 80))
    except OSError as error:
        raise URLError(error) from None
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    host = parts.netloc.rpartition("@")[2]
    headers = {"Host": host, "User-Agent": f"Python-urllib/{machine.version.removeprefix('Python ')[:4]}",
               "Connection": "close"} | request.headers  # fmt: skip
    if request.data is not None:
        headers["Content-Length"] = str(len(request.data))
    http = h11.Connection(h11.CLIENT)
    asked = http.send(h11.Request(method=request.method, target=target, headers=list(headers.items()))) or b""
    try:
        await machine.wait(proc.write(fd, asked + (http.send(h11.Data(request.data)) or b"" if request.data else b"")))
        http.send(h11.EndOfMessage())
        return await _answered(machine, http, fd, request.full_url)
    except (h11.RemoteProtocolError, ConnectionError) as error:
        raise URLError(error) from None
    finally:
        proc.close(fd)


async def _answered(machine: Machine, http: h11.Connection, fd: int, url: str) -> Response:
    head: h11.Response | None = None
    body = bytearray()
    while True:
        event = http.next_event()
        if event is h11.NEED_DATA:
            http.receive_data(await machine.wait(machine.proc.read(fd)))
        elif isinstance(event, h11.Response):
            head = event
        elif isinstance(event, h11.Data):
            body += bytes(event.data)
        elif isinstance(event, h11.EndOfMessage | h11.ConnectionClosed):
            break
    if head is None:
        raise ConnectionResetError(104, "Connection reset by peer")
    headers = Headers({name.decode("latin-1"): value.decode("latin-1") for name, value in head.headers})
    return Response(head.status_code, bytes(head.reason).decode(), headers, bytes(body), url)


def urllib_request(machine: Machine) -> Table:
    async def urlopen(url: Any, data: bytes | None = None, timeout: float | None = None) -> Response:
        request = url if isinstance(url, Request) else Request(str(url), data)
        found = await fetch(machine, request)
        if found.status >= 400:
            raise HTTPError(found.status, found.reason, found.headers, found.read())
        return found

    return {"urlopen": urlopen, "Request": Request}


def urllib_error(machine: Machine) -> Table:
    return {"URLError": URLError, "HTTPError": HTTPError}
