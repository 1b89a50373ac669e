"""The frame around every request, on an engine that has a loop and a trace and nothing else."""

import json
from collections.abc import AsyncIterator
from types import SimpleNamespace

import pytest

from engine.api.app import App
from engine.api.body import MAX_BODY, read_json
from engine.api.glass import ROUTES as TRACE
from engine.api.messages import Duplex, Request, Response, json_response
from engine.api.ping import ROUTES as PING
from engine.api.router import Route
from engine.api.streams import close_stream
from engine.errors import NotModified, no_such_container
from engine.loop import Loop
from engine.trace import Trace


async def echo(engine: object, request: Request) -> Response:
    return json_response(read_json(request))


async def missing(engine: object, request: Request) -> Response:
    raise no_such_container(request.vars["id"])


async def already(engine: object, request: Request) -> Response:
    raise NotModified("running already")


async def broken(engine: object, request: Request) -> Response:
    raise ZeroDivisionError("division by zero")


async def counting(engine: object, request: Request) -> Response:
    async def numbers() -> AsyncIterator[bytes]:
        for number in range(3):
            yield b"%d\n" % number

    return Response(stream=numbers())


async def talking(engine: object, request: Request) -> Response:
    async def session(duplex: Duplex) -> None:
        await duplex.write(b"hello")

    return Response(101, session=session)


ROUTES = (
    *PING,
    *TRACE,
    Route("POST", "/echo", echo),
    Route("GET", "/missing/{id}", missing),
    Route("POST", "/already", already),
    Route("GET", "/broken", broken),
    Route("GET", "/counting", counting),
    Route("POST", "/talking", talking),
)


@pytest.fixture
def app() -> App:
    loop = Loop(start=0)
    return App(SimpleNamespace(loop=loop, trace=Trace(loop), session=None), ROUTES)  # type: ignore[arg-type]


def ask(
    app: App, method: str, path: str, body: bytes = b"", content_type: str = "application/json", **query: str
) -> Response:
    headers = {"content-type": content_type} if content_type else {}
    return app.engine.loop.run(app.handle(Request(method, path, query, headers, body)))


def message(response: Response) -> str:
    return json.loads(response.body)["message"]


def test_ping_tells_the_api_version(app: App):
    for method, body in (("GET", b"OK"), ("HEAD", b"")):
        response = ask(app, method, "/_ping")
        assert (response.status, response.body) == (200, body)
        assert response.headers["Api-Version"] == "1.50"
        assert response.headers["Ostype"] == "linux"
        assert response.headers["Docker-Experimental"] == "false"
        assert response.headers["Builder-Version"] == "1"
        assert response.headers["Swarm"] == "inactive"


def test_versions_are_negotiated_in_dockers_words(app: App):
    assert ask(app, "GET", "/v1.24/_ping").status == 200
    assert ask(app, "GET", "/v1.50/_ping").status == 200
    old, new = ask(app, "GET", "/v1.12/_ping"), ask(app, "GET", "/v1.51/_ping")
    assert (old.status, new.status) == (400, 400)
    assert message(old) == (
        "client version 1.12 is too old. Minimum supported API version is 1.24, "
        "please upgrade your client to a newer version"
    )
    assert message(new) == "client version 1.51 is too new. Maximum supported API version is 1.50"
    assert new.headers["Api-Version"] == "1.50"
    assert ask(app, "GET", "/v1...9999999999999999999/_ping").status == 400


def test_unknown_pages_and_wrong_methods_are_not_found(app: App):
    for method, path in (
        ("GET", "/nowhere"),
        ("GET", "/v1.44/nowhere"),
        ("GET", "/echo"),
        ("POST", "/_ping"),
        ("GET", "/"),
    ):
        response = ask(app, method, path)
        assert (response.status, message(response)) == (404, "page not found")


def test_errors_become_messages(app: App, caplog: pytest.LogCaptureFixture):
    assert message(ask(app, "GET", "/missing/x")) == "No such container: x"
    assert ask(app, "POST", "/already").status == 304
    assert ask(app, "POST", "/already").body == b""
    assert not caplog.records
    response = ask(app, "GET", "/broken")
    assert (response.status, message(response)) == (500, "division by zero")
    assert "GET /broken" in caplog.text


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b" ", "invalid JSON: got EOF while reading request body"),
        (b"{", "invalid JSON: unexpected EOF"),
        (b'{"a": "b', "invalid JSON: unexpected EOF"),
        (b"{a: 1}", "invalid JSON: invalid character 'a' looking for beginning of object key string"),
        (b'{"a": b}', "invalid JSON: invalid character 'b' looking for beginning of value"),
        (b'{"a" 1}', "invalid JSON: invalid character '1' after object key"),
        (b'{"a": 1 "b"}', "invalid JSON: invalid character '\"' after object key:value pair"),
        (b"[1 2]", "invalid JSON: invalid character '2' after array element"),
        (b'{"a": "["  x}', "invalid JSON: invalid character 'x' after object key:value pair"),
        (b"[1,]", "invalid JSON: invalid character ']' looking for beginning of value"),
        (b'{"a": 1,}', "invalid JSON: invalid character '}' looking for beginning of object key string"),
        (b"trye", "invalid JSON: invalid character 'y' in literal true (expecting 'u')"),
        (b"[nul]", "invalid JSON: invalid character ']' in literal null (expecting 'l')"),
        (b"NaN", "invalid JSON: invalid character 'N' looking for beginning of value"),
        (b'"a\nb"', "invalid JSON: invalid character '\\n' in string literal"),
        (b'"\\x"', "invalid JSON: invalid character 'x' in string escape code"),
        (b"{} {}", "unexpected content after JSON"),
        (b"[" * 100_000, "invalid JSON: exceeded max depth"),
        (b"1" * 5000, "invalid JSON: cannot unmarshal number into Go value of type int64"),
    ],
)
def test_malformed_json_is_refused_in_gos_words(app: App, body: bytes, text: str):
    response = ask(app, "POST", "/echo", body)
    assert (response.status, message(response)) == (400, text)


def test_half_a_surrogate_pair_does_no_harm(app: App):
    assert json.loads(ask(app, "POST", "/echo", b'{"a": "\\ud800", "b": ["\\ud83d\\ude00"]}').body) == {
        "a": "\ufffd",
        "b": ["😀"],
    }


def test_a_body_must_say_that_it_is_json(app: App):
    assert message(ask(app, "POST", "/echo", b"{}", "text/plain")) == (
        "unsupported Content-Type header (text/plain): must be 'application/json'"
    )
    assert ask(app, "POST", "/echo", b"{}", "").status == 400
    assert ask(app, "POST", "/echo", b"{}", "application/json; charset=utf-8").status == 200
    assert ask(app, "POST", "/echo", b"", "").body == b"null\n"


def test_an_enormous_body_is_refused_before_it_is_read_to_the_end(app: App):
    taken = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal taken
        while True:
            taken += 1
            yield bytes(1 << 20)

    response = app.engine.loop.run(app.handle(Request("POST", "/echo", stream=endless())))
    assert (response.status, message(response)) == (413, "http: request body too large")
    assert taken == (MAX_BODY >> 20) + 1


def test_each_request_is_a_span(app: App):
    ask(app, "GET", "/_ping")
    ask(app, "GET", "/v1.44/missing/x")
    spans = json.loads(ask(app, "GET", "/glassdock/trace").body)
    assert [(span["where"], span["name"], span["attributes"]) for span in spans] == [
        ("api", "GET /missing/x", {"status": 404})
    ]
    assert json.loads(ask(app, "GET", "/glassdock/trace", since=str(spans[-1]["id"])).body) == []
    assert ask(app, "GET", "/glassdock/trace", since="x").status == 400


def test_the_span_of_a_stream_ends_with_the_stream(app: App):
    async def read_two() -> None:
        response = await app.handle(Request("GET", "/counting"))
        assert response.stream is not None
        assert [await anext(response.stream), await anext(response.stream)] == [b"0\n", b"1\n"]
        assert not app.engine.trace.finished
        await close_stream(response.stream)
        assert [span.name for span in app.engine.trace.finished] == ["GET /counting"]

    app.engine.loop.run(read_two())


def test_the_span_of_a_session_ends_with_the_session(app: App):
    sent: list[bytes] = []

    async def talk() -> None:
        async def write(data: bytes) -> None:
            assert not app.engine.trace.finished
            sent.append(data)

        response = await app.handle(Request("POST", "/talking"))
        assert response.session is not None
        await response.session(SimpleNamespace(write=write))  # type: ignore[arg-type]

    app.engine.loop.run(talk())
    assert sent == [b"hello"]
    assert [span.name for span in app.engine.trace.finished] == ["POST /talking"]
