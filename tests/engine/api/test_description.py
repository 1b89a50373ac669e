"""Docker's own description of its API is the judge: every operation is there, answers as described, never breaks.

`GLASSDOCK_EXAMPLES=500` asks every operation more questions than the usual few.
"""

from __future__ import annotations

import base64
import io
import json
import logging
import os
import tarfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest
from api_description import BROKEN, TEXTS, Operation, body_values, operations, query_values
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.api.app import App
from engine.api.inprocess import Session
from engine.api.messages import Query, Request, Response
from engine.api.streams import close_stream
from engine.errors import EngineError
from engine.lifecycle import State
from engine.loop import Cancelled, Task
from sim.make import make_engine

EXAMPLES = int(os.environ.get("GLASSDOCK_EXAMPLES", "20"))  # of each operation
SLOW_OR_NOT = list(HealthCheck)
STEPS, TIMERS, PIECES = 200_000, 200, 20  # what one question may cost: more is a hang
OPERATIONS = operations(Path(__file__).parent / "description" / "v1.50.yaml")
each_operation = pytest.mark.parametrize("operation", OPERATIONS, ids=str)
REGISTRY_AUTH = {"x-registry-auth": base64.urlsafe_b64encode(b"{}").decode()}

# What this engine has not: its refusal is the sensible answer, too
REFUSED = ("* /swarm*", "* /nodes*", "* /services*", "* /tasks*", "* /secrets*", "* /configs*", "* /plugins/*",
           "PUT /volumes/{name}", "POST /session")  # fmt: skip

# Statuses that Docker gives although its description does not say so. 400 is understood everywhere.
UNDECLARED: dict[str, set[int]] = {
    "POST /containers/{id}/update": {409},  # limits that contradict those it has
    "POST /containers/{id}/*pause": {409},  # it is already, or it does not run
    "* /containers/{id}/attach*": {409},  # it is paused, or about to restart
    "GET /containers/{id}/top": {409},  # it does not run
    "POST /containers/{id}/resize": {409},  # it does not run
    "POST /networks/create": {409},  # the name is taken
    "POST /volumes/create": {404, 409},  # no such driver; it is there with another one
    "GET /images/*get": {404},  # no such image
    "GET /distribution/{name}/json": {403, 404},  # as the registry says
    "* /swarm/*": {501},  # Docker could; this engine is one host
    "* /plugins/*": {501},  # Docker could; this engine has none
}

# Where Docker itself is not as described: Go writes a slice, map or pointer that is nil as null.
# "operation: where", with wildcards
ENDPOINT = "*Networks.*."
NULLS = (
    *(f"{ENDPOINT}{name}" for name in ("Links", "Aliases", "DNSNames")),
    *(f"GET /containers/{{id}}/json: HostConfig.{name}" for name in (
        "CapAdd", "CapDrop", "DeviceCgroupRules", "DeviceRequests", "ExtraHosts", "GroupAdd", "Links",
        "MemorySwappiness", "OomKillDisable", "SecurityOpt", "VolumesFrom",
    )),
    "GET */json: Config.Entrypoint", "GET */json: Config.Volumes", "GET /images/{name}/json: Config.Labels",
    "GET /containers/{id}/stats: blkio_stats.*",  # cgroup v2 has but a few of them
    "POST /containers/{id}/update: Warnings",
    "GET /exec/{id}/json: ExitCode",  # of what has not ended
    "GET /images/json: *.Labels", "GET /images/{name}/history: *.Tags",
    "GET /info: GenericResources", "GET /info: Plugins.Authorization", "GET /info: Warnings",
    "GET /system/df: Images.*.Labels", "GET /system/df: Volumes.*.Labels", "GET /system/df: Volumes.*.Options",
    "GET /volumes: Volumes.*.Labels", "GET /volumes: Volumes.*.Options", "GET /volumes: Warnings",
    "* /volumes/*: Labels", "* /volumes/*: Options",
    "GET /networks: *.IPAM.Options", "GET /networks/{id}: IPAM.Options",
    "GET /networks: *.IPAM.Config", "GET /networks/{id}: IPAM.Config",  # of host and none
    "POST */prune: *Deleted",
    "GET /images/{name}/json: GraphDriver.Data",  # not of Docker's: an image has no folders of its own here
)  # fmt: skip
UNLIKE_DESCRIBED = (
    *(f"{place}: None is not of type *" for place in NULLS),
    "GET /events: : Additional properties are not allowed (*'id', 'status' were unexpected)",  # of old clients
)


def archive(**files: bytes) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as tar:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    return stream.getvalue()


@dataclass
class Question:
    """What one operation is asked; `names` are the values of the path's variables."""

    query: dict[str, str] = field(default_factory=dict)
    body: Any = None  # bytes are sent as they are, anything else as JSON
    names: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)


PLAIN = Question()
IDLE = {"Image": "alpine", "Cmd": ["sleep", "100000"]}

# What is asked besides names, for an operation that means little without
SENSIBLE: dict[str, Question] = {
    "POST /containers/create": Question(
        {"name": "new"}, IDLE | {"Labels": {"a": "b"}, "HostConfig": {"Memory": 1 << 26}}
    ),
    "GET /containers/json": Question({"all": "1", "size": "1"}),
    "GET /containers/{id}/json": Question({"size": "1"}),
    "GET /containers/{id}/logs": Question({"stdout": "1", "stderr": "1"}, names={"id": "over"}),
    "GET /containers/{id}/stats": Question({"stream": "0"}),
    "POST /containers/{id}/resize": Question({"h": "24", "w": "80"}),
    "POST /containers/{id}/stop": Question({"t": "1"}),
    "POST /containers/{id}/restart": Question({"t": "1"}),
    "POST /containers/{id}/update": Question(
        body={"Memory": 1 << 27, "MemorySwap": 1 << 28, "RestartPolicy": {"Name": "no"}}
    ),
    "POST /containers/{id}/rename": Question({"name": "renamed"}),
    "POST /containers/{id}/unpause": Question(names={"id": "paused"}),
    "POST /containers/{id}/attach": Question({"stream": "1", "stdout": "1"}),
    "GET /containers/{id}/attach/ws": Question({"stream": "1", "stdout": "1"}, headers={"upgrade": "websocket"}),
    "POST /containers/{id}/wait": Question(names={"id": "over"}),
    "DELETE /containers/{id}": Question({"force": "1"}),
    "HEAD /containers/{id}/archive": Question({"path": "/etc/hosts"}),
    "GET /containers/{id}/archive": Question({"path": "/etc"}),
    "PUT /containers/{id}/archive": Question({"path": "/tmp"}, archive(hello=b"world")),
    "POST /containers/{id}/exec": Question(body={"Cmd": ["true"], "AttachStdout": True}),
    "POST /exec/{id}/start": Question(body={"Detach": False, "Tty": False}),
    "POST /exec/{id}/resize": Question({"h": "24", "w": "80"}, names={"id": "running exec"}),
    "POST /build": Question({"t": "made", "rm": "1"}, archive(Dockerfile=b"FROM alpine\nRUN true\n")),
    "POST /images/create": Question({"fromImage": "busybox", "tag": "latest"}),
    "POST /images/{name}/push": Question({"tag": "latest"}, headers=REGISTRY_AUTH),
    "POST /images/{name}/tag": Question({"repo": "other", "tag": "v1"}),
    "DELETE /images/{name}": Question(names={"name": "spare"}),
    "GET /images/search": Question({"term": "alpine"}),
    "GET /images/{name}/json": Question({"manifests": "1"}),
    "GET /images/get": Question({"names": "alpine"}),
    "POST /images/load": Question(body=archive()),
    "POST /commit": Question({"container": "web", "repo": "committed"}, {}),
    "POST /auth": Question(body={"username": "student", "password": "secret", "serveraddress": ""}),
    "GET /events": Question({"since": "1", "until": "1800000002"}),
    "POST /volumes/create": Question(body={"Name": "second", "Labels": {"a": "b"}}),
    "PUT /volumes/{name}": Question({"version": "1"}, {"Spec": {}}),
    "DELETE /volumes/{name}": Question(names={"name": "unused"}),
    "POST /networks/create": Question(body={"Name": "second", "Labels": {"a": "b"}}),
    "DELETE /networks/{id}": Question(names={"id": "unused"}),
    "POST /networks/{id}/connect": Question(body={"Container": "over"}),
    "POST /networks/{id}/disconnect": Question(body={"Container": "web"}),
    "POST /swarm/init": Question(body={"ListenAddr": "0.0.0.0:2377"}),
    "POST /swarm/join": Question(body={"RemoteAddrs": ["10.0.0.1:2377"]}),
}


class World:
    """An engine with something of everything, and a bounded way to ask it."""

    def __init__(self) -> None:
        self.engine = make_engine(seed=1)
        self.app = App(self.engine)
        self.exec = self.running_exec = ""
        self.told("POST /images/create", Question({"fromImage": "alpine", "tag": "latest"}))
        self.told("POST /images/{name}/tag", Question({"repo": "spare"}))
        for name in ("net", "unused"):
            self.told("POST /networks/create", Question(body={"Name": name}))
            self.told("POST /volumes/create", Question(body={"Name": name.replace("net", "vol")}))
        host = {"NetworkMode": "net", "Binds": ["vol:/data"], "PortBindings": {"80/tcp": [{"HostPort": "8080"}]}}
        self.container("web", IDLE | {"ExposedPorts": {"80/tcp": {}}, "HostConfig": host})
        self.container("paused", IDLE)
        self.told("POST /containers/{id}/pause", Question(names={"id": "paused"}))
        self.container("over", {"Image": "alpine", "Cmd": ["echo", "hello"]})
        self.told("POST /containers/{id}/wait", Question(names={"id": "over"}))
        self.exec = self.new_exec("true")
        self.running_exec = self.new_exec("sleep", "100000")
        started = Question(body={"Detach": True}, names={"id": self.running_exec})
        self.told("POST /exec/{id}/start", started)

    def container(self, name: str, config: Any) -> None:
        self.told("POST /containers/create", Question({"name": name}, config))
        self.told("POST /containers/{id}/start", Question(names={"id": name}))

    def new_exec(self, *command: str) -> str:
        answer = self.told("POST /containers/{id}/exec", Question(body={"Cmd": command, "AttachStdout": True}))
        return str(json.loads(answer)["Id"])

    def told(self, operation: str, question: Question) -> bytes:
        """The answer's body, of something that must succeed."""
        response, body = self.ask(*operation.split(), question)
        assert response is not None
        assert response.status < 300, (operation, body)
        return body

    def whole(self) -> bool:
        """Is everything still there?"""
        engine = self.engine
        try:
            states = [engine.containers.get(name).state for name in ("web", "paused", "over")]
            engine.images.get("spare")
            engine.networks.get("net")
            engine.networks.get("unused")
            engine.volumes.get("vol")
            engine.execs.get(self.exec)
        except EngineError:
            return False
        return states == [State.RUNNING, State.PAUSED, State.EXITED]

    def name(self, path: str) -> str:
        """The value of the path's variable that means something."""
        known = {"containers": "web", "networks": "net", "volumes": "vol", "exec": self.exec}
        return known.get(path.split("/")[1], "alpine")

    def request(self, method: str, path: str, question: Question) -> Request:
        for variable in ("id", "name"):
            value = question.names.get(variable, self.name(path))
            path = path.replace(f"{{{variable}}}", self.running_exec if value == "running exec" else value)
        body, headers = question.body, dict(question.headers)
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
            headers = {"content-type": "application/json"} | headers
        return Request(method, path, Query(question.query.items()), headers, body or b"")

    def ask(self, method: str, path: str, question: Question) -> tuple[Response | None, bytes]:
        """The answer and the beginning of its body. None: it waits for something that does not come by itself."""
        loop = self.engine.loop
        task = loop.spawn(self.app.handle(self.request(method, path, question)))
        if not self.drive(task):
            return None, b""
        response = task.result()
        if response.session is not None:
            session = Session(loop, response)
            with suppress(ConnectionError):  # it may be over already
                session.send(b"exit\n")
            session.close()
        return response, response.body if response.stream is None else self.begin(response)

    def begin(self, response: Response) -> bytes:
        """The first pieces of a stream, which is closed then."""
        stream, body = response.stream, b""
        assert stream is not None

        async def piece() -> bytes | None:
            return await anext(stream, None)

        for _ in range(PIECES):
            task = self.engine.loop.spawn(piece())
            if not self.drive(task) or (data := task.result()) is None:
                break
            body += data
        self.drive(self.engine.loop.spawn(close_stream(stream)))
        return body

    def drive(self, task: Task[Any]) -> bool:
        """Let the task come to its end; False if it waits for too long, and is cancelled."""
        loop, task_ended = self.engine.loop, lambda: None
        task.add_done_callback(task_ended)
        for _ in range(TIMERS):
            assert not loop.run_some(STEPS), "it goes on and on"
            if task.done() or not loop.step():
                break
        if task.done():
            return True
        task.cancel()
        assert not loop.run_some(STEPS), "it cannot be cancelled"
        assert isinstance(task.error(), Cancelled)
        return False


@pytest.fixture(scope="module")
def engine_log() -> Iterator[list[logging.LogRecord]]:
    """What the engine says went wrong inside of it."""
    records: list[logging.LogRecord] = []
    handler = logging.Handler(logging.ERROR)
    handler.emit = records.append  # type: ignore[method-assign]
    logging.getLogger("glassdock").addHandler(handler)
    yield records
    logging.getLogger("glassdock").removeHandler(handler)


def allowed(operation: Operation) -> set[int]:
    undeclared = {status for pattern, more in UNDECLARED.items() if fnmatch(str(operation), pattern) for status in more}
    return operation.statuses | {400} | undeclared


def faults(operation: Operation, body: bytes) -> list[str]:
    """What is wrong with a success's body, but for what Docker does so, too."""
    if operation.validator is None:
        return []
    values = [json.loads(line) for line in body.splitlines()]  # more than one: events
    found = [f"{operation}: {fault}" for value in values for fault in operation.faults(value)]
    return [fault for fault in found if not any(fnmatch(fault, known) for known in UNLIKE_DESCRIBED)]


def test_all_of_the_description_is_asked() -> None:
    assert len(OPERATIONS) == 107
    assert not set(SENSIBLE) - set(map(str, OPERATIONS))


@each_operation
def test_an_operation_answers_as_described(operation: Operation, engine_log: list[logging.LogRecord]) -> None:
    engine_log.clear()
    response, body = World().ask(operation.method, operation.path, SENSIBLE.get(str(operation), PLAIN))
    assert response is not None, "no answer"
    assert response.status in allowed(operation), body
    assert b"page not found" not in body
    assert not engine_log
    if any(fnmatch(str(operation), pattern) for pattern in REFUSED):
        return
    assert response.status < 400, body
    if response.status in (200, 201):
        assert not faults(operation, body)


# ---------------------------------------------------------------- whatever is asked


@st.composite
def questions(draw: st.DrawFn, operation: Operation) -> Question:
    """The sensible one with other values for a few of its parameters, or for its body."""
    sensible = SENSIBLE.get(str(operation), PLAIN)
    question = Question(dict(sensible.query), sensible.body, dict(sensible.names), dict(sensible.headers))
    for parameter in operation.parameters("query"):
        if draw(st.integers(0, 2)) == 0:
            question.query[parameter["name"]] = draw(query_values(parameter))
    for parameter in operation.parameters("header"):
        question.headers[parameter["name"].lower()] = draw(query_values(parameter))
    for parameter in operation.parameters("path"):
        if draw(st.integers(0, 5)) == 0:  # a route is not found for an empty name, or one with a slash
            question.names[parameter["name"]] = draw(TEXTS).replace("/", "") or "x"
    for parameter in operation.parameters("body"):
        question.body = draw(body(operation, parameter["schema"], question.body))
    return question


def body(operation: Operation, schema: Any, sensible: Any) -> st.SearchStrategy[Any]:
    if not operation.takes_json:
        return st.binary(max_size=2000) | st.just(sensible) | BROKEN
    made = body_values(schema)
    if isinstance(sensible, dict):
        made = made.map(lambda value: sensible | value if isinstance(value, dict) else value)
    return made | BROKEN


@pytest.fixture(scope="module")
def worlds() -> dict[str, World]:
    return {}


@each_operation
def test_no_question_breaks_an_operation(
    operation: Operation, engine_log: list[logging.LogRecord], worlds: dict[str, World]
) -> None:
    @given(questions(operation))
    @settings(deadline=None, max_examples=EXAMPLES, derandomize=True, database=None, suppress_health_check=SLOW_OR_NOT)
    def ask(question: Question) -> None:
        world = worlds.get("world")
        if world is None or not world.whole():
            world = worlds["world"] = World()
        engine_log.clear()
        response, body = world.ask(operation.method, operation.path, question)
        assert not engine_log, engine_log[0].getMessage()
        if response is None:  # it waits, as asked
            return
        assert response.status in allowed(operation), body
        assert b"page not found" not in body
        if response.status in (200, 201):
            assert not faults(operation, body)
        elif response.status >= 400 and operation.method != "HEAD":
            assert json.loads(body)["message"]

    ask()
