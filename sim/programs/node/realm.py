"""A realm: the objects that the language itself consists of, and what compiled programs call.

Source: ECMA-262, chapter 9.3.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from sim.programs.node import access, calling, comparing, errors, generators, iterating, operators
from sim.programs.node.compiler.modules import Compiled
from sim.programs.node.execution import Execution, run_now
from sim.programs.node.values import (
    DONE,
    HOLE,
    NO_PARENT,
    Await,
    Box,
    JSArray,
    JSFunction,
    JSObject,
    PrivateName,
    Property,
    Running,
    Symbol,
    Thrown,
    Yielded,
    hidden,
    null,
)  # fmt: skip

if TYPE_CHECKING:
    from sim.programs.node.machine import Machine

ERRORS = (
    "Error",
    "TypeError",
    "RangeError",
    "SyntaxError",
    "ReferenceError",
    "EvalError",
    "URIError",
    "AggregateError",
)
LARGE = 1 << 20
OBJECT_SIZE, VALUE_SIZE = 256, 24  # bytes of an element
VARARGS = 4  # a flag of Python's code objects
# what compiled programs call with the realm as the first argument
_CALLED = (
    operators.add, operators.subtract, operators.multiply, operators.divide, operators.remainder, operators.power,
    comparing.equal, comparing.unequal, comparing.less, comparing.greater, comparing.at_most, comparing.at_least,
    operators.shift_left, operators.shift_right, operators.shift_unsigned, operators.bit_and, operators.bit_or,
    operators.bit_xor, comparing.instance_of, comparing.has_property, operators.negative, operators.number,
    operators.bit_not, operators.joined, operators.increment, operators.decrement, operators.numeric,
    operators.property_key, operators.held_key, access.value_of, access.item, access.put, access.put_item,
    access.delete,
    access.define_field, access.private_value, access.put_private, access.global_value, access.global_or_undefined,
    access.set_global, calling.call, calling.invoke, calling.invoke_private, calling.construct, calling.take_new_target,
    calling.super_construct, calling.bound_this, calling.constructed, calling.super_value, calling.prototype_of_class,
    calling.function, calling.make_class, calling.with_statics, calling.object_of, calling.without,
    calling.destructured, calling.arguments_object, calling.rest, calling.assign_const, iterating.iterate,
    iterating.iterate_async, iterating.keys_of, iterating.listed, iterating.taken, generators.delegate,
    generators.delegate_async,
)  # fmt: skip


class Realm:
    """One program's world."""

    def __init__(self, machine: Machine, version: str) -> None:
        from sim.programs.node import library

        self.machine, self.version = machine, version
        self.major = int(version.lstrip("v").partition(".")[0] or 24)
        self.executions: list[Execution] = []
        self.programs: dict[str, Compiled] = {}
        self.jobs: list[Callable[[], Any]] = []  # of promises
        self.unhandled: dict[int, JSObject] = {}  # promises that were rejected, and nobody asked
        self.next_target: Any = None
        self.loading = False  # the main program runs for the first time
        self.plain_arrays = True
        self.spent = 0  # steps that are not paid for yet
        self.joining: list[Any] = []  # arrays whose join() goes on: one inside itself is empty
        self.symbols: dict[str, Symbol] = {}
        self.templates: dict[tuple[Any, ...], JSArray] = {}
        self._prototypes()
        self.promise_then: JSFunction | None = None  # as it was at first
        self.stack_property = Property(getter=self.method(errors.stack_of, "stack"),
                                       setter=self.method(errors.put_stack, "stack"), configurable=True)  # fmt: skip
        library.install(self)
        self.names = self._names()

    def _prototypes(self) -> None:
        root = self.object_prototype = JSObject(None)
        root.data = self
        functions = self.function_prototype = JSFunction(root, lambda this, *args: None, "", 0, "native")
        self.array_prototype, self.arguments_prototype = JSArray(root, []), JSObject(root)
        self.string_prototype, self.number_prototype = JSObject(root, None, "String", ""), JSObject(root)
        self.boolean_prototype, self.symbol_prototype, self.bigint_prototype = (JSObject(root) for _ in range(3))
        self.promise_prototype, self.regex_prototype, self.date_prototype = (JSObject(root) for _ in range(3))
        self.iterator_prototype, self.async_iterator_prototype = JSObject(root), JSObject(root)
        kinds = ("Array", "Map", "Set", "String", "RegExp String")
        self.iterator_prototypes = {kind: JSObject(self.iterator_prototype) for kind in kinds}
        self.generator_prototype = JSObject(self.iterator_prototype)
        self.async_generator_prototype = JSObject(self.async_iterator_prototype)
        self.bytes_prototype = JSObject(root)
        self.buffer_prototype = JSObject(self.bytes_prototype)
        self.error_prototypes = {"Error": JSObject(root)}
        for name in ERRORS[1:]:
            self.error_prototypes[name] = JSObject(self.error_prototypes["Error"])
        self.function_prototypes = {name: JSObject(functions) for name in ("async", "generator", "async_generator")}
        self.global_object = JSObject(root, kind="global")

    def _names(self) -> dict[str, Any]:
        """The globals of compiled programs."""
        imports = self.machine.modules.imports
        names: dict[str, Any] = {one.__name__: partial(one, self) for one in _CALLED}
        names |= {
            "same": comparing.same, "different": comparing.different, "truth": operators.truth, "nth": calling.nth,
            "nullish": operators.nullish, "type_of": operators.type_of, "null": null, "HOLE": HOLE, "DONE": DONE,
            "NO_PARENT": NO_PARENT, "Box": Box, "Running": Running, "Thrown": Thrown, "Await": Await,
            "Yielded": Yielded, "PrivateName": PrivateName, "object": partial(JSObject, self.object_prototype),
            "array": partial(JSArray, self.array_prototype), "global_object": self.global_object,
            "caught": self.caught, "abandoned": abandoned, "regex": self.regex,
            "template_strings": self.template_strings,
            "import_module": imports.import_later, "imported": imports.imported,
            "export_value": imports.export_value, "export_live": imports.export_live,
            "export_from": imports.export_from, "__builtins__": _PYTHON,
        }  # fmt: skip
        return names

    # -- values

    def array(self, items: list[Any]) -> JSArray:
        self.grown(items)
        return JSArray(self.array_prototype, items)

    def object(self, props: Mapping[Any, Any] | None = None) -> JSObject:
        return JSObject(self.object_prototype, dict(props or {}))

    def native(self, code: Callable[..., Any], name: Any, length: int = 0) -> JSFunction:
        """A function of ours: `code(this, *args)`."""
        return JSFunction(self.function_prototype, code, name, length, "native")

    def method(self, function: Any, name: Any) -> JSFunction:
        """One that is written as `function(realm, this, …)`; what it does not name, it does not get."""
        count = function.__code__.co_argcount - 2 - hasattr(function, "__self__")  # a bound method has one more
        length = count - len(function.__defaults__ or ())
        code: Callable[..., Any]
        if function.__code__.co_flags & VARARGS:
            code = _filled(function, self, count) if count else partial(function, self)
        else:
            code = _limited(function, self, count)
        return self.native(code, name, length)

    def methods(self, owner: JSObject, table: Mapping[Any, Callable[..., Any]]) -> None:
        for key, function in table.items():
            name = key if isinstance(key, str) else f"[{key.description}]"
            owner.props[key] = hidden(self.method(function, name))

    def getters(self, owner: JSObject, table: Mapping[Any, Callable[..., Any]]) -> None:
        for key, function in table.items():
            owner.props[key] = Property(getter=self.method(function, f"get {access.shown(key)}"), configurable=True)

    def constructor(
        self, name: str, prototype: JSObject | None, call: Callable[..., Any] | None, make: Callable[..., Any] | None,
        length: int = 0,
    ) -> JSFunction:  # fmt: skip
        """A global class: `call(realm, this, …)`, `make(realm, target, args)`."""
        code = _without_new(self, name) if call is None else self.method(call, name).code
        made = self.native(code, name, length)
        made.make = partial(make, self) if make is not None else None
        if prototype is not None:
            made.props["prototype"] = Property(prototype)
            prototype.props["constructor"] = hidden(made)
        self.global_object.props[name] = hidden(made)
        return made

    def prototype_for(self, value: Any) -> JSObject:
        """Of a primitive value."""
        kind = type(value)
        if kind is float:
            return self.number_prototype
        if kind is bool:
            return self.boolean_prototype
        if kind is str:
            return self.string_prototype
        return self.symbol_prototype if kind is Symbol else self.bigint_prototype

    def regex(self, body: str, flags: str) -> JSObject:
        from sim.programs.node.library.regexps import make

        return make(self, body, flags)

    def template_strings(self, values: Sequence[str], raw: Sequence[str]) -> JSArray:
        found = self.templates.get((values, raw))
        if found is None:
            found = self.templates[values, raw] = self.array(list(values))
            found.props["raw"] = hidden(self.array(list(raw)))
        return found

    def value_of(self, owner: Any, key: Any) -> Any:
        return access.value_of(self, owner, key)

    def has(self, owner: JSObject, key: Any) -> bool:
        return access.has(self, owner, key)

    def type_of(self, value: Any) -> str:
        return operators.type_of(value)

    # -- calls

    def start(self, function: Any, this: Any, *args: Any) -> Any:
        """Call: a value, or a generator that has to run first."""
        return calling.call(self, function, this, args, errors_name(function))

    def began(self, function: Any, this: Any, *args: Any) -> Any:
        """A call that the event loop makes: a generator, so that it begins inside an execution."""
        found = self.start(function, this, *args)
        return (yield found) if type(found) is Running else found

    def run(self, function: Any, this: Any, *args: Any) -> Any:
        """Call, at once and to the end."""
        return self.settle(self.start(function, this, *args))

    def settle(self, found: Any) -> Any:
        return run_now(self, found) if type(found) is Running else found

    # -- errors

    def new_error(self, kind: str, message: str) -> JSObject:
        return errors.new_error(self, kind, message)

    def error(self, kind: str, message: str, code: str = "") -> Thrown:
        """What to raise."""
        made = errors.new_error(self, kind, message)
        if code:
            errors.put_stack(self, made, errors.stack_of(self, made).replace(kind, f"{kind} [{code}]", 1))
            made.props["code"] = code
        return Thrown(made)

    def caught(self, failure: BaseException) -> Any:
        return errors.caught(self, failure)

    # -- programs

    def load(self, program: Compiled, file: str) -> Callable[..., Any]:
        """A compiled program's `main`."""
        self.programs[file] = program
        names = dict(self.names)
        exec(program.code, names)  # our own compiler's work: names have numbers, all else goes through the runtime
        return names["main"]  # type: ignore[no-any-return]

    def internal(self, file: str) -> bool:
        return file.startswith("node:")

    def shown_file(self, file: str) -> str:
        return file

    def file_of(self, *codes: Any) -> str:
        for code in codes:
            if hasattr(code, "__code__"):
                return str(code.__code__.co_filename)
        return ""

    # -- memory

    def held(self, text: str) -> str:
        """A string; a large one takes memory."""
        if len(text) >= LARGE:
            if len(text) > operators.LARGEST_TEXT:
                raise self.error("RangeError", "Invalid string length")
            self.machine.hold(len(text))
        return text

    def grown(self, items: list[Any]) -> None:
        """An array has more elements; each 65,536 take memory: objects what they are here, others a little."""
        if items and not len(items) & 0xFFFF:
            self.machine.hold(0x10000 * (OBJECT_SIZE if isinstance(items[-1], JSObject) else VALUE_SIZE))


_PYTHON: dict[str, Any] = {"Exception": Exception}


def _limited(function: Callable[..., Any], realm: Realm, count: int) -> Callable[..., Any]:
    return lambda this, *args: function(realm, this, *args[:count])


def _filled(function: Callable[..., Any], realm: Realm, count: int) -> Callable[..., Any]:
    return lambda this, *args: function(realm, this, *args, *(None,) * (count - len(args)))


def _without_new(realm: Realm, name: str) -> Callable[..., Any]:
    def code(this: Any, *args: Any) -> Any:
        raise realm.error("TypeError", f"Class constructor {name} cannot be invoked without 'new'"
                          if name not in ("Map", "Set", "WeakMap", "WeakSet", "Promise", "WeakRef", "Proxy")
                          else f"{'Promise constructor' if name == 'Promise' else f'Constructor {name}'} "
                          f"{'cannot be invoked without' if name == 'Promise' else 'requires'} 'new'")  # fmt: skip

    return code


def errors_name(function: Any) -> str:
    """Of something that a native function wants to call."""
    if isinstance(function, JSFunction):
        return str(function.name)
    from sim.programs.node.inspecting import brief

    return brief(function)


def realm_of(value: JSObject) -> Realm:
    at: JSObject = value
    while at.proto is not None:
        at = at.proto
    assert isinstance(at.data, Realm)
    return at.data


def abandoned() -> bool:
    """A body that nobody will drive on is being taken away: its `finally` does not run."""
    return sys.exc_info()[0] is GeneratorExit
