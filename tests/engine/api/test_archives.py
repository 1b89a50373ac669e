"""The archive endpoints on a real socket: uploads that stop in the middle, headers, and Go's modes."""

from __future__ import annotations

import asyncio
import io
import socket
import stat
import tarfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from engine.api.app import App
from engine.api.archives import go_mode
from engine.api.server import Server
from engine.api.sockets import Address
from sim.make import make_engine

pytestmark = pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="asks for Unix sockets")


@given(some.integers(0, 0o7777), some.sampled_from([stat.S_IFREG, stat.S_IFDIR, stat.S_IFLNK, stat.S_IFCHR]))
def test_gos_modes_have_the_permissions_below_and_the_rest_above(bits: int, kind: int) -> None:
    mode = go_mode(kind | bits)
    assert mode & 0o777 == bits & 0o777 and mode < 1 << 32
    assert (mode >> 31 == 1) == (kind == stat.S_IFDIR)
    assert bool(mode & 1 << 23) == bool(bits & stat.S_ISUID)
    assert (mode & ~0o777 == 0) == (kind == stat.S_IFREG and not bits & 0o7000)


def archive() -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as tar:
        for name, size in (("first", 10), ("second", 3_000_000)):
            info = tarfile.TarInfo(name)
            info.size = size
            tar.addfile(info, io.BytesIO(b"x" * size))
    return stream.getvalue()


async def ask(path: str, head: str, body: bytes = b"", hang_up: bool = False) -> bytes:
    """Send a request by hand; all that is answered."""
    reader, writer = await asyncio.open_unix_connection(path)
    writer.write(head.replace("\n", "\r\n").encode() + b"\r\n\r\n" + body)
    await writer.drain()
    if hang_up:
        writer.transport.abort()
        return b""
    answer = await reader.read()
    writer.close()
    return answer


def test_a_client_that_hangs_up_while_it_uploads_leaves_what_came_and_nothing_waiting(tmp_path: Path) -> None:
    engine = make_engine(seed=1, clock="wall")
    whole, where = archive(), str(tmp_path / "d.sock")

    async def talk() -> tuple[bytes, bytes, int]:
        server = Server(engine, App(engine))
        await server.listen(Address(path=where))
        common = "HTTP/1.1\nHost: d\nConnection: close\nContent-Type: application/json"
        await ask(where, f"POST /images/create?fromImage=busybox&tag=latest {common}\nContent-Length: 0")
        body = b'{"Image":"busybox","Cmd":["true"]}'
        await ask(where, f"POST /containers/create?name=c1 {common}\nContent-Length: {len(body)}", body)
        put = f"PUT /containers/c1/archive?path=/home {common}\nContent-Length: {len(whole)}"
        await ask(where, put, whole[: len(whole) // 2], hang_up=True)
        for _ in range(200):
            if not server.exchanges:
                break
            await asyncio.sleep(0.01)
        left = len(server.exchanges)
        got = await ask(where, f"GET /containers/c1/archive?path=/home/first {common}")
        again = await ask(where, put, whole)
        await server.close()
        return got, again, left

    got, again, left = asyncio.run(asyncio.wait_for(talk(), 30))
    assert got.startswith(b"HTTP/1.1 200") and b"application/x-tar" in got and b"x" * 10 in got
    assert again.startswith(b"HTTP/1.1 200")
    assert left == 0


def test_head_tells_what_is_there_and_nothing_else(tmp_path: Path) -> None:
    engine = make_engine(seed=1, clock="wall")
    where = str(tmp_path / "d.sock")

    async def talk() -> Any:
        server = Server(engine, App(engine))
        await server.listen(Address(path=where))
        common = "HTTP/1.1\nHost: d\nConnection: close\nContent-Type: application/json"
        await ask(where, f"POST /images/create?fromImage=busybox&tag=latest {common}\nContent-Length: 0")
        body = b'{"Image":"busybox"}'
        await ask(where, f"POST /containers/create?name=c1 {common}\nContent-Length: {len(body)}", body)
        answers = [await ask(where, f"HEAD /containers/c1/archive?path={path} {common}") for path in ("/etc", "/none")]
        await server.close()
        return answers

    there, missing = asyncio.run(asyncio.wait_for(talk(), 30))
    assert there.startswith(b"HTTP/1.1 200") and b"X-Docker-Container-Path-Stat: eyJ" in there
    assert missing.startswith(b"HTTP/1.1 404") and missing.endswith(b"\r\n\r\n")
