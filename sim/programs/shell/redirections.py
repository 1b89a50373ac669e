"""Redirections (POSIX XCU 2.7): open files in place of descriptors, and put back what was there."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from sim.abi import O_APPEND, O_CREAT, O_EXCL, O_RDONLY, O_RDWR, O_TRUNC, O_WRONLY
from sim.programs.shell import expansion
from sim.programs.shell.errors import RedirectionError, ShellError
from sim.programs.shell.nodes import HereDocument, Redirect, Redirection, Text, Word

if TYPE_CHECKING:
    from sim.programs.shell.interpreter import Interpreter

_FLAGS = {
    "<": O_RDONLY,
    "<>": O_RDWR | O_CREAT,
    ">": O_WRONLY | O_CREAT | O_TRUNC,
    ">|": O_WRONLY | O_CREAT | O_TRUNC,
    "&>": O_WRONLY | O_CREAT | O_TRUNC,
    ">>": O_WRONLY | O_CREAT | O_APPEND,
    "&>>": O_WRONLY | O_CREAT | O_APPEND,
}
_PIPE_SIZE = 65536
FIRST_SAVED = 10  # where descriptors are kept that are to come back

Undo = list[tuple[int, int | None]]  # (descriptor, its copy or None if it was closed)


async def redirect(shell: Interpreter, redirections: Sequence[Redirect], undo: Undo | None) -> None:
    """Carry them out from left to right; what was there before is kept in `undo`, if it is to come back.

    Raises RedirectionError, and ShellError for a word; then those before it have been carried out.
    """
    for redirection in redirections:
        if isinstance(redirection, HereDocument):
            text = await expansion.string(shell, redirection.body)
            _place(shell, await _here_pipe(shell, text), redirection.fd, undo)
            continue
        target = await expansion.target(shell, redirection.target)
        operator, fd = redirection.operator, redirection.fd
        if operator == "<<<":
            _place(shell, await _here_pipe(shell, target + "\n"), fd, undo)
        elif operator in ("<&", ">&") and (target == "-" or target.isdecimal()):
            _duplicate(shell, fd, target, undo)
        elif operator == "<&" or (operator == ">&" and fd != 1):
            raise ShellError("redir error")
        else:
            both = operator in (">&", "&>", "&>>")
            _place(shell, _open(shell, ">" if operator == ">&" else operator, target), fd, undo)
            if both:
                _duplicate(shell, 2, "1", undo)


async def expand_words(shell: Interpreter, redirections: Sequence[Redirect]) -> tuple[Redirect, ...]:
    """The same redirections with literal words, for a child to carry out. Raises ShellError."""
    result: list[Redirect] = []
    for redirection in redirections:
        if isinstance(redirection, HereDocument):
            text = await expansion.string(shell, redirection.body)
            result.append(HereDocument(redirection.fd, _literal(text)))
        else:
            target = await expansion.target(shell, redirection.target)
            result.append(Redirection(redirection.fd, redirection.operator, _literal(target)))
    return tuple(result)


def _literal(text: str) -> Word:
    return Word((Text(text, quoted=True),))


def restore(shell: Interpreter, undo: Undo) -> None:
    """Take redirections back."""
    for fd, saved in reversed(undo):
        if saved is None:
            _close(shell, fd)
        else:
            shell.proc.dup2(saved, fd)
            shell.proc.close(saved)
            shell.saved = tuple(kept for kept in shell.saved if kept != saved)


def _open(shell: Interpreter, operator: str, path: str) -> int:
    flags = _FLAGS[operator]
    if operator == ">" and "C" in shell.options and _is_file(shell, path):
        flags |= O_EXCL
    try:
        return shell.proc.open(path, flags)
    except OSError as error:
        missing = isinstance(error, (FileNotFoundError, NotADirectoryError))
        if flags & O_CREAT:
            text, absent = f"can't create {path}: ", "nonexistent directory"
        else:
            text, absent = f"can't open {path}: ", "no such file"
        raise RedirectionError(text + (absent if missing else _reason(error))) from None


def _reason(error: OSError) -> str:
    return error.strerror or os.strerror(error.errno or 0)


def _is_file(shell: Interpreter, path: str) -> bool:
    try:
        return shell.proc.stat(path).mode & 0o170000 == 0o100000
    except OSError:
        return False


def _save(shell: Interpreter, fd: int, undo: Undo | None) -> None:
    if undo is None or any(kept == fd for kept, _ in undo):
        return
    try:
        saved = shell.proc.dup(fd, FIRST_SAVED)
    except OSError:
        undo.append((fd, None))
        return
    shell.saved = (*shell.saved, saved)
    undo.append((fd, saved))


def _place(shell: Interpreter, opened: int, fd: int, undo: Undo | None) -> None:
    """Move a newly opened descriptor to `fd`."""
    if opened == fd:  # it was closed before
        if undo is not None:
            undo.append((fd, None))
        return
    _save(shell, fd, undo)
    shell.proc.dup2(opened, fd)
    shell.proc.close(opened)


def _duplicate(shell: Interpreter, fd: int, source: str, undo: Undo | None) -> None:
    if source == "-":
        _save(shell, fd, undo)
        _close(shell, fd)
        return
    try:
        shell.proc.fstat(int(source))
    except OSError as error:
        raise RedirectionError(f"{source}: {_reason(error)}") from None
    if int(source) != fd:
        _save(shell, fd, undo)
        shell.proc.dup2(int(source), fd)


def _close(shell: Interpreter, fd: int) -> None:
    try:
        shell.proc.close(fd)
    except OSError:
        return


async def _here_pipe(shell: Interpreter, text: str) -> int:
    """A descriptor from which the text can be read; a child writes it if the pipe cannot hold it all."""
    data = text.encode(errors="surrogateescape")
    reader, writer = shell.proc.pipe()
    if len(data) <= _PIPE_SIZE:
        await shell.proc.write(writer, data)
    else:

        async def feed(child: Interpreter) -> None:
            child.proc.close(reader)
            await child.proc.write(writer, data)

        shell.fork(feed)
    shell.proc.close(writer)
    return reader
