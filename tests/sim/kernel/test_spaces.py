"""What the kernel promises about namespaces and roots, for processes that move by themselves."""

import errno
import stat
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.loop import Loop
from machine import call, machine
from sim.kernel.kernel import Kernel
from sim.kernel.userspaces import NOBODY, inside, outside
from sim.vfs import files, mounting
from sim.vfs.mounting import Superuser

NAMES = st.lists(st.sampled_from(["a", "b", "c"]), min_size=1, max_size=3)


def failing(what) -> int:
    """The number of the error that a call meets; 0 for none."""
    try:
        what()
    except OSError as error:
        return error.errno or 0
    return 0


def seen(main) -> str:
    """What a program prints, as a list."""
    status, out, err = call(machine(), main)
    assert (status, err) == (0, b"")
    return out.decode()


def tree(root: Superuser, top: str, but: str) -> dict[str, bytes]:
    """What can be reached below a directory, but for one in it: paths from there, and what the files hold."""
    found: dict[str, bytes] = {}
    todo = [""]
    while todo:
        path = todo.pop()
        for name in files.listdir(root, f"{top}{path}/"):
            if (inside := f"{path}/{name}") == but:
                continue
            if stat.S_ISDIR(files.stat(root, top + inside).mode):
                found[inside] = b""
                todo.append(inside)
            else:
                found[inside] = files.read_file(root, top + inside)
    return found


@given(st.lists(NAMES, max_size=5), st.lists(NAMES, max_size=5), st.booleans())
def test_all_that_was_mounted_is_there_after_pivot_root(outer, inner, keep):
    """At the new root what was there before; below `old`, until it is let go, all else."""
    kernel = Kernel(Loop(), Random(1))
    root = Superuser(kernel.host.mount.copy())
    mounting.make_directories(root, "/new")
    mounting.mount(root, "new", "/new", "tmpfs")
    mounting.make_directories(root, "/new/old")
    for number, (start, names) in enumerate([*(("", each) for each in outer), *(("/new", each) for each in inner)]):
        path = "/".join([start, *names])
        mounting.make_directories(root, path)
        mounting.mount(root, "x", path, "tmpfs")
        files.write_file(root, f"{path}/mark", str(number).encode())
    new, old = tree(root, "/new", "/old"), tree(root, "", "/new")
    mounting.pivot_root(root, "/new", "/new/old")
    assert tree(root, "", "/old") == new
    if keep:
        assert tree(root, "/old", "/new") == old
        assert files.listdir(root, "/old/new") == []
    else:
        mounting.umount(root, "/old", lazy=True)
        assert files.listdir(root, "/old") == []
        assert tree(root, "", "/old") == new


@given(st.integers(0, 5000), st.integers(0, 5000), st.integers(1, 500), st.integers(0, 6000))
def test_a_user_is_called_the_same_from_both_sides(first, host, count, number):
    table = ((first, host, count),)
    if host <= number < host + count:
        assert outside(table, inside(table, number)) == number
    else:
        assert inside(table, number) == NOBODY


def test_nobody_comes_after_init():
    async def main(proc):
        async def child(proc):
            return 0

        proc.unshare({"pid"})
        proc.fork(child)
        await proc.wait()
        await proc.out(f"{failing(lambda: proc.fork(child))}")
        return 0

    assert seen(main) == str(errno.ENOMEM)


def test_an_orphan_belongs_to_the_init_of_its_own_namespace():
    async def main(proc):
        async def grandchild(proc):
            await proc.sleep(1)
            await proc.out(f"{proc.pid} {proc.ppid}")
            return 0

        async def middle(proc):
            proc.fork(grandchild)
            return 0

        async def init(proc):
            await proc.wait(proc.fork(middle))
            await proc.wait()
            return 0

        proc.unshare({"pid"})
        await proc.wait(proc.fork(init))
        return 0

    assert seen(main) == "3 1"


def test_moves_that_the_kernel_refuses():
    async def main(proc):
        proc.unshare({"pid"})
        own = proc.open("/proc/self/ns/user")
        file = proc.open("/etc/passwd")
        numbers = [
            failing(lambda: proc.unshare({"pid"})),
            failing(lambda: proc.unshare({"nonsense"})),
            failing(lambda: proc.setns(own)),
            failing(lambda: proc.setns(file)),
            failing(lambda: proc.setns(proc.open("/proc/self/ns/uts"), "network")),
        ]
        await proc.out(" ".join(map(str, numbers)))
        return 0

    assert seen(main) == " ".join([str(errno.EINVAL)] * 5)


def test_capabilities_of_a_user_namespace_end_at_its_edge():
    async def main(proc):
        host = proc.open("/proc/self/ns/uts")
        proc.unshare({"user", "uts"})
        proc.sethostname("mine")
        numbers = [
            failing(lambda: proc.setns(host)),
            failing(lambda: proc.mount("x", "/tmp", "tmpfs")),
            failing(lambda: proc.chown("/etc/passwd", 0, 0)),
        ]
        proc.unshare({"mount"})
        proc.mount("x", "/tmp", "tmpfs")
        await proc.out(f"{proc.getuid()} {proc.uname()['nodename']} {numbers}")
        return 0

    assert seen(main) == f"{NOBODY} mine {[errno.EPERM, errno.EPERM, errno.EINVAL]}"


def test_a_map_is_written_once_and_only_for_oneself():
    async def main(proc):
        proc.setuid(1000, 1000)
        proc.unshare({"user"})

        def write(name, text):
            return lambda: proc.write_file(f"/proc/self/{name}", text)

        numbers = [
            failing(write("gid_map", b"0 1000 1")),  # setgroups is still allowed
            failing(write("setgroups", b"deny")),
            failing(write("gid_map", b"0 1000 1")),
            failing(write("uid_map", b"0 0 1")),
            failing(write("uid_map", b"nonsense")),
            failing(write("uid_map", b"0 1000 1")),
            failing(write("uid_map", b"0 1000 1")),
        ]
        await proc.out(f"{proc.getuid()} {proc.getgid()} {numbers}")
        return 0

    perm, wrong = errno.EPERM, errno.EINVAL
    assert seen(main) == f"0 0 {[perm, 0, 0, perm, wrong, 0, perm]}"


def test_the_root_of_a_process_is_where_chroot_has_put_it():
    async def main(proc):
        proc.mkdir("/tmp/r")
        proc.write_file("/tmp/r/file", b"x")
        proc.symlink("/file", "/tmp/r/link")
        proc.chroot("/tmp/r")
        await proc.out(f"{sorted(proc.listdir('/'))} {proc.read_file('../../link')} {proc.realpath('link')} {proc.cwd}")
        return 0

    assert seen(main) == "['file', 'link'] b'x' /file /"


@pytest.mark.parametrize("number", [0, 1])
def test_a_group_takes_who_is_written_into_it(number):
    kernel = machine()
    mounting.make_directories(Superuser(kernel.host.mount), "/sys/fs/cgroup")

    async def main(proc):
        proc.mount("cgroup2", "/sys/fs/cgroup", "cgroup2")
        proc.mkdir("/sys/fs/cgroup/box")
        proc.write_file("/sys/fs/cgroup/box/cgroup.procs", str(number and proc.pid).encode())
        await proc.out(proc.read_file("/proc/self/cgroup") + proc.read_file("/sys/fs/cgroup/box/pids.current"))
        await proc.out(f"{failing(lambda: proc.rmdir('/sys/fs/cgroup/box'))}")
        return 0

    assert call(kernel, main)[1].decode() == f"0::/box\n1\n{errno.EBUSY}"
