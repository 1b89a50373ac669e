"""Pipes: what goes in comes out, writers wait for readers, and ends that close are noticed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.loop import Future, Loop
from machine import call, machine
from sim.abi import O_RDONLY, O_RDWR, O_WRONLY, Proc
from sim.kernel.pipes import CAPACITY, PIPE_BUF, End, Pipe, pair


@given(
    st.lists(st.binary(min_size=1, max_size=9000), max_size=20),
    st.lists(st.integers(1, 20000), min_size=1, max_size=20),
)
def test_bytes_keep_their_order_and_none_is_lost(chunks: list[bytes], sizes: list[int]) -> None:
    reader, writer = pair(Loop(start=0), 1)
    sent, got, turn = b"", b"", 0
    for chunk in chunks:
        while chunk:
            taken = writer.write(chunk)
            if isinstance(taken, Future):
                assert len(sent) - len(got) > CAPACITY - PIPE_BUF
                data = reader.read(sizes[turn % len(sizes)])
                assert isinstance(data, bytes) and data
                got += data
            else:
                sent, chunk = sent + chunk[:taken], chunk[taken:]
            turn += 1
    writer.close()
    while data := reader.read(4096):
        assert isinstance(data, bytes)
        got += data
    assert got == sent == b"".join(chunks)


def test_small_writes_are_not_torn_apart() -> None:
    _reader, writer = pair(Loop(start=0), 1)
    assert writer.write(b"x" * (CAPACITY - 10)) == CAPACITY - 10
    assert isinstance(writer.write(b"y" * 11), Future)
    assert writer.write(b"y" * 10) == 10


def test_a_reader_waits_for_data_and_a_writer_for_room() -> None:
    async def reader(proc: Proc) -> int:
        await proc.sleep(1)
        total = 0
        while data := await proc.read(0, 10_000):
            total += len(data)
        assert total == 300_000
        return 0

    async def main(proc: Proc) -> int:
        source, sink = proc.pipe()
        pid = proc.fork(reader, {0: source, sink: source})
        proc.close(source)
        began = proc.now()
        await proc.write(sink, b"z" * 300_000)
        assert proc.now() - began >= 10**9
        proc.close(sink)
        assert await proc.wait() == (pid, 0)
        return 0

    assert call(machine(), main)[0] == 0


def test_without_writers_a_reader_finds_the_end_and_without_readers_a_writer_breaks() -> None:
    pipe = Pipe(Loop(start=0), 1)
    both = End(pipe, O_RDWR)
    reader, writer = End(pipe, O_RDONLY), End(pipe, O_WRONLY)
    writer.close()
    assert isinstance(reader.read(1), Future)
    both.close()
    assert reader.read(1) == b""
    again = End(pipe, O_WRONLY)
    reader.close()
    with pytest.raises(BrokenPipeError):
        again.write(b"x")


def test_a_fifo_is_a_pipe_with_a_name() -> None:
    async def writer(proc: Proc) -> int:
        await proc.sleep(1)
        await proc.write(proc.open("/tmp/fifo", O_WRONLY), b"through the fifo")
        return 0

    async def main(proc: Proc) -> int:
        proc.mknod("/tmp/fifo", 0o010644)
        proc.fork(writer)
        reader = proc.open("/tmp/fifo")
        assert await proc.read(reader) == b"through the fifo"
        await proc.wait()
        assert await proc.read(reader) == b""
        return 0

    assert call(machine(), main)[0] == 0
