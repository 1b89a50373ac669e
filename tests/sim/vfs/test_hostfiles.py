"""Bind mounts of real folders: what a container sees and changes, and that nothing leads out of the folder."""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from engine.loop import Loop
from sim.kernel.kernel import Kernel
from sim.shares import Share, chosen, mount
from sim.vfs import files, mounting
from sim.vfs.hostdisk import Disk
from sim.vfs.mounting import Superuser
from sim.vfs.mounts import MountNamespace

Container = Callable[..., Superuser]


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A student's folder, with a neighbour that nobody has allowed."""
    home = tmp_path / "home"
    (home / "sub").mkdir(parents=True)
    (home / "a.txt").write_bytes(b"from outside\n")
    (home / "sub" / "b.txt").write_bytes(b"deep\n")
    (tmp_path / "secret").write_bytes(b"private key")
    return home


@pytest.fixture
def container(home: Path) -> Container:
    """`container(source, …)`: a mount namespace that has the source at /src, on a host that shares `home`."""

    def make(source: str = "", writable: bool = True, options: tuple[str, ...] = ("rbind",)) -> Superuser:
        kernel = Kernel(Loop(start=10**18), Random(1))
        mount(kernel, [Share(home, writable)])
        space = MountNamespace(kernel.storage, kernel.storage.tree("overlay"))
        mounting.mount_at(space, str(home / source), "/src", "bind", options, kernel.root)
        return Superuser(space)

    return make


def test_a_container_reads_the_file_as_it_is_now(container: Container, home: Path) -> None:
    root = container()
    assert files.read_file(root, "/src/a.txt") == b"from outside\n"
    (home / "a.txt").write_bytes(b"changed\n")
    (home / "new").write_bytes(b"")
    assert files.read_file(root, "/src/a.txt") == b"changed\n"
    assert sorted(files.listdir(root, "/src")) == ["a.txt", "new", "sub"]
    assert files.stat(root, "/src/a.txt").size == 8


def test_what_a_container_writes_is_on_the_disk(container: Container, home: Path) -> None:
    root = container()
    files.write_file(root, "/src/sub/made", b"inside")
    files.write_file(root, "/src/sub/made", b" too", append=True)
    files.mkdir(root, "/src/folder")
    files.rename(root, "/src/a.txt", "/src/folder/moved")
    files.symlink(root, "moved", "/src/folder/link")
    files.link(root, "/src/folder/moved", "/src/second")
    files.unlink(root, "/src/sub/b.txt")
    files.truncate(root, "/src/second", 4)
    assert (home / "sub" / "made").read_bytes() == b"inside too"
    assert (home / "folder" / "link").read_bytes() == b"from"
    assert (home / "second").samefile(home / "folder" / "moved")
    assert names(home / "sub") == ["made"]
    assert files.stat(root, "/src/second").nlink == 2
    files.unlink(root, "/src/sub/made")
    files.rmdir(root, "/src/sub")
    assert not (home / "sub").exists()


def test_an_open_file_stays_the_same_file(container: Container, home: Path) -> None:
    root = container()
    file = files.open(root, "/src/a.txt", 2)
    (home / "a.txt").unlink()
    assert file.read(5) == b"from " and file.write(b"inside!") == 7
    file.lseek(0)
    assert file.read(1 << 62) == b"from inside!\n"
    assert file.fstat().size == 13
    file.close()


def test_a_single_file_can_be_mounted(container: Container, home: Path) -> None:
    kernel_root = container()
    space = kernel_root.space
    host = Superuser(space)
    files.mkdir(host, "/etc")
    mounting.mount_at(space, "/src/a.txt", "/etc/motd", "bind", ("rbind",), host)
    (home / "a.txt").write_bytes(b"longer than it was before\n")
    assert files.read_file(host, "/etc/motd") == b"longer than it was before\n"
    assert files.stat(host, "/etc/motd").size == 26


@pytest.mark.parametrize("how", ["not writable", "mounted :ro"])
def test_read_only_is_read_only(container: Container, home: Path, how: str) -> None:
    root = container(writable=False) if how == "not writable" else container(options=("rbind", "ro"))
    for attempt in (
        lambda: files.write_file(root, "/src/a.txt", b"x"),
        lambda: files.write_file(root, "/src/new", b"x"),
        lambda: files.mkdir(root, "/src/new"),
        lambda: files.unlink(root, "/src/a.txt"),
        lambda: files.rename(root, "/src/a.txt", "/src/b"),
        lambda: files.chmod(root, "/src/a.txt", 0o777),
        lambda: files.utime(root, "/src/a.txt", 0),
        lambda: files.symlink(root, "x", "/src/new"),
    ):
        with pytest.raises(OSError) as refused:
            attempt()
        assert refused.value.errno == errno.EROFS
    assert (home / "a.txt").read_bytes() == b"from outside\n"
    assert names(home) == ["a.txt", "sub"]
    assert "ro" in next(each for each in root.space.info() if each.target == "/src").options


def test_owners_are_the_containers_own_affair(container: Container, home: Path) -> None:
    root = container()
    files.write_file(root, "/src/made", b"")
    assert files.stat(root, "/src/made").uid == 0
    files.chown(root, "/src/a.txt", 33, 44)
    found = files.stat(root, "/src/a.txt")
    assert (found.uid, found.gid) == (33, 44)
    assert (home / "made").stat().st_uid == (home / "a.txt").stat().st_uid == os.getuid()
    files.chmod(root, "/src/a.txt", 0o4750)
    assert (home / "a.txt").stat().st_mode & 0o7777 == 0o750  # no set-user-ID programs on this computer


def test_times_are_the_disks_unless_they_are_set(container: Container, home: Path) -> None:
    root = container()
    files.write_file(root, "/src/new", b"x")
    assert files.stat(root, "/src/new").mtime == (home / "new").stat().st_mtime_ns
    files.utime(root, "/src/new", 123_000_000_000)
    assert (home / "new").stat().st_mtime == 123


def test_no_devices_or_fifos_are_made_or_opened(container: Container, home: Path) -> None:
    root = container()
    with pytest.raises(PermissionError):
        files.mknod(root, "/src/null", 0o020666, (1, 3))
    os.mkfifo(home / "fifo")
    with pytest.raises(OSError, match="No such device"):
        Disk(home).open(("fifo",), os.O_RDONLY)


# -- nothing leads out


@pytest.mark.parametrize("target", ["../secret", "/etc/shadow", "{parent}/secret", "sub/../../secret"])
def test_links_are_followed_inside_the_container_only(container: Container, home: Path, target: str) -> None:
    (home / "link").symlink_to(target.format(parent=home.parent))
    root = container()
    assert files.readlink(root, "/src/link") == target.format(parent=home.parent)
    with pytest.raises(FileNotFoundError):
        files.read_file(root, "/src/link")
    files.write_file(root, "/secret", b"the container's own")
    if target in ("../secret", "sub/../../secret"):
        assert files.read_file(root, "/src/link") == b"the container's own"
    assert (home.parent / "secret").read_bytes() == b"private key"


def test_a_linked_folder_is_no_way_out_either(container: Container, home: Path) -> None:
    (home / "up").symlink_to("..")
    (home / "abs").symlink_to(home.parent)
    root = container()
    for path in ("/src/up/secret", "/src/abs/secret", "/src/../secret", "/src/sub/../../secret"):
        with pytest.raises(FileNotFoundError):
            files.read_file(root, path)
    elsewhere = container("abs")  # as the source of a mount it is followed on the simulated host, which has its own
    assert files.listdir(elsewhere, "/src") == ["home"] and files.listdir(elsewhere, "/src/home") == []


def test_the_neighbour_is_not_there(container: Container, home: Path) -> None:
    with pytest.raises(FileNotFoundError):
        container("../secret")
    assert files.listdir(container(".."), "/src") == ["home"]


@pytest.mark.parametrize("names", [("..", "secret"), ("sub", "..", "..", "secret"), ("../secret",), ("sub/b.txt",)])
def test_the_disk_takes_names_only(home: Path, names: tuple[str, ...]) -> None:
    disk = Disk(home)
    for attempt in (disk.stat, disk.list, disk.unlink, lambda n: disk.open(n, os.O_RDONLY)):
        with pytest.raises(OSError, match="Invalid argument"):
            attempt(names)
    disk.close()


@pytest.mark.parametrize("relative", [True, False])
def test_a_link_in_the_way_is_an_error(home: Path, relative: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sim.vfs.hostdisk.RELATIVE", relative)
    (home / "out").symlink_to(home.parent)
    (home / "key").symlink_to(home.parent / "secret")
    disk = Disk(home)
    for names in (("out", "secret"), ("key",)):
        with pytest.raises(OSError) as refused:
            disk.open(names, os.O_RDONLY)
        assert refused.value.errno in (errno.ELOOP, errno.ENOTDIR)
    with pytest.raises(OSError):
        disk.make_file(("out", "new"), 0o644)
    with pytest.raises(OSError):
        disk.chmod(("key",), 0o777)
    assert disk.read(("sub", "b.txt"), 1, 99) == b"eep\n"
    assert sorted(disk.list(())) == ["a.txt", "key", "out", "sub"]
    disk.close()
    assert not (home.parent / "new").exists()


def test_somebody_who_swaps_folders_for_links_gains_nothing(home: Path) -> None:
    """A race: one side turns `sub` into a link to the parent and back, the other reads sub/secret."""
    decoy, inside = home / "decoy", home / "sub"
    decoy.symlink_to(home.parent)
    (inside / "secret").write_bytes(b"harmless")
    disk, seen, over = Disk(home), set[bytes](), threading.Event()

    def swap() -> None:
        while not over.is_set():
            inside.rename(home / "kept")
            decoy.rename(inside)
            inside.rename(decoy)
            (home / "kept").rename(inside)

    thread = threading.Thread(target=swap)
    thread.start()
    try:
        for _ in range(3000):
            try:
                seen.add(disk.read(("sub", "secret"), 0, 99))
            except OSError:
                continue
    finally:
        over.set()
        thread.join()
    assert seen <= {b"harmless"}


# -- what may be shared


def test_words_of_the_command_line(tmp_path: Path) -> None:
    assert Share.parse(f"{tmp_path}") == Share(tmp_path)
    assert Share.parse(f"{tmp_path}:rw") == Share(tmp_path, True)
    assert Share.parse(f"{tmp_path}:ro") == Share(tmp_path, False)
    with pytest.raises(ValueError, match="there is no such folder"):
        Share.parse(str(tmp_path / "nothing"))


@pytest.mark.parametrize("folder", ["/", "/var", "/etc", "/proc/self"])
def test_the_simulated_hosts_own_folders_cannot_be_replaced(folder: str) -> None:
    with pytest.raises(ValueError, match="of its own"):
        Share.parse(f"{folder}:rw")


def test_a_folder_is_also_where_a_link_leads_to_it(tmp_path: Path) -> None:
    real, link = tmp_path / "real", tmp_path / "link"
    real.mkdir()
    (real / "file").write_bytes(b"x")
    link.symlink_to(real)
    kernel = Kernel(Loop(start=10**18), Random(1))
    mount(kernel, [Share(link)])
    assert files.read_file(kernel.root, str(link / "file")) == files.read_file(kernel.root, str(real / "file")) == b"x"


def test_without_a_word_the_current_folder_is_shared_but_never_ones_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    course = tmp_path / "ada" / "course"
    course.mkdir(parents=True)
    monkeypatch.setattr(Path, "home", lambda: tmp_path / "ada")
    monkeypatch.delenv("PWD")
    for here, shares in ((course, [Share(course)]), (tmp_path / "ada", []), (tmp_path, []), (Path("/"), [])):
        monkeypatch.chdir(here)
        assert chosen(None) == shares
    monkeypatch.chdir(course)
    assert chosen(["none"]) == []
    assert chosen([".:rw", str(tmp_path)]) == [Share(course, True), Share(tmp_path)]


def test_the_shells_own_name_of_the_current_folder_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "called").symlink_to(tmp_path / "real")
    monkeypatch.chdir(tmp_path / "called")
    monkeypatch.setenv("PWD", str(tmp_path / "called"))
    assert chosen(None) == [Share(tmp_path / "called")]
    monkeypatch.setenv("PWD", "/somewhere/else")
    assert chosen(None) == [Share(tmp_path / "real")]
