"""A daemon without root: a user namespace in which its user is root, and nobody else is there."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

NOBODY = 65534
# by way of env(1): setpriv itself still has the rights to look the program up
AS_NOBODY = ("setpriv", "--reuid", str(NOBODY), "--regid", str(NOBODY), "--clear-groups", "env")
ROOT = Path(__file__).resolve().parents[3]


def interpreter() -> tuple[str, dict[str, str]] | None:
    """A Python with what the daemon needs, that an ordinary user may execute."""
    packages = [path for path in sys.path if path.endswith("site-packages")]
    environment = {"PYTHONPATH": os.pathsep.join([*packages, str(ROOT)]), "PATH": os.defpath, "PYTHONSAFEPATH": "1"}
    for python in (sys.executable, f"/usr/bin/python3.{sys.version_info[1]}"):
        try:
            subprocess.run([*AS_NOBODY, python, "-c", "import aiohttp, engine"], env=environment, check=True,
                           capture_output=True, cwd="/")  # fmt: skip
        except (OSError, subprocess.CalledProcessError):
            continue
        return python, environment
    return None


@pytest.fixture(scope="module")
def rootless() -> Iterator[Any]:
    import docker

    from real.busybox import archive

    if (found := interpreter()) is None:
        pytest.skip("no Python here that an ordinary user may execute")
    python, environment = found
    folder = Path(tempfile.mkdtemp(dir=os.environ["GLASSDOCK_TEST_ROOM"]))
    os.chown(folder, NOBODY, NOBODY)
    socket = f"unix://{folder}/d.sock"
    command = [
        *AS_NOBODY,
        python,
        "-m",
        "engine.cli",
        "serve",
        "real",
        "-H",
        socket,
        "--data-root",
        str(folder / "data"),
    ]
    process = subprocess.Popen(command, env=environment | {"HOME": str(folder)}, stdout=subprocess.PIPE, cwd="/")
    assert process.stdout is not None and b"listens" in process.stdout.readline()
    client: Any = docker.DockerClient(base_url=socket)
    client.api.import_image_from_data(archive(Path("/bin/busybox")), repository="busybox", tag="latest")
    yield client
    process.terminate()
    assert process.wait(30) == 0


def run(client: Any, script: str, **options: Any) -> str:
    said: bytes = client.containers.run(
        "busybox", ["sh", "-c", script], **({"network_mode": "none", "remove": True} | options)
    )
    return said.decode()


def test_root_inside_is_an_ordinary_user_outside(rootless: Any) -> None:
    said = run(rootless, "id -u; cat /proc/self/uid_map; touch /x && stat -c %u /x; echo x > /dev/null && echo open")
    assert said.split() == ["0", "0", str(NOBODY), "1", "0", "open"]


def test_exec_copy_and_commit(rootless: Any) -> None:
    container = rootless.containers.run("busybox", ["sleep", "100"], detach=True, network_mode="none")
    try:
        assert container.exec_run(["sh", "-c", "echo $$; echo made > /made"])[0] == 0
        stream, found = container.get_archive("/made")
        assert found["size"] == 5 and b"made\n" in b"".join(stream)
        assert {"Path": "/made", "Kind": 1} in container.diff()
        container.commit("kept", pause=False)
        assert (
            rootless.containers.run("kept", ["stat", "-c", "%u", "/made"], network_mode="none", remove=True) == b"0\n"
        )
        beside = run(rootless, "ps | grep -c sleep", pid_mode=f"container:{container.id}")
        assert int(beside) >= 1
    finally:
        container.remove(force=True)


def test_what_is_not_there_is_refused_with_the_reason(rootless: Any) -> None:
    paused = rootless.containers.run("busybox", ["sleep", "100"], detach=True, network_mode="none")
    with pytest.raises(Exception, match=r"Cannot pause container .* takes a cgroup"):
        paused.pause()
    paused.remove(force=True)
    for options, reason in (({"mem_limit": "20m"}, "no cgroup"), ({"user": "1000"}, "root alone")):
        with pytest.raises(Exception, match=reason):
            run(rootless, "true", **options)
