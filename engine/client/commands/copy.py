"""cp: files and folders between a container and this computer, and tar archives by way of a pipe."""

from __future__ import annotations

import base64
import io
import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from engine.client import copying, localfiles
from engine.client.commandline import Parsed
from engine.client.connection import Answer
from engine.client.context import ApiError, Context, Failure
from engine.client.copying import End, Plan
from engine.pathnames import split
from engine.units import human_size

STREAM = "-"
DIRECTORY, LINK, DEVICE = 1 << 31, 1 << 27, 1 << 26  # bits of Go's os.FileMode
Stat = dict[str, Any]  # {"name", "size", "mode", "mtime", "linkTarget"}


def cp(context: Context, parsed: Parsed) -> int:
    source, destination = parsed.arguments
    if not source:
        raise Failure("source can not be empty")
    if not destination:
        raise Failure("destination can not be empty")
    (from_container, source), (to_container, destination) = container_and_path(source), container_and_path(destination)
    if from_container and to_container:
        raise Failure("copying between containers is not supported")
    if not from_container and not to_container:
        raise Failure("must specify at least one container source")
    copy = Copy(context, from_container or to_container, parsed)
    if from_container:
        copy.out(source, destination)
    else:
        copy.into(source, destination)
    return 0


def container_and_path(text: str) -> tuple[str, str]:
    """CONTAINER:PATH taken apart; ("", path) for a path of this computer.

    >>> container_and_path("web:/etc"), container_and_path("./a:b"), container_and_path("/x:y")
    (('web', '/etc'), ('', './a:b'), ('', '/x:y'))
    """
    if Path(text).is_absolute() or text.startswith(os.sep):
        return "", text
    container, colon, path = text.partition(":")
    return ("", text) if not colon or container.startswith(".") else (container, path)


class Copy:
    """One run of the command."""

    def __init__(self, context: Context, container: str, parsed: Parsed) -> None:
        self._context, self._api, self._container = context, context.api, container
        self._path = f"/containers/{container}/archive"
        self._follow, self._as_user = parsed.flag("follow-link"), parsed.flag("archive")
        self._quiet = parsed.get("quiet", not context.console.stdout_tty)
        self._size = 0

    # -- from the container

    def out(self, source: str, destination: str) -> None:
        if destination != STREAM:
            destination = copying.absolute(destination)
            copying.check_output(destination)
        rebase = ""
        if self._follow:
            source, rebase = self._followed(source)
        answer = self._api.call("GET", self._path, {"path": source})
        if destination == STREAM:
            for chunk in answer.chunks():
                self._context.console.write(1, chunk)
            return
        is_directory = bool(_stat(answer)["mode"] & DIRECTORY)
        end = End(source, True, is_directory, rebase)
        try:
            self._unpack(answer.chunks(), end, destination)
        finally:
            answer.close()
        self._say(destination)

    def _followed(self, source: str) -> tuple[str, str]:
        """A source that is a link: what it leads to, and its own name."""
        try:
            found = self._look(source)
        except ApiError:
            return source, ""
        if not found["mode"] & LINK:
            return source, ""
        return copying.rebased(source, copying.linked(source, str(found["linkTarget"])))

    def _unpack(self, chunks: Iterator[bytes], source: End, destination: str) -> None:
        plan = copying.plan(source, copying.local_destination(destination))
        first = Plan("", split(source.path)[1], source.rebase) if source.rebase else Plan("")
        reader = io.BufferedReader(_Chunks(self._counted(chunks)), localfiles.PIECE)
        try:
            localfiles.unpack(reader, Path(plan.directory), lambda name: plan.rename(first.rename(name)))
        except (OSError, ValueError) as error:
            raise Failure(_words(error)) from None

    # -- to the container

    def into(self, source: str, destination: str) -> None:
        end = self._destination(destination)
        if source == STREAM:
            if not end.is_directory:
                raise Failure(f'destination "{self._container}:{destination}" must be a directory')
            self._upload(end.path, iter(self._context.console.read, b""))
        else:
            local = copying.local_source(copying.absolute(source), self._follow)
            plan = copying.plan(local, end)
            folder, name = split(local.path)
            archive = localfiles.pack(Path(folder, name), plan.rename(local.rebase or name), self._context.console.err)
            self._upload(plan.directory, self._counted(archive))
        self._say(f"{self._container}:{end.path}")

    def _destination(self, path: str) -> End:
        """What is there; if that cannot be known, unpacking will tell."""
        place = path
        try:
            found = self._look(path)
            if found["mode"] & LINK:
                place = copying.linked(path, str(found["linkTarget"]))
                found = self._look(place)
        except ApiError:
            return End(place)
        if found["mode"] & DEVICE:
            kinds = "must be a directory or a regular file: got a device"
            raise Failure(f'destination "{self._container}:{path}" {kinds}')
        return End(place, True, bool(found["mode"] & DIRECTORY))

    def _upload(self, directory: str, archive: Iterator[bytes]) -> None:
        query = {"path": directory, "noOverwriteDirNonDir": "true", "copyUIDGID": "true" if self._as_user else ""}
        try:
            self._api.call("PUT", self._path, query, archive).read()
        except OSError as error:
            raise Failure(_words(error)) from None

    # -- both

    def _look(self, path: str) -> Stat:
        answer = self._api.call("HEAD", self._path, {"path": path})
        try:
            return _stat(answer)
        finally:
            answer.close()

    def _counted(self, pieces: Iterable[bytes]) -> Iterator[bytes]:
        for piece in pieces:
            self._size += len(piece)
            yield piece

    def _say(self, where: str) -> None:
        if not self._quiet:
            self._context.console.err(f"Successfully copied {human_size(self._size, 3)} to {where}")


class _Chunks(io.RawIOBase):
    """An answer's chunks as a file."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks, self._rest = chunks, b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._rest:
            if (chunk := next(self._chunks, None)) is None:
                return 0
            self._rest = chunk
        size = min(len(buffer), len(self._rest))
        buffer[:size], self._rest = self._rest[:size], self._rest[size:]
        return size


def _stat(answer: Answer) -> Stat:
    """Raises Failure if the daemon does not say what it sends."""
    try:
        found: Stat = json.loads(base64.b64decode(answer.headers["x-docker-container-path-stat"]))
        found["mode"] + 0, found["linkTarget"]
    except (KeyError, TypeError, ValueError) as error:
        raise Failure(f"unable to decode container path stat header: {error}") from None
    return found


def _words(error: OSError | ValueError) -> str:
    if not isinstance(error, OSError) or not error.strerror:
        return str(error)
    reason = error.strerror
    return f"{error.filename}: {reason[:1].lower()}{reason[1:]}" if error.filename else reason
