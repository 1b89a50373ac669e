"""Layers on the simulated host: archives in, archives out, what a container changed, hostile archives."""

from __future__ import annotations

import io
import random
import tarfile
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from engine.host import Change
from engine.loop import Loop
from sim.snapshots import Snapshots
from sim.vfs import files, mounting
from sim.vfs.mounts import MountNamespace, Storage

MB = 1 << 20


@pytest.fixture
def storage() -> Storage:
    made = Storage(lambda: 1_700_000_000_000_000_000, random.Random(1).randbytes)
    mounting.register(made)
    return made


@pytest.fixture
def snapshots(storage: Storage) -> Snapshots:
    return Snapshots(storage)


def run(coroutine: Any) -> Any:
    return Loop(start=0).run(coroutine)


def archive(*members: tuple[str, dict[str, Any] | bytes]) -> io.BytesIO:
    """A tar: (name, content) for files, (name, attributes of TarInfo) for the rest."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for name, value in members:
            info = tarfile.TarInfo(name)
            data = value if isinstance(value, bytes) else value.get("data", b"")
            info.size = len(data)
            for key, attribute in ({} if isinstance(value, bytes) else value).items():
                if key != "data":
                    setattr(info, key, attribute)
            tar.addfile(info, io.BytesIO(data))
    stream.seek(0)
    return stream


def names_in(data: bytes) -> list[str]:
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        return tar.getnames()


DIR: dict[str, Any] = {"type": tarfile.DIRTYPE, "mode": 0o755}
BASE = archive(
    ("bin", DIR),
    ("bin/sh", {"data": b"#!shell", "mode": 0o755}),
    ("bin/ls", {"type": tarfile.LNKTYPE, "linkname": "bin/sh"}),
    ("etc", DIR),
    ("etc/passwd", b"root:x:0:0::/root:/bin/sh\n"),
    ("etc/group", b"root:x:0:\n"),
    ("lib", {"type": tarfile.SYMTYPE, "linkname": "usr/lib"}),
    ("usr", DIR),
    ("usr/lib", DIR),
    ("home", DIR),
    ("home/a", DIR),
    ("home/a/b", b"b"),
).getvalue()


@pytest.fixture
def container(storage: Storage, snapshots: Snapshots) -> Callable[[str], mounting.Superuser]:
    """Make a container on the base layer, as one that can call."""
    run(snapshots.apply("base", None, io.BytesIO(BASE)))

    def make(key: str) -> mounting.Superuser:
        run(snapshots.prepare(key, "base"))
        return mounting.Superuser(MountNamespace(storage, snapshots.tree(key)))

    return make


def test_a_layer_is_what_its_archive_says(snapshots: Snapshots, container: Any) -> None:
    c = container("c")
    assert set(files.listdir(c, "/")) >= {"bin", "etc", "lib", "usr", "home"}
    assert files.read_file(c, "/etc/group") == b"root:x:0:\n"
    assert files.stat(c, "/bin/sh").nlink == 2
    assert files.stat(c, "/bin/sh").ino == files.stat(c, "/bin/ls").ino
    assert files.readlink(c, "/lib") == "usr/lib"
    assert run(snapshots.usage("base")) == 7 + 26 + 10 + 1


def test_containers_do_not_see_each_others_writes(container: Any) -> None:
    a, b = container("a"), container("b")
    files.write_file(a, "/etc/passwd", b"mine")
    assert files.read_file(a, "/etc/passwd") == b"mine"
    assert files.read_file(b, "/etc/passwd").startswith(b"root")


def test_diff_lists_what_changed_as_docker_does(snapshots: Snapshots, container: Any) -> None:
    c = container("c")
    files.write_file(c, "/new", b"x")
    files.unlink(c, "/etc/group")
    files.write_file(c, "/etc/passwd", b"y", append=True)
    files.mkdir(c, "/d")
    files.write_file(c, "/d/f", b"")
    assert run(snapshots.changes("c")) == [
        Change("/d", 1), Change("/d/f", 1), Change("/etc", 0), Change("/etc/group", 2), Change("/etc/passwd", 0),
        Change("/new", 1),
    ]  # fmt: skip


def test_a_directory_whose_additions_are_gone_again_is_not_a_change(snapshots: Snapshots, container: Any) -> None:
    c = container("c")
    files.write_file(c, "/etc/z", b"z")
    files.unlink(c, "/etc/z")
    files.unlink(c, "/home/a/b")
    files.rmdir(c, "/home/a")
    files.rmdir(c, "/home")
    assert run(snapshots.changes("c")) == [Change("/home", 2)]


def test_an_untouched_container_has_no_changes_and_no_size(snapshots: Snapshots, container: Any) -> None:
    container("c")
    assert run(snapshots.changes("c")) == []
    assert run(snapshots.usage("c")) == 0
    assert b"".join(snapshots.diff("c")) == bytes(1024)


def test_a_directory_made_anew_hides_the_old_one_also_after_commit(snapshots: Snapshots, container: Any) -> None:
    c = container("c")
    files.unlink(c, "/home/a/b")
    files.rmdir(c, "/home/a")
    files.mkdir(c, "/home/a")
    files.write_file(c, "/home/a/new", b"")
    diff = b"".join(snapshots.diff("c"))
    assert "home/a/.wh..wh..opq" in names_in(diff)
    run(snapshots.commit("top", "c"))
    run(snapshots.prepare("d", "top"))
    d = mounting.Superuser(MountNamespace(c.space.storage, snapshots.tree("d")))
    assert files.listdir(d, "/home/a") == ["new"]
    assert snapshots.layers("d") == ("top", "base")


def test_the_zeros_of_a_large_file_take_no_room(snapshots: Snapshots) -> None:
    layer = archive(("big", {"data": b"\x7fELF" + bytes(20 * MB)}))
    assert run(snapshots.apply("big", None, layer)) == 20 * MB + 4
    node = snapshots._committed["big"].diff.entries["big"]
    assert node.length() == 20 * MB + 4
    assert sum(map(len, node.data.values())) == 4  # type: ignore[attr-defined]


def test_names_below_a_link_of_an_older_layer_land_where_it_points(snapshots: Snapshots, container: Any) -> None:
    run(snapshots.apply("base", None, io.BytesIO(BASE)))
    run(snapshots.apply("more", "base", archive(("lib/libc.so", b"so"))))
    run(snapshots.prepare("m", "more"))
    c = mounting.Superuser(MountNamespace(snapshots._storage, snapshots.tree("m")))
    assert files.read_file(c, "/usr/lib/libc.so") == b"so"
    assert files.readlink(c, "/lib") == "usr/lib"


def test_extended_attributes_and_devices_survive_the_way_through_an_archive(snapshots: Snapshots) -> None:
    run(
        snapshots.apply(
            "x",
            None,
            archive(
                ("ping", {"data": b"p", "mode": 0o4755, "pax_headers": {"SCHILY.xattr.security.capability": "\1\0"}}),
                ("null", {"type": tarfile.CHRTYPE, "devmajor": 1, "devminor": 3, "mode": 0o666}),
            ),
        )
    )
    run(snapshots.apply("y", None, io.BytesIO(b"".join(snapshots.diff("x")))))
    ping, null = (snapshots._committed["y"].diff.entries[name] for name in ("ping", "null"))
    assert (ping.mode & 0o7777, ping.xattrs) == (0o4755, {"security.capability": "\1\0"})
    assert null.rdev == (1, 3)  # type: ignore[attr-defined]


def of_size(header: bytes, size: int) -> io.BytesIO:
    """An archive of one header that claims a size (in base 256, as GNU tar writes large ones), with its checksum."""
    data = bytearray(header[:512])
    data[124:136] = b"\x80" + size.to_bytes(11, "big")
    data[148:156] = b" " * 8
    data[148:156] = b"%06o\0 " % sum(data)
    return io.BytesIO(bytes(data) + bytes(1024))


HOSTILE = {
    "a size beyond all bounds": of_size(archive(("x", b"")).getvalue(), 1 << 60),
    "a size beyond all bounds of what is not read": of_size(archive((".wh.x", b"")).getvalue(), 1 << 60),
    "an absolute name": archive(("/etc/passwd", b"")),
    "a name that leads out": archive(("../x", b"")),
    "a name that leads out and in again": archive(("a/../../b", b"")),
    "a hard link that leads out": archive(("x", {"type": tarfile.LNKTYPE, "linkname": "../../etc/passwd"})),
    "an absolute hard link": archive(("x", {"type": tarfile.LNKTYPE, "linkname": "/etc/passwd"})),
    "a hard link to nothing": archive(("x", {"type": tarfile.LNKTYPE, "linkname": "y"})),
    "a hard link to itself": archive(("x", {"type": tarfile.LNKTYPE, "linkname": "x"})),
    "an empty symbolic link": archive(("x", {"type": tarfile.SYMTYPE, "linkname": ""})),
    "a header in the middle that is none": io.BytesIO(archive(("x", b"1")).getvalue()[:1024] + b"?" * 2048),
    "a whiteout of the parent": archive(("a", DIR), ("a/.wh...", b"")),
    "a whiteout of nothing": archive((".wh.", b"")),
    "a name below a file": archive(("x", b""), ("x/y", b"")),
    "links in a circle": archive(
        ("a", {"type": tarfile.SYMTYPE, "linkname": "b"}),
        ("b", {"type": tarfile.SYMTYPE, "linkname": "a"}),
        ("a/x", b""),
    ),
    "a file cut short": io.BytesIO(archive(("x", b"y" * 3000)).getvalue()[:1024]),
    "no archive at all": io.BytesIO(b"not a tar" * 200),
}


@pytest.mark.parametrize("what", HOSTILE)
def test_a_hostile_archive_is_refused_and_leaves_nothing(snapshots: Snapshots, what: str) -> None:
    HOSTILE[what].seek(0)
    with pytest.raises(ValueError):
        run(snapshots.apply("bad", None, HOSTILE[what]))
    assert not snapshots.exists("bad")


@settings(max_examples=300, deadline=None)
@given(
    some.lists(some.tuples(some.integers(0, len(BASE) - 1), some.integers(0, 255)), min_size=1, max_size=12),
    some.integers(0, len(BASE)),
)
def test_a_damaged_archive_is_unpacked_or_refused_and_nothing_else(damage: list[tuple[int, int]], length: int) -> None:
    data = bytearray(BASE)
    for place, value in damage:
        data[place] = value
    snapshots = Snapshots(Storage(lambda: 1, random.Random(1).randbytes))
    try:
        run(snapshots.apply("x", None, io.BytesIO(data[:length] if length % 2 else data)))
    except ValueError:
        assert not snapshots.exists("x")
    else:
        run(snapshots.apply("y", None, io.BytesIO(b"".join(snapshots.diff("x")))))


def test_a_link_inside_the_layer_cannot_lead_a_later_entry_out(snapshots: Snapshots, storage: Storage) -> None:
    run(snapshots.apply("x", None, archive(("out", {"type": tarfile.SYMTYPE, "linkname": "/etc"}), ("out/x", b"1"))))
    run(snapshots.prepare("c", "x"))
    assert files.read_file(mounting.Superuser(MountNamespace(storage, snapshots.tree("c"))), "/etc/x") == b"1"


def test_of_two_entries_with_a_name_the_last_one_counts(snapshots: Snapshots, storage: Storage) -> None:
    twice = archive(
        ("x", b"1"), ("./x", b"22"), ("d", DIR), ("d/a", b"a"), ("d", DIR), ("d/b", b"b"),
        ("was", DIR), ("was/a", b"a"), ("was", {"type": tarfile.SYMTYPE, "linkname": "/d"}), ("was/c", b"c"),
    )  # fmt: skip
    run(snapshots.apply("x", None, twice))
    run(snapshots.prepare("c", "x"))
    c = mounting.Superuser(MountNamespace(storage, snapshots.tree("c")))
    assert files.read_file(c, "/x") == b"22"
    assert files.readlink(c, "/was") == "/d" and sorted(files.listdir(c, "/d")) == ["a", "b", "c"]


def test_a_layer_that_others_lie_on_stays(snapshots: Snapshots, container: Any) -> None:
    container("c")
    with pytest.raises(ValueError, match="with child"):
        run(snapshots.remove("base"))
    run(snapshots.remove("c"))
    run(snapshots.remove("base"))
    assert not snapshots.exists("base")


def test_export_is_the_whole_view(snapshots: Snapshots, container: Any) -> None:
    c = container("c")
    files.unlink(c, "/etc/group")
    names = names_in(b"".join(snapshots.export("c")))
    assert "etc/passwd" in names and "etc/group" not in names and ".dockerenv" in names
