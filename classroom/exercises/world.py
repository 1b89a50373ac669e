"""What a check may look at: the state of an engine, asked for over its API, so the same on both hosts; read only.

A world is a moment: what was looked at once is remembered. It has nothing that a student typed or that a client
printed; a container's log is state as well.
"""

from __future__ import annotations

import io
import tarfile
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar, cast

from classroom import fetch
from engine.api.inprocess import Connection
from engine.api.streams import Unframer
from engine.client.connection import Api, ApiError, SocketConnection
from engine.clock import SECOND
from engine.timestamps import parse_rfc3339

T = TypeVar("T")
LOOKING = ("GET", "HEAD")


class World:
    """`setup`: how many requests had been made when the student began; `predictions`: those that were made in time."""

    def __init__(
        self, connection: Connection | SocketConnection, setup: int = 0, predictions: Mapping[str, str] | None = None
    ) -> None:
        self._connection, self._api, self._setup = connection, Api(connection), setup
        self.predictions = predictions or {}
        self._seen: dict[object, Any] = {}

    @property
    def idle(self) -> bool:
        """The student has asked for nothing yet that changes anything."""
        return asked(self._connection) <= self._setup

    def containers(self) -> Sequence[Mapping[str, Any]]:
        """As `docker ps -a` lists them, newest first."""
        return cast("Sequence[Mapping[str, Any]]", self._get("/containers/json", all="1"))

    def images(self) -> Sequence[Mapping[str, Any]]:
        return cast("Sequence[Mapping[str, Any]]", self._get("/images/json"))

    def networks(self) -> Sequence[Mapping[str, Any]]:
        return cast("Sequence[Mapping[str, Any]]", self._get("/networks"))

    def volumes(self) -> Sequence[Mapping[str, Any]]:
        return cast("Sequence[Mapping[str, Any]]", self._get("/volumes")["Volumes"] or [])

    def inspect(self, kind: str, name: str) -> Mapping[str, Any] | None:
        """`kind` container, image, network or volume; None if there is none of this name."""
        path = {"container": "/containers/{}/json", "image": "/images/{}/json"}.get(kind, f"/{kind}s/{{}}")
        return cast("Mapping[str, Any] | None", self._get(path.format(name)))

    def file(self, container: str, path: str) -> bytes | None:
        """A file of a container, running or not; None if either is not there, or it is no regular file."""
        return self._once(("file", container, path), lambda: self._file(container, path))

    def _file(self, container: str, path: str) -> bytes | None:
        try:
            data = self._api.call("GET", f"/containers/{container}/archive", {"path": path}).read()
        except ApiError:
            return None
        with tarfile.open(fileobj=io.BytesIO(data)) as archive:
            member = archive.next()
            content = archive.extractfile(member) if member is not None and member.isfile() else None
            return content.read() if content is not None else None

    def changes(self, container: str) -> Sequence[str] | None:
        """As `docker diff` says them: ["C /etc", "A /etc/new"]; None if there is no such container."""
        rows = self._get(f"/containers/{container}/changes")
        found = self.inspect("container", container)
        return None if found is None else [f"{'CAD'[row['Kind']]} {row['Path']}" for row in rows or ()]

    def logs(self, container: str) -> str | None:
        """What the container's own processes wrote; None if there is no such container."""
        return self._once(("logs", container), lambda: self._logs(container))

    def _logs(self, container: str) -> str | None:
        found = self.inspect("container", container)
        if found is None:
            return None
        data = self._api.call("GET", f"/containers/{container}/logs", {"stdout": "1", "stderr": "1"}).read()
        if not found["Config"]["Tty"]:
            data = b"".join(piece for _, piece in Unframer().feed(data))
        return data.decode(errors="replace")

    def processes(self, container: str) -> Sequence[str]:
        """The commands of a container's processes, its first one first."""
        rows = self._get(f"/glassdock/containers/{container}/processes") or []
        return [row["Command"] for row in sorted(rows, key=lambda row: row["Inside"])]

    def layers(self, image: str) -> Sequence[str] | None:
        """What an image's layers are known by, the lowest first; images share those that are equal."""
        found = self.inspect("image", image)
        return None if found is None else cast("Sequence[str]", found["RootFS"]["Layers"])

    def disk(self) -> Mapping[str, Any]:
        """As `docker system df` counts."""
        return cast("Mapping[str, Any]", self._get("/system/df"))

    def info(self) -> Mapping[str, Any]:
        """As `docker info` tells of the machine."""
        return cast("Mapping[str, Any]", self._get("/info"))

    def answer(self, port: int, path: str = "/") -> str | None:
        """What a browser on the host gets from a published port; None if nobody answers."""
        return self._once(("answer", port, path), lambda: fetch.page(self._connection, port, path))

    def events(self) -> Sequence[Mapping[str, Any]]:
        """What happened up to now, oldest first (the daemon keeps the last 256), as `docker events` shows it."""
        return self._once("events", self._events)

    def _events(self) -> Sequence[Mapping[str, Any]]:
        now = parse_rfc3339(self._api.get("/info")["SystemTime"])
        until = f"{now // SECOND}.{now % SECOND:09}"  # to the nanosecond: the answer does not wait
        return list(self._api.lines("GET", "/events", {"since": "0", "until": until}))

    def requests(self) -> Sequence[str]:
        """What clients asked for since the student began, looking left out: "POST /containers/create 201"."""
        return self._once("requests", lambda: _requests(self._api)[self._setup :])

    def _get(self, path: str, **query: str) -> Any:
        """An answer as JSON; None for what is not there."""
        return self._once((path, *query.items()), lambda: self._ask(path, query))

    def _ask(self, path: str, query: Mapping[str, str]) -> Any:
        try:
            return self._api.get(path, query)
        except ApiError:
            return None

    def _once(self, what: object, look: Callable[[], T]) -> T:
        if what not in self._seen:
            self._seen[what] = look()
        return cast("T", self._seen[what])


def asked(connection: Connection | SocketConnection) -> int:
    """How many requests an engine has been asked, looking left out."""
    if isinstance(connection, Connection) and connection.engine.session is not None:
        return connection.engine.session.requests
    return len(_requests(Api(connection)))


def _requests(api: Api) -> list[str]:
    spans = api.get("/glassdock/trace")
    made = [span for span in spans if span["where"] == "api" and not span["name"].startswith(LOOKING)]
    return [f"{span['name']} {span['attributes'].get('status', '')}".strip() for span in made]
