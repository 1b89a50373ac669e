"""registry: Docker's own registry in a container. What it answers is engine/distribution/registry, and nothing else.

It keeps its files below /var/lib/registry in the real one's layout, reads the real one's configuration (a file, and
REGISTRY_… variables over it) and logs as the real one does. Source: distribution.github.io, "Configuring a registry".
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from random import Random
from urllib.parse import parse_qsl
from uuid import UUID

from engine.api.messages import Query, Request
from engine.distribution.access import BasicGuard
from engine.distribution.registry import Layout, Registry
from engine.distribution.registry.garbage import collect
from engine.image.content import Content
from engine.timestamps import rfc3339
from sim.abi import Proc
from sim.programs.options import Failure
from sim.programs.services.htpasswd import Passwords
from sim.programs.services.web import Reply, Server, Visit, log_date

SIGINT, SIGTERM = 2, 15
IDLE = 300.0  # seconds
LARGEST = 4 << 30  # bytes of a request
PIECE = 1 << 18
USAGE = """`registry`

Usage:
  registry [flags]
  registry [command]

Available Commands:
  completion      Generate the autocompletion script for the specified shell
  garbage-collect `garbage-collect` deletes layers not referenced by any manifests
  help            Help about any command
  serve           `serve` stores and distributes Docker images

Flags:
  -h, --help      help for registry
  -v, --version   show the version and exit

Use "registry [command] --help" for more information about a command.
"""
NO_SECRET = (
    "No HTTP secret provided - generated random secret. This may cause problems with uploads if multiple registries "
    "are behind a load-balancer. To provide a shared secret, fill in http.secret in the configuration file or set the "
    "REGISTRY_HTTP_SECRET environment variable."
)


async def main(proc: Proc) -> int:
    words = proc.argv[1:]
    if "--version" in words or "-v" in words:
        await proc.out(f"{proc.argv[0]} {_product(proc)} {_version(proc)}\n")
        return 0
    match words:
        case ["serve", path, *_]:
            return await _serve(proc, _settings(proc, path))
        case ["garbage-collect", *rest]:
            return await _collect(proc, rest)
    await proc.out(USAGE)
    return 0


def _version(proc: Proc) -> str:
    return "3.0.0" if proc.access("/etc/distribution", 0) else "2.8.3"


def _product(proc: Proc) -> str:
    three = _version(proc).startswith("3")
    return "github.com/distribution/distribution/v3" if three else "github.com/docker/distribution"


# -- serve


async def _serve(proc: Proc, settings: dict[str, str]) -> int:
    log = Log(proc)
    address, _, port = settings.get("HTTP_ADDR", ":5000").rpartition(":")
    if not settings.get("HTTP_SECRET"):
        await log.say("warning", NO_SECRET)
    await log.say("info", "redis not configured")
    await log.say("info", "using inmemory blob descriptor cache")
    guard = _guard(proc, settings)
    deletes = settings.get("STORAGE_DELETE_ENABLED", "false").lower() == "true"
    layout = Layout(ProcTree(proc, settings.get("STORAGE_FILESYSTEM_ROOTDIRECTORY", "/var/lib/registry")))
    registry = Registry(layout, guard, deletes=deletes, ids=Random(proc.now()))
    try:
        listener = proc.net.listen(address.strip("[]") or "0.0.0.0", int(port))
    except (OSError, ValueError) as error:
        raise Failure(f"listen tcp {address}:{port}: bind: {error}") from None
    await log.say("info", f"listening on {address or '[::]'}:{port}")
    server = Server(proc, [listener.fd], Front(proc, registry, log).answer, IDLE, LARGEST)
    for number in (SIGINT, SIGTERM):
        proc.signal(number, lambda _: server.stop())
    await server.run()
    return 0


def _guard(proc: Proc, settings: dict[str, str]) -> BasicGuard | None:
    """The registry's door, if it has one: only htpasswd files with bcrypt are known, as with the real one."""
    kind = settings.get("AUTH", "")
    path, realm = settings.get("AUTH_HTPASSWD_PATH", ""), settings.get("AUTH_HTPASSWD_REALM", "")
    if not (kind == "htpasswd" or path):
        return None
    for name, value in (("realm", realm), ("path", path)):
        if not value:
            words = f'"{name}" must be set for htpasswd access controller'
            raise Failure(f"unable to configure authorization (htpasswd): {words}")
    return BasicGuard(Passwords(lambda: proc.read_file(path)), realm)


class Front:
    """Between the web server's requests and the registry's."""

    def __init__(self, proc: Proc, registry: Registry, log: Log) -> None:
        self._proc, self._registry, self._log = proc, registry, log

    async def answer(self, visit: Visit) -> Reply:
        if visit.method == "-":
            return Reply(400, [("Content-Type", "text/plain; charset=utf-8")], b"400 Bad Request")
        query = Query(parse_qsl(visit.target.partition("?")[2], keep_blank_values=True))
        request = Request(visit.method, visit.path, query, visit.headers, visit.body)
        if visit.large is not None:
            request.stream = _pieces(visit.large)
        if visit.path == "/":
            return await self._logged(visit, Reply(200, [("Cache-Control", "no-cache"), ("Content-Length", "0")]))
        response = await self._registry.handle(request)
        headers = [*response.headers.items(), ("X-Content-Type-Options", "nosniff")]
        return await self._logged(visit, Reply(response.status, headers, response.body, response.stream))

    async def _logged(self, visit: Visit, reply: Reply) -> Reply:
        """A line in Apache's combined format."""
        size = next((value for name, value in reply.headers if name == "Content-Length"), "0")
        agent = visit.headers.get("user-agent", "")
        when = log_date(self._proc.now())
        await self._proc.out(f'{visit.client[0]} - - [{when}] "{visit.line}" {reply.status} {size} "" "{agent}"\n')
        return reply


async def _pieces(body: Content) -> AsyncIterator[bytes]:
    with body.open() as file:
        while piece := file.read(PIECE):
            yield piece


class Log:
    """Lines as logrus writes them, on standard error."""

    def __init__(self, proc: Proc) -> None:
        self._proc = proc
        version = _version(proc)
        compiler = "go1.23.7" if version.startswith("3") else "go1.20.8"
        id = UUID(int=Random(proc.now()).getrandbits(128), version=4)
        self._tail = f"go.version={compiler} instance.id={id} service=registry version={version}"

    async def say(self, level: str, text: str) -> None:
        await self._proc.err(f'time="{rfc3339(self._proc.now())}" level={level} msg="{text}" {self._tail} \n')


# -- garbage-collect


async def _collect(proc: Proc, words: Sequence[str]) -> int:
    flags = [word for word in words if word.startswith("-")]
    paths = [word for word in words if not word.startswith("-")]
    if not paths:
        raise Failure("configuration error: configuration path unspecified")
    settings = _settings(proc, paths[0])
    root = settings.get("STORAGE_FILESYSTEM_ROOTDIRECTORY", "/var/lib/registry")
    layout = Layout(ProcTree(proc, root), fresh=False)
    untagged = "-m" in flags or any(flag.startswith("--delete-untagged") for flag in flags)
    dry = "-d" in flags or any(flag.startswith("--dry-run") for flag in flags)
    for line in collect(layout, untagged=untagged, dry_run=dry):
        await proc.out(line + "\n")
    return 0


# -- configuration


def _settings(proc: Proc, path: str) -> dict[str, str]:
    """{"HTTP_ADDR": ":5000", …}: the file's values by their path, and REGISTRY_HTTP_ADDR and the like over them."""
    try:
        text = proc.read_file(path).decode("utf-8", "replace")
    except OSError as error:
        raise Failure(f"configuration error: open {path}: {(error.strerror or '').lower()}") from None
    settings = flattened(text)
    for name, value in proc.env.items():
        if name.startswith("REGISTRY_"):
            settings[name.removeprefix("REGISTRY_").upper()] = value
    return settings


def flattened(text: str) -> dict[str, str]:
    """The mappings of a YAML file, with the path of each value in capitals. Lists are left out.

    >>> flattened("http:\\n  addr: :5000  # here\\nauth:\\n  htpasswd:\\n    realm: 'A realm'\\n")
    {'HTTP': '', 'HTTP_ADDR': ':5000', 'AUTH': '', 'AUTH_HTPASSWD': '', 'AUTH_HTPASSWD_REALM': 'A realm'}
    """
    found: dict[str, str] = {}
    above: list[tuple[int, str]] = []  # indentation and key of the mappings that are open
    for line in text.splitlines():
        bare = line.split(" #")[0].rstrip()
        key, colon, value = bare.strip().partition(":")
        if not colon or key.startswith(("#", "-")):
            continue
        indentation = len(bare) - len(bare.lstrip())
        while above and above[-1][0] >= indentation:
            above.pop()
        above.append((indentation, key.upper()))
        found["_".join(name for _, name in above)] = value.strip().strip("'\"")
    return found


class ProcTree:
    """Files of the container: a `Tree` of engine/distribution/registry/layout.py."""

    def __init__(self, proc: Proc, root: str) -> None:
        self._proc, self._root = proc, root.rstrip("/")

    def size(self, path: str) -> int | None:
        try:
            found = self._proc.stat(self._place(path))
        except OSError:
            return None
        return found.size if found.mode & 0o170000 == 0o100000 else None

    def read(self, path: str, start: int, end: int) -> Iterator[bytes]:
        fd = self._proc.open(self._place(path))
        try:
            while start < end and (piece := self._proc.pread(fd, min(PIECE, end - start), start)):
                yield piece
                start += len(piece)
        finally:
            self._proc.close(fd)

    def write(self, path: str, data: bytes) -> None:
        place = self._place(path)
        part = f"{place}.part"
        self._make_parents(place)
        self._proc.write_file(part, data)
        self._proc.rename(part, place)

    def append(self, path: str, data: bytes) -> None:
        place = self._place(path)
        self._make_parents(place)
        self._proc.write_file(place, data, append=True)

    def rename(self, old: str, new: str) -> None:
        place = self._place(new)
        self._make_parents(place)
        self._proc.rename(self._place(old), place)

    def list(self, path: str) -> list[str]:
        try:
            return self._proc.listdir(self._place(path))
        except OSError:
            return []

    def remove(self, path: str) -> None:
        place = self._place(path)
        for name in self.list(path):
            self.remove(f"{path}/{name}")
        try:
            self._proc.unlink(place)
        except IsADirectoryError:
            self._proc.rmdir(place)
        except FileNotFoundError:
            pass

    def _place(self, path: str) -> str:
        return f"{self._root}/{path}"

    def _make_parents(self, place: str) -> None:
        missing = []
        folder = place.rpartition("/")[0]
        while folder and not self._proc.access(folder, 0):
            missing.append(folder)
            folder = folder.rpartition("/")[0]
        for name in reversed(missing):
            self._proc.mkdir(name, 0o755)
