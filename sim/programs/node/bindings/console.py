"""util.inspect and util.format for node's own modules, and what console.table draws."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from sim.programs.node.access import find
from sim.programs.node.inspecting import inspect, plain
from sim.programs.node.library.jsons import stringify
from sim.programs.node.numbers import parse_float, parse_int
from sim.programs.node.operators import number, text, truth
from sim.programs.node.values import JSArray, JSFunction, JSObject, Property, Symbol, Thrown

if TYPE_CHECKING:
    from sim.programs.node.machine import Machine
    from sim.programs.node.realm import Realm

NAMES = {"depth": "depth", "colors": "colors", "breakLength": "width", "compact": "compact", "showHidden": "hidden",
         "sorted": "sorted", "getters": "getters"}  # fmt: skip


def options_of(realm: Realm, given: Any) -> dict[str, Any]:
    """From inspect's options to ours."""
    found: dict[str, Any] = {}
    for name, ours in NAMES.items():
        value = realm.value_of(given, name) if isinstance(given, JSObject) else None
        if value is None:
            continue
        if ours == "depth":
            found[ours] = value if type(value) is float else math.inf
        elif ours == "compact":
            found[ours] = value if type(value) is bool else int(value)
        elif ours == "width":
            found[ours] = int(value) if math.isfinite(value) else 1 << 30
        else:
            found[ours] = truth(value)
    return found


def inspect_(
    realm: Realm, this: Any, value: Any = None, given: Any = None, depth: Any = None, colors: Any = None
) -> str:
    found = options_of(realm, given)
    if type(given) is bool:
        found["hidden"] = given
        if depth is not None:
            found["depth"] = depth if type(depth) is float else math.inf
        found["colors"] = truth(colors)
    return inspect(realm, value, **found)


def formatted(realm: Realm, args: list[Any], **look: Any) -> str:
    """util.format: `%s`, `%d`, `%j`, … in the first, the rest after spaces."""
    if not args or type(args[0]) is not str:
        return " ".join(_word(realm, one, look) for one in args)
    if len(args) == 1:
        return args[0]
    parts, rest, at, template = [], list(args[1:]), 0, args[0]
    while at < len(template):
        sign = template.find("%", at)
        if sign < 0 or sign + 1 >= len(template):
            break
        kind = template[sign + 1]
        parts.append(template[at:sign])
        at = sign + 2
        if kind == "%":
            parts.append("%")
        elif kind in _SIGNS and rest:
            parts.append(_SIGNS[kind](realm, rest.pop(0), look))
        else:
            parts.append(f"%{kind}")
    said = "".join([*parts, template[at:]])
    return " ".join([said, *(_word(realm, one, look) for one in rest)])


def _word(realm: Realm, value: Any, look: dict[str, Any]) -> str:
    return value if type(value) is str else inspect(realm, value, **look)


def _as_text(realm: Realm, value: Any, look: dict[str, Any]) -> str:
    if type(value) in (str, Symbol) or not isinstance(value, JSObject):
        return value if type(value) is str else plain(value)
    own = find(value, "toString")
    own = own.value if type(own) is Property else own
    native = isinstance(own, JSFunction) and own.role == "native"
    if isinstance(value, JSFunction) or not native or value.kind in ("Error", "Date"):
        return text(realm, value)
    return inspect(realm, value, depth=0)


def _as_number(realm: Realm, value: Any, look: dict[str, Any]) -> str:
    if isinstance(value, JSObject):
        return "NaN"
    return plain(value) if type(value) is int else "NaN" if type(value) is Symbol else plain(number(realm, value))


def _as_integer(realm: Realm, value: Any, look: dict[str, Any]) -> str:
    return plain(value) if type(value) is int else plain(parse_int(text(realm, value), 10))


def _as_json(realm: Realm, value: Any, look: dict[str, Any]) -> str:
    try:
        found = stringify(realm, None, value)
    except Thrown:
        return "[Circular]"
    return "undefined" if found is None else str(found)


_SIGNS: dict[str, Any] = {
    "s": _as_text, "d": _as_number, "i": _as_integer, "j": _as_json,
    "f": lambda realm, value, look: plain(parse_float(text(realm, value))),
    "o": lambda realm, value, look: inspect(realm, value, depth=4, hidden=True),
    "O": lambda realm, value, look: inspect(realm, value), "c": lambda realm, value, look: "",
}  # fmt: skip


def _format(realm: Realm, this: Any, colors: Any, args: Any) -> str:
    return formatted(realm, args.items, colors=truth(colors))


# -- console.table


def _width(said: str) -> int:
    import unicodedata

    return sum(2 if unicodedata.east_asian_width(one) in "WF" else 1 for one in said)


def _table(realm: Realm, this: Any, head: Any, rows: Any) -> str:
    """Rows of texts in a frame."""
    names, lines = list(head.items), [list(row.items) for row in rows.items]
    widths = [max(_width(row[index]) for row in [names, *lines]) + 2 for index in range(len(names))]

    def cell(said: str, width: int) -> str:
        return f" {said}{' ' * (width - _width(said) - 1)}"

    def row(words: list[str]) -> str:
        return f"│{'│'.join(cell(word, width) for word, width in zip(words, widths, strict=True))}│"

    bars = ["─" * width for width in widths]
    return "\n".join(
        [f"┌{'┬'.join(bars)}┐", row(names), f"├{'┼'.join(bars)}┤", *map(row, lines), f"└{'┴'.join(bars)}┘"]
    )


def table(machine: Machine) -> dict[str, Any]:
    return {"inspect": inspect_, "format": _format, "table": _table,
            "isArray": lambda realm, this, value: isinstance(value, JSArray)}  # fmt: skip
