"""A warm process: it has imported what a notebook needs, and is copied for each submission.

    python -m classroom.grading.warm        settings on the first line of standard input, then one line for each job

It knows of no mark, no check and no other student: whatever is in its memory is in the memory of every copy. A copy is
walled in as far as this computer can (real/confine.py on Linux; elsewhere limits of the process only), and all that
comes back from it is a text, no longer than allowed, which nobody here reads.
"""

from __future__ import annotations

import gc
import json
import os
import select
import shutil
import signal
import stat
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from importlib import import_module
from itertools import islice
from pathlib import Path
from typing import Any, NoReturn, Protocol, TextIO

from classroom.grading.limits import Limits

RARELY = (20_000, 50, 100)  # garbage collections: a copy lives for less than a second, and dirties what it looks at
BREATH = 0.001  # seconds
TICK = 0.05  # seconds between two looks at a copy that says nothing
MOST_FILES = 2000
END = 125  # status of a copy that could not be walled in
Job = Mapping[str, Any]


class Walls(Protocol):
    """real.confine.Confinement, or what stands in for it."""

    words: str

    def clone(self, furnish: Callable[[str], object], keep: tuple[int, ...]) -> int: ...

    def oom_kills(self) -> int: ...

    def close(self) -> None: ...


class Plain:
    """No walls: a process group and the limits of a process. `place`: an empty folder for it to work in."""

    words = "limited subprocess (no walls: files and network can be reached)"

    def __init__(self, place: str, limits: Limits) -> None:
        self._place, self._limits = Path(place), limits

    def clone(self, furnish: Callable[[str], object], keep: tuple[int, ...]) -> int:
        pid = os.fork()
        if pid:
            return pid
        os.setsid()
        import resource

        work = self._place / "work"
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir()
        furnish(str(work))
        os.chdir(work)
        _limit(resource, self._limits)
        return 0

    def oom_kills(self) -> int:
        return 0

    def close(self) -> None: ...


def _limit(resource: Any, limits: Limits) -> None:
    wanted = {"CPU": int(limits.notebook), "CORE": 0, "NOFILE": 256, "FSIZE": limits.disk}
    if sys.platform == "linux":
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        wanted["AS"] = pages * os.sysconf("SC_PAGE_SIZE") + limits.memory
    for name, value in wanted.items():
        number = getattr(resource, f"RLIMIT_{name}")
        _, most = resource.getrlimit(number)
        value = value if most == resource.RLIM_INFINITY else min(value, most)
        resource.setrlimit(number, (value, value))


def make_walls(settings: Mapping[str, Any], limits: Limits) -> Walls:
    """The best that this computer and this user can have; `settings["walls"]` false: none."""
    if not settings["walls"] or sys.platform != "linux":
        return Plain(settings["place"], limits)
    confine = import_module("real.confine")  # by name: the classroom works where there is no Linux
    wanted = confine.Limits(limits.memory, limits.processes, 1.0, int(limits.notebook) + 1, limits.disk)
    try:
        walls: Walls = confine.Confinement(settings["place"], settings["visible"], settings["hidden"], wanted)
    except (OSError, KeyError) as error:  # no right to, or no seccomp table for this processor
        plain = Plain(settings["place"], limits)
        plain.words = f"{plain.words}; no walls because: {error}"
        return plain
    return walls


class Warm:
    """One job after the other."""

    def __init__(self, walls: Walls, limits: Limits, work: Callable[[Job, int], object]) -> None:
        self._walls, self._limits, self._work = walls, limits, work

    def do(self, job: Job) -> dict[str, Any]:
        """What came of it: `end` ("ok", "time", "output", "memory", "died", "walls"), and what was `said`."""
        killed_before = self._walls.oom_kills()
        read, write = os.pipe()
        pid = self._walls.clone(lambda folder: furnish(job, folder, self._limits.disk), (write,))
        if pid == 0:
            self._copy(job, write)
        os.close(write)
        said, end, status = self._listen(read, pid)
        os.close(read)
        _kill_group(pid)
        if end == "ok" and status != 0:
            end = "walls" if os.waitstatus_to_exitcode(status) == END else "died"
            end = "memory" if self._walls.oom_kills() > killed_before else end
        return {"end": end, "said": said.decode(errors="replace")}

    def _copy(self, job: Job, write: int) -> NoReturn:
        status = 1
        try:
            null = os.open(os.devnull, os.O_RDWR)
            for fd in (0, 1, 2):
                os.dup2(null, fd)
            os.close(null)
            self._work(job, write)
            status = 0
        finally:
            os._exit(status)

    def _listen(self, read: int, pid: int) -> tuple[bytes, str, int]:
        """Until the copy has ended, its time is over, or it has said more than anybody would; then it is gone.

        A process that it has left behind may hold the pipe open, so the copy's own end is what counts.
        """
        said = bytearray()
        until = time.monotonic() + self._limits.notebook
        while time.monotonic() < until:
            ready, _, _ = select.select([read], [], [], TICK)
            piece = os.read(read, 1 << 16) if ready else b""
            said += piece
            if len(said) > self._limits.said:
                return bytes(said[: self._limits.said]), "output", _end(pid)
            if not piece:
                ended, status = os.waitpid(pid, os.WNOHANG)
                if ended:
                    return bytes(said), "ok", status
                time.sleep(BREATH)  # it has closed its side, most often because it is about to end
        return bytes(said), "time", _end(pid)


def _end(pid: int) -> int:
    """Of a PID namespace's first process: all that are in it go too."""
    os.kill(pid, signal.SIGKILL)
    return os.waitpid(pid, 0)[1]


def _kill_group(pid: int) -> None:
    """What a copy without a PID namespace has left behind, unless it has run away from its group."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def furnish(job: Job, target: str, room: int) -> None:
    """Lay out what a copy finds in its folder: the job's `files` by name, and those that came with a notebook.

    Links and devices are not followed: they may lead anywhere. What is more than `room` bytes is left out.
    """
    if job.get("folder"):
        for path in islice(Path(job["folder"]).rglob("*"), MOST_FILES):
            where = Path(target, path.relative_to(job["folder"]))
            found = path.lstat()
            if stat.S_ISDIR(found.st_mode):
                where.mkdir(exist_ok=True)
                where.chmod(0o777)
            elif stat.S_ISREG(found.st_mode) and found.st_size <= room and where.parent.is_dir():
                room -= found.st_size
                where.write_bytes(path.read_bytes())
                where.chmod(0o666)
    for name, text in job.get("files", {}).items():
        Path(target, name).write_text(text, "utf-8")


def serve(settings: Mapping[str, Any], jobs: TextIO, answers: TextIO) -> None:
    """Until there are no more jobs."""
    limits = Limits(**settings["limits"])
    work = import_module(settings["work"]).ready(settings)
    gc.collect()
    gc.freeze()
    gc.set_threshold(*RARELY)
    walls = make_walls(settings, limits)
    warm = Warm(walls, limits, work)
    try:
        print(json.dumps({"walls": walls.words}), file=answers, flush=True)
        for line in jobs:
            print(json.dumps(warm.do(json.loads(line))), file=answers, flush=True)
    finally:
        walls.close()


def main() -> None:
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # whatever else prints does not spoil the answers
    serve(json.loads(sys.stdin.readline()), sys.stdin, answers)


if __name__ == "__main__":
    main()
