"""A simulated Docker that builds, and the few words that a test needs for it."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from engine.api.inprocess import Connection
from engine.daemon.engine import Engine
from engine.trace import Span
from sim.make import make_engine

File = bytes | str | tarfile.TarInfo


def archive(files: Mapping[str, File]) -> bytes:
    """A context: contents by name; a TarInfo is an entry of its own."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as tar:
        for name, content in files.items():
            if isinstance(content, tarfile.TarInfo):
                tar.addfile(content)
                continue
            data = content.encode() if isinstance(content, str) else content
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    return stream.getvalue()


@pytest.fixture
def link() -> Callable[..., tarfile.TarInfo]:
    """Make an entry that is a link."""

    def make(name: str, target: str, kind: bytes = tarfile.SYMTYPE) -> tarfile.TarInfo:
        member = tarfile.TarInfo(name)
        member.type, member.linkname = kind, target
        return member

    return make


@dataclass
class Result:
    """What a client of `POST /build` was told."""

    status: int
    lines: list[dict[str, Any]] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "".join(line.get("stream", "") for line in self.lines)

    @property
    def steps(self) -> list[str]:
        return self.text.splitlines()

    @property
    def error(self) -> str:
        """ "" for a build that succeeded."""
        last = self.lines[-1] if self.lines else {}
        return str(last.get("error") or last.get("message") or "")

    @property
    def code(self) -> int:
        return int(self.lines[-1].get("errorDetail", {}).get("code", 0))

    @property
    def id(self) -> str:
        return str([line["aux"]["ID"] for line in self.lines if "aux" in line][-1])

    @property
    def hits(self) -> int:
        return self.text.count("Using cache")


class Docker:
    """One client of one engine."""

    archive = staticmethod(archive)

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.connection = Connection(engine)

    def build(self, dockerfile: str | None, files: Mapping[str, File] | None = None, **query: Any) -> Result:
        """`docker build`; the context is the Dockerfile and `files`."""
        own = {} if dockerfile is None else {"Dockerfile": dockerfile}
        return self.build_archive(archive({**own, **(files or {})}), **query)

    def build_archive(self, data: bytes, **query: Any) -> Result:
        answer = self.connection.request("POST", "/v1.50/build", _texts(query), {}, data)
        return Result(answer.status, [json.loads(line) for line in answer.read().splitlines()])

    def built(self, dockerfile: str, files: Mapping[str, File] | None = None, **query: Any) -> Result:
        """A build that has to succeed."""
        result = self.build(dockerfile, files, **query)
        assert not result.error, result.error
        return result

    def ask(self, method: str, path: str, body: Any = None, **query: Any) -> Any:
        headers = {"content-type": "application/json"} if body is not None else {}
        data = json.dumps(body).encode() if body is not None else b""
        answer = self.connection.request(method, f"/v1.50{path}", _texts(query), headers, data)
        got = answer.read()
        assert answer.status < 400, got
        lines = [json.loads(line) for line in got.splitlines()]
        return lines[0] if len(lines) == 1 else lines

    def image(self, name: str) -> dict[str, Any]:
        return dict(self.ask("GET", f"/images/{name}/json"))

    def containers(self) -> list[dict[str, Any]]:
        return list(self.ask("GET", "/containers/json", all=1))

    def spans(self, where: str, begins: str = "") -> list[Span]:
        return [
            span
            for span in self.engine.trace.finished
            if isinstance(span, Span) and span.where == where and span.name.startswith(begins)
        ]

    def let_pass(self, seconds: float) -> None:
        """Virtual time."""
        self.engine.loop.run(self.engine.loop.sleep(seconds))

    def run(self, image: str, *command: str) -> str:
        """What a command prints in a container of an image, by building on it."""
        result = self.built(f"FROM {image}\nENTRYPOINT []\nUSER root\nRUN {json.dumps(list(command))}\n", nocache=1)
        return result.text.split(" ---> Running in ")[-1].split("\n", 1)[1].split("Removing intermediate")[0]


def _texts(query: Mapping[str, Any]) -> dict[str, str | Sequence[str]]:
    texts: dict[str, str | Sequence[str]] = {}
    for name, value in query.items():
        if isinstance(value, tuple):
            texts[name] = value
        else:
            texts[name] = json.dumps(value) if isinstance(value, dict | list) else str(value)
    return texts


@pytest.fixture
def make_docker() -> Iterator[Callable[..., Docker]]:
    """Make an engine that has busybox, and a client of it."""
    made: list[Docker] = []

    def make(**options: Any) -> Docker:
        docker = Docker(make_engine(seed=1, **options))
        docker.ask("POST", "/images/create", fromImage="busybox", tag="latest")
        made.append(docker)
        return docker

    yield make
    for docker in made:
        docker.engine.loop.run(docker.engine.close())


@pytest.fixture
def docker(make_docker: Callable[..., Docker]) -> Docker:
    return make_docker()
