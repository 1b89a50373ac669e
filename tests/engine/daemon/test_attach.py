"""Clients of a program's streams: detach keys, slow readers, input before the start."""

import pytest

from engine.daemon.attach import FULL, Client, Stdin, parse_keys
from engine.detach import DEFAULT_KEYS
from engine.errors import InvalidParameter
from engine.host import STDERR, STDOUT
from engine.loop import Loop


@pytest.mark.parametrize(
    ("text", "codes"),
    [("", DEFAULT_KEYS), ("ctrl-a", b"\x01"), ("ctrl-@,ctrl-[", b"\x00\x1b"), ("a,b", b"ab"), ("ctrl-P,q", b"\x10q")],
)
def test_detach_keys_are_read_as_docker_writes_them(text: str, codes: bytes) -> None:
    assert parse_keys(text) == codes


@pytest.mark.parametrize("text", ["ctrl-", "ctrl-1", "ab", "ctrl-ab", ",", "é"])
def test_other_keys_are_refused(text: str) -> None:
    with pytest.raises(InvalidParameter, match="Invalid detach keys"):
        parse_keys(text)


def test_each_client_gets_the_streams_it_asked_for() -> None:
    loop = Loop()
    client = Client(loop, stdout=True, stderr=False)
    client.put(STDOUT, b"out")
    client.put(STDERR, b"err")
    client.close()
    assert loop.run(client.get()) == (STDOUT, b"out")
    assert loop.run(client.get()) is None


def test_a_slow_client_holds_the_program_up_until_it_has_read() -> None:
    loop = Loop()
    client = Client(loop)
    assert client.put(STDOUT, b"x") is None
    wait = client.put(STDOUT, bytes(FULL))
    assert wait is not None and not wait.done()
    loop.run(client.get())
    loop.run(client.get())
    assert wait.done()


def test_a_client_that_is_gone_holds_nobody_up() -> None:
    client = Client(Loop())
    wait = client.put(STDOUT, bytes(FULL))
    client.abandon()
    assert wait is not None and wait.done()
    assert client.put(STDOUT, bytes(FULL)) is None


class Program:
    def __init__(self) -> None:
        self.got, self.closed = b"", False

    def write(self, data: bytes) -> None:
        self.got += data

    def close(self) -> None:
        self.closed = True

    def starving(self) -> bool:
        return not self.closed


def test_input_before_the_start_waits_for_it() -> None:
    loop, program = Loop(), Program()
    stdin = Stdin(loop)
    stdin.write(b"early")
    stdin.close()
    assert not stdin.starving()
    stdin.connect(program)
    loop.run_ready()
    assert (program.got, program.closed) == (b"early", True)


def test_each_run_has_its_own_input() -> None:
    stdin, first, second = Stdin(Loop()), Program(), Program()
    stdin.connect(first)
    stdin.close()
    stdin.disconnect()
    stdin.connect(second)
    assert first.closed and not second.closed and stdin.starving()
