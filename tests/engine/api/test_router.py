from hypothesis import given
from hypothesis import strategies as st

from engine.api.messages import Request, Response
from engine.api.router import Route, Router, split_version


async def handler(engine: object, request: Request) -> Response:
    return Response()


def route(line: str) -> Route:
    method, pattern = line.split()
    return Route(method, pattern, handler)


ROUTER = Router(
    map(
        route,
        (
            "GET /containers/json",
            "POST /containers/create",
            "GET /containers/{id}/json",
            "DELETE /containers/{id}",
            "GET /images/json",
            "GET /images/{name:path}/json",
            "DELETE /images/{name:path}",
        ),
    )
)


def found(method: str, path: str) -> tuple[str, dict[str, str]] | None:
    match = ROUTER.match(method, path)
    return (match.route.pattern, match.vars) if match else None


def test_a_word_beats_a_variable():
    assert found("GET", "/containers/json") == ("/containers/json", {})
    assert found("GET", "/images/json") == ("/images/json", {})


def test_a_variable_takes_one_segment():
    assert found("GET", "/containers/abc/json") == ("/containers/{id}/json", {"id": "abc"})
    assert found("GET", "/containers/a/b/json") is None
    assert found("GET", "/containers//json") is None


def test_an_image_name_may_have_slashes():
    assert found("GET", "/images/quay.io/a/b:1/json") == ("/images/{name:path}/json", {"name": "quay.io/a/b:1"})
    assert found("DELETE", "/images/a/json") == ("/images/{name:path}", {"name": "a/json"})


def test_nothing_else_is_found():
    assert found("GET", "/nowhere") is None
    assert found("PUT", "/containers/json") is None
    assert found("GET", "") is None


@given(st.text(st.characters(blacklist_characters="/"), min_size=1))
def test_every_id_without_a_slash_is_found_whole(name: str):
    if name != "json":
        assert found("DELETE", f"/containers/{name}") == ("/containers/{id}", {"id": name})


@given(st.text())
def test_no_path_breaks_the_router(path: str):
    ROUTER.match("GET", path)
    split_version(path)


def test_the_version_is_split_off():
    assert split_version("/v1.24/_ping") == ("1.24", "/_ping")
    assert split_version("/volumes/v1.2") == ("", "/volumes/v1.2")
