"""mount, umount, mountpoint, findmnt and pivot_root: what lies where.

Source: mount(8), umount(8), findmnt(8), pivot_root(8) of util-linux 2.38, and busybox 1.37.
"""

from __future__ import annotations

import stat
from collections.abc import Callable

from sim.abi import MountInfo, Proc
from sim.programs.options import Failure, Options, Usage, command, is_gnu, report

ADVICE = "dmesg(1) may have more information after failed mount system call."
UNKNOWN = ("not mounted.", "no mount point specified.")
PROPAGATIONS = ("private", "rprivate", "shared", "rshared", "slave", "rslave", "unbindable", "runbindable")


@command(
    "arwt:o:vBRfin",
    synopsis="[OPTIONS] [-o OPT] DEVICE NODE",
    about="Mount a filesystem\n\n\t-a\tMount all filesystems in fstab\n"
    "\t-r\tRead-only mount\n\t-t FSTYPE\tFilesystem type\n"
    "\t-o OPT\tOptions, separated by commas",
    long={"bind": "B", "rbind": "R", "types:": "t", "options:": "o", "read-only": "r",
          **{f"make-{name}": name for name in PROPAGATIONS}},
    most=2,
)  # fmt: skip
async def mount(proc: Proc, options: Options, operands: list[str]) -> int:
    if not operands:
        return await _listed(proc, options)
    flags = [flag for text in options.all("o") for flag in text.split(",") if flag]
    flags += ["bind"] * ("B" in options) + ["rbind"] * ("R" in options) + ["ro"] * ("r" in options)
    flags += [name for name in PROPAGATIONS if name in options]
    alone = "remount" in flags or any(name in flags for name in PROPAGATIONS)
    if len(operands) < 2 and not alone:
        if is_gnu(proc):
            raise Failure(f"{operands[0]}: can't find in /etc/fstab.")
        raise Failure(f"can't find {operands[0]} in /etc/fstab")
    source, target = operands if len(operands) == 2 else ("none", operands[0])
    try:
        proc.mount(source, target, options.get("t"), flags)
    except OSError as error:
        await _not_mounted(proc, source, target, error)
        return 32 if is_gnu(proc) else 255 if not isinstance(error, PermissionError) else 1
    return 0


async def _listed(proc: Proc, options: Options) -> int:
    if not proc.access("/proc/self/mounts", 4):
        if is_gnu(proc):
            raise Failure("failed to read mtab: No such file or directory", 2)
        raise Failure("no /proc/mounts")
    for row in proc.mounts():
        if options.get("t") in ("", row.type):
            await proc.out(f"{row.source} on {row.target} type {row.type} ({','.join(row.options)})\n")
    return 0


async def _not_mounted(proc: Proc, source: str, target: str, error: OSError) -> None:
    if not is_gnu(proc):
        if isinstance(error, PermissionError):
            await proc.err("mount: permission denied (are you root?)\n")
        else:
            await proc.err(f"mount: mounting {source} on {target} failed: {error.strerror}\n")
        return
    await proc.err(f"mount: {_canonical(proc, target)}: {_reason(proc, source, target, error)}.\n       {ADVICE}\n")


def _canonical(proc: Proc, path: str) -> str:
    try:
        return proc.realpath(path)
    except OSError:
        return path


def _reason(proc: Proc, source: str, target: str, error: OSError) -> str:
    """util-linux guesses what the kernel's number means."""
    if isinstance(error, PermissionError):
        return "must be superuser to use mount" if proc.getuid() else "permission denied"
    if isinstance(error, FileNotFoundError):
        there = proc.access(target, 0)
        return f"special device {source} does not exist" if there else "mount point does not exist"
    if isinstance(error, NotADirectoryError):
        there = stat.S_ISDIR(proc.stat(target).mode)
        return "mount(2) system call failed: Not a directory" if there else "mount point is not a directory"
    if error.errno == 19:
        return "unknown filesystem type"
    what = "wrong fs type, bad option, bad superblock on"
    return f"{what} {source}, missing codepage or helper program, or other error"


@command(
    "arlfvt:nd",
    synopsis="[-rlf] FILESYSTEM|DIRECTORY",
    about="Unmount filesystems\n\n\t-l\tLazy umount (detach filesystem)\n\t-f\tForce umount",
    gnu={"lazy": "l", "force": "f"},
)
async def umount(proc: Proc, options: Options, operands: list[str]) -> int:
    if not operands:
        raise Usage("bad usage" if is_gnu(proc) else "")
    status = 0
    for path in operands:
        try:
            proc.umount(path, "l" in options)
        except OSError as error:
            status = 32 if is_gnu(proc) else 1
            if not is_gnu(proc):
                await proc.err(f"umount: can't unmount {path}: {error.strerror}\n")
            else:
                reasons = {
                    PermissionError: "must be superuser to unmount.",
                    FileNotFoundError: "no mount point specified.",
                }
                why = reasons.get(type(error), "not mounted." if error.errno == 22 else "target is busy.")
                await proc.err(f"umount: {path if why in UNKNOWN else _canonical(proc, path)}: {why}\n")
    return status


@command(
    "qdxn",
    synopsis="[-q] {[-dn] DIR | -x DEVICE}",
    about="Check if DIR is a mountpoint\n\n\t-q\tQuiet\n\t-d\tPrint major:minor of the filesystem",
    least=1,
    most=1,
)
async def mountpoint(proc: Proc, options: Options, operands: list[str]) -> int:
    path = operands[0]
    try:
        real = proc.realpath(path)
    except OSError as error:
        if "q" not in options:
            await report(proc, path, error, "")
        return 1
    found = any(mount.target == real for mount in proc.mounts())
    if "q" not in options:
        await proc.out(f"{path} is {'' if found else 'not '}a mountpoint\n")
    return 0 if found else 32 if is_gnu(proc) else 1


# -- pivot_root


@command("", synopsis="NEW_ROOT PUT_OLD", about="Move the current root file system to PUT_OLD and make NEW_ROOT\n"
         "the new root file system")  # fmt: skip
async def pivot_root(proc: Proc, options: Options, operands: list[str]) -> int:
    if len(operands) != 2:
        raise Usage("bad usage" if is_gnu(proc) else "")
    new_root, put_old = operands
    try:
        proc.pivot_root(new_root, put_old)
    except OSError as error:
        said = f"failed to change root from `{new_root}' to `{put_old}'" if is_gnu(proc) else "(null)"
        raise Failure(f"{said}: {error.strerror}") from None
    return 0


# -- findmnt

CELLS: dict[str, Callable[[MountInfo], str]] = {
    "TARGET": lambda row: row.target,
    "SOURCE": lambda row: row.source,
    "FSTYPE": lambda row: row.type,
    "OPTIONS": lambda row: ",".join(row.options),
    "PROPAGATION": lambda row: "private",
    "ID": lambda row: str(row.id),
    "PARENT": lambda row: str(row.parent),
}


@command(
    "no:t:lrM:T:u",
    synopsis="[options] [<device> | <mountpoint>]",
    about="Find a (mounted) filesystem",
    long={"noheadings": "n", "output:": "o", "types:": "t", "list": "l", "raw": "r", "mountpoint:": "M", "target:": "T",
          "notruncate": "u"},
)  # fmt: skip
async def findmnt(proc: Proc, options: Options, operands: list[str]) -> int:
    if not proc.access("/proc/self/mountinfo", 4):
        raise Failure("can't read /proc/mounts: No such file or directory")
    names = options.get("o", "TARGET,SOURCE,FSTYPE,OPTIONS").upper().split(",")
    if unknown := [name for name in names if name not in CELLS]:
        raise Failure(f"unknown column: {unknown[0]}")
    rows = proc.mounts()
    wanted = [options["M"]] if "M" in options else [options["T"]] if "T" in options else operands[:1]
    if wanted:
        path = _canonical(proc, wanted[0])
        rows = [row for row in rows if path in (row.target, row.source)][-1:]
    if "t" in options:
        rows = [row for row in rows if row.type in options["t"].split(",")]
    if not rows:
        return 1
    flat = wanted or options.any("lrt")
    targets = [(row.target, row) for row in rows] if flat else _tree(rows)
    table = [[title if name == "TARGET" else CELLS[name](row) for name in names] for title, row in targets]
    widths = [max(len(line[place]) for line in [names, *table]) for place in range(len(names))]
    table = table if "n" in options else [names, *table]
    shown = (" ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in table)
    await proc.out("".join(line + "\n" for line in shown))
    return 0


def _tree(rows: list[MountInfo]) -> list[tuple[str, MountInfo]]:
    """Each mount below its parent, with the branches that findmnt draws."""
    numbers = {row.id for row in rows}
    drawn: list[tuple[str, MountInfo]] = []

    def draw(row: MountInfo, first: str, rest: str) -> None:
        drawn.append((first + row.target, row))
        below = [each for each in rows if each.parent == row.id]
        for each in below:
            last = each is below[-1]
            draw(each, rest + ("└─" if last else "├─"), rest + ("  " if last else "│ "))

    for row in rows:
        if row.parent not in numbers:
            draw(row, "", "")
    return drawn
