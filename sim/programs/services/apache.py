"""httpd, the Apache HTTP Server: one parent, some children that serve, access and error logs as Apache writes them.

Source: httpd(8), httpd.apache.org "Stopping and Restarting". Of the configuration it reads Listen, DocumentRoot,
DirectoryIndex, ServerName, User, Options Indexes, CustomLog's file and ErrorLog.
"""

from __future__ import annotations

import shlex
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime

from engine.loop import SECOND
from sim.abi import O_APPEND, O_CREAT, O_WRONLY, SIG_IGN, Proc
from sim.programs import accounts
from sim.programs.options import Options, command
from sim.programs.services.web import Found, Reply, Server, Visit, find, http_date, log_date, media_type

PREFIX = "/usr/local/apache2"
SIGHUP, SIGINT, SIGUSR1, SIGTERM, SIGWINCH = 1, 2, 10, 15, 28
CHILDREN = 3  # StartServers of mpm_event
IDLE = 5.0  # KeepAliveTimeout
TITLES = {400: "Bad Request", 403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed", 301: "Moved Permanently"}
TEXTS = {
    400: "Your browser sent a request that this server could not understand.",
    403: "You don't have permission to access this resource.",
    404: "The requested URL was not found on this server.",
    405: "The requested method {method} is not allowed for this URL.",
    301: 'The document has moved <a href="{location}">here</a>.',
}


@dataclass(frozen=True, slots=True)
class Settings:
    listens: tuple[tuple[str, int], ...]
    root: str
    index: tuple[str, ...]
    name: str  # "" if there is no ServerName
    user: str
    listing: bool  # Options Indexes
    error_log: str
    access_log: str
    types: dict[str, str]


class ConfError(Exception):
    """As httpd words it."""


@command("D:f:k:vtSXd:e:", synopsis="[-D name] [-d directory] [-f file] [-k start|restart|graceful|stop] [-v] [-t]",
         about="The Apache HTTP Server")  # fmt: skip
async def httpd(proc: Proc, options: Options, operands: list[str]) -> int:
    version = proc.env.get("HTTPD_VERSION", "2.4.68")
    if "v" in options:
        await proc.out(f"Server version: Apache/{version} (Unix)\n")
        return 0
    prefix = proc.env.get("HTTPD_PREFIX", PREFIX)
    try:
        settings = read(proc, options.get("f", f"{prefix}/conf/httpd.conf"), prefix)
        if "t" in options:
            await proc.err("Syntax OK\n")
            return 0
        parent = Parent(proc, settings, prefix, version)
        if not settings.name:
            await parent.complain_of_name()
        parent.bind()
    except ConfError as error:
        await proc.err(f"{error}\n")
        return 1
    if "FOREGROUND" in options.all("D") or "X" in options:
        return await parent.run(proc)
    proc.fork(parent.run)
    return 0


def read(proc: Proc, path: str, prefix: str) -> Settings:
    """Raises ConfError."""
    try:
        text = proc.read_file(path).decode(errors="replace")
    except OSError as error:
        raise ConfError(f"httpd: Could not open configuration file {path}: {error.strerror}") from None
    found: dict[str, list[list[str]]] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if (line := line.strip()) and not line.startswith(("#", "<")):
            try:
                name, *words = shlex.split(line)
            except ValueError as error:
                raise ConfError(f"AH00526: Syntax error on line {number} of {path}:\n{error}") from None
            found.setdefault(name.lower(), []).append(words)

    def last(name: str, default: str) -> list[str]:
        return found.get(name, [[default]])[-1]

    return Settings(
        tuple(_listen(words[0]) for words in found.get("listen", [["80"]])),
        last("documentroot", f"{prefix}/htdocs")[0],
        tuple(last("directoryindex", "index.html")),
        last("servername", "")[0],
        last("user", "daemon")[0],
        any("Indexes" in words or "+Indexes" in words for words in found.get("options", [])),
        last("errorlog", "/proc/self/fd/2")[0],
        last("customlog", "/proc/self/fd/1")[0],
        _types(proc, f"{prefix}/conf/mime.types"),
    )


def _listen(word: str) -> tuple[str, int]:
    host, _, port = word.rpartition(":")
    if not port.isdigit() or not 0 < int(port) < 65536:
        raise ConfError("Port must be specified")
    return (host if host and host != "*" else "0.0.0.0"), int(port)


def _types(proc: Proc, path: str) -> dict[str, str]:
    """{ending: type} from a file of lines "type ending…"."""
    with suppress(OSError):
        rows = [line.split() for line in proc.read_file(path).decode().splitlines() if line[:1] not in ("", "#")]
        return {ending: kind for kind, *endings in rows for ending in endings}
    return {}


class Parent:
    """Holds the sockets and the children; obeys signals."""

    def __init__(self, proc: Proc, settings: Settings, prefix: str, version: str) -> None:
        self._proc, self._settings, self._version = proc, settings, version
        self._pid_file = f"{prefix}/logs/httpd.pid"
        self._listeners: list[int] = []
        self._children: list[int] = []
        self._signals: list[int] = []
        self._error_log = self._access_log = 2

    async def complain_of_name(self) -> None:
        """Twice, as it reads its configuration twice."""
        proc = self._proc
        address = next(
            (link.addresses[0] for link in proc.net.interfaces() if link.name != "lo" and link.addresses), ""
        )
        name = address.partition("/")[0] or "127.0.0.1"
        await proc.err(
            "AH00558: httpd: Could not reliably determine the server's fully qualified domain name, "
            f"using {name}. Set the 'ServerName' directive globally to suppress this message\n" * 2
        )

    def bind(self) -> None:
        """Raises ConfError."""
        proc, settings = self._proc, self._settings
        for address, port in settings.listens:
            try:
                self._listeners.append(proc.net.listen(address, port).fd)
            except OSError as error:
                text = f"(98){error.strerror}: AH00072: make_sock: could not bind to address {address}:{port}"
                raise ConfError(
                    f"{text}\nno listening sockets available, shutting down\nAH00015: Unable to open logs"
                ) from None
        try:
            self._error_log = proc.open(settings.error_log, O_WRONLY | O_CREAT | O_APPEND)
            self._access_log = proc.open(settings.access_log, O_WRONLY | O_CREAT | O_APPEND)
        except OSError as error:
            raise ConfError(f"(2){error.strerror}: AH00091: httpd: could not open error log file") from None

    async def run(self, proc: Proc) -> int:
        self._proc = proc
        for number in (SIGTERM, SIGWINCH, SIGINT, SIGHUP, SIGUSR1):
            proc.signal(number, self._signals.append)
        try:
            proc.write_file(self._pid_file, f"{proc.pid}\n".encode())
        except OSError as error:
            await self._log(
                "core", f"({error.errno}){error.strerror}: AH00099: could not create {self._pid_file}", "error"
            )
            await self._log("core", f"AH00100: httpd: could not log pid to file {self._pid_file}", "error")
            return 1
        await self._log("mpm_event", f"AH00489: Apache/{self._version} (Unix) configured -- resuming normal operations")
        await self._log("core", "AH00094: Command line: 'httpd -D FOREGROUND'")
        self._start()
        while True:
            try:
                await self._replace(*await proc.wait())
            except InterruptedError:
                if not await self._obey():
                    break
        with suppress(OSError):
            proc.unlink(self._pid_file)
        return 0

    def _start(self) -> None:
        logs = (self._error_log, self._access_log)
        self._children = [
            self._proc.fork(Child(self._settings, self._listeners, logs, self._version).run) for _ in range(CHILDREN)
        ]

    async def _replace(self, pid: int, status: int) -> None:
        """A child that died on its own gets a successor."""
        if pid in self._children:
            self._children.remove(pid)
            if status < 0:
                await self._log("core", f"AH00052: child pid {pid} exit signal {-status}")
            logs = (self._error_log, self._access_log)
            self._children.append(self._proc.fork(Child(self._settings, self._listeners, logs, self._version).run))

    async def _obey(self) -> bool:
        """False: it is time to go."""
        while self._signals:
            number = self._signals.pop(0)
            if number in (SIGHUP, SIGUSR1):
                name = "AH00493: SIGUSR1 received.  Doing graceful restart" if number == SIGUSR1 else (
                    "AH00494: SIGHUP received.  Attempting to restart")  # fmt: skip
                await self._log("mpm_event", name)
                await self._dismiss(SIGTERM)
                self._start()
                continue
            graceful = "AH00492: caught SIGWINCH, shutting down gracefully"
            await self._log("mpm_event", graceful if number == SIGWINCH else "AH00491: caught SIGTERM, shutting down")
            await self._dismiss(SIGTERM)
            return False
        return True

    async def _dismiss(self, number: int) -> None:
        children, self._children = self._children, []
        for pid in children:
            self._proc.kill(pid, number)
        for pid in children:
            with suppress(ChildProcessError, InterruptedError):
                await self._proc.wait(pid)

    async def _log(self, module: str, text: str, level: str = "notice") -> None:
        await self._proc.write(self._error_log, _stamp(self._proc, f"{module}:{level}", text).encode())


def _stamp(proc: Proc, level: str, text: str) -> str:
    """A line of the error log."""
    now = datetime.fromtimestamp(proc.now() / SECOND, UTC)
    return f"[{now:%a %b %d %H:%M:%S.%f %Y}] [{level}] [pid {proc.pid}:tid {proc.pid}] {text}\n"


class Child:
    """Serves."""

    def __init__(self, settings: Settings, listeners: list[int], logs: tuple[int, int], version: str) -> None:
        self._settings, self._listeners, self._version = settings, listeners, version
        self._error_log, self._access_log = logs

    async def run(self, proc: Proc) -> int:
        self._proc = proc
        user = accounts.user(proc, self._settings.user)
        if user is not None and proc.uid == 0:
            proc.setuid(user.uid, user.gid)
        server = Server(proc, self._listeners, self._answer, IDLE)
        proc.signal(SIGTERM, lambda number: server.stop())
        for number in (SIGWINCH, SIGHUP, SIGUSR1, SIGINT):
            proc.signal(number, SIG_IGN)
        await server.run()
        return 0

    async def _answer(self, visit: Visit) -> Reply:
        reply = self._reply(visit)
        base = [("Date", http_date(self._proc.now())), ("Server", f"Apache/{self._version} (Unix)")]
        reply.headers = [*base, *reply.headers]
        size = 0 if visit.method == "HEAD" else len(reply.body)
        line = visit.line if visit.method != "-" else "-"
        text = f'{visit.client[0]} - - [{log_date(self._proc.now())}] "{line}" {reply.status} {size or "-"}\n'
        await self._proc.write(self._access_log, text.encode())
        return reply

    def _reply(self, visit: Visit) -> Reply:
        if visit.method == "-":
            return _page(400)
        if visit.method == "OPTIONS":
            return Reply(200, [("Allow", "OPTIONS,HEAD,GET,POST,TRACE"), ("Content-Length", "0")])
        if visit.method not in ("GET", "HEAD", "POST"):
            return _page(405, method=visit.method)
        try:
            found = find(self._proc, self._settings.root, visit.path, self._settings.index)
        except PermissionError:
            return _page(403)
        except OSError:
            return _page(404)
        if found.entries is None:
            return self._content(found)
        if not visit.path.endswith("/"):
            location = f"http://{visit.headers.get('host', 'localhost')}{visit.path}/"
            moved = _page(301, location=location)
            moved.headers.append(("Location", location))
            return moved
        if not self._settings.listing:
            return _page(403)
        return _listing(visit.path, tuple(self._shown(found.path, name) for name in found.entries))

    def _shown(self, folder: str, name: str) -> str:
        """A name in a listing; those of directories end in a slash."""
        return f"{name}/" if self._proc.stat(f"{folder}/{name}").mode & 0o170000 == 0o040000 else name

    def _content(self, found: Found) -> Reply:
        tag = f'"{len(found.data):x}-{found.mtime // 1000:x}"'
        kind = media_type(found.path, self._settings.types, "")
        headers = [("Last-Modified", http_date(found.mtime)), ("ETag", tag), ("Accept-Ranges", "bytes"),
                   ("Content-Length", str(len(found.data)))]  # fmt: skip
        return Reply(200, headers + ([("Content-Type", kind)] if kind else []), found.data)


def _page(status: int, **words: str) -> Reply:
    title = TITLES[status]
    body = (
        '<!DOCTYPE HTML PUBLIC "-//IETF//DTD HTML 2.0//EN">\n'
        f"<html><head>\n<title>{status} {title}</title>\n</head><body>\n<h1>{title}</h1>\n"
        f"<p>{TEXTS[status].format(**words)}</p>\n</body></html>\n"
    ).encode()
    return Reply(status, [("Content-Length", str(len(body))), ("Content-Type", "text/html; charset=iso-8859-1")], body)


def _listing(path: str, names: tuple[str, ...]) -> Reply:
    title = f"Index of {path.rstrip('/') or '/'}"
    up = [] if path == "/" else ['<li><a href="../"> Parent Directory</a></li>']
    rows = "\n".join([*up, *(f'<li><a href="{name}"> {name}</a></li>' for name in names)])
    body = (
        '<!DOCTYPE HTML PUBLIC "-//W3C//DTD HTML 3.2 Final//EN">\n<html>\n <head>\n'
        f"  <title>{title}</title>\n </head>\n <body>\n<h1>{title}</h1>\n<ul>{rows}\n</ul>\n</body></html>\n"
    ).encode()
    return Reply(200, [("Content-Length", str(len(body))), ("Content-Type", "text/html;charset=ISO-8859-1")], body)
