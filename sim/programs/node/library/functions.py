"""Function and its prototype. Source: ECMA-262, chapter 20.2."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sim.programs.node.operators import nullish
from sim.programs.node.values import HOLE, JSArray, JSFunction

if TYPE_CHECKING:
    from sim.programs.node.realm import Realm


def source_text(function: JSFunction) -> str:
    """What toString() gives: the text of the program, or that there is none."""
    from sim.programs.node.realm import realm_of

    file, start, end = function.source
    program = realm_of(function).programs.get(file)
    if program is None or not end:
        return f"function {function.name}() {{ [native code] }}"
    return program.lines.source[start:end]


def listed_arguments(realm: Realm, given: Any) -> list[Any]:
    """The array of apply()."""
    if nullish(given):
        return []
    if isinstance(given, JSArray):
        return [None if one is HOLE else one for one in given.items]
    from sim.programs.node.library.arrays import items_of

    return items_of(realm, given)


def apply(realm: Realm, this: Any, receiver: Any = None, given: Any = None) -> Any:
    return realm.start(this, receiver, *listed_arguments(realm, given))


def call(realm: Realm, this: Any, receiver: Any = None, *args: Any) -> Any:
    return realm.start(this, receiver, *args)


def bind(realm: Realm, this: Any, receiver: Any = None, *first: Any) -> Any:
    if not isinstance(this, JSFunction):
        raise realm.error("TypeError", "Bind must be called on a function")
    made = JSFunction(this.proto, lambda _, *args: this.code(receiver, *first, *args), f"bound {this.name}",
                      max(0, this.length - len(first)), "native")  # fmt: skip
    made.bound = this
    if this.constructs:
        from sim.programs.node.calling import construct_as

        made.make = lambda target, args: construct_as(
            realm, this, [*first, *args], this if target is made else target)  # fmt: skip
    return made


def _make(realm: Realm, target: JSFunction, args: Any) -> Any:
    """new Function("a", "b", "return a + b")"""
    from sim.programs.node.compiler.modules import compiled
    from sim.programs.node.operators import text
    from sim.programs.node.syntax.tokens import JSSyntaxError

    words = [text(realm, one) for one in args]
    source = f"(function anonymous({','.join(words[:-1])}\n) {{\n{words[-1] if words else ''}\n}})"
    try:
        program = compiled(source, "anonymous", "line")
    except JSSyntaxError as failure:
        raise realm.error("SyntaxError", failure.message) from None
    return realm.settle(realm.load(program, "anonymous")(None))


def install(realm: Realm) -> None:
    realm.constructor(
        "Function", realm.function_prototype, lambda realm, this, *args: _make(realm, this, args), _make, 1
    )
    realm.methods(realm.function_prototype, {
        "apply": apply, "call": call, "bind": bind, "toString": lambda realm, this: source_text(this),
    })  # fmt: skip
