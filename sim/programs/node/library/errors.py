"""Error and its kinds. Source: ECMA-262, chapter 20.5; nodejs.org/api/errors.html."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Any

from sim.programs.node.access import has, value_of
from sim.programs.node.calling import prototype_for
from sim.programs.node.errors import capture, headline, stack_of
from sim.programs.node.operators import text
from sim.programs.node.values import JSFunction, JSObject, hidden

if TYPE_CHECKING:
    from sim.programs.node.realm import Realm

_FRAME = re.compile(r"^    at (?:.* \()?(?:file://)?(/[^:]*):(\d+):(\d+)\)?$", re.MULTILINE)


def _make(realm: Realm, target: JSFunction, args: Any, name: str = "Error") -> JSObject:
    made = JSObject(prototype_for(realm, target, realm.error_prototypes[name]), None, "Error")
    rest = list(args)
    if name == "AggregateError":
        errors = rest.pop(0) if rest else None
        made.props["errors"] = hidden(errors)
    made.props["stack"] = realm.stack_property
    if rest and rest[0] is not None:
        made.props["message"] = hidden(text(realm, rest[0]))
    if len(rest) > 1 and isinstance(rest[1], JSObject) and has(realm, rest[1], "cause"):
        made.props["cause"] = hidden(value_of(realm, rest[1], "cause"))
    capture(realm, made, target if target.role == "derived" else None)
    return made


def _capture(realm: Realm, this: Any, error: Any = None, without: Any = None) -> None:
    if isinstance(error, JSObject):
        capture(realm, error, without if isinstance(without, JSFunction) else None)


def _call(realm: Realm, this: Any, *args: Any, name: str) -> JSObject:
    made: JSObject = _make(realm, value_of(realm, realm.global_object, name), args, name)
    return made


def origin(realm: Realm, error: JSObject) -> tuple[str, int, int] | None:
    """Where an error was made: the first file of its stack; file, line, column from 0."""
    match = _FRAME.search(stack_of(realm, error))
    if match is None:
        return None
    file = match[1] if match[1] in realm.programs else f"file://{match[1]}"
    return (file, int(match[2]), int(match[3]) - 1) if file in realm.programs else None


def install(realm: Realm) -> None:
    base: JSFunction | None = None
    for name, prototype in realm.error_prototypes.items():
        made = realm.constructor(name, prototype, None, partial(_make, name=name), 2 if name == "AggregateError" else 1)
        made.code = _caller(realm, name)
        prototype.props["name"], prototype.props["message"] = hidden(name), hidden("")
        if base is not None:
            made.proto = base
        base = base or made
    assert base is not None
    base.props["stackTraceLimit"] = 10.0
    realm.methods(base, {"captureStackTrace": _capture})
    realm.methods(realm.error_prototypes["Error"], {"toString": lambda realm, this: headline(realm, this)})


def _caller(realm: Realm, name: str) -> Any:
    return lambda this, *args: _call(realm, this, *args, name=name)
