"""mysqld and mongod: they start, log, listen and stop as the real ones do. They keep no tables.

A client that connects is told so in the protocol's own error message (MySQL), or the connection is closed.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime

from engine.loop import SECOND
from sim.abi import Proc

SIGINT, SIGQUIT, SIGTERM = 2, 3, 15
NO_TABLES = "this server keeps no tables; it is here to be started, watched and stopped"


@dataclass(frozen=True, slots=True)
class Server:
    """What one database server says. `line` makes a log line; `stderr`: where it goes; `refusal`: to clients."""

    port: int
    line: Callable[[Proc, str], str]
    fd: int
    beginning: tuple[str, ...]
    work: float  # seconds of starting up, after the first half of `beginning`
    end: tuple[str, ...]
    refusal: bytes


async def _serve(proc: Proc, server: Server, **words: str) -> int:
    ended: list[int] = []
    for number in (SIGTERM, SIGINT, SIGQUIT):
        proc.signal(number, ended.append)

    async def log(lines: tuple[str, ...]) -> None:
        for text in lines:
            await proc.write(server.fd, server.line(proc, text % {**words, "pid": proc.pid}).encode())

    half = len(server.beginning) // 2
    await log(server.beginning[:half])
    with suppress(InterruptedError):
        await proc.sleep(server.work)
    try:
        listener = proc.net.listen("0.0.0.0", server.port)
    except OSError as error:
        await log((f"could not bind to port {server.port}: {error.strerror}",))
        return 1
    await log(server.beginning[half:])
    while not ended:
        with suppress(InterruptedError, ConnectionError):
            fd = await listener.accept()
            await proc.write(fd, server.refusal)
            proc.close(fd)
    await log(server.end)
    return 0


def _moment(proc: Proc, form: str) -> str:
    return datetime.fromtimestamp(proc.now() / SECOND, UTC).strftime(form)


# -- MySQL


def _mysql_line(proc: Proc, text: str) -> str:
    return f"{_moment(proc, '%Y-%m-%dT%H:%M:%S.%f')}Z {text}\n"


def _mysql_error(code: int, state: str, text: str) -> bytes:
    """An ERR packet (MySQL Internals, "ERR_Packet")."""
    body = b"\xff" + struct.pack("<H", code) + f"#{state}{text}".encode()
    return struct.pack("<I", len(body))[:3] + b"\0" + body


MYSQL = Server(
    3306,
    _mysql_line,
    2,
    (
        "0 [System] [MY-015015] [Server] MySQL Server - start.",
        "0 [System] [MY-010116] [Server] /usr/sbin/mysqld (mysqld %(version)s) starting as process %(pid)s",
        "1 [System] [MY-013576] [InnoDB] InnoDB initialization has started.",
        "1 [System] [MY-013577] [InnoDB] InnoDB initialization has ended.",
        "0 [Warning] [MY-010068] [Server] CA certificate ca.pem is self signed.",
        "0 [System] [MY-010931] [Server] /usr/sbin/mysqld: ready for connections. Version: '%(version)s'  "
        "socket: '/var/run/mysqld/mysqld.sock'  port: 3306  MySQL Community Server - GPL.",
    ),
    1.0,
    (
        "0 [System] [MY-013172] [Server] Received SHUTDOWN from user <via user signal>. Shutting down mysqld "
        "(Version: %(version)s).",
        "0 [System] [MY-010910] [Server] /usr/sbin/mysqld: Shutdown complete (mysqld %(version)s)  MySQL Community "
        "Server - GPL.",
        "0 [System] [MY-015016] [Server] MySQL Server - end.",
    ),
    _mysql_error(1235, "42000", NO_TABLES),
)


async def mysqld(proc: Proc) -> int:
    version = proc.env.get("MYSQL_VERSION", "8.4.11").partition("-")[0]
    if "--version" in proc.argv or "-V" in proc.argv:
        await proc.out(f"/usr/sbin/mysqld  Ver {version} for Linux on x86_64 (MySQL Community Server - GPL)\n")
        return 0
    if proc.uid == 0 and not any(word.startswith("--user") for word in proc.argv):
        refused = (
            '0 [ERROR] [MY-010123] [Server] Fatal error: Please read "Security" section of the manual to find out '
        )
        await proc.err(_mysql_line(proc, refused + "how to run mysqld as root!"))
        return 1
    if "--initialize-insecure" in proc.argv:
        said = f"0 [System] [MY-013169] [Server] /usr/sbin/mysqld (mysqld {version}) initializing of server in progress"
        await proc.err(_mysql_line(proc, f"{said} as process {proc.pid}"))
        await proc.sleep(4.0)
        for folder in ("mysql", "performance_schema", "sys"):
            proc.mkdir(f"/var/lib/mysql/{folder}", 0o750)
        warning = "6 [Warning] [MY-010453] [Server] root@localhost is created with an empty password ! Please consider "
        await proc.err(_mysql_line(proc, warning + "switching off the --initialize-insecure option."))
        return 0
    return await _serve(proc, MYSQL, version=version)


# -- MongoDB


def _mongo_line(proc: Proc, text: str) -> str:
    """`COMPONENT ID CONTEXT MESSAGE` as a structured log entry."""
    component, number, context, message = text.split(" ", 3)
    entry = {"t": {"$date": f"{_moment(proc, '%Y-%m-%dT%H:%M:%S.%f')[:-3]}+00:00"}, "s": "I", "c": component,
             "id": int(number), "ctx": context, "msg": message}  # fmt: skip
    return json.dumps(entry, separators=(",", ":")) + "\n"


MONGO = Server(
    27017,
    _mongo_line,
    1,
    (
        "CONTROL 23285 main Automatically disabling TLS 1.0, to force-enable TLS 1.0 specify --sslDisabledProtocols "
        "'none'",
        "CONTROL 4615611 initandlisten MongoDB starting",
        "CONTROL 23403 initandlisten Build Info",
        "NETWORK 23015 listener Listening on",
        "NETWORK 23016 listener Waiting for connections",
        "CONTROL 8423403 initandlisten mongod startup complete",
    ),
    0.5,
    (
        "CONTROL 23377 SignalHandler Received signal",
        "REPL 4784900 SignalHandler Stepping down the ReplicationCoordinator for shutdown",
        "CONTROL 20565 SignalHandler Now exiting",
        "CONTROL 23138 SignalHandler Shutting down",
    ),
    b"",
)


async def mongod(proc: Proc) -> int:
    if "--version" in proc.argv:
        await proc.out(f"db version v{proc.env.get('MONGO_VERSION', '8.3.9')}\n")
        return 0
    return await _serve(proc, MONGO)
