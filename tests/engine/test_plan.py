"""A container as a list of kernel operations: which, in which order, and what takes them back."""

from engine.operations import Execve, MakeCgroup, MakeVeth, MountOverlay, PivotRoot, SetHostname, Unshare, WriteCgroup
from engine.plan import plan, undo_list
from engine.spec import Link, Mount, Namespace, Process, Resources, Spec

NAMESPACES = tuple(Namespace(kind) for kind in ("mount", "uts", "ipc", "pid", "network", "cgroup"))
LINK = Link("docker0", "veth1", "eth0", "02:42:ac:11:00:02", "172.17.0.2/16", "172.17.0.1")
SPEC = Spec(
    id="c1",
    process=Process(("ls", "-l"), ("PATH=/bin",)),
    rootfs="c1",
    hostname="box",
    namespaces=NAMESPACES,
    cgroups_path="/docker/c1",
    resources=Resources(memory=64 << 20, memory_swap=128 << 20, cpu_quota=50_000, cpu_period=100_000, pids=20),
    mounts=(Mount("/proc", "proc", "proc"), Mount("/d", "bind", "/src", ("rbind", "ro"))),
    links=(LINK,),
    seccomp="default",
    masked_paths=("/proc/kcore",),
    readonly_paths=("/proc/sys",),
)


def test_files_and_cgroup_come_first_and_the_program_last() -> None:
    kinds = [type(operation) for operation in plan(SPEC, ("top", "base"))]
    order = [MountOverlay, MakeCgroup, Unshare, MakeVeth, PivotRoot, SetHostname, Execve]
    assert sorted(order, key=kinds.index) == order
    assert kinds[0] is MountOverlay and kinds[-1] is Execve


def test_limits_are_written_in_cgroup_v2s_files() -> None:
    written = {op.file: op.value for op in plan(SPEC) if isinstance(op, WriteCgroup)}
    assert written == {
        "memory.swap.max": str(64 << 20),
        "memory.max": str(64 << 20),
        "pids.max": "20",
        "cpu.max": "50000 100000",
    }


def test_every_operation_can_be_typed() -> None:
    lines = [operation.shell() for operation in plan(SPEC, ("base",))]
    assert "mkdir /sys/fs/cgroup/docker/c1" in lines
    assert lines[-1] == "exec env -i PATH=/bin ls -l"


def test_what_outlives_the_process_is_taken_back_in_reverse() -> None:
    done = plan(SPEC)
    back = [operation.shell() for operation in undo_list(done)]
    assert back[-2:] == ["rmdir /sys/fs/cgroup/docker/c1", "umount {root}/"]


def test_another_containers_network_is_entered_and_not_made() -> None:
    namespaces = (Namespace("network", "container:c0"), Namespace("uts", "container:c0"), Namespace("pid"))
    lines = [op.shell() for op in plan(Spec("c2", Process(("true",)), "c2", namespaces=namespaces, links=(LINK,)))]
    assert "nsenter --net --target container:c0" in lines
    assert not any("ip link" in line or line.startswith("hostname") for line in lines)


def test_containers_share_what_is_equal() -> None:
    first, second = plan(SPEC), plan(SPEC)
    shared = sum(one is two for one, two in zip(first, second, strict=True))
    assert shared >= 9
