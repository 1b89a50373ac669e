"""curl, the everyday part of it. Source: curl(1)."""

from __future__ import annotations

import errno
from dataclasses import dataclass

import h11

from sim.abi import Proc
from sim.programs.absent import said
from sim.programs.network.http import REDIRECTS, BadUrl, Broken, Connection, Url, field, fields, status_line
from sim.programs.options import Options, command

VERSION = "8.14.1"
TIMES = 50  # redirections
LONG = {"silent": "s", "show-error": "S", "head": "I", "include": "i", "verbose": "v", "output:": "o", "request:": "X",
        "data:": "d", "data-raw:": "d", "header:": "H", "location": "L", "fail": "f", "user-agent:": "A",
        "remote-name": "O", "insecure": "k", "max-time:": "m", "connect-timeout:": "connect-timeout", "version": "V",
        "write-out:": "w", "user:": "u", "retry:": "retry", "compressed": "compressed"}  # fmt: skip


class Failed(Exception):
    """Ends with curl's own number and text."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status, self.message = status, message


@dataclass(frozen=True, slots=True)
class Fetched:
    """What -w can tell of."""

    status: int
    size: int
    url: str
    seconds: float


@command("sSIivo:X:d:H:LfA:OkVm:w:u:", long=LONG, synopsis="[options...] <url>", about="Transfer a URL", status=2)
async def curl(proc: Proc, options: Options, operands: list[str]) -> int:
    if "V" in options:
        await proc.out(f"curl {await said(proc) or VERSION} (x86_64-pc-linux-gnu)\nProtocols: http\n")
        return 0
    if not operands:
        await proc.err("curl: (2) no URL specified\ncurl: try 'curl --help' or 'curl --manual' for more information\n")
        return 2
    status = 0
    for text in operands:
        try:
            fetched = await _Transfer(proc, options).run(text)
            await proc.out(_written(options.get("w"), fetched))
        except Failed as failed:
            status = failed.status
            if "s" not in options or "S" in options:
                await proc.err(f"curl: ({failed.status}) {failed.message}\n")
    return status


def _written(template: str, fetched: Fetched) -> str:
    known = {"http_code": f"{fetched.status:03}", "response_code": f"{fetched.status:03}", "url_effective": fetched.url,
             "size_download": str(fetched.size), "time_total": f"{fetched.seconds:.6f}"}  # fmt: skip
    for name, value in known.items():
        template = template.replace(f"%{{{name}}}", value)
    return template.replace("\\n", "\n").replace("\\t", "\t")


class _Transfer:
    def __init__(self, proc: Proc, options: Options) -> None:
        self._proc, self._options = proc, options

    async def run(self, text: str) -> Fetched:
        """Raises Failed."""
        began, url, method = self._proc.now(), self._parse(text), self._method()
        for _ in range(TIMES + 1):
            connection = await self._connect(url)
            try:
                response = await self._ask(connection, url, method)
                location = field(response, "location")
                follow = "L" in self._options and response.status_code in REDIRECTS and bool(location)
                size = await self._receive(connection, response, follow, url)
            except Broken as error:
                raise Failed(52, "Empty reply from server") from error
            except BadUrl as error:
                raise Failed(3, f"URL rejected: {error}") from None
            except ConnectionError as error:
                raise Failed(56, f"Recv failure: {error.strerror}") from None
            finally:
                connection.close()
            if not follow:
                return Fetched(response.status_code, size, str(url), (self._proc.now() - began) / 1e9)
            url = self._parse(url.join(location))
            if response.status_code in (301, 302, 303) and method == "POST":
                method = "GET"
        raise Failed(47, f"Maximum ({TIMES}) redirects followed")

    def _parse(self, text: str) -> Url:
        try:
            url = Url.parse(text)
        except BadUrl:
            raise Failed(3, "URL rejected: No host part in the URL") from None
        if url.scheme not in ("http", "https"):
            raise Failed(1, f'Protocol "{url.scheme}" not supported')
        return url

    def _method(self) -> str:
        options = self._options
        return options.get("X") or ("HEAD" if "I" in options else "POST" if "d" in options else "GET")

    async def _note(self, text: str) -> None:
        """What -v tells."""
        if "v" in self._options:
            await self._proc.err(f"* {text}\n")

    async def _connect(self, url: Url) -> Connection:
        began = self._proc.now()
        try:
            address = (await self._proc.net.resolve(url.host))[0]
        except OSError:
            await self._note(f"Could not resolve host: {url.host}")
            raise Failed(6, f"Could not resolve host: {url.host}") from None
        await self._note(f"  Trying {address}:{url.port}...")
        try:
            fd = await self._proc.net.connect(address, url.port)
        except InterruptedError:
            raise
        except OSError as error:
            spent = (self._proc.now() - began) // 1_000_000
            words = "Could not connect to server" if error.errno == errno.ECONNREFUSED else error.strerror
            raise Failed(7, f"Failed to connect to {url.host} port {url.port} after {spent} ms: {words}") from None
        await self._note(f"Connected to {url.host} ({address}) port {url.port}")
        return Connection(self._proc, fd)

    async def _ask(self, connection: Connection, url: Url, method: str) -> h11.Response:
        options = self._options
        sent = {"host": ("Host", url.authority), "user-agent": ("User-Agent", options.get("A", f"curl/{VERSION}")),
                "accept": ("Accept", "*/*")}  # fmt: skip
        body = "&".join(options.all("d")).encode()
        if "d" in options and method != "GET":
            sent["content-length"] = ("Content-Length", str(len(body)))
            sent["content-type"] = ("Content-Type", "application/x-www-form-urlencoded")
        for line in options.all("H"):
            name, _, value = line.partition(":")
            sent[name.lower()] = (name, value.strip())
        headers = [pair for pair in sent.values() if pair[1]]
        await connection.send(method, url, headers, body if "content-length" in sent else b"")
        await self._show(">", [f"{method} {url.path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers)])
        response = await connection.response()
        await self._show("<", [status_line(response), *(f"{name}: {value}" for name, value in fields(response))])
        return response

    async def _show(self, mark: str, lines: list[str]) -> None:
        if "v" in self._options:
            await self._proc.err("".join(f"{mark} {line}\n" for line in [*lines, ""]))

    async def _receive(self, connection: Connection, response: h11.Response, follow: bool, url: Url) -> int:
        """To standard output, or where -o says; returns how many bytes came."""
        proc, options = self._proc, self._options
        if "f" in options and response.status_code >= 400:
            raise Failed(22, f"The requested URL returned error: {response.status_code}")
        parts: list[bytes] = []
        if options.any("iI"):
            lines = [status_line(response), *(f"{name}: {value}" for name, value in fields(response)), "", ""]
            parts.append("\r\n".join(lines).encode("latin-1"))
        size = 0
        async for data in connection.body():
            size += len(data)
            if not follow:
                parts.append(data)
        target = options.get("o") or (url.path.rpartition("/")[2] if "O" in options else "")
        if target:
            proc.write_file(target, b"".join(parts))
        else:
            await proc.out(b"".join(parts))
        return size
