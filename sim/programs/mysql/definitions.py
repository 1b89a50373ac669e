"""Tables as they were defined: CREATE TABLE taken apart, kept beside the rows, and shown again.

SQLite keeps the rows under a definition of its own; DESCRIBE, SHOW CREATE TABLE, mysqldump and the types of results
need the one that was written.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace

from sim.programs.mysql import protocol
from sim.programs.mysql.dialect import Token, solid, translate

KEPT = "glassdock_tables"  # where definitions lie in a database
SYNONYMS = {"INTEGER": "int", "BOOL": "tinyint(1)", "BOOLEAN": "tinyint(1)", "NUMERIC": "decimal", "DEC": "decimal",
            "REAL": "double", "CHARACTER": "char", "SERIAL": "bigint"}  # fmt: skip
WIDTHS = {"int": 11, "bigint": 20, "smallint": 6, "tinyint": 4, "mediumint": 9}
NUMERIC = {"int": protocol.LONG, "bigint": protocol.LONGLONG, "smallint": protocol.LONG, "tinyint": protocol.TINY,
           "mediumint": protocol.LONG, "decimal": protocol.DECIMAL, "float": protocol.DOUBLE, "double": protocol.DOUBLE,
           "year": protocol.LONG, "date": protocol.DATE, "datetime": protocol.DATETIME,
           "timestamp": protocol.DATETIME}  # fmt: skip
AFFINITY = {protocol.LONG: "INTEGER", protocol.LONGLONG: "INTEGER", protocol.TINY: "INTEGER",
            protocol.DECIMAL: "NUMERIC", protocol.DOUBLE: "REAL"}  # fmt: skip
NOT_COLUMNS = ("PRIMARY", "KEY", "INDEX", "UNIQUE", "CONSTRAINT", "FOREIGN", "CHECK", "FULLTEXT")


@dataclass(frozen=True, slots=True)
class Column:
    """`default` is an expression of MySQL's, None for none; `type` as DESCRIBE shows it."""

    name: str
    type: str
    null: bool = True
    default: str | None = None
    automatic: bool = False
    update: bool = False
    comment: str = ""

    @property
    def code(self) -> int:
        """The protocol's type."""
        return NUMERIC.get(re.match(r"\w*", self.type)[0], protocol.STRING)  # type: ignore[index]

    @property
    def decimals(self) -> int | None:
        """Digits behind the point that are always shown."""
        if not self.type.startswith("decimal"):
            return None
        found = re.search(r",\s*(\d+)\)", self.type)
        return int(found[1]) if found else 0


@dataclass(frozen=True, slots=True)
class Key:
    name: str
    columns: tuple[str, ...]
    unique: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    name: str
    columns: tuple[Column, ...]
    primary: tuple[str, ...] = ()
    keys: tuple[Key, ...] = ()
    foreign: tuple[str, ...] = ()  # constraints in MySQL's words

    def key(self, name: str) -> str:
        """PRI, UNI, MUL or nothing."""
        if name in self.primary:
            return "PRI"
        firsts = [key for key in self.keys if key.columns[:1] == (name,)]
        if any(key.unique and len(key.columns) == 1 for key in firsts):
            return "UNI"
        return (
            "MUL" if firsts or any(f"(`{name}`)" in words.partition("REFERENCES")[0] for words in self.foreign) else ""
        )

    def dumps(self) -> str:
        return json.dumps(asdict(self))


def loads(text: str) -> Table:
    row = json.loads(text)
    columns = tuple(Column(**column) for column in row["columns"])
    keys = tuple(Key(key["name"], tuple(key["columns"]), key["unique"]) for key in row["keys"])
    return Table(row["name"], columns, tuple(row["primary"]), keys, tuple(row["foreign"]))


# -- from CREATE TABLE


def parse(name: str, body: Sequence[Token]) -> Table:
    """`body`: what stands between the parentheses. Raises ValueError, IndexError for what cannot be read."""
    table = Table(name, ())
    for item in items(body):
        table = (_constrained if item[0].word in NOT_COLUMNS else _with)(table, item)
    return table


def items(body: Sequence[Token]) -> list[list[Token]]:
    """Apart at the commas outside of parentheses."""
    depth, found = 0, [list[Token]()]
    for token in body:
        depth += {"(": 1, ")": -1}.get(token.text, 0)
        if token.text == "," and not depth:
            found.append([])
        else:
            found[-1].append(token)
    return [item for item in found if item]


def _with(table: Table, item: Sequence[Token]) -> Table:
    """The table with one more column."""
    column, rest = _typed(item)
    words = [token.word for token in rest]
    for at, word in enumerate(words):
        following = words[at + 1 : at + 2]
        if word == "NULL":
            column = replace(column, null=words[at - 1 : at] != ["NOT"] if at else True)
        elif word == "DEFAULT":
            column = replace(column, default=_default(rest[at + 1 :]))
        elif word == "AUTO_INCREMENT":
            column = replace(column, automatic=True, null=False)
        elif word == "COMMENT":
            column = replace(column, comment=rest[at + 1].value)
        elif word == "ON" and following == ["UPDATE"] and words[at + 2 : at + 3] == ["CURRENT_TIMESTAMP"]:
            column = replace(column, update=True)
        elif word == "PRIMARY":
            table = replace(table, primary=(column.name,))
        elif word == "UNIQUE":
            table = replace(table, keys=(*table.keys, Key(column.name, (column.name,), True)))
    if table.primary == (column.name,):
        column = replace(column, null=False)
    return replace(table, columns=(*table.columns, column))


def _typed(item: Sequence[Token]) -> tuple[Column, Sequence[Token]]:
    """A column's name and type, and what follows."""
    kind = SYNONYMS.get(item[1].word, item[1].text.lower())
    at = 2
    if at < len(item) and item[at].text == "(":
        close = next(number for number in range(at, len(item)) if item[number].text == ")")
        kind += "".join(token.text for token in item[at : close + 1])
        at = close + 1
    elif kind == "decimal":
        kind = "decimal(10,0)"
    while at < len(item) and item[at].word in ("UNSIGNED", "ZEROFILL", "PRECISION", "VARYING"):
        kind += f" {item[at].text.lower()}"
        at += 1
    serial = item[1].word == "SERIAL"
    return Column(item[0].value, kind, null=not serial, automatic=serial), item[at:]


def _default(rest: Sequence[Token]) -> str | None:
    if rest[0].text in ("-", "+"):
        return rest[0].text + rest[1].text
    if rest[0].text == "(":
        depth, text = 0, ""
        for token in rest:
            depth += {"(": 1, ")": -1}.get(token.text, 0)
            text += token.text
            if not depth:
                return text
    if rest[0].word == "NULL":
        return None
    return "CURRENT_TIMESTAMP" if rest[0].word in ("CURRENT_TIMESTAMP", "NOW") else rest[0].text


def _constrained(table: Table, item: Sequence[Token]) -> Table:
    """PRIMARY KEY, KEY, UNIQUE, FOREIGN KEY; what else there is (CHECK, FULLTEXT) is left out."""
    named = ""
    if item[0].word == "CONSTRAINT":
        named = "" if item[1].word in NOT_COLUMNS else item[1].value
        item = item[2:] if named else item[1:]
    texts = [token.text for token in item]
    if "(" not in texts:
        return table
    begin, close = texts.index("("), texts.index(")")
    inside = [token.value for token in item[begin + 1 : close] if token.kind in ("word", "name") and
              token.word not in ("ASC", "DESC")]  # fmt: skip
    if item[0].word == "PRIMARY":
        columns = tuple(replace(one, null=False) if one.name in inside else one for one in table.columns)
        return replace(table, primary=tuple(inside), columns=columns)
    if item[0].word == "FOREIGN":
        number = len(table.foreign) + 1
        said = " ".join(token.text for token in item[close + 1 :])
        target = [token for token in item[close + 1 :] if token.kind in ("word", "name")][1].value
        within = re.search(r"\(\s*(.*?)\s*\)(.*)", said)
        columns_there = ", ".join(f"`{part.strip(' `')}`" for part in (within[1] if within else "").split(","))
        words = f"CONSTRAINT `{named or f'{table.name}_ibfk_{number}'}` FOREIGN KEY (`{'`, `'.join(inside)}`) "
        words += f"REFERENCES `{target}` ({columns_there}){within[2].upper() if within else ''}"
        return replace(table, foreign=(*table.foreign, words.rstrip()))
    if item[0].word in ("KEY", "INDEX", "UNIQUE"):
        before = [token for token in item[:begin] if token.word not in ("KEY", "INDEX", "UNIQUE")]
        name = before[0].value if before else named or inside[0]
        return replace(table, keys=(*table.keys, Key(name, tuple(inside), item[0].word == "UNIQUE")))
    return table


# -- to SQLite, and back to MySQL


def lite(table: Table) -> list[str]:
    """What makes this table in SQLite."""
    automatic = next((column.name for column in table.columns if column.automatic), "")
    single = bool(automatic) and (table.primary in ((automatic,), ()))
    lines = [lite_column(column, single and column.name == automatic) for column in table.columns]
    if table.primary and not single:
        lines.append(f"PRIMARY KEY ({_names(table.primary)})")
    lines += [f"UNIQUE ({_names(key.columns)})" for key in table.keys if key.unique]
    lines += [translate(words, {}) for words in table.foreign]
    made = [f'CREATE TABLE "{table.name}" ({", ".join(lines)})']
    return made + [f'CREATE INDEX "{table.name}.{key.name}" ON "{table.name}" ({_names(key.columns)})'
                   for key in table.keys if not key.unique]  # fmt: skip


def lite_column(column: Column, counts: bool = False) -> str:
    if counts:
        return f'"{column.name}" INTEGER PRIMARY KEY AUTOINCREMENT'
    affinity = AFFINITY.get(column.code, "TEXT")
    words = f'"{column.name}" {affinity}{" COLLATE NOCASE" if affinity == "TEXT" else ""}'
    words += "" if column.null else " NOT NULL"
    return words + (f" DEFAULT {translate(column.default, {})}" if column.default is not None else "")


def _names(names: Sequence[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)


def shown_type(column: Column, widths: bool) -> str:
    word, space, rest = column.type.partition(" ")
    width = WIDTHS.get(word) if widths else None
    return (f"{word}({width - bool(space) if word != 'bigint' else width})" if width else word) + space + rest


def default_of(column: Column) -> str | None:
    """The default as DESCRIBE has it."""
    found = column.default
    return solid(found)[0].value if found is not None and found[:1] in "'\"" else found


def create(table: Table, widths: bool, options: str) -> str:
    """As SHOW CREATE TABLE has it."""
    lines = []
    for column in table.columns:
        words = f"`{column.name}` {shown_type(column, widths)}"
        words += "" if column.null else " NOT NULL"
        if column.default is not None:
            given = column.default
            number = re.fullmatch(r"-?[\d.]+", given) is not None
            words += f" DEFAULT '{given}'" if number else f" DEFAULT {given}"
        elif column.null:
            words += " DEFAULT NULL"
        words += " ON UPDATE CURRENT_TIMESTAMP" if column.update else ""
        words += " AUTO_INCREMENT" if column.automatic else ""
        lines.append(words + (f" COMMENT '{column.comment}'" if column.comment else ""))
    if table.primary:
        lines.append(f"PRIMARY KEY ({_ticked(table.primary)})")
    lines += [f"{'UNIQUE ' if key.unique else ''}KEY `{key.name}` ({_ticked(key.columns)})" for key in table.keys]
    lines += list(table.foreign)
    return f"CREATE TABLE `{table.name}` (\n  " + ",\n  ".join(lines) + f"\n) {options}"


def _ticked(names: Sequence[str]) -> str:
    return ",".join(f"`{name}`" for name in names)
