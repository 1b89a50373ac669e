"""Calls, construction, classes. What may wait is a generator; whoever gets one lets it run (`yield`, or `realm.run`).

Source: ECMA-262, chapters 10.2, 13.3 and 15.7.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from typing import TYPE_CHECKING, Any

from sim.programs.node.access import find, shown, value_of
from sim.programs.node.operators import nullish, property_key
from sim.programs.node.values import (
    MISSING,
    NO_PARENT,
    JSArray,
    JSFunction,
    JSObject,
    Property,
    Running,
    hidden,
    null,
)  # fmt: skip

if TYPE_CHECKING:
    from sim.programs.node.realm import Realm

Steps = Generator[Any, Any, Any]
BEFORE_SUPER = (
    "Must call super constructor in derived class before accessing 'this' or returning from derived constructor"
)


def call(realm: Realm, function: Any, this: Any, args: Sequence[Any], said: str) -> Any:
    """`said`: what is called, in the words of the message if it cannot be. Raises Thrown."""
    if not isinstance(function, JSFunction):
        raise realm.error("TypeError", f"{said} is not a function")
    return function.code(this, *args)


def invoke(realm: Realm, owner: Any, key: str, args: Sequence[Any], said: str) -> Any:
    """`owner.key(…)`"""
    function = value_of(realm, owner, key)
    if not isinstance(function, JSFunction):
        raise realm.error("TypeError", f"{said} is not a function")
    return function.code(owner, *args)


def invoke_private(realm: Realm, owner: Any, key: Any, args: Sequence[Any], said: str) -> Any:
    from sim.programs.node.access import private_value

    return call(realm, private_value(realm, owner, key), owner, args, said)


# -- new


def construct(realm: Realm, function: Any, args: Sequence[Any], said: str) -> Any:
    """`new function(…)`. Raises Thrown."""
    if not isinstance(function, JSFunction) or not function.constructs:
        raise realm.error("TypeError", f"{said} is not a constructor")
    return construct_as(realm, function, args, function)


def construct_as(realm: Realm, function: JSFunction, args: Sequence[Any], target: JSFunction) -> Any:
    """Reflect.construct: `target` is new.target, whose prototype the object gets."""
    if function.make is not None:
        return function.make(target, args)
    return _construct(realm, function, args, target)


def _construct(realm: Realm, function: JSFunction, args: Sequence[Any], target: JSFunction) -> Steps:
    this = None if function.role == "derived" else JSObject(prototype_for(realm, target, realm.object_prototype))
    if function.role == "class" and function.fields is not None:
        yield function.fields(this)
    if function.needs_target:
        realm.next_target = target
    found = function.data(this, *args)
    if type(found) is Running:
        found = yield found
    return found if isinstance(found, JSObject) else this


def prototype_for(realm: Realm, target: JSFunction, default: JSObject) -> JSObject:
    found = value_of(realm, target, "prototype")
    return found if isinstance(found, JSObject) else default


def take_new_target(realm: Realm) -> Any:
    found, realm.next_target = realm.next_target, None
    return found


def super_construct(realm: Realm, home: JSFunction, args: Sequence[Any], target: Any) -> Any:
    """`super(…)`; then the class's own fields."""
    parent = home.proto
    if not isinstance(parent, JSFunction) or not parent.constructs:
        what = "null" if parent is realm.function_prototype else "undefined"
        raise realm.error("TypeError", f"Super constructor {what} of anonymous class is not a constructor")
    return _super(realm, parent, home, args, target)


def _super(realm: Realm, parent: JSFunction, home: JSFunction, args: Sequence[Any], target: Any) -> Steps:
    this = yield construct_as(realm, parent, args, target)
    if home.fields is not None:
        yield home.fields(this)
    return this


def bound_this(realm: Realm, this: Any) -> Any:
    if this is None:
        raise realm.error("ReferenceError", BEFORE_SUPER)
    return this


def constructed(realm: Realm, value: Any, this: Any) -> Any:
    """What a derived constructor returns."""
    return value if isinstance(value, JSObject) else bound_this(realm, this)


def super_value(realm: Realm, home: JSObject, key: Any, this: Any) -> Any:
    """`super.key`"""
    found = find(home.proto, property_key(realm, key))
    if type(found) is Property:
        return realm.run(found.getter, this) if found.getter is not None else found.value
    return None if found is MISSING else found


def prototype_of_class(realm: Realm, made: JSFunction) -> Any:
    return value_of(realm, made, "prototype")


# -- functions and classes


def function(realm: Realm, code: Callable[..., Any], name: Any, length: int, role: str, places: Sequence[Any]) -> Any:
    """The object of a function of the program."""
    from sim.programs.node.generators import start_async, start_async_generator, start_generator

    proto = realm.function_prototypes.get(role, realm.function_prototype)
    made = JSFunction(proto, code, name, length, role)
    made.source = (code.__code__.co_filename, places[0], places[1])
    starts = {"async": start_async, "generator": start_generator, "async_generator": start_async_generator}
    if role in starts:
        made.code = starts[role](realm, made, code)
    elif role == "function":
        made.data = code
        made.needs_target = "new_target" in code.__code__.co_varnames + code.__code__.co_cellvars
    return made


def _refuse(realm: Realm, name: str) -> Callable[..., Any]:
    def code(this: Any, *args: Any) -> Any:
        raise realm.error("TypeError", f"Class constructor {name} cannot be invoked without 'new'")

    return code


def make_class(
    realm: Realm, name: str, parent: Any, code: Callable[..., Any] | None, parts: Sequence[Any],
    fields: Callable[..., Any] | None, places: Sequence[Any],
) -> JSFunction:  # fmt: skip
    """The class, with all that its prototype and itself have; static fields come later. Raises Thrown."""
    above, parent_prototype = _parents(realm, parent)
    role = "class" if parent is NO_PARENT or parent is null else "derived"
    made = JSFunction(above, _refuse(realm, name), name, 0, role)
    made.source = (realm.file_of(code, fields, *(part[3].data or part[3].code for part in parts)), places[0], places[1])
    prototype = JSObject(parent_prototype, {"constructor": hidden(made)})
    made.props["prototype"] = Property(prototype)
    made.fields = fields
    private: list[tuple[Any, Any]] = []
    if code is None:
        made.data = (lambda this, *args: None) if role == "class" else _derived_by_default(realm, made)
        made.needs_target = role == "derived"
    else:
        made.data, made.length = code, code.__code__.co_argcount - 1
        made.needs_target = "new_target" in code.__code__.co_varnames + code.__code__.co_cellvars
    for kind, static, key, one in parts:
        if type(key) not in (str,) and hasattr(key, "name"):
            owner: Any = made if static else None
            if owner is None:
                private.append((key, (kind, one)))
                continue
        else:
            owner = made if static else prototype
        add_part(owner, kind, key, one, enumerable=False)
    if private:
        made.fields = _with_private(private, fields)
    return made


def _parents(realm: Realm, parent: Any) -> tuple[JSObject, JSObject | None]:
    if parent is NO_PARENT:
        return realm.function_prototype, realm.object_prototype
    if parent is null:
        return realm.function_prototype, None
    if not isinstance(parent, JSFunction) or not parent.constructs:
        from sim.programs.node.inspecting import brief

        raise realm.error("TypeError", f"Class extends value {brief(parent)} is not a constructor or null")
    found = value_of(realm, parent, "prototype")
    return parent, found if isinstance(found, JSObject) else None


def _derived_by_default(realm: Realm, made: JSFunction) -> Callable[..., Any]:
    def code(this: Any, *args: Any) -> Any:
        return super_construct(realm, made, args, take_new_target(realm))

    return code


def _with_private(private: list[tuple[Any, Any]], fields: Callable[..., Any] | None) -> Callable[..., Any]:
    """Private methods are given to each instance, before its fields."""

    def code(this: Any) -> Steps:
        for key, (kind, one) in private:
            add_part(this, kind, key, one, enumerable=False)
        if fields is not None:
            yield fields(this)

    return code


def add_part(owner: JSObject, kind: str, key: Any, one: Any, *, enumerable: bool) -> None:
    """A method, getter or setter of a class or an object literal."""
    if isinstance(one, JSFunction):
        prefix = f"{kind} " if kind in ("get", "set") else ""
        name = shown(key) if not (type(key) is not str and hasattr(key, "description")) else f"[{key.description}]"
        one.name = prefix + name
    old = owner.props.get(key, MISSING)
    if kind in ("get", "set"):
        made = Property(enumerable=enumerable, configurable=True)
        if type(old) is Property:
            made.getter, made.setter = old.getter, old.setter
        setattr(made, f"{kind}ter", one)
        owner.put_own(key, made)
    else:
        owner.put_own(key, one if enumerable else hidden(one))


def with_statics(realm: Realm, made: JSFunction, code: Callable[..., Any]) -> Steps:
    yield code(made)
    return made


# -- object literals


def object_of(realm: Realm, parts: Sequence[Any]) -> JSObject:
    """With getters, computed keys, spread parts."""
    made = JSObject(realm.object_prototype)
    for kind, key, value in parts:
        if kind == "spread":
            copy_into(realm, made, value)
        elif kind == "prototype":
            if isinstance(value, JSObject) or value is null:
                made.proto = value if isinstance(value, JSObject) else None
        elif kind == "init":
            if isinstance(value, JSFunction) and not value.name:
                value.name = shown(key) if type(key) is str else f"[{getattr(key, 'description', '')}]"
            made.put_own(key, value)
        else:
            add_part(made, kind, key, value, enumerable=True)
    return made


def copy_into(realm: Realm, made: JSObject, source: Any, without: Sequence[Any] = ()) -> None:
    """The enumerable own properties of something."""
    if nullish(source):
        return
    if type(source) is str:
        for index, letter in enumerate(source):
            made.put_own(str(index), letter)
    if not isinstance(source, JSObject):
        return
    for key in source.own_keys():
        found = source.own(key)
        if key in without or (type(found) is Property and not found.enumerable) or found is MISSING:
            continue
        if type(found) is Property:
            found = realm.run(found.getter, source) if found.is_accessor and found.getter else found.value
        made.put_own(key, found)


def without(realm: Realm, source: Any, keys: Sequence[Any]) -> JSObject:
    """The rest of a destructured object."""
    made = JSObject(realm.object_prototype)
    copy_into(realm, made, source, [property_key(realm, key) for key in keys])
    return made


def destructured(realm: Realm, value: Any, name: str) -> Any:
    if nullish(value):
        what = "undefined" if value is None else "null"
        if name:
            raise realm.error("TypeError", f"Cannot destructure property '{name}' of '{what}' as it is {what}.")
        raise realm.error("TypeError", f"Cannot destructure '{what}' as it is {what}.")
    return value


def arguments_object(realm: Realm, given: Sequence[Any]) -> JSArray:
    return JSArray(realm.arguments_prototype, list(given), "Arguments")


def rest(realm: Realm, given: Sequence[Any], start: int) -> JSArray:
    return realm.array(list(given[start:]))


def nth(given: Sequence[Any], index: int) -> Any:
    return given[index] if index < len(given) else None


def assign_const(realm: Realm, value: Any) -> Any:
    raise realm.error("TypeError", "Assignment to constant variable.")
