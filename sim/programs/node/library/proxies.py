"""Proxy and Reflect. Source: ECMA-262, chapter 28."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sim.programs.node import access
from sim.programs.node.library import objects
from sim.programs.node.library.functions import apply
from sim.programs.node.operators import property_key, truth
from sim.programs.node.values import MISSING, TO_STRING_TAG, JSFunction, JSObject, Property, Symbol, hidden

if TYPE_CHECKING:
    from sim.programs.node.realm import Realm


class JSProxy(JSObject):
    """An object whose properties are what its handler says."""

    __slots__ = ("_handler", "_realm", "_target")

    def __init__(self, realm: Realm, target: JSObject, handler: JSObject) -> None:
        super().__init__(target.proto, None, target.kind, target.data)
        self._realm, self._target, self._handler = realm, target, handler

    def _trap(self, name: str) -> Any:
        found = access.value_of(self._realm, self._handler, name)
        return found if isinstance(found, JSFunction) else None

    def own(self, key: Any) -> Any:
        trap = self._trap("get")
        if trap is None:
            return access.find(self._target, key)
        if type(key) not in (str, Symbol):
            return self._target.own(key)
        trap_has = self._trap("has")
        if trap_has is not None and not truth(self._realm.run(trap_has, self._handler, self._target, key)):
            return MISSING
        found = self._realm.run(trap, self._handler, self._target, key, self)
        return MISSING if found is None and access.find(self._target, key) is MISSING else found

    def put_own(self, key: Any, value: Any) -> None:
        trap = self._trap("set")
        if trap is None:
            access.put(self._realm, self._target, key, value)
        elif not truth(self._realm.run(trap, self._handler, self._target, key, value, self)):
            raise self._realm.error("TypeError", f"'set' on proxy: trap returned falsish for property '{key}'")

    def delete_own(self, key: Any) -> None:
        trap = self._trap("deleteProperty")
        if trap is None:
            self._target.delete_own(key)
        else:
            self._realm.run(trap, self._handler, self._target, key)

    def own_keys(self) -> list[Any]:
        trap = self._trap("ownKeys")
        if trap is None:
            return self._target.own_keys()
        return list(self._realm.run(trap, self._handler, self._target).items)


def _make(realm: Realm, target: JSFunction, args: Any) -> JSObject:
    if len(args) < 2 or not all(isinstance(one, JSObject) for one in args[:2]):
        raise realm.error("TypeError", "Cannot create proxy with a non-object as target or handler")
    if isinstance(args[0], JSFunction):
        return _function(realm, args[0], args[1])
    return JSProxy(realm, args[0], args[1])


def _function(realm: Realm, target: JSFunction, handler: JSObject) -> JSFunction:
    """Of a function: its calls go to the handler."""
    trap = access.value_of(realm, handler, "apply")

    def code(this: Any, *args: Any) -> Any:
        if not isinstance(trap, JSFunction):
            return target.code(this, *args)
        return realm.start(trap, handler, target, this, realm.array(list(args)))

    made = realm.native(code, target.name, target.length)
    made.proto = target
    making = access.value_of(realm, handler, "construct")
    if isinstance(making, JSFunction):
        made.make = lambda new, args: realm.start(making, handler, target, realm.array(list(args)), new)
    elif target.constructs:
        from sim.programs.node.calling import construct_as

        made.make = lambda new, args: construct_as(realm, target, args, target)
    return made


def _construct(realm: Realm, this: Any, target: Any, args: Any, new: Any = None) -> Any:
    from sim.programs.node.calling import construct_as
    from sim.programs.node.library.functions import listed_arguments

    return construct_as(realm, target, listed_arguments(realm, args), new or target)


def _get(realm: Realm, this: Any, owner: Any, key: Any, receiver: Any = None) -> Any:
    found = access.find(owner, property_key(realm, key))
    if type(found) is Property:
        if found.is_accessor:
            return realm.run(found.getter, owner if receiver is None else receiver) if found.getter else None
        return found.value
    return None if found is MISSING else found


def _set(realm: Realm, this: Any, owner: Any, key: Any, value: Any = None, receiver: Any = None) -> bool:
    access.put(realm, owner, property_key(realm, key), value)
    return True


def install(realm: Realm) -> None:
    realm.constructor("Proxy", None, None, _make, 2)
    made = realm.object()
    realm.methods(made, {
        "get": _get, "set": _set, "construct": _construct,
        "apply": lambda realm, this, function, receiver, args: apply(realm, function, receiver, args),
        "has": lambda realm, this, owner, key: access.has(realm, owner, property_key(realm, key)),
        "ownKeys": lambda realm, this, owner: realm.array(owner.own_keys()),
        "deleteProperty": lambda realm, this, owner, key: access.delete(realm, owner, key),
        "defineProperty": lambda realm, this, owner, key, source: bool(
            objects.define_property(realm, this, owner, key, source)),
        "getPrototypeOf": objects.get_prototype, "getOwnPropertyDescriptor": objects.get_descriptor,
        "setPrototypeOf": lambda realm, this, owner, proto: bool(objects.set_prototype(realm, this, owner, proto)),
    })  # fmt: skip
    made.props[TO_STRING_TAG] = Property("Reflect", configurable=True)
    realm.global_object.props["Reflect"] = hidden(made)
