"""What node's own modules need to know of values that the language does not tell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sim.programs.node import errors
from sim.programs.node.promises import Promise
from sim.programs.node.values import INSPECT, JSArray, JSFunction, JSObject

if TYPE_CHECKING:
    from sim.programs.node.machine import Machine
    from sim.programs.node.realm import Realm


def _code(realm: Realm, this: Any, error: Any, code: Any) -> Any:
    """An error with one of node's codes: `TypeError [ERR_…]: …`"""
    stack = realm.value_of(error, "stack")
    name = realm.value_of(error, "name")
    errors.put_stack(realm, error, str(stack).replace(str(name), f"{name} [{code}]", 1))
    error.props["code"] = code
    return error


def _state(realm: Realm, this: Any, promise: Any) -> Any:
    return promise.data.state if isinstance(promise, JSObject) and type(promise.data) is Promise else None


def table(machine: Machine) -> dict[str, Any]:
    return {
        "inspectSymbol": INSPECT, "withCode": _code, "promiseState": _state,
        "kindOf": lambda realm, this, value=None: value.kind if isinstance(value, JSObject) else None,
        "roleOf": lambda realm, this, value=None: value.role if isinstance(value, JSFunction) else None,
        "isArray": lambda realm, this, value=None: isinstance(value, JSArray),
        "setPrototype": lambda realm, this, value, proto: setattr(value, "proto", proto),
        "requireFor": lambda realm, this, file: machine.modules.require_for(machine.modules.new_module(file, None)),
        "builtins": lambda realm, this: realm.array(sorted(_builtins())),
    }  # fmt: skip


def _builtins() -> list[Any]:
    from sim.programs.node.finding import own_modules

    return list(own_modules())
