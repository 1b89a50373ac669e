"""The awk command."""

from __future__ import annotations

import re

from sim.abi import Proc
from sim.programs.options import Failure, Options, Usage, command, complain
from sim.programs.text.awk.interpreter import Interpreter, RunError
from sim.programs.text.awk.lexer import unescape
from sim.programs.text.awk.nodes import SyntaxErrorInAwk
from sim.programs.text.awk.parser import parse
from sim.programs.text.awk.streams import Streams
from sim.programs.text.inputs import text
from sim.programs.text.regex import BadRegex


@command(
    "+F:v:f:e:",
    synopsis="[OPTIONS] [AWK_PROGRAM] [FILE]...",
    about="\t-v VAR=VAL\tSet variable\n\t-F SEP\t\tUse SEP as field separator\n\t-f FILE\t\tRead program from FILE\n"
    "\t-e AWK_PROGRAM",
)
async def awk(proc: Proc, options: Options, operands: list[str]) -> int:
    names = list(operands)
    sources = [value if option == "e" else _file(proc, value) for option, value in options.given if option in "ef"]
    if not sources:
        if not names:
            raise Usage
        sources.append(names.pop(0))
    assigned = {}
    for word in options.all("v"):
        name, equals, value = word.partition("=")
        if not equals:
            raise Usage
        assigned[name] = unescape(value)
    if "F" in options:
        separator = unescape(options["F"])
        assigned["FS"] = "\t" if separator == "t" else separator
    while names and (match := re.fullmatch(r"([A-Za-z_]\w*)=(.*)", names[0], re.S)):
        assigned[match[1]] = unescape(match[2])
        names.pop(0)
    try:
        interpreter = Interpreter(parse("\n".join(sources)), Streams(proc, names), assigned, proc.env)
        status = await interpreter.run()
    except SyntaxErrorInAwk as error:
        raise Failure(f"cmd. line:1: {error}") from None
    except (RunError, BadRegex) as error:
        await interpreter.streams.flush()
        await complain(proc, f"cmd. line:1: {error}")
        return 1
    return status or (2 if interpreter.streams.inputs.failed else 0)


def _file(proc: Proc, name: str) -> str:
    try:
        return text(proc.read_file(name))
    except OSError as error:
        raise Failure(f"can't open '{name}': {error.strerror}") from None
