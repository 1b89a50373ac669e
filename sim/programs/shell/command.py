"""The command line of the shell: options, and where the commands come from (a string, a file, standard input)."""

from __future__ import annotations

import os
from dataclasses import dataclass, field

from sim.abi import Proc
from sim.programs.shell.builtins.environment import OPTIONS, set_option
from sim.programs.shell.commands import run
from sim.programs.shell.dialects import ASH, BASH, DASH, Dialect
from sim.programs.shell.errors import ShellError
from sim.programs.shell.interpreter import Interpreter
from sim.programs.shell.parser import Parser
from sim.programs.shell.tokens import ShellSyntaxError

_CHUNK = 1023  # bytes that the shell reads of its standard input at once, as busybox does
_DEFAULT_PATH = "/sbin:/usr/sbin:/bin:/usr/bin"
_LONG = {"--login": "l", "--norc": "", "--noprofile": "", "--posix": "", "--interactive": "i"}


async def ash(proc: Proc) -> int:
    """`sh`, `ash` of busybox."""
    return await main(proc, ASH)


async def dash(proc: Proc) -> int:
    """Debian's `sh`."""
    return await main(proc, DASH)


async def bash(proc: Proc) -> int:
    """`bash`; also under the name `sh`."""
    return await main(proc, BASH)


@dataclass(slots=True)
class _Arguments:
    """The command line: letters of options, the text of -c, the rest."""

    options: str = ""
    wants_text: bool = False
    wants_input: bool = False
    interactive: bool = False
    login: bool = False
    rest: list[str] = field(default_factory=list)


def _arguments(argv: list[str]) -> _Arguments:
    """Raises ShellError for an illegal option."""
    found = _Arguments(login=argv[0].startswith("-"))
    rest = argv[1:]
    while rest and len(rest[0]) > 1 and rest[0][0] in "-+":
        word = rest.pop(0)
        if word == "--":
            break
        if word.startswith("--") and word in _LONG:
            letters = _LONG[word]
        elif word.startswith("--"):
            raise ShellError(f"bad option '{word}'")
        else:
            letters = word[1:]
        for letter in letters:
            if letter == "o" and rest:
                name = rest.pop(0)
                if name not in OPTIONS:
                    raise ShellError(f"illegal option -o {name}")
                found.options += OPTIONS[name]
            else:
                _letter(found, word[0] == "-", letter)
    found.rest = rest
    return found


def _letter(found: _Arguments, on: bool, letter: str) -> None:
    if letter == "c":
        found.wants_text = True
    elif letter == "s":
        found.wants_input = True
    elif letter == "i":
        found.interactive = True
    elif letter == "l":
        found.login = True
    elif letter in OPTIONS.values():
        found.options = found.options.replace(letter, "") + (letter if on else "")
    else:
        raise ShellError(f"illegal option -{letter}")


async def main(proc: Proc, dialect: Dialect) -> int:
    """Run a shell to its end; its exit status."""
    shell = _start(proc, dialect, proc.argv[0].removeprefix("-"))
    return await shell.finish(_run(shell))


def _start(proc: Proc, dialect: Dialect, name: str) -> Interpreter:
    shell = Interpreter(proc, dialect, name)
    variables = shell.variables
    level = variables.exported.get("SHLVL", "0")
    if dialect.name != "dash":
        variables.exported["SHLVL"] = str(int(level) + 1 if level.isdecimal() else 1)
    variables.exported["PWD"] = proc.cwd
    if dialect.bash:
        variables.private["BASH_VERSION"] = "5.2.15(1)-release"
    if "PATH" not in variables.exported:
        variables.private["PATH"] = _DEFAULT_PATH
    return shell


async def _run(shell: Interpreter) -> None:
    arguments = _arguments(shell.proc.argv)
    rest = arguments.rest
    shell.options = arguments.options
    if arguments.login:
        await _profile(shell)
    if arguments.wants_text:
        if not rest:
            raise ShellError("-c requires an argument" if not shell.dialect.bash else "-c: option requires an argument")
        text, *rest = rest
        if rest:
            shell.name, *shell.positional = rest
            shell.command_name = shell.name if shell.dialect.name == "ash" else ""
        set_option(shell, "c", True)
        await shell.run_text(text, shell.dialect.first_line, last=True)
    elif rest and not arguments.wants_input:
        await _run_file(shell, rest[0], rest[1:])
    else:
        shell.positional = rest
        set_option(shell, "s", True)
        if arguments.interactive or (shell.proc.isatty(0) and shell.proc.isatty(1)):
            from sim.programs.shell.interactive import interact

            await interact(shell)
        else:
            await _run_input(shell)


async def _run_file(shell: Interpreter, path: str, positional: list[str]) -> None:
    try:
        text = shell.proc.read_file(path).decode(errors="surrogateescape")
    except OSError as error:
        text = f"can't open '{path}': {error.strerror or os.strerror(error.errno or 0)}"
        shell.variables.line = 0
        raise ShellError(text, shell.dialect.missing_script) from None
    shell.name, shell.positional = path, positional
    shell.command_name = path if shell.dialect.name == "ash" else ""
    await shell.run_text(text)


async def run_script(proc: Proc, dialect: Dialect, path: str, positional: list[str]) -> int:
    """A text file without `#!`, run by a fresh shell in this process."""
    shell = _start(proc, dialect, path)
    return await shell.finish(_run_file(shell, path, positional))


async def _profile(shell: Interpreter) -> None:
    """A login shell first runs /etc/profile and ~/.profile."""
    home = shell.variables.get("HOME") or "/"
    for path in ("/etc/profile", f"{home}/.profile"):
        try:
            text = shell.proc.read_file(path).decode(errors="surrogateescape")
        except OSError:
            continue
        await shell.run_text(text)


class Source:
    """Commands out of a text that is still growing."""

    def __init__(self, shell: Interpreter) -> None:
        self.shell = shell
        self.ended = False
        self._text, self._position, self._line = "", 0, 1

    def feed(self, text: str) -> None:
        """More text; "" is the end."""
        self._text, self._position = self._text[self._position :] + text, 0
        self.ended = not text

    def drop(self) -> None:
        """Forget what is not run yet, as after an error at the prompt."""
        self._line += self._text.count("\n")
        self._text, self._position = "", 0

    def unfinished(self) -> bool:
        """Is a command begun?"""
        return bool(self._text[self._position :].strip())

    async def run(self) -> None:
        """Run the commands that are whole. Raises ShellError for a syntax error."""
        shell = self.shell
        while True:
            whole = len(self._text) if self.ended else self._text.rfind("\n") + 1
            parser = Parser(
                self._text[:whole],
                position=self._position,
                line=self._line,
                more=not self.ended,
                bash=shell.dialect.bash,
                aliases=shell.aliases,
            )
            try:
                command = parser.complete_command()
            except ShellSyntaxError as error:
                if error.at_end and not self.ended:
                    return
                shell.variables.line = error.line
                raise ShellError(shell.dialect.syntax(str(error)), 2) from None
            if command is None:
                return
            left = len(parser.lexer.text) - parser.lexer.position  # aliases may have changed the text before it
            self._line, self._position = parser.lexer.line, whole - left
            if "n" not in shell.options or shell.interactive:
                await run(shell, command)


async def _run_input(shell: Interpreter) -> None:
    """Commands from standard input, as they come."""
    source = Source(shell)
    while not source.ended:
        data = await shell.read(0, _CHUNK)
        source.feed(data.decode(errors="surrogateescape"))
        await source.run()
