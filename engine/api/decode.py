"""JSON values to frozen dataclasses and back: the one place that knows how Go reads JSON into structs.

A field is called in JSON as in Go: `cpu_shares` is "CpuShares"; a field that breaks this rule is an `option` and says
so. As in Go, names match without regard to case, unknown names are ignored, and `null` leaves the default. A wrong type
is an InvalidParameter with the words of Go's encoding/json. The readers of a class are made once, from its annotations:
str, int, float, bool; tuple[X, ...] for arrays, Mapping[str, X] for objects, X | None for pointers, Any for anything,
and other dataclasses.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, field, fields, is_dataclass
from functools import cache
from typing import Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from engine.errors import InvalidParameter

T = TypeVar("T")
Reader = Callable[[Any, str, str], Any]  # (JSON value, Go struct's name, path of the field) -> value
INT64 = 1 << 63


def option(default: Any = None, *, name: str = "", omit_empty: bool = False, words: bool = False) -> Any:
    """A dataclass field that differs from the rule.

    `name`: what JSON calls it. `omit_empty`: not written while it is empty or zero (Go: omitempty). `words`: takes a
    string as well as an array of strings (Go: strslice.StrSlice).
    """
    return field(default=default, metadata={"json": name, "omit_empty": omit_empty, "words": words})


def decode(cls: type[T], value: Any) -> T:
    """An instance of `cls` from a JSON value (None: all defaults). Raises InvalidParameter."""
    return cast(T, _struct(cls)(value, "", ""))


def encode(value: Any) -> Any:
    """A dataclass as a JSON value, with all its fields. None stays null, as Go writes a slice or map that is nil."""
    cls: type[Any] = type(value)
    if cls in _PLAIN:
        return value
    if is_dataclass(cls):
        return {
            name: encode(item)
            for attribute, name, omit_empty in _written(cls)
            if (item := getattr(value, attribute)) or not omit_empty
        }
    if isinstance(value, tuple):
        return [encode(item) for item in value]
    if isinstance(value, Mapping):
        return {key: encode(item) for key, item in value.items()}
    return value


_PLAIN = frozenset((str, int, float, bool, types.NoneType))  # most values


@cache
def _written(cls: type[Any]) -> tuple[tuple[str, str, bool], ...]:
    """Of each field: its attribute, what JSON calls it, and whether it is left out while it is empty."""
    return tuple((spec.name, go_name(spec), bool(spec.metadata.get("omit_empty"))) for spec in fields(cls))


def go_name(spec: Field[Any]) -> str:
    """ "CpuShares" for `cpu_shares`, unless the field says otherwise."""
    return str(spec.metadata.get("json") or "".join(part.capitalize() for part in spec.name.split("_")))


_STRUCTS: dict[type[Any], Reader] = {}


def _struct(cls: type[Any]) -> Reader:
    """The reader of a dataclass, made when it is first asked for."""
    if cls not in _STRUCTS:
        _STRUCTS[cls] = _read_struct(cls)
    return _STRUCTS[cls]


def _read_struct(cls: type[Any]) -> Reader:
    hints = get_type_hints(cls)
    readers: dict[str, tuple[str, str, Reader]] = {}
    for spec in fields(cls):
        reader = _words if spec.metadata.get("words") else _reader(hints[spec.name])
        readers[go_name(spec)] = (spec.name, go_name(spec), reader)
    folded = {name.lower(): entry for name, entry in readers.items()}
    empty = cls() if all(_has_default(spec) for spec in fields(cls)) else None

    def read(value: Any, struct: str, path: str) -> Any:
        if value is None and empty is not None:
            return empty
        if not isinstance(value, dict):
            raise _wrong(value, struct, path, cls.__name__)
        given = {}
        for key, item in value.items():
            entry = readers.get(key) or folded.get(key.lower())
            if entry is not None and item is not None:
                attribute, name, reader = entry
                given[attribute] = reader(item, cls.__name__, f"{path}.{name}" if path else name)
        return cls(**given) if given or empty is None else empty

    return read


def _has_default(spec: Field[Any]) -> bool:
    return spec.default is not MISSING or spec.default_factory is not MISSING


def _reader(hint: Any) -> Reader:
    """The reader for an annotation."""
    origin, args = get_origin(hint), get_args(hint)
    if hint is Any:
        return lambda value, struct, path: value
    if hint in _SIMPLE:
        return _SIMPLE[hint]
    if origin in (Union, types.UnionType):  # X | None
        return _reader(next(arg for arg in args if arg is not type(None)))
    if origin is tuple:
        return _read_array(_reader(args[0]), "[]" + _go_type(args[0]))
    if origin is Mapping:
        return _read_object(_reader(args[1]), "map[string]" + _go_type(args[1]))
    if isinstance(hint, type) and is_dataclass(hint):
        return _struct(hint)
    raise TypeError(f"no JSON reader for {hint}")


def _read_array(item_reader: Reader, go_type: str) -> Reader:
    def read(value: Any, struct: str, path: str) -> Any:
        if not isinstance(value, list):
            raise _wrong(value, struct, path, go_type)
        return tuple(item_reader(item, struct, path) for item in value)

    return read


def _read_object(item_reader: Reader, go_type: str) -> Reader:
    def read(value: Any, struct: str, path: str) -> Any:
        if not isinstance(value, dict):
            raise _wrong(value, struct, path, go_type)
        return {key: item_reader(item, struct, path) if item is not None else None for key, item in value.items()}

    return read


def _read_str(value: Any, struct: str, path: str) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise _wrong(value, struct, path, "string")
    return value


def _read_bool(value: Any, struct: str, path: str) -> bool:
    if not isinstance(value, bool):
        raise _wrong(value, struct, path, "bool")
    return value


def _read_int(value: Any, struct: str, path: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise _wrong(value, struct, path, "int64")
    if not -INT64 <= value < INT64:
        raise _wrong(value, struct, path, "int64")
    return value


def _read_float(value: Any, struct: str, path: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _wrong(value, struct, path, "float64")
    return float(value)


def _words(value: Any, struct: str, path: str) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    return cast(tuple[str, ...], _STRINGS(value, struct, path))


_SIMPLE: dict[Any, Reader] = {str: _read_str, bool: _read_bool, int: _read_int, float: _read_float}
_STRINGS = _read_array(_read_str, "[]string")
_GO_TYPES: dict[Any, str] = {str: "string", bool: "bool", int: "int64", float: "float64"}


def _go_type(hint: Any) -> str:
    if get_origin(hint) is tuple:
        return "[]" + _go_type(get_args(hint)[0])
    return _GO_TYPES.get(hint) or str(getattr(hint, "__name__", "interface {}"))


def _wrong(value: Any, struct: str, path: str, go_type: str) -> InvalidParameter:
    """Go's UnmarshalTypeError."""
    where = f"Go struct field {struct}.{path}" if struct else "Go value"
    return InvalidParameter(f"invalid JSON: json: cannot unmarshal {_kind(value)} into {where} of type {go_type}")


def _kind(value: Any) -> str:
    """What Go calls a JSON value; a number that does not fit is shown."""
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, str):
        return "string"
    if isinstance(value, int | float):
        fits = isinstance(value, int) and -INT64 <= value < INT64
        return "number" if fits else f"number {value}"
    return "array" if isinstance(value, list) else "object" if isinstance(value, dict) else "null"
