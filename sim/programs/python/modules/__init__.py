"""Import: from a name to a module. Source: Language Reference, chapter 5.

First the tables: what of the standard library a program may have, by module. Then the container's files: a program's
own modules, and what pip installed. What the standard library has and the tables have not is said to be missing.
"""

from __future__ import annotations

import ast
import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

from sim.programs.python.frames import Frame
from sim.programs.python.objects import Module

if TYPE_CHECKING:
    from sim.programs.python.machine import Machine

HERE = "sim.programs.python.modules"
# module of the program → (module of this folder, the function that makes its table)
LENT = {
    name: (room, maker or name.replace(".", "_"))
    for room, listed in {
        "system": "sys os os.path=path platform signal atexit errno",
        "times": "time datetime",
        "processes": "subprocess shutil tempfile glob pathlib",
        "sockets": "socket",
        "web": "http.server urllib.request urllib.error socketserver",
        "texts": "json csv io logging traceback pprint",
        "chance": "random uuid secrets",
    }.items()
    for name, _, maker in (word.partition("=") for word in listed.split())
}


async def load(machine: Machine, name: str) -> Module:
    """The module `name`, and all packages on the way to it. Raises ModuleNotFoundError, and what its code raises."""
    parent: Module | None = None
    parts = name.split(".")
    for number in range(len(parts)):
        full = ".".join(parts[: number + 1])
        module = machine.modules.get(full)
        if module is None:
            module = await _find(machine, full, parent)
            if parent is not None:
                vars(parent)[parts[number]] = module
        parent = module
    assert parent is not None
    return parent


async def _find(machine: Machine, name: str, parent: Module | None) -> Module:
    table = table_of(machine, name)
    if table is not None:
        module = machine.module(name)
        vars(module).update(table)
        return module
    places = machine.path if parent is None else [str(place) for place in vars(parent).get("__path__", ())]
    for place in places:
        found = await _file(machine, name, f"{(place or machine.proc.cwd).rstrip('/')}/{name.rpartition('.')[2]}")
        if found is not None:
            return found
    if name.partition(".")[0] in sys.stdlib_module_names:
        raise ModuleNotFoundError(f"No module named '{name}' in the simulated Python", name=name)
    if parent is not None and "__path__" not in vars(parent):
        raise ModuleNotFoundError(f"No module named '{name}'; '{parent.__name__}' is not a package", name=name)
    raise ModuleNotFoundError(f"No module named '{name}'", name=name)


def table_of(machine: Machine, name: str) -> dict[str, Any] | None:
    """What the tables have under a name."""
    if name in LENT:
        room, maker = LENT[name]
        made: dict[str, Any] = getattr(import_module(f"{HERE}.{room}"), maker)(machine)
        return made
    from sim.programs.python.modules.library import names_of

    return names_of(name)


async def _file(machine: Machine, name: str, stem: str) -> Module | None:
    """A package (`stem`/__init__.py), a module (`stem`.py), a folder without either (PEP 420)."""
    proc = machine.proc
    for file, folder in ((f"{stem}/__init__.py", stem), (f"{stem}.py", None)):
        if proc.access(file, 4):
            module = machine.module(name, file)
            if folder is not None:
                vars(module)["__path__"] = [folder]
            vars(module)["__package__"] = name if folder is not None else name.rpartition(".")[0]
            try:
                await execute(machine, module, file)
            except BaseException:
                machine.modules.pop(name, None)
                raise
            return module
    if proc.access(stem, 0) and proc.stat(stem).mode & 0o170000 == 0o040000:
        module = machine.module(name)
        vars(module)["__path__"] = [stem]
        return module
    return None


async def execute(machine: Machine, module: Module, file: str) -> None:
    """Run a module's file in it. Raises SyntaxError, and what its code raises."""
    from sim.programs.python.statements import run_block

    text = machine.proc.read_file(file).decode("utf-8", "replace")
    machine.sources[file] = text.splitlines()
    names = vars(module)
    await run_block(machine, Frame(file, "<module>", names, names), ast.parse(text, file).body)


async def absolute(machine: Machine, frame: Frame, name: str, level: int) -> Module:
    """The module that `from .name import` means. Raises ImportError."""
    if not level:
        return await load(machine, name)
    package = str(frame.globals.get("__package__") or "")
    if not package:
        raise ImportError("attempted relative import with no known parent package")
    parts = package.split(".")
    if level > len(parts):
        raise ImportError("attempted relative import beyond top-level package")
    base = ".".join(parts[: len(parts) - level + 1])
    return await load(machine, f"{base}.{name}" if name else base)


async def member(machine: Machine, module: Module, name: str) -> Any:
    """What `from module import name` gives: a name of it, or a module in it. Raises ImportError."""
    names = vars(module)
    if name in names:
        return names[name]
    if "__path__" in names or f"{module.__name__}.{name}" in LENT:
        try:
            return await load(machine, f"{module.__name__}.{name}")
        except ModuleNotFoundError:
            pass
    where = names.get("__file__") or "unknown location"
    raise ImportError(f"cannot import name '{name}' from '{module.__name__}' ({where})", name=module.__name__)


def public(module: Module) -> list[str]:
    """What `from module import *` takes."""
    names = vars(module)
    return list(names.get("__all__") or (name for name in names if not name.startswith("_")))
