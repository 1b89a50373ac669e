"""Values: undefined is None, null is `null`; booleans, numbers (float), BigInts (int) and strings are Python's own.

A property is kept as its plain value; one that is not writable, enumerable and configurable, or has a getter, as a
`Property`. Source: ECMA-262, chapter 6.
"""

from __future__ import annotations

from collections.abc import Callable
from types import GeneratorType
from typing import Any


class Null:
    """null."""

    __slots__ = ()

    def __bool__(self) -> bool:
        return False

    def __repr__(self) -> str:
        return "null"


class Marker:
    """A value that no program sees."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return self.name


Running = GeneratorType  # what a call gives that has to run first
null = Null()
MISSING, HOLE, DONE, NO_PARENT = Marker("missing"), Marker("hole"), Marker("done"), Marker("no parent")


class Symbol:
    """A symbol."""

    __slots__ = ("description",)

    def __init__(self, description: str | None = None) -> None:
        self.description = description

    def __repr__(self) -> str:
        return f"Symbol({self.description or ''})"


ITERATOR, ASYNC_ITERATOR = Symbol("Symbol.iterator"), Symbol("Symbol.asyncIterator")
TO_PRIMITIVE, TO_STRING_TAG = Symbol("Symbol.toPrimitive"), Symbol("Symbol.toStringTag")
HAS_INSTANCE, SPECIES = Symbol("Symbol.hasInstance"), Symbol("Symbol.species")
INSPECT = Symbol("nodejs.util.inspect.custom")


class PrivateName:
    """The key of a `#field`: one for each time that its class is made."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name


Key = Any  # str, Symbol or PrivateName


class Property:
    """A property that is not a plain one. With `getter` or `setter`, `value` means nothing."""

    __slots__ = ("configurable", "enumerable", "getter", "setter", "value", "writable")

    def __init__(
        self, value: Any = None, *, getter: Any = None, setter: Any = None, writable: bool = False,
        enumerable: bool = False, configurable: bool = False,
    ) -> None:  # fmt: skip
        self.value, self.getter, self.setter = value, getter, setter
        self.writable, self.enumerable, self.configurable = writable, enumerable, configurable

    @property
    def is_accessor(self) -> bool:
        return self.getter is not None or self.setter is not None


def hidden(value: Any) -> Property:
    """A property as built-in ones are: not enumerable."""
    return Property(value, writable=True, configurable=True)


class JSObject:
    """An object. `kind` is what it is by birth (Object, Error, Date, Map, …), `data` what only such objects have."""

    __slots__ = ("__weakref__", "data", "extensible", "kind", "props", "proto")

    def __init__(
        self, proto: JSObject | None, props: dict[Key, Any] | None = None, kind: str = "Object", data: Any = None
    ) -> None:
        self.proto, self.kind, self.data, self.extensible = proto, kind, data, True
        self.props: dict[Key, Any] = props if props is not None else {}

    def own(self, key: Key) -> Any:
        """The own property, plain or a Property; MISSING if there is none."""
        return self.props.get(key, MISSING)

    def put_own(self, key: Key, value: Any) -> None:
        self.props[key] = value

    def delete_own(self, key: Key) -> None:
        self.props.pop(key, None)

    def own_keys(self) -> list[Key]:
        """Indexes upwards, then strings, then symbols, each in the order in which they came."""
        found = [key for key in self.props if type(key) is not PrivateName]
        if any(is_index(key) for key in found):
            found.sort(key=_order)
        elif any(type(key) is Symbol for key in found):
            found.sort(key=lambda key: type(key) is Symbol)
        return found


def is_index(key: Key) -> bool:
    return type(key) is str and key.isdigit() and (key[0] != "0" or key == "0") and key.isascii() and len(key) < 11


def _order(key: Key) -> tuple[int, int]:
    return (0, int(key)) if is_index(key) else (2, 0) if type(key) is Symbol else (1, 0)


class JSArray(JSObject):
    """An array. A hole is HOLE. `frozen`: its elements cannot be changed; `fixed`: nor come or go."""

    __slots__ = ("fixed", "frozen", "items")

    def __init__(self, proto: JSObject | None, items: list[Any], kind: str = "Array") -> None:
        super().__init__(proto, None, kind)
        self.items, self.frozen, self.fixed = items, False, False

    def own(self, key: Key) -> Any:
        if type(key) is str:
            if key == "length":
                return Property(float(len(self.items)), writable=not self.frozen)
            if is_index(key):
                index = int(key)
                if index < len(self.items) and (found := self.items[index]) is not HOLE:
                    return found if not self.frozen else Property(found, enumerable=True)
                return MISSING
        return self.props.get(key, MISSING)

    def put_own(self, key: Key, value: Any) -> None:
        if is_index(key):
            self.put_index(int(key), value.value if type(value) is Property else value)
        elif key == "length":
            self.set_length(int(value.value if type(value) is Property else value))
        else:
            self.props[key] = value

    def put_index(self, index: int, value: Any) -> None:
        items = self.items
        if index < len(items):
            items[index] = value
        else:
            if index > len(items) + 50_000_000:
                raise MemoryError
            items.extend([HOLE] * (index - len(items)))
            items.append(value)

    def set_length(self, length: int) -> None:
        if length < len(self.items):
            del self.items[length:]
        else:
            if length > len(self.items) + 50_000_000:
                raise MemoryError
            self.items.extend([HOLE] * (length - len(self.items)))

    def delete_own(self, key: Key) -> None:
        if is_index(key):
            if int(key) < len(self.items):
                self.items[int(key)] = HOLE
        else:
            self.props.pop(key, None)

    def own_keys(self) -> list[Key]:
        indexes: list[Key] = [str(index) for index, item in enumerate(self.items) if item is not HOLE]
        return [*indexes, "length", *super().own_keys()]


class JSFunction(JSObject):
    """A function. `code(this, *args)` gives its value, or a generator that has to run first.

    `role`: function, arrow, method, class, derived, async, generator, async_generator, native.
    `make(new_target, args)`: how a native one constructs. `fields`: what gives instances of a class their fields.
    `source`: the text and where in it it stands; `bound`: the function inside a bound one.
    """

    __slots__ = ("bound", "code", "fields", "length", "make", "name", "needs_target", "role", "source")

    def __init__(self, proto: JSObject | None, code: Callable[..., Any], name: Any, length: int, role: str) -> None:
        super().__init__(proto, None, "Function")
        self.code, self.name, self.length, self.role = code, name, length, role
        self.make: Callable[..., Any] | None = None
        self.fields: Callable[..., Any] | None = None
        self.source: tuple[str, int, int] = ("", 0, 0)
        self.bound: JSFunction | None = None
        self.needs_target = False

    def own(self, key: Key) -> Any:
        found = self.props.get(key, MISSING)
        if found is MISSING:
            if key == "name":
                return Property(self.name, configurable=True)
            if key == "length":
                return Property(float(self.length), configurable=True)
            if key == "prototype" and self.role in ("function", "generator", "async_generator"):
                return self._prototype()
        return found

    def _prototype(self) -> Property:
        """Made when somebody asks for it."""
        from sim.programs.node.realm import realm_of

        realm = realm_of(self)
        parent = {"generator": realm.generator_prototype, "async_generator": realm.async_generator_prototype}
        made = JSObject(parent.get(self.role, realm.object_prototype))
        if self.role == "function":
            made.props["constructor"] = hidden(self)
        found = self.props["prototype"] = Property(made, writable=True)
        return found

    def delete_own(self, key: Key) -> None:
        if key == "name" and key not in self.props:
            self.name = ""
        self.props.pop(key, None)

    def own_keys(self) -> list[Key]:
        return ["length", "name", *(key for key in super().own_keys() if key not in ("length", "name"))]

    @property
    def constructs(self) -> bool:
        return self.make is not None or self.role in ("function", "class", "derived")


class Box:
    """The place of a variable that functions share."""

    __slots__ = ("name", "value")

    def __init__(self, name: str) -> None:
        self.name = name

    def set(self, value: Any) -> Any:
        self.value = value
        return value

    def copy(self) -> Box:
        made = Box(self.name)
        made.value = self.value
        return made


class Thrown(Exception):
    """A value that was thrown."""

    def __init__(self, value: Any) -> None:
        super().__init__()
        self.value = value


class Leave(BaseException):
    """Ends a generator's body from outside: its `finally` runs, its `catch` does not."""

    def __init__(self, value: Any) -> None:
        super().__init__()
        self.value = value


class Exit(BaseException):
    """process.exit()."""

    def __init__(self, code: int) -> None:
        super().__init__()
        self.code = code


class Waiting:
    """What a native function hands over to wait in the kernel: a coroutine."""

    __slots__ = ("work",)

    def __init__(self, work: Any) -> None:
        self.work = work


def waits(work: Any) -> Any:
    """The result of a coroutine, for a native function that returns this."""
    return (yield Waiting(work))


class Yielded:
    """`yield`, on its way to whoever drives the generator."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value


class Await:
    """`await`, on its way to whoever drives the function."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value
