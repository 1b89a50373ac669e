"""build, and builder prune."""

from __future__ import annotations

import base64
import json
import os
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from engine.client import buildcontext, configfile
from engine.client.buildcontext import BuildContext
from engine.client.commandline import Parsed
from engine.client.commands.system import reclaimed, sure, tell
from engine.client.context import ApiError, Context, Failure, filters
from engine.client.progress import show_progress
from engine.units import human_size

# option -> query
PLAIN = {
    "cgroup-parent": "cgroupparent", "cpu-period": "cpuperiod", "cpu-quota": "cpuquota", "cpu-shares": "cpushares",
    "cpuset-cpus": "cpusetcpus", "cpuset-mems": "cpusetmems", "force-rm": "forcerm", "isolation": "isolation",
    "memory": "memory", "memory-swap": "memswap", "network": "networkmode", "no-cache": "nocache",
    "platform": "platform", "pull": "pull", "quiet": "q", "shm-size": "shmsize", "target": "target",
}  # fmt: skip
REPEATED = {"tag": "t", "add-host": "extrahosts", "security-opt": "securityopt"}
STDIN = "-"
URLS = ("http://", "https://", "git://", "git@", "github.com/")
TWICE = "invalid argument: can't use stdin for both build context and dockerfile"


def build(context: Context, parsed: Parsed) -> int:
    where, dockerfile, quiet = parsed.arguments[0], parsed.get("file", ""), parsed.flag("quiet")
    query: dict[str, Any] = {"version": "1", **_options(parsed)}
    headers = {"Content-Type": "application/x-tar", "X-Registry-Config": _credentials(context)}
    sent: Iterator[bytes] = iter(())
    if where.startswith(URLS):
        query |= {"remote": where, "dockerfile": dockerfile}
    else:
        found = _context(context, where, dockerfile)
        query["dockerfile"] = found.dockerfile
        sent = _compressed(found.archive) if parsed.flag("compress") else found.archive
        sent = sent if quiet else _upload(sent, context)
    id = _show(context, context.api.lines("POST", "/build", query, headers, sent), quiet)
    if quiet:
        context.console.out(id)
    if file := parsed.get("iidfile"):
        Path(file).write_text(id, "ascii")
    return 0


def _context(context: Context, where: str, dockerfile: str) -> BuildContext:
    if where == STDIN and dockerfile == STDIN:
        raise Failure(TWICE)
    if where == STDIN:
        return buildcontext.of_stdin(_stdin(context), dockerfile)
    return buildcontext.of_folder(where, dockerfile, _stdin(context) if dockerfile == STDIN else None)


def _compressed(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """gzip"""
    stream = zlib.compressobj(wbits=31)
    for piece in pieces:
        yield stream.compress(piece)
    yield stream.flush()


def _stdin(context: Context) -> bytes:
    return b"".join(iter(context.console.read, b""))


def _options(parsed: Parsed) -> dict[str, Any]:
    query: dict[str, Any] = {theirs: parsed.get(ours) for ours, theirs in PLAIN.items() if parsed.get(ours)}
    query |= {theirs: tuple(parsed.values(ours)) for ours, theirs in REPEATED.items() if parsed.values(ours)}
    if not parsed.get("rm", True):
        query["rm"] = "0"
    if ulimits := parsed.values("ulimit"):
        query["ulimits"] = json.dumps(ulimits)
    if sources := parsed.values("cache-from"):
        query["cachefrom"] = json.dumps(sources)
    if arguments := [_argument(text) for text in parsed.values("build-arg")]:
        query["buildargs"] = json.dumps(dict(arguments))
    if labels := [text.partition("=")[::2] for text in parsed.values("label")]:
        query["labels"] = json.dumps(dict(labels))
    return query


def _argument(text: str) -> tuple[str, str | None]:
    """A name without a value has that of our own environment, if there is one."""
    name, equals, value = text.partition("=")
    return name, value if equals else os.environ.get(name)


def _credentials(context: Context) -> str:
    """All that was kept by `docker login`: the build may pull from anywhere."""
    try:
        servers = list(configfile.read(context.config).get("auths") or {})
    except (OSError, ValueError, AttributeError):
        servers = []
    known = {server: context.credentials(server) for server in servers}
    return base64.urlsafe_b64encode(json.dumps(known, separators=(",", ":")).encode()).decode()


def _upload(archive: Iterable[bytes], context: Context) -> Iterator[bytes]:
    """The context on its way; when all of it is there its size is told."""
    size = 0
    for piece in archive:
        size += len(piece)
        yield piece
    context.console.write(1, f"Sending build context to Docker daemon {human_size(size):>8}\r\r\n".encode())


def _show(context: Context, messages: Iterable[dict[str, Any]], quiet: bool) -> str:
    """Print what the build says; returns the image's id. Raises Failure with the failed command's exit status."""
    id, held = "", ""

    def statuses() -> Iterator[dict[str, Any]]:
        nonlocal id, held
        for message in messages:
            if "stream" in message and quiet:
                held += message["stream"]
            elif "stream" in message:
                context.console.write(1, message["stream"].encode())
            elif "aux" in message:
                id = message["aux"].get("ID", id)
            else:
                yield message

    try:
        show_progress(statuses(), lambda text: context.console.write(1, text.encode()), context.console.stdout_tty)
    except ApiError as error:
        if error.status >= 400:
            raise
        context.console.write(2, held.encode())
        raise Failure(str(error), error.status or 1) from None
    return held.strip() or id


def prune(context: Context, parsed: Parsed) -> int:
    every = parsed.flag("all")
    if not sure(context, parsed, f"This will remove all {'' if every else 'dangling '}build cache."):
        return 0
    query = {"all": every, "filters": filters(parsed.values("filter")), "keep-storage": parsed.get("keep-storage")}
    found = context.api.post("/build/prune", query) or {}
    tell(context, "Deleted build cache objects:", found.get("CachesDeleted") or [])
    return reclaimed(context, found.get("SpaceReclaimed") or 0)
