"""awk's tokens. A slash begins a regular expression where no operand can have ended before it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from sim.programs.text.awk.nodes import SyntaxErrorInAwk

_KEYWORDS = """
BEGIN END function func if else while do for in next nextfile exit return break continue delete getline print printf
"""
_BUILTINS = """
length substr index split sub gsub match sprintf tolower toupper int sqrt exp log sin cos atan2 rand srand system close
fflush systime strftime
"""
KEYWORDS, BUILTINS = frozenset(_KEYWORDS.split()), frozenset(_BUILTINS.split())
_TOKEN = re.compile(
    r"(?P<blank>[ \t\r]+|\\\n|#[^\n]*)|(?P<newline>\n)"
    r"|(?P<number>0[xX][0-9a-fA-F]+|(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)"
    r'|(?P<string>"(?:\\.|[^"\\\n])*")|(?P<call>[A-Za-z_]\w*(?=\())|(?P<name>[A-Za-z_]\w*)'
    r"|(?P<operator>\*\*=|\*\*|&&|\|\||\+\+|--|\+=|-=|\*=|/=|%=|\^=|==|<=|>=|!=|!~|>>|[-+*/%^!<>|?:~$=,;(){}\[\]])",
    re.S,
)
_REGEX = re.compile(r"/((?:\\.|\[\^?\]?(?:\[:\w+:\]|[^\]\n])*\]|[^/\\\n\[])*)/", re.S)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v", "\\": "\\", '"': '"', "/": "/"}


@dataclass(frozen=True, slots=True)
class Token:
    """`kind`: number, string, regex, name, call (a name right before a parenthesis), builtin, keyword, newline,
    operator, end.
    """

    kind: str
    text: str


def tokens(source: str) -> Iterator[Token]:
    """Raises SyntaxErrorInAwk."""
    at, operand = 0, False  # has an operand just ended?
    while at < len(source):
        if source[at] == "/" and not operand:
            match = _REGEX.match(source, at)
            if match is None:
                raise SyntaxErrorInAwk("Unexpected end of string")
            yield Token("regex", match[1].replace(r"\/", "/"))
            at, operand = match.end(), True
            continue
        match = _TOKEN.match(source, at)
        if match is None:
            raise SyntaxErrorInAwk("Unexpected end of string" if source[at] == '"' else "Unexpected token")
        at, kind, text = match.end(), match.lastgroup or "", match[0]
        if kind == "blank":
            continue
        if kind == "string":
            text = unescape(text[1:-1])
        elif kind in ("name", "call"):
            kind = "keyword" if text in KEYWORDS else "builtin" if text in BUILTINS else kind
        yield Token(kind, text)
        operand = kind in ("number", "string", "name", "builtin") or text in (")", "]", "++", "--")
    yield Token("end", "")


def unescape(text: str) -> str:
    """Escapes of awk's strings; an unknown one keeps its backslash (it may be a regular expression's)."""

    def one(match: re.Match[str]) -> str:
        body = match[1]
        if body[0] in "01234567":
            return chr(int(body, 8))
        return _ESCAPES.get(body, "" if body == "\n" else "\\" + body)

    return re.sub(r"\\([0-7]{1,3}|.)", one, text, flags=re.S)
