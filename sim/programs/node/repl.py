"""The prompt of `node` on a terminal. Source: nodejs.org/api/repl.html."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sim.programs.node.command import give_modules
from sim.programs.node.compiler.modules import compiled
from sim.programs.node.errors import syntax_text
from sim.programs.node.inspecting import inspect
from sim.programs.node.machine import encoded
from sim.programs.node.syntax.tokens import JSSyntaxError, in_pairs
from sim.programs.node.values import Exit, JSObject, Property

if TYPE_CHECKING:
    from sim.programs.node.machine import Machine

OPEN_ENDS = ("Unexpected end of input", "Unterminated template literal", "missing ) after argument list")
HELP = """\
.break    Sometimes you get stuck, this gets you out
.clear    Alias for .break
.editor   Enter editor mode
.exit     Exit the REPL
.help     Print this help message
.load     Load JS from a file into the REPL session
.save     Save all evaluated commands in this REPL session to a file

Press Ctrl+C to abort current expression, Ctrl+D to exit the REPL
"""
GONE_ON = "(To exit, press Ctrl+C again or Ctrl+D or type .exit)\n"


class Prompt:
    """Reads lines, runs them, shows their values."""

    def __init__(self, machine: Machine) -> None:
        self._machine, self._held, self._lines = machine, bytearray(), list[str]()
        self._stopping, self._colors = False, machine.proc.isatty(1)

    async def begin(self) -> None:
        machine = self._machine
        give_modules(machine)
        machine.proc.signal(2, lambda number: machine.signals.append(number))
        machine.interrupted = self._interrupted
        self._say(f'Welcome to Node.js {machine.realm.version}.\nType ".help" for more information.\n> ')
        machine.watch(0, self._ready)

    def _say(self, text: str) -> None:
        self._machine.write(1, encoded(text))

    async def _interrupted(self) -> None:
        """Ctrl+C: the line is forgotten; the second one ends it."""
        if self._stopping and not self._lines:
            self._say("\n")
            raise Exit(0)
        self._stopping = not self._lines
        self._lines.clear()
        self._say(f"\n{GONE_ON}> " if self._stopping else "\n> ")

    async def _ready(self) -> None:
        try:
            data = await self._machine.proc.read(0)
        except InterruptedError:
            return
        if not data:
            self._say("\n")
            self._machine.unwatch(0)
            raise Exit(self._machine.exit_code or 0)
        self._held += data
        while b"\n" in self._held:
            line, _, self._held = self._held.partition(b"\n")
            await self._line(line.decode("utf-8", "replace"))

    async def _line(self, line: str) -> None:
        self._stopping = False
        if not self._lines and line.strip().startswith(".") and line.strip()[1:].isalpha():
            self._command(line.strip())
            return
        self._lines.append(line)
        source = in_pairs("\n".join(self._lines))
        if not source.strip():
            self._lines.clear()
            self._say("> ")
            return
        try:
            await self._run(source)
        except JSSyntaxError as failure:
            if failure.message in OPEN_ENDS and failure.end >= len(source.rstrip()):
                self._say("... " if self._machine.realm.major < 24 else "| ")
                return
            text = syntax_text(self._machine.realm, failure, "REPL", source).partition("\n\n")
            where = "\n".join(text[0].split("\n")[1:])
            self._say(f"{where}\n\nUncaught {text[2]}\n")
        self._lines.clear()
        self._say("> ")

    def _command(self, line: str) -> None:
        if line == ".exit":
            raise Exit(0)
        self._say(HELP if line == ".help" else "Invalid REPL keyword\n" if line not in (".break", ".clear") else "")
        self._say("> ")

    async def _run(self, source: str) -> None:
        """Raises JSSyntaxError for what is not a program (yet)."""
        machine, realm = self._machine, self._machine.realm
        text = source
        if source.lstrip().startswith("{") and not source.rstrip().endswith(";"):
            text = f"({source})"  # an object, rather than a block
        try:
            program = compiled(text, "REPL", "line")
        except JSSyntaxError:
            program = compiled(_awaited(source), "REPL", "line")
        name = f"REPL{len(realm.programs)}"
        main = realm.load(program, name)
        realm.programs["REPL"] = program
        try:
            value = await machine.task(main(realm.global_object))
            if "await " in source and isinstance(value, JSObject) and value.kind == "Promise":
                value = await self._settled(value)
        except Exit:
            raise
        except Exception as failure:
            value = realm.caught(failure)
            is_error = isinstance(value, JSObject) and value.kind == "Error"
            self._say(f"Uncaught {inspect(realm, value, colors=self._colors and not is_error)}\n")
            return
        realm.global_object.props["_"] = Property(value, writable=True, configurable=True)
        self._say(inspect(realm, value, colors=self._colors) + "\n")

    async def _settled(self, promise: JSObject) -> Any:
        from sim.programs.node.values import Thrown

        promise.data.handled = True
        self._machine.realm.unhandled.pop(id(promise), None)
        while promise.data.state == "pending":
            await self._machine.turn()
        if promise.data.state == "rejected":
            raise Thrown(promise.data.value)
        return promise.data.value


def _awaited(source: str) -> str:
    """A line with `await` at its top, as a function. Raises JSSyntaxError for the line as it is."""
    if "await " not in source:
        compiled(source, "REPL", "line")
    head, equals, value = source.partition("=")
    words = head.split()
    if equals and len(words) == 2 and words[0] in ("const", "let", "var"):
        return f"(async () => globalThis.{words[1]} = {value.strip().rstrip(';')})()"
    return f"(async () => ({source.strip().rstrip(';')}))()"
