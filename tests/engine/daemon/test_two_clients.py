"""Two clients who know nothing of each other, and everything that they can do to the same containers.

Requests are sent without waiting for answers, so that verbs meet in every order: a removal in the middle of a stop, a
start during an exit. Whatever happens, each answer is one that Docker gives, each container is in a state of the table,
and when all are removed nothing is left on the host.
"""

from __future__ import annotations

import json
import os

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.api.app import App
from engine.api.messages import Request, Response
from engine.lifecycle import TABLE, State
from engine.loop import Loop, Task
from sim.make import make_engine

PROGRAMS = {
    "quick": ["true"],
    "failing": ["sh", "-c", "exit 1"],
    "polite": ["sh", "-c", "trap 'exit 0' TERM; while :; do sleep 0.1; done"],
    "deaf": ["sleep", "1000"],
}
POLICIES = ("no", "always", "on-failure", "--rm")
VERBS = ("start", "stop?t=1", "kill", "kill?signal=TERM", "pause", "unpause", "restart?t=0", "rename?name=new", "wait")
OTHERS = ("json", "remove", "force", "exec", "update", "connect", "disconnect", "top", "stats", "volume rm", "prune")
STEPS = (*VERBS, *OTHERS)
ALLOWED = {200, 201, 204, 304, 400, 403, 404, 409, 500}
RUNS = 1000 if "CI" in os.environ else 40
LIMITS = {"Memory": 64 << 20, "MemorySwap": -1, "PidsLimit": 50, "RestartPolicy": {"Name": "no"}}

MEMORY = {"type": "tmpfs", "device": "tmpfs"}

step = st.tuples(st.sampled_from(STEPS), st.integers(0, 1), st.sampled_from((0.0, 0.0, 0.0001, 0.01, 0.5, 3.0)))


def request(method: str, path: str, body: object = None) -> Request:
    path, _, query = path.partition("?")
    pairs = dict(pair.split("=") for pair in query.split("&") if pair)
    data = b"" if body is None else json.dumps(body).encode()
    return Request(method, path, pairs, {"content-type": "application/json"} if data else {}, data)


def step_request(verb: str, name: str) -> Request:
    match verb:
        case "json":
            return request("GET", f"/containers/{name}/json")
        case "remove":
            return request("DELETE", f"/containers/{name}")
        case "force":
            return request("DELETE", f"/containers/{name}?force=1")
        case "update":
            return request("POST", f"/containers/{name}/update", LIMITS)
        case "connect" | "disconnect":
            return request("POST", f"/networks/lab/{verb}", {"Container": name, "Force": True})
        case "top" | "stats":
            return request("GET", f"/containers/{name}/{verb}?stream=0")
        case "volume rm":
            return request("DELETE", "/volumes/memory")
        case "prune":
            return request("POST", "/containers/prune")
        case "exec":
            return request("POST", f"/containers/{name}/exec", {"Cmd": ["sleep", "5"]})
        case _:
            return request("POST", f"/containers/{name}/{verb}")


async def answer(app: App, wanted: Request) -> Response:
    """The whole answer; an exec that was made is started, too."""
    response = await app.handle(wanted)
    if response.stream is not None:
        async for _ in response.stream:
            pass
    if wanted.path.endswith("/exec") and response.status == 201:
        started = request("POST", f"/exec/{json.loads(response.body)['Id']}/start", {"Detach": True})
        return await answer(app, started)
    return response


def let_pass(loop: Loop, seconds: float) -> None:
    loop.run_ready()
    loop.advance(loop.time + int(seconds * 1e9))
    loop.run_ready()


def settings_of(program: str, policy: str) -> dict[str, object]:
    host: dict[str, object] = {"AutoRemove": True} if policy == "--rm" else {"RestartPolicy": {"Name": policy}}
    host |= {"Binds": ["memory:/m", "plain:/p"], "IpcMode": "shareable"}
    return {"Image": "busybox", "Cmd": PROGRAMS[program], "HostConfig": host}


@settings(max_examples=RUNS, deadline=None, derandomize=True)
@given(
    st.lists(st.tuples(st.sampled_from(sorted(PROGRAMS)), st.sampled_from(POLICIES)), min_size=2, max_size=2),
    st.lists(step, max_size=25),
)
def test_no_order_of_requests_leaves_the_table_or_leaks(
    made: list[tuple[str, str]], steps: list[tuple[str, int, float]]
) -> None:
    engine = make_engine(seed=1)
    app, loop = App(engine), engine.loop
    loop.run(answer(app, request("POST", "/images/create?fromImage=busybox&tag=latest")))
    loop.run(answer(app, request("POST", "/networks/create", {"Name": "lab"})))
    loop.run(answer(app, request("POST", "/volumes/create", {"Name": "memory", "DriverOpts": MEMORY})))
    mounts = len(engine.host.kernel.host.mount.info())  # type: ignore[attr-defined]
    ids = []
    for program, policy in made:
        response = loop.run(answer(app, request("POST", "/containers/create", settings_of(program, policy))))
        ids.append(str(json.loads(response.body)["Id"]))

    sent: list[Task[Response]] = []
    for verb, which, seconds in steps:
        task = loop.spawn(answer(app, step_request(verb, ids[which])))
        task.add_done_callback(lambda: None)
        sent.append(task)
        let_pass(loop, seconds)
        assert all(container.state in TABLE for container in engine.containers)
    let_pass(loop, 30)

    for task in sent:
        assert task.error() is None
        if task.done():  # a wait for a program that does not end is not over
            assert task.result().status in ALLOWED, task.result().body
    assert all(container.state is not State.REMOVING for container in engine.containers)

    for container in engine.containers:
        assert loop.run(answer(app, request("DELETE", f"/containers/{container.id}?force=1"))).status == 204
    let_pass(loop, 120)
    assert all(task.done() for task in sent)
    assert len(engine.containers) == 0
    assert not engine.containers.names
    assert not engine.host.kernel.containers  # type: ignore[attr-defined]
    assert loop.next_due() is None
    assert not json.loads(loop.run(answer(app, request("GET", "/networks/bridge"))).body)["Containers"]
    assert loop.run(answer(app, request("DELETE", "/networks/lab"))).status == 204
    assert len(engine.host.kernel.host.mount.info()) == mounts  # type: ignore[attr-defined]
    for volume in engine.volumes:
        assert loop.run(answer(app, request("DELETE", f"/volumes/{volume.name}"))).status == 204
    loop.run(engine.close())
