"""/proc: the kernel as files. Source: proc(5). What is inside /proc/PID is in sim/proc/procpid.py.

Each PID namespace has its own tree; the numbers in it are that namespace's. Everything is made when it is read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from random import Random
from typing import TYPE_CHECKING, Any

from engine.loop import SECOND
from sim.proc import procpid
from sim.proc.sysctl import SYSCTLS, Sysctls
from sim.vfs.filesystem import Inode
from sim.vfs.mounts import MountNamespace, Row
from sim.vfs.paths import error
from sim.vfs.synthetic import Listing, MagicLink, SyntheticFile, SyntheticTree, directory, folder

if TYPE_CHECKING:
    from sim.kernel.kernel import Kernel
    from sim.kernel.namespaces import Namespaces, PidNamespace

FILESYSTEMS = (
    "nodev\tsysfs\nnodev\ttmpfs\nnodev\tproc\nnodev\tcgroup2\nnodev\tdevpts\nnodev\tmqueue\nnodev\toverlay\n\text4\n"
)
DEVICES = "Character devices:\n  1 mem\n  5 /dev/tty\n  5 /dev/console\n  5 /dev/ptmx\n136 pts\n\nBlock devices:\n"
CPU_FLAGS = (
    "fpu vme de pse tsc msr pae mce cx8 apic sep mtrr pge mca cmov pat clflush mmx fxsr sse sse2 ht syscall nx lm"
)


def register(kernel: Kernel) -> Sysctls:
    """Let `mount -t proc` work: it shows the PID namespace in which it is mounted. Returns what /proc/sys holds."""
    sysctls = Sysctls()
    shared = _shared(kernel, sysctls)

    def make(space: MountNamespace, row: Row, context: Namespaces | None) -> ProcTree:
        pids = (context or kernel.host).pid
        storage = space.storage
        tree = ProcTree("proc", storage.inos, next(storage.devices), lower=_root(pids, shared), source=row.source)
        tree.pids = pids
        return tree

    kernel.storage.types["proc"] = make
    return sysctls


class ProcTree(SyntheticTree):
    """A /proc."""

    __slots__ = ("pids",)


def _root(pids: PidNamespace, shared: Mapping[str, Inode]) -> Inode:
    def process(name: str) -> Inode | None:
        found = pids.table.get(int(name)) if name.isdecimal() else None
        return procpid.make(found, pids) if found is not None else None

    own = {"self": MagicLink(2, lambda reader: _number(pids, reader))}
    return directory(1, Listing(process, lambda: map(str, sorted(pids.table)), {**shared, **own}))


def _shared(kernel: Kernel, sysctls: Sysctls) -> dict[str, Inode]:
    """What does not depend on the PID namespace; made once for a kernel."""
    inos: Iterator[int] = kernel.storage.inos
    boot_id = Random(kernel.boot)
    texts: dict[str, Any] = {
        "buddyinfo": "",
        "cmdline": "BOOT_IMAGE=/vmlinuz root=/dev/sda1 ro quiet\n",
        "consoles": "tty0                 -WU (EC p  )    4:1\n",
        "cpuinfo": lambda reader: _cpuinfo(kernel),
        "devices": DEVICES,
        "diskstats": "",
        "filesystems": FILESYSTEMS,
        "interrupts": "",
        "kcore": "",
        "keys": "",
        "kmsg": "",
        "loadavg": lambda reader: _loadavg(kernel, reader),
        "meminfo": lambda reader: _meminfo(kernel),
        "misc": "",
        "modules": "",
        "partitions": "major minor  #blocks  name\n\n",
        "stat": lambda reader: _stat(kernel),
        "swaps": "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n",
        "sysrq-trigger": "",
        "timer_list": "",
        "uptime": lambda reader: _uptime(kernel),
        "version": lambda reader: "{sysname} version {release} {version}\n".format(**kernel.uname),
        "vmstat": "",
        "acpi": {},
        "bus": {},
        "fs": {},
        "irq": {},
        "scsi": {},
        "sys": _sys(kernel, sysctls, boot_id),
    }
    made = dict(folder(inos, texts).entries)
    made["mounts"] = MagicLink(next(inos), lambda reader: "self/mounts")
    made["net"] = MagicLink(next(inos), lambda reader: "self/net")
    return made


def _number(pids: PidNamespace, reader: Any) -> str:
    number = pids.number(reader) if hasattr(reader, "pids") else 0
    if not number:
        raise error(2, "/proc/self")
    return str(number)


def _sys(kernel: Kernel, sysctls: Sysctls, random: Random) -> dict[str, Any]:
    """/proc/sys as nested mappings."""
    tree: dict[str, Any] = {}
    uname, inos = kernel.uname, kernel.storage.inos
    for name in SYSCTLS:
        *parents, last = name.split(".")
        inside = tree
        for parent in parents:
            inside = inside.setdefault(parent, {})
        inside[last] = _sysctl(next(inos), kernel, sysctls, name)
    tree["kernel"] |= {
        "ostype": uname["sysname"] + "\n",
        "osrelease": uname["release"] + "\n",
        "version": uname["version"] + "\n",
        "hostname": SyntheticFile(next(inos), lambda reader: reader.namespaces.uts.hostname + "\n", _set_hostname),
        "domainname": SyntheticFile(next(inos), lambda reader: (reader.namespaces.uts.domain or "(none)") + "\n"),
        "random": {"boot_id": _uuid(random) + "\n", "uuid": lambda reader: _uuid(kernel.random) + "\n"},
    }
    return tree


def _sysctl(ino: int, kernel: Kernel, sysctls: Sysctls, name: str) -> SyntheticFile:
    def spaces(process: Any) -> Any:
        return getattr(process, "namespaces", kernel.host)

    def write(process: Any, data: bytes) -> None:
        sysctls.write(spaces(process), name, data.decode(errors="replace").strip())

    return SyntheticFile(ino, lambda reader: sysctls.read(spaces(reader), name) + "\n", write)


def _set_hostname(process: Any, data: bytes) -> None:
    process.namespaces.uts.hostname = data.decode(errors="replace").strip()


def _uuid(random: Random) -> str:
    digits = f"{random.getrandbits(128):032x}"
    return "-".join((digits[:8], digits[8:12], "4" + digits[13:16], "a" + digits[17:20], digits[20:]))


def _cpuinfo(kernel: Kernel) -> str:
    rows = (
        "processor\t: {n}\nvendor_id\t: GenuineIntel\ncpu family\t: 6\nmodel\t\t: 85\n"
        "model name\t: Simulated CPU @ 2.00GHz\nstepping\t: 7\ncpu MHz\t\t: 2000.000\ncache size\t: 33792 KB\n"
        "physical id\t: 0\nsiblings\t: {all}\ncore id\t\t: {n}\ncpu cores\t: {all}\nflags\t\t: {flags}\n"
        "bogomips\t: 4000.00\naddress sizes\t: 46 bits physical, 48 bits virtual\n\n"
    )
    return "".join(rows.format(n=n, all=kernel.processors, flags=CPU_FLAGS) for n in range(kernel.processors))


def _meminfo(kernel: Kernel) -> str:
    return "".join(f"{name + ':':<16}{size // 1024:8d} kB\n" for name, size in kernel.meminfo().items())


def _uptime(kernel: Kernel) -> str:
    seconds, _ = kernel.uptime()
    return f"{seconds:.2f} {seconds * kernel.processors:.2f}\n"


def _loadavg(kernel: Kernel, reader: Any) -> str:
    _, loads = kernel.uptime()
    spaces = getattr(reader, "namespaces", kernel.host)
    running = sum(process.state() == "R" for process in spaces.pid.table.values())
    return "{:.2f} {:.2f} {:.2f} ".format(*loads) + f"{running}/{len(spaces.pid.table)} {spaces.pid.last}\n"


def _stat(kernel: Kernel) -> str:
    seconds, _ = kernel.uptime()
    idle = int(seconds * procpid.TICKS)
    lines = [f"cpu  0 0 0 {idle * kernel.processors} 0 0 0 0 0 0"]
    lines += [f"cpu{number} 0 0 0 {idle} 0 0 0 0 0 0" for number in range(kernel.processors)]
    created = kernel.host.pid.last
    lines += ["intr 0", "ctxt 0", f"btime {kernel.boot // SECOND}", f"processes {created}", "procs_running 1"]
    return "\n".join(lines) + "\nprocs_blocked 0\n"
