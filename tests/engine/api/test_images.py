"""The images API as clients meet it: statuses, shapes, streams, and what older versions of the API say."""

from __future__ import annotations

import base64
import io
import json
import tarfile
from typing import Any

import pytest

from engine.api.app import App
from engine.api.images import ROUTES
from engine.api.messages import Request, Response


class Client:
    """Sends requests to an application with these routes."""

    def __init__(self, bench: Any) -> None:
        self.bench, self.app = bench, App(bench.engine, ROUTES)

    def send(
        self, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None, **query: Any
    ) -> Any:
        request = Request(method, path, {key: str(value) for key, value in query.items()}, headers or {}, body)
        return self.bench.run(self._send(request))

    async def _send(self, request: Request) -> tuple[int, Any]:
        response: Response = await self.app.handle(request)
        if response.stream is not None:
            lines = b"".join([part async for part in response.stream]).splitlines()
            return response.status, [json.loads(line) for line in lines]
        return response.status, json.loads(response.body) if response.body else None

    def ok(self, *args: Any, **options: Any) -> Any:
        status, answer = self.send(*args, **options)
        assert status in (200, 201), answer
        return answer


@pytest.fixture
def client(bench: Any, tar: Any) -> Client:
    bench.shelf.push("library/alpine", "latest", tar(sh=b"#!" * 500), Cmd=["sh"])
    return Client(bench)


@pytest.fixture
def pulled(client: Client) -> Client:
    client.ok("POST", "/images/create", fromImage="alpine", tag="latest")
    return client


def test_a_pull_streams_json_lines(client: Client) -> None:
    lines = client.ok("POST", "/v1.50/images/create", fromImage="docker.io/library/alpine", tag="latest")
    assert lines[0] == {"status": "Pulling from library/alpine", "id": "latest"}
    assert lines[1]["status"] == "Pulling fs layer" and lines[1]["progressDetail"] == {}
    assert any(line["status"] == "Downloading" and line["progress"].startswith("[") for line in lines)
    assert lines[-1] == {"status": "Status: Downloaded newer image for alpine:latest"}


@pytest.mark.parametrize(
    ("query", "status", "message"),
    [
        ({"fromImage": "Alpine"}, 400, "invalid reference format: repository name (library/Alpine) must be lowercase"),
        ({"fromImage": "alpine", "tag": "-"}, 400, "invalid tag format"),
        ({"fromImage": "scratch", "tag": "1"}, 403, "'scratch' is a reserved name"),
        (
            {"fromImage": "alpine", "tag": "nosuch"},
            404,
            "manifest for alpine:nosuch not found: manifest unknown: manifest unknown",
        ),
        ({"fromImage": "alpine", "tag": "1", "platform": "a/b/c/d"}, 400, None),
    ],
)
def test_what_fails_before_the_first_line_is_an_error(
    client: Client, query: dict[str, str], status: int, message: str | None
) -> None:
    got, answer = client.send("POST", "/images/create", **query)
    assert got == status and (message is None or answer == {"message": message})


def test_what_fails_later_is_the_last_line(client: Client) -> None:
    registry = client.bench.shelf
    for digest in list(registry.blobs):
        if registry.blobs[digest].startswith(b"\x1f\x8b"):
            registry.blobs[digest] = b"broken"
    status, lines = client.send("POST", "/images/create", fromImage="alpine", tag="latest")
    assert status == 200
    assert lines[-1]["error"] == lines[-1]["errorDetail"]["message"]
    assert client.bench.idle()


def test_a_vanished_client_gives_the_pull_up(client: Client) -> None:
    async def vanish(lines: int) -> None:
        query = {"fromImage": "alpine", "tag": "latest"}
        response = await client.app.handle(Request("POST", "/images/create", query))
        assert response.stream is not None
        for _ in range(lines):
            await anext(response.stream)
        await response.stream.aclose()  # type: ignore[attr-defined]

    for lines in (0, 1, 3):
        client.bench.run(vanish(lines))
        assert client.bench.idle() and not client.bench.images.store.layers


def test_credentials_come_in_the_header(client: Client, tar: Any) -> None:
    registry = client.bench.shelf
    client.bench.way.token_needed = True
    registry.users["alice"] = "pw"
    registry.private["alice/secret"] = "alice"
    registry.push("alice/secret", "latest", tar(a=b"a"))
    account = base64.urlsafe_b64encode(json.dumps({"username": "alice", "password": "pw"}).encode()).decode()
    for header, status in ((account, 200), (account.rstrip("="), 200), ("e30=", 404), ("%%%", 404)):
        got, _ = client.send(
            "POST", "/images/create", headers={"x-registry-auth": header}, fromImage="alice/secret", tag="latest"
        )
        assert got == status


def test_lists_are_shaped_by_the_version(pulled: Client) -> None:
    [row] = pulled.ok("GET", "/v1.50/images/json")
    assert set(row) == {
        "Containers", "Created", "Id", "Labels", "ParentId", "RepoDigests", "RepoTags", "SharedSize", "Size",
    }  # fmt: skip
    assert row["Created"] == 1704164645 and row["SharedSize"] == row["Containers"] == -1
    for name in pulled.bench.images.store.references(row["Id"]):
        pulled.bench.images.store.untag(name)
    assert pulled.ok("GET", "/v1.43/images/json")[0]["RepoTags"] == []
    old = pulled.ok("GET", "/v1.41/images/json")[0]
    assert old["RepoTags"] == ["<none>:<none>"] and old["VirtualSize"] == 1000


def test_bad_filters_are_refused(pulled: Client) -> None:
    for filters, said in [
        ('{"colour":["x"]}', "invalid filter 'colour'"),
        ('{"dangling":["x"]}', "invalid filter 'dangling=[x]'"),
        ("[", "invalid filter"),
        ('{"label":[1]}', "invalid filter"),
    ]:
        assert pulled.send("GET", "/images/json", filters=filters) == (400, {"message": said})
    assert len(pulled.ok("GET", "/images/json", filters='{"reference":{"alp*":true}}')) == 1


def test_inspect_has_dockers_shape(pulled: Client) -> None:
    new = pulled.ok("GET", "/v1.50/images/alpine:latest/json")
    assert new["Config"]["Cmd"] == ["sh"] and "Tty" not in new["Config"] and "VirtualSize" not in new
    old = pulled.ok("GET", "/v1.43/images/alpine/json")
    assert old["Config"]["Tty"] is False and old["VirtualSize"] == old["Size"]
    message = "no such image: library/nosuch: No such image: nosuch:latest"
    assert pulled.send("GET", "/images/library/nosuch/json") == (404, {"message": message})


def test_inspect_for_a_platform_finds_only_that(pulled: Client) -> None:
    def ask(platform: str) -> Any:
        return pulled.send("GET", "/images/alpine/json", platform=platform)

    assert ask('{"os":"linux","architecture":"amd64"}')[0] == 200
    assert ask('{"os":"linux","architecture":"arm64"}') == (
        404,
        {
            "message": "no such image: alpine: image with reference alpine was found but its platform (linux/amd64) "
            "does not match the specified platform (linux/arm64)"
        },
    )
    for wrong in ("linux/amd64", "[]", '{"os":"linux"}', '{"os":7,"architecture":"amd64"}'):
        assert ask(wrong)[0] == 400


def test_tag_history_and_remove(pulled: Client) -> None:
    assert pulled.send("POST", "/images/alpine/tag", repo="reg.test:5000/team/app", tag="v1") == (201, None)
    assert pulled.send("POST", "/images/alpine/tag", repo="Bad")[0] == 400
    assert pulled.send("POST", "/images/nosuch/tag", repo="x")[0] == 404
    assert pulled.send("POST", "/images/alpine/tag", repo="sha256")[0] == 400
    [step] = pulled.ok("GET", "/images/reg.test:5000/team/app:v1/history")
    assert step["Size"] == 1000 and step["Tags"] == ["alpine:latest", "reg.test:5000/team/app:v1"]
    assert pulled.ok("DELETE", "/images/reg.test:5000/team/app:v1") == [{"Untagged": "reg.test:5000/team/app:v1"}]
    assert pulled.ok("DELETE", "/images/alpine")[0] == {"Untagged": "alpine:latest"}
    assert pulled.send("DELETE", "/images/alpine") == (404, {"message": "No such image: alpine:latest"})


def test_prune_says_what_went(pulled: Client) -> None:
    assert pulled.ok("POST", "/images/prune") == {"ImagesDeleted": None, "SpaceReclaimed": 0}
    answer = pulled.ok("POST", "/images/prune", filters='{"dangling":["false"]}')
    assert answer["SpaceReclaimed"] == 1000 and {"Untagged": "alpine:latest"} in answer["ImagesDeleted"]


def test_login_asks_the_registry(client: Client) -> None:
    client.bench.way.token_needed = True
    client.bench.shelf.users["alice"] = "pw"

    def login(**account: str) -> Any:
        headers = {"content-type": "application/json"}
        return client.send("POST", "/auth", json.dumps(account).encode(), headers)

    right = {"username": "alice", "password": "pw", "serveraddress": "https://index.docker.io/v1/"}
    assert login(**right) == (200, {"IdentityToken": "", "Status": "Login Succeeded"})
    assert login(**right | {"password": "no"}) == (
        401,
        {"message": 'Get "https://registry-1.docker.io/v2/": unauthorized: incorrect username or password'},
    )
    client.bench.way.unknown_hosts.add("reg.test")
    status, answer = login(**right | {"serveraddress": "reg.test"})
    assert status == 500 and answer["message"].endswith("lookup reg.test: no such host")


def test_the_registry_is_asked_for_platforms_without_a_pull(client: Client, tar: Any) -> None:
    digest = client.bench.shelf.push("library/two", "latest", tar(a=b"a"), platforms=("linux/amd64", "linux/arm64"))
    answer = client.ok("GET", "/distribution/two/json")
    assert answer["Descriptor"]["digest"] == digest and answer["Descriptor"]["size"] > 0
    assert [platform["architecture"] for platform in answer["Platforms"]] == ["amd64", "arm64"]
    assert client.send("GET", "/distribution/nosuch/json")[0] == 404
    assert not len(client.bench.images.store)


def test_a_search_reaches_the_hub(client: Client) -> None:
    row = {"name": "redis", "description": "d", "star_count": 9, "is_official": True, "is_automated": True}
    client.bench.way.catalogue = [row]
    assert client.ok("GET", "/images/search", term="redis") == [row | {"is_automated": False}]
    assert client.send("GET", "/images/search", term="redis", limit="x")[0] == 400
    assert client.send("GET", "/images/search", term="https://redis")[0] == 400


def test_an_import_makes_an_image_of_one_layer(client: Client) -> None:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as tar:
        member = tarfile.TarInfo("etc/motd")
        member.size = 5
        tar.addfile(member, io.BytesIO(b"hello"))
    query = {"fromSrc": "-", "repo": "mine", "tag": "1", "message": "by hand"}
    status, answer = client.send("POST", "/images/create", stream.getvalue(), **query)
    assert status == 200 and answer[-1]["status"] == client.bench.images.get("mine:1").id
    assert client.ok("GET", "/images/mine:1/json")["Comment"] == "by hand"
    assert client.send("POST", "/images/create", b"\x1f\x8b\x08 no archive", fromSrc="-")[0] == 500
    client.bench.way.unknown_hosts.add("nowhere.test")
    status, answer = client.send("POST", "/images/create", fromSrc="nowhere.test/root.tar")
    assert status == 404 and answer["message"].startswith('Get "http://nowhere.test/root.tar": dial tcp: lookup')
    assert client.bench.idle()
