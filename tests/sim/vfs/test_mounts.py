"""Mounts: what lies where, who sees it, read-only, masked, lazily made; and how little it costs."""

from __future__ import annotations

import errno
import tracemalloc
from random import Random
from typing import Any

import pytest

from sim.vfs import files, mounting
from sim.vfs.filesystem import Directory
from sim.vfs.mounting import Superuser, mask, mount_at, read_only
from sim.vfs.mounts import MountNamespace, Storage
from sim.vfs.synthetic import SyntheticTree, folder


@pytest.fixture
def storage() -> Storage:
    made = Storage(lambda: 10**18, Random(1).randbytes)
    mounting.register(made)
    shared = folder(
        made.inos, {"version": "Linux\n", "kcore": "secret", "sys": {"kernel": {"pid_max": "99\n"}}, "bus": {}}
    )
    made.types["proc"] = lambda space, row, context: SyntheticTree("proc", made.inos, next(made.devices), lower=shared)
    return made


@pytest.fixture
def host(storage: Storage) -> Superuser:
    """The host: with a folder for a volume and a file for a bind."""
    root = Superuser(MountNamespace(storage, storage.tree("ext4")))
    mounting.make_directories(root, "/var/lib/docker/volumes/data")
    files.write_file(root, "/hosts", b"127.0.0.1 localhost\n")
    return root


@pytest.fixture
def image(storage: Storage) -> Directory:
    """An image's files."""
    root = Superuser(MountNamespace(storage, storage.tree("ext4")))
    for path in ("/dev", "/proc", "/etc", "/tmp", "/home"):
        files.mkdir(root, path)
    files.write_file(root, "/etc/hosts", b"")
    files.symlink(root, "/proc/version", "/home/link")
    upper = root.space.root(0).upper
    assert isinstance(upper, Directory)
    return upper


def container(storage: Storage, host: Superuser, image: Directory) -> Superuser:
    """A namespace as a runtime makes it."""
    space = MountNamespace(storage, storage.tree("overlay", lower=image))
    mount_at(space, "proc", "/proc", "proc", ("nosuid",))
    mount_at(space, "tmpfs", "/dev", "tmpfs", ("nosuid", "mode=755", "size=65536k"))
    mount_at(space, "shm", "/dev/shm", "tmpfs", ("size=65536k",))
    mount_at(space, "/hosts", "/etc/hosts", "bind", ("rbind",), host)
    mounting.make_devices(space, ("null", "zero", "full", "random", "urandom", "tty"))
    for path in ("/proc/kcore", "/proc/bus", "/proc/nothing/here"):
        mask(space, path)
    read_only(space, "/proc/sys")
    return Superuser(space)


@pytest.fixture
def inside(storage: Storage, host: Superuser, image: Directory) -> Superuser:
    return container(storage, host, image)


def refused(number: int, call: Any, *arguments: Any) -> None:
    with pytest.raises(OSError) as caught:
        call(*arguments)
    assert caught.value.errno == number


def test_a_bind_shows_the_hosts_file_and_writes_to_it(host: Superuser, inside: Superuser) -> None:
    files.write_file(inside, "/etc/hosts", b"10.0.0.1 db\n", append=True)
    assert files.read_file(host, "/hosts") == b"127.0.0.1 localhost\n10.0.0.1 db\n"


def test_devices_are_there_and_work(inside: Superuser) -> None:
    files.write_file(inside, "/dev/null", b"gone")
    assert files.read_file(inside, "/dev/null") == b""
    assert files.open(inside, "/dev/zero").read(3) == b"\0\0\0"
    assert len(files.open(inside, "/dev/urandom").read(5)) == 5
    refused(errno.ENOSPC, files.write_file, inside, "/dev/full", b"x")
    assert files.stat(inside, "/dev/null").rdev == (1, 3)


def test_masked_paths_are_empty_and_others_are_left_alone(inside: Superuser) -> None:
    assert files.read_file(inside, "/proc/kcore") == b""
    assert files.listdir(inside, "/proc/bus") == []
    refused(errno.EROFS, files.mkdir, inside, "/proc/bus/x")
    assert files.read_file(inside, "/home/link") == b"Linux\n"


def test_a_read_only_path_refuses_writes_below_it_only(inside: Superuser, storage: Storage) -> None:
    refused(errno.EROFS, files.write_file, inside, "/proc/sys/kernel/pid_max", b"1")
    read_only(inside.space, "/")
    refused(errno.EROFS, files.write_file, inside, "/tmp/x", b"")
    files.write_file(inside, "/dev/shm/x", b"")


def test_mount_points_that_are_missing_are_made(host: Superuser, inside: Superuser) -> None:
    mount_at(inside.space, "/var/lib/docker/volumes/data", "/srv/deep/data", "bind", ("rbind", "ro"), host)
    mount_at(inside.space, "/hosts", "/srv/new/file", "bind", (), host)
    files.write_file(host, "/var/lib/docker/volumes/data/f", b"1")
    assert files.read_file(inside, "/srv/deep/data/f") == b"1"
    refused(errno.EROFS, files.write_file, inside, "/srv/deep/data/f", b"2")
    assert files.read_file(inside, "/srv/new/file").startswith(b"127")
    refused(errno.ENOTDIR, mount_at, inside.space, "/hosts", "/tmp", "bind", (), host)
    refused(errno.ENODEV, mount_at, inside.space, "none", "/tmp", "nosuchfs", ())


def test_a_tmpfs_has_a_size(inside: Superuser) -> None:
    mounting.mount(inside, "tmpfs", "/tmp", "tmpfs", ("size=1m",))
    file = files.open(inside, "/tmp/big", 0o101)
    assert file.write(bytes(3 << 19)) == 1 << 20
    refused(errno.ENOSPC, file.write, b"more")
    files.unlink(inside, "/tmp/big")
    assert files.statfs(inside, "/tmp").free == 1 << 20


def test_umount_shows_again_what_was_below(inside: Superuser) -> None:
    files.write_file(inside, "/tmp/below", b"")
    mounting.mount(inside, "tmpfs", "/tmp", "tmpfs")
    assert files.listdir(inside, "/tmp") == []
    refused(errno.EBUSY, files.rmdir, inside, "/tmp")
    refused(errno.EBUSY, mounting.umount, inside, "/dev")
    mounting.umount(inside, "/tmp")
    assert files.listdir(inside, "/tmp") == ["below"]
    refused(errno.EINVAL, mounting.umount, inside, "/tmp")


def test_mounting_elsewhere_does_not_change_a_namespace(inside: Superuser, storage: Storage) -> None:
    other = Superuser(inside.space.copy())
    mounting.mount(other, "tmpfs", "/tmp", "tmpfs")
    assert [mount.target for mount in other.space.info()][-1] == "/tmp"
    assert "/tmp" not in [mount.target for mount in inside.space.info()]


def test_mountinfo_says_type_source_and_options(inside: Superuser) -> None:
    shown = {mount.target: (mount.type, mount.options) for mount in inside.space.info()}
    assert shown["/"][0] == "overlay"
    assert shown["/dev"] == ("tmpfs", ("rw", "nosuid", "relatime", "mode=755", "size=65536k"))
    assert shown["/proc/sys"] == ("proc", ("ro", "relatime"))
    assert shown["/proc/bus"] == ("tmpfs", ("ro", "relatime"))
    assert shown["/etc/hosts"][0] == "ext4"


def test_equal_containers_share_their_mount_table_and_make_nothing_before_it_is_used(
    storage: Storage, host: Superuser, image: Directory
) -> None:
    one, other = (container(storage, host, image).space for _ in range(2))
    assert one.table is other.table
    assert [number for number in range(len(one.table.rows)) if not other.untouched(number)] == [0, 4]  # overlay, bind


def test_an_image_with_other_links_is_not_mistaken(storage: Storage, host: Superuser, image: Directory) -> None:
    container(storage, host, image)
    other = storage.tree("overlay", lower=image)
    change = Superuser(MountNamespace(storage, other))
    files.rmdir(change, "/tmp")
    files.symlink(change, "/home", "/tmp")
    space = MountNamespace(storage, other)
    mount_at(space, "tmpfs", "/tmp", "tmpfs", ())
    assert space.info()[-1].target == "/home"


def test_the_mounts_of_a_container_take_little_memory(storage: Storage, host: Superuser, image: Directory) -> None:
    container(storage, host, image)
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    many = [container(storage, host, image) for _ in range(200)]
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (after - before) / len(many) < 1000
