"""From PostgreSQL's SQL to SQLite's: statements apart, and in each the words that differ.

Source: the documentation's part "SQL Commands"; sqlite.org/lang.html.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sim.programs import sqltext

_TOKEN = re.compile(
    r"""(?P<space>\s+|--[^\n]*|/\*.*?\*/)
    |(?P<string>[eE]?'(?:[^']|'')*'|\$(?P<tag>\w*)\$.*?\$(?P=tag)\$)
    |(?P<quoted>"(?:[^"]|"")*")
    |(?P<parameter>\$\d+)
    |(?P<number>\d+(?:\.\d+)?)
    |(?P<word>[^\W\d]\w*)
    |(?P<operator>::|\|\||<=|>=|<>|!=|!~~\*?|~~\*?|.)""",
    re.VERBOSE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Token:
    """`kind`: space, string, quoted, parameter, number, word, operator. `at`: where it stands in its statement."""

    kind: str
    text: str
    at: int = 0

    @property
    def word(self) -> str:
        """In capitals, if it is a word."""
        return self.text.upper() if self.kind == "word" else ""


def tokens(sql: str) -> Iterator[Token]:
    for match in _TOKEN.finditer(sql):
        yield Token(match.lastgroup if match.lastgroup != "tag" else "string", match[0], match.start())  # type: ignore[arg-type]


def statements(sql: str) -> list[str]:
    """The statements of a query or a script, without their semicolons and what surrounds them."""
    return sqltext.statements(tokens(sql))


def complete(sql: str) -> bool:
    """Whether a text that is being typed ends a statement: a semicolon outside of quotes and parentheses."""
    depth, last = 0, ""
    for token in tokens(sql):
        depth += {"(": 1, ")": -1}.get(token.text, 0)
        if token.kind != "space":
            last = token.text
    return depth <= 0 and last == ";"


def words(sql: str, most: int = 8) -> list[str]:
    """The first words in capitals, to tell statements apart; names in quotes as they are."""
    found = []
    for token in tokens(sql):
        if token.kind != "space":
            found.append(token.word or token.text)
        if len(found) == most:
            break
    return found


REPLACED = {
    "SERIAL": "INTEGER", "BIGSERIAL": "INTEGER", "SMALLSERIAL": "INTEGER", "ILIKE": "REGEXP",
    "STRING_AGG": "GROUP_CONCAT", "CURRENT_TIMESTAMP": "(now())", "LOCALTIMESTAMP": "(now())",
    "CURRENT_DATE": "(today())", "CURRENT_USER": "(who())", "SESSION_USER": "(who())", "TRUE": "(true())",
    "FALSE": "(false())",
}  # fmt: skip
CASTS = {
    "INT": "INTEGER", "INTEGER": "INTEGER", "BIGINT": "INTEGER", "SMALLINT": "INTEGER", "BOOLEAN": "INTEGER",
    "BOOL": "INTEGER", "FLOAT": "REAL", "NUMERIC": "REAL", "REAL": "REAL", "DECIMAL": "REAL",
}  # all others are text  # fmt: skip
COUNTING = re.compile(
    r"generate_series\s*\(\s*([^,()]+)\s*,\s*([^,()]+)\s*\)(\s+(?:AS\s+)?(?!WHERE|ORDER|LIMIT|GROUP)(\w+))?",
    re.IGNORECASE,
)


def translate(sql: str) -> str:
    """One statement, as SQLite takes it."""
    parts = list(tokens(sql))
    for step in STEPS:
        parts = step(parts)
    return _series("".join(token.text for token in parts))


def _plain(text: str) -> Token:
    return Token("operator", text)


def _schemas(parts: list[Token]) -> list[Token]:
    """`public.t` and `pg_catalog.t` are `t`; `information_schema.tables` is a view of ours."""
    found: list[Token] = []
    number = 0
    while number < len(parts):
        token = parts[number]
        if token.kind == "word" and number + 2 < len(parts) and parts[number + 1].text == ".":
            if token.word in ("PUBLIC", "PG_CATALOG"):
                number += 2
                continue
            if token.word == "INFORMATION_SCHEMA":
                found.append(_plain(f"information_schema_{parts[number + 2].text.lower()}"))
                number += 3
                continue
        found.append(token)
        number += 1
    return found


def _identity(parts: list[Token]) -> list[Token]:
    """SERIAL and IDENTITY columns that are the primary key count by themselves."""
    said = "".join(token.text if token.kind != "word" else token.word for token in parts)
    if not said.lstrip().startswith("CREATE"):
        return parts
    texts = "".join(token.text for token in parts)
    texts = re.sub(r"\b(INT|INTEGER|BIGINT|SMALLINT)\s+GENERATED\s+(ALWAYS|BY\s+DEFAULT)\s+AS\s+IDENTITY\b", "SERIAL",
                   texts, flags=re.IGNORECASE)  # fmt: skip
    texts = re.sub(r"\b(BIG|SMALL)?SERIAL\s+(NOT\s+NULL\s+)?PRIMARY\s+KEY\b", "INTEGER PRIMARY KEY AUTOINCREMENT",
                   texts, flags=re.IGNORECASE)  # fmt: skip
    texts = re.sub(r"\bDEFAULT\s+(now\s*\(\s*\))", r"DEFAULT (\1)", texts, flags=re.IGNORECASE)
    return list(tokens(texts))


def _names(parts: list[Token]) -> list[Token]:
    """Words that have another name; parameters; dollar-quoted and escape strings."""
    found = []
    for token, after in zip(parts, [*parts[1:], _plain("")], strict=False):
        if token.kind == "word" and token.word in REPLACED:
            found.append(_plain(REPLACED[token.word]))
        elif token.word in ("LEFT", "RIGHT") and after.text == "(":  # functions here, words of a join there
            found.append(_plain(f"{token.text}_"))
        elif token.kind == "parameter":
            found.append(_plain("?" + token.text[1:]))
        elif token.kind == "string" and token.text.startswith("$"):
            tag = token.text[: token.text.index("$", 1) + 1]
            found.append(Token("string", "'" + token.text[len(tag) : -len(tag)].replace("'", "''") + "'"))
        elif token.kind == "string" and token.text[0] in "eE":
            found.append(Token("string", token.text[1:].replace("\\n", "\n").replace("\\t", "\t")))
        else:
            found.append(token)
    return found


def _truncate(parts: list[Token]) -> list[Token]:
    kept = [token for token in parts if token.kind != "space"]
    if not kept or kept[0].word != "TRUNCATE":
        return parts
    names = [token for token in kept[1:] if token.word not in ("TABLE", "ONLY", "RESTART", "IDENTITY", "CASCADE")]
    return [_plain("DELETE FROM "), *names]


def _casts(parts: list[Token]) -> list[Token]:
    """`value::type` is CAST(value AS type)."""
    found: list[Token] = []
    number = 0
    while number < len(parts):
        token = parts[number]
        if token.text != "::":
            found.append(token)
            number += 1
            continue
        kind = parts[number + 1].word if number + 1 < len(parts) else ""
        number += 2
        if number < len(parts) and parts[number].text == "(":  # varchar(20)
            while number < len(parts) and parts[number].text != ")":
                number += 1
            number += 1
        start = _operand(found)
        value = "".join(one.text for one in found[start:])
        found[start:] = [_plain(f"CAST({value} AS {CASTS.get(kind, 'TEXT')})")]
    return found


def _operand(found: list[Token]) -> int:
    """Where the value begins that ends here: a token, or all between parentheses, with the function's name."""
    at = len(found) - 1
    if at >= 0 and found[at].text == ")":
        depth = 0
        while at >= 0:
            depth += {")": 1, "(": -1}.get(found[at].text, 0)
            if depth == 0:
                break
            at -= 1
        if at > 0 and found[at - 1].kind == "word":
            at -= 1
    elif at >= 2 and found[at - 1].text == ".":
        at -= 2
    return max(0, at)


def _series(sql: str) -> str:
    """generate_series(a, b) in FROM."""

    def rows(match: re.Match[str]) -> str:
        name = match[4] or "generate_series"
        count = f"SELECT {match[1]} AS {name} UNION ALL SELECT {name} + 1 FROM n WHERE {name} < {match[2]}"
        return f"(WITH RECURSIVE n AS ({count}) SELECT * FROM n) AS {name}"

    return COUNTING.sub(rows, sql)


STEPS: tuple[Callable[[list[Token]], list[Token]], ...] = (_schemas, _identity, _truncate, _names, _casts)
