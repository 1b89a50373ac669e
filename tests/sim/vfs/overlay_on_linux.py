"""Does lists of file operations on the kernel's own overlayfs and prints what came of them. Run by test_overlay.py.

A case may come with the layer archive that the simulated host has made of the same operations. GNU tar unpacks it, its
whiteouts become the kernel's, and the result is mounted over the same lower directory: that has to give the same files.

Needs root and a mount namespace of its own: `unshare --mount python overlay_on_linux.py < operations.json`.
"""

from __future__ import annotations

import base64
import errno
import json
import os
import stat
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

OPAQUE = "trusted.overlay.opaque"


def perform(operation: list[Any]) -> str:
    """One operation; "" or the errno's name."""
    kind, *arguments = operation
    try:
        if kind in ("write", "append"):
            flags = os.O_WRONLY | os.O_CREAT | (os.O_APPEND if kind == "append" else os.O_TRUNC)
            descriptor = os.open(arguments[0], flags, 0o644)
            os.write(descriptor, arguments[1].encode())
            os.close(descriptor)
        else:
            getattr(os, kind)(*arguments)
    except OSError as error:
        return errno.errorcode[error.errno or 0]
    return ""


def tree(folder: str) -> dict[str, list[Any]]:
    """{path: [type, permissions, content or target, uid, gid]}"""
    found = {}
    for path in sorted(Path(folder).rglob("*")):
        status = path.lstat()
        text = str(path.readlink()) if path.is_symlink() else path.read_text() if path.is_file() else ""
        mode = status.st_mode
        found[str(path.relative_to(folder))] = [stat.S_IFMT(mode), mode & 0o7777, text, status.st_uid, status.st_gid]
    return found


def upper(folder: str, lower: str) -> dict[str, list[Any]]:
    """`tree` of an upper directory; opaque ones are marked where that hides something."""
    found = tree(folder)
    for name, entry in found.items():
        hides = stat.S_ISDIR(entry[0]) and Path(lower, name).is_dir() and not Path(lower, name).is_symlink()
        entry.append(hides and OPAQUE in os.listxattr(f"{folder}/{name}") and any(Path(lower, name).iterdir()))
    return found


def unpack(archive: bytes, folder: str) -> None:
    """A layer into an upper directory, by tar, and then its whiteouts as overlayfs has them."""
    command = ["tar", "-x", "--preserve-permissions", "--same-owner", "-C", folder]
    subprocess.run(command, input=archive, check=True)
    for path in sorted(Path(folder).rglob(".wh.*")):
        path.unlink()
        if path.name == ".wh..wh..opq":
            os.setxattr(path.parent, OPAQUE, b"y")
        else:
            os.mknod(path.with_name(path.name.removeprefix(".wh.")), stat.S_IFCHR, os.makedev(0, 0))


def mount(lower: str, upper: str, work: str, merged: str) -> None:
    options = f"lowerdir={lower},upperdir={upper},workdir={work},redirect_dir=off,index=off"
    subprocess.run(["mount", "-t", "overlay", "overlay", "-o", options, merged], check=True)


def overlay(lower_operations: list[Any], operations: list[Any], layer: str) -> dict[str, Any]:
    """`layer`: ours, in base 64."""
    with tempfile.TemporaryDirectory() as work:
        subprocess.run(["mount", "-t", "tmpfs", "tmpfs", work], check=True)
        for name in ("lower", "upper", "work", "merged", "ours", "work2", "again"):
            (Path(work) / name).mkdir()
        os.chdir(f"{work}/lower")
        for operation in lower_operations:
            perform(operation)
        os.chdir("/")
        mount(f"{work}/lower", f"{work}/upper", f"{work}/work", f"{work}/merged")
        os.chdir(f"{work}/merged")
        errors = [perform(operation) for operation in operations]
        os.chdir("/")
        unpack(base64.b64decode(layer), f"{work}/ours")
        mount(f"{work}/lower", f"{work}/ours", f"{work}/work2", f"{work}/again")
        result = {
            "errors": errors,
            "tree": tree(f"{work}/merged"),
            "again": tree(f"{work}/again"),
            "upper": upper(f"{work}/upper", f"{work}/lower"),
            "ours": upper(f"{work}/ours", f"{work}/lower"),
        }
        for name in ("again", "merged", ""):
            subprocess.run(["umount", f"{work}/{name}".rstrip("/")], check=True)
    return result


if __name__ == "__main__":
    os.umask(0o022)
    print(json.dumps([overlay(*case) for case in json.load(sys.stdin)]))
