"""Layers as archives, by properties: what a container changed, on top of what it began with, is what it became."""

from __future__ import annotations

import io
import random
import stat as st
import tarfile
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as some

from engine.host import Change
from engine.loop import Loop
from sim.snapshots import INIT, Snapshots
from sim.vfs import files, mounting, overlay
from sim.vfs.filesystem import Directory, File, Special, Symlink
from sim.vfs.mounts import MountNamespace, Storage

SECOND = 10**9
NAMES = ("a", "b", "ü\udcff\n")
PATHS = [*NAMES, *(f"{x}/{y}" for x in NAMES for y in NAMES), "a/b/a", "b/a/b"]
OURS = frozenset(path.split("/")[0] for path, *_ in INIT)  # mount points that every container has

path = some.sampled_from(PATHS)
owner = some.integers(0, 3)
change = some.one_of(
    some.tuples(some.just("mkdir"), path),
    some.tuples(some.just("rmdir"), path),
    some.tuples(some.just("unlink"), path),
    some.tuples(some.just("write"), path, some.sampled_from([b"one", b"two", b"x" * 70_000])),
    some.tuples(some.just("rename"), path, path),
    some.tuples(some.just("link"), path, path),
    some.tuples(some.just("symlink"), path, path),
    some.tuples(some.just("mknod"), path, some.sampled_from([st.S_IFIFO | 0o600, st.S_IFCHR | 0o666])),
    some.tuples(some.just("chmod"), path, some.sampled_from([0o600, 0o4755, 0o1777])),
    some.tuples(some.just("chown"), path, owner, owner),
    some.tuples(some.just("utime"), path, some.sampled_from([0, SECOND, 1_600_000_000 * SECOND])),
    some.tuples(some.just("setxattr"), path, some.sampled_from(["user.note", "security.capability"])),
)
history = some.lists(change, max_size=25)


class Bench:
    """Snapshots, and the hands of root."""

    def __init__(self) -> None:
        ticks = iter(range(10**18, 10**19, SECOND))
        self.storage = Storage(lambda: next(ticks), random.Random(1).randbytes)
        self.snapshots = Snapshots(self.storage)
        self.loop = Loop(start=0)

    def prepare(self, key: str, parent: str | None) -> mounting.Superuser:
        self.loop.run(self.snapshots.prepare(key, parent))
        return mounting.Superuser(MountNamespace(self.storage, self.snapshots.tree(key)))

    def apply(self, name: str, parent: str | None, diff: bytes) -> None:
        self.loop.run(self.snapshots.apply(name, parent, io.BytesIO(diff)))

    def diff(self, key: str) -> bytes:
        return b"".join(self.snapshots.diff(key))

    def view(self, key: str) -> dict[str, Any]:
        tree = self.snapshots.tree(key)
        return everything(tree.upper, tree.lower)


def perform(caller: mounting.Superuser, steps: list[Any]) -> None:
    for kind, where, *arguments in steps:
        try:
            if kind == "write":
                files.write_file(caller, where, *arguments)
            elif kind == "mknod":
                files.mknod(caller, where, *arguments, (1, 3) if st.S_ISCHR(arguments[0]) else (0, 0))
            elif kind == "setxattr":
                files.chmod(caller, where, 0o640)  # copies it up
                mounting.existing(caller, where).found().xattrs = {arguments[0]: "1\udcff"}
            else:
                getattr(files, kind)(caller, where, *arguments)
        except OSError:
            continue


def everything(upper: Any, lower: Any) -> dict[str, Any]:
    """All that can be seen of a tree: {path: (mode, owner, time, content, attributes, names of the same file)}."""
    found: dict[str, Any] = {}
    same: dict[int, list[str]] = {}
    _look(upper, lower, "", found, same)
    for names in same.values():
        for name in names:
            found[name] = (*found[name], tuple(names))
    return found


def _look(upper: Any, lower: Any, prefix: str, found: dict[str, Any], same: dict[int, list[str]]) -> None:
    for name in sorted(overlay.names(upper, lower)):
        above, below = overlay.child(upper, lower, name)
        node, where = above or below, prefix + name
        if where in OURS:
            continue
        assert node is not None
        what: Any = node.read(0, node.size) if isinstance(node, File) else None
        what = node.target if isinstance(node, Symlink) else node.rdev if isinstance(node, Special) else what
        mtime = node.mtime // SECOND  # an archive has whole seconds
        found[where] = (node.mode, node.uid, node.gid, mtime, what, dict(node.xattrs))
        if isinstance(node, Directory):
            _look(above, below, where + "/", found, same)
        else:
            same.setdefault(id(node), []).append(where)


@settings(max_examples=150, deadline=None)
@given(history, history)
def test_a_diff_applied_to_where_it_began_gives_where_it_ended(before: list[Any], after: list[Any]) -> None:
    bench = Bench()
    perform(bench.prepare("first", None), before)
    bench.apply("base", None, bench.diff("first"))
    perform(bench.prepare("c", "base"), after)
    bench.apply("top", "base", bench.diff("c"))
    bench.prepare("again", "top")
    assert bench.view("again") == bench.view("c")


@settings(max_examples=100, deadline=None)
@given(history, history)
def test_an_export_unpacked_on_nothing_has_all_the_files(before: list[Any], after: list[Any]) -> None:
    bench = Bench()
    perform(bench.prepare("first", None), before)
    bench.apply("base", None, bench.diff("first"))
    perform(bench.prepare("c", "base"), after)
    bench.apply("flat", None, b"".join(bench.snapshots.export("c")))
    bench.prepare("again", "flat")
    assert bench.view("again") == bench.view("c")


@settings(max_examples=100, deadline=None)
@given(history, history)
def test_docker_diff_says_what_differs_between_the_two_trees(before: list[Any], after: list[Any]) -> None:
    bench = Bench()
    perform(bench.prepare("first", None), before)
    bench.apply("base", None, bench.diff("first"))
    bench.prepare("untouched", "base")
    old = _stats(bench.snapshots.tree("untouched"))
    perform(bench.prepare("c", "base"), after)
    new = _stats(bench.snapshots.tree("c"))
    assert bench.loop.run(bench.snapshots.changes("c")) == _compared(old, new)


def _stats(tree: Any) -> dict[str, Any]:
    """{path: what Docker compares}: of directories neither time nor size (moby, pkg/archive: statDifferent)."""
    found: dict[str, Any] = {}

    def look(upper: Any, lower: Any, prefix: str) -> None:
        for name in overlay.names(upper, lower):
            above, below = overlay.child(upper, lower, name)
            node = above or below
            assert node is not None
            rest = () if node.is_dir else (node.mtime, node.length())
            rdev = node.rdev if isinstance(node, Special) else None
            found[f"{prefix}/{name}"] = (node.mode, node.uid, node.gid, rdev, rest)
            if node.is_dir:
                look(above, below, f"{prefix}/{name}")

    look(tree.upper, tree.lower, "")
    return found


def _compared(old: dict[str, Any], new: dict[str, Any]) -> list[Change]:
    changed = dict.fromkeys(new.keys() - old.keys(), 1)
    changed |= {where: 0 for where in new.keys() & old.keys() if new[where] != old[where]}
    for where in old.keys() - new.keys():
        parent = where.rpartition("/")[0]
        if not parent or (parent in new and st.S_ISDIR(new[parent][0])):  # only the topmost that is gone is told
            changed[where] = 2
    for where in list(changed):
        while where := where.rpartition("/")[0]:
            changed.setdefault(where, 0)
    return [Change(where, kind) for where, kind in sorted(changed.items())]


@settings(max_examples=100, deadline=None)
@given(history)
def test_what_is_packed_by_path_can_be_unpacked_elsewhere(steps: list[Any]) -> None:
    from random import Random

    from sim.host import SimHost

    loop = Loop(start=0)
    host = SimHost(loop, Random(1))
    trees = host.kernel.snapshots
    for key in ("one", "two"):
        loop.run(host.prepare(key, None))
    caller = mounting.Superuser(MountNamespace(host.kernel.storage, trees.tree("one")))
    files.mkdir(caller, "/d")
    caller.cwd = "/d"
    perform(caller, [step for step in steps if step[0] != "symlink"])  # those that lead out are refused
    caller.cwd = "/"
    loop.run(host.unpack_path("two", "/", io.BytesIO(b"".join(host.pack_path("one", "/d")))))
    one, two = (everything(trees.tree(key).upper, trees.tree(key).lower) for key in ("one", "two"))
    assert one == two


def test_an_archive_of_a_layer_is_one_that_tar_can_read() -> None:
    bench = Bench()
    c = bench.prepare("c", None)
    perform(c, [("mkdir", "a"), ("write", "a/b", b"one"), ("link", "a/b", "b"), ("symlink", "a", "ü"),
                ("mknod", "b/x", st.S_IFIFO), ("setxattr", "b", "user.note"), ("chown", "a", 1, 2)])  # fmt: skip
    files.write_file(c, "/" + "long" * 40, b"")
    with tarfile.open(fileobj=io.BytesIO(bench.diff("c"))) as tar:
        found = {member.name: member for member in tar}
    assert set(found) == {"a", "a/b", "b", "long" * 40, "ü"}
    assert found["b"].islnk() and found["b"].linkname == "a/b"
    assert (found["a"].uid, found["a"].gid) == (1, 2)


def test_trees_may_be_deeper_than_pythons_stack() -> None:
    bench = Bench()
    deep = "/".join(["d"] * 1050)
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as tar:
        info = tarfile.TarInfo(f"{deep}/f")
        info.size = 4
        tar.addfile(info, io.BytesIO(b"deep"))
    bench.apply("base", None, stream.getvalue())
    bench.apply("more", "base", stream.getvalue())
    c = bench.prepare("c", "more")
    files.write_file(c, f"/{deep}/f", b"changed")
    assert len(bench.loop.run(bench.snapshots.changes("c"))) == 1051
    assert bench.loop.run(bench.snapshots.usage("c")) == 7
    bench.apply("top", "more", bench.diff("c"))
    again = bench.prepare("again", "top")
    assert files.read_file(again, f"/{deep}/f") == b"changed"
    assert len(b"".join(bench.snapshots.export("again"))) > 1050 * 512
