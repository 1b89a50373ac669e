"""An interactive shell: banner, prompts, job control, and the loop that reads and runs what is typed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.programs.shell import expansion, jobs, traps
from sim.programs.shell.command import Source
from sim.programs.shell.editor import Editor
from sim.programs.shell.errors import Exit, Interrupt, LoopJump, Return, ShellError
from sim.programs.shell.lexer import here_text

if TYPE_CHECKING:
    from sim.programs.shell.interpreter import Interpreter

_TERMINAL = 10  # the descriptor under which the shell keeps its terminal


async def interact(shell: Interpreter) -> None:
    """Read and run commands until the end of input or `exit`."""
    shell.interactive = True
    for number in (traps.SIGINT, *traps.INTERACTIVE_IGNORES):
        traps.install(shell, number)
    await _control_jobs(shell)
    if "PS1" not in shell.variables.exported:
        shell.variables.private.setdefault("PS1", shell.dialect.prompt(shell.proc.getuid()))
    await _start_files(shell)
    editor = Editor(shell) if shell.dialect.edits and shell.proc.isatty(0) else None
    source = Source(shell)
    while not source.ended:
        try:
            await _step(shell, source, editor)
        except ShellError as error:
            source.drop()
            await shell.fail(error)
        except Interrupt:
            source.drop()
            shell.status = 128 + traps.SIGINT
            await shell.write(1, "\n")
        except (LoopJump, Return):
            source.drop()
        except OSError:  # the terminal is gone
            break
        shell.loops = shell.tested = 0
        shell.command_name = ""
    if editor is None:
        await shell.write(2, "\n")
    raise Exit


async def _step(shell: Interpreter, source: Source, editor: Editor | None) -> None:
    """One line: prompt, read, run what is complete."""
    if shell.pending:
        await traps.run_pending(shell)
    await jobs.tell_changes(shell)
    prompt = await expand_prompt(shell, "PS2" if source.unfinished() else "PS1")
    if editor is not None:
        line = await editor.read_line(prompt, keep=not source.unfinished())
    else:
        await shell.write(2, prompt)
        line = await _cooked_line(shell)
    source.feed(line)
    await source.run()


async def _cooked_line(shell: Interpreter) -> str:
    """A line as the terminal (or a pipe) gives it."""
    data = b""
    while not data.endswith(b"\n"):
        more = await shell.read(0, 1)
        if not more:
            break
        data += more
    return data.decode(errors="surrogateescape")


async def _control_jobs(shell: Interpreter) -> None:
    """Job control needs the controlling terminal: lead a process group of our own, in the foreground."""
    proc = shell.proc
    try:
        opened = proc.open("/dev/tty", 2)
    except OSError:
        opened = -1
    try:
        terminal = proc.dup(opened if opened >= 0 else 0, _TERMINAL)
        if opened >= 0:
            proc.close(opened)
        if proc.getpgid() != proc.pid:
            proc.setpgid(0, proc.pid)
        proc.tcsetpgrp(terminal, proc.pid)
    except OSError:
        await shell.write(2, f"{shell.name}: can't access tty; job control turned off\n")
        return
    shell.terminal = terminal
    shell.options += "m"


async def _start_files(shell: Interpreter) -> None:
    """The banner of busybox (Alpine leaves it out), then what $ENV or ~/.bashrc say."""
    quiet = shell.proc.access("/etc/alpine-release", 0)
    if shell.dialect.banner and not quiet:
        await shell.write(1, shell.dialect.banner)
    home = shell.variables.get("HOME") or ""
    path = f"{home}/.bashrc" if shell.dialect.bash else shell.variables.get("ENV")
    if path and shell.proc.access(path, 4):
        try:
            await shell.run_text(shell.proc.read_file(path).decode(errors="surrogateescape"))
        except ShellError as error:
            await shell.report(str(error))


async def expand_prompt(shell: Interpreter, name: str) -> str:
    """$PS1 or $PS2 with bash's escapes and the usual expansions carried out."""
    text = _escapes(shell, shell.variables.get(name) or "")
    if "$" in text or "`" in text:
        try:
            return await expansion.string(shell, here_text(text))
        except ShellError:
            return text
    return text


def _escapes(shell: Interpreter, text: str) -> str:
    if "\\" not in text:
        return text
    result, position = "", 0
    while position < len(text):
        char = text[position]
        if char == "\\" and position + 1 < len(text):
            position += 1
            result += _escape(shell, text[position])
        else:
            result += char
        position += 1
    return result


def _escape(shell: Interpreter, letter: str) -> str:
    proc = shell.proc
    if letter in "wW":
        home, path = shell.variables.get("HOME") or "", shell.variables.get("PWD") or proc.cwd
        if home and (path == home or path.startswith(home + "/")):
            path = "~" + path[len(home) :]
        return path if letter == "w" else path.rpartition("/")[2] or path
    if letter == "$":
        return "$" if proc.getuid() else "#"
    if letter in "hH":
        name: str = proc.uname()["nodename"]
        return name.partition(".")[0] if letter == "h" else name
    if letter == "u":
        return _user(shell)
    return {"n": "\n", "r": "\r", "e": "\x1b", "a": "\a", "[": "", "]": "", "\\": "\\\\", "s": shell.name}.get(
        letter, letter
    )


def _user(shell: Interpreter) -> str:
    try:
        accounts = shell.proc.read_file("/etc/passwd").decode(errors="surrogateescape")
    except OSError:
        return "I have no name!"
    for line in accounts.splitlines():
        columns = line.split(":")
        if len(columns) > 2 and columns[2] == str(shell.proc.getuid()):
            return columns[0]
    return "I have no name!"
