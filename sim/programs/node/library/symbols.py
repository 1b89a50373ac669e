"""Symbol. Source: ECMA-262, chapter 20.4."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sim.programs.node.operators import text
from sim.programs.node.values import (
    ASYNC_ITERATOR,
    HAS_INSTANCE,
    INSPECT,
    ITERATOR,
    SPECIES,
    TO_PRIMITIVE,
    TO_STRING_TAG,
    Property,
    Symbol,
)  # fmt: skip

if TYPE_CHECKING:
    from sim.programs.node.realm import Realm


def _symbol(realm: Realm, this: Any, description: Any = None) -> Symbol:
    return Symbol(None if description is None else text(realm, description))


def _for(realm: Realm, this: Any, key: Any = None) -> Symbol:
    return realm.symbols.setdefault(text(realm, key), Symbol(text(realm, key)))


def _key_for(realm: Realm, this: Any, symbol: Any) -> Any:
    return next((key for key, value in realm.symbols.items() if value is symbol), None)


def _plain(this: Any) -> Any:
    return this if type(this) is Symbol else this.data


def install(realm: Realm) -> None:
    made = realm.constructor("Symbol", realm.symbol_prototype, _symbol, None)
    realm.methods(made, {"for": _for, "keyFor": _key_for})
    for name, symbol in (("iterator", ITERATOR), ("asyncIterator", ASYNC_ITERATOR), ("toPrimitive", TO_PRIMITIVE),
                         ("toStringTag", TO_STRING_TAG), ("hasInstance", HAS_INSTANCE), ("species",
                             SPECIES)):  # fmt: skip
        made.props[name] = Property(symbol)
    realm.symbols["nodejs.util.inspect.custom"] = INSPECT
    realm.methods(realm.symbol_prototype, {
        "toString": lambda realm, this: repr(_plain(this)), "valueOf": lambda realm, this: _plain(this),
    })  # fmt: skip
    realm.getters(realm.symbol_prototype, {"description": lambda realm, this: _plain(this).description})
    realm.symbol_prototype.props[TO_STRING_TAG] = Property("Symbol", configurable=True)
