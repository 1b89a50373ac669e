"""The learner's terminal as a docker command meets it: a console, and connections that are typed into.

The command runs as it does everywhere (engine/client); it only believes to have a terminal. When it waits for keys, the
session waits for messages. As on Linux, the terminal hands on whole lines (cooked) until a command wants each key
(raw); Ctrl-C is a key for a program that has a terminal, and a signal for one that has none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from classroom.playground.pace import Interrupted, Pace, Regime
from classroom.shell import STDERR, STDOUT, Write
from engine.api.inprocess import Answer, Connection, Session, WaitsForInput
from engine.client.context import Failure
from engine.detach import DEFAULT_KEYS, Detector, key_bytes
from engine.loop import Loop

INTERRUPT, END, ENTER = "\x03", "\x04", "\r"
PATIENT = 3  # times Ctrl-C is handed on to a program that does not end, as docker does it
GOES_ON = ("/logs", "/stats", "/events", "/wait")  # ends of paths whose answers may go on for ever


class Keyboard(bytes):
    """Standard input of a command that nothing else was given: what is typed."""


@dataclass(slots=True)
class Terminal:
    """`show` is for the screen, `tell` says in which mode keys are wanted ("busy", "keys", "text", "secret").

    `heard` is told of keys when they have come to where they were wanted, and in which of these modes that was.
    """

    pace: Pace
    show: Write
    tell: Callable[[str], None]
    heard: Callable[[str, str], None]
    rows: int = 24
    columns: int = 80
    conversation: Conversation | None = None
    on_resize: Callable[[int, int], None] | None = None
    ahead: str = ""  # typed, and not yet wanted

    def typed(self, text: str) -> None:
        """Keys arrive while a command runs. Raises Interrupted."""
        if self.conversation is not None:
            self.conversation.typed(text)
        elif INTERRUPT in text:
            self.heard(INTERRUPT, "keys")
            self.ahead = ""
            self.show(STDERR, b"^C\r\n")
            raise Interrupted
        else:
            self.ahead += text

    def resize(self, rows: int, columns: int) -> None:
        self.rows, self.columns = rows, columns
        if self.on_resize is not None:
            self.on_resize(rows, columns)

    def read_line(self, loop: Loop, unseen: bool = False) -> bytes:
        """A line for a command that asks something; b"" after Ctrl-D. `unseen`: as for a password."""
        mode = "secret" if unseen else "text"
        self.tell(mode)
        self.pace.regime = Regime.TYPING
        while not any(end in self.ahead for end in (ENTER, "\n", END)):
            loop.step()
            loop.run_ready()
        text = self.ahead.replace(ENTER, "\n")
        line, found, rest = text.partition("\n") if "\n" in text else text.partition(END)
        self.ahead = rest
        self.heard(line + found, mode)
        self.tell("busy")
        self.pace.work()
        if not unseen:
            self.show(STDOUT, f"{line}\r\n".encode())
        return line.encode() + (b"\n" if found == "\n" else b"")


@dataclass(slots=True)
class TerminalConsole:
    """`engine.client.console.Console` of one command. A stream that goes into a pipe or a file is no terminal."""

    terminal: Terminal
    loop: Loop
    sink: Write
    stdin: bytes
    stdout_tty: bool
    stderr_tty: bool = True
    stdin_tty: bool = field(init=False)
    unseen: bool = False

    def __post_init__(self) -> None:
        self.stdin_tty = isinstance(self.stdin, Keyboard)

    def write(self, stream: int, data: bytes) -> None:
        self.sink(stream, data)

    def out(self, text: str) -> None:
        self.write(STDOUT, text.encode() + b"\n")

    def err(self, text: str) -> None:
        self.write(STDERR, text.encode() + b"\n")

    def read(self) -> bytes:
        if not self.stdin_tty:
            data, self.stdin = self.stdin, b""
            return data
        if self.terminal.conversation is None:
            return self.terminal.read_line(self.loop, self.unseen)
        self.terminal.conversation.sit_down()
        return b""  # what is typed goes to the conversation without us

    def size(self) -> tuple[int, int]:
        return self.terminal.rows, self.terminal.columns

    @contextmanager
    def raw(self) -> Iterator[None]:
        if self.terminal.conversation is not None:
            self.terminal.conversation.raw = True
        self.unseen = True
        try:
            yield
        finally:
            self.unseen = False


class Wire:
    """`engine.client.connection.Connection` of the learner's commands: an engine's, but one can sit in front of it."""

    where = "in-process"

    def __init__(self, inner: Connection, terminal: Terminal) -> None:
        self._inner, self._terminal = inner, terminal
        self.command = inner.command
        self._waiting: Answer | None = None

    def request(
        self,
        method: str,
        path: str,
        query: Mapping[str, str | Sequence[str]] | None = None,
        headers: Mapping[str, str] | None = None,
        body: bytes | Iterator[bytes] = b"",
    ) -> Answer:
        if path.endswith("/resize"):
            self._terminal.on_resize = lambda rows, columns: self._resize(path, rows, columns)
        if path.endswith(GOES_ON) and self._terminal.pace.regime is Regime.WORKING:
            self._terminal.pace.regime = Regime.FOLLOWING
        answer = self._inner.request(method, path, query, headers, body)
        if path.endswith("/wait"):
            self._waiting = answer
        return answer

    def upgrade(
        self, path: str, query: Mapping[str, str | Sequence[str]] | None = None,
        headers: Mapping[str, str] | None = None, body: bytes = b"",
    ) -> tuple[Answer, Conversation | None]:  # fmt: skip
        answer, session = self._inner.upgrade(path, query, headers, body)
        if session is None:
            return answer, None
        self._terminal.pace.regime = Regime.FOLLOWING
        keys = str((query or {}).get("detachKeys") or "")
        conversation = Conversation(self._terminal, self._inner.engine.loop, session, keys)
        if path.endswith("/attach"):
            conversation.kill = lambda: self._kill(path)
        self._terminal.conversation = conversation
        return answer, conversation

    def done(self) -> None:
        """The command is over, however it ended: what it held is let go."""
        terminal = self._terminal
        if terminal.conversation is not None:
            terminal.conversation.close()
        if self._waiting is not None:
            self._waiting.close()
        terminal.conversation = terminal.on_resize = self._waiting = None
        terminal.pace.work()

    def _kill(self, path: str) -> None:
        """`--sig-proxy`: docker hands Ctrl-C on to the container."""
        self._inner.request("POST", path.removesuffix("/attach") + "/kill", {"signal": "INT"}).read()

    def _resize(self, path: str, rows: int, columns: int) -> None:
        self._inner.request("POST", path, {"h": str(rows), "w": str(columns)}).read()


class Conversation:
    """`engine.client.connection.Stream` to a program: its output, and whoever sits in front of it."""

    patient = False

    def __init__(self, terminal: Terminal, loop: Loop, inner: Session, keys: str) -> None:
        self._terminal, self._loop, self._inner = terminal, loop, inner
        self._detector = Detector(_keys(keys))
        self.raw = self._seated = self._left = self._closed = False
        self.kill: Callable[[], Any] | None = None
        self._interrupts = 0

    def sit_down(self) -> None:
        """Somebody types into it from now on."""
        terminal, self._seated = self._terminal, True
        terminal.pace.regime = Regime.TYPING
        terminal.tell("keys" if self.raw else "text")
        ahead, terminal.ahead = terminal.ahead, ""
        if ahead:
            self.typed(ahead)

    def send(self, data: bytes) -> None:
        self._inner.send(data)

    def recv(self) -> bytes:
        """As the stream's; what cannot go on without keys waits for them here. Raises Failure after detaching."""
        while True:
            if self._left:
                self._terminal.show(STDOUT, b"\r\n")
                raise Failure("", 0)  # docker says nothing, and that it went well
            try:
                return self._inner.recv()
            except WaitsForInput:
                self._loop.step()
                self._loop.run_ready()

    def half_close(self) -> None:
        if not self._seated:
            self._inner.half_close()

    def hang_up(self) -> None:
        self.close()

    def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        self._inner.close()
        if self._terminal.conversation is self:
            self._terminal.conversation = None
        if self._seated:
            self._terminal.tell("busy")

    def typed(self, text: str) -> None:
        """Keys of the learner. Raises Interrupted when a program without a terminal will not end."""
        if not self.raw and INTERRUPT in text:
            self._terminal.heard(INTERRUPT, "keys")
            self._interrupt()
            return
        if not self._seated:
            self._terminal.ahead += text
            return
        self._terminal.heard(text, "keys")
        if self.raw:
            passed, self._left = self._detector.feed(text.encode())
            self._send(passed)
        else:
            lines, end, _ = text.replace(ENTER, "\n").partition(END)
            self._terminal.show(STDOUT, lines.replace("\n", "\r\n").encode())
            self._send(lines.encode())
            if end:
                self._inner.half_close()

    def _send(self, data: bytes) -> None:
        with suppress(ConnectionError):  # it has just ended
            if data:
                self._inner.send(data)

    def _interrupt(self) -> None:
        self._terminal.show(STDERR, b"^C")
        self._interrupts += 1
        if self.kill is None or self._interrupts >= PATIENT:
            self._terminal.show(STDERR, b"\r\n")
            raise Interrupted
        self.kill()


def _keys(text: str) -> bytes:
    """What leaves the terminal; what cannot be read is the daemon's to refuse."""
    with suppress(ValueError):
        return key_bytes(text) if text else DEFAULT_KEYS
    return DEFAULT_KEYS
