"""A client's connection to a PostgreSQL server, for psql and its kin."""

from __future__ import annotations

import struct
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from sim.abi import Proc
from sim.programs.postgres.protocol import Column, Reader, message, read_columns, read_report, read_row, strings, text

Ask = Callable[[str], Awaitable[str]]


def from_environment(proc: Proc) -> Ask:
    """Who never asks: the password of PGPASSWORD, or none."""

    async def password(user: str) -> str:
        return proc.env.get("PGPASSWORD", "")

    return password


class Refused(Exception):
    """The connection cannot be had; the message is libpq's."""


@dataclass(frozen=True, slots=True)
class Where:
    """What to connect to. Without a host it is the server on this machine."""

    host: str
    port: int
    user: str
    database: str

    @property
    def said(self) -> str:
        if not self.host:
            return f'connection to server on socket "/var/run/postgresql/.s.PGSQL.{self.port}" failed: '
        return f'connection to server at "{self.host}", port {self.port} failed: '


@dataclass(slots=True)
class Answer:
    """One statement's: a table if it has columns, the command's tag, or an error; and the notices before it."""

    columns: list[Column] = field(default_factory=list)
    rows: list[list[str | None]] = field(default_factory=list)
    tag: str = ""
    error: dict[str, str] | None = None
    notices: list[dict[str, str]] = field(default_factory=list)


class Connection:
    def __init__(self, proc: Proc, where: Where) -> None:
        self._proc, self.where = proc, where
        self._reader, self._fd = Reader(), -1
        self.settings: dict[str, str] = {}
        self.status = "I"

    async def open(self, password: Ask) -> None:
        """Raises Refused."""
        where, proc = self.where, self._proc
        try:
            address = (await proc.net.resolve(where.host))[0] if where.host else "127.0.0.1"
        except OSError:
            raise Refused(
                f'could not translate host name "{where.host}" to address: Name or service not known'
            ) from None
        place = where.said if not where.host else (
            f'connection to server at "{where.host}" ({address}), port {where.port} failed: ')  # fmt: skip
        try:
            self._fd = await proc.net.connect(address, where.port)
        except OSError as error:
            local = not where.host and isinstance(error, ConnectionRefusedError)
            reason = "No such file or directory" if local else error.strerror
            running = "Is the server running locally and accepting connections on that socket?" if local else (
                "Is the server running on that host and accepting TCP/IP connections?")  # fmt: skip
            raise Refused(f"{place}{reason}\n\t{running}") from None
        fields = text("user") + text(where.user) + text("database") + text(where.database) + b"\0"
        await self._send(struct.pack(">II", len(fields) + 8, 196608) + fields)
        await self._authenticate(place, password)

    async def _authenticate(self, place: str, password: Ask) -> None:
        while True:
            kind, body = await self._next()
            if kind == b"R" and struct.unpack(">I", body[:4])[0] == 3:
                await self._send(message(b"p", text(await password(self.where.user))))
            elif kind == b"S":
                name, value, *_ = strings(body)
                self.settings[name] = value
            elif kind == b"E":
                raise Refused(f"{place}FATAL:  {read_report(body).get('M', '')}")
            elif kind == b"Z":
                return

    async def _send(self, data: bytes) -> None:
        await self._proc.write(self._fd, data)

    async def _next(self) -> tuple[bytes, bytes]:
        """Raises Refused when the server has gone."""
        while (found := self._reader.next()) is None:
            data = await self._proc.read(self._fd)
            if not data:
                raise Refused("server closed the connection unexpectedly\n\tThis probably means the server terminated "
                              "abnormally\n\tbefore or while processing the request.")  # fmt: skip
            self._reader.feed(data)
        return found

    async def query(self, sql: str) -> list[Answer]:
        """All answers to a query of one statement or more."""
        await self._send(message(b"Q", text(sql)))
        answers, current = [], Answer()
        while True:
            kind, body = await self._next()
            if kind == b"T":
                current.columns = read_columns(body)
            elif kind == b"D":
                current.rows.append(read_row(body))
            elif kind == b"N":
                current.notices.append(read_report(body))
            elif kind in (b"C", b"I", b"E"):
                if kind == b"C":
                    current.tag = strings(body)[0]
                elif kind == b"E":
                    current.error = read_report(body)
                answers.append(current)
                current = Answer()
            elif kind == b"Z":
                self.status = body.decode()
                return answers

    async def close(self) -> None:
        if self._fd >= 0:
            await self._send(message(b"X"))
            self._proc.close(self._fd)
            self._fd = -1
