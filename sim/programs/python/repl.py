"""The prompt of `python3` on a terminal. Source: docs.python.org/3/tutorial/interpreter.html."""

from __future__ import annotations

import ast
import traceback
from codeop import CommandCompiler
from typing import TYPE_CHECKING

from sim.programs.python import errors
from sim.programs.python.files import File
from sim.programs.python.frames import Frame
from sim.programs.python.functions import unwrapped

if TYPE_CHECKING:
    from sim.programs.python.machine import Machine

BANNER = """{version} (main) [GCC 14.2.0] on linux
Type "help", "copyright", "credits" or "license" for more information.
"""


async def interact(machine: Machine) -> int:
    """Read, run, show, until the end of the input; the exit status."""
    from sim.programs.python import statements

    machine.interactive = True
    await machine.out.write_all(BANNER.format(version=machine.version))
    frame = Frame("<stdin>", "<module>", vars(machine.main), vars(machine.main))
    while True:
        try:
            source = await _statement(machine)
            if source is None:
                await machine.out.write_all("\n")
                return await machine.ended(None)
            machine.sources["<stdin>"] = source.splitlines()
            await statements.run_block(machine, frame, ast.parse(source, "<stdin>").body)
            await machine.out.flush()
        except SystemExit as error:
            return await machine.ended(error)
        except SyntaxError as error:
            await machine.err.write_all("".join(traceback.format_exception_only(error)))
        except (Exception, KeyboardInterrupt) as error:
            shown = unwrapped(error)
            await machine.out.flush()
            interrupted = isinstance(error, KeyboardInterrupt)
            said = "\nKeyboardInterrupt\n" if interrupted else errors.traceback_text(machine, shown)
            await machine.err.write_all(said)


async def _statement(machine: Machine) -> str | None:
    """Lines until they are a statement; None at the end of the input. Raises SyntaxError."""
    whole = CommandCompiler()
    lines: list[str] = []
    while True:
        await machine.out.write_all("... " if lines else ">>> ")
        line = await _line(machine.input)
        if not line:
            return None
        lines.append(line.rstrip("\n"))
        source = "\n".join(lines)
        if not source.strip():
            return ""
        if whole(source, "<stdin>", "single") is not None:
            return source


async def _line(source: File) -> str:
    text: str = await source.readline()
    return text
