"""redis-cli: one command, commands from standard input, or a conversation. Source: redis.io "Redis CLI"."""

from __future__ import annotations

import shlex
from typing import Any

from sim.abi import SIG_DFL, Proc
from sim.programs.absent import said
from sim.programs.options import Options, command
from sim.programs.services.resp import Decoder, Error, Simple
from sim.programs.services.resp import command as encoded

SIGINT = 2
BLOCK = 65536
ENDLESS = ("SUBSCRIBE", "PSUBSCRIBE", "SSUBSCRIBE", "MONITOR")
READING = "Reading messages... (press Ctrl-C to quit or any key to type command)\n"


class Lost(ConnectionError):
    """The server has gone."""


class Link:
    """The connection to the server; made when it is first needed."""

    def __init__(self, proc: Proc, host: str, port: int, hello: list[list[str]]) -> None:
        self._proc, self._host, self._port, self._hello = proc, host, port, hello
        self._fd: int | None = None
        self._decoder = Decoder()
        self._values: list[Any] = []

    @property
    def address(self) -> str:
        return f"{self._host}:{self._port}"

    @property
    def up(self) -> bool:
        return self._fd is not None

    async def connect(self) -> list[Any]:
        """Raises OSError. Returns the replies to AUTH and SELECT that are errors."""
        if self._fd is not None:
            return []
        self._fd = await self._proc.net.connect(self._host, self._port)
        replies = [await self.ask(words) for words in self._hello]
        return [reply for reply in replies if isinstance(reply, Error)]

    async def ask(self, words: list[str]) -> Any:
        """Raises Lost."""
        assert self._fd is not None
        try:
            await self._proc.write(self._fd, encoded([word.encode(errors="surrogateescape") for word in words]))
        except ConnectionError:
            self._drop()
        return await self.listen()

    async def listen(self) -> Any:
        """The next value. Raises Lost."""
        while not self._values:
            if self._fd is None:
                raise Lost("Server closed the connection")
            data = await self._proc.read(self._fd, BLOCK)
            if not data:
                self._drop()
            self._values += self._decoder.feed(data)
        return self._values.pop(0)

    def _drop(self) -> None:
        if self._fd is not None:
            self._proc.close(self._fd)
        self._fd = None
        raise Lost("Server closed the connection")


@command(
    "+h:p:a:n:u:r:i:x",
    long={"raw": "raw", "no-raw": "no-raw", "no-auth-warning": "quiet", "pass:": "a", "user:": "user", "version": "v"},
    synopsis="[OPTIONS] [cmd [arg [arg ...]]]",
    about="Talk to a Redis server",
)
async def redis_cli(proc: Proc, options: Options, operands: list[str]) -> int:
    if "v" in options:
        await proc.out(f"redis-cli {await said(proc) or proc.env.get('REDIS_VERSION', '8.10.1')}\n")
        return 0
    password = options.get("a") or proc.env.get("REDISCLI_AUTH", "")
    hello = [["AUTH", *([options["user"]] if "user" in options else []), password]] if password else []
    hello += [["SELECT", options["n"]]] if options.get("n", "0") != "0" else []
    if "a" in options and "quiet" not in options:
        await proc.err(
            "Warning: Using a password with '-a' or '-u' option on the command line interface may not be safe.\n"
        )
    link = Link(proc, options.get("h", "127.0.0.1"), int(options.get("p", "6379")), hello)
    raw = "raw" in options or ("no-raw" not in options and not proc.isatty(1))
    session = Session(proc, link, raw, int(options.get("n", "0")))
    if operands:
        if "x" in options:
            operands = [*operands, (await proc.read_all(0)).decode(errors="surrogateescape")]
        return await session.times(operands, int(options.get("r", "1")), float(options.get("i", "0")))
    return await session.converse()


class Session:
    """What is typed and what is shown."""

    def __init__(self, proc: Proc, link: Link, raw: bool, database: int) -> None:
        self._proc, self._link, self._raw, self._database = proc, link, raw, database
        self._queueing = False

    async def times(self, words: list[str], count: int, interval: float) -> int:
        """One command, `count` times (-1: for ever)."""
        while count:
            if not await self.once(words):
                return 1
            count -= 1
            if count:
                await self._proc.sleep(interval)
        return 0

    async def once(self, words: list[str]) -> bool:
        """False if there is no server."""
        proc, link = self._proc, self._link
        try:
            for failure in await link.connect():
                await proc.err(f"{failure.text.decode(errors='replace')}\n")
        except OSError as error:
            await proc.err(f"Could not connect to Redis at {link.address}: {error.strerror}\n")
            return False
        try:
            reply = await link.ask(words)
            await proc.out(show(reply, self._raw))
            self._remember(words, reply)
            if words[0].upper() in ENDLESS:
                await self._follow()
        except Lost as error:
            if words[0].upper() != "SHUTDOWN":
                await proc.err(f"Error: {error}\n")
        return True

    def _remember(self, words: list[str], reply: Any) -> None:
        """What the prompt shows: the database, and that commands are queued."""
        if not isinstance(reply, Simple) or reply.text not in (b"OK",):
            self._queueing = self._queueing and words[0].upper() != "EXEC"
        elif words[0].upper() == "SELECT" and len(words) > 1:
            self._database = int(words[1])
        elif words[0].upper() in ("MULTI", "DISCARD"):
            self._queueing = words[0].upper() == "MULTI"

    async def _follow(self) -> None:
        """Show what comes until Ctrl-C."""
        proc = self._proc
        if not self._raw:
            await proc.out(READING)
        proc.signal(SIGINT, lambda number: None)
        try:
            while True:
                await proc.out(show(await self._link.listen(), self._raw))
        except InterruptedError:
            pass
        finally:
            proc.signal(SIGINT, SIG_DFL)

    async def converse(self) -> int:
        """Lines from standard input; with a prompt if somebody types them."""
        typed = self._proc.isatty(0)
        lines = self._proc.lines(0)
        while True:
            if typed:
                await self._prompt()
            line = await anext(lines, None)
            if line is None:
                return 0
            try:
                words = shlex.split(line.decode(errors="surrogateescape"))
            except ValueError:
                await self._proc.out("Invalid argument(s)\n")
                continue
            if not words:
                continue
            if words[0].lower() in ("exit", "quit"):
                return 0
            if words[0].lower() == "clear":
                await self._proc.out("\x1b[H\x1b[2J")
            elif not await self.once(words) and not typed:
                return 1

    async def _prompt(self) -> None:
        database = f"[{self._database}]" if self._database else ""
        if not self._link.up:
            try:
                await self._link.connect()
            except OSError as error:
                await self._proc.err(f"Could not connect to Redis at {self._link.address}: {error.strerror}\n")
                await self._proc.out("not connected> ")
                return
        await self._proc.out(f"{self._link.address}{database}{'(TX)' if self._queueing else ''}> ")


def show(value: Any, raw: bool) -> bytes:
    r"""A reply for people (or, `raw`, for programs).

    >>> show([b"a\n", 1, None], raw=False)
    b'1) "a\\n"\n2) (integer) 1\n3) (nil)\n'
    """
    return _raw(value) + b"\n" if raw else _pretty(value, "").encode(errors="surrogateescape") + b"\n"


def _raw(value: Any) -> bytes:
    if isinstance(value, Simple | Error):
        return value.text
    if isinstance(value, list):
        return b"\n".join(map(_raw, value))
    if isinstance(value, dict):
        return b"\n".join(_raw(item) for pair in value.items() for item in pair)
    if value is None:
        return b""
    return value if isinstance(value, bytes) else str(value).encode()


def _pretty(value: Any, indent: str) -> str:
    if isinstance(value, Simple):
        return value.text.decode(errors="surrogateescape")
    if isinstance(value, Error):
        return f"(error) {value.text.decode(errors='surrogateescape')}"
    if value is None:
        return "(nil)"
    if isinstance(value, bytes):
        return _quoted(value)
    if isinstance(value, dict):
        value = [item for pair in value.items() for item in pair]
    if not isinstance(value, list):
        return f"(integer) {value}"
    if not value:
        return "(empty array)"
    width = len(str(len(value)))
    inner = indent + " " * (width + 2)
    items = [f"{number:>{width}}) {_pretty(item, inner)}" for number, item in enumerate(value, 1)]
    return f"\n{indent}".join(items)


def _quoted(text: bytes) -> str:
    """As redis's sdscatrepr."""
    known = {34: '\\"', 92: "\\\\", 10: "\\n", 13: "\\r", 9: "\\t", 7: "\\a", 8: "\\b"}
    shown = (known.get(byte) or (chr(byte) if 32 <= byte < 127 else f"\\x{byte:02x}") for byte in text)
    return '"' + "".join(shown) + '"'
