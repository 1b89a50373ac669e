"""Errors: their objects, their stacks in V8's words, and what node prints of one that nobody caught."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from types import CodeType, FrameType, TracebackType
from typing import TYPE_CHECKING, Any, NamedTuple

from sim.programs.node.access import constructor_name, value_of
from sim.programs.node.execution import TOO_DEEP, Execution
from sim.programs.node.values import Box, JSFunction, JSObject, Property, Thrown, hidden

if TYPE_CHECKING:
    from sim.programs.node.realm import Realm
    from sim.programs.node.syntax.tokens import JSSyntaxError

DEEPEST_SHOWN = 10
_UNSET = re.compile(r"variable '(\w+)'")
_LOADER_20 = """\
Module._compile (node:internal/modules/cjs/loader:1521:14)
Module._extensions..js (node:internal/modules/cjs/loader:1623:10)
Module.load (node:internal/modules/cjs/loader:1266:32)
Module._load (node:internal/modules/cjs/loader:1091:12)
Function.executeUserEntryPoint [as runMain] (node:internal/modules/run_main:164:12)
node:internal/main/run_main_module:28:49"""
_LOADER = """\
Module._compile (node:internal/modules/cjs/loader:1760:14)
Object..js (node:internal/modules/cjs/loader:1892:10)
Module.load (node:internal/modules/cjs/loader:1480:32)
Module._load (node:internal/modules/cjs/loader:1299:12)
TracingChannel.traceSync (node:diagnostics_channel:328:14)
wrapModuleLoad (node:internal/modules/cjs/loader:245:24)
Module.executeUserEntryPoint [as runMain] (node:internal/modules/run_main:154:5)
node:internal/main/run_main_module:33:47"""
_TIMERS = """
    at listOnTimeout (node:internal/timers:588:17)
    at process.processTimers (node:internal/timers:523:7)"""
_RESOLVING = """\
Module._resolveFilename (node:internal/modules/cjs/loader:1383:15)
Module._load (node:internal/modules/cjs/loader:1211:37)
Module.require (node:internal/modules/cjs/loader:1487:12)
require (node:internal/modules/helpers:135:16)"""
_LOADER_THROWS = "node:internal/modules/cjs/loader:1386\n  throw err;\n  ^\n\n"


class Place(NamedTuple):
    """Where a call is: `name` of the function, "" for none."""

    name: str
    file: str
    line: int
    column: int

    def text(self) -> str:
        where = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        return f"    at {self.name} ({where})" if self.name else f"    at {where}"


def new_error(realm: Realm, kind: str, message: str) -> JSObject:
    """An error of the language: TypeError, RangeError, …"""
    made = JSObject(realm.error_prototypes[kind], None, "Error")
    made.props["stack"] = realm.stack_property
    made.props["message"] = hidden(message)
    capture(realm, made)
    return made


def capture(realm: Realm, error: JSObject, without: JSFunction | None = None) -> None:
    """Error.captureStackTrace: note where the program is. The first line is made when somebody looks, as V8 does it."""
    error.data = stack_text(realm, without)
    error.props["stack"] = realm.stack_property


def stack_of(realm: Realm, error: JSObject) -> str:
    """Its text, which is kept from now on."""
    found = error.props.get("stack")
    if found is realm.stack_property:
        found = error.props["stack"] = hidden(f"{headline(realm, error)}{error.data}")
    return str(found.value if type(found) is Property else found)


def put_stack(realm: Realm, error: JSObject, text: Any) -> None:
    error.props["stack"] = hidden(text)


def headline(realm: Realm, error: JSObject) -> str:
    """`Name: message`, as Error.prototype.toString has it."""
    from sim.programs.node.operators import text

    name, message = value_of(realm, error, "name"), value_of(realm, error, "message")
    name = "Error" if name is None else text(realm, name)
    message = "" if message is None else text(realm, message)
    return f"{name}: {message}" if name and message else name or message


def stack_text(realm: Realm, without: JSFunction | None = None) -> str:
    hide = without.data or without.code if without is not None else None
    places: list[Place] = []
    for place, code in _places(realm):
        places.append(place)
        if hide is not None and getattr(hide, "__code__", None) is code:
            places.clear()
    lines = [place.text() for place in places[:DEEPEST_SHOWN]]
    if realm.loading:
        table = _LOADER_20 if realm.major <= 20 else _LOADER
        lines += [f"    at {line}" for line in table.splitlines()][: DEEPEST_SHOWN - len(lines)]
    timers = _TIMERS if places and places[-1].name.startswith("Timeout.") else ""
    return "".join(f"\n{line}" for line in lines) + timers


def not_found(realm: Realm, error: JSObject) -> None:
    """A module that is not there: the loader's own calls are in the stack."""
    lines = "".join(f"\n    at {line}" for line in _RESOLVING.splitlines())
    error.data = "".join((lines + error.data).splitlines(keepends=True)[: DEEPEST_SHOWN + 1]).rstrip()


def _places(realm: Realm) -> Iterator[tuple[Place, CodeType]]:
    """Of all calls that are going on, innermost first: Python's own, and below each execution those that wait."""
    frame: FrameType | None = sys._getframe(2)
    executions = list(realm.executions)
    advance = Execution._advance.__code__
    while frame is not None and executions:
        if frame.f_code is advance:
            for body in reversed(executions.pop().stack[:-1]):
                if body.gi_frame is not None:
                    yield from _place(realm, body.gi_frame)
        else:
            yield from _place(realm, frame)
        frame = frame.f_back


def _place(realm: Realm, frame: FrameType) -> Iterator[tuple[Place, CodeType]]:
    code = frame.f_code
    program = realm.programs.get(code.co_filename)
    if program is None or code.co_name not in program.names:
        return
    line, column = _position(code, frame.f_lasti)
    name = program.names[code.co_name]
    this = frame.f_locals.get("this")
    if isinstance(this, JSObject) and this is not realm.global_object and not name.startswith(("new ", "Object.", "<")):
        kind = this.name if isinstance(this, JSFunction) else constructor_name(this)
        if kind == "Timeout":
            name = f"Timeout.{name} [as _onTimeout]" if name else "Timeout._onTimeout"
        elif name:
            name = f"{kind or 'Object'}.{name}"
    if realm.internal(code.co_filename) and not name:
        return
    yield Place(name, realm.shown_file(code.co_filename), line, column + 1), code


def _position(code: CodeType, lasti: int) -> tuple[int, int]:
    """Line and column (from 0) of an instruction."""
    for index, position in enumerate(code.co_positions()):
        if index == lasti // 2:
            return position[0] or 1, position[2] or 0
    return 1, 0


# -- exceptions of Python that mean something in JavaScript


def caught(realm: Realm, failure: BaseException) -> Any:
    """The value that `catch` gets."""
    if isinstance(failure, Thrown):
        return failure.value
    made = _unset(realm, failure)
    if made is None and isinstance(failure, RecursionError):
        made = new_error(realm, "RangeError", TOO_DEEP)
    if made is None and isinstance(failure, MemoryError | OverflowError):
        made = new_error(realm, "RangeError", "Invalid array length")
    if made is None and isinstance(failure, OSError):
        from sim.programs.node.bindings.files import system_error

        return system_error(realm, failure, "syscall").value
    if made is None:  # a function of ours was given what it did not expect
        made = new_error(realm, "TypeError", "this simulated node cannot do that with such an argument")
    return made


def _unset(realm: Realm, failure: BaseException) -> JSObject | None:
    """A variable before its declaration has run."""
    name = ""
    if isinstance(failure, AttributeError) and isinstance(failure.obj, Box):
        name = failure.obj.name
    elif isinstance(failure, NameError):
        match = _UNSET.search(str(failure))
        code = match[1] if match else str(failure.name)
        name = code.rpartition("_")[0]
    return new_error(realm, "ReferenceError", f"Cannot access '{name}' before initialization") if name else None


# -- the last words


def thrown_at(realm: Realm, trace: TracebackType | None) -> tuple[str, int, int] | None:
    """File, line and column (from 0) of the program where an exception began."""
    found = None
    while trace is not None:
        code = trace.tb_frame.f_code
        program = realm.programs.get(code.co_filename)
        own = program is not None and code.co_name in program.names
        if own and not (found is not None and realm.internal(code.co_filename)):
            found = (code.co_filename, *_position(code, trace.tb_lasti))
        trace = trace.tb_next
    return found


def uncaught_text(realm: Realm, failure: BaseException) -> str:
    """All that node prints of an exception that nobody caught."""
    from sim.programs.node.inspecting import inspect

    value = caught(realm, failure)
    where = thrown_at(realm, failure.__traceback__)
    if where is None and isinstance(value, JSObject) and value.kind == "Error":
        from sim.programs.node.library.errors import origin

        where = origin(realm, value)
    head = excerpt(realm, *where) if where is not None else ""
    if isinstance(value, JSObject) and value.kind != "Error":
        return f"\n{head}{inspect(realm, value)}\n{last(realm)}"
    if not (isinstance(value, JSObject) and value.kind == "Error"):
        hint = "(Use `node --trace-uncaught ...` to show where the exception was thrown)"
        return f"{head}{inspect(realm, value)}\n{hint}\n{last(realm)}"
    if value.props.get("code") == "MODULE_NOT_FOUND":
        return f"{_LOADER_THROWS}{inspect(realm, value)}\n{last(realm)}"
    return f"{head}{chr(10) if where is not None else ''}{inspect(realm, value)}\n{last(realm)}"


def excerpt(realm: Realm, file: str, line: int, column: int, width: int = 1) -> str:
    """The line of the source, and a mark below it."""
    text = realm.programs[file].lines.text(line) if file in realm.programs else ""
    margin = "".join("\t" if letter == "\t" else " " for letter in text[:column])
    return f"{realm.shown_file(file)}:{line}\n{text}\n{margin}{'^' * width}\n"


def last(realm: Realm) -> str:
    return f"\nNode.js {realm.version}\n"


def syntax_text(realm: Realm, failure: JSSyntaxError, file: str, source: str) -> str:
    """What node prints of a file that is not JavaScript, without its last line."""
    from sim.programs.node.syntax.tokens import Lines

    lines = Lines(source)
    line, column = lines.place(failure.start)
    text = lines.text(line)
    width = max(1, min(failure.end - failure.start, max(1, len(text) - column)))
    margin = "".join("\t" if letter == "\t" else " " for letter in text[:column])
    return f"{file}:{line}\n{text}\n{margin}{'^' * width}\n\nSyntaxError: {failure.message}"


def syntax_error(realm: Realm, failure: JSSyntaxError, file: str, source: str) -> Thrown:
    """A SyntaxError whose stack begins with the line."""
    thrown = realm.error("SyntaxError", failure.message)
    frames = stack_of(realm, thrown.value).partition("\n")[2]
    where = syntax_text(realm, failure, file, source)
    wrap = "wrapSafe (node:internal/modules/cjs/loader:1464:18)"
    put_stack(realm, thrown.value, f"{where}\n    at {wrap}\n{frames}".rstrip())
    return thrown
