"""psql: one command, a script, or a conversation. Source: PostgreSQL documentation, psql."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from sim.abi import Proc
from sim.programs.absent import said
from sim.programs.options import Options, command
from sim.programs.postgres.connection import Answer, Ask, Connection, Refused, Where
from sim.programs.postgres.dialect import complete, statements
from sim.programs.postgres.tables import Style, table

LONG = {"command:": "c", "file:": "f", "list": "l", "tuples-only": "t", "no-align": "A", "host:": "h", "port:": "p",
        "username:": "U", "dbname:": "d", "quiet": "q", "expanded": "x", "no-password": "w", "password": "W",
        "field-separator:": "F", "no-psqlrc": "X", "set:": "v", "variable:": "v", "single-transaction": "1",
        "version": "V", "echo-all": "a"}  # fmt: skip
HELP = """\
You are using psql, the command-line interface to PostgreSQL.
Type:  \\copyright for distribution terms
       \\h for help with SQL commands
       \\? for help with psql commands
       \\g or terminate with semicolon to execute query
       \\q to quit
"""
TABLES = """
SELECT 'public' AS "Schema", relname AS "Name", CASE relkind WHEN 'r' THEN 'table' ELSE 'view' END AS "Type",
  who() AS "Owner" FROM pg_class WHERE relkind IN ('r', 'v') ORDER BY 2"""
COLUMNS = """
SELECT column_name AS "Column", data_type AS "Type", '' AS "Collation",
  CASE is_nullable WHEN 'NO' THEN 'not null' ELSE '' END AS "Nullable", coalesce(column_default, '') AS "Default"
  FROM information_schema.columns WHERE table_name = '{name}' ORDER BY ordinal_position"""


@dataclass(slots=True)
class Psql:
    """`stop`: end at the first error (ON_ERROR_STOP)."""

    proc: Proc
    link: Connection
    style: Style
    quiet: bool = False
    stop: bool = False
    failed: bool = False
    over: bool = False
    pending: list[str] = field(default_factory=list)

    async def run(self, sql: str, script: str = "") -> bool:
        """All statements of a text, each by itself; False if one failed."""
        good = True
        for one in statements(sql):
            for answer in await self.link.query(one):
                good = await self._show(answer, one, script) and good
            if not good and self.stop:
                self.over = True
                break
        self.failed = self.failed or not good
        return good

    async def _show(self, answer: Answer, sql: str, script: str) -> bool:
        for notice in answer.notices:
            await self.proc.err(f"{script}{notice.get('S', 'NOTICE')}:  {notice.get('M', '')}\n")
        if answer.error is not None:
            await self.proc.err(script + error_text(answer.error, sql))
            return False
        if answer.columns:
            await self.proc.out(table(answer.columns, answer.rows, self.style))
        if answer.tag and not self.quiet and (not answer.columns or not answer.tag.startswith(("SELECT", "SHOW"))):
            await self.proc.out(f"{answer.tag}\n")
        return True

    async def meta(self, line: str) -> None:
        """A command that begins with a backslash."""
        name, *words = line.strip().split()
        known = METAS.get(name)
        if known is None:
            await self.proc.err(f"invalid command {name}\nTry \\? for help.\n")
            self.failed = True
            return
        await known(self, [word.rstrip(";") for word in words])

    async def lines(self, fd: int, *, prompts: bool) -> None:
        """Read statements and commands until the end of the input."""
        typed = aiter(self.proc.lines(fd))
        while not self.over:
            if prompts:
                mark = {"I": "", "T": "*", "E": "!"}[self.link.status]
                await self.proc.out(f"{self.link.where.database}{'-' if self.pending else '='}{mark}# ")
            data = await anext(typed, None)
            if data is None:
                break
            line = data.decode("utf-8", "replace").rstrip("\n")
            if not self.pending and line.lstrip().startswith("\\"):
                await self.meta(line)
                continue
            if prompts and not self.pending and line.strip() in ("quit", "exit"):
                return
            if prompts and not self.pending and line.strip() == "help":
                await self.proc.out(HELP)
                continue
            self.pending.append(line)
            whole = "\n".join(self.pending)
            if not whole.strip():
                self.pending.clear()
            elif complete(whole):
                self.pending.clear()
                await self.run(whole)
        if prompts and not self.over:
            await self.proc.out("\\q\n")
        elif self.pending:
            await self.run("\n".join(self.pending))

    # -- commands

    async def _quit(self, words: list[str]) -> None:
        self.over = True

    async def _list(self, words: list[str]) -> None:
        found = (await self.link.query("SELECT datname FROM pg_database"))[0]
        owner = self.link.where.user
        columns = [replace(found.columns[0], name=name)
                   for name in ("Name", "Owner", "Encoding", "Locale Provider", "Collate", "Ctype")]  # fmt: skip
        rows = [[row[0], owner, "UTF8", "libc", "en_US.utf8", "en_US.utf8"] for row in found.rows]
        await self.proc.out(table(columns, rows, self.style, "List of databases"))

    async def _roles(self, words: list[str]) -> None:
        found = (await self.link.query("SELECT rolname FROM pg_roles"))[0]
        columns = [replace(found.columns[0], name=name) for name in ("Role name", "Attributes")]
        await self.proc.out(table(columns, [[row[0], ""] for row in found.rows], self.style, "List of roles"))

    async def _tables(self, words: list[str]) -> None:
        found = (await self.link.query(TABLES))[0]
        if not found.rows:
            await self.proc.err("Did not find any relations.\n" if self.quiet else "Did not find any tables.\n")
            return
        await self.proc.out(table(found.columns, found.rows, self.style, "List of tables"))

    async def _describe(self, words: list[str]) -> None:
        if not words:
            await self._tables(words)
            return
        name = words[0].strip('"')
        found = (await self.link.query(COLUMNS.format(name=name.replace("'", "''"))))[0]
        if not found.rows:
            await self.proc.err(f'Did not find any relation named "{name}".\n')
            return
        text = table(found.columns, found.rows, replace(self.style), f'Table "public.{name}"')
        await self.proc.out(text.replace(f"({len(found.rows)} row{'' if len(found.rows) == 1 else 's'})\n", ""))

    async def _connect(self, words: list[str]) -> None:
        where = replace(self.link.where, database=words[0] if words else self.link.where.database)
        link = Connection(self.proc, where)
        try:
            await link.open(_password(self.proc))
        except Refused as refused:
            await self.proc.err(f"{refused}\nPrevious connection kept\n")
            return
        await self.link.close()
        self.link = link
        await self.proc.out(f'You are now connected to database "{where.database}" as user "{where.user}".\n')

    async def _about(self, words: list[str]) -> None:
        where = self.link.where
        place = f'on host "{where.host}"' if where.host else 'via socket in "/var/run/postgresql"'
        await self.proc.out(f'You are connected to database "{where.database}" as user "{where.user}" {place} '
                            f'at port "{where.port}".\n')  # fmt: skip

    async def _expand(self, words: list[str]) -> None:
        self.style.expanded = not self.style.expanded
        await self.proc.out(f"Expanded display is {'on' if self.style.expanded else 'off'}.\n")

    async def _tuples(self, words: list[str]) -> None:
        self.style.tuples = not self.style.tuples
        await self.proc.out(f"Tuples only is {'on' if self.style.tuples else 'off'}.\n")

    async def _echo(self, words: list[str]) -> None:
        await self.proc.out(" ".join(words) + "\n")

    async def _include(self, words: list[str]) -> None:
        await script(self, words[0] if words else "")

    async def _help(self, words: list[str]) -> None:
        await self.proc.out("General\n" + "".join(f"  {name:<22} {about}\n" for name, about in ABOUT.items()))


ABOUT = {
    "\\c[onnect] [DBNAME]": "connect to new database", "\\conninfo": "display information about current connection",
    "\\d [NAME]": "list tables, or describe one", "\\dt": "list tables", "\\du": "list roles",
    "\\l": "list databases", "\\i FILE": "execute commands from file", "\\t": "show only rows",
    "\\x": "expanded output", "\\echo TEXT": "write text", "\\q": "quit psql",
}  # fmt: skip
METAS = {
    "\\q": Psql._quit, "\\l": Psql._list, "\\l+": Psql._list, "\\list": Psql._list, "\\dt": Psql._tables,
    "\\dt+": Psql._tables, "\\d": Psql._describe, "\\d+": Psql._describe, "\\du": Psql._roles, "\\c": Psql._connect,
    "\\connect": Psql._connect, "\\conninfo": Psql._about, "\\x": Psql._expand, "\\t": Psql._tuples,
    "\\echo": Psql._echo, "\\i": Psql._include, "\\?": Psql._help,
}  # fmt: skip


def error_text(error: dict[str, str], sql: str) -> str:
    """ERROR, the line and the place in it, DETAIL, HINT."""
    said = f"{error.get('S', 'ERROR')}:  {error.get('M', '')}\n"
    if error.get("P", "").isdigit():
        at = int(error["P"]) - 1
        number = sql.count("\n", 0, at) + 1
        begin = sql.rfind("\n", 0, at) + 1
        line = sql[begin:].partition("\n")[0]
        head = f"LINE {number}: "
        said += f"{head}{line}{';' if number == sql.count(chr(10)) + 1 else ''}\n{' ' * (len(head) + at - begin)}^\n"
    for letter, name in (("D", "DETAIL"), ("H", "HINT")):
        if letter in error:
            said += f"{name}:  {error[letter]}\n"
    return said


async def _line(proc: Proc, fd: int) -> str | None:
    async for line in proc.lines(fd):
        return line.decode("utf-8", "replace").rstrip("\n")
    return None


def _password(proc: Proc) -> Ask:
    async def ask(user: str) -> str:
        if "PGPASSWORD" in proc.env or not proc.isatty(0):
            return proc.env.get("PGPASSWORD", "")
        await proc.out(f"Password for user {user}: ")
        proc.tcsetattr(0, echo=False)
        try:
            line = await _line(proc, 0)
        finally:
            proc.tcsetattr(0, echo=True)
        await proc.out("\n")
        return line or ""

    return ask


def where_of(proc: Proc, options: Options, operands: list[str]) -> Where:
    """From options, operands, the environment, or a URL."""
    user = options.get("U") or proc.env.get("PGUSER") or ("root" if proc.uid == 0 else "postgres")
    database = options.get("d") or (operands[0] if operands else "") or proc.env.get("PGDATABASE", "")
    host, port = options.get("h") or proc.env.get("PGHOST", ""), int(options.get("p") or proc.env.get("PGPORT") or 5432)
    if database.startswith(("postgres://", "postgresql://")):
        place = database.partition("://")[2]
        login, _, place = place.rpartition("@")
        if login:
            user, _, password = login.partition(":")
            if password:
                proc.env["PGPASSWORD"] = password
        address, _, database = place.partition("/")
        host, _, number = address.partition(":")
        port = int(number or 5432)
    if len(operands) > 1 and "U" not in options:
        user = operands[1]
    return Where("" if host.startswith("/") else host, port, user, database or user)


async def script(psql: Psql, path: str) -> bool:
    """A file's statements."""
    try:
        data = psql.proc.read_file(path)
    except OSError as error:
        await psql.proc.err(f"psql: error: {path}: {error.strerror}\n")
        psql.failed = True
        return False
    return await psql.run(data.decode("utf-8", "replace"), f"psql:{path}:1: ")


@command("c:f:ltAh:p:U:d:qxwWF:Xv:1Va", synopsis="[OPTION]... [DBNAME [USERNAME]]",
         about="the PostgreSQL interactive terminal", long=LONG)  # fmt: skip
async def psql(proc: Proc, options: Options, operands: list[str]) -> int:
    version = proc.env.get("PG_VERSION", "18.6-1")
    number = version.partition("-")[0]
    if "V" in options:
        packaged = await said(proc)  # a package of a distribution has its own version
        await proc.out(f"{packaged if packaged.startswith('psql') else f'psql (PostgreSQL) {number}'}\n")
        return 0
    where = where_of(proc, options, operands)
    if "l" in options and not operands and "d" not in options:
        where = replace(where, database="postgres")
    link = Connection(proc, where)
    try:
        await link.open(_password(proc))
        style = Style("A" not in options, "t" in options, "x" in options, options.get("F", "|"))
        client = Psql(proc, link, style, "q" in options, "ON_ERROR_STOP=1" in options.all("v"))
        if "l" in options:
            await client.meta("\\l")
        elif "c" in options or "f" in options:
            for name, value in options.given:
                if name == "c":
                    await (client.meta(value) if value.startswith("\\") else client.run(value))
                elif name == "f":
                    await script(client, value)
        else:
            prompts = proc.isatty(0)
            if prompts and "q" not in options:
                await proc.out(f'psql ({number} (Debian {version}))\nType "help" for help.\n\n')
            await client.lines(0, prompts=prompts)
            client.failed = client.failed and client.stop
        await client.link.close()
    except Refused as refused:
        await proc.err(f"psql: error: {refused}\n")
        return 2
    return int(client.failed) if not client.stop or not client.failed else 3
