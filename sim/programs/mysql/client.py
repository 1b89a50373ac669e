"""mysql, mariadb: one command, a script, or a conversation. Source: the MySQL reference manual, "mysql"."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from sim.abi import Proc
from sim.programs.absent import said as told
from sim.programs.mysql.connection import ARGUMENTS, Answer, Connection, said, where_of
from sim.programs.mysql.dialect import statements, tokens
from sim.programs.mysql.flavours import flavour
from sim.programs.mysql.protocol import NUMBERS, Column, Failure
from sim.programs.options import Options, command
from sim.programs.postgres.tables import width

LONG = ARGUMENTS | {
    "execute:": "e", "database:": "D", "batch": "B", "table": "t", "skip-column-names": "N", "vertical": "E",
    "raw": "r", "comments": "c", "no-auto-rehash": "A", "skip-auto-rehash": "A", "auto-rehash": "rehash",
    "safe-updates": "U", "binary-mode": "binary",
}  # fmt: skip
GREETING = """\
Welcome to the {name} monitor.  Commands end with ; or \\g.
Your {name} connection id is {thread}
Server version: {version} {distribution}

{rights}
Type 'help;' or '\\h' for help. Type '\\c' to clear the current input statement.

"""
ORACLE = """\
Copyright (c) 2000, 2026, Oracle and/or its affiliates.

Oracle is a registered trademark of Oracle Corporation and/or its
affiliates. Other names may be trademarks of their respective
owners.
"""
MARIA = "Copyright (c) 2000, 2018, Oracle, MariaDB Corporation Ab and others.\n"
HELP = """\

List of all client commands:
clear     (\\c) Clear the current input statement.
exit      (\\q) Exit. Same as quit.
go        (\\g) Send command to server.
ego       (\\G) Send command to server, display result vertically.
help      (\\h) Display this help.
quit      (\\q) Quit.
source    (\\.) Execute an SQL script file. Takes a file name as an argument.
status    (\\s) Get status information from the server.
use       (\\u) Use another database. Takes database name as argument.

"""


@dataclass(slots=True)
class Client:
    """`aligned`: tables, not tabs; `talk`: what was done is said after each statement; `go_on`: --force."""

    proc: Proc
    link: Connection
    aligned: bool
    talk: bool
    heads: bool = True
    vertical: bool = False
    go_on: bool = False
    failed: bool = False
    over: bool = False
    pending: list[str] = field(default_factory=list)

    async def run(self, sql: str, *, vertical: bool = False, line: int = 0) -> None:
        for one in statements(sql):
            begun = self.proc.now()
            try:
                answers = await self.link.query(one)
            except Failure as failure:  # the server has gone
                await self._fail(failure, line)
                self.over = True
                return
            seconds = (self.proc.now() - begun) / 1e9
            for answer in answers:
                if answer.failure is not None:
                    await self._fail(answer.failure, line)
                else:
                    await self.proc.out(self._shown(answer, seconds, vertical or self.vertical, one))
            if self.failed and not self.talk and not self.go_on:
                self.over = True
                return
            self.failed = self.failed and not self.talk

    async def _fail(self, failure: Failure, line: int) -> None:
        self.failed = True
        words = said(failure)
        if line:
            words = words.replace("):", f") at line {line}:", 1)
        await self.proc.err(f"{words}\n")

    def _shown(self, answer: Answer, seconds: float, vertical: bool, sql: str) -> str:
        count = len(answer.rows)
        took = f"({seconds:.2f} sec)" if not flavour(self.proc).maria else f"({seconds:.3f} sec)"
        if answer.columns:
            if vertical:
                text = _vertical(answer.columns, answer.rows)
            elif self.aligned:
                text = table(answer.columns, answer.rows, self.heads) if count else ""
            else:
                text = _tabbed(answer.columns, answer.rows, self.heads)
            if not self.talk:
                return text
            rows = f"{count} row{'' if count == 1 else 's'} in set" if count else "Empty set"
            return f"{text}{rows} {took}\n\n"
        if not self.talk:
            return ""
        if sql.split()[0].upper() == "USE":
            return "Database changed\n"
        done = answer.done
        words = f"Query OK, {done.affected} row{'' if done.affected == 1 else 's'} affected"
        words += f", {done.warnings} warning" if done.warnings else ""
        return f"{words} {took}\n{done.info}{chr(10) if done.info else ''}\n"

    # -- a conversation, or a script

    async def lines(self, prompts: bool) -> None:
        """Statements and commands until the end of the input."""
        typed = aiter(self.proc.lines(0))
        number = 0
        while not self.over:
            if prompts:
                await self.proc.out(self._prompt())
            data = await anext(typed, None)
            if data is None:
                break
            number += 1
            line = data.decode("utf-8", "replace").rstrip("\n")
            if not self.pending and await self._own(line.strip()):
                continue
            self.pending.append(line)
            await self._send_complete(0 if prompts else number)
        if prompts:
            await self.proc.out("Bye\n")
        elif self.pending and not self.over:
            await self.run("\n".join(self.pending), line=number)

    def _prompt(self) -> str:
        style = flavour(self.proc)
        if not self.pending:
            return style.prompt.format(self.link.where.database or "(none)")
        return "    -> "

    async def _send_complete(self, line: int) -> None:
        r"""What has its end: `;`, `\g` or `\G`."""
        whole = "\n".join(self.pending)
        stripped = whole.rstrip()
        if not stripped or stripped.endswith("\\c"):
            self.pending.clear()
        elif stripped.endswith(("\\G", "\\g")):
            self.pending.clear()
            await self.run(stripped[:-2], vertical=stripped.endswith("\\G"), line=line)
        elif _ended(whole):
            self.pending.clear()
            await self.run(whole, line=line)

    async def _own(self, line: str) -> bool:
        """A command of the client's own: whether it was one."""
        word, _, rest = line.rstrip(";").strip().partition(" ")
        word = word.lower()
        if word in ("quit", "exit", "\\q"):
            self.over = True
        elif word in ("help", "\\h", "?", "\\?"):
            await self.proc.out(HELP)
        elif word in ("use", "\\u") and rest:
            await self._use(rest.strip().strip("`"))
        elif word in ("source", "\\."):
            try:
                await self.run(self.proc.read_file(rest.strip()).decode("utf-8", "replace"))
            except OSError as error:
                await self.proc.err(f"ERROR: \nFailed to open file '{rest.strip()}', error: {error.errno}\n")
        elif word in ("status", "\\s"):
            await self._status()
        else:
            return False
        return True

    async def _use(self, name: str) -> None:
        answer = (await self.link.query(f"USE `{name}`"))[0]
        if answer.failure is not None:
            await self._fail(answer.failure, 0)
            self.failed = not self.talk
            self.over = not self.talk
            return
        self.link.where = replace(self.link.where, database=name)
        if self.talk:
            await self.proc.out("Database changed\n")

    async def _status(self) -> None:
        who = (await self.link.rows("SELECT current_user(), connection_id(), database()"))[0]
        lines = ["-" * 14, f"Connection id:\t\t{who[1]}", f"Current database:\t{who[2] or ''}",
                 f"Current user:\t\t{who[0]}", f"Server version:\t\t{self.link.version}",
                 await self.link.statistics(), "-" * 14, ""]  # fmt: skip
        await self.proc.out("".join(f"{line}\n" for line in lines))


def _ended(text: str) -> bool:
    """A semicolon that is in no string ends the text."""
    last = ""
    for token in tokens(text):
        if token.kind != "space":
            last = token.text
    return last == ";"


def table(columns: Sequence[Column], rows: Sequence[Sequence[str | None]], heads: bool = True) -> str:
    """With lines around the cells; numbers to the right."""
    cells = [["NULL" if value is None else value for value in row] for row in rows]
    every = [[column.name for column in columns], *cells] if heads else cells
    sizes = [max(width(row[at]) for row in every) for at in range(len(columns))]
    rule = "+" + "+".join("-" * (size + 2) for size in sizes) + "+"

    def shown(row: Sequence[str], head: bool = False) -> str:
        parts = []
        for value, column, size in zip(row, columns, sizes, strict=True):
            gap = " " * (size - width(value))
            parts.append(f" {gap}{value} " if column.type in NUMBERS and not head else f" {value}{gap} ")
        return "|" + "|".join(parts) + "|"

    lines = [rule, shown(every[0], True), rule] if heads else [rule]
    return "".join(f"{line}\n" for line in [*lines, *map(shown, cells), rule])


def _vertical(columns: Sequence[Column], rows: Sequence[Sequence[str | None]]) -> str:
    size = max((width(column.name) for column in columns), default=0)
    text = ""
    for number, row in enumerate(rows, 1):
        text += f"{'*' * 27} {number}. row {'*' * 27}\n"
        text += "".join(f"{' ' * (size - width(column.name))}{column.name}: {'NULL' if value is None else value}\n"
                        for column, value in zip(columns, row, strict=True))  # fmt: skip
    return text


def _tabbed(columns: Sequence[Column], rows: Sequence[Sequence[str | None]], heads: bool) -> str:
    lines = [[column.name for column in columns]] if heads and rows else []
    escaped = [["NULL" if value is None else value.replace("\\", "\\\\").replace("\n", "\\n").replace("\t", "\\t")
                for value in row] for row in rows]  # fmt: skip
    return "".join("\t".join(line) + "\n" for line in [*lines, *escaped])


@command(
    "u:p::h:P:S:e:D:BtNsErcAUfvV", synopsis="[OPTIONS] [database]", about="the MySQL command-line client", long=LONG
)
async def mysql(proc: Proc, options: Options, operands: list[str]) -> int:
    kind = flavour(proc)
    name = proc.argv[0].rpartition("/")[2]
    if "V" in options:
        about = f"{name}  Ver {kind.version} for Linux on x86_64 ({kind.distribution})"
        if kind.maria:
            about = f"{name} from {kind.version}, client 15.2 for debian-linux-gnu (x86_64) using  EditLine wrapper"
        await proc.out(f"{await told(proc) or about}\n")  # a package of a distribution has its own version
        return 0
    link = Connection(proc, await where_of(proc, options, operands[0] if operands else options.get("D")))
    try:
        await link.open()
    except Failure as failure:
        await proc.err(f"{said(failure)}\n")
        return 1
    terminal = proc.isatty(0) and "e" not in options and "B" not in options
    aligned = "t" in options or terminal or ("e" in options and proc.isatty(1) and "B" not in options)
    client = Client(proc, link, aligned, terminal, "N" not in options, "E" in options, "f" in options)
    if "e" in options:
        text = options["e"].strip()
        vertical = text.endswith("\\G")
        await client.run(text.removesuffix("\\G"), vertical=vertical, line=1)
    else:
        if terminal:
            maria = "MARIADB" in link.version.upper()
            name, rights = ("MariaDB", MARIA) if maria else ("MySQL", ORACLE)
            await proc.out(GREETING.format(name=name, thread=link.greeting.thread, version=link.version,
                                           distribution=kind.distribution, rights=rights))  # fmt: skip
        await client.lines(terminal)
    if not client.over or terminal:
        await link.close()
    return int(client.failed and not terminal)
