"""A daemon that is in no swarm says so, for every path of the API description that is about one."""

from __future__ import annotations

import json

import pytest

from engine.api.app import App
from engine.api.messages import Request, Response
from engine.api.swarm import ROUTES
from sim.make import make_engine

APP = App(make_engine(seed=1))
NOT_A_MANAGER = "This node is not a swarm manager. Use "


def ask(method: str, path: str, body: bytes = b"{}") -> Response:
    return APP.engine.loop.run(APP.handle(Request(method, path, {}, {"content-type": "application/json"}, body)))


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.pattern}")
def test_every_path_has_an_answer(route: object) -> None:
    method, pattern = route.method, route.pattern  # type: ignore[attr-defined]
    response = ask(method, pattern.replace("{id}", "abc").replace("{name:path}", "some/plug:1"))
    assert response.status in (200, 404, 501, 503)
    if response.status != 200:
        assert json.loads(response.body)["message"]


def test_the_words_are_dockers() -> None:
    for method, path in (("GET", "/swarm"), ("GET", "/v1.50/nodes"), ("POST", "/services/create")):
        response = ask(method, path)
        assert (response.status, json.loads(response.body)["message"].startswith(NOT_A_MANAGER)) == (503, True)
    assert json.loads(ask("POST", "/swarm/leave").body) == {"message": "This node is not part of a swarm"}
    assert json.loads(ask("GET", "/plugins/x/y:latest/json").body) == {"message": 'plugin "x/y:latest" not found'}


def test_a_body_that_is_no_json_is_told_first() -> None:
    assert ask("POST", "/secrets/create", b"{").status == 400
