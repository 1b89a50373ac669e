"""How each kind of object looks to util.inspect: what stands before the braces, and what inside."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from sim.programs.node.access import constructor_name, value_of
from sim.programs.node.inspecting import MOST, Look, named, plain, quoted, shown
from sim.programs.node.library.dates import iso
from sim.programs.node.values import HOLE, TO_STRING_TAG, JSArray, JSFunction, JSObject, Property

Prefix = Callable[..., str]
Form = tuple[str | None, tuple[str, str] | None, Any, bool]
_STACK_LINE = re.compile(r"\n    at ")


def array(look: Look, value: JSArray, prefix: Prefix) -> Form:
    if value.kind == "Arguments":
        keys = JSObject(None, {str(index): one for index, one in enumerate(value.items)})
        return None, ("[Arguments] {", "}"), lambda level: [named(look, keys, key, level) for key in keys.props], False
    name = prefix(look, value, "Array", f"({len(value.items)})")
    if name == f"Array({len(value.items)}) ":
        name = ""
    entries = (lambda level: _elements(look, value.items, level)) if value.items else None
    return None, (f"{name}[", "]"), entries, True


def _elements(look: Look, items: list[Any], level: int) -> list[str]:
    output: list[str] = []
    at = 0
    look.margin += 2
    while at < len(items) and len(output) < MOST:
        start = at
        while at < len(items) and items[at] is HOLE:
            at += 1
        if at > start:
            count = at - start
            output.append(look.styled(f"<{count} empty item{'s' if count > 1 else ''}>", "undefined"))
        else:
            output.append(shown(look, items[at], level + 1, True))
            at += 1
    look.margin -= 2
    return _more(output, len(items) - at)


def _more(output: list[str], left: int) -> list[str]:
    return [*output, f"... {left} more item{'s' if left > 1 else ''}"] if left > 0 else output


def function_base(look: Look, value: JSFunction) -> str:
    """[Function: name], [class B extends A], …"""
    name = value.own("name")
    name = name.value if type(name) is Property else name
    if value.role in ("class", "derived"):
        said = f"[class {name or '(anonymous)'}"
        if value.proto is not None and isinstance(value.proto, JSFunction) and value.proto.proto is not None:
            parent = value.proto.own("name")
            parent = parent.value if type(parent) is Property else parent
            said += f" extends {parent}" if parent else ""
        elif value.role == "derived":
            said += " extends null"
        return f"{said}]"
    kind = {"async": "AsyncFunction", "generator": "GeneratorFunction",
            "async_generator": "AsyncGeneratorFunction"}.get(value.role, "Function")  # fmt: skip
    said = f"[{kind}: {name}]" if name else f"[{kind} (anonymous)]"
    tag = value_of(look.realm, value, TO_STRING_TAG)
    return f"{said} [{tag}]" if type(tag) is str and tag != kind and value.role == "native" else said


def _map(look: Look, value: JSObject, keys: list[Any], prefix: Prefix) -> Form:
    def entries(level: int) -> list[str]:
        look.margin += 2
        every = list(value.data.pairs())
        output = [f"{shown(look, key, level + 1)} => {shown(look, held, level + 1)}" for key, held in every[:MOST]]
        look.margin -= 2
        return _more(output, len(every) - MOST)

    return (
        None,
        (prefix(look, value, "Map", f"({len(value.data)})") + "{", "}"),
        entries if len(value.data) else None,
        False,
    )


def _set(look: Look, value: JSObject, keys: list[Any], prefix: Prefix) -> Form:
    def entries(level: int) -> list[str]:
        look.margin += 2
        every = list(value.data.pairs())
        output = [shown(look, one, level + 1) for one, _ in every[:MOST]]
        look.margin -= 2
        return _more(output, len(every) - MOST)

    return (
        None,
        (prefix(look, value, "Set", f"({len(value.data)})") + "{", "}"),
        entries if len(value.data) else None,
        False,
    )


def _unknown(look: Look, value: JSObject, keys: list[Any], prefix: Prefix) -> Form:
    said = look.styled("<items unknown>", "special")
    return None, (prefix(look, value, value.kind) + "{", "}"), lambda level: [said], False


def _error(look: Look, value: JSObject, keys: list[Any], prefix: Prefix) -> Form:
    base = _error_base(look, value)
    if "cause" in value.props and "cause" not in keys and type(value.props["cause"]) is Property:
        keys.append("cause")
    if "errors" in value.props and type(value.props["errors"]) is Property:
        keys.append("errors")
    stack = value_of(look.realm, value, "stack")
    for key in ("name", "message", "stack"):
        if key in keys:
            held = value.own(key)
            held = held.value if type(held) is Property else held
            if type(stack) is str and type(held) is str and held in stack:
                keys.remove(key)
    return base, ("{", "}"), None, False


def _error_base(look: Look, value: JSObject) -> str:
    stack = value_of(look.realm, value, "stack")
    if type(stack) is not str or not stack:
        from sim.programs.node.errors import headline

        stack = headline(look.realm, value)
    stack = _improved(look, value, stack)
    if not _STACK_LINE.search(stack):
        stack = f"[{stack}]"
    if look.margin:
        stack = stack.replace("\n", f"\n{' ' * look.margin}")
    return stack


def _improved(look: Look, value: JSObject, stack: str) -> str:
    """The name of the class, where the stack does not have it."""
    name = constructor_name(value) or "Error"
    first = re.match(r"([A-Z][a-z_ A-Z0-9[\]()-]+)(?::|\n\s+at)", stack) or re.match(r"([a-z_A-Z0-9-]*Error)$", stack)
    if name != "Error" and name not in stack.partition("\n")[0] and first is not None:
        start = first[1]
        kind = re.match(r"([A-Za-z_$]*Error)", start)
        if (kind is not None and name.endswith("Error")) or name:
            return stack.replace(start if kind is None else kind[1], name, 1)
    return stack


def _date(look: Look, value: JSObject, keys: list[Any], prefix: Prefix) -> Form:
    said = "Invalid Date" if value.data != value.data else iso(value.data)
    return look.styled(said, "date"), ("{", "}"), None, False


def _regex(look: Look, value: JSObject, keys: list[Any], prefix: Prefix) -> Form:
    return look.styled(f"/{value.data.body}/{value.data.flags}", "regexp"), ("{", "}"), None, False


def _boxed(look: Look, value: JSObject, keys: list[Any], prefix: Prefix) -> Form:
    said = quoted(value.data) if type(value.data) is str else plain(value.data)
    keys[:] = [key for key in keys if not (type(key) is str and key.isdigit())]
    return look.styled(f"[{value.kind}: {said}]", value.kind.lower()), ("{", "}"), None, False


def _promise(look: Look, value: JSObject, keys: list[Any], prefix: Prefix) -> Form:
    def entries(level: int) -> list[str]:
        state = value.data
        if state.state == "pending":
            return [look.styled("<pending>", "special")]
        look.margin += 2
        said = shown(look, state.value, level + 1)
        look.margin -= 2
        return [f"{look.styled('<rejected>', 'special')} {said}" if state.state == "rejected" else said]

    return None, (prefix(look, value, "Promise") + "{", "}"), entries, False


def _generator(look: Look, value: JSObject, keys: list[Any], prefix: Prefix) -> Form:
    return None, (f"Object [{value.kind}] {{", "}"), None, False


def _iterator(look: Look, value: JSObject, keys: list[Any], prefix: Prefix) -> Form:
    return None, (f"Object [{value.kind}] {{", "}"), None, False


def _table_iterator(look: Look, value: JSObject, keys: list[Any], prefix: Prefix) -> Form:
    """What is left in it is shown."""
    items = list(value.data)
    value.data = iter(items)
    return None, (f"[{value.kind}] {{", "}"), lambda level: _elements(look, items, level), False


def _module(look: Look, value: JSObject, keys: list[Any], prefix: Prefix) -> Form:
    if value.proto is not None:
        return None, ("{", "}"), None, False
    for key in list(keys):
        value_of(look.realm, value, key)
    held = {key: value_of(look.realm, value, key) for key in keys}
    keys.clear()

    def entries(level: int) -> list[str]:
        plain_one = JSObject(None, dict(held))
        return [named(look, plain_one, key, level) for key in held]

    return None, ("[Module: null prototype] {", "}"), entries, False


def _global(look: Look, value: JSObject, keys: list[Any], prefix: Prefix) -> Form:
    return None, ("Object [global] {", "}"), None, False


def _bytes(look: Look, value: JSObject, keys: list[Any], prefix: Prefix) -> Form:
    data = bytes(value.data)
    name = constructor_name(value)
    if name == "Buffer":
        said = data[:50].hex(" ")
        more = f" ... {len(data) - 50} more byte{'s' if len(data) > 51 else ''}" if len(data) > 50 else ""
        return f"<Buffer{' ' if said else ''}{said}{more}>", None, None, False
    numbers = [float(one) for one in data]
    entries = (lambda level: _elements(look, numbers, level)) if numbers else None
    return None, (f"{name}({len(data)}) [", "]"), entries, True


KINDS: dict[str, Callable[[Look, JSObject, list[Any], Prefix], Form]] = {
    "Map": _map, "Set": _set, "WeakMap": _unknown, "WeakSet": _unknown, "Error": _error, "Date": _date,
    "RegExp": _regex,
    "Number": _boxed, "String": _boxed, "Boolean": _boxed, "Symbol": _boxed, "BigInt": _boxed, "Promise": _promise,
    "Generator": _generator, "AsyncGenerator": _generator, "Module": _module, "global": _global, "Uint8Array": _bytes,
    "Array Iterator": _iterator, "String Iterator": _iterator, "RegExp String Iterator": _iterator,
    "Map Iterator": _table_iterator, "Set Iterator": _table_iterator,
}  # fmt: skip
