"""The grader's side of the warm processes: a few helpers, each one process with one job at a time.

A helper that is lost is started again; the job that it was at has an answer all the same ("lost"), so one submission
can never hold up another. Where processes cannot be copied (Windows), each job has a process of its own (`cold`).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Any

from classroom.grading.limits import Limits
from classroom.grading.warm import ANSWER, JOB

SYSTEM = ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/etc/ssl", "/etc/localtime")
ROOMS = ("engine", "sim", "classroom", "images")
HIDDEN = ("classroom/grading",)  # not for a student's process; assignments (exercises/) are not shown to it at all


def visible() -> list[str]:
    """What a copy of this interpreter needs to see: itself, its libraries, and the rooms."""
    rooms = [str(room() / name) for name in ROOMS]
    return [*SYSTEM, sys.base_prefix, sys.prefix, *rooms]


def hidden() -> list[str]:
    return [str(room() / name) for name in HIDDEN]


def room() -> Path:
    """The folder that has the packages in it."""
    spec = find_spec("engine")
    assert spec is not None and spec.origin is not None
    return Path(spec.origin).resolve().parent.parent


@dataclass(slots=True)
class Helper:
    """One warm process. `work`: the module whose `ready` it calls; `walls`: are its copies to be walled in?"""

    work: str
    limits: Limits
    walls: bool
    more: Mapping[str, Any] = field(default_factory=dict)  # what else `ready` is told
    words: str = ""  # what its walls are, once it runs
    cold: bool = not hasattr(os, "fork")
    _process: subprocess.Popen[str] | None = None
    _place: tempfile.TemporaryDirectory[str] | None = None
    _desk: Path = Path()  # where the job lies, and then its answer
    _errors: IO[bytes] = field(default_factory=tempfile.TemporaryFile)

    def start(self) -> None:
        """Begin to get warm; the first job waits for it."""
        self._place = tempfile.TemporaryDirectory(prefix="glassdock-grade-", ignore_cleanup_errors=True)
        top = Path(self._place.name)
        place, self._desk = top / "place", top / "desk"
        top.chmod(0o755)
        place.mkdir(0o755)
        self._desk.mkdir(0o700)
        settings = {
            **self.more, "work": self.work, "limits": self.limits.to_json(), "walls": self.walls, "cold": self.cold,
            "place": str(place), "desk": str(self._desk), "visible": visible(), "hidden": hidden(),
        }  # fmt: skip
        self._process = subprocess.Popen(
            [sys.executable, "-m", "classroom.grading.warm"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._errors, text=True, encoding="utf-8",
            cwd=self._place.name, start_new_session=sys.platform != "win32",
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": str(room())},
        )  # fmt: skip
        self._send(settings)

    def ready(self) -> None:
        """Wait until it is warm. Raises OSError if it does not get there."""
        if self._process is None:
            self.start()
        answer = self._receive()
        if answer is None:
            self._errors.seek(0)
            last = self._errors.read().decode(errors="replace").strip().rpartition("\n")[2]
            raise OSError(None, f"{self.work}: a helper process could not be started: {last}")
        self.words = answer

    def do(self, job: Mapping[str, Any]) -> Mapping[str, Any]:
        """The answer; `{"end": "lost", "said": ""}` if the helper itself went down."""
        (self._desk / JOB).write_text(json.dumps(job), "utf-8")
        self._send(JOB)
        if self.cold:
            return self._do_cold()
        end = self._receive()
        if end is None:
            self.close()
            self.start()
            self.ready()
            return {"end": "lost", "said": ""}
        return self._answer(end)

    def _do_cold(self) -> Mapping[str, Any]:
        """The process itself does the job, and a new one gets ready for the next."""
        assert self._process is not None
        try:
            end = "ok" if self._process.wait(self.limits.notebook) == 0 else "died"
        except subprocess.TimeoutExpired:
            self._process.kill()
            end = "time"
        answer = self._answer(end)
        self.close()
        self.start()
        self.ready()
        return answer

    def _answer(self, end: str) -> Mapping[str, Any]:
        """What lies on the desk now; too much of it is an end of its own."""
        path, most = self._desk / ANSWER, self.limits.said
        said = b""
        if path.exists():
            with path.open("rb") as file:
                said = file.read(most + 1)
            path.unlink()
        (self._desk / JOB).unlink()
        return {"end": end if len(said) <= most else "output", "said": said[:most].decode(errors="replace")}

    def close(self) -> None:
        """It ends when there are no more jobs, and takes its copies with it."""
        process, self._process = self._process, None
        if process is not None and process.stdin is not None and process.stdout is not None:
            with suppress(OSError):
                process.stdin.close()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            process.stdout.close()
        if self._place is not None:
            self._place.cleanup()
            self._place = None

    def _send(self, message: object) -> None:
        assert self._process is not None and self._process.stdin is not None
        with suppress(OSError):  # it is gone, as `_receive` will find
            print(json.dumps(message), file=self._process.stdin, flush=True)

    def _receive(self) -> str | None:
        assert self._process is not None and self._process.stdout is not None
        line = self._process.stdout.readline()
        return str(json.loads(line)) if line.endswith("\n") else None
