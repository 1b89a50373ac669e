"""What the language has without writing it: one file for each kind of object. Source: ECMA-262, chapters 19 to 28."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sim.programs.node.realm import Realm


def install(realm: Realm) -> None:
    """Give a realm its objects."""
    from sim.programs.node.library import (
        arrays,
        collections,
        dates,
        errors,
        functions,
        globals,
        jsons,
        maths,
        numbers,
        objects,
        promises,
        proxies,
        regexps,
        strings,
        symbols,
    )  # fmt: skip

    for part in (objects, functions, symbols, errors, arrays, strings, numbers, maths, jsons, collections, regexps,
        dates,
                 promises, proxies, globals):  # fmt: skip
        part.install(realm)
