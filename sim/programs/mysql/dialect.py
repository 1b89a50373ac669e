"""From MySQL's SQL to SQLite's: statements apart, and in each the words that differ.

Source: the MySQL reference manual's chapters "Language Structure" and "SQL Statements"; sqlite.org/lang.html.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from sim.programs import sqltext

_TOKEN = re.compile(
    r"""(?P<space>\s+|--(?=\s|$)[^\n]*|\#[^\n]*|/\*.*?\*/)
    |(?P<string>'(?:[^'\\]|\\.|'')*'|"(?:[^"\\]|\\.|"")*")
    |(?P<name>`(?:[^`]|``)*`)
    |(?P<variable>@@?[\w.$]+)
    |(?P<number>\d+(?:\.\d+)?(?!\w))
    |(?P<word>[^\W]\w*)
    |(?P<operator><=>|<=|>=|<>|!=|:=|&&|\|\||.)""",
    re.VERBOSE | re.DOTALL,
)
ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "0": "\0", "b": "\b", "Z": "\x1a"}
WORDS = {
    "CURRENT_TIMESTAMP": "(now())", "LOCALTIME": "(now())", "LOCALTIMESTAMP": "(now())", "CURRENT_DATE": "(curdate())",
    "CURRENT_TIME": "(curtime())", "DIV": "/", "MOD": "%", "RLIKE": "REGEXP",
}  # fmt: skip
OPERATORS = {"<=>": " IS ", "&&": " AND ", "||": " OR "}
CALLED = {"IF": "iif", "LAST_INSERT_ID": "last_inserted", "CHAR_LENGTH": "length", "LCASE": "lower", "UCASE": "upper"}


@dataclass(frozen=True, slots=True)
class Token:
    """`kind`: space, string, name, variable, number, word, operator."""

    kind: str
    text: str

    @property
    def word(self) -> str:
        """In capitals, if it is a word."""
        return self.text.upper() if self.kind == "word" else ""

    @property
    def value(self) -> str:
        """A string or a name without its quotes; else the text."""
        if self.kind == "name":
            return self.text[1:-1].replace("``", "`")
        return unquoted(self.text) if self.kind == "string" else self.text


def tokens(sql: str) -> Iterator[Token]:
    for match in _TOKEN.finditer(sql):
        yield Token(match.lastgroup or "operator", match[0])


def solid(sql: str) -> list[Token]:
    """Without spaces and comments."""
    return [token for token in tokens(sql) if token.kind != "space"]


def statements(sql: str) -> list[str]:
    """The statements of a query or a script, without their semicolons and what surrounds them."""
    return sqltext.statements(tokens(sql))


def unquoted(literal: str) -> str:
    """A string literal's value.

    >>> unquoted(r"'it''s\\n'")
    "it's\\n"
    """
    quote = literal[0]
    inner = literal[1:-1].replace(quote * 2, quote)
    return re.sub(r"\\(.)", lambda found: ESCAPES.get(found[1], found[1]), inner, flags=re.DOTALL)


def quoted(value: str) -> str:
    """As SQLite takes it."""
    return "'" + value.replace("'", "''") + "'"


def literal(value: str) -> str:
    """As MySQL takes it."""
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n") + "'"


def translate(sql: str, variables: dict[str, str]) -> str:
    """One statement, as SQLite takes it. `variables`: what `@@name` and `@name` stand for."""
    parts = [token for token in tokens(sql) if token.kind != "space" or not token.text.startswith(("#", "--", "/*"))]
    parts = [_one(token, parts[at + 1 :], variables) for at, token in enumerate(parts)]
    text = "".join(token.text for token in parts)
    for pattern, replacement in PHRASES:
        text = pattern.sub(replacement, text)
    return _on_duplicate(text)


def _one(token: Token, rest: Sequence[Token], variables: dict[str, str]) -> Token:
    if token.kind == "string":
        return Token("string", quoted(token.value))
    if token.kind == "name":
        return Token("name", '"' + token.value.replace('"', '""') + '"')
    if token.kind == "variable":
        value = variables.get(token.text.lower().replace("@@session.", "@@").replace("@@global.", "@@"))
        return Token("string", "NULL" if value is None else value if re.fullmatch(r"-?\d+", value) else quoted(value))
    if token.kind == "operator":
        return Token("operator", OPERATORS.get(token.text, token.text))
    called = bool(rest) and rest[0].text == "("
    if token.word in CALLED and called:
        return Token("word", CALLED[token.word])
    if token.word in WORDS and not called:
        return Token("word", WORDS[token.word])
    return token


PHRASES = tuple(
    (re.compile(pattern, re.IGNORECASE), replacement)
    for pattern, replacement in (
        (r"\bINSERT\s+IGNORE\b", "INSERT OR IGNORE"),
        (r"\s+FROM\s+DUAL\b", ""),
        (r"^TRUNCATE\s+(TABLE\s+)?", "DELETE FROM "),
        (r"\(now\(\)\)\s*\(\s*\d*\s*\)", "(now())"),
        (r"\bSEPARATOR\b", ","),
        (r"\bFOR\s+UPDATE\s*$|\bLOCK\s+IN\s+SHARE\s+MODE\s*$", ""),
        (r"\(\s*\)\s*VALUES\s*\(\s*\)", "DEFAULT VALUES"),
        (r"\bINTERVAL\s+'?(-?\d+)'?\s+(\w+)", r"'\1 \2'"),
    )
)


def _on_duplicate(text: str) -> str:
    """ON DUPLICATE KEY UPDATE a = VALUES(a): SQLite's upsert."""
    head, found, tail = _split(text, r"\bON\s+DUPLICATE\s+KEY\s+UPDATE\b")
    if not found:
        return text
    changed = re.sub(r"VALUES\s*\(\s*([^()]+?)\s*\)", r"excluded.\1", tail, flags=re.IGNORECASE)
    return f"{head}ON CONFLICT DO UPDATE SET{changed}"


def _split(text: str, pattern: str) -> tuple[str, bool, str]:
    found = re.search(pattern, text, re.IGNORECASE)
    return (text[: found.start()], True, text[found.end() :]) if found else (text, False, "")


def schemas(sql: str) -> set[str]:
    """Names that stand before a dot: of databases (or of tables)."""
    parts = solid(sql)
    return {one.value for one, dot in pairwise(parts)
            if dot.text == "." and one.kind in ("word", "name")}  # fmt: skip
