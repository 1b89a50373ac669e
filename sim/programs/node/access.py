"""Properties: to have, put, delete, define and list them. Source: ECMA-262, chapter 10.1."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sim.programs.node.operators import nullish, property_key, text
from sim.programs.node.values import (
    HOLE,
    MISSING,
    JSArray,
    JSFunction,
    JSObject,
    PrivateName,
    Property,
    Symbol,
)  # fmt: skip

if TYPE_CHECKING:
    from sim.programs.node.realm import Realm


def find(owner: JSObject | None, key: Any) -> Any:
    """The property along the prototypes; MISSING."""
    while owner is not None:
        found = owner.own(key)
        if found is not MISSING:
            return found
        owner = owner.proto
    return MISSING


def shown(key: Any) -> str:
    """A key, in messages."""
    return key if type(key) is str else key.name if type(key) is PrivateName else repr(key)


def value_of(realm: Realm, owner: Any, key: Any) -> Any:
    """`owner.key`; getters run. Raises Thrown."""
    if type(owner) is JSObject:
        found = owner.props.get(key, MISSING)
        if found is MISSING:
            found = find(owner.proto, key)
    elif isinstance(owner, JSObject):
        found = find(owner, key)
    elif type(owner) is str:
        if key == "length":
            return float(len(owner))
        if type(key) is str and key.isdigit():
            return owner[int(key)] if int(key) < len(owner) else None
        found = find(realm.string_prototype, key)
    elif nullish(owner):
        name = "undefined" if owner is None else "null"
        raise realm.error("TypeError", f"Cannot read properties of {name} (reading '{shown(key)}')")
    else:
        found = find(realm.prototype_for(owner), key)
    if type(found) is Property:
        if found.getter is not None:
            return realm.run(found.getter, owner)
        return found.value if found.setter is None else None
    return None if found is MISSING else found


def item(realm: Realm, owner: Any, key: Any) -> Any:
    """`owner[key]`"""
    if type(key) is float:
        if type(owner) is JSArray:
            index = int(key) if key == key and abs(key) < 1e15 else -1
            if index == key and 0 <= index < len(owner.items):
                found = owner.items[index]
                return None if found is HOLE else found
        elif type(owner) is str and key == key:
            index = int(key) if abs(key) < 1e15 else -1
            if index == key and 0 <= index < len(owner):
                return owner[index]
    if nullish(owner):
        return value_of(realm, owner, key if type(key) in (str, Symbol) else text(realm, key))
    return value_of(realm, owner, key if type(key) is str else property_key(realm, key))


def put_item(realm: Realm, owner: Any, key: Any, value: Any, strict: bool = False) -> Any:
    if type(owner) is JSArray and type(key) is float and not owner.fixed and not owner.frozen:
        index = int(key) if key == key and abs(key) < 1e15 else -1
        if index == key and index >= 0:
            if index < len(owner.items):
                owner.items[index] = value
            else:
                owner.put_index(index, value)
                realm.grown(owner.items)
            return value
    if nullish(owner):
        return put(realm, owner, key if type(key) in (str, Symbol) else text(realm, key), value)
    return put(realm, owner, property_key(realm, key), value, strict)


def put(realm: Realm, owner: Any, key: Any, value: Any, strict: bool = False) -> Any:
    """`owner.key = value`; setters run. Raises Thrown."""
    if not isinstance(owner, JSObject):
        return _put_primitive(realm, owner, key, value, strict)
    found = owner.own(key)
    if found is MISSING:
        found = find(owner.proto, key)
        inherited = True
    else:
        inherited = False
    if type(found) is Property:
        if found.setter is not None:
            realm.run(found.setter, owner, value)
            return value
        if found.getter is not None:
            if strict:
                what = described(realm, owner)
                raise realm.error("TypeError", f"Cannot set property {shown(key)} of {what} which has only a getter")
            return value
        if not found.writable:
            if strict:
                what = described(realm, owner)
                raise realm.error("TypeError", f"Cannot assign to read only property '{shown(key)}' of object '{what}'")
            return value
        if not inherited:
            if owner.kind == "Array" and key == "length":
                _set_length(realm, owner, value)
            else:
                found.value = value
                if key in owner.props:
                    owner.props[key] = found
                else:
                    owner.put_own(key, found)
            return value
    if inherited and not owner.extensible:
        if strict:
            raise realm.error("TypeError", f"Cannot add property {shown(key)}, object is not extensible")
        return value
    owner.put_own(key, value)
    return value


def _set_length(realm: Realm, owner: Any, value: Any) -> None:
    if type(value) is not float or value < 0 or value != int(value) or value >= 2**32:
        raise realm.error("RangeError", "Invalid array length")
    owner.set_length(int(value))


def _put_primitive(realm: Realm, owner: Any, key: Any, value: Any, strict: bool) -> Any:
    if nullish(owner):
        name = "undefined" if owner is None else "null"
        raise realm.error("TypeError", f"Cannot set properties of {name} (setting '{shown(key)}')")
    if strict:
        from sim.programs.node.inspecting import brief

        kind = realm.type_of(owner)
        raise realm.error("TypeError", f"Cannot create property '{shown(key)}' on {kind} '{brief(owner)}'")
    return value


def described(realm: Realm, owner: Any) -> str:
    """An object, in messages: #<Point>, [object Array]."""
    if isinstance(owner, JSArray):
        return "[object Array]"
    if isinstance(owner, JSFunction):
        from sim.programs.node.library.functions import source_text

        return source_text(owner)
    return f"#<{constructor_name(owner) or 'Object'}>"


def constructor_name(owner: JSObject) -> str:
    """Of the nearest prototype that has one."""
    at: JSObject | None = owner
    while at is not None:
        found = at.own("constructor")
        value = found.value if type(found) is Property else found
        if isinstance(value, JSFunction):
            name = value.own("name")
            name = name.value if type(name) is Property else name
            if isinstance(name, str) and name:
                return name
        at = at.proto
    return ""


def delete(realm: Realm, owner: Any, key: Any, strict: bool = False) -> bool:
    if nullish(owner):
        raise realm.error("TypeError", "Cannot convert undefined or null to object")
    if not isinstance(owner, JSObject):
        return True
    key = property_key(realm, key)
    found = owner.own(key)
    if type(found) is Property and not found.configurable:
        if strict:
            raise realm.error("TypeError", f"Cannot delete property '{shown(key)}' of {described(realm, owner)}")
        return False
    owner.delete_own(key)
    return True


def has(realm: Realm, owner: JSObject, key: Any) -> bool:
    return find(owner, key) is not MISSING


def define(realm: Realm, owner: JSObject, key: Any, made: Property) -> None:
    """Object.defineProperty. Raises Thrown."""
    old = owner.own(key)
    if type(old) is Property and not old.configurable:
        allowed = old.writable and not made.is_accessor and not made.configurable
        if not allowed and not (old.value is made.value and not made.is_accessor and not made.writable):
            raise realm.error("TypeError", f"Cannot redefine property: {shown(key)}")
    if old is MISSING and not owner.extensible:
        raise realm.error("TypeError", f"Cannot define property {shown(key)}, object is not extensible")
    plain = made.writable and made.enumerable and made.configurable and not made.is_accessor
    owner.put_own(key, made.value if plain else made)


def define_field(realm: Realm, owner: JSObject, key: Any, value: Any) -> None:
    """A field of a class."""
    if type(key) is PrivateName and key in owner.props:
        raise realm.error("TypeError", "Cannot initialize private fields twice on the same object")
    owner.put_own(property_key(realm, key), value)


def private_value(realm: Realm, owner: Any, key: PrivateName) -> Any:
    found = owner.props.get(key, MISSING) if isinstance(owner, JSObject) else MISSING
    if found is MISSING:
        message = f"Cannot read private member {key.name} from an object whose class did not declare it"
        raise realm.error("TypeError", message)
    if type(found) is Property:
        if found.is_accessor:
            if found.getter is None:
                raise realm.error("TypeError", f"'{key.name}' was defined without a getter")
            return realm.run(found.getter, owner)
        return found.value
    return found


def put_private(realm: Realm, owner: Any, key: PrivateName, value: Any) -> Any:
    found = owner.props.get(key, MISSING) if isinstance(owner, JSObject) else MISSING
    if found is MISSING:
        message = f"Cannot write private member {key.name} to an object whose class did not declare it"
        raise realm.error("TypeError", message)
    if type(found) is Property:
        if found.setter is None:
            raise realm.error("TypeError", f"'{key.name}' was defined without a setter" if found.getter
                              else "Private method is not writable")  # fmt: skip
        realm.run(found.setter, owner, value)
        return value
    owner.props[key] = value
    return value


def enumerable_keys(owner: JSObject) -> list[str]:
    """Own ones with text for a name, as Object.keys gives them."""
    if type(owner) is JSObject:
        return [key for key in owner.own_keys() if type(key) is str
                and (type(found := owner.props[key]) is not Property or found.enumerable)]  # fmt: skip
    found_keys = []
    for key in owner.own_keys():
        if type(key) is str:
            found = owner.own(key)
            if found is not MISSING and (type(found) is not Property or found.enumerable):
                found_keys.append(key)
    return found_keys


def walk_keys(realm: Realm, value: Any) -> list[str]:
    """What `for … in` goes over."""
    if nullish(value):
        return []
    if type(value) is str:
        return [str(index) for index in range(len(value))]
    found: dict[str, bool] = {}
    owner = value if isinstance(value, JSObject) else None
    while owner is not None:
        shown_keys = enumerable_keys(owner)
        for key in shown_keys:
            found.setdefault(key, True)
        for key in owner.own_keys():
            if type(key) is str:
                found.setdefault(key, False)
        owner = owner.proto
    return [key for key, is_shown in found.items() if is_shown]


def global_value(realm: Realm, name: str) -> Any:
    """Raises Thrown."""
    found = find(realm.global_object, name)
    if found is MISSING:
        raise realm.error("ReferenceError", f"{name} is not defined")
    if type(found) is Property:
        return realm.run(found.getter, realm.global_object) if found.getter is not None else found.value
    return found


def global_or_undefined(realm: Realm, name: str) -> Any:
    return value_of(realm, realm.global_object, name)


def set_global(realm: Realm, name: str, value: Any, strict: bool) -> Any:
    if strict and find(realm.global_object, name) is MISSING:
        raise realm.error("ReferenceError", f"{name} is not defined")
    return put(realm, realm.global_object, name, value)
