"""`python3`: its command line. Source: docs.python.org/3/using/cmdline.html."""

from __future__ import annotations

import ast
import traceback
from dataclasses import dataclass, field

from sim.abi import Proc
from sim.programs.absent import said
from sim.programs.packages.pip_environment import Environment
from sim.programs.python.machine import Machine

USAGE = "usage: {name} [option] ... [-c cmd | -m mod | file | -] [arg] ...\nTry `python -h' for more information.\n"
LETTERS = "bBdEhiIOPqsSuvx"  # options without a value


@dataclass(slots=True)
class Arguments:
    """`kind` is "-c", "-m", "file" or "-" (standard input); `what` its text; `rest` sys.argv[1:]."""

    kind: str = "-"
    what: str = ""
    rest: list[str] = field(default_factory=list)
    letters: str = ""


def arguments(words: list[str]) -> Arguments:
    """Raises ValueError with CPython's words."""
    found = Arguments()
    while words and words[0].startswith("-") and words[0] != "-":
        word, *words = words
        for number, letter in enumerate(word[1:], 2):
            if letter in "cmWX":
                value = word[number:] or (words.pop(0) if words else "")
                if not value:
                    raise ValueError(f"Argument expected for the -{letter} option")
                if letter in "cm":
                    found.kind, found.what, found.rest = f"-{letter}", value, words
                    return found
                break
            if letter not in LETTERS:
                raise ValueError(f"Unknown option: {'-' + letter if letter != '-' else word}")
            found.letters += letter
    if words and words[0] != "-":
        found.kind, found.what = "file", words[0]
    found.rest = words[1:]
    return found


async def python3(proc: Proc) -> int:
    version = await python_version(proc)
    words = proc.argv[1:]
    if words in (["--version"], ["-V"]):
        await proc.out(f"{version}\n")
        return 0
    try:
        found = arguments(words)
    except ValueError as error:
        await proc.err(f"{error}\n{USAGE.format(name=proc.argv[0])}")
        return 2
    if found.kind == "-m":
        from sim.programs.python.running import run_module

        return await run_module(proc, found, version)
    return await run(proc, found, version)


async def python_version(proc: Proc) -> str:
    return await said(proc) or f"Python {proc.env.get('PYTHON_VERSION', '3.14.7')}"


def machine_of(proc: Proc, found: Arguments, version: str, argv0: str) -> Machine:
    """An interpreter with its path: where the script lies, then the installed packages."""
    unbuffered = "u" in found.letters or bool(proc.env.get("PYTHONUNBUFFERED"))
    machine = Machine(proc, version, [argv0, *found.rest], unbuffered=unbuffered)
    environment = Environment.of(proc)
    first = {"file": found.what.rpartition("/")[0] or proc.cwd}.get(found.kind, "")
    extra = [part for part in proc.env.get("PYTHONPATH", "").split(":") if part]
    library = f"{environment.prefix}/lib/python{environment.python}"
    machine.path = [first, *extra, library, environment.site]
    return machine


async def run(proc: Proc, found: Arguments, version: str) -> int:
    """A file, -c, or standard input."""
    if found.kind == "-" and proc.isatty(0):
        from sim.programs.python.repl import interact

        return await interact(machine_of(proc, found, version, ""))
    if found.kind == "file":
        cwd = proc.cwd.rstrip("/")
        path = found.what if found.what.startswith("/") else f"{cwd}/{found.what}"
        try:
            source, file = proc.read_file(found.what), path
        except IsADirectoryError:
            await proc.err(f"{proc.which(proc.argv[0]) or proc.argv[0]}: can't find '__main__' module in '{path}'\n")
            return 1
        except OSError as error:
            await proc.err(f"{proc.which(proc.argv[0]) or proc.argv[0]}: can't open file '{path}': "
                           f"[Errno {error.errno}] {error.strerror}\n")  # fmt: skip
            return 2
    elif found.kind == "-c":
        source, file = found.what.encode(), "<string>"
    else:
        source, file = await proc.read_all(0), "<stdin>"
    argv0 = {"file": found.what, "-c": "-c"}.get(found.kind, "-")
    machine = machine_of(proc, found, version, argv0)
    if found.kind == "file":
        vars(machine.main)["__file__"] = file
    return await run_source(machine, source, file)


async def run_source(machine: Machine, source: bytes, file: str) -> int:
    """Parse and run a program; its exit status."""
    try:
        text = source.decode("utf-8")
        tree = ast.parse(text, file)
    except (SyntaxError, ValueError, RecursionError) as error:
        await machine.err.write_all("".join(traceback.format_exception_only(error)))
        return 1
    await machine.proc.cpu(0.012)  # what a start of CPython takes
    return await machine.run(tree, file, text.splitlines())
