"""What a container must not be able to do to the host. Each test is an attack that was, or is, known to work somewhere.

None would do harm if it worked: files of the kernel's are opened for writing (`: >> file`), but nothing is written.
"""

from __future__ import annotations

import contextlib
import io
import os
import tarfile
import threading
from pathlib import Path
from typing import Any

import pytest


@pytest.mark.parametrize(
    "path",
    ["/proc/sys/kernel/core_pattern", "/proc/sysrq-trigger", "/proc/sys/vm/panic_on_oom", "/sys/kernel/uevent_helper",
     "/sys/kernel/mm/ksm/run", "/proc/irq/default_smp_affinity"],
)  # fmt: skip
def test_the_kernels_settings_cannot_be_written(daemon: Any, path: str) -> None:
    said = daemon.sh(f"(: >> {path}) && echo opened")
    assert "opened" not in said
    assert "Read-only file system" in said or "Permission denied" in said or "nonexistent" in said


def test_no_program_of_ours_is_run_by_the_host_when_a_cgroup_is_empty(daemon: Any) -> None:
    said = daemon.sh(
        "for f in /sys/fs/cgroup/*/release_agent /sys/fs/cgroup/*/notify_on_release; do"
        " [ -e $f ] && (: >> $f) && echo opened; done; mkdir /sys/fs/cgroup/memory/x && echo made"
    )
    assert "opened" not in said and "made" not in said


def test_nothing_can_be_mounted(daemon: Any) -> None:
    for command in ("mount -t cgroup -o memory x /mnt", "mount --bind / /mnt", "mount -o remount,rw /sys",
                    "mount -t proc proc /mnt", "mount -t tmpfs x /mnt"):  # fmt: skip
        said = daemon.sh(f"mkdir -p /mnt; {command} && echo mounted")
        assert "mounted" not in said and "denied" in said


def test_the_hosts_disks_cannot_be_opened_even_with_a_node_of_ones_own(daemon: Any) -> None:
    disk = next(
        (os.stat(f"/dev/{name}").st_rdev for name in ("vda", "sda", "nvme0n1") if os.path.exists(f"/dev/{name}")), None
    )
    if disk is None:
        pytest.skip("this machine shows no disk")
    said = daemon.sh(f"mknod /d b {os.major(disk)} {os.minor(disk)} && (: < /d) && echo opened")
    assert "opened" not in said and "Operation not permitted" in said
    assert "Operation not permitted" in daemon.sh("mknod /m c 1 1 && (: < /m)")  # /dev/mem


def test_namespaces_cannot_be_made_or_entered(daemon: Any) -> None:
    for command in ("unshare -m true", "unshare -U true", "unshare -n true", "nsenter -t 1 -m true"):
        status, _ = daemon.run("sh", "-c", command)
        assert status != 0, command


def test_no_file_of_the_daemons_is_open_in_a_container(daemon: Any) -> None:
    """CVE-2024-21626: a leaked descriptor of a host folder, entered by the working directory."""
    assert daemon.sh("ls /proc/self/fd").split() == ["0", "1", "2", "3"]  # 3 is ls's own
    container = daemon.docker.containers.run("busybox", ["sleep", "100"], detach=True, network_mode="none")
    try:
        for number in range(3, 40):
            status, said = container.exec_run(["pwd"], workdir=f"/proc/self/fd/{number}")
            assert status != 0 and b"OCI runtime exec failed" in said
        assert container.exec_run(["ls", "/proc/self/fd"])[1].split() == [b"0", b"1", b"2", b"3"]
    finally:
        container.remove(force=True)
    for number in range(3, 40):
        with pytest.raises(Exception, match=r"mkdir|cwd|directory|OCI"):
            daemon.run("true", working_dir=f"/proc/self/fd/{number}")


def test_the_runtimes_own_program_cannot_be_written_to(daemon: Any) -> None:
    """CVE-2019-5736: a program that is `/proc/self/exe` makes the runtime execute itself, and is then overwritten."""
    container = daemon.docker.containers.run(
        "busybox",
        ["sh", "-c", "printf '#!/proc/self/exe\\n' > /evil; chmod +x /evil; sleep 100"],
        detach=True, network_mode="none",
    )  # fmt: skip
    try:
        watch = (
            "for i in $(seq 300); do for p in /proc/[0-9]*; do [ -e $p/exe ] && echo >> $p/exe && echo $p; done; done"
        )
        container.exec_run(["sh", "-c", f"cp /bin/busybox /mine; ({watch}) > /written 2>&1"], detach=True)
        interpreter = Path(os.path.realpath("/proc/self/exe"))
        before = interpreter.stat()
        for _ in range(20):
            container.exec_run(["/evil"])
        after = interpreter.stat()
        assert (before.st_size, before.st_mtime_ns) == (after.st_size, after.st_mtime_ns)
    finally:
        container.remove(force=True)
    zygote = Path(f"/proc/{daemon.zygote()}/exe")
    assert "memfd:" in os.readlink(zygote)
    with pytest.raises(OSError, match=r"Operation not permitted|Text file busy"), zygote.open("r+b") as file:
        file.write(b"x")


def test_a_link_that_is_exchanged_while_files_are_copied_leads_nowhere_else(daemon: Any) -> None:
    """CVE-2018-15664: a folder becomes a link to / between the look and the use."""
    script = "mkdir /a; while :; do rm -rf /a 2>/dev/null; ln -s / /a; rm /a; mkdir /a; done"
    container = daemon.docker.containers.run("busybox", ["sh", "-c", script], detach=True, network_mode="none")
    secret = daemon.root / "secret"
    secret.write_text("of the host")
    try:
        for _ in range(60):
            try:
                stream, _ = container.get_archive(f"/a{secret}")
                got = b"".join(stream)
            except Exception:
                got = b""
            assert b"of the host" not in got
            with contextlib.suppress(Exception):
                container.put_archive("/a", _tar("planted", b"x"))
        assert not Path("/planted").exists()
    finally:
        container.remove(force=True)


def test_an_image_whose_links_lead_out_is_mounted_over_inside(daemon: Any) -> None:
    """A link where a mount point is to be: /proc and /etc of the image point to the host's."""
    stream = io.BytesIO()
    target = daemon.root / "target"
    target.mkdir()
    with tarfile.open(fileobj=stream, mode="w") as tar:
        for name, link in (("etc", f"../../../..{target}"), ("data", str(target))):
            member = tarfile.TarInfo(name)
            member.type, member.linkname = tarfile.SYMTYPE, link.replace("../", "")
            tar.addfile(member)
        program = tarfile.TarInfo("busybox")
        data = Path("/bin/busybox").read_bytes()
        program.size, program.mode = len(data), 0o755
        tar.addfile(program, io.BytesIO(data))
    daemon.docker.api.import_image_from_data(stream.getvalue(), repository="linked")
    volume = daemon.docker.volumes.create()
    container = daemon.docker.containers.run(
        "linked", ["/busybox", "touch", "/data/made", "/etc/made"], detach=True, network_mode="none",
        volumes={volume.name: {"bind": "/data"}},
    )  # fmt: skip
    container.wait()
    container.remove()
    assert list(target.iterdir()) == []


def test_a_hostile_layer_does_not_leave_its_folder(daemon: Any) -> None:
    for name, kind, link in (("../escaped", tarfile.REGTYPE, ""), ("/escaped", tarfile.REGTYPE, ""),
                             ("hard", tarfile.LNKTYPE, "../../../../../etc/passwd")):  # fmt: skip
        stream = io.BytesIO()
        with tarfile.open(fileobj=stream, mode="w") as tar:
            member = tarfile.TarInfo(name)
            member.type, member.linkname = kind, link
            tar.addfile(member)
        with pytest.raises(Exception, match=r"outside of the root|invalid hardlink"):
            daemon.docker.api.import_image_from_data(stream.getvalue(), repository="hostile")
    assert not list(daemon.root.rglob("escaped"))


def test_bombs_go_off_inside(daemon: Any) -> None:
    said = daemon.sh("for i in $(seq 60); do sleep 1 & done; wait", pids_limit=30)
    assert "can't fork" in said
    status, _ = daemon.run("sh", "-c", "x=$(head -c 100m /dev/zero | tr '\\0' x)", mem_limit="16m")
    assert status == 137
    said = daemon.sh("dd if=/dev/zero of=/full/x bs=1M count=50", tmpfs={"/full": "size=4m"})
    assert "No space left on device" in said


def test_processes_of_the_host_are_out_of_sight_and_reach(daemon: Any) -> None:
    seen = daemon.sh("ls /proc | grep '^[0-9]' | wc -l").split()[0]
    assert seen in ("2", "3", "4", "5")  # sh, ls, and as much of the rest as is there already
    assert "No such process" in daemon.sh(f"kill -9 {daemon.pid}")


def test_a_process_of_the_hosts_cannot_be_looked_into_even_where_it_is_seen(daemon: Any) -> None:
    """`--pid host` shows them; ptrace(2)'s rule for /proc/PID/{mem,environ,root,fd} needs CAP_SYS_PTRACE as well."""
    for pid in (daemon.pid, daemon.zygote()):
        script = f"cat /proc/{pid}/comm; for f in environ mem root/etc fd/; do ls /proc/{pid}/$f && echo seen $f; done"
        script += f"; : > /proc/{pid}/mem && echo written; kill -9 {pid} && echo killed"
        said = daemon.sh(script, pid_mode="host", user="1000", cap_drop=["ALL"])
        assert not {"seen root/etc", "seen fd/", "written", "killed"} & set(said.splitlines())
    assert daemon.run("true") == (0, "")


def test_whoever_enters_a_container_cannot_be_robbed_on_the_way(daemon: Any) -> None:
    """With CAP_SYS_PTRACE inside: an exec's process is one of ours until execve, but its root is the container's."""
    watch = (
        "while :; do for p in /proc/[0-9]*; do for f in $p/fd/*; do echo fd $(readlink $f); done;"
        f" [ -e $p/root{daemon.root} ] && echo host; done; done"
    )
    container = daemon.docker.containers.run(
        "busybox", ["sh", "-c", f"({watch}) 2> /dev/null | grep -v pipe: > /seen"], detach=True,
        network_mode="none", cap_add=["SYS_PTRACE"],
    )  # fmt: skip
    try:
        for _ in range(30):
            container.exec_run(["true"])
        seen = set(container.exec_run(["cat", "/seen"])[1].decode().splitlines())
        assert "host" not in seen
        assert not [line for line in seen if "memfd:" in line or str(daemon.root) in line or "cgroup" in line]
    finally:
        container.remove(force=True)


def test_an_archive_copied_in_stays_below_the_containers_root(daemon: Any) -> None:
    """`docker cp` of a tar whose links lead out, and into a container whose own links do."""
    container = daemon.docker.containers.run(
        "busybox", ["sh", "-c", f"mkdir /a; ln -s / /a/up; ln -s {daemon.root} /a/host; sleep 100"], detach=True,
        network_mode="none",
    )  # fmt: skip
    before = sorted(os.listdir(daemon.root))
    try:
        for members in (
            [("out", tarfile.SYMTYPE, str(daemon.root)), ("out/planted", tarfile.REGTYPE, "")],
            [("out", tarfile.SYMTYPE, "../" * 20 + str(daemon.root)[1:]), ("out/planted", tarfile.REGTYPE, "")],
            [("hard", tarfile.LNKTYPE, f"../../../..{daemon.socket}")],
            [("../" * 9 + str(daemon.root)[1:] + "/planted", tarfile.REGTYPE, "")],
            [("host/planted", tarfile.REGTYPE, "")],
            [(f"up{daemon.root}/planted", tarfile.REGTYPE, "")],
        ):
            with contextlib.suppress(Exception):
                container.put_archive("/a", _links(members))
        assert sorted(os.listdir(daemon.root)) == before
    finally:
        container.remove(force=True)


def test_a_layer_cannot_write_through_a_link_of_its_own(daemon: Any) -> None:
    members = [("out", tarfile.SYMTYPE, str(daemon.root)), ("out/planted", tarfile.REGTYPE, "")]
    with contextlib.suppress(Exception):
        daemon.docker.api.import_image_from_data(_links(members), repository="through")
    assert not (daemon.root / "planted").exists()


def test_the_runtime_is_not_what_a_container_can_ask_to_be_executed(daemon: Any) -> None:
    """CVE-2019-5736's other way in: an image whose program is the runtime itself."""
    for path in ("/proc/self/exe", "/proc/1/exe"):
        with contextlib.suppress(Exception):
            daemon.run(path, "--version")
    assert daemon.run("echo", "well") == (0, "well\n")


def test_a_fork_bomb_is_held_by_its_limit_and_ends_with_its_container(daemon: Any, until: Any) -> None:
    bomb = "b() { b | b & }; b; sleep 100"
    container = daemon.docker.containers.run(
        "busybox", ["sh", "-c", bomb], detach=True, network_mode="none", pids_limit=40
    )
    try:
        assert len(container.top()["Processes"]) <= 40
        assert daemon.run("echo", "others go on") == (0, "others go on\n")
    finally:
        container.remove(force=True)
    ours = lambda: sum(container.id in _text(path) for path in Path("/proc").glob("[0-9]*/cgroup"))  # noqa: E731
    until(ours, 0)


def test_memory_that_is_a_file_counts_too(daemon: Any) -> None:
    """What fills /dev/shm, or a tmpfs without a size, is the container's memory."""
    assert "No space left" in daemon.sh("dd if=/dev/zero of=/dev/shm/x bs=1M count=50", shm_size="4m")
    status, _ = daemon.run(
        "dd", "if=/dev/zero", "of=/full/x", "bs=1M", "count=100", tmpfs={"/full": ""}, mem_limit="16m"
    )
    assert status != 0


def test_a_racing_start_of_many_leaves_nothing_open(daemon: Any) -> None:
    errors: list[Exception] = []

    def run() -> None:
        try:
            assert daemon.run("sh", "-c", "ls /proc/self/fd | wc -l") == (0, "4\n")
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=run) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""


def _links(members: list[tuple[str, bytes, str]]) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as tar:
        for name, kind, target in members:
            member = tarfile.TarInfo(name)
            member.type, member.linkname = kind, target
            tar.addfile(member, io.BytesIO())
    return stream.getvalue()


def _tar(name: str, data: bytes) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as tar:
        member = tarfile.TarInfo(name)
        member.size = len(data)
        tar.addfile(member, io.BytesIO(data))
    return stream.getvalue()
