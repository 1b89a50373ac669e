"""Running a notebook's code cells without a Jupyter kernel: IPython's shell, and what each cell put out.

This is the student's side: it runs in a process that is thrown away and knows nothing of marks, and nothing that it
says is believed. That is one JSON line for each cell, so that a notebook that never ends still shows what was done
before. Twin: ipykernel, of which only the outputs are kept alike (nbformat). Source: IPython.core.interactiveshell.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from importlib import import_module
from io import TextIOBase
from pathlib import Path
from typing import Any

from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from classroom.grading import ahead

LONGEST = 100_000  # characters of output kept of one cell
RECORD = ".glassdock-work.json"  # in the copy's folder: where the student's cells keep what was asked of the engines
NEEDED = (
    "classroom.magics", "classroom.exercises.check", "classroom.widgets", "IPython.core.magics.extension", "docker",
)  # fmt: skip
Job = Mapping[str, Any]
Say = Callable[[Mapping[str, Any]], object]
Output = dict[str, Any]


class TooSlow(BaseException):
    """This cell's time is over. No Exception, so that `except Exception` in a loop does not catch it."""


class Printed:
    """Outputs of the cell that is running, in nbformat's words. Beyond LONGEST characters nothing is kept."""

    def __init__(self) -> None:
        self.outputs: list[Output] = []
        self._room = LONGEST

    def begin(self) -> None:
        self.outputs, self._room = [], LONGEST

    def add(self, output: Output) -> None:
        size = len(json.dumps(output, default=str))
        if size <= self._room or output["output_type"] == "error":  # an error is short, and must be told
            self._room -= size
            self.outputs.append(output)

    def stream(self, name: str, text: str) -> None:
        text = text[: max(0, self._room)]
        self._room -= len(text)
        last = self.outputs[-1] if self.outputs else {}
        if last.get("name") == name:
            last["text"] += text
        elif text:
            self.outputs.append({"output_type": "stream", "name": name, "text": text})


class _Stream(TextIOBase):
    """sys.stdout or sys.stderr of the cells."""

    encoding, errors = "utf-8", "replace"

    def __init__(self, printed: Printed, name: str) -> None:
        self._printed, self._name = printed, name

    def write(self, text: str) -> int:
        self._printed.stream(self._name, text)
        return len(text)

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return {"stdout": 1, "stderr": 2}[self._name]


def _data(data: Mapping[str, Any], metadata: Mapping[str, Any] | None) -> Output:
    return {"data": dict(data), "metadata": dict(metadata or {})}


class _Display(DisplayPublisher):
    """`display(…)`"""

    def publish(self, data: Any, metadata: Any = None, source: Any = None, **rest: Any) -> None:
        PRINTED.add({"output_type": "display_data", **_data(data, metadata)})

    def clear_output(self, wait: bool = False) -> None:
        PRINTED.begin()


class _Result(DisplayHook):
    """The value of a cell's last line."""

    def write_output_prompt(self) -> None: ...

    def start_displayhook(self) -> None: ...

    def finish_displayhook(self) -> None: ...

    def write_format_data(self, format_dict: Any, md_dict: Any = None) -> None:
        PRINTED.add({
            "output_type": "execute_result", "execution_count": self.prompt_count, **_data(format_dict, md_dict)
        })  # fmt: skip


class _Shell(InteractiveShell):
    def _showtraceback(self, etype: Any, evalue: Any, stb: Any) -> None:
        PRINTED.add(_error(getattr(etype, "__name__", str(etype)), str(evalue), list(stb)))

    def _tee(self, channel: str) -> Any:
        """IPython 9 keeps all that is printed in its history, without end."""
        return nullcontext()

    def init_virtualenv(self) -> None:
        """The worker has its modules already."""

    def enable_gui(self, gui: Any = None) -> None:
        """No windows here."""


def _error(name: str, value: str, lines: Sequence[str]) -> Output:
    return {
        "output_type": "error",
        "ename": name,
        "evalue": value[:2000],
        "traceback": [line[:500] for line in lines[:60]],
    }


PRINTED = Printed()


def ready(settings: Mapping[str, Any]) -> Callable[[Job, int], object]:
    """What runs one job's cells and writes what they put out to a descriptor, a line for each."""
    shell = _make_shell()
    for module in NEEDED:
        import_module(module)
    ahead.prepare(settings["images"])
    shell.run_cell("pass")

    def work(job: Job, answer: int) -> None:
        os.environ |= {"GLASSDOCK_STUDENT": job["student"], "GLASSDOCK_RECORD": str(Path(RECORD).resolve())}
        os.environ |= {"GLASSDOCK_LANG": job["lang"], "HOME": str(Path.cwd()), "TMPDIR": str(Path.cwd())}
        sys.path.insert(0, "")
        with os.fdopen(answer, "w", encoding="utf-8") as file:

            def say(told: Mapping[str, Any]) -> None:
                print(json.dumps(told, default=str), file=file, flush=True)

            run(shell, job["cells"], settings["limits"]["cell"], say)

    return work


def _make_shell() -> Any:
    """The one shell of this process."""
    settings = Config()
    settings.HistoryManager.enabled = False
    settings.InteractiveShell.colors = "nocolor"
    shell = _Shell.instance(config=settings, displayhook_class=_Result, display_pub_class=_Display)
    shell.system = lambda command: _system(shell, command)  # type: ignore[method-assign]
    return shell


def _system(shell: Any, command: str) -> None:
    """`!command`, without the terminal that IPython would give it: there may be none to be had."""
    line = shell.var_expand(command, depth=1)
    null, pipe, same = subprocess.DEVNULL, subprocess.PIPE, subprocess.STDOUT
    with subprocess.Popen(line, shell=True, stdin=null, stdout=pipe, stderr=same, text=True, errors="replace") as ran:
        assert ran.stdout is not None
        while piece := ran.stdout.read(4096):
            PRINTED.stream("stdout", piece)
    shell.user_ns["_exit_code"] = ran.returncode


def run(shell: Any, cells: Sequence[str], seconds: float, say: Say) -> None:
    """All cells, in order; an error ends its cell and no more, as nbgrader has it. `seconds` for each.

    `say` is told `{"outputs": […], "work": …}` after each of them; the work only if it has changed, and of it only the
    sessions that have.
    """
    sys.stdin = open(os.devnull, encoding="utf-8")  # noqa: SIM115, PTH123 - for good
    sys.stdout, sys.stderr = _Stream(PRINTED, "stdout"), _Stream(PRINTED, "stderr")
    text, work = "", None
    for source in cells:
        PRINTED.begin()
        try:
            _alarm(seconds)
            shell.run_cell(source, store_history=True)
        except BaseException as error:  # SystemExit, TooSlow, and whatever a cell may raise on its way out
            PRINTED.add(_error(type(error).__name__, str(error), []))
        finally:
            _alarm(0)
        told: dict[str, Any] = {"outputs": PRINTED.outputs}
        if (now := _work()) != text:
            text, before, work = now, work, _document(now)
            told["work"] = _changed(before, work)
        say(told)


def _work() -> str:
    """What the cells have kept of their work so far."""
    try:
        return Path(os.environ["GLASSDOCK_RECORD"]).read_text("utf-8")
    except (OSError, KeyError, ValueError):
        return ""


def _document(text: str) -> Any:
    """A work as data; as it is if it is none, which the check will say."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text[:LONGEST]


def _changed(before: Any, work: Any) -> Any:
    """A work, its sessions null where they are as before: a large one is not told after each cell."""
    if not all(isinstance(each, dict) and isinstance(each.get("sessions"), dict) for each in (before, work)):
        return work
    known = before["sessions"]
    news = {name: None if known.get(name) == row else row for name, row in work["sessions"].items()}
    return {**work, "sessions": news}


def _alarm(seconds: float) -> None:
    """Interrupt what is running then; Windows has no such clock, and only the whole notebook has its time there."""
    if not hasattr(signal, "setitimer"):
        return
    signal.signal(signal.SIGALRM, _late)
    signal.setitimer(signal.ITIMER_REAL, seconds)


def _late(number: int, frame: object) -> None:
    raise TooSlow("the time for this cell is over")
