"""`/build`: build an image from a context; `/build/prune`; `/build/cancel`; `/session`.

What fails before the first line is an error of HTTP; later, the last line says so. A client that leaves ends the build.
"""

from __future__ import annotations

import base64
import binascii
import json
import logging
from collections.abc import AsyncIterator, Mapping
from typing import TYPE_CHECKING, Any

from engine.api.body import parse_json
from engine.api.messages import Request, Response, empty, json_response
from engine.api.query import boolean, platform
from engine.api.router import Route
from engine.daemon.filters import Filters
from engine.distribution.auth import Credentials
from engine.errors import EngineError, InvalidParameter, System, Unimplemented
from engine.image.reference import Reference
from engine.loop import Cancelled, Task

if TYPE_CHECKING:
    from engine.builder.options import Options
    from engine.builder.output import Output
    from engine.daemon.engine import Engine

log = logging.getLogger("glassdock.api")

PRUNE_FILTERS = ("until", "id", "parent", "type", "description", "inuse", "shared", "private")
NUMBERS = {
    "memory": "Memory", "memswap": "MemorySwap", "cpushares": "CpuShares", "cpuperiod": "CpuPeriod",
    "cpuquota": "CpuQuota", "shmsize": "ShmSize",
}  # fmt: skip
TEXTS = {
    "cpusetcpus": "CpusetCpus", "cpusetmems": "CpusetMems", "cgroupparent": "CgroupParent",
    "networkmode": "NetworkMode", "isolation": "Isolation",
}  # fmt: skip
NO_BUILDKIT = "BuildKit is not supported by this engine: use the classic builder (DOCKER_BUILDKIT=0)"
CANCELLED = "Build cancelled"
ISOLATIONS = ("", "default")


async def build(engine: Engine, request: Request) -> Response:
    """`docker build`."""
    from engine.builder.output import Output

    options = read_options(request)
    output = Output(engine.loop, options.quiet)
    archive = request.stream or _once(request.body)
    task = engine.loop.spawn(_build(engine, options, output, archive), "build")
    task.add_done_callback(output.close)
    id = request.query.get("buildid", "")
    if id:
        engine.builds.running[id] = task
        task.add_done_callback(lambda: engine.builds.running.pop(id, None))
    lines = _Lines(output, task)
    try:
        first = await output.next()
        if first is None:
            if isinstance(task.error(), Cancelled):
                raise System(CANCELLED)
            task.result()
            first = b""
    except BaseException:
        await lines.aclose()
        raise
    lines.first = first
    return Response(200, headers={"Content-Type": "application/json"}, stream=lines)


async def _build(engine: Engine, options: Options, output: Output, archive: AsyncIterator[bytes]) -> None:
    """All of it; what goes wrong after the first line is told in a line."""
    from engine.builder.build import Build

    try:
        image = await Build(engine, options, output).run(archive)
    except EngineError as error:
        if not output.fail(error.message, getattr(error, "code", 0)):
            raise
    except Cancelled:
        output.fail(CANCELLED)
        raise
    except Exception as error:
        if not isinstance(error, OSError | ValueError):
            log.exception("build")
        if not output.fail(str(error)):
            raise System(str(error)) from None
    else:
        output.answer(image.id)


class _Lines:
    """The build's output. Closing it cancels the build, and waits until nothing of it is left."""

    __slots__ = ("_output", "_task", "first")

    def __init__(self, output: Output, task: Task[None]) -> None:
        self.first = b""
        self._output, self._task = output, task

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        first, self.first = self.first, b""
        line = first or await self._output.next()
        if line is None:
            raise StopAsyncIteration
        return line

    async def aclose(self) -> None:
        self._task.cancel()
        try:
            await self._task
        except (Cancelled, EngineError):
            return


async def _once(body: bytes) -> AsyncIterator[bytes]:
    if body:
        yield body


# -- what is asked


def read_options(request: Request) -> Options:
    """The query and the headers of a request. Raises InvalidParameter, Unimplemented."""
    from engine.builder.options import Options

    query = request.query
    if boolean(request, "squash"):
        raise InvalidParameter("squash is only supported with experimental mode")
    _check_version(query.get("version", ""))
    if query.get("session"):
        raise InvalidParameter(
            "experimental session with v1 builder is no longer supported, use builder version v2 (BuildKit) instead"
        )
    force_remove = boolean(request, "forcerm")
    return Options(
        dockerfile=query.get("dockerfile", ""),
        tags=_tags(_every(request, "t")),
        target=query.get("target", ""),
        platform=platform(request),
        arguments=_strings(query.get("buildargs", ""), "build args", nullable=True),
        labels=_strings(query.get("labels", ""), "labels"),
        cache_from=_cache_from(query.get("cachefrom", "")),
        no_cache=boolean(request, "nocache"),
        pull=boolean(request, "pull"),
        quiet=boolean(request, "q"),
        remove=force_remove or not query.get("rm") or boolean(request, "rm"),
        force_remove=force_remove,
        remote=query.get("remote", ""),
        host_config=_host_config(request),
        credentials=_credentials(request.headers.get("x-registry-config", "")),
    )


def _check_version(version: str) -> None:
    if version not in ("", "1", "2"):
        raise InvalidParameter(f'invalid version "{version}"')
    if version == "2":
        raise Unimplemented(NO_BUILDKIT)


def _every(request: Request, name: str) -> list[str]:
    """All values of a name that may be given more than once."""
    every = getattr(request.query, "all", None)
    found = every(name) if every is not None else [request.query.get(name, "")]
    return [value for value in found if value]


def _tags(names: list[str]) -> tuple[Reference, ...]:
    found: dict[str, Reference] = {}
    for name in names:
        reference = Reference.parse(name)
        if reference.digest:
            raise InvalidParameter("build tag cannot contain a digest")
        found.setdefault(reference.with_default_tag().key, reference.with_default_tag())
    return tuple(found.values())


def _json(text: str, what: str) -> Any:
    try:
        return parse_json(text.encode()) if text else None
    except InvalidParameter as error:
        raise InvalidParameter(f"error reading {what}: {error.message.removeprefix('invalid JSON: ')}") from None


def _strings(text: str, what: str, nullable: bool = False) -> dict[str, Any]:
    """A JSON object of strings."""
    value = _json(text, what)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise InvalidParameter(f"error reading {what}: json: cannot unmarshal into Go value of type map[string]string")
    for each in value.values():
        if not isinstance(each, str) and not (nullable and each is None):
            raise InvalidParameter(f"error reading {what}: json: cannot unmarshal into Go value of type string")
    return value


def _cache_from(text: str) -> tuple[str, ...]:
    value = _json(text, "cache-from") or []
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise InvalidParameter("error reading cache-from: json: cannot unmarshal into Go value of type []string")
    return tuple(value)


def _host_config(request: Request) -> dict[str, Any]:
    """HostConfig of the RUN containers, to be checked as that of any container."""
    query = request.query
    config: dict[str, Any] = {"LogConfig": {"Type": "none"}}
    if _every(request, "securityopt"):
        raise InvalidParameter("security options are not supported on linux")
    if (isolation := query.get("isolation", "")) not in ISOLATIONS:
        raise InvalidParameter(f'unsupported isolation: "{isolation}"')
    for name, field in NUMBERS.items():
        if number := _number(query.get(name, ""), name):
            config[field] = number
    for name, field in TEXTS.items():
        if text := query.get(name, ""):
            config[field] = text
    if hosts := _every(request, "extrahosts"):
        config["ExtraHosts"] = hosts
    if ulimits := _json(query.get("ulimits", ""), "ulimit settings"):
        config["Ulimits"] = ulimits
    return config


def _number(text: str, name: str) -> int:
    """As moby reads it: what is no number is 0, but for shmsize."""
    try:
        return int(text) if text else 0
    except ValueError:
        if name != "shmsize":
            return 0
        raise InvalidParameter(f'strconv.ParseInt: parsing "{text}": invalid syntax') from None


def _credentials(header: str) -> Mapping[str, Credentials]:
    """X-Registry-Config: base64url of {"registry": AuthConfig}; what cannot be read counts as none, as in moby."""
    try:
        document = json.loads(base64.urlsafe_b64decode(header + "=" * (-len(header) % 4))) if header else {}
        return {name: Credentials.from_json(each) for name, each in document.items()}
    except (ValueError, AttributeError, binascii.Error):
        return {}


# -- the rest


async def prune(engine: Engine, request: Request) -> Response:
    """`docker builder prune`: BuildKit's cache, of which the classic builder has none; its cache are images."""
    Filters.parse(request.query.get("filters"), PRUNE_FILTERS)
    engine.events.publish("builder", "prune", "", {"reclaimed": "0"})
    return json_response({"CachesDeleted": None, "SpaceReclaimed": 0})


async def cancel(engine: Engine, request: Request) -> Response:
    """End a build by the id that its client gave it."""
    id = request.query.get("id", "")
    if not id:
        raise InvalidParameter("build ID not provided")
    if (task := engine.builds.running.get(id)) is not None:
        task.cancel()
    return empty()


async def session(engine: Engine, request: Request) -> Response:
    """Where BuildKit would ask its client for files (moby, buildkit session.Manager.HandleHTTPRequest)."""
    protocol = request.headers.get("upgrade", "")
    if not protocol:
        raise InvalidParameter("no upgrade proto in request")
    if protocol.lower() != "h2c":
        raise InvalidParameter(f"protocol {protocol} not supported")
    raise Unimplemented(NO_BUILDKIT)


ROUTES = (
    Route("POST", "/build", build, upload=True),
    Route("POST", "/build/prune", prune),
    Route("POST", "/build/cancel", cancel),
    Route("POST", "/session", session),
)
