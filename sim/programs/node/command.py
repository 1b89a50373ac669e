"""`node`: its command line. Source: nodejs.org/api/cli.html."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Any

from sim.abi import Proc
from sim.programs.absent import said
from sim.programs.node.compiler.modules import COMMONJS, compiled
from sim.programs.node.errors import capture, not_found, syntax_error
from sim.programs.node.finding import own_modules
from sim.programs.node.machine import Machine
from sim.programs.node.syntax.tokens import JSSyntaxError, in_pairs
from sim.programs.node.values import Exit, Property, Thrown

BAD_OPTION = 9
KNOWN = re.compile(
    r"--(?:inspect.*|trace-.*|no-.*|enable-.*|experimental-.*|expose-gc|unhandled-rejections|pending-deprecation|"
    r"stack-trace-limit|throw-deprecation|use-.*|v8-.*|disable-.*|input-type|preserve-symlinks|test)"
)
TAKES_VALUE = ("-r", "--require", "--import", "--env-file", "--max-old-space-size", "--inspect-port", "-C", "--title")


@dataclass(slots=True)
class Arguments:
    """`kind` is "file", "-e", "-p", "-i" or "-" (standard input); `what` its text; `rest` is for the program."""

    kind: str = "-"
    what: str = ""
    rest: list[str] = field(default_factory=list)
    options: dict[str, str] = field(default_factory=dict)


def arguments(words: list[str]) -> Arguments:
    """Raises ValueError with node's words."""
    found = Arguments()
    words = list(words)
    while words and words[0].startswith("-") and words[0] != "-":
        word = words.pop(0)
        name, _, value = word.partition("=")
        if word == "--":
            break
        if name in ("-e", "--eval", "-p", "--print", "-pe"):
            if not words and not value:
                raise ValueError(f"{name} requires an argument")
            found.kind, found.what = "-p" if name in ("-p", "--print", "-pe") else "-e", value or words.pop(0)
        elif name in ("-i", "--interactive"):
            found.kind = "-i" if found.kind == "-" else found.kind
        elif name in ("-c", "--check"):
            found.options["check"] = "1"
        elif name in TAKES_VALUE:
            found.options[name.lstrip("-")] = value or (words.pop(0) if words else "")
        elif name == "--watch":
            raise ValueError("this simulated node cannot --watch; nodemon can")
        elif KNOWN.fullmatch(name):
            found.options[name.lstrip("-")] = value or "1"
        else:
            raise ValueError(f"bad option: {word}")
    if words and found.kind == "-" and words[0] != "-":
        found.kind, found.what = "file", words.pop(0)
    found.rest = words  # with the "-" for standard input: it is process.argv[1]
    return found


async def node(proc: Proc) -> int:
    version = await said(proc) or f"v{proc.env.get('NODE_VERSION', '24.21.0')}"
    if proc.argv[1:2] in (["--version"], ["-v"]):
        await proc.out(f"{version}\n")
        return 0
    try:
        found = arguments(proc.argv[1:])
    except ValueError as error:
        await proc.err(f"{proc.argv[0]}: {error}\n")
        return BAD_OPTION
    script = posixpath.normpath(posixpath.join(proc.cwd, found.what)) if found.kind == "file" else None
    program = proc.which(proc.argv[0]) or proc.argv[0]
    machine = Machine(proc, version, [program, *([script] if script is not None else []), *found.rest])
    if found.kind == "-i" or (found.kind == "-" and proc.isatty(0)):
        from sim.programs.node.repl import Prompt

        prompt = Prompt(machine)
        return await machine.run(prompt.begin)
    return await machine.run(lambda: begin(machine, found))


async def begin(machine: Machine, found: Arguments) -> None:
    """Run the main program to its end; what it has started goes on in the loop. Raises Thrown."""
    modules, proc = machine.modules, machine.proc
    if "env-file" in found.options:
        read_environment(machine, found.options["env-file"])
    for name in [found.options[key] for key in ("require", "r") if key in found.options]:
        await machine.task(modules.require(name, proc.cwd))
    machine.realm.loading = True
    try:
        if found.kind == "file":
            await machine.task(_file(machine, found.what, check="check" in found.options))
        else:
            source = found.what if found.kind != "-" else (await proc.read_all(0)).decode("utf-8", "replace")
            name = "[eval]" if found.kind != "-" else "[stdin]"
            value = await machine.task(evaluated(machine, in_pairs(source), name, shows=found.kind == "-p"))
            if found.kind == "-p":
                console = machine.realm.value_of(machine.realm.global_object, "console")
                await machine.task(machine.realm.began(machine.realm.value_of(console, "log"), console, value))
    finally:
        machine.realm.loading = False


def read_environment(machine: Machine, file: str) -> None:
    """--env-file: NAME=value lines. Raises Exit."""
    try:
        lines = machine.proc.read_file(file).decode("utf-8", "replace").splitlines()
    except OSError:
        machine.write(2, f"node: {file}: not found\n".encode())
        raise Exit(BAD_OPTION) from None
    for line in lines:
        name, equals, value = line.removeprefix("export ").partition("=")
        if equals and not name.strip().startswith("#"):
            machine.proc.env.setdefault(name.strip(), value.strip().strip("'\""))


def _file(machine: Machine, name: str, *, check: bool) -> Generator[Any, Any, Any]:
    modules = machine.modules
    path = posixpath.normpath(posixpath.join(machine.proc.cwd, name))
    try:
        file = modules.resolve(path, machine.proc.cwd)
    except Thrown as thrown:
        message = f"Cannot find module '{path}'"
        thrown.value.props["message"] = Property(message, writable=True, configurable=True)
        capture(machine.realm, thrown.value)
        thrown.value.data = "".join(f"\n{line}" for line in thrown.value.data.split("\n")[4:])
        not_found(machine.realm, thrown.value)
        raise
    if check:
        modules.compiled_file(file)
        return
    if modules.imports.is_module(file):
        yield modules.imports.import_file(file)
        return
    yield modules.load_main(file)


def evaluated(machine: Machine, source: str, name: str, *, shows: bool) -> Any:
    """The value of a program that is in no file: with `require` and node's modules as globals."""
    realm, modules = machine.realm, machine.modules
    give_modules(machine)
    try:
        program = compiled(source, name, "line" if shows else "script")
    except JSSyntaxError as failure:
        raise syntax_error(realm, failure, name, source) from None
    main = realm.load(program, name)
    if shows:
        return main(None)
    module = modules.new_module(f"{machine.proc.cwd.rstrip('/')}/{name}", None)
    given = (module.props["exports"], modules.require_for(module), module, name, ".")
    assert len(given) == len(COMMONJS)
    return main(realm.global_object, *given)


def give_modules(machine: Machine) -> None:
    """`require`, and node's own modules under their names: the prompt and -e have them."""
    realm, modules = machine.realm, machine.modules
    module = modules.new_module(f"{machine.proc.cwd.rstrip('/')}/[eval]", None)
    require = modules.require_for(module)
    realm.global_object.props |= {"require": Property(require, writable=True, configurable=True),
                                  "module": Property(module, writable=True, configurable=True)}  # fmt: skip
    for name in sorted(own_modules()):
        if "/" not in name and name not in realm.global_object.props:
            getter = realm.native(lambda this, *_, name=name: modules.own(name), name)
            realm.global_object.props[name] = Property(getter=getter, configurable=True)
