"""Words of JavaScript: from source text to tokens, one at a time. Source: ECMA-262, chapter 12.

Whether `/` divides or begins a regular expression, and where a template goes on, only the parser knows: it asks for the
token anew (`regex`, `template`).
"""

from __future__ import annotations

import re
from bisect import bisect_right

KEYWORDS = frozenset(
    [
        "break",
        "case",
        "catch",
        "class",
        "const",
        "continue",
        "debugger",
        "default",
        "delete",
        "do",
        "else",
        "export",
        "extends",
        "finally",
        "for",
        "function",
        "if",
        "import",
        "in",
        "instanceof",
        "new",
        "return",
        "super",
        "switch",
        "this",
        "throw",
        "try",
        "typeof",
        "var",
        "void",
        "while",
        "with",
        "null",
        "true",
        "false",
        "enum",
    ]
)
_SPACE = re.compile(r"(?:[ \t\v\f\u00a0\ufeff\n\r\u2028\u2029]+|//[^\n\r\u2028\u2029]*|/\*.*?\*/)+", re.DOTALL)
_LINE_END = re.compile(r"\r\n|[\n\r\u2028\u2029]")
_NAME = re.compile(r"#?(?:[^\W\d]|\$|\\u[0-9a-fA-F]{4})(?:\w|\$|\\u[0-9a-fA-F]{4}|\u200c|\u200d)*")
_NUMBER = re.compile(
    r"0[xX][0-9a-fA-F_]+n?|0[oO][0-7_]+n?|0[bB][01_]+n?|(?:\d[\d_]*)n|"
    r"(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:[eE][+-]?\d[\d_]*)?"
)
_PUNCTUATOR = re.compile(
    r">>>=|\.\.\.|===|!==|\*\*=|<<=|>>=|>>>|&&=|\|\|=|\?\?=|=>|==|!=|<=|>=|&&|\|\||\?\?|\?\.(?!\d)|\+\+|--|\+=|-=|\*=|/=|"
    r"%=|&=|\|=|\^=|<<|>>|\*\*|[{}()\[\];,<>+\-*/%&|^!~?:=.@]"
)
_REGEX = re.compile(r"/((?:[^/\\\[\n\r]|\\[^\n\r]|\[(?:[^\]\\\n\r]|\\[^\n\r])*\])+)/([a-zA-Z]*)")
_STRING = {
    quote: re.compile(rf"{quote}((?:[^{quote}\\\n\r]|\\(?:\r\n|.|\n|\r))*){quote}", re.DOTALL) for quote in "\"'"
}
_TEMPLATE = re.compile(r"((?:[^`\\$]|\\.|\$(?!\{))*)(`|\$\{)", re.DOTALL)
_ESCAPE = re.compile(
    r"\\(?:u\{([0-9a-fA-F]+)\}|u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|(0(?![0-9]))|(\r\n|[\n\r\u2028\u2029])|(.))",
    re.DOTALL,
)
_PLAIN = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "v": "\v"}


class JSSyntaxError(Exception):
    """What is not JavaScript: V8's words, and from where to where it is in the source."""

    def __init__(self, message: str, start: int, end: int) -> None:
        super().__init__(message)
        self.message, self.start, self.end = message, start, max(end, start + 1)


class Token:
    """`kind`: name, keyword, punctuator, number, string, template, private, end. `line`: a new line comes before it."""

    __slots__ = ("end", "kind", "line", "raw", "start", "value")

    def __init__(self, kind: str, value: object, start: int, end: int, line: bool, raw: str = "") -> None:
        self.kind, self.value, self.start, self.end, self.line, self.raw = kind, value, start, end, line, raw


class Tokens:
    """A source text, from which tokens are taken."""

    def __init__(self, source: str) -> None:
        self.source, self._at = source, 0
        if source.startswith("#!"):
            end = _LINE_END.search(source)
            self._at = end.start() if end else len(source)

    def seek(self, offset: int) -> None:
        self._at = offset

    def next(self) -> Token:
        """Raises JSSyntaxError."""
        source, line, at = self.source, False, self._at
        space = _SPACE.match(source, at)
        if space is not None:
            line, at = _LINE_END.search(source, at, space.end()) is not None, space.end()
        if at >= len(source):
            self._at = at
            return Token("end", "end of input", at, at, line)
        token = self._token(source[at], at, line)
        self._at = token.end
        return token

    def _token(self, first: str, at: int, line: bool) -> Token:
        source = self.source
        if first in "\"'":
            match = _STRING[first].match(source, at)
            if match is None:
                raise JSSyntaxError("Invalid or unexpected token", at, at + 1)
            return Token("string", unescaped(match[1], at), at, match.end(), line, match[0])
        match = _NAME.match(source, at)
        if match is not None:
            text = match[0]
            if "\\" in text:
                text = unescaped(text, at)
            kind = "keyword" if text in KEYWORDS else "private" if text[0] == "#" else "name"
            return Token(kind, text, at, match.end(), line)
        if first.isdigit() or (first == "." and source[at + 1 : at + 2].isdigit()):
            return self._number(at, line)
        if first == "`":
            return Token("template", "`", at, at + 1, line)
        match = _PUNCTUATOR.match(source, at)
        if match is None or source.startswith("/*", at):
            raise JSSyntaxError("Invalid or unexpected token", at, at + 1)
        return Token("punctuator", match[0], at, match.end(), line)

    def _number(self, at: int, line: bool) -> Token:
        match = _NUMBER.match(self.source, at)
        assert match is not None
        text, end = match[0].replace("_", ""), match.end()
        after = _NAME.match(self.source, end)
        if after is not None:
            raise JSSyntaxError("Invalid or unexpected token", at, end)
        return Token("number", number_value(text), at, end, line)

    def regex(self, start: int) -> tuple[str, str, int]:
        """The regular expression that begins at `start`: body, flags, where it ends. Raises JSSyntaxError."""
        match = _REGEX.match(self.source, start)
        if match is None:
            raise JSSyntaxError("Invalid regular expression: missing /", start, start + 1)
        self._at = match.end()
        return match[1], match[2], match.end()

    def template(self, start: int) -> tuple[str, str, bool]:
        """The part of a template from `start` on: its value, its raw text, and whether it was the last one."""
        match = _TEMPLATE.match(self.source, start)
        if match is None:
            raise JSSyntaxError("Unterminated template literal", len(self.source), len(self.source))
        self._at = match.end()
        raw = match[1].replace("\r\n", "\n")
        return unescaped(raw, start), raw, match[2] == "`"


def number_value(text: str) -> float | int:
    """A number; an `int` is a BigInt."""
    bases = {"x": 16, "o": 8, "b": 2}
    base = bases.get(text[1:2].lower(), 10) if text[0] == "0" else 10
    if text.endswith("n"):
        return int(text[:-1], 0) if base != 10 else int(text[:-1])
    if base != 10:
        return float(int(text, 0))
    if len(text) > 1 and text[0] == "0" and text.isdigit():  # an octal one of long ago
        return float(int(text, 8) if re.fullmatch("[0-7]+", text) else int(text))
    return float(text)


def unescaped(text: str, start: int) -> str:
    """Escape sequences resolved; characters beyond 16 bits become pairs, as JavaScript has them."""
    if "\\" in text:

        def one(match: re.Match[str]) -> str:
            point, four, two, zero, line, plain = match.groups()
            code = point or four or two
            if code:
                return chr(int(code, 16))
            if zero or line:
                return "\0" if zero else ""
            if plain in "ux":
                what = "Unicode" if plain == "u" else "hexadecimal"
                raise JSSyntaxError(f"Invalid {what} escape sequence", start + match.start(), start + match.end())
            return _PLAIN.get(plain, plain)

        text = _ESCAPE.sub(one, text)
    return in_pairs(text)


def in_pairs(text: str) -> str:
    """Text as JavaScript counts it: in units of 16 bits.

    >>> len(in_pairs("a😀"))
    3
    """
    if text.isascii() or max(text) <= "\uffff":
        return text
    return re.sub("[\U00010000-\U0010ffff]", lambda match: _pair(ord(match[0]) - 0x10000), text)


def _pair(code: int) -> str:
    return chr(0xD800 | code >> 10) + chr(0xDC00 | code & 0x3FF)


class Lines:
    """Where in a source an offset is."""

    def __init__(self, source: str) -> None:
        self.source = source
        self._starts = [0, *(match.end() for match in _LINE_END.finditer(source))]

    def place(self, offset: int) -> tuple[int, int]:
        """(line from 1, column from 0)"""
        line = bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1]

    def text(self, line: int) -> str:
        if not 0 < line <= len(self._starts):
            return ""
        end = self._starts[line] if line < len(self._starts) else len(self.source)
        return self.source[self._starts[line - 1] : end].rstrip("\r\n\u2028\u2029")
