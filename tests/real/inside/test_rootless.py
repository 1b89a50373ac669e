"""A daemon without root: a user namespace in which its user is root, and nobody else is there."""

from __future__ import annotations

import contextlib
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


@contextlib.contextmanager
def serving(*before: str) -> Iterator[Any]:
    """A client of a daemon that nobody has started, by way of a command that becomes it."""
    import docker

    from real.busybox import archive

    if (found := interpreter()) is None:
        pytest.skip("no Python here that an ordinary user may execute")
    python, environment = found
    folder = Path(tempfile.mkdtemp(dir=os.environ["GLASSDOCK_TEST_ROOM"]))
    os.chown(folder, NOBODY, NOBODY)
    socket = f"unix://{folder}/d.sock"
    serve = ("-m", "engine.cli", "serve", "real", "-H", socket, "--data-root", str(folder / "data"))
    command = [*before, *AS_NOBODY, python, *serve]
    process = subprocess.Popen(command, env=environment | {"HOME": str(folder)}, stdout=subprocess.PIPE, cwd="/")
    try:
        assert process.stdout is not None and b"listens" in process.stdout.readline()
        client: Any = docker.DockerClient(base_url=socket)
        client.api.import_image_from_data(archive(Path("/bin/busybox")), repository="busybox", tag="latest")
        yield client
    finally:
        process.terminate()
        assert process.wait(30) == 0


@pytest.fixture(scope="module")
def rootless() -> Iterator[Any]:
    with serving() as client:
        yield client


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


@pytest.fixture
def delegated() -> Iterator[Path]:
    """A group that is this user's own, with one in it for their session's processes: as systemd arranges it."""
    place = next((line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()
                  if " - cgroup2 " in line), "")  # fmt: skip
    if not place:
        pytest.skip("there is no cgroup2 file system")
    group = Path(place, f"glassdock-test-{os.getpid()}", f"user@{NOBODY}.service")
    (group / "session.scope").mkdir(parents=True)
    for folder in (group, group / "session.scope"):
        for path in (folder, folder / "cgroup.procs", folder / "cgroup.subtree_control"):
            os.chown(path, NOBODY, NOBODY)
    yield group
    for folder in (group / "session.scope", group / "docker", group, group.parent):
        if folder.exists():
            folder.rmdir()


def test_with_a_group_of_ones_own_there_are_pause_and_statistics(delegated: Path) -> None:
    hidden = " ".join(line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()
                      if " - cgroup " in line)  # fmt: skip
    enter = f'{f"umount {hidden};" if hidden else ""} echo $$ > {delegated}/session.scope/cgroup.procs; exec "$@"'
    with serving("unshare", "--mount", "sh", "-c", enter, "sh") as client:
        assert client.info()["CgroupVersion"] == "2"
        container = client.containers.run("busybox", ["sleep", "100"], detach=True, network_mode="none")
        group = delegated / "docker" / container.id
        assert len((group / "cgroup.procs").read_text().split()) == 1
        container.pause()
        assert "frozen 1" in (group / "cgroup.events").read_text()
        container.unpause()
        said = container.exec_run(["grep", "^0:", "/proc/self/cgroup"]).output
        assert said == b"0::/\n"
        assert container.stats(stream=False)["cpu_stats"]["cpu_usage"]["total_usage"] > 0
        container.remove(force=True)
        assert not group.exists()
