"""Commands on a terminal: columns, pages, live views."""

from __future__ import annotations

from machine import machine, run
from sim.kernel.descriptors import Description, Descriptors
from sim.kernel.kernel import Kernel
from sim.kernel.loader import load
from sim.kernel.processes import Process
from sim.kernel.terminal import Terminal


def kernel() -> Kernel:
    made = machine()
    line = "mkdir -p /w/folder; cd /w; : > a; : > bb; : > program; chmod 755 program; ln -s a link; seq 1 60 > /n"
    assert run(made, ["sh", "-c", line])[0] == 0
    return made


class Desk:
    """Somebody in front of a terminal of 24 rows and 40 columns, who starts one command."""

    def __init__(self, line: str) -> None:
        self.kernel = machine_ = kernel()
        self.shown = b""
        self.terminal = Terminal(machine_, machine_.host.mount, self._show, (24, 40))
        self.process: Process = machine_.clone(machine_.host)
        self.terminal.control(self.process)
        description = Description(self.terminal.open())
        self.process.descriptors = Descriptors({0: description, 1: description, 2: description})
        environ = ("PATH=/bin", "HOME=/root")
        self.process.replace(load(self.process, "/bin/sh", ["sh", "-c", line]), environ)
        self.kernel.loop.run(self.kernel.loop.sleep(0.01))

    def _show(self, stream: int, data: bytes) -> None:
        self.shown += data

    def look(self, seconds: float = 0.0) -> str:
        """What the screen has shown since the last look."""
        self.kernel.loop.run(self.kernel.loop.sleep(seconds))
        shown, self.shown = self.shown.decode(), b""
        return shown

    def type(self, keys: bytes) -> str:
        self.terminal.input.write(keys)
        return self.look(0.01)


def test_ls_fills_the_width_of_the_terminal_in_columns() -> None:
    assert Desk("cd /w; ls --color=never").look() == "a        folder   program\r\nbb       link\r\n"


def test_ls_colours_by_itself_on_a_terminal() -> None:
    assert "\x1b[1;34mfolder\x1b[m" in Desk("ls /w").look()


def test_more_shows_a_screen_at_a_time() -> None:
    desk = Desk("more /n")
    assert desk.look().splitlines()[-2:] == ["23", "--More--"]
    assert desk.type(b"\n").splitlines()[-2:] == ["24", "--More--"]
    assert desk.type(b" ").splitlines()[-2:] == ["47", "--More--"]
    assert desk.process.status is None
    desk.type(b"q")
    assert desk.process.status == 0
    assert desk.terminal.attributes()["icanon"]


def test_more_pages_what_comes_from_a_pipe() -> None:
    desk = Desk("cat /n | more")
    assert desk.look().endswith("23\r\n--More--")
    desk.type(b"q")
    assert desk.process.status == 0


def test_top_is_live_until_q() -> None:
    desk = Desk("top -d 1")
    assert desk.look().count("Load average") == 1
    assert desk.look(2.5).count("Load average") == 2
    desk.type(b"q")
    assert desk.process.status == 0


def test_ctrl_c_leaves_top_with_the_terminal_as_it_was() -> None:
    desk = Desk("top")
    desk.type(b"\x03")
    assert desk.process.status is not None
    flags = desk.terminal.attributes()
    assert flags["icanon"] and flags["echo"]


def test_stty_tells_and_sets_the_terminal() -> None:
    assert Desk("stty size; tty").look() == "24 40\r\n/dev/pts/0\r\n"
    desk = Desk("stty raw -echo")
    flags = desk.terminal.attributes()
    assert not (flags["icanon"] or flags["echo"] or flags["opost"])


def test_ps_cuts_lines_at_the_terminal_s_width() -> None:
    assert all(len(line) <= 40 for line in Desk("ps").look().splitlines())


def test_watch_repeats_until_it_is_interrupted() -> None:
    desk = Desk("watch -n 1 -t date")
    assert desk.look(2.5).count("UTC 2023") == 3
    desk.type(b"\x03")
    assert desk.process.status is not None
