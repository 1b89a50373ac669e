"""The registry application, as a client of the OCI Distribution API meets it."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest

from engine.api.messages import Request, Response
from engine.distribution.access import BasicGuard, TokenGuard
from engine.distribution.auth import parse_challenges
from engine.distribution.registry import Document, Registry
from engine.image.digest import Digest
from engine.image.manifest import DOCKER_MANIFEST, OCI_INDEX, OCI_MANIFEST

LAYER = b"0123456789" * 10
AMD = Document(OCI_MANIFEST, b'{"layers":[]}')
INDEX = Document(
    OCI_INDEX,
    json.dumps({"manifests": [{"digest": AMD.digest, "platform": {"architecture": "amd64", "os": "linux"}}]}).encode(),
)


class Blob:
    size = len(LAYER)

    def read(self, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        yield LAYER[start:end]


class Storage:
    """One repository, "team/app", with one tag; and "team/empty"."""

    def repositories(self) -> list[str]:
        return ["team/empty", "team/app"]

    def tags(self, name: str) -> list[str] | None:
        return {"team/app": [f"v{number}" for number in range(5)], "team/empty": []}.get(name)

    def manifest(self, name: str, reference: str) -> Document | None:
        return {"v1": INDEX, INDEX.digest: INDEX, AMD.digest: AMD}.get(reference) if name == "team/app" else None

    def blob(self, name: str, digest: str) -> Blob | None:
        return Blob() if name == "team/app" and digest == Digest.of(LAYER) else None


class People:
    def check(self, user: str, password: str) -> bool:
        return (user, password) == ("ann", "secret")

    def allows(self, user: str, name: str, action: str) -> bool:
        return user == "ann" and name == "team/app"


def ask(app: Registry, path: str, method: str = "GET", **headers: str) -> Response:
    path, _, query = path.partition("?")
    asked = dict(pair.split("=") for pair in query.split("&") if pair)
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return asyncio.run(_whole(app, Request(method, path, asked, sent)))


async def _whole(app: Registry, request: Request) -> Response:
    response = await app.handle(request)
    if response.stream is not None:
        response.body = b"".join([piece async for piece in response.stream])
    return response


def error(response: Response) -> tuple[int, str, str]:
    first: dict[str, Any] = json.loads(response.body)["errors"][0]
    return response.status, first["code"], first["message"]


@pytest.fixture
def app() -> Registry:
    return Registry(Storage())


def test_it_says_that_it_is_a_registry(app: Registry) -> None:
    reply = ask(app, "/v2/")
    assert reply.status == 200 and reply.headers["Docker-Distribution-Api-Version"] == "registry/2.0"


@pytest.mark.parametrize("reference", ["v1", INDEX.digest])
def test_a_manifest_comes_by_tag_or_digest_with_its_type_and_digest(app: Registry, reference: str) -> None:
    reply = ask(app, f"/v2/team/app/manifests/{reference}", accept=OCI_INDEX)
    assert (reply.status, reply.body) == (200, INDEX.data)
    assert reply.headers["Content-Type"] == OCI_INDEX and reply.headers["Docker-Content-Digest"] == INDEX.digest
    head = ask(app, f"/v2/team/app/manifests/{reference}", "HEAD")
    assert (head.body, head.headers["Content-Length"]) == (b"", str(len(INDEX.data)))


def test_a_client_that_knows_no_indexes_gets_the_one_for_linux_amd64(app: Registry) -> None:
    assert ask(app, "/v2/team/app/manifests/v1", accept=DOCKER_MANIFEST).body == AMD.data
    by_digest = ask(app, f"/v2/team/app/manifests/{INDEX.digest}", accept=DOCKER_MANIFEST)
    assert error(by_digest)[:2] == (404, "MANIFEST_UNKNOWN")


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        ("/v2/team/app/manifests/nope", (404, "MANIFEST_UNKNOWN", "manifest unknown")),
        ("/v2/team/nope/manifests/v1", (404, "NAME_UNKNOWN", "repository name not known to registry")),
        ("/v2/team/nope/tags/list", (404, "NAME_UNKNOWN", "repository name not known to registry")),
        (f"/v2/team/app/blobs/{Digest.of(b'')}", (404, "BLOB_UNKNOWN", "blob unknown to registry")),
        ("/v2/team/app/blobs/sha256:12", (400, "DIGEST_INVALID", "provided digest did not match uploaded content")),
        ("/v2/Team/app/tags/list", (400, "NAME_INVALID", "invalid repository name")),
        ("/v2/_catalog?n=x", (400, "PAGINATION_NUMBER_INVALID", "invalid number of results requested")),
    ],
)
def test_refusals_are_those_of_the_specification(app: Registry, path: str, answer: tuple[int, str, str]) -> None:
    assert error(ask(app, path)) == answer


@pytest.mark.parametrize("method", ["PUT", "DELETE", "POST"])
def test_what_it_does_not_do_is_unsupported(app: Registry, method: str) -> None:
    assert error(ask(app, "/v2/team/app/manifests/v1", method))[:2] == (405, "UNSUPPORTED")


@pytest.mark.parametrize(
    ("range", "part", "said"),
    [
        ("bytes=0-9", LAYER[:10], "bytes 0-9/100"),
        ("bytes=90-", LAYER[90:], "bytes 90-99/100"),
        ("bytes=-5", LAYER[95:], "bytes 95-99/100"),
        ("bytes=95-500", LAYER[95:], "bytes 95-99/100"),
    ],
)
def test_a_transfer_can_be_resumed(app: Registry, range: str, part: bytes, said: str) -> None:
    reply = ask(app, f"/v2/team/app/blobs/{Digest.of(LAYER)}", range=range)
    assert (reply.status, reply.body, reply.headers["Content-Range"]) == (206, part, said)
    assert reply.headers["Content-Length"] == str(len(part))


def test_a_range_beyond_the_end_is_refused_and_nonsense_ignored(app: Registry) -> None:
    path = f"/v2/team/app/blobs/{Digest.of(LAYER)}"
    assert error(ask(app, path, range="bytes=100-"))[:2] == (416, "RANGE_INVALID")
    for nonsense in ("bytes=-", "lines=1-2", ""):
        assert ask(app, path, range=nonsense).body == LAYER


def test_lists_come_page_by_page(app: Registry) -> None:
    assert json.loads(ask(app, "/v2/_catalog").body) == {"repositories": ["team/app", "team/empty"]}
    first = ask(app, "/v2/team/app/tags/list?n=2")
    assert json.loads(first.body) == {"name": "team/app", "tags": ["v0", "v1"]}
    assert first.headers["Link"] == '</v2/team/app/tags/list?last=v1&n=2>; rel="next"'
    last = ask(app, "/v2/team/app/tags/list?n=2&last=v3")
    assert json.loads(last.body)["tags"] == ["v4"] and "Link" not in last.headers


def basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def test_a_registry_with_passwords_lets_in_who_has_one() -> None:
    app = Registry(Storage(), BasicGuard(People()))
    stranger = ask(app, "/v2/")
    assert error(stranger)[:2] == (401, "UNAUTHORIZED") and "Basic realm=" in stranger.headers["WWW-Authenticate"]
    assert ask(app, "/v2/", authorization=basic("ann", "wrong")).status == 401
    assert ask(app, "/v2/team/app/tags/list", authorization=basic("ann", "secret")).status == 200
    assert error(ask(app, "/v2/team/empty/tags/list", authorization=basic("ann", "secret")))[:2] == (403, "DENIED")


def test_a_token_is_good_for_what_it_was_given_for_and_not_for_ever() -> None:
    now = [0]
    guard = TokenGuard(People(), lambda: now[0], b"k", "https://auth.test/token", "reg.test")
    app = Registry(Storage(), guard)
    challenge = parse_challenges(ask(app, "/v2/team/app/tags/list").headers["WWW-Authenticate"])[0]
    assert challenge.parameters["scope"] == "repository:team/app:pull"

    def token(scope: str, **headers: str) -> str:
        answer = guard.issue(Request("GET", "/token", {}, headers), [scope])
        return f"Bearer {json.loads(answer.body)['token']}"

    ann = token("repository:team/app:pull", authorization=basic("ann", "secret"))
    assert ask(app, "/v2/team/app/tags/list", authorization=ann).status == 200
    refused = ask(app, "/v2/team/empty/tags/list", authorization=ann)
    assert 'error="insufficient_scope"' in refused.headers["WWW-Authenticate"]
    stranger = token("repository:team/app:pull")
    assert ask(app, "/v2/team/app/tags/list", authorization=stranger).status == 401
    assert ask(app, "/v2/team/app/tags/list", authorization=ann[:-2] + "xx").status == 401
    now[0] = 301 * 10**9
    assert ask(app, "/v2/team/app/tags/list", authorization=ann).status == 401
    assert guard.issue(Request("GET", "/token", {}, {"authorization": basic("ann", "no")}), []).status == 401


@pytest.mark.parametrize(
    "header", ["Bearer", "Bearer a.b.c", "Basic ???", "Bearer \u00e9.\u00e9", "Digest x", "Basic " + "=" * 9]
)
def test_bad_credentials_are_refused_and_nothing_breaks(header: str) -> None:
    guard = TokenGuard(People(), lambda: 0, b"k", "https://auth.test/token", "reg.test")
    for app in (Registry(Storage(), guard), Registry(Storage(), BasicGuard(People()))):
        assert ask(app, "/v2/", authorization=header).status == 401
