"""What the client does on Windows only, in parts that can be tried anywhere."""

from __future__ import annotations

import socket
import threading
from pathlib import Path

import pytest

from engine.client import shell, windowsconsole
from engine.client.connection import Heedful

OLD, NEW = 0, windowsconsole.VIRTUAL_TERMINAL_INPUT
COOKED_KEYS, PLAIN_SCREEN = 0x1F7, 0x3


class Console:
    """Remembers modes as Windows does; an old one refuses what it does not know."""

    def __init__(self, modes: dict[int, int], known: int) -> None:
        self.modes, self._known, self.raw = modes, known, dict[int, int]()

    def get(self, handle: int) -> int | None:
        return self.modes.get(handle)

    def set(self, handle: int, mode: int) -> bool:
        if handle == windowsconsole.STDIN and mode & windowsconsole.VIRTUAL_TERMINAL_INPUT & ~self._known:
            return False
        self.modes[handle] = mode
        return True


@pytest.mark.parametrize("known", [OLD, NEW])
def test_keys_come_as_they_are_typed_and_the_console_is_as_before_afterwards(known: int) -> None:
    before = {windowsconsole.STDIN: COOKED_KEYS, windowsconsole.STDOUT: PLAIN_SCREEN}
    console = Console(dict(before), known)
    with windowsconsole.raw(console):
        keys, screen = console.modes[windowsconsole.STDIN], console.modes[windowsconsole.STDOUT]
        assert not keys & (windowsconsole.LINE_INPUT | windowsconsole.ECHO_INPUT | windowsconsole.PROCESSED_INPUT)
        assert keys & windowsconsole.VIRTUAL_TERMINAL_INPUT == known
        assert screen & windowsconsole.VIRTUAL_TERMINAL_PROCESSING
        assert screen & windowsconsole.NO_AUTO_RETURN
    assert console.modes == before


def test_what_is_no_console_is_left_alone() -> None:
    console = Console({windowsconsole.STDERR: PLAIN_SCREEN}, NEW)
    windowsconsole.understand_escapes(console)
    with windowsconsole.raw(console):
        pass
    assert console.modes == {windowsconsole.STDERR: PLAIN_SCREEN | windowsconsole.VIRTUAL_TERMINAL_PROCESSING}


def test_a_wait_in_pieces_loses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.client.connection.HEED", 0.001)
    begun, wait = threading.Event(), Heedful._wait

    def watched(waiting: Heedful) -> None:
        begun.set()
        wait(waiting)

    def speak() -> None:
        begun.wait()
        far.sendall(b"one line\nand more")
        far.close()

    monkeypatch.setattr(Heedful, "_wait", watched)
    near, far = socket.socketpair()
    threading.Thread(target=speak).start()
    with Heedful(near) as waiting, waiting.makefile("rb") as file:
        assert file.readline() == b"one line\n"
        assert file.read() == b"and more"


def test_our_docker_stands_in_from_a_folder_with_korean_letters(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shell.sys, "platform", "win32")
    monkeypatch.setattr(shell.sys, "executable", r"C:\길동\python.exe")
    shell._stand_in(tmp_path)
    assert (tmp_path / "docker.cmd").read_bytes() == b'@"%GLASSDOCK_PYTHON%" -m engine.client.command %*\r\n'
