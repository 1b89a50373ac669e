"""`/containers/{id}/archive` and `/export`, and `/commit`: a container's files as archives and as an image."""

from __future__ import annotations

import base64
import json
import stat as st
from typing import TYPE_CHECKING

from engine.api.body import parse_json
from engine.api.decode import decode
from engine.api.messages import Request, Response, json_response
from engine.api.query import boolean, image_name, values
from engine.api.router import Route
from engine.api.streams import pieces
from engine.daemon import archive
from engine.daemon import commit as committing
from engine.daemon.config import ContainerConfig
from engine.errors import InvalidParameter
from engine.host import PathStat
from engine.timestamps import rfc3339

if TYPE_CHECKING:
    from engine.daemon.engine import Engine

STAT_HEADER = "X-Docker-Container-Path-Stat"

# Go's os.FileMode: permissions as usual, everything else in bits of its own (Go, io/fs)
GO_TYPES = {
    st.S_IFDIR: 1 << 31,
    st.S_IFLNK: 1 << 27,
    st.S_IFBLK: 1 << 26,
    st.S_IFCHR: 1 << 26 | 1 << 21,
    st.S_IFIFO: 1 << 25,
    st.S_IFSOCK: 1 << 24,
}
GO_BITS = ((st.S_ISUID, 1 << 23), (st.S_ISGID, 1 << 22), (st.S_ISVTX, 1 << 20))


async def look(engine: Engine, request: Request) -> Response:
    """What `docker cp` asks first: is the destination a directory?"""
    found = await archive.look(engine, request.vars["id"], _path(request))
    return Response(200, headers={STAT_HEADER: stat_header(found)})


async def download(engine: Engine, request: Request) -> Response:
    """`docker cp CONTAINER:PATH …`."""
    found, tar = await archive.pack(engine, request.vars["id"], _path(request))
    headers = {"Content-Type": "application/x-tar", STAT_HEADER: stat_header(found)}
    return Response(200, headers=headers, stream=pieces(engine.loop, tar))


async def upload(engine: Engine, request: Request) -> Response:
    """`docker cp … CONTAINER:PATH`."""
    assert request.stream is not None
    await archive.unpack(
        engine,
        request.vars["id"],
        _path(request),
        request.stream,
        keep_kinds=boolean(request, "noOverwriteDirNonDir"),
        as_user=boolean(request, "copyUIDGID"),
    )
    return Response(200)


async def export(engine: Engine, request: Request) -> Response:
    """`docker export`."""
    tar = archive.export(engine, request.vars["id"])
    return Response(200, headers={"Content-Type": "application/octet-stream"}, stream=pieces(engine.loop, tar))


async def commit(engine: Engine, request: Request) -> Response:
    """`docker commit`: 201 and the image's id. A configuration in the body counts more than the container's."""
    query = request.query
    document = parse_json(request.body) if request.body.strip() else None
    image = await committing.commit(
        engine,
        engine.containers.get(query.get("container", "")),
        reference=image_name(request),
        config=decode(ContainerConfig, document) if document else None,
        changes=values(request, "changes"),
        comment=query.get("comment", ""),
        author=query.get("author", ""),
        pause=boolean(request, "pause", True),
    )
    return json_response({"Id": image.id}, 201)


def stat_header(found: PathStat) -> str:
    """The header's value: JSON in base 64.

    >>> stat_header(PathStat("tmp", 0o41777, 4096, 0, "/tmp"))[:24]
    'eyJuYW1lIjoidG1wIiwic2l6'
    """
    document = {
        "name": found.name,
        "size": found.size,
        "mode": go_mode(found.mode),
        "mtime": rfc3339(found.mtime),
        "linkTarget": found.target if st.S_ISLNK(found.mode) else "",
    }
    return base64.b64encode(json.dumps(document, separators=(",", ":")).encode()).decode()


def go_mode(mode: int) -> int:
    """st_mode as Go's os.FileMode.

    >>> oct(go_mode(0o100644)), hex(go_mode(0o41777))
    ('0o644', '0x801001ff')
    """
    bits = sum(theirs for ours, theirs in GO_BITS if mode & ours)
    return mode & 0o777 | GO_TYPES.get(st.S_IFMT(mode), 0) | bits


def _path(request: Request) -> str:
    path = request.query.get("path", "")
    if not path:
        raise InvalidParameter("bad parameter: path cannot be empty")
    return path


ROUTES = (
    Route("HEAD", "/containers/{id:path}/archive", look),
    Route("GET", "/containers/{id:path}/archive", download),
    Route("PUT", "/containers/{id:path}/archive", upload, upload=True),
    Route("GET", "/containers/{id:path}/export", export),
    Route("POST", "/commit", commit),
)
