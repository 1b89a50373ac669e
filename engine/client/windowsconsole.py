"""The console of Windows as a terminal: escape sequences are understood, keys come as they are typed.

Not the reading and writing, which Python does in UTF-8. Which modes: moby/term, SetRawTerminal and StdStreams. Source:
learn.microsoft.com/windows/console/setconsolemode.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

STDIN, STDOUT, STDERR = -10, -11, -12  # GetStdHandle's names

PROCESSED_INPUT, LINE_INPUT, ECHO_INPUT, WINDOW_INPUT, MOUSE_INPUT = 0x1, 0x2, 0x4, 0x8, 0x10
INSERT_MODE, QUICK_EDIT_MODE, EXTENDED_FLAGS, VIRTUAL_TERMINAL_INPUT = 0x20, 0x40, 0x80, 0x200
COOKED = PROCESSED_INPUT | LINE_INPUT | ECHO_INPUT | WINDOW_INPUT | MOUSE_INPUT
RAW = INSERT_MODE | QUICK_EDIT_MODE | EXTENDED_FLAGS | VIRTUAL_TERMINAL_INPUT
PROCESSED_OUTPUT, VIRTUAL_TERMINAL_PROCESSING, NO_AUTO_RETURN = 0x1, 0x4, 0x8


class Modes(Protocol):
    """GetConsoleMode and SetConsoleMode."""

    def get(self, handle: int) -> int | None:
        """None: this is no console."""

    def set(self, handle: int, mode: int) -> bool:
        """False: this Windows does not know such a mode."""


def understand_escapes(modes: Modes) -> None:
    """From now on colours and the cursor's ways are obeyed and not shown (Windows 10 and newer)."""
    for handle in (STDOUT, STDERR):
        if (mode := modes.get(handle)) is not None:
            modes.set(handle, mode | PROCESSED_OUTPUT | VIRTUAL_TERMINAL_PROCESSING)


@contextmanager
def raw(modes: Modes) -> Iterator[None]:
    """While inside, keys come one by one, Ctrl-C among them, and a line feed only feeds."""
    keys, screen = modes.get(STDIN), modes.get(STDOUT)
    if keys is not None and not modes.set(STDIN, keys & ~COOKED | RAW):
        modes.set(STDIN, keys & ~COOKED | RAW & ~VIRTUAL_TERMINAL_INPUT)
    if screen is not None:
        modes.set(STDOUT, screen | PROCESSED_OUTPUT | VIRTUAL_TERMINAL_PROCESSING | NO_AUTO_RETURN)
    try:
        yield
    finally:
        for handle, mode in ((STDIN, keys), (STDOUT, screen)):
            if mode is not None:
                modes.set(handle, mode)


class Kernel32:
    """Those of the system."""

    def __init__(self) -> None:
        import ctypes

        library: Any = vars(ctypes)["WinDLL"]  # there on Windows only
        self._ctypes, self._dll = ctypes, library("kernel32")
        self._dll.GetStdHandle.restype = ctypes.c_void_p

    def get(self, handle: int) -> int | None:
        mode = self._ctypes.c_uint32()
        known = self._dll.GetConsoleMode(self._of(handle), self._ctypes.byref(mode))
        return mode.value if known else None

    def set(self, handle: int, mode: int) -> bool:
        return bool(self._dll.SetConsoleMode(self._of(handle), self._ctypes.c_uint32(mode)))

    def _of(self, handle: int) -> Any:
        return self._ctypes.c_void_p(self._dll.GetStdHandle(handle))
