"""docker-py, unmodified: on an engine in the same process, and over a socket."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import docker
import docker.errors
import pytest

from engine.client.dockerpy import docker_client
from sim.make import make_engine


@pytest.fixture(scope="module", params=["in process", "socket"])
def client(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[docker.DockerClient]:
    if request.param == "in process":
        engine = make_engine(seed=3)
        yield docker_client(engine)
        engine.loop.run(engine.close())
        return
    if sys.platform == "win32":
        pytest.skip("asks for Unix sockets")
    address = f"unix://{tmp_path_factory.mktemp('d') / 'sim.sock'}"
    daemon = [sys.executable, "-m", "engine.cli", "serve", "sim", "-H", address, "--clock", "stepped"]
    with subprocess.Popen(daemon, stdout=subprocess.PIPE, cwd=Path(__file__).parents[3]) as process:
        assert process.stdout is not None
        assert process.stdout.readline()
        yield docker.DockerClient(base_url=address, version="1.50")
        process.terminate()


@pytest.fixture
def sleeper(client: docker.DockerClient) -> Iterator[Any]:
    container = client.containers.run("alpine", "sleep 100000", detach=True)
    yield container
    container.remove(force=True)


def test_run_gives_the_output(client: docker.DockerClient):
    assert client.containers.run("alpine", "echo hello world", remove=True) == b"hello world\n"
    assert client.containers.list(all=True) == []


def test_a_failing_run_raises_with_its_status_and_words(client: docker.DockerClient):
    with pytest.raises(docker.errors.ContainerError) as caught:
        client.containers.run("alpine", "ls /nowhere", remove=True)
    assert caught.value.exit_status == 1
    assert b"/nowhere: No such file or directory" in caught.value.stderr


def test_errors_are_told_apart(client: docker.DockerClient):
    with pytest.raises(docker.errors.ImageNotFound):
        client.containers.create("alpine:no-such-tag-here")
    with pytest.raises(docker.errors.NotFound, match="No such container: nobody"):
        client.containers.get("nobody")


def test_pull_and_images(client: docker.DockerClient):
    image = client.images.pull("hello-world", tag="latest")
    assert image.tags == ["hello-world:latest"]
    assert "hello-world:latest" in [tag for each in client.images.list() for tag in each.tags]


def test_exec_run_shows_both_streams_apart(client: docker.DockerClient, sleeper: Any):
    result = sleeper.exec_run(["sh", "-c", "echo out; echo err >&2; exit 3"], demux=True)
    assert result.exit_code == 3
    assert result.output == (b"out\n", b"err\n")
    assert sleeper.exec_run("echo plain").output == b"plain\n"
    assert b"".join(sleeper.exec_run("echo streamed", stream=True).output) == b"streamed\n"


def test_a_session_goes_both_ways(client: docker.DockerClient, sleeper: Any):
    made = client.api.exec_create(sleeper.id, "cat", stdin=True)
    session = client.api.exec_start(made["Id"], socket=True)
    below = session._sock
    below.sendall(b"hello")
    below.shutdown(1)
    said = b""
    while piece := below.recv(4096):
        said += piece
    assert said[8:] == b"hello"
    session.close()
    assert client.api.exec_inspect(made["Id"])["ExitCode"] == 0


def test_logs_and_wait(client: docker.DockerClient):
    container = client.containers.run(
        "alpine", ["sh", "-c", "for i in 1 2 3; do echo line $i; sleep 1; done"], detach=True
    )
    assert container.wait()["StatusCode"] == 0
    assert container.logs() == b"line 1\nline 2\nline 3\n"
    assert container.logs(tail=1) == b"line 3\n"
    assert b"".join(container.logs(stream=True, follow=True)) == b"line 1\nline 2\nline 3\n"
    container.remove()


def test_stats_top_and_events(client: docker.DockerClient, sleeper: Any):
    assert sleeper.stats(stream=False)["pids_stats"]["current"] == 1
    first = next(iter(sleeper.stats(stream=True, decode=True)))
    assert first["memory_stats"]["usage"] > 0
    assert any("sleep 100000" in row[-1] for row in sleeper.top()["Processes"])
    events = client.events(since=0, until=int(2e9), decode=True, filters={"container": sleeper.id})
    assert [event["Action"] for event in events][:2] == ["create", "start"]


def test_stop_and_prune(client: docker.DockerClient):
    container = client.containers.run("alpine", "sleep 1000", detach=True)
    container.stop(timeout=1)
    container.reload()
    assert (container.status, container.attrs["State"]["ExitCode"]) == ("exited", 137)
    assert container.id in client.containers.prune()["ContainersDeleted"]


def test_images_are_saved_and_loaded(client: docker.DockerClient) -> None:
    client.images.pull("busybox:latest")
    image = client.images.get("busybox:latest")
    image.tag("saved", "1")
    named = b"".join(client.images.get("saved:1").save(named="saved:1"))
    nameless = b"".join(image.save())
    client.images.remove("saved:1")
    client.images.remove("busybox:latest", force=True)
    assert [loaded.tags for loaded in client.images.load(named)] == [["saved:1"]]
    client.images.remove("saved:1")
    assert [loaded.id for loaded in client.images.load(nameless)] == [image.id]
    with pytest.raises(docker.errors.ImageLoadError, match="unexpected EOF"):
        client.images.load(named[:1000])
