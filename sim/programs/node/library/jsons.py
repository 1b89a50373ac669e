"""JSON. Source: ECMA-262, chapter 25.5."""

from __future__ import annotations

import json
import math
import re
from typing import TYPE_CHECKING, Any

from sim.programs.node.access import constructor_name, enumerable_keys, item, put, value_of
from sim.programs.node.numbers import number_text
from sim.programs.node.operators import integer, text
from sim.programs.node.syntax.tokens import in_pairs
from sim.programs.node.values import (
    HOLE,
    TO_STRING_TAG,
    JSArray,
    JSFunction,
    JSObject,
    Property,
    Symbol,
    hidden,
    null,
)  # fmt: skip

if TYPE_CHECKING:
    from sim.programs.node.realm import Realm

_ESCAPED = re.compile(r'["\\\x00-\x1f\ud800-\udfff]')
_NAMED = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\b": "\\b", "\f": "\\f"}
_PAIR = re.compile("[\ud800-\udbff][\udc00-\udfff]")


def quoted(said: str) -> str:
    def one(match: re.Match[str]) -> str:
        letter = match[0]
        if letter in _NAMED:
            return _NAMED[letter]
        if letter >= "\ud800" and _paired(said, match.start()):
            return letter
        return f"\\u{ord(letter):04x}"

    return f'"{_ESCAPED.sub(one, said)}"'


def _paired(said: str, at: int) -> bool:
    return bool(_PAIR.match(said, at) or (at and _PAIR.match(said, at - 1)))


class _Writer:
    """One call of stringify. Raises Thrown."""

    def __init__(self, realm: Realm, replacer: Any, gap: str) -> None:
        self._realm, self._gap = realm, gap
        self._function = replacer if isinstance(replacer, JSFunction) else None
        self._only = [text(realm, one) for one in replacer.items] if isinstance(replacer, JSArray) else None
        self._inside: list[tuple[JSObject, str]] = []

    def write(self, holder: JSObject, key: str, value: Any, margin: str) -> str | None:
        realm = self._realm
        if isinstance(value, JSObject) or type(value) is int:
            function = value_of(realm, value, "toJSON")
            if isinstance(function, JSFunction):
                value = realm.run(function, value, key)
        if self._function is not None:
            value = realm.run(self._function, holder, key, value)
        if isinstance(value, JSObject) and value.kind in ("Number", "String", "Boolean"):
            value = value.data
        if value is None or type(value) is Symbol or isinstance(value, JSFunction):
            return None
        if type(value) is float:
            return number_text(value) if math.isfinite(value) else "null"
        if type(value) is str:
            return quoted(value)
        if type(value) is bool or value is null:
            return "null" if value is null else "true" if value else "false"
        if type(value) is int:
            raise realm.error("TypeError", "Do not know how to serialize a BigInt")
        return self._object(value, key, margin)

    def _object(self, value: JSObject, key: str, margin: str) -> str:
        for index, (one, _) in enumerate(self._inside):
            if one is value:
                raise self._realm.error("TypeError", self._circle(index, key))
        self._inside.append((value, key))
        inner = margin + self._gap
        if isinstance(value, JSArray):
            parts = [self.write(value, str(index), None if one is HOLE else one, inner) or "null"
                     for index, one in enumerate(value.items)]  # fmt: skip
            found = self._joined(parts, "[", "]", margin)
        else:
            colon = ": " if self._gap else ":"
            parts = []
            for name in self._only if self._only is not None else enumerable_keys(value):
                said = self.write(value, name, value_of(self._realm, value, name), inner)
                if said is not None:
                    parts.append(quoted(name) + colon + said)
            found = self._joined(parts, "{", "}", margin)
        self._inside.pop()
        return found

    def _joined(self, parts: list[str], first: str, last: str, margin: str) -> str:
        if not parts or not self._gap:
            return first + ",".join(parts) + last
        inner = f",\n{margin}{self._gap}".join(parts)
        return f"{first}\n{margin}{self._gap}{inner}\n{margin}{last}"

    def _circle(self, index: int, key: str) -> str:
        """V8's drawing of where a structure contains itself."""
        chain = self._inside[index:]
        name = constructor_name(chain[0][0]) or "Object"
        lines = ["Converting circular structure to JSON", f"    --> starting at object with constructor '{name}'"]
        for one, through in chain[1:2]:
            lines.append(
                f"    |     {_named(through)} -> object with constructor '{constructor_name(one) or 'Object'}'"
            )
        if len(chain) > 3:
            lines.append("    |     ...")
        for one, through in chain[2:][-1:]:
            lines.append(
                f"    |     {_named(through)} -> object with constructor '{constructor_name(one) or 'Object'}'"
            )
        return "\n".join([*lines, f"    --- {_named(key)} closes the circle"])


def _named(key: str) -> str:
    return f"index {key}" if key.isdigit() else f"property '{key}'"


def stringify(realm: Realm, this: Any, value: Any = None, replacer: Any = None, space: Any = None) -> Any:
    if isinstance(space, JSObject) and space.kind in ("Number", "String"):
        space = space.data
    gap = (
        " " * int(min(10, integer(realm, space))) if type(space) is float else space[:10] if type(space) is str else ""
    )
    found = _Writer(realm, replacer, gap).write(realm.object({"": value}), "", value, "")
    return found if found is None else realm.held(found)


# -- parsing


def _pairs(realm: Realm, pairs: list[tuple[str, Any]]) -> JSObject:
    return JSObject(realm.object_prototype, {in_pairs(key): _value(realm, value) for key, value in pairs})


def _value(realm: Realm, value: Any) -> Any:
    """From Python's values to ours."""
    if type(value) is list:
        return realm.array([_value(realm, one) for one in value])
    if type(value) is str:
        return in_pairs(value)
    return null if value is None else float(value) if type(value) is int else value


def parse(realm: Realm, source: str) -> Any:
    """Raises Thrown with V8's words."""
    try:
        found = json.loads(source, object_pairs_hook=lambda pairs: _pairs(realm, pairs), parse_constant=_refuse,
                           parse_int=float)  # fmt: skip
    except (json.JSONDecodeError, _Constant) as failure:
        raise realm.error("SyntaxError", _complaint(source, failure, realm.major > 20)) from None
    except RecursionError:
        raise realm.error("RangeError", "Maximum call stack size exceeded") from None
    return _value(realm, found)


class _Constant(ValueError):
    """NaN and Infinity, which JSON has not."""


def _refuse(word: str) -> Any:
    raise _Constant(word)


def _complaint(source: str, failure: ValueError, newer: bool) -> str:
    """`newer`: of V8s that tell line and column, too."""
    at = failure.pos if isinstance(failure, json.JSONDecodeError) else source.find(str(failure))
    reason = failure.msg if isinstance(failure, json.JSONDecodeError) else ""
    if at >= len(source.rstrip()) and not reason.startswith("Extra"):
        if reason.startswith("Unterminated"):
            return f"Unterminated string in JSON at position {len(source)}"
        return "Unexpected end of JSON input"
    line, column = source.count("\n", 0, at) + 1, at - source.rfind("\n", 0, at)
    place = f" (line {line} column {column})" if newer else ""
    where = f"in JSON at position {at}{place}"
    if reason.startswith("Unterminated"):
        return f"Unterminated string in JSON at position {len(source)}" + (
            f" (line {line} column {len(source) + 1})" if newer else ""
        )
    if reason.startswith("Extra data"):
        return f"Unexpected non-whitespace character after JSON at position {at}{place}"
    if reason.startswith("Expecting property name"):
        return f"Expected property name or '}}' {where}" if source[at - 1] == "{" else \
            f"Expected double-quoted property name {where}"  # fmt: skip
    if reason.startswith("Expecting ',' delimiter"):
        before = source[:at].rstrip()
        what = "',' or ']' after array element" if before.count("[") > before.count("]") and \
            before.rfind("[") > before.rfind("{") else "',' or '}' after property value"  # fmt: skip
        return f"Expected {what} {where}"
    if reason.startswith("Expecting ':'"):
        return f"Expected ':' after property name {where}"
    shown = source if len(source) <= 40 else None
    if shown is None:
        shown = f"...{source[max(0, at - 10) : at + 10]}..."
    return f"Unexpected token '{source[at : at + 1]}', {quoted_source(shown)} is not valid JSON"


def quoted_source(source: str) -> str:
    parts = source.split("...") if source.startswith("...") else None
    return f'..."{parts[1]}"...' if parts and len(parts) > 2 else f'"{source}"'


def _parse(realm: Realm, this: Any, source: Any = None, reviver: Any = None) -> Any:
    found = parse(realm, text(realm, source))
    return _revived(realm, realm.object({"": found}), "", reviver) if isinstance(reviver, JSFunction) else found


def _revived(realm: Realm, holder: JSObject, key: str, function: JSFunction) -> Any:
    value = item(realm, holder, key)
    if isinstance(value, JSObject):
        for name in enumerable_keys(value):
            found = _revived(realm, value, name, function)
            if found is None:
                value.delete_own(name)
            else:
                put(realm, value, name, found)
    return realm.run(function, holder, key, value)


def install(realm: Realm) -> None:
    made = realm.object()
    realm.methods(made, {"stringify": stringify, "parse": _parse})
    made.props[TO_STRING_TAG] = Property("JSON", configurable=True)
    realm.global_object.props["JSON"] = hidden(made)
