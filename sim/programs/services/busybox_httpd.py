"""httpd, the little web server of BusyBox. Source: networking/httpd.c's help and texts."""

from __future__ import annotations

from http import HTTPStatus

from sim.abi import Proc
from sim.programs.options import Failure, Options, command
from sim.programs.services.web import Found, Reply, Server, Visit, find, http_date, media_type

IDLE = 60.0
TYPES = {
    "css": "text/css", "gif": "image/gif", "htm": "text/html", "html": "text/html", "jpeg": "image/jpeg",
    "jpg": "image/jpeg", "js": "text/javascript", "json": "application/json", "pdf": "application/pdf",
    "png": "image/png", "svg": "image/svg+xml", "txt": "text/plain", "xml": "text/xml",
}  # fmt: skip
REASONS = {404: "The requested URL was not found", 403: "", 400: "Unsupported method", 501: ""}


@command(
    "ifvp:h:c:u:r:", most=0, synopsis="[-ifv[v]] [-p [IP:]PORT] [-h HOME]", about="Listen for incoming HTTP requests"
)
async def httpd(proc: Proc, options: Options, operands: list[str]) -> int:
    home = options.get("h", ".")
    try:
        proc.chdir(home)
    except OSError as error:
        raise Failure(f"can't change directory to '{home}': {error.strerror}") from None
    address, _, port = options.get("p", "80").rpartition(":")
    if not port.isdigit() or not 0 < int(port) < 65536:
        raise Failure(f"bad port '{port}'")
    try:
        listener = proc.net.listen(address or "0.0.0.0", int(port))
    except OSError as error:
        raise Failure(f"bind: {error.strerror}") from None

    async def serve(proc: Proc) -> int:
        site = Site(proc, options.count("v"))
        await Server(proc, [listener.fd], site.answer, IDLE).run()
        return 0

    if "f" in options:
        return await serve(proc)

    async def daemon(proc: Proc) -> int:
        proc.setsid()
        return await serve(proc)

    proc.fork(daemon)
    return 0


class Site:
    """The files below the current directory. `verbose` 1 tells of each reply."""

    def __init__(self, proc: Proc, verbose: int) -> None:
        self._proc, self._verbose = proc, verbose

    async def answer(self, visit: Visit) -> Reply:
        reply = self._reply(visit)
        reply.headers = [("Date", http_date(self._proc.now())), ("Connection", "close"), *reply.headers]
        if self._verbose:
            host, port = visit.client
            await self._proc.err(f"[::ffff:{host}]:{port}: response:{reply.status}\n")
        return reply

    def _reply(self, visit: Visit) -> Reply:
        if visit.method not in ("GET", "HEAD"):
            return _error(501 if visit.method != "-" else 400)
        try:
            found = find(self._proc, self._proc.cwd, visit.path, ("index.html",))
        except PermissionError:
            return _error(403)
        except OSError:
            return _error(404)
        if found.entries is None:
            return self._file(found)
        if visit.path.endswith("/"):
            return _error(404)
        moved = _error(302)
        moved.headers.append(("Location", visit.target + "/"))
        return moved

    def _file(self, found: Found) -> Reply:
        kind = media_type(found.path, TYPES, "application/octet-stream")
        headers = [("Content-type", kind), ("Accept-Ranges", "bytes"), ("Last-Modified", http_date(found.mtime)),
                   ("Content-Length", str(len(found.data)))]  # fmt: skip
        return Reply(200, headers, found.data)


def _error(status: int) -> Reply:
    title = f"{status} {HTTPStatus(status).phrase}"
    head = f"<HTML><HEAD><TITLE>{title}</TITLE></HEAD>\n<BODY><H1>{title}</H1>\n"
    body = f"{head}{REASONS.get(status, '')}\n</BODY></HTML>\n".encode()
    return Reply(status, [("Content-type", "text/html"), ("Content-Length", str(len(body)))], body)
