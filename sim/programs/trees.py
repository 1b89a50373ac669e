"""tree and file: what there is in a directory, and of what kind a file is. Source: tree(1), file(1)."""

from __future__ import annotations

import stat

from sim.abi import Proc
from sim.programs.options import Options, command

MAGIC = (
    (b"\x7fELF", "ELF 64-bit LSB pie executable, x86-64, version 1 (SYSV), dynamically linked"),
    (b"\x1f\x8b", "gzip compressed data"), (b"PK\x03\x04", "Zip archive data"), (b"\x89PNG\r\n", "PNG image data"),
    (b"GIF8", "GIF image data"), (b"\xff\xd8\xff", "JPEG image data"), (b"%PDF-", "PDF document"),
    (b"BZh", "bzip2 compressed data"), (b"\xfd7zXZ", "XZ compressed data"),
    (b"!<arch>\ndebian", "Debian binary package"),
)  # fmt: skip
KINDS = {stat.S_IFDIR: "directory", stat.S_IFIFO: "fifo (named pipe)", stat.S_IFSOCK: "socket",
         stat.S_IFCHR: "character special", stat.S_IFBLK: "block special"}  # fmt: skip


@command("adfL:", synopsis="[-adf] [-L LEVEL] [DIRECTORY]...",
         about="List contents of directories in a tree-like format",
         long={"noreport": "noreport", "dirsfirst": "dirsfirst"})  # fmt: skip
async def tree(proc: Proc, options: Options, operands: list[str]) -> int:
    deepest = int(options["L"]) if options.get("L").isdigit() else 99
    count = [0, 0]
    lines: list[str] = []
    for place in operands or ["."]:
        if not proc.access(place, 0):
            lines.append(f"{place}  [error opening dir]")
            continue
        lines.append(place)
        _branch(proc, options, place, "", deepest, lines, count)
    folders = f"{count[0]} {'directory' if count[0] == 1 else 'directories'}"
    files = f"{count[1]} {'file' if count[1] == 1 else 'files'}"
    report = "" if "noreport" in options else f"\n{folders}\n" if "d" in options else f"\n{folders}, {files}\n"
    await proc.out("".join(f"{line}\n" for line in lines) + report)
    return 0


def _branch(
    proc: Proc, options: Options, place: str, indent: str, left: int, lines: list[str], count: list[int]
) -> None:
    """The entries of one directory, each with what is below it."""
    if left <= 0:
        return
    found = []
    for name in sorted(proc.listdir(place), key=lambda name: (name.lstrip(".").lower(), name)):
        kind = stat.S_IFMT(proc.lstat(f"{place}/{name}").mode)
        if (name.startswith(".") and "a" not in options) or ("d" in options and kind != stat.S_IFDIR):
            continue
        found.append((name, kind))
    if "dirsfirst" in options:
        found.sort(key=lambda entry: entry[1] != stat.S_IFDIR)
    for name, kind in found:
        path = f"{place.rstrip('/')}/{name}"
        last = name == found[-1][0]
        count[kind != stat.S_IFDIR] += 1
        shown = (path if "f" in options else name) + (f" -> {proc.readlink(path)}" if kind == stat.S_IFLNK else "")
        lines.append(f"{indent}{'└── ' if last else '├── '}{shown}")
        if kind == stat.S_IFDIR:
            _branch(proc, options, path, indent + ("    " if last else "│   "), left - 1, lines, count)


@command("bLi", synopsis="[-bLi] FILE...", about="Determine file type", least=1,
         long={"brief": "b", "dereference": "L", "mime": "i"})  # fmt: skip
async def file(proc: Proc, options: Options, operands: list[str]) -> int:
    width = max(map(len, operands)) + 1
    for path in operands:
        about = await _kind(proc, path, "L" in options)
        await proc.out(f"{about}\n" if "b" in options else f"{path + ':':<{width}} {about}\n")
    return 0


async def _kind(proc: Proc, path: str, follow: bool) -> str:
    try:
        found = proc.stat(path) if follow else proc.lstat(path)
        kind = stat.S_IFMT(found.mode)
        if kind == stat.S_IFLNK:
            return f"{'' if proc.access(path, 0) else 'broken '}symbolic link to {proc.readlink(path)}"
        if kind != stat.S_IFREG:
            return KINDS.get(kind, "data")
        if not found.size:
            return "empty"
        fd = proc.open(path)
        head = await proc.read(fd, 4096)
        proc.close(fd)
    except OSError as error:
        return f"cannot open `{path}' ({error.strerror})"
    return _of(head)


def _of(head: bytes) -> str:
    for magic, about in MAGIC:
        if head.startswith(magic):
            return about
    if head.startswith(b"#!"):
        interpreter = head[2:].partition(b"\n")[0].decode(errors="replace").strip()
        words = {"/bin/sh": "POSIX shell script", "/bin/bash": "Bourne-Again shell script"}
        return f"{words.get(interpreter, f'a {interpreter} script')}, ASCII text executable"
    try:
        text = head.decode()
    except UnicodeDecodeError:
        return "data"
    if "\0" in text:
        return "data"
    kind = "ASCII text" if text.isascii() else "UTF-8 Unicode text"
    if text.startswith(("<!DOCTYPE html", "<html")):
        kind = f"HTML document, {kind}"
    if text.startswith(("{", "[")):
        kind = "JSON text data"
    return kind + ("" if "\n" in text or kind.startswith("JSON") else ", with no line terminators")
