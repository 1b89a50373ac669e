"""sed scripts: text to commands (POSIX sed, with GNU's a/i/c on one line, `I`, `first~step`, `addr,+N`).

A script becomes a flat tuple of `Command`s; braces become jumps, so that running it is a loop over an index.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from sim.programs.text.regex import BadRegex, Regex, compile


class ScriptError(ValueError):
    """sed's text, without "sed: "."""


@dataclass(frozen=True, slots=True)
class Address:
    """One place in the input. A "regex" without `regex` is the last one used; `step` is that of first~step, +N, ~N."""

    kind: str  # "line" | "last" | "regex" | "step" | "plus" | "multiple"
    line: int = 0
    step: int = 0
    regex: Regex | None = None


@dataclass(frozen=True, slots=True)
class Substitution:
    regex: Regex | None
    replacement: str
    nth: int
    everywhere: bool
    prints: bool
    file: str


@dataclass(frozen=True, slots=True)
class Command:
    """`name` is the letter; `target` the index to go on at ("{" when its address does not match, b, t, T)."""

    name: str
    first: Address | None = None
    last: Address | None = None
    negated: bool = False
    text: str = ""
    substitution: Substitution | None = None
    table: tuple[tuple[str, str], ...] = ()
    target: int = -1


def parse(script: str, extended: bool = False) -> tuple[Command, ...]:
    """Raises ScriptError."""
    return _Parser(script, extended).run()


class _Parser:
    def __init__(self, script: str, extended: bool) -> None:
        self.script, self.extended = script, extended
        self.at = 0
        self.commands: list[Command] = []
        self.open: list[int] = []
        self.labels: dict[str, int] = {}

    def run(self) -> tuple[Command, ...]:
        while True:
            self.skip(" \t\n;")
            if self.at >= len(self.script):
                break
            self.command()
        if self.open:
            raise ScriptError("unmatched {")
        return tuple(self.resolved(command) for command in self.commands)

    def resolved(self, command: Command) -> Command:
        if command.name not in "btT":
            return command
        if command.text and command.text not in self.labels:
            raise ScriptError(f"can't find label for jump to '{command.text}'")
        return replace(command, target=self.labels.get(command.text, len(self.commands)))

    def skip(self, chars: str) -> None:
        while self.at < len(self.script) and self.script[self.at] in chars:
            self.at += 1

    def peek(self) -> str:
        return self.script[self.at] if self.at < len(self.script) else ""

    def take(self) -> str:
        char = self.peek()
        self.at += 1
        return char

    def command(self) -> None:
        first = self.address()
        last = None
        if first is not None and self.peek() == ",":
            self.at += 1
            self.skip(" \t")
            last = self.address()
            if last is None:
                raise ScriptError("no address after comma")
        self.skip(" \t")
        negated = False
        while self.peek() == "!":
            negated = True
            self.at += 1
            self.skip(" \t")
        name = self.take()
        if not name:
            raise ScriptError("missing command")
        self.add(Command(name, first, last, negated))

    def add(self, command: Command) -> None:
        match command.name:
            case "#":
                self.line()
                return
            case ":":
                self.labels[self.word()] = len(self.commands)
                return
            case "{":
                self.open.append(len(self.commands))
                self.commands.append(command)
                return
            case "}":
                if not self.open:
                    raise ScriptError("unexpected }")
                begin = self.open.pop()
                self.commands[begin] = replace(self.commands[begin], target=len(self.commands))
                self.end()
                return
            case "s":
                command = replace(command, substitution=self.substitution())
            case "y":
                command = replace(command, table=self.table())
            case "a" | "i" | "c":
                command = replace(command, text=self.text())
            case "b" | "t" | "T":
                command = replace(command, text=self.word())
            case "r" | "w":
                self.skip(" \t")
                command = replace(command, text=self.line())
            case "q" | "Q":
                self.skip(" \t")
                command = replace(command, text=self.digits())
                self.end()
            case name if name in "=dDgGhHlnNpPxz":
                self.end()
            case name:
                raise ScriptError(f"unsupported command {name}")
        self.commands.append(command)

    def end(self) -> None:
        """After a command: blanks, then ; or } or the line's end or a comment."""
        self.skip(" \t")
        if self.peek() not in ("", ";", "\n", "}", "#"):
            raise ScriptError(f"garbage after command: {self.peek()}")

    def digits(self) -> str:
        begin = self.at
        while self.peek().isdigit():
            self.at += 1
        return self.script[begin : self.at]

    def line(self) -> str:
        end = self.script.find("\n", self.at)
        end = len(self.script) if end < 0 else end
        text, self.at = self.script[self.at : end], end
        return text

    def word(self) -> str:
        self.skip(" \t")
        begin = self.at
        while self.peek() not in ("", "\n", ";", "}"):
            self.at += 1
        return self.script[begin : self.at].strip()

    def text(self) -> str:
        """The text of a, i, c: after `a\\` and a newline, or on the same line; backslash-newline goes on."""
        self.skip(" \t")
        if self.peek() == "\\":
            self.at += 1
            self.skip(" \t")
            if self.peek() == "\n":
                self.at += 1
        out: list[str] = []
        while (char := self.take()) not in ("", "\n"):
            if char == "\\":
                char = self.take()
            out.append(char)
        return "".join(out) + "\n"

    def address(self) -> Address | None:
        char = self.peek()
        if char.isdigit():
            number = int(self.digits())
            if self.peek() == "~":
                self.at += 1
                return Address("step", number, int(self.digits() or 0))
            return Address("line", number)
        if char == "$":
            self.at += 1
            return Address("last")
        if char in ("+", "~") and char:
            self.at += 1
            return Address("plus" if char == "+" else "multiple", step=int(self.digits() or 0))
        if char not in ("/", "\\") or not char:
            return None
        self.at += 1 + (char == "\\")
        pattern = self.delimited(self.script[self.at - 1])
        ignore = False
        while self.peek() in ("I", "M") and self.peek():
            ignore |= self.take() == "I"
        return Address("regex", regex=self.regex(pattern, ignore))

    def delimited(self, delimiter: str) -> str:
        """Up to the next unescaped delimiter; an escaped one loses its backslash. Brackets protect it."""
        out: list[str] = []
        bracket = False
        while (char := self.take()) != delimiter or bracket:
            if char == "":
                raise ScriptError(f"unmatched '{delimiter}'")
            if char == "\\" and not bracket:
                escaped = self.take()
                out.append(escaped if escaped == delimiter and delimiter not in "|+?(){}.*[]^$" else "\\" + escaped)
                continue
            if char == "[" and not bracket:
                bracket = True
                out.append(char)
                if self.peek() == "^":
                    out.append(self.take())
                if self.peek() == "]":
                    out.append(self.take())
                continue
            if char == "]":
                bracket = False
            out.append(char)
        return "".join(out)

    def regex(self, pattern: str, ignore: bool) -> Regex | None:
        try:
            return compile(pattern, self.extended, ignore) if pattern else None
        except BadRegex as error:
            raise ScriptError(f"bad regex '{pattern}': {error}") from None

    def substitution(self) -> Substitution:
        delimiter = self.take()
        pattern = self.delimited(delimiter)
        replacement = self.replacement(delimiter)
        flags, file, nth = "", "", 0
        while (char := self.peek()) and char not in ";\n}# \t":
            if char.isdigit():
                nth = int(self.digits())
                continue
            self.at += 1
            if char == "w":
                self.skip(" \t")
                file = self.line()
            elif char in "gpIie":
                flags += char
            else:
                raise ScriptError("bad option in substitution expression")
        regex = self.regex(pattern, "I" in flags or "i" in flags)
        return Substitution(regex, replacement, nth, "g" in flags, "p" in flags, file)

    def replacement(self, delimiter: str) -> str:
        out: list[str] = []
        while (char := self.take()) != delimiter:
            if char == "":
                raise ScriptError(f"unmatched '{delimiter}'")
            if char == "\\":
                escaped = self.take()
                out.append(
                    escaped
                    if escaped == delimiter and delimiter != "&"
                    else "\n"
                    if escaped == "\n"
                    else "\\" + escaped
                )
            else:
                out.append(char)
        return "".join(out)

    def table(self) -> tuple[tuple[str, str], ...]:
        delimiter = self.take()
        old, new = (self.delimited(delimiter).replace("\\n", "\n").replace("\\\\", "\\") for _ in range(2))
        if len(old) != len(new):
            raise ScriptError("strings for 'y' command are different lengths")
        return tuple(zip(old, new, strict=True))
