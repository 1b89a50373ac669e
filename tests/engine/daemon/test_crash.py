"""A daemon that dies, or whose disk is full, at any moment: what was acknowledged is there, and the store is whole.

The daemon is a child of the test: forked, killed with SIGKILL at a chosen call, and looked at by a new one.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from saved_archive import check

from engine.daemon.engine import Engine
from sim.make import make_engine

resource: Any = pytest.importorskip("resource", reason="a daemon that is forked needs Unix")

WRITERS = ("/blobs.py", "/content.py", "/state.py", "/store.py", "/image_removal.py", "/layers.py", "/jobs.py")
Act = Callable[[Any], None]


def archive(name: str, size: int) -> bytes:
    """What `docker load` reads: one image of two layers."""
    noise = random.Random(size)
    layers = [_tar({f"{number}": noise.randbytes(size)}) for number in range(2)]
    diff_ids = [f"sha256:{hashlib.sha256(layer).hexdigest()}" for layer in layers]
    config = {"architecture": "amd64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": diff_ids}}
    manifest = [{"Config": "config", "RepoTags": [name], "Layers": ["0", "1"]}]
    files = {"config": json.dumps(config).encode(), "manifest.json": json.dumps(manifest).encode()}
    return _tar(files | {str(number): layer for number, layer in enumerate(layers)})


def _tar(files: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as tar:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    return stream.getvalue()


LOADED = archive("loaded:1", 60_000)


class Client:
    """What the test says to an engine."""

    def __init__(self, engine: Engine) -> None:
        from engine.api.inprocess import Connection

        self.engine, self.connection = engine, Connection(engine)

    def ask(self, method: str, path: str, body: bytes = b"", **query: str) -> bytes:
        """The answer. An error in its last line is raised."""
        answer = self.connection.request(method, f"/v1.50{path}", query, {}, body)
        said = answer.read()
        if answer.status >= 400 or b'"errorDetail"' in said:
            raise RuntimeError(said.decode().splitlines()[-1])
        return said

    def seen(self) -> dict[str, list[str]]:
        rows = json.loads(self.ask("GET", "/images/json"))
        return {row["Id"]: sorted(row["RepoTags"] + row["RepoDigests"]) for row in rows}


STORY: list[Act] = [
    lambda client: client.ask("POST", "/images/create", fromImage="hello-world", tag="latest"),
    lambda client: client.ask("POST", "/images/load", LOADED),
    lambda client: client.ask("POST", "/images/create", fromImage="busybox", tag="latest"),
    lambda client: client.ask("POST", "/images/busybox/tag", repo="hello-world", tag="latest"),
    lambda client: client.ask("DELETE", "/images/loaded:1"),
    lambda client: client.ask("POST", "/images/load", LOADED),
    lambda client: client.ask("DELETE", "/images/busybox"),
]


def whole(engine: Engine) -> None:
    """Rows, blobs and layers belong together, and there is nothing else."""
    store = engine.images.store
    needed: list[str] = []
    for image in store:
        needed += [image.id, *store.documents(image.id)]
        for layer in store.stack(image):
            assert engine.host.exists(layer.chain)
            with store.open_layer(layer) as tar:
                assert hashlib.sha256(tar.read()).hexdigest() == layer.diff_id.hex
    assert all(layer.users for layer in store.layers.values())
    needed += [layer.blob for layer in store.layers.values()]
    assert sorted(store.blobs) == sorted(set(needed))
    assert store.blobs._root is not None and not list(store.blobs._root.glob("*.part"))


def restarted(root: Path) -> Client:
    client = Client(make_engine(seed=1, data_root=root))
    whole(client.engine)
    return client


def closed(client: Client) -> None:
    client.engine.loop.run(client.engine.close())


def forked(work: Callable[[], None]) -> int:
    """Run in a child, which ends without a word; its status."""
    if (pid := os.fork()) == 0:
        try:
            work()
            os._exit(0)
        except BaseException:
            os._exit(1)
    return os.waitpid(pid, 0)[1]


def tell_of(root: Path, kill_at: int) -> int:
    """The story, by a child that is killed at its nth call of a function that writes; how many calls there were."""
    counter = root.parent / f"{root.name}.calls"

    def work() -> None:
        calls = 0
        acknowledged = os.open(root.parent / f"{root.name}.acknowledged", os.O_CREAT | os.O_WRONLY | os.O_TRUNC)

        def count(frame: Any, event: str, argument: Any) -> None:
            nonlocal calls
            if frame.f_code.co_filename.endswith(WRITERS):
                calls += 1
                if calls == kill_at:
                    os.kill(os.getpid(), signal.SIGKILL)

        client = Client(make_engine(seed=1, data_root=root))
        sys.setprofile(count)
        for act in STORY:
            act(client)
            os.write(acknowledged, b".")
        sys.setprofile(None)
        counter.write_text(str(calls))

    status = forked(work)
    assert status == (signal.SIGKILL if kill_at else 0)
    return 0 if kill_at else int(counter.read_text())


@pytest.fixture(scope="module")
def expected() -> list[dict[str, list[str]]]:
    """What is seen after each step of the story, if nobody dies."""
    client = Client(make_engine(seed=1))
    seen = [client.seen()]
    for act in STORY:
        act(client)
        seen.append(client.seen())
    return seen


@pytest.fixture(scope="module")
def moments(tmp_path_factory: pytest.TempPathFactory) -> list[int]:
    """When to die: the same each time, and some in every part of the story."""
    calls = tell_of(tmp_path_factory.mktemp("whole") / "root", 0)
    chance, parts = random.Random(3), 16
    return [chance.randrange(calls * part // parts, calls * (part + 1) // parts) + 1 for part in range(parts)]


@pytest.mark.parametrize("part", range(16))
def test_a_daemon_that_is_killed_has_what_it_acknowledged(
    part: int, tmp_path: Path, moments: list[int], expected: list[dict[str, list[str]]]
) -> None:
    root = tmp_path / "root"
    tell_of(root, moments[part])
    done = len((tmp_path / "root.acknowledged").read_bytes())
    client = restarted(root)
    assert client.seen() in expected[done : done + 2]
    for act in STORY[done + (client.seen() != expected[done]) :]:  # and it goes on as if nothing had been
        act(client)
    assert client.seen() == expected[-1]
    whole(client.engine)
    assert check(client.ask("GET", "/images/loaded:1/get"))
    closed(client)


# -- a full disk


def fill(root: Path, message: str) -> None:
    """Load until there is no room; then the reason is told, the store is whole, and the daemon goes on."""
    client = Client(make_engine(seed=1, data_root=root))
    client.ask("POST", "/images/load", LOADED)
    before = client.seen()
    with pytest.raises(RuntimeError, match=message):
        client.ask("POST", "/images/load", archive("large:1", 900_000))
    assert client.seen() == before
    whole(client.engine)
    client.ask("POST", "/images/create", fromImage="hello-world", tag="latest")
    client.ask("DELETE", "/images/loaded:1")
    client.ask("POST", "/images/load", LOADED)
    whole(client.engine)
    closed(client)
    closed(restarted(root))


def test_a_file_that_may_not_grow_is_told_of_and_leaves_nothing(tmp_path: Path) -> None:
    def work() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (500_000, 500_000))
        fill(tmp_path / "root", "write /.*: file too large")

    assert forked(work) == 0
    assert any((tmp_path / "root" / "blobs").iterdir())


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    tmp_path.joinpath("disk").mkdir()
    yield tmp_path / "disk"


@pytest.mark.linux_root
def test_a_full_disk_is_told_of_and_leaves_nothing(small_disk: Path) -> None:
    if not sys.platform.startswith("linux") or os.geteuid() != 0 or shutil.which("unshare") is None:
        pytest.skip("needs root on Linux, for a small tmpfs in a mount namespace of its own")
    inside = f"mount -t tmpfs -o size=2m tmpfs {small_disk} && exec {sys.executable} {__file__} {small_disk}/root"
    done = subprocess.run(
        ["unshare", "--mount", "--propagation", "private", "sh", "-c", inside],
        capture_output=True, text=True, check=False, env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def brimful(root: Path) -> None:
    """Not a byte is left: what cannot be written down has not been, and is told."""
    client = Client(make_engine(seed=1, data_root=root))
    client.ask("POST", "/images/load", LOADED)
    junk = root.parent / "junk"
    with pytest.raises(OSError), junk.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(512))
    before = client.seen()
    for number in range(200):  # until the log of the database needs a page more
        try:
            client.ask("POST", "/images/loaded:1/tag", repo=f"another{number}", tag="1")
        except RuntimeError as error:
            assert "no space left on device" in str(error)
            break
        before = client.seen()
    else:
        raise AssertionError("the disk is not full")
    assert client.seen() == before
    with pytest.raises(RuntimeError, match="no space left on device"):
        client.ask("POST", "/images/create", fromImage="busybox", tag="latest")
    assert client.seen() == before
    whole(client.engine)
    junk.unlink()
    client.ask("POST", "/images/loaded:1/tag", repo="another", tag="1")
    client.ask("POST", "/images/create", fromImage="busybox", tag="latest")
    seen = client.seen()
    closed(client)
    again = restarted(root)
    assert again.seen() == seen
    closed(again)


if __name__ == "__main__":
    brimful(Path(sys.argv[1] + "-brimful"))
    shutil.rmtree(sys.argv[1] + "-brimful")
    fill(Path(sys.argv[1]), "write /.*: no space left on device")
