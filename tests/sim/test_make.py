"""A whole engine in one call: the same seed gives the same world."""

from __future__ import annotations

import json
from typing import Any

import pytest

from engine.api.app import App
from engine.api.messages import Request
from sim.make import make_engine


def story(seed: int) -> tuple[str, str, int, list[Any]]:
    engine = make_engine(seed=seed)
    app = App(engine)

    async def call(method: str, path: str, body: Any = None, **query: str) -> bytes:
        headers = {"content-type": "application/json"} if body else {}
        response = await app.handle(Request(method, path, query, headers, json.dumps(body).encode() if body else b""))
        parts = [response.body] if response.stream is None else [part async for part in response.stream]
        assert response.status < 400, parts
        return b"".join(parts)

    async def run() -> tuple[str, str, int, list[Any]]:
        await call("POST", "/images/create", fromImage="busybox", tag="latest")
        command = ["sh", "-c", "head -c 8 /dev/urandom | od -x; date +%s%N; ps; ping -c 1 localhost"]
        id = json.loads(await call("POST", "/containers/create", {"Image": "busybox", "Cmd": command}))["Id"]
        await call("POST", f"/containers/{id}/start")
        await call("POST", f"/containers/{id}/wait")
        said = await call("GET", f"/containers/{id}/logs", stdout="1", stderr="1")
        await call("DELETE", f"/containers/{id}")
        return id, said.decode(errors="replace"), engine.loop.time, engine.trace.since(0)

    result = engine.loop.run(run())
    engine.loop.run(engine.close())
    return result


def test_the_same_seed_gives_the_same_ids_output_times_and_trace() -> None:
    first, again, other = story(1), story(1), story(2)
    assert first == again
    assert first[0] != other[0]
    assert first[1] != other[1]


@pytest.mark.parametrize(
    ("settings", "text"), [({"clock": "sun"}, "unknown clock 'sun'"), ({"profile": "dos"}, "'dos'")]
)
def test_unknown_settings_are_refused_by_name(settings: dict[str, str], text: str) -> None:
    with pytest.raises(ValueError, match=text):
        make_engine(**settings)  # type: ignore[arg-type]
