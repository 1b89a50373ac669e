"""A page of a course as a script: its commands are typed as a student types them, and what comes back is compared.

A page is a text file below pages/:

    # Volumes                                   the page's subject
    # https://docs.docker.com/…                 its address
    $ docker volume create my-vol               a command, typed into bash with the page's own folder and engine
    > more                                      lines of the same command (here-documents)
    < ls -l                                     typed into the program once it has started; then it gets a terminal
    my-vol                                      a line that must come back; `...` stands for anything
    [1]                                         the exit status (0 if none is said)
    ! there is no buildx                        the step differs from the page, and why; what comes back is ours
    ~ curl -s localhost:8080                    a command tried again until it says this (until the service is up)

The lines must come in this order; there may be others between them, for pages show what matters and so do these files.
"""

from __future__ import annotations

import os
import pty
import re
import select
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

PAGES = Path(__file__).with_name("pages")
PORT = re.compile(r"(localhost:|127\.0\.0\.1:|0\.0\.0\.0:)(\d+)|(-d?p |--publish )(\d+)(?=:)")
TERMINAL = re.compile(r"\b(run|exec)\b.* -(it|ti|i -t|t)\b")
COLOUR = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
PATIENCE = 30.0  # seconds for one step
PAUSE = 0.05  # seconds between two tries


@dataclass(slots=True)
class Step:
    """One command and what must come back. `patient`: it is tried again until it does."""

    command: str
    patient: bool
    typed: list[str] = field(default_factory=list)
    expected: list[str] = field(default_factory=list)
    status: int = 0
    difference: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    name: str
    subject: str
    address: str
    steps: tuple[Step, ...]

    @property
    def agreed(self) -> int:
        """How many steps do what the page says."""
        return len(self.steps) - len(self.differences)

    @property
    def differences(self) -> tuple[str, ...]:
        return tuple(step.difference for step in self.steps if step.difference)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, from both streams (or the terminal), and the exit status."""

    text: str
    status: int


def read(path: Path) -> Page:
    """A page from its file. Raises ValueError for a line that belongs to no command."""
    heads: list[str] = []
    steps: list[Step] = []
    for line in path.read_text("utf-8").splitlines():
        mark, word = line[:2], line[2:]
        if mark == "# " and not steps:
            heads.append(word)
        elif mark in ("$ ", "~ "):
            steps.append(Step(word, mark == "~ "))
        elif not line:
            continue
        elif not steps:
            raise ValueError(f"{path.name}: {line!r} belongs to no command")
        elif mark == "> " or line == ">":
            steps[-1].command += "\n" + word
        elif mark == "< " or line == "<":
            steps[-1].typed.append(word)
        elif mark == "! ":
            steps[-1].difference = word
        elif found := re.fullmatch(r"\[(\d+)\]", line):
            steps[-1].status = int(found[1])
        else:
            steps[-1].expected.append(line)
    return Page(path.stem, heads[0], heads[1], tuple(steps))


def pages() -> Sequence[Page]:
    return [read(path) for path in sorted(PAGES.glob("*.txt"))]


def missing(step: Step, answer: Answer) -> str:
    """What did not come back as it must; "" if all did."""
    lines = map(_plain, COLOUR.sub("", answer.text).replace("\r", "\n").split("\n"))
    for expected in step.expected:
        pattern = re.compile(".*".join(map(re.escape, map(_plain, expected.split("...")))))
        if not any(pattern.search(line) for line in lines):
            return f"no line {expected!r}"
    return "" if answer.status == step.status else f"exit status {answer.status}, not {step.status}"


def _plain(line: str) -> str:
    """Without the width of columns, which depends on what is in them."""
    return " ".join(line.split())


class Student:
    """Types pages: a folder of their own, an environment in which `docker` is the command under test."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self.folder, self.environment = folder, dict(environment)
        self.ports: dict[str, str] = {}

    def types(self, page: Page) -> Iterator[tuple[Step, Answer, str]]:
        """Each step with what came back and what was missing in it. `cd` and variables hold for the page."""
        for told in page.steps:
            step = replace(told, expected=[self._here(line) for line in told.expected])
            answer, fault = self._step(step)
            yield step, answer, fault

    def _step(self, step: Step) -> tuple[Answer, str]:
        end = time.monotonic() + PATIENCE
        while True:
            answer = self._type(step)
            fault = missing(step, answer)
            if not (fault and step.patient) or time.monotonic() > end:
                return answer, fault
            time.sleep(PAUSE)

    def _here(self, text: str) -> str:
        """Host ports as the page has them become free ones of this computer."""
        return PORT.sub(lambda found: (found[1] or found[3]) + self._port(found[2] or found[4]), text)

    def _port(self, number: str) -> str:
        if number not in self.ports:
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", 0))
                self.ports[number] = str(probe.getsockname()[1])
        return self.ports[number]

    def _type(self, step: Step) -> Answer:
        # the next command goes on with this one's folder and variables, as in one terminal
        state = self.folder.with_name("state")
        keep = f'code=$?; {{ declare -p -x; printf "cd %q\\n" "$PWD"; }} > {state}; exit $code'
        script = f"[ -f {state} ] && . {state}\nset -a\n{self._here(step.command)}\n{keep}\n"
        argv = ["bash", "-c", script]
        if step.typed or TERMINAL.search(step.command):
            return _on_a_terminal(argv, step.typed, self.folder, self.environment)
        done = subprocess.run(argv, cwd=self.folder, env=self.environment, stdin=subprocess.DEVNULL, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
                              timeout=2 * PATIENCE)  # fmt: skip
        return Answer(done.stdout, done.returncode)


def _on_a_terminal(argv: list[str], typed: Sequence[str], folder: Path, environment: Mapping[str, str]) -> Answer:
    """Run on a pseudo-terminal; each line is typed when the program has been quiet for a moment."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(folder)
        os.execvpe(argv[0], argv, dict(environment))
    text, left, end = b"", list(typed), time.monotonic() + PATIENCE
    while time.monotonic() < end:
        ready = select.select([terminal], [], [], 0.4)[0]
        if not ready:
            if not left:
                continue
            os.write(terminal, _keys(left.pop(0)))
            continue
        try:
            data = os.read(terminal, 65536)
        except OSError:  # EIO: the other side is closed
            break
        if not data:
            break
        text += data
    else:
        os.kill(pid, 9)
    os.close(terminal)
    return Answer(text.decode(errors="replace"), os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))


def _keys(line: str) -> bytes:
    """What a line sends: itself and Enter, or the control keys of `^P^Q`."""
    if re.fullmatch(r"(\^[A-Z])+", line):
        return bytes(ord(letter) - 64 for letter in line[1::2])
    return line.encode() + b"\n"


# -- the list of pages


def table(found: Sequence[Page]) -> str:
    """The pages as docs/courses.md lists them, in Markdown."""
    lines = ["| page | typed | as there | different, and why |", "|---|---|---|---|"]
    for page in sorted(found, key=lambda page: page.subject.lower()):
        why = "; ".join(f"`{step.command.splitlines()[0][:60]}`: {step.difference}"
                        for step in page.steps if step.difference)  # fmt: skip
        why = why.replace("|", r"\|")
        lines.append(f"| [{page.subject}]({page.address}) | {len(page.steps)} | {page.agreed} | {why} |")
    typed, agreed = sum(len(page.steps) for page in found), sum(page.agreed for page in found)
    return "\n".join([*lines, f"| all {len(found)} | {typed} | {agreed} | |", ""])
