"""Does lists of file operations on the kernel's own overlayfs and prints what came of them. Run by test_overlay.py.

Needs root and a mount namespace of its own: `unshare --mount python overlay_on_linux.py < operations.json`.
"""

from __future__ import annotations

import errno
import json
import os
import stat
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any


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
    found = {}
    for path in sorted(Path(folder).rglob("*")):
        status = path.lstat()
        text = str(path.readlink()) if path.is_symlink() else path.read_text() if path.is_file() else ""
        found[str(path.relative_to(folder))] = [stat.S_IFMT(status.st_mode), status.st_mode & 0o7777, text]
    return found


def overlay(lower_operations: list[Any], operations: list[Any]) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as work:
        subprocess.run(["mount", "-t", "tmpfs", "tmpfs", work], check=True)
        for name in ("lower", "upper", "work", "merged"):
            (Path(work) / name).mkdir()
        os.chdir(f"{work}/lower")
        for operation in lower_operations:
            perform(operation)
        os.chdir("/")
        options = f"lowerdir={work}/lower,upperdir={work}/upper,workdir={work}/work,redirect_dir=off,index=off"
        subprocess.run(["mount", "-t", "overlay", "overlay", "-o", options, f"{work}/merged"], check=True)
        os.chdir(f"{work}/merged")
        errors = [perform(operation) for operation in operations]
        result = {"errors": errors, "tree": tree(f"{work}/merged")}
        os.chdir("/")
        subprocess.run(["umount", f"{work}/merged"], check=True)
        subprocess.run(["umount", work], check=True)
    return result


if __name__ == "__main__":
    os.umask(0o022)
    print(json.dumps([overlay(lower, operations) for lower, operations in json.load(sys.stdin)]))
