"""`glassdock images import-host`: a true busybox image from the host's own static busybox, where there is no network.

The archive is made here and given to a daemon as `docker import` does it; the daemon may be any Docker.
"""

from __future__ import annotations

import argparse
import io
import os
import shutil
import struct
import subprocess
import sys
import tarfile
from collections.abc import Sequence
from pathlib import Path

FOLDERS = {"bin": 0o755, "dev": 0o755, "etc": 0o755, "home": 0o755, "proc": 0o755, "root": 0o700, "sys": 0o755,
           "tmp": 0o1777, "usr": 0o755, "usr/bin": 0o755, "usr/sbin": 0o755, "sbin": 0o755, "var": 0o755}  # fmt: skip
USERS = {"root": 0, "daemon": 1, "bin": 2, "sys": 3, "mail": 8, "www-data": 33, "operator": 37, "nobody": 65534}
GROUPS = USERS | {"adm": 4, "tty": 5, "disk": 6, "wheel": 10, "users": 100, "nogroup": 65534}
FILES = {
    "etc/passwd": "".join(
        f"{name}:x:{id}:{id}:{name}:{'/root:/bin/sh' if id == 0 else '/home:/bin/false'}\n"
        for name, id in USERS.items()
    ),
    "etc/group": "".join(f"{name}:x:{id}:\n" for name, id in GROUPS.items() if name != "nobody"),
}
PT_INTERP = 3
CHANGES = ("CMD sh", "ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")


class NotStatic(ValueError):
    """The program needs libraries that the image would not have."""


def is_static(program: bytes) -> bool:
    """Does an ELF file name no interpreter (ld.so)? Raises ValueError if it is no ELF file of 64 bits."""
    if program[:5] != b"\x7fELF\x02":
        raise ValueError("not a 64-bit ELF file")
    order = "<" if program[5] == 1 else ">"
    start = struct.unpack_from(f"{order}Q", program, 32)[0]
    size, count = struct.unpack_from(f"{order}HH", program, 54)
    kinds = (struct.unpack_from(f"{order}I", program, start + number * size)[0] for number in range(count))
    return PT_INTERP not in kinds


def archive(busybox: Path) -> bytes:
    """An uncompressed tar of the whole root. Raises NotStatic, OSError."""
    program = busybox.read_bytes()
    if not is_static(program):
        raise NotStatic(f"{busybox} is not static: install busybox-static")
    listed = subprocess.run([busybox, "--list"], capture_output=True, text=True, check=True, stdin=subprocess.DEVNULL)
    applets = sorted(set(listed.stdout.split()) - {"busybox"})
    mtime = int(os.stat(busybox).st_mtime)
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as tar:
        for name, mode in FOLDERS.items():
            _add(tar, name, mode, mtime, kind=tarfile.DIRTYPE)
        for name, text in FILES.items():
            _add(tar, name, 0o644, mtime, text.encode())
        _add(tar, "bin/busybox", 0o755, mtime, program)
        for applet in applets:
            _add(tar, f"bin/{applet}", 0o755, mtime, kind=tarfile.LNKTYPE, target="bin/busybox")
    return stream.getvalue()


def _add(
    tar: tarfile.TarFile, name: str, mode: int, mtime: int, data: bytes = b"", kind: bytes = tarfile.REGTYPE,
    target: str = "",
) -> None:  # fmt: skip
    member = tarfile.TarInfo(name)
    member.mode, member.mtime, member.type, member.linkname, member.size = mode, mtime, kind, target, len(data)
    tar.addfile(member, io.BytesIO(data))


def main(words: Sequence[str]) -> int:
    """Words in, exit code out."""
    parser = argparse.ArgumentParser(
        prog="glassdock images", description="A busybox image from this machine's static busybox."
    )
    parser.add_argument("command", choices=["import-host"])
    parser.add_argument("--busybox", type=Path, metavar="FILE", help="default: the one on the PATH")
    parser.add_argument("-H", dest="daemon", metavar="ADDRESS", help="default: $DOCKER_HOST, or the real daemon's")
    parser.add_argument("--tag", default="busybox:latest", help="name of the image")
    options = parser.parse_args(list(words))
    found = options.busybox or shutil.which("busybox")
    if found is None:
        print("glassdock: there is no busybox on this machine: install busybox-static", file=sys.stderr)
        return 1
    try:
        data = archive(Path(found))
    except (OSError, ValueError) as error:
        print(f"glassdock: {error}", file=sys.stderr)
        return 1
    return _give(data, options.daemon, options.tag)


def _give(data: bytes, daemon: str | None, tag: str) -> int:
    from engine.addresses import default_address
    from engine.client.command import main as docker

    address = daemon or os.environ.get("DOCKER_HOST") or default_address("real")
    changes = [word for change in CHANGES for word in ("--change", change)]
    with _File(data) as path:
        return docker(["-H", address, "import", *changes, path, tag])


class _File:
    """A file with these bytes, as long as it is needed."""

    def __init__(self, data: bytes) -> None:
        self._fd = os.memfd_create("busybox.tar")
        os.write(self._fd, data)

    def __enter__(self) -> str:
        return f"/proc/self/fd/{self._fd}"

    def __exit__(self, *_: object) -> None:
        os.close(self._fd)
