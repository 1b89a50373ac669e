"""String and its prototype. Source: ECMA-262, chapter 22.1."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Generator
from typing import TYPE_CHECKING, Any

from sim.programs.node.access import value_of
from sim.programs.node.calling import prototype_for
from sim.programs.node.iterating import points
from sim.programs.node.library.arrays import iterator
from sim.programs.node.operators import integer, nullish, number, text
from sim.programs.node.syntax.tokens import in_pairs
from sim.programs.node.values import ITERATOR, JSFunction, JSObject, Property, Symbol

if TYPE_CHECKING:
    from sim.programs.node.realm import Realm

Steps = Generator[Any, Any, Any]
WHITE = " \t\n\r\v\f\u00a0\ufeff\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))
LARGEST = 1 << 28


def _this(realm: Realm, this: Any) -> str:
    if type(this) is str:
        return this
    if nullish(this):
        raise realm.error("TypeError", "String.prototype method called on null or undefined")
    if isinstance(this, JSObject) and this.kind == "String":
        return str(this.data)
    return text(realm, this)


def _string(realm: Realm, this: Any, *args: Any) -> str:
    if args and type(args[0]) is Symbol:
        return repr(args[0])
    return text(realm, args[0]) if args else ""


def _make(realm: Realm, target: JSFunction, args: Any) -> JSObject:
    from sim.programs.node.library.objects import to_object

    made = to_object(realm, text(realm, args[0]) if args else "")
    made.proto = prototype_for(realm, target, realm.string_prototype)
    return made


def _from_codes(realm: Realm, this: Any, *codes: Any) -> str:
    return "".join(chr(int(integer(realm, code)) & 0xFFFF) for code in codes)


def _from_points(realm: Realm, this: Any, *codes: Any) -> str:
    for code in codes:
        if not 0 <= number(realm, code) <= 0x10FFFF:
            raise realm.error("RangeError", f"Invalid code point {text(realm, code)}")
    return in_pairs("".join(chr(int(number(realm, code))) for code in codes))


def _raw(realm: Realm, this: Any, strings: Any, *values: Any) -> str:
    parts = [text(realm, one) for one in value_of(realm, strings, "raw").items]
    found = parts[:1]
    for index, part in enumerate(parts[1:]):
        found += [text(realm, values[index]) if index < len(values) else "", part]
    return "".join(found)


def _clamp(realm: Realm, value: Any, length: int, default: int) -> int:
    return int(max(0, min(integer(realm, value, default), length)))


def _relative(realm: Realm, value: Any, length: int, default: int) -> int:
    at = integer(realm, value, default)
    return int(max(0, length + at) if at < 0 else min(at, length))


def slice_(realm: Realm, this: Any, start: Any = None, end: Any = None) -> str:
    said = _this(realm, this)
    return said[_relative(realm, start, len(said), 0) : _relative(realm, end, len(said), len(said))]


def substring(realm: Realm, this: Any, start: Any = None, end: Any = None) -> str:
    said = _this(realm, this)
    one, other = _clamp(realm, start, len(said), 0), _clamp(realm, end, len(said), len(said))
    return said[min(one, other) : max(one, other)]


def substr(realm: Realm, this: Any, start: Any = None, length: Any = None) -> str:
    said = _this(realm, this)
    first = _relative(realm, start, len(said), 0)
    return said[first : first + int(max(0, min(integer(realm, length, len(said)), len(said))))]


def char_at(realm: Realm, this: Any, at: Any = None) -> str:
    said, where = _this(realm, this), int(integer(realm, at))
    return said[where] if 0 <= where < len(said) else ""


def at(realm: Realm, this: Any, index: Any = None) -> Any:
    said, where = _this(realm, this), int(integer(realm, index))
    where = where + len(said) if where < 0 else where
    return said[where] if 0 <= where < len(said) else None


def char_code(realm: Realm, this: Any, at: Any = None) -> float:
    found = char_at(realm, this, at)
    return float(ord(found)) if found else math.nan


def code_point(realm: Realm, this: Any, at: Any = None) -> Any:
    said, where = _this(realm, this), int(integer(realm, at))
    if not 0 <= where < len(said):
        return None
    letter = next(points(said[where:]))
    return float(ord(letter.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")))


def _plain(realm: Realm, value: Any, method: str) -> str:
    if isinstance(value, JSObject) and value.kind == "RegExp":
        raise realm.error("TypeError", f"First argument to String.prototype.{method} must not be a regular expression")
    return text(realm, value)


def index_of(realm: Realm, this: Any, wanted: Any = None, start: Any = None) -> float:
    said = _this(realm, this)
    return float(said.find(text(realm, wanted), _clamp(realm, start, len(said), 0)))


def last_index_of(realm: Realm, this: Any, wanted: Any = None, start: Any = None) -> float:
    said, sought = _this(realm, this), text(realm, wanted)
    return float(said.rfind(sought, 0, _clamp(realm, start, len(said), len(said)) + len(sought)))


def includes(realm: Realm, this: Any, wanted: Any = None, start: Any = None) -> bool:
    said = _this(realm, this)
    return _plain(realm, wanted, "includes") in said[_clamp(realm, start, len(said), 0) :]


def starts_with(realm: Realm, this: Any, wanted: Any = None, start: Any = None) -> bool:
    said = _this(realm, this)
    return said.startswith(_plain(realm, wanted, "startsWith"), _clamp(realm, start, len(said), 0))


def ends_with(realm: Realm, this: Any, wanted: Any = None, end: Any = None) -> bool:
    said = _this(realm, this)
    return said[: _clamp(realm, end, len(said), len(said))].endswith(_plain(realm, wanted, "endsWith"))


def repeat(realm: Realm, this: Any, count: Any = None) -> str:
    said, times = _this(realm, this), integer(realm, count)
    if times < 0 or math.isinf(times):
        raise realm.error("RangeError", f"Invalid count value: {text(realm, count)}")
    if len(said) * times > LARGEST:
        raise realm.error("RangeError", "Invalid string length")
    return realm.held(said * int(times))


def _pad(realm: Realm, this: Any, length: Any, filler: Any, front: bool) -> str:
    said = _this(realm, this)
    by = " " if filler is None else text(realm, filler)
    missing = int(min(integer(realm, length), LARGEST)) - len(said)
    if missing <= 0 or not by:
        return said
    more = (by * (missing // len(by) + 1))[:missing]
    return more + said if front else said + more


def concat(realm: Realm, this: Any, *others: Any) -> str:
    return realm.held(_this(realm, this) + "".join(text(realm, one) for one in others))


def split(realm: Realm, this: Any, separator: Any = None, limit: Any = None) -> Any:
    from sim.programs.node.library.regexps import is_regex, split_by

    said = _this(realm, this)
    if is_regex(separator):
        parts = split_by(realm, separator, said)
    elif separator is None:
        parts = [said]
    else:
        by = text(realm, separator)
        parts = said.split(by) if by else list(said)
    return realm.array(parts if limit is None else parts[: int(integer(realm, limit))])


def _replace(every: bool) -> Any:
    def replace(realm: Realm, this: Any, wanted: Any = None, by: Any = None) -> Steps:
        from sim.programs.node.library.regexps import expanded, is_regex, replace_by

        said = _this(realm, this)
        if is_regex(wanted):
            if every and "g" not in wanted.data.flags:
                raise realm.error("TypeError", "replaceAll must be called with a global RegExp")
            return (yield replace_by(realm, wanted, said, by))
        sought = text(realm, wanted)
        pattern = re.compile(re.escape(sought))
        parts, end = [], 0
        new = by if isinstance(by, JSFunction) else text(realm, by)
        for match in pattern.finditer(said):
            if isinstance(new, JSFunction):
                one = text(realm, (yield realm.start(new, None, sought, float(match.start()), said)))
            else:
                one = expanded(new, match, said)
            parts += [said[end : match.start()], one]
            end = match.end()
            if not every:
                break
        return realm.held("".join([*parts, said[end:]]))

    return replace


def _compare(realm: Realm, this: Any, other: Any = None, *_: Any) -> float:
    left, right = _collated(_this(realm, this)), _collated(text(realm, other))
    return float((left > right) - (left < right))


def _collated(said: str) -> tuple[Any, ...]:
    """An order as of dictionaries: letters without marks and case first, then marks, then small before large."""
    bare = "".join(one for one in unicodedata.normalize("NFD", said) if not unicodedata.combining(one))
    kinds = [(2 if one.isalpha() else 1 if one.isdigit() else 0, one) for one in bare.casefold()]
    return kinds, unicodedata.normalize("NFD", said).casefold(), said.swapcase()


def _normalize(realm: Realm, this: Any, form: Any = None) -> str:
    wanted = "NFC" if form is None else text(realm, form)
    if wanted not in ("NFC", "NFD", "NFKC", "NFKD"):
        raise realm.error("RangeError", "The normalization form should be one of NFC, NFD, NFKC, NFKD.")
    return unicodedata.normalize(wanted, _this(realm, this))  # type: ignore[arg-type]


def install(realm: Realm) -> None:
    from sim.programs.node.library.regexps import STRING_METHODS

    made = realm.constructor("String", realm.string_prototype, _string, _make, 1)
    realm.methods(made, {"fromCharCode": _from_codes, "fromCodePoint": _from_points, "raw": _raw})
    realm.string_prototype.props["length"] = Property(0.0)
    realm.methods(realm.string_prototype, {
        "slice": slice_, "substring": substring, "substr": substr, "charAt": char_at, "at": at, "charCodeAt": char_code,
        "codePointAt": code_point, "indexOf": index_of, "lastIndexOf": last_index_of, "includes": includes,
        "startsWith": starts_with, "endsWith": ends_with, "repeat": repeat, "concat": concat, "split": split,
        "padStart": lambda realm, this, length, by=None: _pad(realm, this, length, by, True),
        "padEnd": lambda realm, this, length, by=None: _pad(realm, this, length, by, False),
        "toUpperCase": lambda realm, this: _this(realm, this).upper(),
        "toLowerCase": lambda realm, this: _this(realm, this).lower(),
        "toLocaleUpperCase": lambda realm, this: _this(realm, this).upper(),
        "toLocaleLowerCase": lambda realm, this: _this(realm, this).lower(),
        "trim": lambda realm, this: _this(realm, this).strip(WHITE),
        "trimStart": lambda realm, this: _this(realm, this).lstrip(WHITE),
        "trimEnd": lambda realm, this: _this(realm, this).rstrip(WHITE),
        "replace": _replace(False), "replaceAll": _replace(True), "localeCompare": _compare, "normalize": _normalize,
        "toString": lambda realm, this: _this(realm, this), "valueOf": lambda realm, this: _this(realm, this),
        ITERATOR: lambda realm, this: iterator(realm, points(_this(realm, this)), "String"), **STRING_METHODS,
    })  # fmt: skip
