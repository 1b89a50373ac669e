"""The overlay against a plain tree with the same files, its own archives, and the kernel's overlayfs."""

from __future__ import annotations

import base64
import errno
import io
import json
import random
import stat as st
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from engine.image import changeset
from engine.loop import Loop
from sim import layers
from sim.snapshots import Snapshots
from sim.vfs import files, mounting, overlay
from sim.vfs.filesystem import Directory, File, Symlink, Tree
from sim.vfs.mounts import MountNamespace, Storage

Operation = tuple[Any, ...]
NAMES = ("a", "b", "c")
PATHS = [*NAMES, *(f"{x}/{y}" for x in NAMES for y in NAMES), "a/b/c", "b/a/c", "a/b/a"]

path = some.sampled_from(PATHS)
operation = some.one_of(
    some.tuples(some.just("mkdir"), path),
    some.tuples(some.just("rmdir"), path),
    some.tuples(some.just("unlink"), path),
    some.tuples(some.just("write"), path, some.sampled_from(["one", "two", ""])),
    some.tuples(some.just("append"), path, some.sampled_from(["more", "!"])),
    some.tuples(some.just("rename"), path, path),
    some.tuples(some.just("link"), path, path),
    some.tuples(some.just("symlink"), path, path),
    some.tuples(some.just("chmod"), path, some.sampled_from([0o600, 0o755])),
    some.tuples(some.just("chown"), path, some.sampled_from([1, 2]), some.just(3)),
    some.tuples(some.just("truncate"), path, some.sampled_from([0, 2, 9])),
)
history = some.lists(operation, max_size=25)


class Disk:
    """A caller on a tree of its own."""

    def __init__(self, tree: Tree, storage: Storage) -> None:
        self.tree = tree
        self.caller = mounting.Superuser(MountNamespace(storage, tree))

    def perform(self, operation: Operation) -> str:
        """One operation; "" or the errno's name."""
        kind, *arguments = operation
        try:
            if kind in ("write", "append"):
                files.write_file(self.caller, arguments[0], arguments[1].encode(), append=kind == "append")
            else:
                getattr(files, kind)(self.caller, *arguments)
        except OSError as error:
            return errno.errorcode[error.errno or 0]
        return ""

    def view(self) -> dict[str, list[Any]]:
        return contents(self.tree.upper, self.tree.lower)


def contents(upper: Any, lower: Any, prefix: str = "") -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for name in sorted(overlay.names(upper, lower)):
        above, below = overlay.child(upper, lower, name)
        node = above or below
        text = node.read(0, node.size).decode() if isinstance(node, File) else ""
        text = node.target if isinstance(node, Symlink) else text
        assert node is not None
        found[prefix + name] = [st.S_IFMT(node.mode), node.mode & 0o7777, text, node.uid, node.gid]
        if isinstance(node, Directory):
            found |= contents(above, below, f"{prefix}{name}/")
    return found


def new_storage() -> Storage:
    ticks = iter(range(10**18, 10**19, 10**9))
    return Storage(lambda: next(ticks), random.Random(1).randbytes)


@settings(max_examples=200, deadline=None)
@given(history, history)
def test_an_overlay_behaves_like_one_disk_with_the_same_files(before: list[Operation], after: list[Operation]) -> None:
    storage = new_storage()
    plain = Disk(storage.tree("ext4"), storage)
    below = Disk(storage.tree("ext4"), storage)
    for step in before:
        assert plain.perform(step) == below.perform(step)
    frozen = contents(below.tree.upper, None)
    layered = Disk(storage.tree("overlay", lower=below.tree.upper), storage)  # type: ignore[arg-type]
    for step in after:
        if step[0] == "link" or _hard_linked(plain):
            continue  # copying up separates the names of a file, as on Linux (index=off)
        happened = layered.perform(step)
        if happened != "EXDEV":
            assert plain.perform(step) == happened, step
        assert layered.view() == plain.view(), step
    assert contents(below.tree.upper, None) == frozen  # the lower tree never changes


def _hard_linked(disk: Disk) -> bool:
    def any_in(directory: Any) -> bool:
        return any(
            any_in(node) if isinstance(node, Directory) else node.nlink > 1 for node in directory.entries.values()
        )

    return any_in(disk.tree.upper)


@settings(max_examples=100, deadline=None)
@given(history, history)
def test_a_layer_made_from_a_container_gives_the_same_files_again(
    before: list[Operation], after: list[Operation]
) -> None:
    storage, loop = new_storage(), Loop(start=0)
    snapshots = Snapshots(storage)
    loop.run(snapshots.prepare("first", None))
    first = Disk(snapshots.tree("first"), storage)
    for step in before:
        first.perform(step)
    loop.run(snapshots.apply("base", None, io.BytesIO(b"".join(snapshots.diff("first")))))
    loop.run(snapshots.prepare("c", "base"))
    container = Disk(snapshots.tree("c"), storage)
    for step in after:
        container.perform(step)
    diff = b"".join(snapshots.diff("c"))
    loop.run(snapshots.apply("top", "base", io.BytesIO(diff)))
    assert b"".join(snapshots.diff("top")) == diff
    loop.run(snapshots.prepare("d", "top"))
    assert Disk(snapshots.tree("d"), storage).view() == container.view()


def _linux_overlay() -> str:
    """Why the kernel's overlayfs cannot be asked; "" if it can."""
    if sys.platform != "linux":
        return "not Linux"
    command = (
        "d=$(mktemp -d) && mount -t tmpfs t $d && cd $d && mkdir l u w m"
        " && mount -t overlay o -o lowerdir=l,upperdir=u,workdir=w m"
    )
    try:
        done = subprocess.run(["unshare", "--mount", "sh", "-c", command], capture_output=True, text=True)
    except OSError as error:
        return str(error)
    return done.stderr.strip()


@pytest.mark.linux_root
def test_an_overlay_behaves_like_the_kernels() -> None:
    """Same operations, same errors, same files; and our archive of the changes is, unpacked, the kernel's upper."""
    if reason := _linux_overlay():
        pytest.skip(f"THE KERNEL'S OVERLAYFS WAS NOT COMPARED WITH OURS: needs root on Linux ({reason})")
    chance = random.Random(7)
    cases = [([_some(chance) for _ in range(25)], [_some(chance) for _ in range(40)]) for _ in range(60)]
    ours = [_ours(before, after) for before, after in cases]
    sent = [(*case, base64.b64encode(layer).decode()) for case, (_, _, layer) in zip(cases, ours, strict=True)]
    done = subprocess.run(
        ["unshare", "--mount", sys.executable, str(Path(__file__).with_name("overlay_on_linux.py"))],
        input=json.dumps(sent), capture_output=True, text=True, check=True,
    )  # fmt: skip
    for case, (errors, view, _), kernels in zip(cases, ours, json.loads(done.stdout), strict=True):
        assert errors == kernels["errors"], case
        assert view == kernels["tree"] == kernels["again"], case
        assert kernels["ours"] == kernels["upper"], case


def _ours(before: list[Operation], after: list[Operation]) -> tuple[list[str], dict[str, Any], bytes]:
    """Errors, files and layer archive of the same operations."""
    storage = new_storage()
    below = Disk(storage.tree("ext4"), storage)
    for step in before:
        below.perform(step)
    disk = Disk(storage.tree("overlay", lower=below.tree.upper), storage)  # type: ignore[arg-type]
    errors = [disk.perform(step) for step in after]
    upper = disk.tree.upper
    layer = changeset.write(layers.pack(upper)) if isinstance(upper, Directory) else iter([bytes(1024)])
    return errors, disk.view(), b"".join(layer)


KINDS = ("mkdir", "mkdir", "write", "write", "append", "rmdir", "unlink", "rename", "rename", "link", "symlink")
KINDS += ("chmod", "truncate", "chown")


def _some(chance: random.Random) -> Operation:
    kind = chance.choice(KINDS)
    first, second = chance.choice(PATHS), chance.choice(PATHS)
    extra: dict[str, tuple[Any, ...]] = {
        "write": (chance.choice(["one", "two"]),), "append": ("more",), "rename": (second,), "link": (second,),
        "symlink": (second,), "chmod": (chance.choice([0o600, 0o755]),), "truncate": (chance.choice([0, 2, 9]),),
        "chown": (chance.choice([1, 2]), 3),
    }  # fmt: skip
    return (kind, first, *extra.get(kind, ()))
