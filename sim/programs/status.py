"""stat: all that the kernel tells of a file, in words or in a format of one's own."""

from __future__ import annotations

import re
import stat as st
from collections.abc import Callable

from engine.loop import SECOND
from sim.abi import Proc, Stat
from sim.programs.accounts import group_names, user_names
from sim.programs.calendars import strftime
from sim.programs.options import Options, command, is_gnu, report

KINDS = {
    st.S_IFREG: "regular file", st.S_IFDIR: "directory", st.S_IFLNK: "symbolic link", st.S_IFIFO: "fifo",
    st.S_IFSOCK: "socket", st.S_IFCHR: "character special file", st.S_IFBLK: "block special file",
}  # fmt: skip
TYPES = {"overlay": "overlayfs", "tmpfs": "tmpfs", "proc": "proc", "ext4": "ext2/ext3", "sysfs": "sysfs",
         "cgroup2": "cgroup2fs"}  # fmt: skip
BLOCK = 4096


class _File:
    """One file, and what the letters of a format stand for."""

    def __init__(self, proc: Proc, path: str, info: Stat) -> None:
        self.proc, self.path, self.info = proc, path, info

    def kind(self) -> str:
        if st.S_ISREG(self.info.mode) and not self.info.size:
            return "regular empty file"
        return KINDS.get(st.S_IFMT(self.info.mode), "weird file")

    def name(self) -> str:
        quoted = f"'{self.path}'"
        return f"{quoted} -> '{self.proc.readlink(self.path)}'" if st.S_ISLNK(self.info.mode) else quoted

    def user(self) -> str:
        return user_names(self.proc).get(self.info.uid, "UNKNOWN")

    def group(self) -> str:
        return group_names(self.proc).get(self.info.gid, "UNKNOWN")


def date(time: int) -> str:
    return strftime("%Y-%m-%d %H:%M:%S.%N +0000", time)


FORMATS: dict[str, Callable[[_File], str]] = {
    "a": lambda f: f"{st.S_IMODE(f.info.mode):o}",
    "A": lambda f: st.filemode(f.info.mode),
    "b": lambda f: str(f.info.blocks),
    "B": lambda f: "512",
    "d": lambda f: str(f.info.dev),
    "D": lambda f: f"{f.info.dev:x}",
    "f": lambda f: f"{f.info.mode:x}",
    "F": _File.kind,
    "g": lambda f: str(f.info.gid),
    "G": _File.group,
    "h": lambda f: str(f.info.nlink),
    "i": lambda f: str(f.info.ino),
    "m": lambda f: mount_of(f.proc, f.path),
    "n": lambda f: f.path,
    "N": _File.name,
    "o": lambda f: str(BLOCK),
    "s": lambda f: str(f.info.size),
    "t": lambda f: f"{f.info.rdev[0]:x}",
    "T": lambda f: f"{f.info.rdev[1]:x}",
    "u": lambda f: str(f.info.uid),
    "U": _File.user,
    "w": lambda f: "-",
    "W": lambda f: "0",
    "x": lambda f: date(f.info.atime or f.info.mtime),
    "X": lambda f: str((f.info.atime or f.info.mtime) // SECOND),
    "y": lambda f: date(f.info.mtime),
    "Y": lambda f: str(f.info.mtime // SECOND),
    "z": lambda f: date(f.info.ctime or f.info.mtime),
    "Z": lambda f: str((f.info.ctime or f.info.mtime) // SECOND),
    "%": lambda f: "%",
}


@command(
    "ltfLc:",
    synopsis="[-ltf] [-c FMT] FILE...",
    about="Display file (default) or filesystem status\n\n\t-c FMT\tUse the specified format\n"
    "\t-f\tDisplay filesystem status\n\t-L\tFollow links\n\t-t\tTerse display",
    gnu={"format:": "c", "file-system": "f", "dereference": "L", "terse": "t", "printf:": "printf"},
    least=1,
)
async def stat(proc: Proc, options: Options, operands: list[str]) -> int:
    status = 0
    for path in operands:
        try:
            info = proc.stat(path) if "L" in options else proc.lstat(path)
            if "f" in options:
                text = _filesystem(proc, path)
            elif "printf" in options:
                text = _format(_File(proc, path, info), options["printf"]).replace("\\n", "\n").replace("\\t", "\t")
            else:
                wanted = options.get("c") or ("%n %s %b %f %u %g %D %i %h %t %T %X %Y %Z %o" if "t" in options else "")
                file = _File(proc, path, info)
                text = (_format(file, wanted) if wanted else _verbose(file)) + "\n"
            await proc.out(text)
        except OSError as error:
            status = 1
            await report(proc, path, error, "statx" if is_gnu(proc) else "stat")
    return status


def _format(file: _File, format: str) -> str:
    def field(found: re.Match[str]) -> str:
        flags, letter = found.groups()
        text = FORMATS[letter](file) if letter in FORMATS else "?"
        left, zero, width = "-" in flags, flags[:1] == "0", flags.lstrip("-0 #+")
        if not width:
            return text
        return text.ljust(int(width)) if left else text.rjust(int(width), "0" if zero else " ")

    return re.sub(r"%([-0 #+]*\d*)([A-Za-z%])", field, format)


def _verbose(file: _File) -> str:
    info = file.info
    device = ""
    if st.S_ISCHR(info.mode) or st.S_ISBLK(info.mode):
        device = f"     Device type: {info.rdev[0]:x},{info.rdev[1]:x}"
    name = file.name() if st.S_ISLNK(info.mode) else file.path
    number = f"{info.dev // 256},{info.dev % 256}" if is_gnu(file.proc) else f"{info.dev:x}h/{info.dev}d"
    if is_gnu(file.proc) and st.S_ISLNK(info.mode):
        name = f"{file.path} -> {file.proc.readlink(file.path)}"
    owners = f"Uid: ({info.uid:5}/{file.user():>8})   Gid: ({info.gid:5}/{file.group():>8})"
    times = (info.atime or info.mtime, info.mtime, info.ctime or info.mtime)
    access, modify, change = map(date, times)
    return (
        f"  File: {name}\n"
        f"  Size: {info.size:<10}\tBlocks: {info.blocks:<10} IO Block: {BLOCK:<6} {file.kind()}\n"
        f"Device: {number}\tInode: {info.ino:<10}  Links: {info.nlink}{device}\n"
        f"Access: ({st.S_IMODE(info.mode):04o}/{st.filemode(info.mode)})  {owners}\n"
        f"Access: {access}\nModify: {modify}\nChange: {change}" + ("\n Birth: -" if is_gnu(file.proc) else "")
    )


def mount_of(proc: Proc, path: str) -> str:
    """Where the filesystem of a file is mounted."""
    real = proc.realpath(path)
    targets = [mount.target for mount in proc.mounts()]
    return max((t for t in targets if real == t or real.startswith(t.rstrip("/") + "/")), key=len, default="/")


def _filesystem(proc: Proc, path: str) -> str:
    info = proc.statfs(path)
    target = mount_of(proc, path)
    type = next((mount.type for mount in reversed(proc.mounts()) if mount.target == target), "")
    name = TYPES.get(type, "UNKNOWN")
    return (
        f'  File: "{path}"\n    ID: {proc.stat(path).dev:<8x} Namelen: 255     Type: {name}\n'
        f"Block size: {BLOCK:<10}\n"
        f"Blocks: Total: {info.size // BLOCK:<10} Free: {info.free // BLOCK:<10} Available: {info.free // BLOCK}\n"
        f"Inodes: Total: {info.files:<10} Free: {info.files_free}\n"
    )
