"""The image `registry`: a registry in a container, as in every course."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

docker = pytest.importorskip("docker")

from engine.client.dockerpy import docker_client  # noqa: E402
from sim.make import make_engine  # noqa: E402
from sim.programs.services import bcrypt, htpasswd  # noqa: E402

VERSION = {
    "2": "registry github.com/docker/distribution 2.8.3",
    "3": "registry github.com/distribution/distribution/v3 3.0.0",
}
HTPASSWD = {
    "REGISTRY_AUTH": "htpasswd",
    "REGISTRY_AUTH_HTPASSWD_REALM": "R",
    "REGISTRY_AUTH_HTPASSWD_PATH": "/auth/htpasswd",
}


class Lab:
    def __init__(self) -> None:
        self.engine = make_engine(seed=1)
        self.docker = docker_client(self.engine)

    def registry(self, tag: str = "2", **settings: Any) -> Any:
        container = self.docker.containers.run(f"registry:{tag}", detach=True, ports={"5000/tcp": 5000}, **settings)
        self.wait()
        return container

    def wait(self, seconds: float = 1) -> None:
        self.engine.loop.run(self.engine.loop.sleep(seconds))

    def push(self, name: str, **login: str) -> list[dict[str, Any]]:
        auth = {"username": login["user"], "password": login["password"]} if login else None
        lines = list(self.docker.images.push(name, stream=True, decode=True, auth_config=auth))
        for line in lines:
            if "error" in line:
                raise RuntimeError(line["error"])
        return lines

    def ours(self, name: str) -> Any:
        """busybox, under a name of the registry's."""
        image = self.docker.images.pull("busybox:latest")
        image.tag(name)
        return image

    def run(self, container: Any, *words: str) -> str:
        code, output = container.exec_run(list(words))
        assert code == 0, output
        text: str = output.decode()
        return text


@pytest.fixture
def lab() -> Iterator[Lab]:
    yield Lab()


@pytest.mark.parametrize("tag", ["2", "3"])
def test_run_tag_push_remove_pull(lab: Lab, tag: str) -> None:
    registry = lab.registry(tag)
    image = lab.ours("localhost:5000/busybox:latest")
    assert [line["status"] for line in lab.push("localhost:5000/busybox:latest") if "id" in line][-1] == "Pushed"
    lab.docker.images.remove("localhost:5000/busybox:latest")
    lab.docker.images.remove("busybox:latest")
    back = lab.docker.images.pull("localhost:5000/busybox:latest")
    assert back.id == image.id
    assert lab.docker.containers.run("localhost:5000/busybox", "echo hi", remove=True) == b"hi\n"
    assert lab.run(registry, "registry", "--version").strip() == VERSION[tag]
    logs = registry.logs().decode()
    assert 'msg="listening on [::]:5000"' in logs and '"PUT /v2/busybox/manifests/latest HTTP/1.1" 201 ' in logs


def test_what_is_pushed_lies_where_the_real_one_puts_it_and_outlives_the_container(lab: Lab) -> None:
    volumes = {"shelf": {"bind": "/var/lib/registry", "mode": "rw"}}
    first = lab.registry(volumes=volumes)
    lab.ours("localhost:5000/team/busybox:1")
    lab.push("localhost:5000/team/busybox:1")
    tags = "/var/lib/registry/docker/registry/v2/repositories/team/busybox/_manifests/tags"
    assert lab.run(first, "ls", tags).split() == ["1"]
    first.remove(force=True)
    second = lab.registry(volumes=volumes)
    answer = lab.run(second, "wget", "-qO-", "http://localhost:5000/v2/team/busybox/tags/list")
    assert json.loads(answer) == {"name": "team/busybox", "tags": ["1"]}
    lab.docker.images.remove("localhost:5000/team/busybox:1")
    assert lab.docker.images.pull("localhost:5000/team/busybox:1")


def test_without_a_registry_there_nobody_answers(lab: Lab) -> None:
    registry = lab.registry()
    lab.ours("localhost:5000/busybox:latest")
    registry.stop()
    with pytest.raises(RuntimeError, match=r'Get "http://localhost:5000/v2/": dial tcp 127\.0\.0\.1:5000: connect: '):
        lab.push("localhost:5000/busybox:latest")


def test_a_registry_with_passwords(lab: Lab) -> None:
    """The registry's own documentation: a file made by Apache's htpasswd, in a volume."""
    files = {"auth": {"bind": "/auth", "mode": "rw"}}
    words = ["-Bbn", "ann", "secret"]
    made = lab.docker.containers.run("httpd:2", words, entrypoint="htpasswd", remove=True).decode()
    assert made.startswith("ann:$2y$05$") and bcrypt.check(b"secret", made.strip().partition(":")[2])
    write = f"echo '{made.strip()}' > /auth/htpasswd"
    lab.docker.containers.run("busybox", ["sh", "-c", write], volumes=files, remove=True)
    lab.registry(volumes=files, environment=HTPASSWD)
    lab.ours("localhost:5000/busybox:latest")
    with pytest.raises(RuntimeError, match="no basic auth credentials"):
        lab.push("localhost:5000/busybox:latest")
    assert lab.push("localhost:5000/busybox:latest", user="ann", password="secret")
    assert lab.docker.login("ann", "secret", registry="localhost:5000")["Status"] == "Login Succeeded"
    with pytest.raises(docker.errors.APIError, match="401 Unauthorized"):
        lab.docker.login("ann", "wrong", registry="localhost:5000", reauth=True)


def test_settings_come_from_a_file_and_from_the_environment(lab: Lab) -> None:
    registry = lab.registry(environment={"REGISTRY_STORAGE_DELETE_ENABLED": "true"})
    lab.ours("localhost:5000/busybox:latest")
    lines = lab.push("localhost:5000/busybox:latest")
    digest = next(line["aux"]["Digest"] for line in lines if "aux" in line)
    request = f"DELETE /v2/busybox/manifests/{digest} HTTP/1.0\\r\\n\\r\\n"
    answer = lab.run(registry, "sh", "-c", f"printf '{request}' | nc localhost 5000")
    assert answer.startswith("HTTP/1.1 202")
    told = lab.run(registry, "registry", "garbage-collect", "/etc/docker/registry/config.yml")
    assert "0 blobs marked, 3 blobs and 0 manifests eligible for deletion" in told
    assert lab.run(registry, "find", "/var/lib/registry", "-name", "data") == ""


def test_a_program_that_speaks_no_http_hurts_nobody(lab: Lab) -> None:
    registry = lab.registry()
    assert "400" in lab.run(registry, "sh", "-c", "echo nonsense | nc localhost 5000")
    assert json.loads(lab.run(registry, "wget", "-qO-", "http://localhost:5000/v2/_catalog")) == {"repositories": []}


def test_hashes_are_those_that_others_make() -> None:
    assert bcrypt.check(b"U*U", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW")
    assert bcrypt.check(b"testpassword", "$2b$04$FyKaZU/ywuP5a3bCSzFQM.I16l6Ztff92Dww0IBFNfssttZyRGW3K")
    assert not bcrypt.check(b"testpassword!", "$2b$04$FyKaZU/ywuP5a3bCSzFQM.I16l6Ztff92Dww0IBFNfssttZyRGW3K")
    for nonsense in ("", "$2y$05$", "$2y$31$" + "a" * 53, "$1$salt$hash", "$2y$05$" + "!" * 53, "secret"):
        assert not bcrypt.check(b"secret", nonsense)
    assert htpasswd.apr1(b"averylongpasswordthatgoeson", "ab") == "$apr1$ab$5YUEmpeUgyLJeV39l.KAu."
