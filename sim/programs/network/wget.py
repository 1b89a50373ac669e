"""wget, as BusyBox has it. Source: wget's help and texts in networking/wget.c."""

from __future__ import annotations

import errno
from urllib.parse import unquote

import h11

from sim.abi import O_CREAT, O_EXCL, O_TRUNC, O_WRONLY, Proc
from sim.programs.network.http import REDIRECTS, BadUrl, Broken, Connection, Headers, Url, field, fields, status_line
from sim.programs.options import Failure, Options, command

TIMES = 5  # redirections
STARS = 32  # columns of the progress bar
LONG = {"quiet": "q", "spider": "spider", "header:": "header", "post-data:": "post-data", "no-check-certificate": "k",
        "output-document:": "O", "server-response": "S", "user-agent:": "U", "timeout:": "T"}  # fmt: skip


@command("qcSO:P:U:T:Y:o:t:n:", long=LONG, least=1, synopsis="[-qcS] [-O FILE] [-U AGENT] [-T SEC] URL...",
         about="Retrieve files via HTTP")  # fmt: skip
async def wget(proc: Proc, options: Options, operands: list[str]) -> int:
    for text in operands:
        await _Download(proc, options).run(text)
    return 0


class _Download:
    """One URL on its way to a file."""

    def __init__(self, proc: Proc, options: Options) -> None:
        self._proc, self._options = proc, options

    async def run(self, text: str) -> None:
        url = self._parse(text)
        for _ in range(TIMES + 1):
            connection = await self._connect(url)
            try:
                response = await self._ask(connection, url)
                location = field(response, "location")
                if response.status_code not in REDIRECTS or not location:
                    await self._receive(connection, response, url)
                    return
            except Broken:
                raise Failure("error getting response") from None
            except ConnectionError as error:
                raise Failure(f"error getting response: {error.strerror}") from None
            finally:
                connection.close()
            url = self._parse(url.join(location))
        raise Failure("too many redirections")

    def _parse(self, text: str) -> Url:
        try:
            url = Url.parse(text)
        except BadUrl:
            raise Failure(f"bad address '{text}'") from None
        if url.scheme not in ("http", "https"):
            raise Failure(f"not an http or ftp url: {text}")
        return url

    async def _say(self, text: str) -> None:
        if "q" not in self._options:
            await self._proc.err(text)

    async def _connect(self, url: Url) -> Connection:
        try:
            address = (await self._proc.net.resolve(url.host))[0]
        except OSError:
            raise Failure(f"bad address '{url.authority}'") from None
        await self._say(f"Connecting to {url.authority} ({address}:{url.port})\n")
        try:
            return Connection(self._proc, await self._proc.net.connect(address, url.port))
        except InterruptedError:
            raise
        except OSError as error:
            raise Failure(f"can't connect to remote host ({address}): {error.strerror}") from None

    async def _ask(self, connection: Connection, url: Url) -> h11.Response:
        """Send the request; the answer's head, if it is a good one."""
        options = self._options
        sent: list[tuple[str, str]] = [("Host", url.authority), ("User-Agent", options.get("U", "Wget")),
                                       ("Connection", "close")]  # fmt: skip
        for line in options.all("header"):
            name, _, value = line.partition(":")
            sent = [pair for pair in sent if pair[0].lower() != name.lower()] + [(name, value.strip())]
        body = options.get("post-data").encode()
        if "post-data" in options:
            sent += [("Content-Type", "application/x-www-form-urlencoded"), ("Content-Length", str(len(body)))]
        method = "POST" if "post-data" in options else "HEAD" if "spider" in options else "GET"
        try:
            await connection.send(method, url, sent, body)
        except BadUrl as error:
            raise Failure(str(error)) from None
        response = await connection.response()
        if "S" in options:
            await self._show(status_line(response), fields(response))
        if response.status_code >= 400:
            raise Failure(f"server returned error: {status_line(response)}")
        return response

    async def _show(self, line: str, headers: Headers) -> None:
        lines = [line, *(f"{name}: {value}" for name, value in headers)]
        await self._proc.err("".join(f"  {text}\n" for text in lines))

    async def _receive(self, connection: Connection, response: h11.Response, url: Url) -> None:
        proc = self._proc
        if "spider" in self._options:
            await self._say("remote file exists\n")
            return
        target = self._options.get("O") or self._name(url)
        fd = 1 if target == "-" else self._create(target)
        await self._say("writing to stdout\n" if fd == 1 else f"saving to '{target}'\n")
        size = 0
        async for data in connection.body():
            await proc.write(fd, data)
            size += len(data)
        await self._say(_progress(target, size) + ("written to stdout\n" if fd == 1 else f"'{target}' saved\n"))
        if fd != 1:
            proc.close(fd)

    def _name(self, url: Url) -> str:
        """The last part of the path, in the folder of -P."""
        name = unquote(url.path.partition("?")[0]).rpartition("/")[2] or "index.html"
        return f"{self._options['P'].rstrip('/')}/{name}" if "P" in self._options else name

    def _create(self, path: str) -> int:
        flags = O_WRONLY | O_CREAT | (O_TRUNC if "O" in self._options else O_EXCL)
        try:
            return self._proc.open(path, flags)
        except OSError as error:
            words = "File exists" if error.errno == errno.EEXIST else error.strerror
            raise Failure(f"can't open '{path}': {words}") from None


def _progress(name: str, size: int) -> str:
    """The bar, when all has come."""
    shown = name.rpartition("/")[2][:20]
    amount, unit = (size, " ") if size < 100_000 else (size >> 10, "k") if size < 100_000 << 10 else (size >> 20, "M")
    return f"{shown:<20} 100% |{'*' * STARS}| {amount:>5}{unit} 0:00:00 ETA\n"
