"""Bytes: Uint8Array and Buffer. Source: nodejs.org/api/buffer.html."""

from __future__ import annotations

import base64
import binascii
import re
from typing import TYPE_CHECKING, Any

from sim.programs.node.calling import prototype_for
from sim.programs.node.library.arrays import items_of
from sim.programs.node.operators import integer, number, text
from sim.programs.node.syntax.tokens import in_pairs
from sim.programs.node.values import (
    MISSING,
    TO_STRING_TAG,
    JSArray,
    JSFunction,
    JSObject,
    Property,
    is_index,
)  # fmt: skip

if TYPE_CHECKING:
    from sim.programs.node.machine import Machine
    from sim.programs.node.realm import Realm

LARGEST = 1 << 30
COUNTED = 1 << 18  # bytes from which on a buffer counts as memory


class Bytes(JSObject):
    """A Uint8Array; `data` is a bytearray, or a view of another's."""

    __slots__ = ()

    def __init__(self, proto: JSObject, data: bytearray | memoryview) -> None:
        super().__init__(proto, None, "Uint8Array", data)
        if len(data) >= COUNTED and isinstance(data, bytearray):
            from sim.programs.node.realm import realm_of

            realm_of(proto).machine.hold_for(self, len(data))

    def own(self, key: Any) -> Any:
        if is_index(key):
            return float(self.data[int(key)]) if int(key) < len(self.data) else MISSING
        return self.props.get(key, MISSING)

    def put_own(self, key: Any, value: Any) -> None:
        if is_index(key):
            if int(key) < len(self.data) and type(value) is float:
                self.data[int(key)] = int(value) & 255 if value == value else 0
        else:
            self.props[key] = value

    def own_keys(self) -> list[Any]:
        return [*(str(index) for index in range(len(self.data))), *super().own_keys()]


def taken(realm: Realm, size: float) -> bytearray:
    """So many zeros. Raises Thrown."""
    if size != size or not 0 <= size <= LARGEST:
        raise realm.error("RangeError", f'The value of "size" is out of range. It must be >= 0 && <= {LARGEST}. '
                          f"Received {text(realm, float(size))}", "ERR_OUT_OF_RANGE")  # fmt: skip
    return bytearray(int(size))


def encoded(realm: Realm, said: str, encoding: Any = None) -> bytes:
    """A string's bytes."""
    name = str(encoding or "utf8").lower()
    if name in ("utf8", "utf-8"):
        from sim.programs.node.machine import encoded as in_utf8

        return in_utf8(said)
    if name == "hex":
        digits = re.match(r"(?:[0-9a-fA-F]{2})*", said)
        return bytes.fromhex(digits[0]) if digits else b""
    if name in ("base64", "base64url"):
        bare = re.sub(r"[^A-Za-z0-9+/]", "", said.replace("-", "+").replace("_", "/"))
        try:
            return base64.b64decode(bare + "=" * (-len(bare) % 4))
        except binascii.Error:
            return base64.b64decode(bare[:-1])
    if name in ("latin1", "binary", "ascii"):
        return bytes(ord(letter) & 255 for letter in said)
    if name in ("utf16le", "ucs2", "utf-16le", "ucs-2"):
        return said.encode("utf-16-le", "surrogatepass")
    raise realm.error("TypeError", f"Unknown encoding: {encoding}", "ERR_UNKNOWN_ENCODING")


def decoded(realm: Realm, data: bytes, encoding: Any = None) -> str:
    name = str(encoding or "utf8").lower()
    if name in ("utf8", "utf-8"):
        return in_pairs(data.decode("utf-8", "replace"))
    if name == "hex":
        return data.hex()
    if name == "base64":
        return base64.b64encode(data).decode()
    if name == "base64url":
        return base64.urlsafe_b64encode(data).decode().rstrip("=")
    if name in ("latin1", "binary"):
        return data.decode("latin-1")
    if name == "ascii":
        return bytes(byte & 127 for byte in data).decode("ascii")
    if name in ("utf16le", "ucs2", "utf-16le", "ucs-2"):
        return data[: len(data) // 2 * 2].decode("utf-16-le", "surrogatepass")
    raise realm.error("TypeError", f"Unknown encoding: {encoding}", "ERR_UNKNOWN_ENCODING")


def given(realm: Realm, value: Any, encoding: Any = None) -> bytes:
    """The bytes of a string or of a buffer."""
    if isinstance(value, Bytes):
        return bytes(value.data)
    return encoded(realm, text(realm, value), encoding)


def buffer(realm: Realm, data: bytes | bytearray | memoryview) -> Bytes:
    """A Buffer of the program."""
    held = data if isinstance(data, bytearray | memoryview) else bytearray(data)
    return Bytes(realm.buffer_prototype, held)


def _make(realm: Realm, target: JSFunction, args: Any) -> Bytes:
    first = args[0] if args else 0.0
    proto = prototype_for(realm, target, realm.bytes_prototype)
    if type(first) is float:
        return Bytes(proto, taken(realm, first))
    if isinstance(first, Bytes):
        return Bytes(proto, bytearray(first.data))
    from sim.programs.node.iterating import listed

    every = items_of(realm, first) if isinstance(first, JSArray) else realm.settle(listed(realm, first))
    return Bytes(proto, bytearray(int(number(realm, one)) & 255 if number(realm, one) == number(realm, one) else 0
                                  for one in every))  # fmt: skip


def _sub(realm: Realm, this: Any, start: Any = None, end: Any = None) -> Bytes:
    from sim.programs.node.library.arrays import clamp

    size = len(this.data)
    first, last = clamp(realm, start, size, 0), clamp(realm, end, size, size)
    return Bytes(this.proto, memoryview(this.data)[first : max(first, last)])


def _write(realm: Realm, this: Any, said: Any, offset: Any = None, encoding: Any = None) -> float:
    data, start = encoded(realm, text(realm, said), encoding), int(integer(realm, offset))
    data = data[: max(0, len(this.data) - start)]
    this.data[start : start + len(data)] = data
    return float(len(data))


def _concat(realm: Realm, this: Any, parts: Any) -> Bytes:
    whole = b"".join(bytes(part.data) for part in parts.items)
    return buffer(realm, whole)


def _fill(realm: Realm, this: Any, value: Any, encoding: Any = None) -> Any:
    pattern = bytes([int(value) & 255]) if type(value) is float else given(realm, value, encoding)
    size = len(this.data)
    this.data[:] = (pattern * (size // len(pattern) + 1))[:size] if pattern else bytes(size)
    return this


def _copy(realm: Realm, this: Any, target: Any, at: Any = None, start: Any = None, end: Any = None) -> float:
    where, first = int(integer(realm, at)), int(integer(realm, start))
    data = bytes(this.data[first : int(integer(realm, end, len(this.data)))])[: len(target.data) - where]
    target.data[where : where + len(data)] = data
    return float(len(data))


def _integer(realm: Realm, this: Any, offset: Any, size: Any, kind: str) -> float:
    start = int(integer(realm, offset))
    order = "big" if "B" in kind else "little"
    return float(int.from_bytes(bytes(this.data[start : start + int(size)]), order, signed="s" in kind))  # type: ignore[arg-type]


def _put_integer(realm: Realm, this: Any, value: Any, offset: Any, size: Any, kind: str) -> float:
    start, count = int(integer(realm, offset)), int(size)
    bits = int(number(realm, value)) & ((1 << 8 * count) - 1)
    this.data[start : start + count] = bits.to_bytes(count, "big" if "B" in kind else "little")
    return float(start + count)


def table(machine: Machine) -> dict[str, Any]:
    realm = machine.realm
    prototype = realm.bytes_prototype
    made = realm.constructor("Uint8Array", prototype, None, _make, 3)
    realm.getters(prototype, {
        "length": lambda realm, this: float(len(this.data)), "byteLength": lambda realm, this: float(len(this.data)),
    })  # fmt: skip
    prototype.props[TO_STRING_TAG] = Property("Uint8Array", configurable=True)
    return {
        "Uint8Array": made, "prototype": prototype, "bufferPrototype": realm.buffer_prototype,
        "alloc": lambda realm, this, size: buffer(realm, taken(realm, size)),
        "fromString": lambda realm, this, said, encoding=None: buffer(realm, encoded(realm, said, encoding)),
        "fromArray": lambda realm, this, items: buffer(realm, _make(realm, made, [items]).data),
        "isBytes": lambda realm, this, value=None: isinstance(value, Bytes),
        "toText": lambda realm, this, value, encoding=None: decoded(realm, bytes(value.data), encoding),
        "subarray": lambda realm, this, value, start=None, end=None: _sub(realm, value, start, end),
        "write": lambda realm, this, value, *args: _write(realm, value, *args), "concat": _concat,
        "fill": lambda realm, this, value, *args: _fill(realm, value, *args),
        "copy": lambda realm, this, value, *args: _copy(realm, value, *args),
        "indexOf": lambda realm, this, value, wanted, start=None: float(
            bytes(value.data).find(bytes([int(wanted)]) if type(wanted) is float else given(realm, wanted),
                                   int(integer(realm, start)))),
        "compare": lambda realm, this, one, other: float((bytes(one.data) > bytes(other.data))
                                                         - (bytes(one.data) < bytes(other.data))),
        "readInteger": lambda realm, this, value, *args: _integer(realm, value, *args),
        "writeInteger": lambda realm, this, value, *args: _put_integer(realm, value, *args),
    }  # fmt: skip
