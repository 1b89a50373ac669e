"""`python -m http.server`: the files below a directory. Source: docs.python.org/3/library/http.server.html.

What it says goes through Python's own buffer: into a pipe (docker logs) it comes only when Python is told not to hold
it back (-u, PYTHONUNBUFFERED), but for the log of requests, which goes to standard error.
"""

from __future__ import annotations

import html
from datetime import UTC, datetime
from urllib.parse import quote

from engine.loop import SECOND
from sim.abi import Proc
from sim.programs.options import Grammar, Usage, parse
from sim.programs.services.web import Found, Reply, Server, Visit, find, http_date, media_type, reason

GRAMMAR = Grammar.of("b:d:p:h", {"bind:": "b", "directory:": "d", "protocol:": "p", "cgi": "cgi"})
IDLE = 60.0
SIGINT = 2
TYPES = {
    "css": "text/css", "gif": "image/gif", "htm": "text/html", "html": "text/html", "jpg": "image/jpeg",
    "js": "text/javascript", "json": "application/json", "md": "text/markdown", "pdf": "application/pdf",
    "png": "image/png", "py": "text/x-python", "svg": "image/svg+xml", "txt": "text/plain", "xml": "text/xml",
}  # fmt: skip


async def http_server(proc: Proc, words: list[str], version: str) -> int:
    """`version`: "Python/3.14.7"."""
    try:
        options, operands = parse(GRAMMAR, words)
    except Usage as usage:
        await proc.err(f"usage: server.py [-h] [-b ADDRESS] [-d DIRECTORY] [port]\nserver.py: error: {usage.message}\n")
        return 2
    port = operands[0] if operands else "8000"
    if not port.isdigit() or int(port) > 65535:
        await proc.err("usage: server.py [-h] [-b ADDRESS] [-d DIRECTORY] [port]\n"
                       f"server.py: error: argument port: invalid int value: '{port}'\n")  # fmt: skip
        return 2
    address = options.get("b", "0.0.0.0")
    try:
        listener = proc.net.listen(address, int(port))
    except OSError as error:
        await proc.err("Traceback (most recent call last):\n"
                       f"OSError: [Errno {error.errno}] {error.strerror}\n")  # fmt: skip
        return 1
    title = f"Serving HTTP on {address} port {listener.address[1]} (http://{address}:{listener.address[1]}/) ...\n"
    direct = proc.isatty(1) or bool(proc.env.get("PYTHONUNBUFFERED")) or "-u" in proc.argv[1:2]
    if direct:
        await proc.out(title)
    server = Server(proc, [listener.fd], _Site(proc, options.get("d", proc.cwd), version).answer, IDLE)
    proc.signal(SIGINT, lambda number: server.stop())
    await server.run()
    await proc.out(("" if direct else title) + "\nKeyboard interrupt received, exiting.\n")
    return 0


class _Site:
    def __init__(self, proc: Proc, root: str, version: str) -> None:
        self._proc, self._root, self._version = proc, root, version

    async def answer(self, visit: Visit) -> Reply:
        reply = self._reply(visit)
        reply.headers = [("Server", f"SimpleHTTP/0.6 {self._version}"), ("Date", http_date(self._proc.now())),
                         *reply.headers, ("Connection", "close")]  # fmt: skip
        when = f"{datetime.fromtimestamp(self._proc.now() // SECOND, UTC):%d/%b/%Y %H:%M:%S}"
        lines = [f'"{visit.line}" {reply.status} -']
        if reply.status >= 400:
            lines.insert(0, f"code {reply.status}, message {reply.headers[2][1]}")
            del reply.headers[2]
        await self._proc.err("".join(f"{visit.client[0]} - - [{when}] {line}\n" for line in lines))
        return reply

    def _reply(self, visit: Visit) -> Reply:
        if visit.method not in ("GET", "HEAD"):
            return _error(501, f"Unsupported method ('{visit.method}')")
        try:
            found = find(self._proc, self._root, visit.path, ("index.html", "index.htm"))
        except OSError:
            return _error(404, "File not found")
        if found.entries is not None and not visit.path.endswith("/"):
            return Reply(301, [("Location", visit.target + "/"), ("Content-Length", "0")])
        return self._listing(visit.path, found) if found.entries is not None else _file(found)

    def _listing(self, path: str, found: Found) -> Reply:
        """The names in a directory, as links."""
        title = f"Directory listing for {html.escape(path)}"
        rows = []
        for name in sorted(found.entries or (), key=str.lower):
            shown = name + "/" if self._proc.stat(f"{found.path}/{name}").mode & 0o170000 == 0o040000 else name
            rows.append(f'<li><a href="{quote(shown)}">{html.escape(shown)}</a></li>')
        head = f'<head>\n<meta charset="utf-8">\n<title>{title}</title>\n</head>\n'
        body = f"<body>\n<h1>{title}</h1>\n<hr>\n<ul>\n" + "\n".join(rows) + "\n</ul>\n<hr>\n</body>\n"
        text = f'<!DOCTYPE HTML>\n<html lang="en">\n{head}{body}</html>\n'
        return _page(200, text)


def _file(found: Found) -> Reply:
    kind = media_type(found.path, TYPES, "application/octet-stream")
    headers = [("Content-type", kind), ("Content-Length", str(len(found.data))),
               ("Last-Modified", http_date(found.mtime))]  # fmt: skip
    return Reply(200, headers, found.data)


def _page(status: int, text: str) -> Reply:
    body = text.encode()
    return Reply(status, [("Content-type", "text/html;charset=utf-8"), ("Content-Length", str(len(body)))], body)


def _error(status: int, message: str) -> Reply:
    """The first header is the message for the log; it does not travel."""
    reply = _page(status, f"<!DOCTYPE HTML>\n<html>\n<head><title>Error response</title></head>\n<body>\n"
                          f"<h1>Error response</h1>\n<p>Error code: {status}</p>\n<p>Message: {message}.</p>\n"
                          f"<p>{reason(status)}</p>\n</body>\n</html>\n")  # fmt: skip
    reply.headers.insert(0, ("message", message))
    return reply
