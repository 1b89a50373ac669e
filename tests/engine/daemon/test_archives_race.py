"""Copying, committing, exporting, importing and removing at once: every order of requests ends in Docker's answers."""

from __future__ import annotations

import io
import json
import os
import tarfile
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as some

from engine.api.app import App
from engine.api.messages import Query, Request, Response
from engine.loop import Task
from sim.make import make_engine

RUNS = 500 if "CI" in os.environ else 30
ALLOWED = {200, 201, 204, 304, 400, 404, 409}
REQUESTS = {
    "look": ("HEAD", "/containers/c1/archive", {"path": "/home"}),
    "download": ("GET", "/containers/c1/archive", {"path": "/home"}),
    "upload": ("PUT", "/containers/c1/archive", {"path": "/home"}),
    "export": ("GET", "/containers/c1/export", {}),
    "diff": ("GET", "/containers/c1/changes", {}),
    "commit": ("POST", "/commit", {"container": "c1", "repo": "mine"}),
    "import": ("POST", "/images/create", {"fromSrc": "-", "repo": "mine"}),
    "start": ("POST", "/containers/c1/start", {}),
    "kill": ("POST", "/containers/c1/kill", {}),
    "pause": ("POST", "/containers/c1/pause", {}),
    "unpause": ("POST", "/containers/c1/unpause", {}),
    "remove": ("DELETE", "/containers/c1", {"force": "1"}),
    "rmi mine": ("DELETE", "/images/mine", {"force": "1"}),
    "rmi busybox": ("DELETE", "/images/busybox", {"force": "1"}),
    "prune": ("POST", "/images/prune", {}),
    "create": ("POST", "/containers/create", {"name": "c1"}),
}
step = some.tuples(some.sampled_from(sorted(REQUESTS)), some.sampled_from((0.0, 0.0, 0.001, 0.5)))


def archive() -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as tar:
        info = tarfile.TarInfo("f")
        info.size = 200_000
        tar.addfile(info, io.BytesIO(b"x" * info.size))
    return stream.getvalue()


ARCHIVE = archive()


def request(what: str, image: str = "busybox") -> Request:
    method, path, query = REQUESTS[what]
    asked = Request(method, path, Query(query.items()))
    if what == "create":
        asked.headers, asked.body = (
            {"content-type": "application/json"},
            json.dumps({"Image": image, "Cmd": ["sleep", "3"]}).encode(),
        )
    if what in ("upload", "import"):
        asked.body = ARCHIVE
    return asked


async def answer(app: App, wanted: Request) -> Response:
    response = await app.handle(wanted)
    if response.stream is not None:
        async for _ in response.stream:
            await app.engine.loop.sleep(0)  # a slow reader
    return response


@settings(max_examples=RUNS, deadline=None)
@given(some.lists(step, max_size=20))
def test_no_order_of_requests_fails_inside_or_leaks(steps: list[tuple[str, float]]) -> None:
    engine = make_engine(seed=1)
    app, loop = App(engine), engine.loop
    loop.run(answer(app, Request("POST", "/images/create", Query({"fromImage": "busybox", "tag": "latest"}.items()))))
    loop.run(answer(app, request("create")))
    sent: list[tuple[str, Task[Any]]] = []
    for what, seconds in steps:
        task = loop.spawn(answer(app, request(what)))
        task.add_done_callback(lambda: None)
        sent.append((what, task))
        loop.run_ready()
        loop.advance(loop.time + int(seconds * 1e9))
    loop.advance(loop.time + 60 * 10**9)
    for what, task in sent:
        assert task.done(), what
        response = task.result()
        assert response.status in ALLOWED or b"is not paused" in response.body, (what, response.body)
    assert not engine.images.layers._held or engine.images._held
    for container in list(engine.containers):
        loop.run(answer(app, Request("DELETE", f"/containers/{container.id}", {"force": "1"})))
    loop.advance(loop.time + 10**9)
    for image in reversed(list(engine.images.store)):  # children first
        loop.run(answer(app, Request("DELETE", f"/images/{image.id}", {"force": "1"})))
    assert not engine.images.layers._held and not engine.images.store.layers
