"""A served simulator under many clients: `docker ps` among thousands, events, waits, and the slowest of many requests.

The clients are raw connections in this process; what a reader of JSON would add is not measured.
"""

from __future__ import annotations

import asyncio
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from report import Report, quick

SLEEPER = {"Image": "alpine", "Cmd": ["sleep", "1000000"]}
LINE = 1 << 20  # bytes: longer than any head or line that is read here


class Connection:
    """One kept-alive connection to the daemon."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    async def ask(self, method: str, path: str, body: Any = None) -> bytes:
        """The answer's body. Raises AssertionError if it is a refusal."""
        await self.send(method, path, body)
        return await self.answer()

    async def send(self, method: str, path: str, body: Any = None) -> None:
        data = b"" if body is None else json.dumps(body).encode()
        kind = "Content-Type: application/json\r\n" if data else ""
        head = f"{method} /v1.50{path} HTTP/1.1\r\nHost: docker\r\n{kind}Content-Length: {len(data)}\r\n\r\n"
        self._writer.write(head.encode() + data)
        await self._writer.drain()

    async def answer(self) -> bytes:
        status, headers = await self.head()
        if "chunked" in headers.get("transfer-encoding", ""):
            return b"".join([chunk async for chunk in self.chunks()])
        body = await self._reader.readexactly(int(headers.get("content-length", "0")))
        assert status < 400, body
        return body

    async def head(self) -> tuple[int, dict[str, str]]:
        lines = (await self._reader.readuntil(b"\r\n\r\n")).decode().splitlines()
        return int(lines[0].split()[1]), dict(line.lower().split(": ", 1) for line in lines[1:] if line)

    async def chunks(self) -> AsyncIterator[bytes]:
        while size := int(await self._reader.readuntil(b"\r\n"), 16):
            yield (await self._reader.readexactly(size + 2))[:-2]
        await self._reader.readexactly(2)

    def close(self) -> None:
        self._writer.close()


class Daemon:
    def __init__(self, path: str) -> None:
        self.path = path

    @asynccontextmanager
    async def connections(self, count: int) -> AsyncIterator[list[Connection]]:
        made = [Connection(*await asyncio.open_unix_connection(self.path, limit=LINE)) for _ in range(count)]
        try:
            yield made
        finally:
            for each in made:
                each.close()

    async def ask(self, method: str, path: str, body: Any = None) -> bytes:
        async with self.connections(1) as [connection]:
            return await connection.ask(method, path, body)

    async def create(self, count: int, start: bool = False) -> list[str]:
        """Ids of so many more containers."""
        async with self.connections(1) as [connection]:
            ids = [json.loads(await connection.ask("POST", "/containers/create", SLEEPER))["Id"] for _ in range(count)]
            for id in ids if start else ():
                await connection.ask("POST", f"/containers/{id}/start")
        return ids

    async def remove(self, ids: Iterable[str]) -> None:
        async with self.connections(1) as [connection]:
            for id in ids:
                await connection.ask("DELETE", f"/containers/{id}?force=1")


async def seconds(daemon: Daemon, path: str, rounds: int) -> float:
    """Median time of a GET, from its first byte to its answer's last."""
    taken = []
    async with daemon.connections(1) as [connection]:
        for _ in range(rounds):
            begin = time.perf_counter()
            await connection.ask("GET", path)
            taken.append(time.perf_counter() - begin)
    return statistics.median(taken)


async def listing(daemon: Daemon, report: Report) -> None:
    """`docker ps` shows the ten that run, alone and among thousands that do not."""
    crowd = 1_000 if quick() else 10_000
    running = await daemon.create(10, start=True)
    alone, whole = [await seconds(daemon, f"/containers/json{query}", 100) for query in ("", "?all=1")]
    others = await daemon.create(crowd - len(running))
    among = await seconds(daemon, "/containers/json", 100)
    everyone = await seconds(daemon, "/containers/json?all=1", 5)
    report.line(f"docker ps with {crowd:,} containers / with 10", among / alone, "×", 3)
    report.line(f"docker ps -a of {crowd:,}", everyone, "s")
    report.line(f"a row of {crowd:,} / a row of 10", everyone / crowd / (whole / 10), "×")
    await daemon.remove([*running, *others])


async def fan_out(daemon: Daemon, report: Report, listeners: int = 100) -> None:
    """Every listener hears of every event, and in order."""
    count = 50 if quick() else 500

    async def listen(connection: Connection) -> list[str]:
        heard: list[str] = []
        async for chunk in connection.chunks():
            heard += [json.loads(line)["Actor"]["ID"] for line in chunk.splitlines()]
            if len(heard) >= count:
                break
        return heard

    async with daemon.connections(listeners) as connections:
        for connection in connections:
            await connection.send("GET", "/events?filters=" + '{"event":["create"]}')
            await connection.head()
        begin = time.perf_counter()
        hearing = [asyncio.create_task(listen(connection)) for connection in connections]
        ids = await daemon.create(count)
        heard = await asyncio.wait_for(asyncio.gather(*hearing), 120)
        taken = time.perf_counter() - begin
    lost = sum(each != ids for each in heard)
    report.line(f"of {listeners} listeners to {count} events, those who missed one", lost, "listeners", 0)
    report.line("events delivered", listeners * count / taken, "events/s")
    await daemon.remove(ids)


async def waits(daemon: Daemon, report: Report, count: int = 1_000) -> None:
    """So many `docker wait` at once, on ten containers that end one after the other."""
    ids = await daemon.create(10, start=True)
    async with daemon.connections(count) as connections:
        for number, connection in enumerate(connections):
            await connection.send("POST", f"/containers/{ids[number % 10]}/wait")
            await connection.head()
        begin = time.perf_counter()
        for id in ids:
            await daemon.ask("POST", f"/containers/{id}/kill")

        async def told(connection: Connection) -> int:
            text = b"".join([chunk async for chunk in connection.chunks()])
            return int(json.loads(text)["StatusCode"])

        codes = await asyncio.wait_for(asyncio.gather(*map(told, connections)), 60)
        taken = time.perf_counter() - begin
    report.line(f"of {count} concurrent waits, those told another status", sum(code != 137 for code in codes), "", 0)
    report.line("from the first kill to the last answer", taken, "s")
    await daemon.remove(ids)


async def crowd(daemon: Daemon, report: Report, clients: int = 50) -> None:
    """Clients who ask, make, start and remove, all at once: how long the slowest requests take."""
    rounds, taken = 5 if quick() else 40, list[float]()

    async def work(connection: Connection) -> None:
        async def ask(method: str, path: str, body: Any = None) -> bytes:
            begin = time.perf_counter()
            answer = await connection.ask(method, path, body)
            taken.append(time.perf_counter() - begin)
            return answer

        for _ in range(rounds):
            id = json.loads(await ask("POST", "/containers/create", SLEEPER))["Id"]
            await ask("POST", f"/containers/{id}/start")
            await ask("GET", f"/containers/{id}/json")
            await ask("GET", "/containers/json")
            await ask("GET", "/images/json")
            await ask("DELETE", f"/containers/{id}?force=1")

    async with daemon.connections(clients) as connections:
        await asyncio.gather(*map(work, connections))
    p50, p99 = statistics.median(taken), statistics.quantiles(taken, n=100)[-1]
    print(f"{len(taken):,} requests by {clients} clients: p50 {p50 * 1e3:.1f} ms, p99 {p99 * 1e3:.1f} ms")
    report.line(f"p99 / p50 of a request under {clients} clients", p99 / p50, "×", 10)


async def measure(path: str) -> int:
    report, daemon = Report(), Daemon(path)
    await daemon.ask("POST", "/images/create?fromImage=alpine&tag=latest")
    for part in (listing, fan_out, waits, crowd):
        await part(daemon, report)
    return report.end()


def main() -> int:
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    with tempfile.TemporaryDirectory(prefix="glassdock-bench-") as folder:
        path = str(Path(folder) / "sim.sock")
        served = [sys.executable, "-m", "engine.cli", "serve", "sim", "-H", f"unix://{path}"]
        with subprocess.Popen(served, stdout=subprocess.PIPE, text=True) as process:
            try:
                assert process.stdout is not None
                process.stdout.readline()
                return asyncio.run(measure(path))
            finally:
                process.terminate()


if __name__ == "__main__":
    sys.exit(main())
