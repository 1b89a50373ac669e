"""A shell at a terminal: what a person types and what then is on the screen."""

from __future__ import annotations

import pytest

from machine import ENV, machine
from sim.kernel.descriptors import Description, Descriptors
from sim.kernel.loader import Program
from sim.kernel.processes import Process
from sim.kernel.terminal import FLAGS, Terminal
from sim.programs.shell.command import ash, bash, dash

BANNER = (
    "\r\n\r\nBusyBox v1.37.0 (2024-09-26 21:31:42 UTC) built-in shell (ash)\r\n"
    "Enter 'help' for a list of built-in commands.\r\n\r\n"
)


class Person:
    """Somebody in front of a shell. `seen` is what came since they last looked."""

    def __init__(self, main: object = ash, name: str = "sh", **env: str) -> None:
        self.kernel, self._new = machine(), ""
        self.terminal = Terminal(self.kernel, self.kernel.host.mount, self._show, (24, 80))
        self.shell: Process = self.kernel.clone(self.kernel.host)
        self.terminal.control(self.shell)
        description = Description(self.terminal.open())
        self.shell.descriptors = Descriptors({0: description, 1: description, 2: description})
        environ = tuple(f"{key}={value}" for key, value in {**ENV, **env}.items())
        self.shell.replace(Program(main, (name,), "/bin/" + name, name), environ)  # type: ignore[arg-type]
        self.wait()

    def _show(self, stream: int, data: bytes) -> None:
        self._new += data.decode()

    def wait(self, seconds: float = 0.01) -> None:
        self.kernel.loop.run(self.kernel.loop.sleep(seconds))

    def seen(self) -> str:
        new, self._new = self._new, ""
        return new

    def type(self, keys: str, wait: float = 0.01) -> str:
        """What the screen shows after these keys."""
        self.seen()
        self.terminal.input.write(keys.encode())
        self.wait(wait)
        return self.seen()


@pytest.fixture
def person() -> Person:
    return Person()


def test_busybox_greets_and_asks(person: Person) -> None:
    assert person.seen() == BANNER + "/ # "


def test_a_command_is_echoed_and_run(person: Person) -> None:
    assert person.type("echo hello $((6*7))\r") == "echo hello $((6*7))\r\nhello 42\r\n/ # "


def test_the_prompt_shows_the_folder(person: Person) -> None:
    assert person.type("cd /etc\n").endswith("/etc # ")
    assert person.type("cd\n").endswith("~ # ")
    assert person.type("PS1='[$PWD] '\n").endswith("[/root] ")


def test_exit_ends_with_its_status(person: Person) -> None:
    assert person.type("exit 3\n") == "exit 3\r\n"
    assert person.shell.status == 3


def test_ctrl_d_on_an_empty_line_ends(person: Person) -> None:
    person.type("false\n")
    person.type("\x04")
    assert person.shell.status == 1


def test_ctrl_c_gives_a_new_prompt(person: Person) -> None:
    assert person.type("echo half\x03") == "echo half^C\r\n/ # "
    assert person.type("echo $?\n").endswith("\r\n130\r\n/ # ")


def test_ctrl_c_interrupts_the_command_in_the_foreground(person: Person) -> None:
    person.type("sleep 1000\n")
    assert person.type("\x03") == "^C\r\n/ # "
    assert person.type("echo $?\n").endswith("\r\n130\r\n/ # ")


def test_ctrl_c_interrupts_a_loop_of_builtins(person: Person) -> None:
    person.type("while :; do :; done\n")
    assert person.type("\x03", wait=0.1).endswith("/ # ")


def test_an_unfinished_command_asks_for_more(person: Person) -> None:
    assert person.type("if true\n") == "if true\r\n> "
    assert person.type("then echo yes; fi\n") == "then echo yes; fi\r\nyes\r\n/ # "


def test_a_here_document_is_typed_line_by_line(person: Person) -> None:
    person.type("read x <<E\n")
    assert person.type("some text\n").endswith("> ")
    person.type("E\n")
    assert person.type('echo "<$x>"\n').endswith("\r\n<some text>\r\n/ # ")


def test_an_error_does_not_end_the_shell(person: Person) -> None:
    assert person.type("fi\n").endswith('\r\nsh: syntax error: unexpected "fi"\r\n/ # ')
    assert person.type("nope\n").endswith("\r\nsh: nope: not found\r\n/ # ")
    assert person.type("echo ${x?}\n").endswith("\r\nsh: x: parameter not set\r\n/ # ")


def test_the_line_can_be_edited(person: Person) -> None:
    assert person.type("echo 13\x1b[D2\r").endswith("\r\n123\r\n/ # ")
    assert person.type("echo abx\x7fc\r").endswith("\r\nabc\r\n/ # ")
    assert person.type("ho x\x01ec\r").endswith("\r\nx\r\n/ # ")
    assert person.type("junk\x15echo k\r").endswith("\r\nk\r\n/ # ")
    assert person.type("echo one two\x17three\r").endswith("\r\none three\r\n/ # ")


def test_the_arrows_go_through_the_history(person: Person) -> None:
    person.type("echo first\r")
    person.type("echo second\r")
    assert person.type("\x1b[A\x1b[A\r").endswith("\r\nfirst\r\n/ # ")
    assert person.type("typed\x1b[A\x1b[B\x15echo kept\r").endswith("\r\nkept\r\n/ # ")


def test_ctrl_l_clears_the_screen(person: Person) -> None:
    assert person.type("ec\x0c") == "ec\x1b[H\x1b[J/ # ec"


def test_tab_completes_commands_and_files(person: Person) -> None:
    assert person.type("printf x > /tmp/longname\r").endswith("/ # ")
    assert person.type("read y < /tmp/lo\t").endswith("/tmp/longname ")
    person.type("\x15")
    assert person.type("unal\t").endswith("unalias ")


def test_the_terminal_is_put_back_before_a_command_runs(person: Person) -> None:
    person.type("sleep 1000\n")
    assert person.terminal.attributes() == FLAGS


def test_a_background_job_is_reported_when_it_has_ended(person: Person) -> None:
    assert person.type("sleep 1 &\n") == "sleep 1 &\r\n/ # "
    assert "[1]+  Running                    sleep 1\r\n" in person.type("jobs\n")
    person.wait(2)
    assert person.type("\n") == "\r\n[1]+  Done                       sleep 1\r\n/ # "


def test_ctrl_z_stops_and_fg_goes_on(person: Person) -> None:
    person.type("sleep 5\n")
    assert "[1]+  Stopped                    sleep 5" in person.type("\x1a")
    assert person.type("fg\n").endswith("sleep 5\r\n")
    person.wait(6)
    assert person.seen() == "/ # "


def test_ctrl_z_and_bg(person: Person) -> None:
    person.type("sleep 5\n")
    person.type("\x1a")
    assert "[1] sleep 5" in person.type("bg\n")
    assert "Running" in person.type("jobs\n")


def test_an_interactive_shell_does_not_mind_sigterm(person: Person) -> None:
    assert person.type("kill $$\n").endswith("/ # ")


def test_a_trap_runs_at_the_prompt(person: Person) -> None:
    person.type("trap 'echo usr' USR1\n")
    assert "usr\r\n" in person.type("kill -USR1 $$\n")


def test_other_shells_have_their_own_prompts() -> None:
    assert Person(dash, "dash").seen() == "# "
    assert Person(bash, "bash").seen().endswith("/# ")


def test_dash_leaves_editing_to_the_terminal() -> None:
    person = Person(dash, "dash")
    assert person.type("echo hi\n") == "echo hi\r\nhi\r\n# "
    person.type("\x04")
    assert person.shell.status == 0
