"""Map, Set, WeakMap, WeakSet, WeakRef. Source: ECMA-262, chapters 24 and 26.1."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

from sim.programs.node.access import item
from sim.programs.node.calling import prototype_for
from sim.programs.node.iterating import listed
from sim.programs.node.library.arrays import function_of, iterator
from sim.programs.node.operators import nullish
from sim.programs.node.values import (
    ITERATOR,
    TO_STRING_TAG,
    JSFunction,
    JSObject,
    Property,
    Running,
    hidden,
)  # fmt: skip

if TYPE_CHECKING:
    from sim.programs.node.realm import Realm

Steps = Generator[Any, Any, Any]
GONE = object()


class Table:
    """Keys and values in the order in which they came; it may change while somebody goes over it."""

    __slots__ = ("_order", "_places")

    def __init__(self) -> None:
        self._order: list[Any] = []  # [key, value], or GONE
        self._places: dict[Any, int] = {}

    @staticmethod
    def _known(key: Any) -> Any:
        """Equal for what is the same to Map: 1 and true are not, NaN and NaN are."""
        if isinstance(key, JSObject):
            return id(key)
        return (type(key), "NaN" if key != key else key)

    def __len__(self) -> int:
        return len(self._places)

    def has(self, key: Any) -> bool:
        return self._known(key) in self._places

    def get(self, key: Any) -> Any:
        at = self._places.get(self._known(key))
        return None if at is None else self._order[at][1]

    def set(self, key: Any, value: Any) -> None:
        known = self._known(key)
        at = self._places.get(known)
        if at is not None:
            self._order[at][1] = value
        else:
            self._places[known] = len(self._order)
            self._order.append([0.0 if key == 0 and type(key) is float else key, value])

    def delete(self, key: Any) -> bool:
        at = self._places.pop(self._known(key), None)
        if at is not None:
            self._order[at] = GONE
        return at is not None

    def clear(self) -> None:
        self._order[:] = [GONE] * len(self._order)
        self._places.clear()

    def pairs(self) -> Iterator[Any]:
        index = 0
        while index < len(self._order):
            if self._order[index] is not GONE:
                yield self._order[index]
            index += 1


def table(realm: Realm, this: Any, kind: str, method: str) -> Table:
    if not isinstance(this, JSObject) or type(this.data) is not Table or not this.kind.endswith(kind):
        from sim.programs.node.inspecting import brief

        raise realm.error(
            "TypeError", f"Method {kind}.prototype.{method} called on incompatible receiver {brief(this)}"
        )
    return this.data


def _make(realm: Realm, target: JSFunction, args: Any, kind: str) -> Steps:
    made = JSObject(prototype_for(realm, target, realm.global_object.props[kind].value.props["prototype"].value), None,
                    kind, Table())  # fmt: skip
    if args and not nullish(args[0]):
        every = listed(realm, args[0])
        every = (yield every) if type(every) is Running else every
        for one in every:
            if kind.endswith("Map"):
                if not isinstance(one, JSObject):
                    from sim.programs.node.inspecting import brief

                    raise realm.error("TypeError", f"Iterator value {brief(one)} is not an entry object")
                made.data.set(item(realm, one, 0.0), item(realm, one, 1.0))
            else:
                made.data.set(one, one)
    return made


def _methods(kind: str) -> dict[Any, Any]:
    """What both have."""

    def get(realm: Realm, this: Any, key: Any = None) -> Any:
        return table(realm, this, kind, "get").get(key)

    def set_(realm: Realm, this: Any, key: Any = None, value: Any = None) -> Any:
        held = table(realm, this, kind, "set")
        if kind.startswith("Weak") and not isinstance(key, JSObject):
            raise realm.error("TypeError", "Invalid value used as weak map key")
        held.set(key, value)
        if not len(held) & 0xFFFF:
            realm.machine.hold(0x10000 * 32)
        return this

    def add(realm: Realm, this: Any, key: Any = None) -> Any:
        if kind.startswith("Weak") and not isinstance(key, JSObject):
            raise realm.error("TypeError", "Invalid value used in weak set")
        table(realm, this, kind, "add").set(key, key)
        return this

    def for_each(realm: Realm, this: Any, function: Any, receiver: Any = None) -> Steps:
        code = function_of(realm, function).code
        for key, value in table(realm, this, kind, "forEach").pairs():
            yield code(receiver, value, key, this)
        return None

    methods: dict[Any, Any] = {
        "has": lambda realm, this, key=None: table(realm, this, kind, "has").has(key),
        "delete": lambda realm, this, key=None: table(realm, this, kind, "delete").delete(key),
    }
    methods |= {"get": get, "set": set_} if kind.endswith("Map") else {"add": add}
    if not kind.startswith("Weak"):
        methods |= {"clear": lambda realm, this: table(realm, this, kind, "clear").clear(), "forEach": for_each}
        methods |= _iterators(kind)
    return methods


def _iterators(kind: str) -> dict[Any, Any]:
    def walk(index: int) -> Any:
        def made(realm: Realm, this: Any) -> JSObject:
            pairs = table(realm, this, kind, "values").pairs()
            if index < 2:
                return iterator(realm, (pair[index] for pair in pairs), kind)
            return iterator(realm, (realm.array(list(pair)) for pair in pairs), kind)

        return made

    return {"keys": walk(0), "values": walk(1), "entries": walk(2), ITERATOR: walk(2 if kind == "Map" else 1)}


def _group_by(realm: Realm, this: Any, source: Any, function: Any) -> Steps:
    every = listed(realm, source)
    every = (yield every) if type(every) is Running else every
    made = yield _make(realm, this, (), "Map")
    for index, one in enumerate(every):
        key = yield realm.start(function, None, one, float(index))
        if not made.data.has(key):
            made.data.set(key, realm.array([]))
        made.data.get(key).items.append(one)
    return made


def _make_ref(realm: Realm, target: JSFunction, args: Any) -> JSObject:
    return JSObject(value_prototype(realm, "WeakRef"), None, "WeakRef", args[0])


def value_prototype(realm: Realm, name: str) -> JSObject:
    found: JSObject = realm.global_object.props[name].value.props["prototype"].value
    return found


def install(realm: Realm) -> None:
    for kind in ("Map", "Set", "WeakMap", "WeakSet"):
        prototype = JSObject(realm.object_prototype)
        made = realm.constructor(kind, prototype, None, partial(_make, kind=kind))
        realm.methods(prototype, _methods(kind))
        prototype.props[TO_STRING_TAG] = Property(kind, configurable=True)
        if not kind.startswith("Weak"):
            realm.getters(prototype, {"size": _size(kind)})
        if kind == "Map":
            realm.methods(made, {"groupBy": _group_by})
    reference = JSObject(realm.object_prototype)
    realm.constructor("WeakRef", reference, None, _make_ref)
    realm.methods(reference, {"deref": lambda realm, this: this.data})
    reference.props[TO_STRING_TAG] = hidden("WeakRef")


def _size(kind: str) -> Any:
    return lambda realm, this: float(len(table(realm, this, kind, "size")))
