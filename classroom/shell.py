"""Lines as a learner types them in a terminal, around docker: `docker rm $(docker ps -aq)`, `docker ps | wc -l`, loops.

The grammar and the word expansion are those of the simulated sh (sim/programs/shell), on the learner's own files and
variables. `docker` reaches the engine in this process; any other command goes to the computer's own shell, where there
is one. So the same line works in a notebook on Windows and in a browser as in a terminal on Linux.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from shlex import quote
from typing import Any, TypeVar, cast

from classroom.texts import tell
from engine.clock import SECOND
from sim.programs.shell import nodes
from sim.programs.shell.errors import LoopJump, ShellError
from sim.programs.shell.expansion import fields, string
from sim.programs.shell.parser import parse_program
from sim.programs.shell.unparser import command_text, unparse
from sim.programs.shell.variables import Variables

T = TypeVar("T")
STDOUT, STDERR = 1, 2
NOT_FOUND = 127
MOST = 3600  # seconds
Write = Callable[[int, bytes], object]  # (stream, data)
Docker = Callable[[Sequence[str], bytes, Write], int]  # (words after `docker`, standard input, write) -> exit code
Sleep = Callable[[float], object]  # lets so many seconds pass on the engine's clock
After = Callable[[str, int], object]  # (command, its status)
# (a command's text, the shell's variables, standard input, write) -> exit code; raises OSError where there is no shell
Outside = Callable[[str, Mapping[str, str], bytes, Write], int]


def _nothing(line: str, status: int) -> None:
    pass


def _computers_own(text: str, variables: Mapping[str, str], stdin: bytes, write: Write) -> int:
    """The computer's own shell runs a command."""
    done = subprocess.run(text, shell=True, input=stdin, capture_output=True, env=dict(variables), check=False)
    write(STDOUT, done.stdout)
    write(STDERR, done.stderr)
    return done.returncode


@dataclass(slots=True)
class _Files:
    """The learner's own files, as word expansion asks for them."""

    def listdir(self, path: str) -> list[str]:
        return [entry.name for entry in Path(path).iterdir()]

    def lstat(self, path: str) -> os.stat_result:
        return Path(path).lstat()

    def read_file(self, path: str) -> bytes:
        return Path(path).read_bytes()


@dataclass(slots=True)
class Shell:
    """Runs lines. `status` is `$?`; `names` are looked up first for `$NAME` (a notebook's variables).

    `outside` runs what is no command of this shell; `turn` is called before each turn of a loop, and may end it by
    raising; `moment` is the simulated time in ns, or None.
    """

    docker: Docker
    sleep: Sleep
    names: Mapping[str, Any] = field(default_factory=dict)
    variables: Variables = field(default_factory=lambda: Variables(dict(os.environ)))
    status: int = 0
    proc: Any = field(default_factory=_Files)
    positional: list[str] = field(default_factory=list)
    options: str = ""
    outside: Outside = _computers_own
    turn: Callable[[], object] = bool  # does nothing
    moment: Callable[[], int | None] = lambda: None

    def run(self, text: str, write: Write, stdin: bytes = b"", after: After = _nothing) -> int:
        """All commands of a text, `after(line, status)` following each. Errors are said as sh says them, status 2."""
        self.variables.set("PWD", _here(self.variables.get("PWD") or ""))
        program = parse_program(text)
        for command in program.commands:
            try:
                self._run(command, stdin, write)
            except ShellError as error:
                write(STDERR, f"sh: {error}\n".encode())
                self.status = error.status or 2
            except LoopJump:
                pass
            after(command_text(command), self.status)
        if program.error is not None:
            write(STDERR, f"sh: {program.error}\n".encode())
            self.status = 2
            after(text, self.status)
        return self.status

    # -- what word expansion asks for

    def special(self, name: str) -> str | None:
        return {"?": str(self.status), "#": "0", "0": "sh", "-": ""}.get(name)

    async def substitute(self, body: nodes.Sequence) -> str:
        return self._captured(body, b"", _to_stderr).decode(errors="replace").rstrip("\n")

    # -- commands

    def _run(self, node: nodes.Command, stdin: bytes, write: Write) -> None:
        match node:
            case nodes.SimpleCommand():
                self._simple(node, stdin, write)
            case nodes.Pipeline():
                self._pipeline(node, stdin, write)
            case nodes.Sequence(commands):
                for command in commands:
                    self._run(command, stdin, write)
            case nodes.AndOr(left, operator, right):
                self._run(left, stdin, write)
                if (self.status == 0) == (operator == "&&"):
                    self._run(right, stdin, write)
            case nodes.BraceGroup(body) | nodes.Subshell(body):
                self._run(body, stdin, write)
            case nodes.If():
                self._run(node.condition, stdin, write)
                if self.status == 0:
                    self._run(node.then, stdin, write)
                elif node.otherwise is not None:
                    self._run(node.otherwise, stdin, write)
            case nodes.For():
                self._for(node, stdin, write)
            case nodes.While():
                self._while(node, stdin, write)
            case nodes.Background() if _mentions(node):
                write(STDERR, f"sh: {tell('no background')}\n".encode())
                self.status = 1
            case _:
                self._outside(unparse(node), stdin, write)

    def _for(self, node: nodes.For, stdin: bytes, write: Write) -> None:
        for word in _now(fields(self, node.words or ())):
            self.turn()
            self.variables.set(node.name, word)
            self._run(node.body, stdin, write)

    def _while(self, node: nodes.While, stdin: bytes, write: Write) -> None:
        while True:
            self.turn()
            self._run(node.condition, stdin, write)
            if (self.status == 0) == node.until:
                self.status = 0
                return
            self._run(node.body, stdin, write)

    def _pipeline(self, node: nodes.Pipeline, stdin: bytes, write: Write) -> None:
        """One after the other, what each prints kept for the next: simulated commands cannot run at the same time."""
        *first, last = node.commands
        for command in first:
            stdin = self._captured(command, stdin, write, _Patience(self.moment))
        self._run(last, stdin, write)
        if node.negated:
            self.status = int(self.status == 0)

    def _captured(
        self, node: nodes.Command, stdin: bytes, write: Write, patience: Callable[[], object] = bool
    ) -> bytes:
        """What a command prints on standard output; the rest goes to `write`. `patience` may end it by raising."""
        kept = bytearray()

        def keep(stream: int, data: bytes) -> None:
            if stream == STDOUT:
                kept.extend(data)
                patience()
            else:
                write(stream, data)

        self._run(node, stdin, keep)
        return bytes(kept)

    def _simple(self, node: nodes.SimpleCommand, stdin: bytes, write: Write) -> None:
        if node.words and (node.words[0].literal or "") not in INSIDE:
            self._outside(command_text(node), stdin, write)
            return
        words = _now(fields(self, node.words))
        for assignment in node.assignments:
            self.variables.set(assignment.name, _now(string(self, assignment.value)))
        if not words:
            self.status = 0
            return
        streams = _Redirected(self, write, stdin)
        try:
            streams.apply(node.redirections)
            self.status = INSIDE[words[0]](self, words[1:], streams.stdin, streams.write)
        except OSError as error:
            write(STDERR, f"sh: can't open {error.filename}: {error.strerror}\n".encode())
            self.status = 1
        finally:
            streams.close()

    def _outside(self, text: str, stdin: bytes, write: Write) -> None:
        """What is no command of ours, with this shell's variables."""
        environment = {**self.variables.exported, **self.variables.private}
        try:
            self.status = self.outside(text, environment, stdin, write)
        except OSError:  # a browser has no processes
            name = text.split(None, 1)[0]
            write(STDERR, f"sh: {name}: not found\n".encode())
            self.status = NOT_FOUND

    # -- commands of our own

    def _docker(self, words: list[str], stdin: bytes, write: Write) -> int:
        return self.docker(words, stdin, write)

    def _sudo(self, words: list[str], stdin: bytes, write: Write) -> int:
        """`sudo docker` needs no password: whoever sits here is root of the machine already."""
        if words[:1] == ["docker"]:
            return self.docker(words[1:], stdin, write)
        self._outside(" ".join(map(quote, ["sudo", *words])), stdin, write)
        return self.status

    def _sleep(self, words: list[str], stdin: bytes, write: Write) -> int:
        try:
            self.sleep(sum(float(word.removesuffix("s")) for word in words))
        except ValueError:
            write(STDERR, f"sleep: invalid time interval '{' '.join(words)}'\n".encode())
            return 1
        return 0

    def _echo(self, words: list[str], stdin: bytes, write: Write) -> int:
        newline = "" if words[:1] == ["-n"] else "\n"
        write(STDOUT, (" ".join(words[1:] if not newline else words) + newline).encode())
        return 0

    def _export(self, words: list[str], stdin: bytes, write: Write) -> int:
        for word in words:
            name, _, value = word.partition("=")
            self.variables.exported[name] = value or self.variables.get(name) or ""
        return 0

    def _pwd(self, words: list[str], stdin: bytes, write: Write) -> int:
        write(STDOUT, f"{self.variables.get('PWD')}\n".encode())
        return 0

    def _cd(self, words: list[str], stdin: bytes, write: Write) -> int:
        os.chdir(words[0] if words else Path.home())
        self.variables.set("PWD", str(Path.cwd()))
        return 0


INSIDE: dict[str, Callable[[Shell, list[str], bytes, Write], int]] = {
    "": lambda shell, words, stdin, write: 0,
    "docker": Shell._docker,
    "sudo": Shell._sudo,
    "sleep": Shell._sleep,
    "echo": Shell._echo,
    "export": Shell._export,
    "cd": Shell._cd,
    "pwd": Shell._pwd,
    "true": lambda shell, words, stdin, write: 0,
    "false": lambda shell, words, stdin, write: 1,
}


def _here(named: str) -> str:
    """The current folder, as `named` if that is it. A notebook moves without telling; Windows has no such variable."""
    with suppress(OSError):
        if not Path(named).is_absolute() or not Path(named).samefile(Path.cwd()):
            return str(Path.cwd())
    return named


@dataclass(slots=True)
class _Patience:
    """Of the next command in a pipe: what prints on and on, as `docker stats | head`, is ended as by SIGPIPE.

    Raises BrokenPipeError after `MOST` seconds of the machine's time in which something was printed.
    """

    moment: Callable[[], int | None]
    second: int = -1
    seconds: int = 0

    def __call__(self) -> None:
        second = (self.moment() or 0) // SECOND
        self.seconds += second != self.second
        self.second = second
        if self.seconds > MOST:
            raise BrokenPipeError


class _Redirected:
    """Where one command's streams go."""

    def __init__(self, shell: Shell, write: Write, stdin: bytes) -> None:
        self._shell, self.stdin = shell, stdin
        self._to: dict[int, Callable[[bytes], object]] = {
            STDOUT: lambda data: write(STDOUT, data),
            STDERR: lambda data: write(STDERR, data),
        }
        self._files: list[Any] = []

    def apply(self, redirections: Sequence[nodes.Redirect]) -> None:
        """Raises OSError."""
        for redirection in redirections:
            if isinstance(redirection, nodes.HereDocument):
                self.stdin = _now(string(self._shell, redirection.body)).encode()
                continue
            target = _now(string(self._shell, redirection.target))
            if redirection.operator == "<":
                self.stdin = Path(target).read_bytes()
            elif redirection.operator == ">&":
                self._to[redirection.fd] = self._to[int(target)]
            else:
                file = open(target, "ab" if redirection.operator == ">>" else "wb")  # noqa: SIM115, PTH123
                self._files.append(file)
                self._to[redirection.fd] = file.write

    def write(self, stream: int, data: bytes) -> None:
        self._to[stream](data)

    def close(self) -> None:
        for file in self._files:
            file.close()


def _now(coroutine: Coroutine[Any, Any, T]) -> T:
    """The result of a coroutine that never waits: expansion does so only for commands, which run at once here."""
    try:
        coroutine.send(None)
    except StopIteration as done:
        return cast("T", done.value)
    raise AssertionError("word expansion waited")


def _to_stderr(stream: int, data: bytes) -> None:
    sys.stderr.write(data.decode(errors="replace"))


def concerns_us(text: str) -> bool:
    """Is there a docker command in these lines, or is `sleep` all that they do? Else they are nothing for us."""
    commands = parse_program(text).commands
    return any(map(_mentions, commands)) or (bool(commands) and all(map(_only_sleeps, commands)))


def _only_sleeps(node: nodes.Command) -> bool:
    if isinstance(node, nodes.Sequence):
        return all(map(_only_sleeps, node.commands))
    return isinstance(node, nodes.SimpleCommand) and bool(node.words) and node.words[0].literal == "sleep"


def _mentions(node: object) -> bool:
    if isinstance(node, nodes.SimpleCommand):
        first = [word.literal for word in node.words[:2]]
        if first[:1] == ["docker"] or first == ["sudo", "docker"]:
            return True
    if isinstance(node, tuple):
        return any(_mentions(item) for item in node)
    slots = getattr(type(node), "__dataclass_fields__", ())
    return any(_mentions(getattr(node, name)) for name in slots if name not in ("literal", "line", "end"))
