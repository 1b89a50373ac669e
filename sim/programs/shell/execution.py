"""Commands that are not in the shell: find the file, become it, and say why not."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

from sim.programs.shell.errors import Exit, ShellError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sim.programs.shell.interpreter import Interpreter

NOT_FOUND, NOT_EXECUTABLE = 127, 126


def find(shell: Interpreter, name: str, path: str | None = None) -> str:
    """The path of a command, looked for in `path` or $PATH. Raises ShellError with status 127 or 126."""
    if "/" in name:
        return name
    path = shell.variables.get("PATH") if path is None else path
    if shell.hashed is None or shell.hashed[0] != path:
        shell.hashed = (path, {})
    known = shell.hashed[1]
    if (found := known.get(name)) is not None and shell.proc.access(found, 1):
        return found
    found = shell.proc.which(name, path or "")
    if found is None:
        known.pop(name, None)
        raise _failure(shell, name, _is_somewhere(shell, name, path or ""))
    known[name] = found
    return found


def _is_somewhere(shell: Interpreter, name: str, path: str) -> OSError:
    """Why a name is not found in $PATH: one that is there, but is not executable, is a matter of permission."""
    for folder in path.split(":"):
        try:
            mode = shell.proc.stat(f"{folder or '.'}/{name}").mode
        except OSError:
            continue
        if mode & 0o170000 == 0o100000:
            return PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    return FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))


def _failure(shell: Interpreter, name: str, error: OSError) -> ShellError:
    if isinstance(error, (FileNotFoundError, NotADirectoryError)):
        return ShellError(f"{name}: not found", NOT_FOUND)
    if shell.dialect.bash and _is_directory(shell, name):
        return ShellError(f"{name}: Is a directory", NOT_EXECUTABLE)
    return ShellError(f"{name}: {error.strerror or os.strerror(error.errno or 0)}", NOT_EXECUTABLE)


def _is_directory(shell: Interpreter, path: str) -> bool:
    try:
        return shell.proc.stat(path).mode & 0o170000 == 0o040000
    except OSError:
        return False


async def execute(shell: Interpreter, argv: list[str], env: Mapping[str, str], search: str | None = None) -> None:
    """Become the command. Raises ShellError if that fails; a text file without `#!` is run as a script."""
    path = find(shell, argv[0], search)
    try:
        await shell.proc.execve(path, argv, env)
    except OSError as error:
        if error.errno != errno.ENOEXEC:
            raise _failure(shell, argv[0], error) from None
    from sim.programs.shell.command import run_script

    shell.proc.env = dict(env)
    shell.status = await run_script(shell.proc, shell.dialect, path, argv[1:])
    shell.traps = None
    raise Exit
