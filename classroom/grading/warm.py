"""A warm process: it has imported what a notebook needs, and is copied for each submission.

    python -m classroom.grading.warm        settings on the first line of standard input, then a line for each job

It knows of no mark, no check and no other student: whatever is in its memory is in the memory of every copy. A copy is
walled in as far as this computer can (real/confine.py on Linux; elsewhere limits of the process only), and all that
comes back from it is a text, which nobody here reads.
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
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from importlib import import_module
from itertools import islice
from pathlib import Path
from typing import Any, NoReturn, Protocol, TextIO

from classroom.grading.limits import Limits

RARELY = (20_000, 50, 100)  # garbage collections: a copy lives for less than a second, and dirties what it looks at
TICK = 0.002  # seconds between two looks at whether a copy has ended
JOB, ANSWER = "job.json", "answer"  # on the desk
MOST_DESCRIPTORS = 4096
MOST_FILES = 2000
END = 125  # status of a copy that could not be walled in
Job = Mapping[str, Any]


class Walls(Protocol):
    """real.confine.Confinement, or what stands in for it."""

    words: str

    def clone(self, furnish: Callable[[str], object]) -> int: ...

    def oom_kills(self) -> int: ...

    def close(self) -> None: ...


class Plain:
    """No walls: a process group and the limits of a process. `place`: an empty folder for it to work in."""

    words = "limited subprocess (no walls: files and network can be reached)"

    def __init__(self, place: str, limits: Limits) -> None:
        self._place, self._limits = Path(place), limits

    def clone(self, furnish: Callable[[str], object]) -> int:
        pid = os.fork()
        if pid:
            return pid
        try:
            os.setsid()
            os.closerange(3, MOST_DESCRIPTORS)  # with the others a copy could answer for the helper itself
            _move_in(self._place, furnish)
            _limit(import_module("resource"), self._limits)
        except BaseException:
            os._exit(END)
        return 0

    def oom_kills(self) -> int:
        return 0

    def close(self) -> None: ...


class Here:
    """No copies at all, as on Windows: the one job is done by the helper itself, which ends with it (see crew.py)."""

    words = "a process for each, without walls or limits but of time (files and network can be reached)"

    def __init__(self, place: str) -> None:
        self._place = Path(place)

    def clone(self, furnish: Callable[[str], object]) -> int:
        _move_in(self._place, furnish)
        return 0

    def oom_kills(self) -> int:
        return 0

    def close(self) -> None: ...


def _move_in(place: Path, furnish: Callable[[str], object]) -> None:
    """An empty folder to work in."""
    work = place / "work"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir()
    furnish(str(work))
    os.chdir(work)


def _limit(resource: Any, limits: Limits) -> None:
    wanted = {"CPU": int(limits.notebook), "CORE": 0, "NOFILE": 256, "FSIZE": limits.disk}
    if sys.platform == "linux":
        pages = int(Path("/proc/self/statm").read_text("ascii").split()[0])
        wanted["AS"] = pages * os.sysconf("SC_PAGE_SIZE") + limits.memory
    for name, value in wanted.items():
        number = getattr(resource, f"RLIMIT_{name}")
        _, most = resource.getrlimit(number)
        value = value if most == resource.RLIM_INFINITY else min(value, most)
        resource.setrlimit(number, (value, value))


def make_walls(settings: Mapping[str, Any], limits: Limits) -> Walls:
    """The best that this computer and this user can have; `settings["walls"]` false: none."""
    if settings["cold"]:
        return Here(settings["place"])
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
    """One job after the other. `desk`: the folder with the job's file, and where its copy puts the answer.

    Only the copy reads its job, and only the grader the answer: of what one student has written, nothing is left in the
    memory that the next one's copy has.
    """

    def __init__(self, walls: Walls, limits: Limits, desk: Path, work: Callable[[Job, int], object]) -> None:
        self._walls, self._limits, self._desk, self._work = walls, limits, desk, work
        self._job: Job = {}
        self._answer = -1

    def do(self) -> str:
        """How the job on the desk ended: "ok", "time", "memory", "died", or "walls" if it could not be walled in."""
        killed_before = self._walls.oom_kills()
        pid = self._walls.clone(self._begin)
        if pid == 0:
            self._copy()
        status = self._wait(pid)
        _kill_group(pid)
        if status is None:
            return "time"
        if self._walls.oom_kills() > killed_before and status != 0:
            return "memory"
        return {0: "ok", END: "walls"}.get(os.waitstatus_to_exitcode(status), "died")

    def _begin(self, folder: str) -> None:
        """In the copy, while the desk can still be reached."""
        self._job = json.loads((self._desk / JOB).read_text("utf-8"))
        self._answer = os.open(self._desk / ANSWER, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        furnish(self._job, folder, self._limits.disk)

    def _copy(self) -> NoReturn:
        status = 1
        try:
            null = os.open(os.devnull, os.O_RDWR)
            for fd in (0, 1, 2):
                os.dup2(null, fd)
            os.close(null)
            self._work(self._job, self._answer)
            status = 0
        finally:
            os._exit(status)

    def _wait(self, pid: int) -> int | None:
        """Its status; None if its time was over."""
        until = time.monotonic() + self._limits.notebook
        with _watched(pid) as pause:
            while (left := until - time.monotonic()) > 0:
                ended, status = os.waitpid(pid, os.WNOHANG)
                if ended:
                    return status
                pause(left)
        _end(pid)
        return None


@contextmanager
def _watched(pid: int) -> Iterator[Callable[[float], object]]:
    """What waits for a process's end, so many seconds at most; where there is no pidfd_open(2), for a moment only."""
    try:
        watch = os.pidfd_open(pid)
    except (AttributeError, OSError):
        yield lambda _: time.sleep(TICK)
        return
    try:
        yield lambda seconds: select.select([watch], [], [], seconds)
    finally:
        os.close(watch)


def _end(pid: int) -> None:
    """Of a PID namespace's first process: all that are in it go too."""
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)


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


def serve(settings: Mapping[str, Any], words: TextIO, answers: TextIO) -> None:
    """A job for each line, until there are no more."""
    limits = Limits(**settings["limits"])
    work = import_module(settings["work"]).ready(settings)
    gc.collect()
    gc.freeze()
    gc.set_threshold(*RARELY)
    walls = make_walls(settings, limits)
    warm = Warm(walls, limits, Path(settings["desk"]), work)
    try:
        print(json.dumps(walls.words), file=answers, flush=True)
        for _ in words:
            print(json.dumps(warm.do()), file=answers, flush=True)
    finally:
        walls.close()


def main() -> None:
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # whatever else prints does not spoil the answers
    serve(json.loads(sys.stdin.readline()), sys.stdin, answers)


if __name__ == "__main__":
    main()
