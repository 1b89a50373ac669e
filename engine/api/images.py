"""`/images/*`, and what else concerns registries: `/auth`, `/distribution/*`."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, AsyncIterator
from typing import TYPE_CHECKING, Any

from engine.api.body import read_json
from engine.api.messages import Request, Response, empty, json_response
from engine.api.query import boolean, image_name, integer, older, platform, values
from engine.api.router import Route
from engine.api.streams import error_line, json_line, progress_line, status_line
from engine.daemon.filters import Filters
from engine.daemon.image_import import Import
from engine.daemon.image_removal import PRUNE_FILTERS
from engine.daemon.image_views import LIST_FILTERS
from engine.distribution.auth import NOBODY, Credentials
from engine.distribution.progress import Message, Progress
from engine.errors import EngineError, Forbidden, InvalidParameter, NotFound
from engine.image.digest import Digest, DigestError
from engine.image.manifest import Platform
from engine.image.reference import Reference

if TYPE_CHECKING:
    from engine.daemon.engine import Engine

SEARCH_FILTERS = ("is-automated", "is-official", "stars")
NONE_TAG, NONE_DIGEST = "<none>:<none>", "<none>@<none>"  # for clients before API 1.43

# What a configuration had besides before API 1.50 (moby, inspect_response.go)
OLD_CONFIG = {
    "AttachStderr": False, "AttachStdin": False, "AttachStdout": False, "Domainname": "", "Hostname": "", "Image": "",
    "OpenStdin": False, "StdinOnce": False, "Tty": False,
}  # fmt: skip


async def create(engine: Engine, request: Request) -> Response:
    """`docker pull`: progress as it goes. What fails before the first line is an error; later, it is the last line."""
    name = request.query.get("fromImage", "").removesuffix(":")
    wanted = platform(request)
    if not name:
        return await _import(engine, request, wanted)
    reference = _pull_reference(name, request.query.get("tag", ""))
    if reference.familiar_name == "scratch":
        raise Forbidden("'scratch' is a reserved name")
    pull = engine.images.pull(reference, wanted, credentials(request))
    return await _progress(pull)


async def push(engine: Engine, request: Request) -> Response:
    """`docker push`: the first line comes before anything can fail, so errors are the last line."""
    reference = Reference.parse(request.vars["name"])
    if tag := request.query.get("tag", ""):
        reference = reference.with_tag(tag)
    if reference.digest:
        raise InvalidParameter("cannot push a digest reference")
    return await _progress(engine.images.push(reference, credentials(request)))


async def _import(engine: Engine, request: Request, platform: Platform | None) -> Response:
    """`docker import`: a tar archive of a whole root, from the request's body or a URL, becomes an image."""
    assert request.stream is not None
    wanted = Import(
        source=request.query.get("fromSrc", ""),
        name=image_name(request),
        message=request.query.get("message", ""),
        changes=values(request, "changes"),
        platform=platform,
    )
    return await _progress(engine.images.import_image(wanted, request.stream))


async def _progress(progress: AsyncGenerator[Progress | Message]) -> Response:
    lines = _Lines(await anext(progress, None), progress)
    return Response(200, headers={"Content-Type": "application/json"}, stream=lines)


class _Lines:
    """Progress as JSON lines. Not a generator: closing it gives the pull up even if nobody has read a line."""

    __slots__ = ("_first", "_rest")

    def __init__(self, first: Progress | Message | None, rest: AsyncGenerator[Progress | Message]) -> None:
        self._first, self._rest = first, rest

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        first, self._first = self._first, None
        try:
            return _line(first if first is not None else await anext(self._rest))
        except EngineError as error:  # the generator is over with it
            return error_line(error.message)

    async def aclose(self) -> None:
        await self._rest.aclose()


def _line(progress: Progress | Message) -> bytes:
    if isinstance(progress, Message) and progress.aux is not None:
        return json_line({"progressDetail": {}, "aux": progress.aux})
    if isinstance(progress, Message):
        return status_line(progress.status, progress.id)
    return progress_line(progress.status, progress.id, progress.current, progress.total)


async def list_images(engine: Engine, request: Request) -> Response:
    filters = Filters.parse(request.query.get("filters"), LIST_FILTERS)
    if pattern := request.query.get("filter"):  # before API 1.41
        filters = Filters({**filters.fields, "reference": (*filters.get("reference"), pattern)})
    rows = engine.images.summaries(filters, all=boolean(request, "all"), shared_size=boolean(request, "shared-size"))
    return json_response([_summary(request, row) for row in rows])


def _summary(request: Request, row: dict[str, Any]) -> dict[str, Any]:
    if older(request, "1.43") and not row["RepoTags"] and not row["RepoDigests"]:
        row |= {"RepoTags": [NONE_TAG], "RepoDigests": [NONE_DIGEST]}
    if older(request, "1.44"):
        row["VirtualSize"] = row["Size"]
    return row


async def inspect(engine: Engine, request: Request) -> Response:
    if boolean(request, "manifests") and request.query.get("platform"):
        raise InvalidParameter("conflicting options: manifests and platform options cannot both be set")
    name = request.vars["name"]
    try:
        answer = engine.images.inspect(name, exact_platform(request))
    except NotFound as error:
        raise NotFound(f"no such image: {name}: {error.message}") from None
    if older(request, "1.50"):
        answer["Config"] = OLD_CONFIG | answer["Config"]
    if older(request, "1.44"):
        answer["VirtualSize"] = answer["Size"]
        answer.setdefault("Created", "0001-01-01T00:00:00Z")
    return json_response(answer)


async def history(engine: Engine, request: Request) -> Response:
    return json_response(engine.images.history(request.vars["name"], exact_platform(request)))


async def tag(engine: Engine, request: Request) -> Response:
    reference = image_name(request)
    if reference is None:
        raise InvalidParameter("repository name must have at least one component")
    if reference.familiar_name == "sha256":
        raise InvalidParameter("refusing to create an ambiguous tag using digest algorithm as name")
    engine.images.tag(request.vars["name"], reference)
    return empty(201)


async def remove(engine: Engine, request: Request) -> Response:
    name = request.vars["name"]
    if not name.strip():
        raise InvalidParameter("image name cannot be blank")
    prune = not boolean(request, "noprune")
    return json_response(await engine.images.remove(name, boolean(request, "force"), prune))


async def prune(engine: Engine, request: Request) -> Response:
    filters = Filters.parse(request.query.get("filters"), PRUNE_FILTERS)
    records, reclaimed = await engine.images.prune(filters)
    return json_response({"ImagesDeleted": records or None, "SpaceReclaimed": reclaimed})


async def search(engine: Engine, request: Request) -> Response:
    filters = Filters.parse(request.query.get("filters"), SEARCH_FILTERS)
    found = await engine.images.search(request.query.get("term", ""), integer(request, "limit"), filters)
    return json_response(found)


async def login(engine: Engine, request: Request) -> Response:
    try:
        credentials = Credentials.from_json(read_json(request, required=True))
    except ValueError as error:
        raise InvalidParameter(str(error)) from None
    await engine.images.login(credentials)
    return json_response({"IdentityToken": "", "Status": "Login Succeeded"})


async def distribution(engine: Engine, request: Request) -> Response:
    reference = Reference.parse(request.vars["name"]).with_default_tag()
    return json_response(await engine.images.distribution(reference, credentials(request)))


def credentials(request: Request) -> Credentials:
    """X-Registry-Auth; what cannot be read counts as none, as in moby."""
    try:
        return Credentials.from_header(request.headers.get("x-registry-auth", ""))
    except ValueError:
        return NOBODY


def exact_platform(request: Request) -> Platform | None:
    """The `platform` of inspect and history is a JSON object (moby, httputils.DecodePlatform)."""
    text = request.query.get("platform", "")
    if not text or older(request, "1.48"):
        return None
    try:
        document = json.loads(text)
    except ValueError as error:
        raise InvalidParameter(f"failed to parse platform: {error}") from None
    if not isinstance(document, dict) or not all(isinstance(value, str) for value in document.values()):
        raise InvalidParameter("failed to parse platform: not an OCI platform")
    if not document.get("os") or not document.get("architecture"):
        raise InvalidParameter("both OS and Architecture must be provided")
    return Platform(document["os"], document["architecture"], document.get("variant", ""))


def _pull_reference(name: str, tag: str) -> Reference:
    """`tag` may be a digest; it counts more than what the name says. Raises InvalidReference."""
    reference = Reference.parse(name)
    if not tag:
        return reference
    try:
        return reference.with_digest(Digest.parse(tag))
    except DigestError:
        return reference.with_tag(tag)


ROUTES = (
    Route("POST", "/images/create", create, upload=True),
    Route("GET", "/images/json", list_images),
    Route("GET", "/images/search", search),
    Route("POST", "/images/prune", prune),
    Route("GET", "/images/{name:path}/json", inspect),
    Route("GET", "/images/{name:path}/history", history),
    Route("POST", "/images/{name:path}/tag", tag),
    Route("POST", "/images/{name:path}/push", push),
    Route("DELETE", "/images/{name:path}", remove),
    Route("POST", "/auth", login),
    Route("GET", "/distribution/{name:path}/json", distribution),
)
