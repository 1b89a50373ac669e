"""lsns and capsh: which namespaces there are, and what a process may do.

Source: lsns(8) of util-linux 2.38; capsh(1) of libcap 2.66.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from engine.spec import ALL_CAPABILITIES
from sim.abi import Proc, ProcInfo
from sim.programs.options import Failure, Options, command
from sim.programs.ps import arguments

FILES = ("cgroup", "ipc", "mnt", "net", "pid", "time", "user", "uts")


@dataclass(frozen=True, slots=True)
class Space:
    """A namespace and the processes in it, oldest first."""

    inode: int
    type: str
    members: tuple[ProcInfo, ...]


@dataclass(frozen=True, slots=True)
class Column:
    right: bool
    say: Callable[[Space], str]


COLUMNS = {
    "NS": Column(True, lambda space: str(space.inode)),
    "TYPE": Column(False, lambda space: space.type),
    "NPROCS": Column(True, lambda space: str(len(space.members))),
    "PID": Column(True, lambda space: str(space.members[0].pid)),
    "PPID": Column(True, lambda space: str(space.members[0].ppid)),
    "UID": Column(True, lambda space: str(space.members[0].uid)),
    "USER": Column(False, lambda space: space.members[0].user),
    "COMMAND": Column(False, lambda space: arguments(space.members[0])),
}
USUAL = "NS,TYPE,NPROCS,PID,USER,COMMAND"


@command(
    "t:p:no:lruW",
    synopsis="[options] [<namespace>]",
    about="List system namespaces",
    long={"type:": "t", "task:": "p", "noheadings": "n", "output:": "o", "list": "l", "raw": "r", "notruncate": "u",
          "nowrap": "W"},
)  # fmt: skip
async def lsns(proc: Proc, options: Options, operands: list[str]) -> int:
    if "t" in options and options["t"] not in FILES:
        raise Failure(f"unknown namespace type: {options['t']}")
    names = options.get("o", USUAL).upper().split(",")
    unknown = [name for name in names if name not in COLUMNS]
    if unknown:
        raise Failure(f"unknown column: {unknown[0]}")
    spaces = _found(proc, (options["t"],) if "t" in options else FILES)
    if "p" in options:
        spaces = [space for space in spaces if options["p"] in (str(each.pid) for each in space.members)]
    if operands:
        spaces = [space for space in spaces if str(space.inode) in operands]
    if not spaces:
        return 0
    rows = [[COLUMNS[name].say(space) for name in names] for space in spaces]
    widths = [max(len(row[place]) for row in [names, *rows]) for place in range(len(names))]
    table = rows if "n" in options else [names, *rows]
    lines = []
    for row in table:
        padded = zip(row, widths, names, strict=True)
        cells = [text.rjust(width) if COLUMNS[name].right else text.ljust(width) for text, width, name in padded]
        lines.append(" ".join(cells).rstrip() + "\n")
    await proc.out("".join(lines))
    return 0


def _found(proc: Proc, types: tuple[str, ...]) -> list[Space]:
    """By number. Processes whose links may not be read are left out."""
    members: dict[tuple[int, str], list[ProcInfo]] = {}
    for info in proc.processes():
        for type in types:
            try:
                text = proc.readlink(f"/proc/{info.pid}/ns/{type}")
            except OSError:
                continue
            members.setdefault((int(text.partition("[")[2][:-1]), type), []).append(info)
    return [Space(inode, type, tuple(found)) for (inode, type), found in sorted(members.items())]


@command("", synopsis="[args ...]", about="Show capabilities", long={"print": "print"}, most=0)
async def capsh(proc: Proc, options: Options, operands: list[str]) -> int:
    if "print" not in options:
        raise Failure("only --print is known here")
    status = dict(line.split(":\t", 1) for line in proc.read_file("/proc/self/status").decode().splitlines())
    held, bounding = (_names(int(status[name], 16)) for name in ("CapEff", "CapBnd"))
    missing = ",".join("!" + name for name in _names((1 << len(ALL_CAPABILITIES)) - 1) if name not in bounding)
    current = "=ep" if len(held) == len(ALL_CAPABILITIES) else f"{','.join(held)}=ep" if held else "="
    uid, gid, groups = proc.getuid(), proc.getgid(), ",".join(map(str, proc.groups))
    await proc.out(
        f"Current: {current}\nBounding set ={','.join(bounding)}\nAmbient set =\nCurrent IAB: {missing}\n"
        f"uid={uid} euid={uid}\ngid={gid}\ngroups={groups}\n"
    )
    return 0


def _names(bits: int) -> list[str]:
    return [name.lower() for bit, name in enumerate(ALL_CAPABILITIES) if bits >> bit & 1]
