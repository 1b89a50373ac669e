"""`glassdock hub` as its clients meet it: over a socket, with whatever speaks HTTP."""

from __future__ import annotations

import base64
import http.client
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.image.digest import Digest
from engine.image.manifest import OCI_INDEX, OCI_MANIFEST

ROOT = Path(__file__).parents[3]
DATA = b"0123456789" * 30_000


class Hub:
    """A `glassdock hub` in a process of its own, on a free port."""

    def __init__(self, *words: str) -> None:
        command = [sys.executable, "-m", "engine.cli", "hub", "--port", "0", *words]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT)
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line.startswith("glassdock: hub listens on http://"), line
        self.host, _, port = line.strip().rpartition("//")[2].rpartition(":")
        self.port = int(port)

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, dict[str, str], bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, body, sent, encode_chunked=not isinstance(body, bytes | type(None)))
        reply = connection.getresponse()
        answer = reply.status, {name.lower(): value for name, value in reply.getheaders()}, reply.read()
        connection.close()
        return answer

    def push(self, name: str, tag: str, layer: bytes, **headers: str) -> str:
        """A whole image; its digest."""
        rows = []
        for data in (b"{}", layer):
            status, answer, _ = self.ask("POST", f"/v2/{name}/blobs/uploads/", **headers)
            assert status == 202
            path = f"{answer['location']}?digest={Digest.of(data)}"
            assert self.ask("PUT", path, data, **headers)[0] == 201
            rows.append({"mediaType": "x", "digest": Digest.of(data), "size": len(data)})
        document = {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": rows[0], "layers": rows[1:]}
        raw = json.dumps(document).encode()
        status, answer, _ = self.ask("PUT", f"/v2/{name}/manifests/{tag}", raw, content_type=OCI_MANIFEST, **headers)
        assert status == 201
        return answer["docker-content-digest"]

    def stop(self) -> int:
        self.process.terminate()
        self.process.communicate(timeout=10)
        return self.process.returncode


@pytest.fixture(scope="module")
def hub() -> Iterator[Hub]:
    hub = Hub()
    yield hub
    assert hub.stop() == 0


@pytest.fixture
def start() -> Iterator[Callable[..., Hub]]:
    hubs: list[Hub] = []

    def begin(*words: str) -> Hub:
        hubs.append(Hub(*words))
        return hubs[-1]

    yield begin
    for hub in hubs:
        if hub.process.poll() is None:
            hub.stop()


def test_the_teaching_images_are_there_with_lengths_and_ranges(hub: Hub) -> None:
    assert "library/alpine" in json.loads(hub.ask("GET", "/v2/_catalog")[2])["repositories"]
    status, headers, body = hub.ask("HEAD", "/v2/library/alpine/manifests/latest", accept=OCI_INDEX)
    assert (status, headers["content-type"], body) == (200, OCI_INDEX, b"") and int(headers["content-length"]) > 100
    index = json.loads(hub.ask("GET", "/v2/library/alpine/manifests/latest", accept=OCI_INDEX)[2])
    path = f"/v2/library/alpine/manifests/{index['manifests'][0]['digest']}"
    layer = json.loads(hub.ask("GET", path, accept=OCI_MANIFEST)[2])["layers"][0]
    status, headers, whole = hub.ask("GET", f"/v2/library/alpine/blobs/{layer['digest']}")
    assert (status, int(headers["content-length"])) == (200, layer["size"]) and Digest.of(whole) == layer["digest"]
    status, headers, part = hub.ask("GET", f"/v2/library/alpine/blobs/{layer['digest']}", range="bytes=100-199")
    assert (status, headers["content-length"], part) == (206, "100", whole[100:200])


def test_accept_headers_may_come_one_by_one_as_docker_sends_them(hub: Hub) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", hub.port)
    connection.putrequest("GET", "/v2/library/alpine/manifests/latest")
    for kind in (OCI_MANIFEST, OCI_INDEX, "application/vnd.docker.distribution.manifest.v2+json"):
        connection.putheader("Accept", kind)
    connection.endheaders()
    assert connection.getresponse().getheader("Content-Type") == OCI_INDEX


def test_a_large_blob_is_streamed_in_chunks_of_unknown_length(hub: Hub) -> None:
    place = hub.ask("POST", "/v2/team/app/blobs/uploads/")[1]["location"]
    large = DATA * 10  # more than a request's body may be before it is streamed
    pieces = (large[at : at + 65536] for at in range(0, len(large), 65536))
    assert hub.ask("PATCH", place, pieces, transfer_encoding="chunked")[0] == 202
    assert hub.ask("PUT", f"{place}?digest={Digest.of(large)}")[0] == 201
    assert hub.ask("GET", f"/v2/team/app/blobs/{Digest.of(large)}")[2] == large


def test_a_client_that_vanishes_in_mid_upload_leaves_no_blob(hub: Hub) -> None:
    place = hub.ask("POST", "/v2/team/app/blobs/uploads/")[1]["location"]
    digest = Digest.of(DATA * 8)
    with socket.create_connection(("127.0.0.1", hub.port)) as client:
        head = f"PUT {place}?digest={digest} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(DATA) * 8}\r\n\r\n"
        client.sendall(head.encode() + DATA)
    for _ in range(200):  # until the server has noticed
        status, headers, _ = hub.ask("GET", place)
        if status == 204 and headers["range"] != "0-0":
            break
        time.sleep(0.01)
    assert hub.ask("HEAD", f"/v2/team/app/blobs/{digest}")[0] == 404
    assert status == 204 and headers["range"] == f"0-{len(DATA) - 1}"
    assert hub.ask("PATCH", place, DATA * 7)[0] == 202
    assert hub.ask("PUT", f"{place}?digest={digest}")[0] == 201


def test_layers_of_the_shelf_are_mounted_without_being_copied(hub: Hub) -> None:
    index = json.loads(hub.ask("GET", "/v2/library/busybox/manifests/latest", accept=OCI_INDEX)[2])
    path = f"/v2/library/busybox/manifests/{index['manifests'][0]['digest']}"
    layer = json.loads(hub.ask("GET", path)[2])["layers"][0]
    mount = f"/v2/my/busybox/blobs/uploads/?mount={layer['digest']}&from=library/busybox"
    assert hub.ask("POST", mount)[0] == 201
    assert hub.ask("HEAD", f"/v2/my/busybox/blobs/{layer['digest']}")[1]["content-length"] == str(layer["size"])


def test_what_is_pushed_to_a_folder_is_there_the_next_time(start: Callable[..., Hub], tmp_path: Path) -> None:
    first = start("--empty", "--data", str(tmp_path / "kept"))
    digest = first.push("team/app", "1", DATA)
    assert first.stop() == 0
    second = start("--empty", "--data", str(tmp_path / "kept"))
    assert json.loads(second.ask("GET", "/v2/_catalog")[2])["repositories"] == ["team/app"]
    assert second.ask("HEAD", "/v2/team/app/manifests/1")[1]["docker-content-digest"] == digest
    assert second.ask("GET", f"/v2/team/app/blobs/{Digest.of(DATA)}")[2] == DATA


def test_with_accounts_nobody_else_gets_in(start: Callable[..., Hub]) -> None:
    hub = start("--empty", "--auth", "ann:secret", "--auth", "bob:a:b")
    status, headers, _ = hub.ask("GET", "/v2/")
    challenge = headers["www-authenticate"]
    assert status == 401 and challenge.startswith(f'Bearer realm="http://127.0.0.1:{hub.port}/token"')
    scope = "repository:team/app:pull,push"

    def bearer(user: str, password: str) -> str:
        basic = "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
        status, _, body = hub.ask("GET", f"/token?service=x&scope={scope}", authorization=basic)
        return f"Bearer {json.loads(body)['token']}" if status == 200 else ""

    assert bearer("ann", "wrong") == ""
    assert hub.push("team/app", "1", b"x", authorization=bearer("ann", "secret"))
    form = f"grant_type=password&username=bob&password=a:b&service=x&client_id=y&scope={scope}".encode()
    token = json.loads(hub.ask("POST", "/token", form)[2])["access_token"]
    assert hub.ask("GET", "/v2/team/app/tags/list", authorization=f"Bearer {token}")[0] == 200
    assert hub.ask("GET", "/v2/team/app/tags/list")[0] == 401
    assert hub.ask("GET", "/v2/other/app/tags/list", authorization=f"Bearer {token}")[0] == 401


def test_search_finds_what_was_pushed(hub: Hub) -> None:
    hub.push("ann/unheard-of", "1", b"x")
    found = json.loads(hub.ask("GET", "/v1/search?q=unheard")[2])["results"]
    assert [row["name"] for row in found] == ["ann/unheard-of"]


def test_words_that_are_not_understood_and_ports_that_are_taken(hub: Hub) -> None:
    def run(*words: str) -> tuple[int, str]:
        command = [sys.executable, "-m", "engine.cli", "hub", *words]
        done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=20)
        return done.returncode, done.stderr

    assert run("--auth", "nobody")[0] == 2
    code, said = run("--port", str(hub.port))
    assert code == 1 and "already in use" in said.lower()


@pytest.mark.docker_cli
@pytest.mark.skipif(shutil.which("docker") is None, reason="there is no docker command")
def test_the_real_docker_command_reads_and_pushes_manifests(hub: Hub, tmp_path: Path) -> None:
    environment = dict(os.environ, DOCKER_CONFIG=str(tmp_path))
    alpine, made = f"localhost:{hub.port}/library/alpine", f"localhost:{hub.port}/team/multi:1"

    def docker(*words: str) -> str:
        command = ["docker", "manifest", *words]
        done = subprocess.run(command, capture_output=True, text=True, timeout=30, env=environment)
        assert done.returncode == 0, done.stderr
        return done.stdout

    rows = json.loads(docker("inspect", "--insecure", alpine))["manifests"]
    assert {row["platform"]["architecture"] for row in rows} == {"amd64", "arm64"}
    docker("create", "--insecure", made, *[f"{alpine}@{row['digest']}" for row in rows])
    docker("push", "--insecure", made)
    pushed = json.loads(docker("inspect", "--insecure", made))["manifests"]
    assert sorted(pushed, key=_digest) == sorted(rows, key=_digest)  # the command lists them by the names of its files


def _digest(row: dict[str, str]) -> str:
    return row["digest"]
