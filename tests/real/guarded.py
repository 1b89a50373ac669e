"""Run tests that need the kernel and root where they can do no harm.

    python tests/real/guarded.py [arguments for pytest]
    python tests/real/guarded.py -- python bench/real.py

The tests get mount, PID and network namespaces of their own in which every file system is read-only, at one stroke and
before anything of theirs runs, except /proc, the cgroup file systems, the terminals, and an empty folder that goes with
them: its path is in GLASSDOCK_TEST_ROOM. Whoever wants to use it asks `room()`, which looks for itself.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

ROOM = "GLASSDOCK_TEST_ROOM"
PLACE = Path("/run/glassdock-tests")
UNSHARE = ("unshare", "--mount", "--propagation", "private", "--net", "--pid", "--fork", "--mount-proc", "--kill-child")
WRITABLE = ("/proc", "/sys/fs/cgroup", "/dev/pts", "/dev/shm")


def room() -> Path | None:
    """The folder for tests on the kernel; None if this process is not where it does no harm."""
    place = Path(os.environ.get(ROOM, "/nonexistent"))
    guarded = os.statvfs("/").f_flag & os.ST_RDONLY and place.is_mount()
    return place if guarded and os.geteuid() == 0 else None


def main(words: list[str]) -> None:
    if words[:1] == ["--inside"]:
        inside(PLACE, words[1:])
    if os.geteuid() != 0:
        sys.exit("guarded: the kernel's namespaces and cgroups need root")
    PLACE.mkdir(mode=0o755, exist_ok=True)  # only root writes in /run; what is mounted on it is seen inside only
    os.execvp(UNSHARE[0], [*UNSHARE, sys.executable, __file__, "--inside", *words])


def inside(place: Path, words: list[str]) -> None:
    """In the new namespaces: make all read-only, then become pytest, or the command."""
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
    from real import namespaces, syscalls

    syscalls.mount("tmpfs", str(place), "tmpfs", 0, "size=4g,mode=1777")
    syscalls.mount_setattr("/", syscalls.AT_RECURSIVE, on=syscalls.MOUNT_ATTR_RDONLY)
    for path in (*WRITABLE, str(place)):
        if Path(path).is_mount():
            syscalls.mount_setattr(path, syscalls.AT_RECURSIVE, off=syscalls.MOUNT_ATTR_RDONLY)
    namespaces.bring_loopback_up()
    os.environ |= {ROOM: str(place), "TMPDIR": str(place), "HOME": str(place), "PYTHONDONTWRITEBYTECODE": "1"}
    if room() is None:
        sys.exit("guarded: this is not a safe place")
    pytest = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *words]
    command = words[1:] if words[:1] == ["--"] else pytest
    os.execvp(command[0], command)


if __name__ == "__main__":
    main(sys.argv[1:])
