"""A whole simulated Docker, spoken to through its API in process, and a few words that shorten the talk."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.api.inprocess import Connection, Session
from engine.api.streams import Unframer
from engine.daemon.engine import Engine
from sim.make import make_engine


class Refusal(AssertionError):
    """An answer of 400 or more."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(f"{status} {message}")
        self.status, self.message = status, message


class Docker:
    """One client of one engine."""

    def __init__(self, engine: Engine, version: str = "1.50") -> None:
        self.engine, self.version = engine, version
        self.loop = engine.loop
        self.connection = Connection(engine)

    def ask(self, method: str, path: str, body: Any = None, **query: Any) -> bytes:
        """The answer's body. Raises Refusal."""
        headers = {} if body is None else {"content-type": "application/json"}
        data = b"" if body is None else json.dumps(body).encode()
        texts = {name: _text(value) for name, value in query.items()}
        answer = self.connection.request(method, f"/v{self.version}{path}", texts, headers, data)
        got = answer.read()
        if answer.status >= 400:
            raise Refusal(answer.status, json.loads(got)["message"])
        return got

    def get(self, path: str, **query: Any) -> Any:
        return json.loads(self.ask("GET", path, **query))

    def post(self, path: str, body: Any = None, **query: Any) -> Any:
        got = self.ask("POST", path, body, **query)
        return json.loads(got) if got else None

    def delete(self, path: str, **query: Any) -> None:
        self.ask("DELETE", path, **query)

    # -- shorthands

    def create(self, *command: str, name: str = "c1", image: str = "busybox", **settings: Any) -> str:
        body = {"Image": image, **settings} | ({"Cmd": list(command)} if command else {})
        return str(self.post("/containers/create", body, name=name)["Id"])

    def run(self, *command: str, name: str = "c1", **settings: Any) -> str:
        """`docker run -d`"""
        id = self.create(*command, name=name, **settings)
        self.post(f"/containers/{id}/start")
        return id

    def wait(self, name: str = "c1") -> int:
        return int(self.post(f"/containers/{name}/wait")["StatusCode"])

    def state(self, name: str = "c1") -> dict[str, Any]:
        return dict(self.get(f"/containers/{name}/json")["State"])

    def status(self, name: str = "c1") -> str:
        """What `docker ps -a` says."""
        rows = self.get("/containers/json", all=True, filters={"name": [f"^/{name}$"]})
        return str(rows[0]["Status"])

    def logs(self, name: str = "c1", **query: Any) -> bytes:
        data = self.ask("GET", f"/containers/{name}/logs", stdout=1, stderr=1, **query)
        return b"".join(payload for _, payload in Unframer().feed(data))

    def attach(self, name: str = "c1", **query: Any) -> Session:
        texts = {key: _text(value) for key, value in {"stream": 1, "stdout": 1, "stderr": 1, **query}.items()}
        answer, session = self.connection.upgrade(f"/v{self.version}/containers/{name}/attach", texts)
        assert session is not None, answer.read()
        return session

    def exec(self, *command: str, name: str = "c1", **settings: Any) -> tuple[int, bytes]:
        """`docker exec`: exit code and output."""
        wanted = {"Cmd": list(command), "AttachStdout": True, "AttachStderr": True, **settings}
        id = self.post(f"/containers/{name}/exec", wanted)["Id"]
        tty = bool(settings.get("Tty"))
        headers, how = {"content-type": "application/json"}, json.dumps({"Tty": tty}).encode()
        answer, session = self.connection.upgrade(f"/v{self.version}/exec/{id}/start", {}, headers, how)
        if session is None:
            raise Refusal(answer.status, json.loads(answer.read())["message"])
        data = b"".join(iter(session.recv, b""))
        if not tty:
            data = b"".join(payload for _, payload in Unframer().feed(data))
        return self.get(f"/exec/{id}/json")["ExitCode"], data

    def events(self, **filters: list[str]) -> list[dict[str, Any]]:
        now = self.loop.time
        data = self.ask("GET", "/events", since=0, until=f"{now // 10**9}.{now % 10**9:09d}", filters=filters)
        return [json.loads(line) for line in data.splitlines()]

    def actions(self, **filters: list[str]) -> list[str]:
        return [str(event["Action"]) for event in self.events(**filters)]

    def let_pass(self, seconds: float) -> None:
        """Virtual time."""
        self.loop.run(self.loop.sleep(seconds))


def _text(value: Any) -> str:
    if isinstance(value, dict):
        return json.dumps(value)
    return str(int(value)) if isinstance(value, bool) else str(value)


@pytest.fixture
def make_docker() -> Iterator[Callable[..., Docker]]:
    """Make an engine that has busybox, and a client of it."""
    made: list[Docker] = []

    def make(data_root: Path | None = None, version: str = "1.50", pull: bool = True) -> Docker:
        docker = Docker(make_engine(seed=1, data_root=data_root), version)
        if pull:
            docker.ask("POST", "/images/create", fromImage="busybox", tag="latest")
        made.append(docker)
        return docker

    yield make
    for docker in made:
        docker.loop.run(docker.engine.close())


@pytest.fixture
def docker(make_docker: Callable[..., Docker]) -> Docker:
    return make_docker()
