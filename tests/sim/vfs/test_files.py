"""System calls on paths: links, permissions, open's flags, sparse files; and content against plain bytes."""

from __future__ import annotations

import errno
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from sim.abi import O_APPEND, O_CREAT, O_DIRECTORY, O_EXCL, O_RDWR, O_TRUNC, O_WRONLY
from sim.vfs import content, files, mounting
from sim.vfs.mounting import Superuser
from sim.vfs.mounts import MountNamespace, Storage


@pytest.fixture
def root() -> Superuser:
    storage = Storage(lambda: 10**18, Random(1).randbytes)
    mounting.register(storage)
    caller = Superuser(MountNamespace(storage, storage.tree("ext4")))
    files.mkdir(caller, "/tmp", 0o777)
    files.chmod(caller, "/tmp", 0o1777)
    return caller


def user(root: Superuser, uid: int = 1000, groups: tuple[int, ...] = ()) -> Superuser:
    """Somebody else on the same files."""
    caller = Superuser(root.space)
    caller.uid = caller.gid = uid
    caller.groups = groups
    return caller


def refused(number: int, call: Any, *arguments: Any) -> None:
    with pytest.raises(OSError) as caught:
        call(*arguments)
    assert errno.errorcode[caught.value.errno or 0] == errno.errorcode[number]


def test_paths_are_walked_through_links_and_dots(root: Superuser) -> None:
    files.mkdir(root, "/a")
    files.mkdir(root, "/a/b")
    files.write_file(root, "/a/b/f", b"found")
    files.symlink(root, "a/b", "/relative")
    files.symlink(root, "/a/b/", "/a/absolute")
    for path in ("/relative/f", "/a/absolute/f", "/a/../a/./b//f", "/../../a/b/f", "/relative/../b/f"):
        assert files.read_file(root, path) == b"found", path
    root.cwd = files.chdir(root, "/relative")
    assert root.cwd == "/a/b"
    assert files.read_file(root, "f") == b"found"
    assert files.realpath(root, "../absolute/f") == "/a/b/f"


def test_what_paths_cannot_be(root: Superuser) -> None:
    files.write_file(root, "/f", b"")
    files.symlink(root, "loop", "/loop")
    files.symlink(root, "nowhere", "/dangling")
    refused(errno.ENOENT, files.stat, root, "")
    refused(errno.ENOENT, files.stat, root, "/dangling")
    refused(errno.ENOENT, files.stat, root, "/none/x")
    refused(errno.ENOTDIR, files.stat, root, "/f/x")
    refused(errno.ENOTDIR, files.stat, root, "/f/")
    refused(errno.ELOOP, files.stat, root, "/loop")
    refused(errno.ENAMETOOLONG, files.stat, root, "/" + "x" * 256)
    refused(errno.ENAMETOOLONG, files.stat, root, "/x" * 2048)


def test_writing_through_a_dangling_link_makes_its_target(root: Superuser) -> None:
    files.symlink(root, "/tmp/target", "/link")
    files.write_file(root, "/link", b"x")
    assert files.read_file(root, "/tmp/target") == b"x"
    refused(errno.EEXIST, files.open, root, "/link", O_WRONLY | O_CREAT | O_EXCL)


def test_open_obeys_its_flags(root: Superuser) -> None:
    files.write_file(root, "/f", b"0123456789")
    file = files.open(root, "/f", O_RDWR)
    assert (file.read(3), file.lseek(-2, 2), file.read(9), file.read(9)) == (b"012", 8, b"89", b"")
    file.lseek(2)
    file.write(b"ab")
    appended = files.open(root, "/f", O_WRONLY | O_APPEND)
    file.ftruncate(5)
    appended.write(b"!")
    assert files.read_file(root, "/f") == b"01ab4!"
    refused(errno.EBADF, appended.read, 1)
    files.open(root, "/f", O_WRONLY | O_TRUNC)
    assert files.stat(root, "/f").size == 0
    refused(errno.ENOTDIR, files.open, root, "/f", O_DIRECTORY)
    refused(errno.EISDIR, files.open, root, "/tmp", O_WRONLY)
    refused(errno.EISDIR, files.open(root, "/tmp").read, 1)
    refused(errno.EISDIR, files.open, root, "/new/", O_CREAT)


def test_an_open_file_outlives_its_name(root: Superuser) -> None:
    file = files.open(root, "/f", O_RDWR | O_CREAT)
    files.unlink(root, "/f")
    file.write(b"still here")
    file.lseek(0)
    assert (file.read(99), file.fstat().nlink) == (b"still here", 0)


def test_permission_bits_decide_for_users(root: Superuser) -> None:
    files.write_file(root, "/secret", b"s")
    files.chmod(root, "/secret", 0o640)
    files.chown(root, "/secret", 0, 50)
    files.mkdir(root, "/closed", 0o700)
    files.write_file(root, "/closed/f", b"")
    refused(errno.EACCES, files.read_file, user(root), "/secret")
    assert files.read_file(user(root, groups=(50,)), "/secret") == b"s"
    refused(errno.EACCES, files.write_file, user(root, groups=(50,)), "/secret", b"")
    refused(errno.EACCES, files.stat, user(root), "/closed/f")
    refused(errno.EACCES, files.mkdir, user(root), "/mine")
    refused(errno.EPERM, files.chmod, user(root), "/secret", 0o777)
    refused(errno.EPERM, files.chown, user(root), "/secret", 1000, 1000)
    assert not files.access(root, "/secret", 1) and files.access(root, "/secret", 6)


def test_in_a_sticky_directory_only_the_owner_removes(root: Superuser) -> None:
    files.write_file(user(root, 1000), "/tmp/f", b"")
    refused(errno.EPERM, files.unlink, user(root, 1001), "/tmp/f")
    refused(errno.EPERM, files.rename, user(root, 1001), "/tmp/f", "/tmp/g")
    files.unlink(user(root, 1000), "/tmp/f")


def test_root_without_capabilities_is_an_ordinary_user(root: Superuser) -> None:
    files.write_file(user(root), "/tmp/f", b"")
    files.chmod(root, "/tmp/f", 0o600)
    weak = Superuser(root.space)
    weak.capabilities = frozenset({"CAP_KILL"})
    refused(errno.EACCES, files.read_file, weak, "/tmp/f")
    refused(errno.EPERM, files.chown, weak, "/tmp/f", 0, 0)
    refused(errno.EPERM, files.mknod, weak, "/tmp/null", 0o020666, (1, 3))


def test_umask_and_setgid_directories_shape_new_files(root: Superuser) -> None:
    root.umask = 0o027
    files.write_file(root, "/f", b"")
    files.mkdir(root, "/d")
    assert (files.stat(root, "/f").mode & 0o777, files.stat(root, "/d").mode & 0o777) == (0o640, 0o750)
    files.chown(root, "/d", -1, 7)
    files.chmod(root, "/d", 0o2775)
    files.mkdir(root, "/d/e")
    assert (files.stat(root, "/d/e").gid, files.stat(root, "/d/e").mode & 0o7000) == (7, 0o2000)


def test_links_are_counted(root: Superuser) -> None:
    files.write_file(root, "/f", b"")
    files.link(root, "/f", "/g")
    files.mkdir(root, "/d")
    files.mkdir(root, "/d/e")
    assert (files.stat(root, "/f").nlink, files.stat(root, "/d").nlink, files.stat(root, "/").nlink) == (2, 3, 4)
    files.unlink(root, "/f")
    files.rename(root, "/d/e", "/e")
    assert (files.stat(root, "/g").nlink, files.stat(root, "/d").nlink) == (1, 2)
    refused(errno.EPERM, files.link, root, "/d", "/d2")


def test_a_gigabyte_of_zeros_costs_nothing(root: Superuser) -> None:
    file = files.open(root, "/big", O_RDWR | O_CREAT)
    for _ in range(64):
        file.write(bytes(1 << 20))
    file.ftruncate(1 << 30)
    file.lseek(-1, 2)
    file.write(b"x")
    node = root.space.root(0).upper.entries["big"]  # type: ignore[union-attr]
    assert (node.size, content.stored(node.data)) == (1 << 30, (1 << 30) % content.CHUNK or content.CHUNK)


pieces = some.one_of(some.binary(max_size=40), some.integers(0, 3 * content.CHUNK).map(bytes))


@given(some.lists(some.tuples(some.integers(0, 3 * content.CHUNK), pieces, some.booleans()), max_size=8))
def test_content_is_what_a_bytearray_would_be(steps: list[tuple[int, bytes, bool]]) -> None:
    data: content.Content = b""
    model = bytearray()
    for offset, piece, cut in steps:
        if cut:
            data = content.truncate(content.copy(data), offset)
            model = model[:offset].ljust(offset, b"\0")
        elif piece:
            data = content.write(data, offset, piece)
            model[: offset + len(piece)] = model[: offset + len(piece)].ljust(offset + len(piece), b"\0")
            model[offset : offset + len(piece)] = piece
        assert content.read(data, len(model), 0, len(model)) == bytes(model)
        assert content.read(data, len(model), offset, 100) == bytes(model[offset : offset + 100])
    assert content.read(content.frozen(data), len(model), 0, len(model)) == bytes(model)
