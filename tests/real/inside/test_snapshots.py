"""Snapshots on disk: layers in, differences out; overlayfs's folders, and copies where there is no overlayfs."""

from __future__ import annotations

import io
import os
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.host import Change
from engine.loop import Loop, WallClock
from real.poller import Poller
from real.snapshots import Snapshots, overlay_works


def tar(**files: Any) -> io.BytesIO:
    """Bytes are a file, None is a folder, ("link", target) is a symbolic link."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        for name, what in files.items():
            member = tarfile.TarInfo(name.replace("__", "/").replace("DOT", "."))
            member.mode, member.mtime = 0o755, 1000
            if what is None:
                member.type = tarfile.DIRTYPE
            elif isinstance(what, tuple):
                member.type, member.linkname = tarfile.SYMTYPE, what[1]
            else:
                member.size = len(what)
            archive.addfile(member, io.BytesIO(what) if isinstance(what, bytes) else None)
    stream.seek(0)
    return stream


class Store:
    def __init__(self, copying: bool) -> None:
        self.loop = Loop(WallClock(lead=0.0))
        self.poller = self.loop.outside = Poller(self.loop)
        self.folder = Path(tempfile.mkdtemp(dir=os.environ["GLASSDOCK_TEST_ROOM"]))
        self.copying = copying
        self.open()

    def open(self) -> None:
        self.snapshots = Snapshots(self.folder, self.poller, False, self.copying)

    def run(self, coroutine: Any) -> Any:
        return self.loop.run(coroutine)

    def names(self, key: str) -> list[str]:
        with tarfile.open(fileobj=io.BytesIO(b"".join(self.snapshots.export(key)))) as archive:
            return archive.getnames()


@pytest.fixture(params=[False, True], ids=["overlay", "copies"])
def store(request: pytest.FixtureRequest) -> Iterator[Store]:
    made = Store(request.param)
    made.run(made.snapshots.apply("sha256:one", None, tar(a=None, a__x=b"one", a__y=b"why", link=("", "a"))))
    made.run(made.snapshots.apply("sha256:two", "sha256:one", tar(a__DOTwhDOTy=b"", b=b"two")))
    yield made
    made.poller.close()


def test_a_container_sees_all_layers_and_what_docker_adds(store: Store) -> None:
    store.run(store.snapshots.prepare("c", "sha256:two"))
    names = store.names("c")
    assert {"a/x", "b", "link", ".dockerenv", "etc/hosts", "dev/pts"} <= set(names)
    assert "a/y" not in names
    assert store.snapshots.layers("c") == ("sha256:two", "sha256:one")
    assert store.run(store.snapshots.changes("c")) == []


def test_copies_tell_what_was_changed_and_become_a_layer() -> None:
    store = Store(copying=True)
    store.run(store.snapshots.apply("sha256:one", None, tar(a=None, a__x=b"one", a__y=b"why")))
    store.run(store.snapshots.prepare("c", "sha256:one"))
    inside = store.folder / "c" / "diff"
    (inside / "new").write_text("new")
    (inside / "a" / "x").write_text("changed")
    (inside / "a" / "y").unlink()
    found = store.run(store.snapshots.changes("c"))
    assert found == [Change("/a", 0), Change("/a/x", 0), Change("/a/y", 2), Change("/new", 1)]
    with tarfile.open(fileobj=io.BytesIO(b"".join(store.snapshots.diff("c")))) as archive:
        assert archive.getnames() == ["a", "a/x", "a/.wh.y", "new"]
    store.run(store.snapshots.commit("sha256:two", "c"))
    assert {"a", "a/x", "new"} == set(store.names("sha256:two"))
    store.poller.close()


def test_what_is_on_disk_is_found_again_and_halves_go(store: Store) -> None:
    store.run(store.snapshots.prepare("c", "sha256:two"))
    (store.folder / "tmp-half").mkdir()
    (store.folder / "tmp-half" / "x").write_text("x")
    store.open()
    assert store.snapshots.exists("c") and store.snapshots.layers("c") == ("sha256:two", "sha256:one")
    assert not (store.folder / "tmp-half").exists()
    with pytest.raises(ValueError, match="child"):
        store.run(store.snapshots.remove("sha256:two"))
    store.run(store.snapshots.remove("c"))
    store.run(store.snapshots.remove("sha256:two"))
    assert not store.snapshots.exists("c") and not (store.folder / "two").exists()


def test_a_link_in_a_layer_does_not_lead_its_files_out(store: Store) -> None:
    outside = store.folder.parent / "outside"
    outside.mkdir(exist_ok=True)
    with pytest.raises(ValueError, match=r".*"):
        store.run(store.snapshots.apply("sha256:bad", None, tar(escape=("", str(outside)), escape__file=b"x")))
    assert list(outside.iterdir()) == []
    assert not store.snapshots.exists("sha256:bad")


def test_the_kernel_is_asked_whether_overlays_work() -> None:
    room = Path(tempfile.mkdtemp(dir=os.environ["GLASSDOCK_TEST_ROOM"]))
    assert overlay_works(room)
    assert list(room.iterdir()) == []
