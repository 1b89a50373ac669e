"""Which way a request to a registry goes, and pushing to the pretended Docker Hub."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any

import pytest

docker = pytest.importorskip("docker")

from engine.client.dockerpy import docker_client  # noqa: E402
from engine.distribution.transport import Reply, Unreachable  # noqa: E402
from engine.loop import Loop  # noqa: E402
from sim.hub.hub import Hub, HubTransport  # noqa: E402
from sim.make import make_engine  # noqa: E402
from sim.net.ways import Ways  # noqa: E402


class Far:
    """A real network that notes what it is asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def request(self, method: str, url: str, headers: Mapping[str, str], body: Any = b"") -> Reply:
        self.asked.append(url)
        return Reply(200, {}, _nothing())


async def _nothing() -> AsyncIterator[bytes]:
    return
    yield b""


class NoPorts:
    async def dial(self, host_ip: str, port: int) -> Any:
        raise ConnectionRefusedError


def ways(**options: bool) -> tuple[Loop, Ways]:
    loop = Loop(start=0)
    hub = Hub(loop)
    return loop, Ways(hub, HubTransport(hub, loop), NoPorts(), **options)


def status(loop: Loop, way: Ways, url: str) -> int | str:
    try:
        return loop.run(way.request("GET", url, {})).status
    except Unreachable as error:
        return str(error)


HUB, LOCAL, OTHER = "https://registry-1.docker.io/v2/", "http://localhost:5000/v2/", "https://quay.io/v2/"
UNKNOWN = "dial tcp: lookup quay.io: no such host"
REFUSED = "dial tcp 127.0.0.1:5000: connect: connection refused"


@pytest.mark.parametrize(
    ("options", "served", "answers"),
    [
        ({}, False, [401, REFUSED, UNKNOWN]),
        ({}, True, [401, 200, UNKNOWN]),
        ({"internet": True}, True, [401, 200, 200]),
        ({"internet": True}, False, [401, REFUSED, UNKNOWN]),
        ({"pretend": False}, True, [200, 200, 200]),
        ({"pretend": False}, False, ["dial tcp: lookup registry-1.docker.io: no such host", REFUSED, UNKNOWN]),
    ],
)
def test_a_name_decides_the_way(options: dict[str, bool], served: bool, answers: list[int | str]) -> None:
    loop, way = ways(**options)
    if served:
        way.reach_out(Far())
    assert [status(loop, way, url) for url in (HUB, LOCAL, OTHER)] == answers


class Student:
    """An engine, docker-py on it, and an image to push."""

    def __init__(self) -> None:
        self.engine = make_engine(seed=1)
        self.docker = docker_client(self.engine)
        self.image = self.docker.images.pull("alpine:latest")

    @property
    def hub(self) -> Hub:
        transport = self.engine.images.transport
        assert isinstance(transport, Ways)
        return transport.hub

    def push(self, name: str, user: str = "", password: str = "pw") -> list[str]:
        self.image.tag(name)
        login = {"username": user, "password": password} if user else None
        lines = list(self.docker.images.push(name, stream=True, decode=True, auth_config=login))
        return [line.get("error") or line["status"] for line in lines if "error" in line or "status" in line]


@pytest.fixture
def student() -> Iterator[Student]:
    yield Student()


def test_a_student_pushes_to_repositories_of_his_own_and_to_no_others(student: Student) -> None:
    told = student.push("ann/alpine:1", "ann")
    assert told[0] == "The push refers to repository [docker.io/ann/alpine]"
    assert told[-2] == "Mounted from library/alpine" and told[-1].startswith("1: digest: sha256:")
    for name, user in (("bob/alpine:1", "ann"), ("alpine:latest", "ann"), ("ann/alpine:2", "")):
        assert student.push(name, user)[-1] == "denied: requested access to the resource is denied"
    assert student.push("bob/alpine:1", "bob")[-1].startswith("1: digest: ")


def test_what_was_pushed_is_found_and_pulled_by_everybody(student: Student) -> None:
    student.push("ann/alpine:1", "ann")
    found = student.docker.images.search("ann/")
    assert [(row["name"], row["is_official"]) for row in found] == [("ann/alpine", False)]
    student.docker.images.remove("ann/alpine:1")
    student.docker.images.remove("alpine:latest")
    assert student.docker.images.pull("ann/alpine:1").id == student.image.id
    assert student.docker.containers.run("ann/alpine:1", "echo hi", remove=True) == b"hi\n"


def test_an_account_belongs_to_the_first_who_logs_in_with_it(student: Student) -> None:
    assert student.docker.login("ann", "pw")["Status"] == "Login Succeeded"
    wrong = 'Get "https://registry-1.docker.io/v2/": unauthorized: incorrect username or password'
    for user, password in (("ann", "other"), ("Ann!", "pw"), ("library", "pw"), ("docker", "pw"), ("a", "pw")):
        with pytest.raises(docker.errors.APIError) as caught:
            student.docker.login(user, password, reauth=True)
        assert caught.value.response.status_code == 401 and caught.value.explanation == wrong


def test_a_push_takes_the_time_of_the_wire(student: Student) -> None:
    container = student.docker.containers.run(
        "alpine", ["dd", "if=/dev/urandom", "of=/big", "bs=1M", "count=4"], detach=True
    )
    container.wait()
    student.image = container.commit("ann/big", "1")
    student.hub.faults.bandwidth = 1_000_000.0
    begin = student.engine.loop.time
    assert student.push("ann/big:1", "ann")[-1].startswith("1: digest: ")
    assert 4 * 10**9 < student.engine.loop.time - begin < 6 * 10**9


def test_a_push_that_breaks_goes_on_where_it_stopped(student: Student) -> None:
    words = ["dd", "if=/dev/urandom", "of=/big", "bs=1M", "count=2"]
    container = student.docker.containers.run("alpine", words, detach=True)
    container.wait()
    student.image = container.commit("ann/big", "1")
    student.hub.faults.break_after, student.hub.faults.breaks = 1_000_000, 1
    told = student.push("ann/big:1", "ann")
    assert "Retrying in 5 seconds" in told and told[-1].startswith("1: digest: ")
    sent = [span["name"] for span in student.engine.trace.since(0) if span["name"].startswith("PATCH")]
    assert sent[0] == sent[1]  # the same upload went on


def test_the_same_seed_pushes_in_the_same_steps() -> None:
    def trace() -> list[dict[str, Any]]:
        student = Student()
        student.push("ann/alpine:1", "ann")
        return student.engine.trace.since(0)

    assert trace() == trace()
