"""Clients who connect, disconnect, start, stop, rename and remove at the same time, in every order.

Requests are sent without waiting for their answers. Whatever happens, each answer is one that Docker gives;
between steps the daemon's books agree with the host's; and when all is removed, no address, port, name, bridge or cable
is left.
"""

from __future__ import annotations

import json
import os
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from engine.api.app import App
from engine.api.messages import Request, Response
from engine.loop import Task
from sim.make import make_engine

NETWORKS = ("red", "green", "bridge")
CONTAINERS = ("one", "two")
PORT = {"80/tcp": [{"HostPort": "18080"}]}  # both want it
DELAYS = (0.0, 0.0, 0.0005, 0.004, 0.02, 1.0)
ALLOWED = {200, 201, 204, 304, 400, 403, 404, 409, 500}
RUNS = 1000 if "CI" in os.environ else 40

container = st.sampled_from(CONTAINERS)
network = st.sampled_from(NETWORKS)
delay = st.sampled_from(DELAYS)


class Races(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.engine = make_engine(seed=1)
        self.app, self.loop = App(self.engine), self.engine.loop
        self.sent: list[Task[Response]] = []
        self.ask("POST", "/images/create?fromImage=busybox&tag=latest")
        self.fabric = self.engine.host.kernel.network  # type: ignore[attr-defined]

    # -- talking

    async def answer(self, request: Request) -> Response:
        response = await self.app.handle(request)
        if response.stream is not None:
            async for _ in response.stream:
                pass
        return response

    def request(self, method: str, path: str, body: Any = None) -> Request:
        path, _, query = path.partition("?")
        pairs = dict(pair.split("=") for pair in query.split("&") if pair)
        data = b"" if body is None else json.dumps(body).encode()
        return Request(method, path, pairs, {"content-type": "application/json"} if data else {}, data)

    def ask(self, method: str, path: str, body: Any = None) -> Response:
        return self.loop.run(self.answer(self.request(method, path, body)))

    def send(self, wait: float, method: str, path: str, body: Any = None) -> None:
        """Without waiting for the answer; then let some time pass."""
        task = self.loop.spawn(self.answer(self.request(method, path, body)))
        task.add_done_callback(lambda: None)
        self.sent.append(task)
        self.pass_time(wait)

    def pass_time(self, seconds: float) -> None:
        self.loop.run_ready()
        self.loop.advance(self.loop.time + int(seconds * 1e9))
        self.loop.run_ready()

    # -- what clients do

    @initialize()
    def everything_is_there(self) -> None:
        for name in ("red", "green"):
            self.ask("POST", "/networks/create", {"Name": name})
        for name in CONTAINERS:
            self.create(name, "red", 1.0)

    @rule(name=container, mode=network, wait=delay)
    def create(self, name: str, mode: str, wait: float) -> None:
        host = {"NetworkMode": mode, "PortBindings": PORT}
        body = {"Image": "busybox", "Cmd": ["sleep", "1000"], "HostConfig": host}
        self.send(wait, "POST", f"/containers/create?name={name}", body)

    @rule(name=container, verb=st.sampled_from(("start", "start", "stop?t=0", "kill", "restart?t=0")), wait=delay)
    def run(self, name: str, verb: str, wait: float) -> None:
        self.send(wait, "POST", f"/containers/{name}/{verb}")

    @rule(name=container, wait=delay, priority=st.integers(-1, 1), where=network)
    def connect(self, name: str, wait: float, priority: int, where: str) -> None:
        endpoint = {"GwPriority": priority, "Aliases": None if where == "bridge" else ["alias"]}
        self.send(wait, "POST", f"/networks/{where}/connect", {"Container": name, "EndpointConfig": endpoint})

    @rule(name=container, where=network, wait=delay, force=st.booleans())
    def disconnect(self, name: str, where: str, wait: float, force: bool) -> None:
        self.send(wait, "POST", f"/networks/{where}/disconnect", {"Container": name, "Force": force})

    @rule(where=st.sampled_from(("red", "green")), wait=delay)
    def remove_network(self, where: str, wait: float) -> None:
        self.send(wait, "DELETE", f"/networks/{where}")

    @rule(where=st.sampled_from(("red", "green")), wait=delay)
    def create_network(self, where: str, wait: float) -> None:
        self.send(wait, "POST", "/networks/create", {"Name": where})

    @rule(name=container, wait=delay)
    def rename(self, name: str, wait: float) -> None:
        self.send(wait, "POST", f"/containers/{name}/rename?name={name}x")
        self.send(wait, "POST", f"/containers/{name}x/rename?name={name}")

    @rule(name=container, wait=delay)
    def remove(self, name: str, wait: float) -> None:
        self.send(wait, "DELETE", f"/containers/{name}?force=1")

    @rule(wait=delay)
    def prune(self, wait: float) -> None:
        self.send(wait, "POST", "/networks/prune")

    @rule()
    def quiet(self) -> None:
        """Everything that was asked for has been done: the books of both sides must agree."""
        self.pass_time(60)
        for known in self.engine.containers:
            live = {endpoint.network.id: endpoint for endpoint in known.endpoints}
            if not known.alive:
                assert not live
                continue
            space = self.engine.host.kernel.containers[known.id].namespaces.network  # type: ignore[attr-defined]
            assert sorted(link.ip for link in space.links) == sorted(each.address for each in live.values())
            assert bool(space.gateway) == bool(live)
            for endpoint in live.values():
                assert endpoint.network.endpoints[known.id] is endpoint

    @invariant()
    def no_network_is_lost_under_a_container(self) -> None:
        known = {each.id for each in self.engine.networks}
        for each in self.engine.containers:
            assert all(endpoint.network.id in known for endpoint in each.endpoints)
            addresses = [endpoint.address for endpoint in each.endpoints]
            assert len(set(addresses)) == len(addresses)

    def teardown(self) -> None:
        self.pass_time(60)
        for task in self.sent:
            assert task.done() and task.error() is None
            assert task.result().status in ALLOWED, task.result().body
        for each in self.engine.containers:
            assert self.ask("DELETE", f"/containers/{each.id}?force=1").status == 204
        self.pass_time(60)
        for each in list(self.engine.networks):
            assert each.endpoints == {}
            if not each.predefined:
                assert self.ask("DELETE", f"/networks/{each.id}").status == 204
        self.nothing_is_left()
        self.loop.run(self.engine.close())

    def nothing_is_left(self) -> None:
        fabric, default = self.fabric, self.engine.networks.default
        assert set(fabric.bridges) <= {"docker0"} and fabric.published == {}
        for bridge in fabric.bridges.values():
            assert (bridge.members, bridge.endpoints, bridge.names, bridge.aliases) == ({}, {}, {}, {})
        assert {link.name for link in fabric.host.links} <= {"eth0", "docker0"}
        assert default.pool.take("") == "172.17.0.2"
        assert self.engine.networks._space.any4() == "172.18.0.0/16"
        assert self.loop.next_due() is None


TestRaces = Races.TestCase
TestRaces.settings = settings(max_examples=RUNS, stateful_step_count=25, deadline=None, derandomize=True)
