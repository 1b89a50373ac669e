"""mongod: it starts, logs, listens and stops as the real one does. It keeps no documents.

The connection of a client is closed.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime

from engine.loop import SECOND
from sim.abi import Proc

SIGINT, SIGQUIT, SIGTERM = 2, 3, 15


@dataclass(frozen=True, slots=True)
class Server:
    """What one database server says. `line` makes a log line; `stderr`: where it goes."""

    port: int
    line: Callable[[Proc, str], str]
    fd: int
    beginning: tuple[str, ...]
    work: float  # seconds of starting up, after the first half of `beginning`
    end: tuple[str, ...]


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
            proc.close(fd)
    await log(server.end)
    return 0


def _moment(proc: Proc, form: str) -> str:
    return datetime.fromtimestamp(proc.now() / SECOND, UTC).strftime(form)


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
)


async def mongod(proc: Proc) -> int:
    if "--version" in proc.argv:
        await proc.out(f"db version v{proc.env.get('MONGO_VERSION', '8.3.9')}\n")
        return 0
    return await _serve(proc, MONGO)
