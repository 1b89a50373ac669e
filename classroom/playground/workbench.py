"""One simulated engine with a shell in front of it and the learner's desk beside it: runs one line at a time."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout

from classroom import faultline
from classroom.lab import INTERRUPTED, TYPING
from classroom.playground.desk import Desk
from classroom.playground.moments import NOTHING, Seen, look
from classroom.playground.pace import Interrupted, Pace
from classroom.playground.terminal import Keyboard, Terminal, TerminalConsole, Wire
from classroom.shell import STDERR, STDOUT, Shell, Write
from engine.api.inprocess import Connection
from engine.client.command import main
from engine.client.connection import Api
from engine.loop import SECOND
from sim.make import make_engine
from sim.programs.shell.variables import Variables
from sim.shares import Share

EDITORS = ("edit", "nano", "vi", "vim", "emacs", "code")
FAULT = ["glassdock", "fault"]
CLEAR = b"\x1b[H\x1b[2J\x1b[3J"
INHERITED = ("PATH", "LANG", "TERM")
Edit = Callable[[str], None]


class Workbench:
    """`seed`: the same seed and lines give the same ids, names and times. `edit(path)` shows a file in the editor."""

    def __init__(self, seed: int, desk: Desk, terminal: Terminal, pace: Pace, write: Write, edit: Edit) -> None:
        desk.clear()
        self.engine = make_engine(seed=seed, shares=[Share(desk.home, writable=True)])
        self._loop, self._desk, self._terminal, self._pace = self.engine.loop, desk, terminal, pace
        self._write, self._edit = write, edit
        pace.drive(self._loop)
        desk.lay_out(self._loop.time)
        self._connection = Connection(self.engine)
        self.api = Api(self._connection)
        self._wire = Wire(self._connection, terminal)
        home = str(desk.home)
        variables = Variables({"HOME": home, "PWD": home, "USER": "student", "TERM": "xterm-256color"})
        self.shell = Shell(self._docker, self._sleep, variables=variables, outside=self._outside, turn=pace.look)
        self._printed = False
        self._newest = 0
        self.seen: list[Seen] = [NOTHING]

    def run(self, text: str) -> None:
        """A line, to its end. What there is afterwards is the newest of `seen`."""
        before = self._seen_until()
        self.shell.variables.set("PWD", str(self._desk.here()))
        try:
            status = self.shell.run(text, self._to_screen, Keyboard())
        except Interrupted:
            status = self.shell.status = INTERRUPTED
        self._wire.done()
        self._desk.settle(self._loop.time)
        self._pass(TYPING)
        spans = self.api.get("/glassdock/trace", {"since": str(before)})
        self.seen.append(look(self.api, text, status, spans, self.seen[-1], self._loop.time))

    def glance(self, text: str) -> Seen:
        """What there is in the midst of a line."""
        spans = self.api.get("/glassdock/trace", {"since": str(self._newest)})
        return look(self.api, text, 0, spans, self.seen[-1], self._loop.time)

    @property
    def prompt(self) -> str:
        here = self._desk.here()
        inside = here.is_relative_to(self._desk.home)
        return (
            f"~/{here.relative_to(self._desk.home).as_posix()}".removesuffix("/.") + " $ " if inside else f"{here} $ "
        )

    # -- what the shell asks for

    def _docker(self, words: Sequence[str], stdin: bytes, write: Write) -> int:
        self._pace.look()
        self._desk.settle(self._loop.time)
        self._pace.work()
        on_screen = [self._reaches_screen(write, stream) for stream in (STDOUT, STDERR)]
        console = TerminalConsole(self._terminal, self._loop, write, stdin, *on_screen)
        try:
            return main(words, self._wire, console)
        finally:
            self._wire.done()

    def _sleep(self, seconds: float) -> None:
        self._pace.look()
        self._pass(seconds)

    def _pass(self, seconds: float) -> None:
        self._loop.advance(self._loop.time + int(seconds * SECOND))

    def _outside(self, text: str, variables: Mapping[str, str], stdin: bytes, write: Write) -> int:
        words = text.split()
        if words[0] in EDITORS:
            self._edit(words[-1] if len(words) > 1 else "Dockerfile")
            return 0
        if words[0] == "clear":
            write(STDOUT, CLEAR)
            return 0
        if words[:2] == FAULT:
            return self._fault(words[2:], write)
        kept = {name: value for name, value in variables.items() if name not in INHERITED}
        status = self._desk.run(text, kept, stdin, write, self._loop)
        self._desk.settle(self._loop.time)
        return status

    def _fault(self, words: Sequence[str], write: Write) -> int:
        """`glassdock fault`, of this engine and no other."""
        said, complained = io.StringIO(), io.StringIO()
        with redirect_stdout(said), redirect_stderr(complained):
            try:
                status = faultline.main(words, self.api)
            except SystemExit as ended:  # of argparse
                status = int(ended.code or 0)
        write(STDOUT, said.getvalue().encode())
        write(STDERR, complained.getvalue().encode())
        return status

    def _to_screen(self, stream: int, data: bytes) -> None:
        self._printed = True
        self._pace.look()
        self._write(stream, data)

    def _reaches_screen(self, write: Write, stream: int) -> bool:
        """Does what is written there come to the screen, through all pipes and redirections? Nothing is, to see."""
        self._printed = False
        write(stream, b"")
        return self._printed

    def _seen_until(self) -> int:
        """The newest span's id: what was only looked at since the last line is no part of the next one."""
        newer = self.api.get("/glassdock/trace", {"since": str(self._newest)})
        self._newest = max([self._newest, *(span["id"] for span in newer)])
        return self._newest
