"""The line discipline: what a program reads and what a person sees, key by key."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.loop import Future
from machine import machine
from sim.abi import Main, Proc
from sim.kernel.descriptors import Description, Descriptors
from sim.kernel.kernel import Kernel
from sim.kernel.loader import Program
from sim.kernel.processes import Process
from sim.kernel.terminal import FLAGS, Terminal


class Screen:
    """A terminal with somebody in front of it."""

    def __init__(self, kernel: Kernel) -> None:
        self.kernel, self.shown = kernel, b""
        self.terminal = Terminal(kernel, kernel.host.mount, self._show, (24, 80))

    def _show(self, stream: int, data: bytes) -> None:
        assert stream == 1
        self.shown += data

    def type(self, keys: bytes) -> None:
        self.terminal.input.write(keys)
        self.kernel.loop.run(self.kernel.loop.sleep(0.01))

    def read(self, size: int = 4096) -> bytes | None:
        """What a program would read now; None: it would wait."""
        data = self.terminal.read(size)
        return None if isinstance(data, Future) else data

    def run(self, main: Main) -> Process:
        """A program as the leader of the session that this terminal controls."""
        process = self.kernel.clone(self.kernel.host)
        self.terminal.control(process)
        description = Description(self.terminal.open())
        process.descriptors = Descriptors({0: description, 1: description, 2: description})
        process.replace(Program(main, ("test",), "/bin/test", "test"), ())
        self.kernel.loop.run(self.kernel.loop.sleep(0.01))
        return process


KERNEL = machine()


def screen() -> Screen:
    return Screen(KERNEL)


@pytest.mark.parametrize(
    ("keys", "lines", "shown"),
    [
        (b"hello\r", [b"hello\n"], b"hello\r\n"),
        (b"helo\x7flo\r", [b"hello\n"], b"helo\b \blo\r\n"),
        (b"\x7f\r", [b"\n"], b"\r\n"),
        (b"wrong\x15right\r", [b"right\n"], b"wrong" + b"\b \b" * 5 + b"right\r\n"),
        (b"one two \x17three\r", [b"one three\n"], b"one two " + b"\b \b" * 4 + b"three\r\n"),
        (b"\xc3\xa4\x7fa\r", [b"a\n"], b"\xc3\xa4\b \ba\r\n"),
        (b"a\x01b\r", [b"a\x01b\n"], b"a^Ab\r\n"),
        (b"\x01\x7f\r", [b"\n"], b"^A\b \b\b \b\r\n"),
        (b"abc\x04", [b"abc"], b"abc"),
        (b"\x04", [b""], b""),
        (b"a\tb\n", [b"a\tb\n"], b"a\tb\r\n"),
        (b"not yet", [None], b"not yet"),
    ],
)
def test_a_line_can_be_corrected_until_it_is_ended(keys: bytes, lines: list[bytes | None], shown: bytes) -> None:
    tty = screen()
    tty.type(keys)
    assert [tty.read() for _ in lines] == lines
    assert tty.shown == shown
    assert tty.read() is None


def test_without_echo_nothing_is_shown() -> None:
    tty = screen()
    tty.terminal.set_attributes({"echo": False})
    tty.type(b"secret\x7f\r")
    assert (tty.read(), tty.shown) == (b"secre\n", b"")


def test_raw_mode_hands_on_every_byte() -> None:
    tty = screen()
    tty.type(b"half")
    tty.terminal.set_attributes(dict.fromkeys(FLAGS, False))
    assert tty.read() == b"half"
    tty.type(b"\x03\r\x7f\x04")
    assert tty.read() == b"\x03\r\x7f\x04"
    tty.terminal.write(b"a\n")
    assert tty.shown == b"halfa\n"


def test_output_gets_carriage_returns() -> None:
    tty = screen()
    tty.terminal.write(b"one\ntwo\n")
    assert tty.shown == b"one\r\ntwo\r\n"


def test_a_short_read_leaves_the_rest_of_the_line() -> None:
    tty = screen()
    tty.type(b"abcdef\r")
    assert (tty.read(4), tty.read(4), tty.read(4)) == (b"abcd", b"ef\n", None)


@pytest.mark.parametrize(("key", "signal", "shown"), [(b"\x03", 2, b"^C"), (b"\x1c", 3, b"^\\")])
def test_keys_that_end_the_program_in_front(key: bytes, signal: int, shown: bytes) -> None:
    async def main(proc: Proc) -> int:
        await proc.sleep(1000)
        return 0

    tty = screen()
    process = tty.run(main)
    tty.type(b"lost" + key)
    assert process.status == -signal
    assert tty.shown == b"lost" + shown
    assert tty.read() == b""  # the session is over, and what was typed is lost


def test_ctrl_z_stops_and_a_background_reader_is_stopped_too() -> None:
    async def job(proc: Proc) -> int:
        return len(await proc.read(0))

    async def shell(proc: Proc) -> int:
        proc.signal(22, "ignore")
        front = proc.fork(job, setpgid=0)
        proc.tcsetpgrp(0, front)
        assert await proc.wait(front, 2) == (front, 256 + 20)
        proc.tcsetpgrp(0, proc.getpgid())
        proc.kill(front, 18)
        assert await proc.wait(front, 2) == (front, 256 + 21)
        proc.tcsetpgrp(0, front)
        proc.kill(front, 18)
        assert await proc.wait(front) == (front, 4)
        return 0

    tty = screen()
    process = tty.run(shell)
    tty.type(b"\x1a")
    tty.type(b"abc\r")
    assert process.status == 0
    assert tty.shown == b"^Zabc\r\n"


def test_a_new_window_size_is_told_to_the_program_in_front() -> None:
    async def main(proc: Proc) -> int:
        proc.signal(28, lambda number: sizes.append(proc.winsize(0)))
        assert proc.isatty(0) and proc.ttyname(0) == f"/dev/{tty.terminal.name}"
        while len(sizes) < 2:
            with contextlib.suppress(InterruptedError):
                await proc.pause()
        return 0

    sizes: list[tuple[int, int]] = []
    tty = screen()
    process = tty.run(main)
    tty.terminal.resize(50, 132)
    tty.terminal.resize(50, 132)
    tty.terminal.resize(25, 80)
    KERNEL.loop.run(KERNEL.loop.sleep(0.1))
    assert (sizes, process.status) == ([(50, 132), (25, 80)], 0)


def test_hanging_up_ends_the_session_and_gives_readers_the_end() -> None:
    async def main(proc: Proc) -> int:
        proc.signal(1, lambda number: None)
        with contextlib.suppress(InterruptedError):
            await proc.read(0)
        return len(await proc.read(0)) + 9

    tty = screen()
    process = tty.run(main)
    tty.terminal.hang_up()
    KERNEL.loop.run(KERNEL.loop.sleep(0.1))
    assert process.status == 9


def test_the_daemon_knows_when_a_program_waits_for_keys() -> None:
    async def main(proc: Proc) -> int:
        await proc.sleep(1)
        return len(await proc.read(0))

    tty = screen()
    process = tty.run(main)
    assert not tty.terminal.input.starving()
    KERNEL.loop.run(KERNEL.loop.sleep(2))
    assert tty.terminal.input.starving()
    tty.type(b"x\r")
    assert process.status == 2


def test_numbers_of_terminals_are_used_again() -> None:
    kernel = machine()
    first, second = Screen(kernel), Screen(kernel)
    assert (first.terminal.name, second.terminal.name) == ("pts/0", "pts/1")
    first.terminal.open().close()
    assert Screen(kernel).terminal.name == "pts/0"


def edited(keys: bytes) -> tuple[list[bytes], bytes]:
    """A plain model of canonical mode: (finished lines, the line being typed)."""
    lines: list[bytes] = []
    line = ""
    for key in keys.decode():
        if key in "\r\n":
            lines, line = [*lines, (line + "\n").encode()], ""
        elif key == "\x7f":
            line = line[:-1]
        elif key == "\x15":
            line = ""
        elif key == "\x03":
            lines, line = [], ""
        else:
            line += key
    return lines, line.encode()


@given(st.text(st.sampled_from("aé漢 \r\n\x7f\x15\x03\x01"), max_size=40), st.integers(1, 7))
def test_any_typing_gives_the_lines_that_a_plain_model_gives(keys: str, step: int) -> None:
    """In pieces of any size, too: characters may be torn apart between two writes."""
    tty = Screen(KERNEL)
    data = keys.encode()
    for start in range(0, len(data), step):
        tty.terminal.type(data[start : start + step])
    lines, rest = edited(data)
    assert [tty.read() for _ in lines] == lines
    assert tty.read() is None
    tty.terminal.type(b"\r")
    assert tty.read() == rest + b"\n"
    tty.terminal.closed()


@given(st.text(st.sampled_from("ab \x7f\x15"), max_size=30))
def test_the_screen_shows_the_line_as_it_will_be_read(keys: str) -> None:
    tty = Screen(KERNEL)
    tty.terminal.type(keys.encode())
    columns: list[str] = []
    position = 0
    for char in tty.shown.decode():
        if char == "\b":
            position -= 1
        else:
            columns[position : position + 1] = [char]
            position += 1
    tty.terminal.type(b"\r")
    assert ("".join(columns[:position]) + "\n").encode() == tty.read()
    tty.terminal.closed()
