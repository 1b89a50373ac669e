"""globalThis: what has no other place. Source: ECMA-262, chapter 19."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from sim.programs.node.numbers import parse_float, parse_int
from sim.programs.node.operators import integer, number, text
from sim.programs.node.syntax.tokens import in_pairs
from sim.programs.node.values import Property, hidden

if TYPE_CHECKING:
    from sim.programs.node.realm import Realm

COMPONENT = "!'()*-._~"
WHOLE = COMPONENT + ";/?:@&=+$,#"


def _encode(safe: str) -> Any:
    def encode(realm: Realm, this: Any, value: Any = None) -> str:
        said = text(realm, value)
        try:
            return quote(said.encode("utf-16-le", "surrogatepass").decode("utf-16-le"), safe=safe)
        except UnicodeDecodeError:
            raise realm.error("URIError", "URI malformed") from None

    return encode


def _decode(kept: str) -> Any:
    def decode(realm: Realm, this: Any, value: Any = None) -> str:
        said = text(realm, value)
        try:
            return in_pairs(_unquoted(said, kept))
        except (ValueError, UnicodeDecodeError):
            raise realm.error("URIError", "URI malformed") from None

    return decode


def _unquoted(said: str, kept: str) -> str:
    """Raises ValueError."""
    out, at = bytearray(), 0
    while at < len(said):
        if said[at] != "%":
            out += said[at].encode("utf-8", "surrogatepass")
            at += 1
            continue
        if len(said) < at + 3:
            raise ValueError("malformed")
        code = int(said[at + 1 : at + 3], 16)
        out += said[at : at + 3].encode() if chr(code) in kept and code < 128 else bytes([code])
        at += 3
    return out.decode("utf-8", "strict")


def install(realm: Realm) -> None:
    scope = realm.global_object
    scope.props |= {"globalThis": hidden(scope), "global": hidden(scope), "undefined": Property(None),
                    "NaN": Property(math.nan), "Infinity": Property(math.inf)}  # fmt: skip
    realm.methods(scope, {
        "parseInt": lambda realm, this, value=None, base=None: parse_int(text(realm, value), int(integer(realm, base))),
        "parseFloat": lambda realm, this, value=None: parse_float(text(realm, value)),
        "isNaN": lambda realm, this, value=None: number(realm, value) != number(realm, value),
        "isFinite": lambda realm, this, value=None: math.isfinite(number(realm, value)),
        "encodeURIComponent": _encode(COMPONENT), "encodeURI": _encode(WHOLE), "decodeURIComponent": _decode(""),
        "decodeURI": _decode(";/?:@&=+$,#"),
    })  # fmt: skip
