"""What an nginx configuration answers to a request: servers, locations, files, redirections, upstreams.

Of nginx's modules: core (root, alias, index, try_files, error_page), rewrite's return, autoindex, proxy, log. The
reference is nginx.org's list of directives.
"""

from __future__ import annotations

import errno
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from engine.loop import SECOND
from sim.abi import Proc
from sim.programs.network.http import Broken, Connection, Url, fields
from sim.programs.services.nginx_conf import ConfError, Directive, each, words_of
from sim.programs.services.web import Found, Reply, Visit, find, http_date, log_date, media_type, reason

COMBINED = (
    '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent"'
)
NOTHING: Mapping[str, str] = {}
HOP = ("connection", "keep-alive", "transfer-encoding", "content-length", "date", "server", "host")
_VARIABLE = re.compile(r"\$(?:\{(\w+)\}|(\w+))")


@dataclass(frozen=True, slots=True)
class Location:
    """`kind` as in the configuration: "", "=", "^~", "~" or "~*"."""

    kind: str
    pattern: str
    block: list[Directive]


class Site:
    """The `http` block of a configuration. `error` writes a line of the error log."""

    def __init__(self, proc: Proc, http: list[Directive], version: str) -> None:
        self._proc, self._http, self._version = proc, http, version
        self.servers = each(http, "server")
        self._types = {
            ending: directive.name
            for types in each(http, "types")
            for directive in types.block or ()
            for ending in directive.words
        }
        self._formats = {line.words[0]: "".join(line.words[1:]) for line in each(http, "log_format")}
        self._formats.setdefault("combined", COMBINED)
        self.error_lines: list[str] = []

    def listens(self) -> list[tuple[str, int]]:
        """Addresses to listen on; those of IPv6 are passed over. Raises ConfError."""
        wanted: dict[tuple[str, int], None] = {}
        for server in self.servers:
            for directive in each(server.block, "listen") or [Directive("listen", ["80"], server.where)]:
                address = directive.words[0]
                if address.startswith("["):
                    continue
                host, _, port = address.rpartition(":") if ":" in address or address.isdigit() else (address, "", "80")
                if not port.isdigit():
                    raise ConfError(f'invalid port in "{address}" of the "listen" directive in {directive.where}')
                wanted[host if host not in ("", "*") else "0.0.0.0", int(port)] = None
        return list(wanted)

    async def answer(self, visit: Visit) -> Reply:
        """Never raises for what a client can send."""
        server = self._server(visit)
        reply = await self._reply(server, visit)
        if reply.status >= 400 and not reply.headers:
            reply = self._error_page(server, visit, reply.status)
        base = [("Server", f"nginx/{self._version}"), ("Date", http_date(self._proc.now()))]
        close = visit.version == "1.0" or "close" in visit.headers.get("connection", "").lower()
        reply.headers = [*base, *reply.headers, ("Connection", "close" if close else "keep-alive")]
        return reply

    # -- which block

    def _server(self, visit: Visit) -> list[Directive]:
        """By the Host header's name, else the first."""
        host = visit.headers.get("host", "").partition(":")[0].lower()
        named = (server for server in self.servers if host in words_of(server.block, "server_name", [""]))
        return next(named, self.servers[0]).block or []

    def _location(self, server: list[Directive], path: str) -> list[Directive] | None:
        """nginx's order: exact, longest prefix (^~ ends the search), regular expressions, longest prefix."""
        places = [
            Location(*_location_words(directive), directive.block or []) for directive in each(server, "location")
        ]
        exact = [place for place in places if place.kind == "=" and place.pattern == path]
        prefixes = [place for place in places if place.kind in ("", "^~") and path.startswith(place.pattern)]
        longest = max(prefixes, key=lambda place: len(place.pattern), default=None)
        if exact:
            return exact[0].block
        if longest is None or longest.kind != "^~":
            for place in places:
                flags = re.IGNORECASE if place.kind == "~*" else 0
                if place.kind.startswith("~") and re.search(place.pattern, path, flags):
                    return place.block
        return longest.block if longest else None

    # -- what comes of it

    async def _reply(self, server: list[Directive], visit: Visit) -> Reply:
        if visit.method == "-":
            return Reply(400)
        block = self._location(server, visit.path)
        scopes = [scope for scope in (block, server, self._http) if scope is not None]
        if returned := next((words for scope in scopes[:-1] if (words := words_of(scope, "return", []))), []):
            return self._returned(returned, visit)
        if block is not None and (upstream := words_of(block, "proxy_pass", [])):
            return await self._proxy(upstream[0], block, visit)
        if visit.method not in ("GET", "HEAD"):
            return Reply(405)
        return self._file(scopes, visit)

    def _returned(self, words: list[str], visit: Visit) -> Reply:
        """`return CODE [TEXT]`, `return CODE URL`, `return URL`."""
        if not words[0].isdigit():
            words = ["302", *words]
        status, text = int(words[0]), self.expand(words[1], visit) if len(words) > 1 else ""
        if status in (301, 302, 303, 307, 308):
            reply = self._page(status)
            reply.headers.append(("Location", text))
            return reply
        if not text:
            return Reply(status) if status >= 400 else Reply(status, [("Content-Length", "0")])
        body = text.encode()
        return Reply(status, [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))], body)

    def _file(self, scopes: Sequence[list[Directive]], visit: Visit) -> Reply:
        path, root = visit.path, self._inherited(scopes, "root", ["/etc/nginx/html"])[0]
        if alias := words_of(scopes[0], "alias", []):
            prefix = next(place.words[-1] for place in each(scopes[1], "location") if place.block is scopes[0])
            root, path = alias[0], path.removeprefix(prefix)
        indexes = self._inherited(scopes, "index", ["index.html"])
        tries = self._inherited(scopes, "try_files", [])
        for candidate in [self.expand(attempt, visit) for attempt in tries[:-1]] or [path]:
            try:
                found = find(self._proc, root, candidate, indexes)
            except OSError as error:
                if not tries:
                    return self._missing(error, f"{root.rstrip('/')}{path}", visit)
                continue
            if found.entries is None:
                return self._content(found)
            if not tries:
                return self._directory(found, scopes, visit)
        return self._last_try(tries[-1], root, indexes, visit)

    def _last_try(self, fallback: str, root: str, indexes: Sequence[str], visit: Visit) -> Reply:
        if fallback.startswith("="):
            return Reply(int(fallback[1:]))
        try:
            found = find(self._proc, root, self.expand(fallback, visit), indexes)
        except OSError:
            return Reply(404)
        return self._content(found) if found.entries is None else Reply(403)

    def _content(self, found: Found) -> Reply:
        kind = media_type(found.path, self._types, words_of(self._http, "default_type", ["text/plain"])[0])
        tag = f'"{found.mtime // SECOND:x}-{len(found.data):x}"'
        headers = [("Content-Type", kind), ("Content-Length", str(len(found.data))),
                   ("Last-Modified", http_date(found.mtime)), ("ETag", tag), ("Accept-Ranges", "bytes")]  # fmt: skip
        return Reply(200, headers, found.data)

    def _directory(self, found: Found, scopes: Sequence[list[Directive]], visit: Visit) -> Reply:
        if not visit.path.endswith("/"):
            reply = self._page(301)
            reply.headers.append(("Location", f"http://{visit.headers.get('host', 'localhost')}{visit.path}/"))
            return reply
        if self._inherited(scopes, "autoindex", ["off"]) != ["on"]:
            self._log_error(f'directory index of "{found.path.rstrip("/")}/" is forbidden', visit)
            return Reply(403)
        title = f"Index of {visit.path}"
        rows = "".join(f'<a href="{name}">{name}</a>\r\n' for name in ("../", *(found.entries or ())))
        page = (
            f"<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n"
            f"<h1>{title}</h1><hr><pre>{rows}</pre><hr></body>\r\n</html>\r\n"
        ).encode()
        return Reply(200, [("Content-Type", "text/html"), ("Content-Length", str(len(page)))], page)

    def _missing(self, error: OSError, path: str, visit: Visit) -> Reply:
        number = error.errno or 0
        self._log_error(f'open() "{path}" failed ({number}: {error.strerror})', visit)
        return Reply(403 if number == errno.EACCES else 404)

    async def _proxy(self, upstream: str, block: list[Directive], visit: Visit) -> Reply:
        """Ask another server. With a path in `proxy_pass`, that replaces the location's."""
        url = Url.parse(self.expand(upstream, visit))
        target = visit.target if upstream.count("/") < 3 else url.path
        sent = {name: value for name, value in visit.headers.items() if name not in HOP}
        sent["host"] = url.authority
        for directive in each(block, "proxy_set_header"):
            sent[directive.words[0].lower()] = self.expand(directive.words[1], visit)
        if visit.body:
            sent["content-length"] = str(len(visit.body))
        sent["connection"] = "close"
        try:
            connection = Connection(self._proc, await self._proc.net.connect(url.host, url.port))
        except OSError as error:
            self._log_error(f"connect() failed ({error.errno}: {error.strerror}) while connecting to upstream", visit)
            return Reply(502)
        try:
            asked = Url(url.scheme, url.host, url.port, target)
            await connection.send(visit.method, asked, list(sent.items()), visit.body)
            response = await connection.response()
            body = b"".join([part async for part in connection.body()])
        except (Broken, OSError):
            self._log_error("upstream prematurely closed connection while reading response header from upstream", visit)
            return Reply(502)
        finally:
            connection.close()
        headers = [pair for pair in fields(response) if pair[0].lower() not in HOP]
        return Reply(response.status_code, [*headers, ("Content-Length", str(len(body)))], body)

    def _inherited(self, scopes: Sequence[list[Directive]], name: str, default: list[str]) -> list[str]:
        """From the innermost block that has it."""
        return next((words for scope in scopes if (words := words_of(scope, name, []))), default)

    # -- pages and logs

    def _page(self, status: int) -> Reply:
        title = f"{status} {reason(status)}"
        page = (
            f"<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n<center><h1>{title}</h1></center>\r\n"
            f"<hr><center>nginx/{self._version}</center>\r\n</body>\r\n</html>\r\n"
        ).encode()
        return Reply(status, [("Content-Type", "text/html"), ("Content-Length", str(len(page)))], page)

    def _error_page(self, server: list[Directive], visit: Visit, status: int) -> Reply:
        """The page that `error_page` names, or nginx's own."""
        for directive in each(server, "error_page"):
            *codes, page = directive.words
            if str(status) in codes:
                scopes = [scope for scope in (self._location(server, page), server, self._http) if scope is not None]
                root = self._inherited(scopes, "root", ["/etc/nginx/html"])[0]
                try:
                    reply = self._content(find(self._proc, root, page, ()))
                except OSError:
                    break
                reply.status = status
                return reply
        return self._page(status)

    def _log_error(self, text: str, visit: Visit) -> None:
        host = visit.headers.get("host", "")
        name = words_of(self._server(visit), "server_name", [""])[0]
        self.error_lines.append(
            f'{text}, client: {visit.client[0]}, server: {name}, request: "{visit.line}", host: "{host}"'
        )

    def access_line(self, visit: Visit, reply: Reply) -> str:
        """A line of the access log in the configured format; "" if it is off."""
        words = words_of(self._server(visit), "access_log", words_of(self._http, "access_log", ["logs/access.log"]))
        if words == ["off"]:
            return ""
        form = self._formats.get(words[1] if len(words) > 1 else "combined", COMBINED)
        sent = 0 if visit.method == "HEAD" else len(reply.body)
        return self.expand(form, visit, {"status": str(reply.status), "body_bytes_sent": str(sent)}, "-") + "\n"

    def expand(self, text: str, visit: Visit, more: Mapping[str, str] = NOTHING, missing: str = "") -> str:
        """Put in nginx's variables."""
        now = self._proc.now()
        known = {
            "remote_addr": visit.client[0], "remote_port": str(visit.client[1]), "remote_user": missing,
            "time_local": log_date(now), "request": visit.line if visit.method != "-" else "",
            "time_iso8601": datetime.fromtimestamp(now // SECOND, UTC).isoformat(),
            "uri": visit.path, "request_uri": visit.target, "request_method": visit.method, "scheme": "http",
            "host": visit.headers.get("host", "").partition(":")[0], "hostname": self._proc.uname()["nodename"],
            "http_host": visit.headers.get("host", ""), "args": visit.target.partition("?")[2],
            "proxy_add_x_forwarded_for": visit.client[0], "nginx_version": self._version, **more,
        }  # fmt: skip

        def value(match: re.Match[str]) -> str:
            name = match[1] or match[2]
            if name in known:
                return known[name]
            header = visit.headers.get(name.removeprefix("http_").replace("_", "-"), "")
            return (header if name.startswith("http_") else "") or missing

        return _VARIABLE.sub(value, text)


def _location_words(directive: Directive) -> tuple[str, str]:
    """(kind, pattern). Raises ConfError."""
    if len(directive.words) == 1:
        return "", directive.words[0]
    if len(directive.words) == 2 and directive.words[0] in ("=", "^~", "~", "~*"):
        return directive.words[0], directive.words[1]
    raise ConfError(f'invalid number of arguments in "location" directive in {directive.where}')
