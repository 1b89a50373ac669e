"""Object and its prototype. Source: ECMA-262, chapter 20.1."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Any

from sim.programs.node.access import define, enumerable_keys, has, put, value_of
from sim.programs.node.calling import copy_into
from sim.programs.node.comparing import same_value
from sim.programs.node.operators import nullish, property_key, text, truth
from sim.programs.node.values import (
    HOLE,
    MISSING,
    TO_STRING_TAG,
    JSArray,
    JSFunction,
    JSObject,
    Property,
    Running,
    Symbol,
    null,
)  # fmt: skip

if TYPE_CHECKING:
    from sim.programs.node.realm import Realm

Steps = Generator[Any, Any, Any]


def to_object(realm: Realm, value: Any) -> JSObject:
    """Raises Thrown for undefined and null."""
    if isinstance(value, JSObject):
        return value
    if nullish(value):
        raise realm.error("TypeError", "Cannot convert undefined or null to object")
    kinds = {str: "String", float: "Number", bool: "Boolean", int: "BigInt", Symbol: "Symbol"}
    made = JSObject(realm.prototype_for(value), None, kinds[type(value)], value)
    if type(value) is str:
        for index, letter in enumerate(value):
            made.props[str(index)] = Property(letter, enumerable=True)
        made.props["length"] = Property(float(len(value)))
    return made


def _object(realm: Realm, this: Any, value: Any = None) -> Any:
    return realm.object() if nullish(value) else to_object(realm, value)


def _make(realm: Realm, target: JSFunction, args: Any) -> Any:
    from sim.programs.node.calling import prototype_for

    if args and not nullish(args[0]):
        return to_object(realm, args[0])
    return JSObject(prototype_for(realm, target, realm.object_prototype))


# -- keys, values, entries


def keys(realm: Realm, this: Any, value: Any) -> Any:
    return realm.array(list(enumerable_keys(to_object(realm, value))))


def values(realm: Realm, this: Any, value: Any) -> Any:
    owner = to_object(realm, value)
    return realm.array([value_of(realm, owner, key) for key in enumerable_keys(owner)])


def entries(realm: Realm, this: Any, value: Any) -> Any:
    owner = to_object(realm, value)
    return realm.array([realm.array([key, value_of(realm, owner, key)]) for key in enumerable_keys(owner)])


def from_entries(realm: Realm, this: Any, pairs: Any) -> Any:
    from sim.programs.node.access import item
    from sim.programs.node.iterating import listed

    made = realm.object()
    for pair in realm.settle(listed(realm, pairs)):
        made.put_own(property_key(realm, item(realm, pair, 0.0)), item(realm, pair, 1.0))
    return made


def own_names(realm: Realm, this: Any, value: Any) -> Any:
    return realm.array([key for key in to_object(realm, value).own_keys() if type(key) is str])


def own_symbols(realm: Realm, this: Any, value: Any) -> Any:
    return realm.array([key for key in to_object(realm, value).own_keys() if type(key) is Symbol])


def assign(realm: Realm, this: Any, target: Any, *sources: Any) -> Any:
    owner = to_object(realm, target)
    for source in sources:
        held = realm.object()
        copy_into(realm, held, source)
        for key in held.own_keys():
            put(realm, owner, key, held.props[key], True)
    return owner


def create(realm: Realm, this: Any, proto: Any, properties: Any = None) -> Any:
    if not isinstance(proto, JSObject) and proto is not null:
        from sim.programs.node.inspecting import brief

        raise realm.error("TypeError", f"Object prototype may only be an Object or null: {brief(proto)}")
    made = JSObject(proto if isinstance(proto, JSObject) else None)
    return made if properties is None else define_properties(realm, this, made, properties)


def get_prototype(realm: Realm, this: Any, value: Any) -> Any:
    proto = value.proto if isinstance(value, JSObject) else to_object(realm, value).proto
    return null if proto is None else proto


def set_prototype(realm: Realm, this: Any, value: Any, proto: Any) -> Any:
    if isinstance(value, JSObject):
        value.proto = proto if isinstance(proto, JSObject) else None
    return value


# -- descriptors


def descriptor(realm: Realm, source: Any, old: Any = MISSING) -> Property:
    """From { value, writable, … } to a Property."""
    if not isinstance(source, JSObject):
        from sim.programs.node.inspecting import brief

        raise realm.error("TypeError", f"Property description must be an object: {brief(source)}")
    was = old if type(old) is Property else Property(None if old is MISSING else old, writable=old is not MISSING,
                                                     enumerable=old is not MISSING,
                                                     configurable=old is not MISSING)  # fmt: skip
    made = Property(was.value, getter=was.getter, setter=was.setter)
    for name in ("writable", "enumerable", "configurable"):
        given = has(realm, source, name)
        setattr(made, name, truth(value_of(realm, source, name)) if given else getattr(was, name))
    if has(realm, source, "value"):
        made.value, made.getter, made.setter = value_of(realm, source, "value"), None, None
    for name, slot in (("get", "getter"), ("set", "setter")):
        if has(realm, source, name):
            function = value_of(realm, source, name)
            if function is not None and not isinstance(function, JSFunction):
                raise realm.error("TypeError", f"{'Getter' if name == 'get' else 'Setter'} must be a function: "
                                               f"{text(realm, function)}")  # fmt: skip
            setattr(made, slot, function)
            made.writable = False
    return made


def define_property(realm: Realm, this: Any, owner: Any, key: Any, source: Any) -> Any:
    if not isinstance(owner, JSObject):
        raise realm.error("TypeError", "Object.defineProperty called on non-object")
    key = property_key(realm, key)
    define(realm, owner, key, descriptor(realm, source, owner.own(key)))
    return owner


def define_properties(realm: Realm, this: Any, owner: Any, sources: Any) -> Any:
    for key in enumerable_keys(to_object(realm, sources)):
        define_property(realm, this, owner, key, value_of(realm, sources, key))
    return owner


def get_descriptor(realm: Realm, this: Any, owner: Any, key: Any) -> Any:
    found = to_object(realm, owner).own(property_key(realm, key))
    return None if found is MISSING else described(realm, found)


def described(realm: Realm, found: Any) -> JSObject:
    if type(found) is not Property:
        return realm.object({"value": found, "writable": True, "enumerable": True, "configurable": True})
    if found.is_accessor:
        first: dict[str, Any] = {"get": found.getter, "set": found.setter}
    else:
        first = {"value": found.value, "writable": found.writable}
    return realm.object(first | {"enumerable": found.enumerable, "configurable": found.configurable})


def get_descriptors(realm: Realm, this: Any, owner: Any) -> Any:
    one = to_object(realm, owner)
    return realm.object({key: described(realm, one.own(key)) for key in one.own_keys()})


# -- freezing


def _each(owner: JSObject, change: Callable[[Property], None]) -> None:
    for key, found in list(owner.props.items()):
        one = found if type(found) is Property else Property(found, writable=True, enumerable=True, configurable=True)
        change(one)
        owner.props[key] = one


def freeze(realm: Realm, this: Any, owner: Any = None) -> Any:
    def change(one: Property) -> None:
        one.configurable = one.writable = False

    if isinstance(owner, JSObject):
        _each(owner, change)
        owner.extensible = False
        if isinstance(owner, JSArray):
            owner.frozen = owner.fixed = True
    return owner


def seal(realm: Realm, this: Any, owner: Any = None) -> Any:
    def change(one: Property) -> None:
        one.configurable = False

    if isinstance(owner, JSObject):
        _each(owner, change)
        owner.extensible = False
        if isinstance(owner, JSArray):
            owner.fixed = True
    return owner


def prevent(realm: Realm, this: Any, owner: Any = None) -> Any:
    if isinstance(owner, JSObject):
        owner.extensible = False
        if isinstance(owner, JSArray):
            owner.fixed = True
    return owner


def is_frozen(realm: Realm, this: Any, owner: Any = None) -> bool:
    if not isinstance(owner, JSObject):
        return True
    every = [owner.own(key) for key in owner.own_keys() if key != "length"]
    return not owner.extensible and all(
        type(one) is Property and not one.configurable and (one.is_accessor or not one.writable) for one in every
    )


def is_sealed(realm: Realm, this: Any, owner: Any = None) -> bool:
    if not isinstance(owner, JSObject):
        return True
    return not owner.extensible and all(type(one) is Property and not one.configurable for one in owner.props.values())


def is_extensible(realm: Realm, this: Any, owner: Any = None) -> bool:
    return isinstance(owner, JSObject) and owner.extensible


def group_by(realm: Realm, this: Any, source: Any, function: Any) -> Steps:
    from sim.programs.node.iterating import listed

    every = listed(realm, source)
    every = (yield every) if type(every) is Running else every
    made = JSObject(None)
    for index, one in enumerate(every):
        key = property_key(realm, (yield realm.start(function, None, one, float(index))))
        made.props.setdefault(key, realm.array([])).items.append(one)
    return made


# -- the prototype


def to_string(realm: Realm, this: Any) -> str:
    if nullish(this):
        return "[object Undefined]" if this is None else "[object Null]"
    owner = to_object(realm, this)
    tag = value_of(realm, owner, TO_STRING_TAG)
    if type(tag) is str:
        return f"[object {tag}]"
    known = ("Array", "Function", "Error", "Boolean", "Number", "String", "Date", "RegExp", "Arguments")
    return f"[object {owner.kind if owner.kind in known else 'Object'}]"


def has_own(realm: Realm, this: Any, key: Any = None) -> bool:
    return to_object(realm, this).own(property_key(realm, key)) not in (MISSING, HOLE)


def static_has_own(realm: Realm, this: Any, owner: Any, key: Any = None) -> bool:
    return has_own(realm, owner, key)


def is_prototype_of(realm: Realm, this: Any, value: Any = None) -> bool:
    at = value.proto if isinstance(value, JSObject) else None
    while at is not None and at is not this:
        at = at.proto
    return at is not None


def is_enumerable(realm: Realm, this: Any, key: Any = None) -> bool:
    found = to_object(realm, this).own(property_key(realm, key))
    return found is not MISSING and (type(found) is not Property or found.enumerable)


def _set_proto(realm: Realm, this: Any, proto: Any) -> None:
    if isinstance(this, JSObject) and (isinstance(proto, JSObject) or proto is null):
        this.proto = proto if isinstance(proto, JSObject) else None


def install(realm: Realm) -> None:
    made = realm.constructor("Object", realm.object_prototype, _object, _make, 1)
    realm.methods(made, {
        "keys": keys, "values": values, "entries": entries, "assign": assign, "create": create, "freeze": freeze,
        "fromEntries": from_entries, "getPrototypeOf": get_prototype, "setPrototypeOf": set_prototype, "seal": seal,
        "getOwnPropertyNames": own_names, "getOwnPropertySymbols": own_symbols, "defineProperty": define_property,
        "defineProperties": define_properties, "getOwnPropertyDescriptor": get_descriptor, "isFrozen": is_frozen,
        "getOwnPropertyDescriptors": get_descriptors, "isSealed": is_sealed, "preventExtensions": prevent,
        "isExtensible": is_extensible, "is": lambda realm, this, a=None, b=None: same_value(a, b),
        "hasOwn": static_has_own, "groupBy": group_by,
    })  # fmt: skip
    realm.methods(realm.object_prototype, {
        "toString": to_string, "toLocaleString": lambda realm, this: text(realm, this), "hasOwnProperty": has_own,
        "valueOf": lambda realm, this: to_object(realm, this), "isPrototypeOf": is_prototype_of,
        "propertyIsEnumerable": is_enumerable,
    })  # fmt: skip
    realm.object_prototype.props["__proto__"] = Property(
        getter=realm.method(lambda realm, this: get_prototype(realm, None, this), "get __proto__"),
        setter=realm.method(_set_proto, "set __proto__"), configurable=True,
    )  # fmt: skip
