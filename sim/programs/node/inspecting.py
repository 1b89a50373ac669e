"""util.inspect: values as console.log shows them. Source: nodejs.org/api/util.html, utilinspect; checked with node."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sim.programs.node.access import constructor_name, value_of
from sim.programs.node.numbers import number_text
from sim.programs.node.values import (
    INSPECT,
    MISSING,
    TO_STRING_TAG,
    JSArray,
    JSFunction,
    JSObject,
    Property,
    Symbol,
    Thrown,
)  # fmt: skip

if TYPE_CHECKING:
    from sim.programs.node.realm import Realm

COMPACT, SHORTEST_SPLIT, MOST, LONGEST_TEXT = 3, 16, 100, 10_000
_NAME = re.compile(r"[a-zA-Z_][a-zA-Z_0-9]*")
_ESCAPED = re.compile(r"[\x00-\x1f\x7f-\x9f\\'\ud800-\udfff]")
_NAMED = {"\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r", "\\": "\\\\"}
_COLORS = {"number": 33, "bigint": 33, "boolean": 33, "string": 32, "symbol": 32, "undefined": 90, "null": 1,
           "special": 36, "date": 35, "regexp": 31, "module": 4}  # fmt: skip
_ENDS = {1: 22, 4: 24}
_COLORED = re.compile("\x1b\\[\\d+m")


@dataclass(slots=True)
class Look:
    """Options of one call, and where it is. `seen`: objects around; `circular`: those that contain themselves."""

    realm: Realm
    depth: float = 2
    colors: bool = False
    width: int = 80
    compact: int | bool = COMPACT
    hidden: bool = False
    sorted: bool = False
    getters: bool = False
    options: Any = None
    seen: list[JSObject] = field(default_factory=list)
    circular: dict[int, int] = field(default_factory=dict)
    margin: int = 0
    deepest: int = 0

    def styled(self, text: str, kind: str) -> str:
        if not self.colors or kind not in _COLORS:
            return text
        code = _COLORS[kind]
        return f"\x1b[{code}m{text}\x1b[{_ENDS.get(code, 39)}m"


def inspect(realm: Realm, value: Any, **options: Any) -> str:
    return shown(Look(realm, **options), value, 0)


def brief(value: Any) -> str:
    """A value in messages of errors."""
    if type(value) is str:
        return f'"{value}"' if len(value) < 60 else f'"{value[:25]}..."'
    if isinstance(value, JSFunction):
        from sim.programs.node.library.functions import source_text

        return source_text(value)
    if isinstance(value, JSArray):
        return "[object Array]"
    if isinstance(value, JSObject):
        return f"#<{constructor_name(value) or 'Object'}>"
    return plain(value)


def plain(value: Any) -> str:
    """A primitive value."""
    if value is None:
        return "undefined"
    if type(value) is float:
        return "-0" if value == 0 and math.copysign(1, value) < 0 else number_text(value)
    if type(value) is bool:
        return "true" if value else "false"
    return f"{value}n" if type(value) is int else repr(value)


def quoted(text: str) -> str:
    quote = "'"
    if "'" in text:
        quote = '"' if '"' not in text else "`" if "`" not in text and "${" not in text else "'"

    def one(match: re.Match[str]) -> str:
        letter = match[0]
        if letter == "'":
            return "\\'" if quote == "'" else letter
        if letter in _NAMED:
            return _NAMED[letter]
        if letter >= "\ud800":
            at = match.start()
            pair = re.compile("[\ud800-\udbff][\udc00-\udfff]")
            return letter if pair.match(text, at) or (at and pair.match(text, at - 1)) else f"\\u{ord(letter):04X}"
        return f"\\x{ord(letter):02X}"

    return f"{quote}{_ESCAPED.sub(one, text)}{quote}"


def _text(look: Look, text: str, typed: bool) -> str:
    more = ""
    if len(text) > LONGEST_TEXT:
        left = len(text) - LONGEST_TEXT
        text, more = text[:LONGEST_TEXT], f"... {left} more character{'s' if left > 1 else ''}"
    if look.compact is not True and len(text) > SHORTEST_SPLIT and len(text) > look.width - look.margin - 4:
        lines = [one for one in re.split(r"(?<=\n)", text) if one]
        if len(lines) > 1:
            between = f" +\n{' ' * (look.margin + 2)}"
            return between.join(look.styled(quoted(one), "string") for one in lines) + more
    return look.styled(quoted(text), "string") + more


def shown(look: Look, value: Any, level: int, typed: bool = False) -> str:
    if not isinstance(value, JSObject):
        if type(value) is str:
            return _text(look, value, typed)
        kinds = {float: "number", int: "bigint", bool: "boolean", Symbol: "symbol", type(None): "undefined"}
        return look.styled(plain(value), kinds.get(type(value), "null"))
    custom = value_of(look.realm, value, INSPECT)
    if isinstance(custom, JSFunction):
        found = _custom(look, value, custom, level)
        if found is not None:
            return found
    if any(one is value for one in look.seen):
        number = look.circular.setdefault(id(value), len(look.circular) + 1)
        return look.styled(f"[Circular *{number}]", "special")
    return _object(look, value, level)


def _custom(look: Look, value: JSObject, function: JSFunction, level: int) -> str | None:
    """[util.inspect.custom](depth, options, inspect)"""
    realm = look.realm
    inspect_ = realm.machine.modules.own("util").props["inspect"]
    options = realm.object({"depth": float(look.depth - level), "colors": look.colors})
    stylize = realm.method(lambda realm, this, said, kind=None: look.styled(str(said), str(kind)), "stylize")
    options.props["stylize"] = stylize
    found = realm.run(function, value, float(look.depth - level), options, inspect_)
    if found is value:
        return None
    return found.replace("\n", f"\n{' ' * look.margin}") if type(found) is str else shown(look, found, level)


# -- what an object is called


def _tag(look: Look, value: JSObject) -> str:
    try:
        found = value_of(look.realm, value, TO_STRING_TAG)
    except Thrown:
        return ""
    return found if type(found) is str else ""


def _name(value: JSObject) -> str:
    """Its constructor's; of what has no prototype, what it would be."""
    return constructor_name(value) if value.proto is not None or "constructor" in value.props else ""


def _prefix(look: Look, value: JSObject, fallback: str, size: str = "") -> str:
    name, tag = _name(value), _tag(look, value)
    if not name:
        head = f"[{fallback}{size}: null prototype] "
        return f"{head}[{tag}] " if tag and tag != fallback else head
    return f"{name}{size} [{tag}] " if tag and tag != name else f"{name}{size} "


def _object(look: Look, value: JSObject, level: int) -> str:
    if level > look.depth:
        name = _name(value) or ("Object: null prototype" if not isinstance(value, JSArray) else "Array")
        tag = _tag(look, value)
        return look.styled(f"[{name} [{tag}]]" if tag and tag != name else f"[{name}]", "special")
    keys = _keys(look, value)
    base, braces, entries, is_list = _form(look, value, keys)
    if not entries and not keys and base is not None and (braces is None or base):
        return base
    if braces is None:
        return base or ""
    if not entries and not keys and not is_list and not base:
        return f"{braces[0]}}}"
    if not entries and not keys and is_list:
        return f"{braces[0]}]"
    look.seen.append(value)
    look.deepest = level
    output = entries(level) if entries else []
    for key in keys:
        output.append(named(look, value, key, level))
    look.seen.pop()
    if id(value) in look.circular:
        mark = look.styled(f"<ref *{look.circular[id(value)]}>", "special")
        if look.compact is not True:
            base = f"{mark} {base}" if base else mark
    if look.sorted and not is_list:
        output.sort()
    return _joined(look, output, base or "", braces, is_list, level, value)


def _keys(look: Look, value: JSObject) -> list[Any]:
    found = []
    is_array = isinstance(value, JSArray)
    for key in value.own_keys():
        if is_array and type(key) is str and (key.isdigit() or key == "length"):
            if key == "length" and look.hidden:
                found.append(key)
            continue
        one = value.own(key)
        if one is MISSING or (type(one) is Property and not one.enumerable and not look.hidden):
            continue
        found.append(key)
    from sim.programs.node.bindings.buffer import Bytes

    return [key for key in found if not (isinstance(value, Bytes) and type(key) is str and key.isdigit())]


def _form(look: Look, value: JSObject, keys: list[Any]) -> tuple[str | None, tuple[str, str] | None, Any, bool]:
    """(what stands before the braces, the braces, what gives the entries, whether it is a list)"""
    from sim.programs.node import inspected

    if isinstance(value, JSArray):
        return inspected.array(look, value, _prefix)
    if isinstance(value, JSFunction):
        return look.styled(inspected.function_base(look, value), "special"), ("{", "}"), None, False
    special = inspected.KINDS.get(value.kind)
    if special is not None:
        return special(look, value, keys, _prefix)
    name, tag = _name(value), _tag(look, value)
    if name == "Object" and (not tag or tag == "Object"):
        return None, ("{", "}"), None, False
    return None, (_prefix(look, value, "Object") + "{", "}"), None, False


def named(look: Look, owner: JSObject, key: Any, level: int) -> str:
    """`key: value`"""
    found = owner.own(key)
    enumerable = type(found) is not Property or found.enumerable
    if type(found) is Property and found.is_accessor:
        kind = "Getter/Setter" if found.getter and found.setter else "Getter" if found.getter else "Setter"
        said = look.styled(f"[{kind}]", "special")
    else:
        value = found.value if type(found) is Property else found
        look.margin += 2 if look.compact is not True else 3
        said = shown(look, value, level + 1)
        look.margin -= 2 if look.compact is not True else 3
    if type(key) is Symbol:
        name = f"[{look.styled(repr(key), 'symbol')}]"
    elif key == "__proto__":
        name = "['__proto__']"
    elif not enumerable:
        return f"[{key}]: {said}"
    else:
        name = key if _NAME.fullmatch(key) else look.styled(quoted(key), "string")
    return f"{name}: {said}"


# -- lines


def _length(text: str) -> int:
    return len(_COLORED.sub("", text))


def _joined(
    look: Look, output: list[str], base: str, braces: tuple[str, str], is_list: bool, level: int, value: JSObject
) -> str:
    before = f"{base} " if base else ""
    if look.compact is True:
        return f"{before}{braces[0]} {', '.join(output)} {braces[1]}"
    entries = len(output)
    if look.compact and is_list and entries > 6:
        output = _grouped(look, output, value)
    if look.compact and look.deepest - level < look.compact and entries == len(output):
        start = len(output) + look.margin + len(braces[0]) + len(base) + 10
        total = len(output) + start + sum(_length(one) for one in output)
        if total <= look.width and "\n" not in base and not any("\n" in one for one in output):
            return f"{before}{braces[0]} {', '.join(output)} {braces[1]}"
    margin = f"\n{' ' * look.margin}"
    between = f",{margin}  "
    return f"{before}{braces[0]}{margin}  {between.join(output)}{margin}{braces[1]}"


def _grouped(look: Look, output: list[str], value: JSObject) -> list[str]:
    """More than six elements stand in columns."""
    items = value.items if isinstance(value, JSArray) else None
    count = len(output) - 1 if items is not None and len(items) > MOST else len(output)
    lengths = [_length(one) for one in output[:count]]
    widest = max(lengths)
    total, most = sum(lengths) + 2 * count, widest + 2
    if not (most * 3 + look.margin < look.width and (total / most > 5 or widest <= 6)):
        return output
    biased = max(most - 3 - math.sqrt(most - total / len(output)), 1)
    columns = min(math.floor(math.sqrt(2.5 * biased * count) / biased + 0.5), (look.width - look.margin) // most,
                  int(look.compact) * 4, 15)  # fmt: skip
    if columns <= 1:
        return output
    widths = [max(lengths[at] for at in range(column, count, columns)) + 2 for column in range(min(columns, count))]
    numbers = items is not None and all(type(one) in (float, int) for one in items[: len(output)])
    found = []
    for start in range(0, count, columns):
        row = output[start : min(start + columns, count)]
        parts = []
        for index, one in enumerate(row[:-1]):
            width = widths[index] + len(one) - lengths[start + index]
            parts.append(f"{one}, ".rjust(width) if numbers else f"{one}, ".ljust(width))
        last = row[-1]
        width = widths[len(row) - 1] + len(last) - lengths[start + len(row) - 1] - 2
        found.append("".join(parts) + (last.rjust(width) if numbers else last))
    return found + output[count:]
