"""RegExp: JavaScript's regular expressions as Python's. Source: ECMA-262, chapter 22.2.

What Python has not (lookbehind of a length that is not fixed) is refused as a SyntaxError.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Generator, Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from sim.programs.node.access import put, value_of
from sim.programs.node.library.arrays import iterator
from sim.programs.node.operators import integer, text
from sim.programs.node.values import JSArray, JSFunction, JSObject, Property, null

if TYPE_CHECKING:
    from sim.programs.node.realm import Realm

Steps = Generator[Any, Any, Any]
_WORD, _SPACE, _LINE = "A-Za-z0-9_", r"\s\u00a0\ufeff\u2028\u2029", r"\n\r\u2028\u2029"
_CLASSES = {"d": "0-9", "w": _WORD, "s": _SPACE}
_BOUNDARY = f"(?:(?<![{_WORD}])(?=[{_WORD}])|(?<=[{_WORD}])(?![{_WORD}]))"
_NO_BOUNDARY = f"(?:(?<![{_WORD}])(?![{_WORD}])|(?<=[{_WORD}])(?=[{_WORD}]))"
_PROPERTIES = {"L": r"[^\W\d_]", "Letter": r"[^\W\d_]", "N": r"\d", "Nd": r"\d", "Lu": "[A-Z\u00c0-\u00de]",
               "Ll": "[a-z\u00df-\u00ff]", "Alphabetic": r"[^\W\d_]", "P": r"[!-#%-*,-/:;?@\[-\]_{}\u00a1-\u00bf]",
               "Script=Hangul": "[\uac00-\ud7a3\u1100-\u11ff\u3130-\u318f]",
               "Emoji": "[\u2600-\u27bf]|[\ud83c-\ud83e][\udc00-\udfff]"}  # fmt: skip


class Regex:
    """What a RegExp knows."""

    __slots__ = ("body", "flags", "pattern")

    def __init__(self, body: str, flags: str, pattern: re.Pattern[str]) -> None:
        self.body, self.flags, self.pattern = body, flags, pattern


@lru_cache(maxsize=512)
def translated(body: str, flags: str) -> re.Pattern[str]:
    """Raises re.error."""
    found: list[str] = []
    at = 0
    while at < len(body):
        letter = body[at]
        if letter == "\\":
            piece, at = _escape(body, at + 1)
        elif letter == "[":
            piece, at = _class(body, at + 1)
        elif body.startswith("(?<", at) and body[at + 3 : at + 4] not in ("=", "!"):
            piece, at = "(?P<", at + 3
        else:
            piece, at = _PLAIN.get(letter, letter), at + 1
            if letter == "." and "s" in flags:
                piece = "(?s:.)"
            elif letter == "$" and "m" in flags:
                piece = "$"
            elif letter == "{" and not re.match(r"\{\d+(,\d*)?\}", body[at - 1 :]):
                piece = r"\{"
        found.append(piece)
    mode = (re.IGNORECASE if "i" in flags else 0) | (re.MULTILINE if "m" in flags else 0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return re.compile("".join(found), mode)


_PLAIN = {".": f"[^{_LINE}]", "$": r"\Z"}


def _escape(body: str, at: int) -> tuple[str, int]:
    """After a backslash, outside of a class."""
    letter = body[at : at + 1]
    if letter.lower() in _CLASSES:
        return f"[{'^' if letter.isupper() else ''}{_CLASSES[letter.lower()]}]", at + 1
    if letter in ("b", "B"):
        return _BOUNDARY if letter == "b" else _NO_BOUNDARY, at + 1
    if letter == "k" and body[at + 1 : at + 2] == "<":
        end = body.index(">", at)
        return f"(?P={body[at + 2 : end]})", end + 1
    if letter in ("p", "P") and body[at + 1 : at + 2] == "{":
        end = body.index("}", at)
        inner = _PROPERTIES.get(body[at + 2 : end], r"[^\W\d_]")
        return f"(?:(?!{inner})[\\s\\S])" if letter == "P" else f"(?:{inner})", end + 1
    if letter.isdigit() and letter != "0":
        end = at + 1
        while body[end : end + 1].isdigit():
            end += 1
        return f"(?:\\{body[at:end]})", end
    return _letter(body, at)


def _letter(body: str, at: int) -> tuple[str, int]:
    """An escape for one character."""
    letter = body[at : at + 1]
    match = re.compile(r"u\{([0-9a-fA-F]+)\}|u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})").match(body, at)
    if match is not None:
        from sim.programs.node.syntax.tokens import in_pairs

        return re.escape(in_pairs(chr(int(match[1] or match[2] or match[3], 16)))), match.end()
    if letter == "c":
        return re.escape(chr(ord(body[at + 1]) & 31)), at + 2
    if letter == "0":
        return r"\x00", at + 1
    if letter in "nrtvf" and letter:
        return f"\\{letter}", at + 1
    return re.escape(letter), at + 1


def _class(body: str, at: int) -> tuple[str, int]:
    """After a `[`. Raises re.error."""
    negated = body[at : at + 1] == "^"
    at += negated
    parts: list[str] = []
    while body[at : at + 1] != "]":
        if at >= len(body):
            raise re.error("Unterminated character class")
        letter = body[at]
        if letter == "\\":
            after = body[at + 1 : at + 2]
            if after in ("d", "w", "s"):
                piece, at = _CLASSES[after], at + 2
            elif after in ("D", "W", "S"):
                piece, at = {"D": r"\D", "W": r"\W", "S": r"\S"}[after], at + 2
            elif after == "b":
                piece, at = r"\x08", at + 2
            elif after == "p":
                end = body.index("}", at)
                piece, at = _PROPERTIES.get(body[at + 3 : end], r"[^\W\d_]").strip("[]"), end + 1
                piece = r"a-zA-Z\u00c0-\uffff" if piece.startswith("^") else piece
            else:
                piece, at = _letter(body, at + 1)
        else:
            piece, at = ("\\" + letter if letter in "[&~|" else letter), at + 1
        parts.append(piece)
    if not parts:
        return (r"[\s\S]" if negated else "(?!)"), at + 1
    return f"[{'^' if negated else ''}{''.join(parts)}]", at + 1


# -- objects


def make(realm: Realm, body: str, flags: str) -> JSObject:
    """Raises Thrown."""
    if len(set(flags)) != len(flags) or set(flags) - set("dgimsuvy"):
        raise realm.error("SyntaxError", f"Invalid flags supplied to RegExp constructor '{flags}'")
    try:
        pattern = translated(body, flags)
    except (re.error, ValueError, IndexError) as failure:
        raise realm.error(
            "SyntaxError", f"Invalid regular expression: /{body}/{flags}: {_said(str(failure))}"
        ) from None
    made = JSObject(realm.regex_prototype, None, "RegExp", Regex(body, flags, pattern))
    made.props["lastIndex"] = Property(0.0, writable=True)
    return made


def _said(reason: str) -> str:
    """Python's complaint in V8's words."""
    for start, words in (("unterminated char", "Unterminated character class"), ("nothing to repeat",
        "Nothing to repeat"),
                         ("missing )", "Unterminated group"), ("unbalanced paren", "Unmatched ')'"),
                         ("multiple repeat", "Nothing to repeat"), ("bad escape (end", "\\ at end of pattern"),
                         ("bad character range", "Range out of order in character class")):  # fmt: skip
        if reason.startswith(start):
            return words
    return reason


def is_regex(value: Any) -> bool:
    return isinstance(value, JSObject) and type(value.data) is Regex


def _make(realm: Realm, target: JSFunction, args: Any) -> JSObject:
    first = args[0] if args else None
    flags = args[1] if len(args) > 1 else None
    if first is not None and is_regex(first):
        return make(realm, first.data.body, first.data.flags if flags is None else text(realm, flags))
    body = "(?:)" if first is None or first == "" else text(realm, first)
    return make(realm, body, "" if flags is None else text(realm, flags))


def _regex(realm: Realm, this: Any) -> Regex:
    if not is_regex(this):
        raise realm.error("TypeError", "Receiver is not a RegExp")
    found: Regex = this.data
    return found


def find(realm: Realm, this: JSObject, said: str) -> re.Match[str] | None:
    """The next match; `lastIndex` goes on with g and y."""
    regex = _regex(realm, this)
    moves = "g" in regex.flags or "y" in regex.flags
    start = int(integer(realm, value_of(realm, this, "lastIndex"))) if moves else 0
    match = None
    if start <= len(said):
        match = regex.pattern.match(said, start) if "y" in regex.flags else regex.pattern.search(said, start)
    if moves:
        put(realm, this, "lastIndex", float(match.end()) if match else 0.0)
    return match


def result(realm: Realm, match: re.Match[str], said: str) -> JSArray:
    """What exec() gives."""
    made = realm.array([match[0], *match.groups()])
    groups: Any = None
    if match.re.groupindex:
        groups = JSObject(None, dict(match.groupdict()))
    made.props |= {"index": float(match.start()), "input": said, "groups": groups}
    return made


def execute(realm: Realm, this: Any, said: Any = None) -> Any:
    given = text(realm, said)
    match = find(realm, this, given)
    return null if match is None else result(realm, match, given)


def _test(realm: Realm, this: Any, said: Any = None) -> bool:
    return find(realm, this, text(realm, said)) is not None


# -- methods of strings


def _given(realm: Realm, value: Any, flags: str = "") -> JSObject:
    if is_regex(value):
        return value  # type: ignore[no-any-return]
    return make(realm, "(?:)" if value is None else text(realm, value), flags)


def _match(realm: Realm, this: Any, wanted: Any = None) -> Any:
    said, regex = text(realm, this), _given(realm, wanted)
    if "g" not in regex.data.flags:
        return execute(realm, regex, said)
    every = [match[0] for match in regex.data.pattern.finditer(said)]
    put(realm, regex, "lastIndex", 0.0)
    return realm.array(every) if every else null


def _match_all(realm: Realm, this: Any, wanted: Any = None) -> Any:
    said, regex = text(realm, this), _given(realm, wanted, "g")
    if "g" not in regex.data.flags:
        raise realm.error("TypeError", "String.prototype.matchAll called with a non-global RegExp argument")
    found: Iterator[Any] = (result(realm, match, said) for match in regex.data.pattern.finditer(said))
    return iterator(realm, found, "RegExp String")


def _search(realm: Realm, this: Any, wanted: Any = None) -> float:
    match = _given(realm, wanted).data.pattern.search(text(realm, this))
    return float(match.start()) if match else -1.0


STRING_METHODS = {"match": _match, "matchAll": _match_all, "search": _search}
_DOLLAR = re.compile(r"\$(\$|&|`|'|\d{1,2}|<[^>]*>)")


def expanded(template: str, match: re.Match[str], said: str) -> str:
    """`$1`, `$&` and so on in a replacement."""

    def one(found: re.Match[str]) -> str:
        what = found[1]
        if what == "$":
            return "$"
        if what == "&":
            return match[0]
        if what in "`'":
            return said[: match.start()] if what == "`" else said[match.end() :]
        if what[0] == "<":
            return (match.groupdict().get(what[1:-1]) or "") if match.re.groupindex else found[0]
        for digits in (what, what[0]):
            if 1 <= int(digits) <= (match.re.groups or 0):
                return (match[int(digits)] or "") + what[len(digits) :]
        return found[0]

    return _DOLLAR.sub(one, template) if "$" in template else template


def replace_by(realm: Realm, regex: JSObject, said: str, by: Any) -> Steps:
    function = by if isinstance(by, JSFunction) else None
    template = "" if function is not None else text(realm, by)
    every = "g" in regex.data.flags
    once = None if every else find(realm, regex, said)
    matches = regex.data.pattern.finditer(said) if every else [once] if once is not None else []
    if every:
        put(realm, regex, "lastIndex", 0.0)
    parts, end = [], 0
    for match in matches:
        if function is not None:
            given = [match[0], *match.groups(), float(match.start()), said]
            if match.re.groupindex:
                given.append(realm.object(match.groupdict()))
            new = text(realm, (yield realm.start(function, None, *given)))
        else:
            new = expanded(template, match, said)
        parts += [said[end : match.start()], new]
        end = match.end()
    return realm.held("".join([*parts, said[end:]]))


def split_by(realm: Realm, regex: JSObject, said: str) -> list[Any]:
    parts: list[Any] = []
    end = 0
    if not said:
        return [] if regex.data.pattern.match("") else [said]
    for match in regex.data.pattern.finditer(said):
        empty = match.start() == match.end()
        if empty and (match.start() in (0, end) or match.start() >= len(said)):
            continue  # between two characters, but not at an end
        parts += [said[end : match.start()], *match.groups()]
        end = match.end()
    return [*parts, said[end:]]


def _flag(letter: str) -> Any:
    return lambda realm, this: is_regex(this) and letter in this.data.flags


def install(realm: Realm) -> None:
    realm.constructor("RegExp", realm.regex_prototype, lambda realm, this, *args: _make(realm, this, args), _make, 2)
    realm.methods(realm.regex_prototype, {
        "exec": execute, "test": _test,
        "toString": lambda realm, this: f"/{_regex(realm, this).body}/{_regex(realm, this).flags}",
    })  # fmt: skip
    realm.getters(realm.regex_prototype, {
        "source": lambda realm, this: _regex(realm, this).body,
        "flags": lambda realm, this: "".join(sorted(_regex(realm, this).flags)), "global": _flag("g"),
        "ignoreCase": _flag("i"), "multiline": _flag("m"), "sticky": _flag("y"), "unicode": _flag("u"),
        "dotAll": _flag("s"),
    })  # fmt: skip
