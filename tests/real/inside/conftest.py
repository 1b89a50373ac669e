"""A daemon on this machine's kernel, and docker-py to talk to it. Only where tests/real/guarded.py has put us."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

SAFE = "GLASSDOCK_TEST_ROOM" in os.environ and bool(os.statvfs("/").f_flag & os.ST_RDONLY)
if not SAFE:
    collect_ignore_glob = ["test_*.py"]


class Daemon:
    """`glassdock serve real`, with a busybox image. `before`: a command that becomes it, such as env(1)."""

    def __init__(self, *options: str, before: Sequence[str] = ()) -> None:
        self.options, self.before = options, before
        self.root = Path(tempfile.mkdtemp(dir=os.environ["GLASSDOCK_TEST_ROOM"]))
        self.socket = self.root / "d.sock"
        self.process: subprocess.Popen[bytes] | None = None
        self.start()
        from real.busybox import archive

        self.docker.api.import_image_from_data(archive(Path("/bin/busybox")), repository="busybox", tag="latest")

    def start(self) -> None:
        import docker

        self.socket.unlink(missing_ok=True)
        command = [sys.executable, "-m", "engine.cli", "serve", "real", "-H", f"unix://{self.socket}"]
        self.process = subprocess.Popen(
            [*self.before, *command, "--data-root", str(self.root / "data"), *self.options],
            cwd=Path(__file__).resolve().parents[3],
            stdout=subprocess.PIPE,
        )
        assert self.process.stdout is not None
        assert b"listens" in self.process.stdout.readline()
        self.docker: Any = docker.DockerClient(base_url=f"unix://{self.socket}")

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    def zygote(self) -> int:
        """Its process id; if it has outlived its first daemon, it is nobody's child."""
        children = map(int, Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split())
        others = map(int, Path("/proc/self/task", str(os.getpid()), "children").read_text().split())
        return next(pid for pid in (*children, *others) if _name(pid) == "glassdock-zygot" and not self.gone(pid))

    def gone(self, pid: int) -> bool:
        return not Path(f"/proc/{pid}").exists() or _is_zombie(pid)

    def until(self, look: Any, wanted: Any = True) -> None:
        wait_for(look, wanted)

    def kill(self) -> None:
        """As if the power had gone for it; returns when its zygote has cleaned up."""
        assert self.process is not None
        zygote = self.zygote()
        self.process.kill()
        self.process.wait()
        wait_for(lambda: self.gone(zygote))

    def stop(self) -> None:
        assert self.process is not None
        self.process.terminate()
        assert self.process.wait(30) == 0

    def run(self, *command: str, **options: Any) -> tuple[int, str]:
        """Run to the end: status and output, both streams."""
        options = {"network_mode": "none", "cgroup_parent": f"/{self.root.name}"} | options
        container = self.docker.containers.run("busybox", list(command), detach=True, **options)
        try:
            status = container.wait()["StatusCode"]
            return status, container.logs().decode()
        finally:
            container.remove(force=True)

    def sh(self, script: str, **options: Any) -> str:
        return self.run("sh", "-c", script, **options)[1]


def _name(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return ""


def _is_zombie(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def wait_for(look: Any, wanted: Any = True, seconds: float = 10) -> None:
    """Until it is so."""
    end = time.monotonic() + seconds
    while (seen := look()) != wanted:
        if time.monotonic() > end:
            assert seen == wanted
        time.sleep(0.005)


@pytest.fixture(scope="module")
def daemon() -> Iterator[Daemon]:
    made = Daemon()
    yield made
    made.stop()


@pytest.fixture
def daemon_with() -> Any:
    """A daemon of one's own, with options; whoever asks stops it."""
    return Daemon


@pytest.fixture
def until() -> Any:
    return wait_for
