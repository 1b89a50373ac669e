"""/proc/PID: one process as files. Source: proc_pid(5) and the pages that it names.

Each function gives the text of one file: `(process, reader)`, or, where it has numbers of processes, `(process, space)`
with the PID namespace that this /proc shows.
"""

from __future__ import annotations

import errno
from collections.abc import Callable
from posixpath import relpath
from typing import TYPE_CHECKING, Any

from engine.loop import SECOND
from engine.spec import ALL_CAPABILITIES
from sim.kernel.namespaces import LINKS
from sim.kernel.oom import oom_score
from sim.kernel.restrictions import INFINITY, RLIMITS
from sim.kernel.spacecalls import namespace_file
from sim.kernel.userspaces import write_map
from sim.proc import procnet
from sim.vfs.filesystem import Directory, Inode
from sim.vfs.openfiles import fail
from sim.vfs.synthetic import Listing, MagicLink, SyntheticFile, directory

if TYPE_CHECKING:
    from sim.kernel.namespaces import PidNamespace
    from sim.kernel.processes import Process

TICKS = 100  # USER_HZ
PAGE = 4096
STATES = {"R": "running", "S": "sleeping", "D": "disk sleep", "T": "stopped", "Z": "zombie"}


def make(process: Process, space: PidNamespace) -> Directory:
    """The directory of a process in the /proc of a PID namespace."""
    base = process.pids[0] << 8
    owner = (process.uid, process.gid)

    def entry(name: str) -> Inode | None:
        if name in NUMBERED:
            return SyntheticFile(base + 1, lambda reader: NUMBERED[name](process, space), None, 0o444, *owner)
        if name in MAPS:
            text, write = _map(process, MAPS[name])
            return SyntheticFile(base + 4, text, write, 0o644, *owner)
        if name in TEXTS:
            return SyntheticFile(base + 1, _text(TEXTS[name], process), None, MODES.get(name, 0o444), *owner)
        if name in PATHS:
            path = PATHS[name]
            if name == "exe":
                return MagicLink(base + 2, lambda reader: path(process), None, *owner)
            return Door(base + 2, lambda reader: path(process), process)
        return directory(base + 3, FOLDERS[name](process, base), 0o511, *owner) if name in FOLDERS else None

    return directory(base, Listing(entry, lambda: [*NUMBERED, *TEXTS, *MAPS, *PATHS, *FOLDERS]), 0o555, *owner)


class Door(MagicLink):
    """root and cwd: following them leads to where that process is, in its mount namespace (sim/vfs/paths.py)."""

    __slots__ = ("process",)

    def __init__(self, ino: int, text: Callable[[Any], str], process: Process) -> None:
        super().__init__(ino, text, None, process.uid, process.gid)
        self.process = process


def _text(function: Callable[[Process, Any], str | bytes], process: Process) -> Callable[[Any], str | bytes]:
    return lambda reader: function(process, reader)


def _numbers(process: Process, space: PidNamespace) -> tuple[int, int, int, int]:
    """pid, ppid, process group and session as they are in a PID namespace."""
    session = process.session.pids if process.session is not None else ()
    parent = space.number(process.parent) if process.parent is not None else 0
    return space.number(process), parent, space.number_of(process.group), space.number_of(session)


def status(process: Process, space: PidNamespace) -> str:
    pid, parent, *_ = _numbers(process, space)
    state = process.state()
    held = _mask(process)
    bounding = _bits(None if process.sovereign else process.capabilities)
    resident = process.resident() // 1024
    rows = [
        ("Name", process.comm),
        ("Umask", f"{process.umask:04o}"),
        ("State", f"{state} ({STATES[state]})"),
        ("Tgid", pid),
        ("Ngid", 0),
        ("Pid", pid),
        ("PPid", parent),
        ("TracerPid", 0),
        ("Uid", "\t".join([str(process.uid)] * 4)),
        ("Gid", "\t".join([str(process.gid)] * 4)),
        ("FDSize", 64),
        ("Groups", "".join(f"{group} " for group in process.groups)),
        ("NStgid", "\t".join(map(str, process.pids[space.level :]))),
        ("NSpid", "\t".join(map(str, process.pids[space.level :]))),
        ("VmPeak", f"{resident * 4:8d} kB"),
        ("VmSize", f"{resident * 4:8d} kB"),
        ("VmHWM", f"{resident:8d} kB"),
        ("VmRSS", f"{resident:8d} kB"),
        ("Threads", 1),
        ("SigIgn", f"{_ignored(process):016x}"),
        ("CapInh", f"{0:016x}"),
        ("CapPrm", f"{held:016x}"),
        ("CapEff", f"{held:016x}"),
        ("CapBnd", f"{bounding:016x}"),
        ("CapAmb", f"{0:016x}"),
        ("Cpus_allowed_list", _ranges(process.cgroup.processors(process.kernel.processors))),
        ("NoNewPrivs", int(process.restrictions.no_new_privileges)),
        ("Seccomp", 2 * process.restrictions.seccomp),
        ("Seccomp_filters", int(process.restrictions.seccomp)),
    ]
    return "".join(f"{name}:\t{value}\n" for name, value in rows)


def _ranges(numbers: list[int]) -> str:
    """
    >>> _ranges([0, 1, 2, 5])
    '0-2,5'
    """
    parts: list[list[int]] = []
    for number in numbers:
        if parts and parts[-1][-1] == number - 1:
            parts[-1] = [parts[-1][0], number]
        else:
            parts.append([number])
    return ",".join("-".join(map(str, part)) for part in parts)


def _bits(capabilities: frozenset[str] | None) -> int:
    if capabilities is None:
        return (1 << len(ALL_CAPABILITIES)) - 1
    return sum(1 << bit for bit, name in enumerate(ALL_CAPABILITIES) if name in capabilities)


def _mask(process: Process) -> int:
    if process.sovereign:
        return _bits(None)
    return _bits(process.capabilities) if process.uid == 0 else 0


def _ignored(process: Process) -> int:
    return sum(1 << number - 1 for number, action in process.handlers.items() if action == "ignore")


def stat(process: Process, space: PidNamespace) -> str:
    """proc_pid_stat(5): 52 fields; those that have no meaning here are 0."""
    pid, parent, group, session = _numbers(process, space)
    begun = (process.start - process.kernel.boot) * TICKS // SECOND
    resident = process.resident()
    fields = [pid, f"({process.comm})", process.state(), parent, group, session, 0, -1] + [0] * 44
    fields[13] = int(process.cpu_used * TICKS)
    fields[17:20] = [20, 0, 1]  # priority, nice, threads
    fields[21:24] = [begun, resident * 4, resident // PAGE]
    return " ".join(map(str, fields)) + "\n"


def cmdline(process: Process, reader: Any) -> bytes:
    return (
        b""
        if process.status is not None
        else b"".join(word.encode(errors="surrogateescape") + b"\0" for word in process.argv)
    )


def environ(process: Process, reader: Any) -> str:
    return "".join(f"{name}={value}\0" for name, value in process.env.items())


def cgroup(process: Process, reader: Any) -> str:
    """cgroups(7): the path, as seen from the root of the reader's cgroup namespace."""
    root = getattr(reader, "namespaces", process.kernel.host).cgroup.root.path
    return f"0::/{relpath(process.cgroup.path, root)}\n".replace("/.\n", "/\n")


def mounts(process: Process, reader: Any) -> str:
    return "".join(
        f"{mount.source} {_escaped(mount.target)} {mount.type} {','.join(mount.options)} 0 0\n"
        for mount in process.space.info(process.root)
    )


def mountinfo(process: Process, reader: Any) -> str:
    """proc_pid_mountinfo(5)."""
    lines = []
    space, top = process.space, process.root
    for mount, (device, root) in zip(space.info(top), space.shown_roots(top), strict=True):
        own = [option for option in mount.options if "=" not in option]
        extra = [own[0], *(option for option in mount.options if "=" in option)]
        lines.append(
            f"{mount.id} {mount.parent} 0:{device} {_escaped(root)} {_escaped(mount.target)} {','.join(own)}"
            f" - {mount.type} {mount.source} {','.join(extra)}\n"
        )
    return "".join(lines)


def _escaped(path: str) -> str:
    return path.replace("\\", "\\134").replace(" ", "\\040").replace("\t", "\\011").replace("\n", "\\012")


def limits(process: Process, reader: Any) -> str:
    lines = [f"{'Limit':<26}{'Soft Limit':<21}{'Hard Limit':<21}{'Units':<10}\n"]
    for name, known in RLIMITS.items():
        soft, hard = ("unlimited" if each == INFINITY else each for each in process.restrictions.rlimit(name))
        lines.append(f"{known.title:<26}{soft:<21}{hard:<21}{known.unit:<10}\n")
    return "".join(lines)


def statm(process: Process, reader: Any) -> str:
    pages = process.resident() // PAGE
    return f"{pages * 4} {pages} {pages // 2} 1 0 {pages} 0\n"


def _map(process: Process, name: str) -> tuple[Callable[[Any], str], Callable[[Any, bytes], None]]:
    """uid_map, gid_map and setgroups: what is read, and what writing does (user_namespaces(7))."""
    space = process.namespaces.user

    def text(reader: Any) -> str:
        if name == "setgroups":
            return space.setgroups + "\n"
        return "".join(f"{first:10d} {host:10d} {count:10d}\n" for first, host, count in getattr(space, name))

    def write(writer: Any, data: bytes) -> None:
        if name != "setgroups":
            write_map(writer, space, name, data.decode(errors="replace"))
        elif space.gids or data.strip() not in (b"allow", b"deny"):
            raise fail(errno.EPERM)
        else:
            space.setgroups = data.decode().strip()

    return text, write


NUMBERED: dict[str, Callable[[Any, Any], str]] = {"status": status, "stat": stat}
MAPS = {"uid_map": "uids", "gid_map": "gids", "setgroups": "setgroups"}
TEXTS: dict[str, Callable[[Any, Any], str | bytes]] = {
    "statm": statm,
    "cmdline": cmdline,
    "comm": lambda process, reader: process.comm + "\n",
    "environ": environ,
    "cgroup": cgroup,
    "mounts": mounts,
    "mountinfo": mountinfo,
    "limits": limits,
    "oom_score": lambda process, reader: f"{oom_score(process)}\n",
    "oom_score_adj": lambda process, reader: f"{process.restrictions.oom_score_adj}\n",
    "loginuid": lambda process, reader: "4294967295",
}
MODES = {"environ": 0o400}


def _descriptors(process: Process, base: int) -> Listing:
    """fd: what each descriptor refers to."""
    table = process.descriptors

    def link(name: str) -> Inode | None:
        try:
            file = table.file(int(name))
        except (ValueError, OSError):
            return None
        return MagicLink(base + 16 + int(name), lambda reader: str(file.path), lambda: file, process.uid, process.gid)

    return Listing(link, lambda: map(str, table))  # type: ignore[call-overload]


def _namespaces(process: Process, base: int) -> Listing:
    """ns: which namespaces it lives in; equal numbers are the same one (namespaces(7))."""

    def link(name: str) -> Inode | None:
        if name not in SPACES:
            return None
        held = namespace_file(process, name)
        return MagicLink(base + 10, lambda reader: held.path, lambda: held, process.uid, process.gid)

    return Listing(link, lambda: SPACES)


SPACES = (*LINKS.values(), "pid_for_children", "time_for_children")
PATHS: dict[str, Callable[[Any], str]] = {
    "exe": lambda process: process.executable,
    "cwd": lambda process: process.cwd,
    "root": lambda process: "/",
}
FOLDERS: dict[str, Callable[[Any, int], Listing]] = {"fd": _descriptors, "net": procnet.make, "ns": _namespaces}
