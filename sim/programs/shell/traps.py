"""Traps (POSIX XCU trap): commands that run when a signal has come, or when the shell ends.

A signal only marks itself; its command runs between two commands of the script.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.abi import SIG_DFL, SIG_IGN
from sim.kernel.signals import NAMES
from sim.programs.shell.errors import Exit, Interrupt, LoopJump, Return

if TYPE_CHECKING:
    from sim.programs.shell.interpreter import Interpreter

EXIT = 0
SIGINT, SIGQUIT, SIGTERM, SIGTSTP, SIGTTIN, SIGTTOU = 2, 3, 15, 20, 21, 22
INTERACTIVE_IGNORES = (SIGQUIT, SIGTERM, SIGTSTP, SIGTTIN, SIGTTOU)


def signal_name(number: int) -> str:
    """15 -> "TERM", 0 -> "EXIT"."""
    return NAMES[number] if 0 < number < len(NAMES) else "EXIT" if number == EXIT else str(number)


def set_trap(shell: Interpreter, number: int, action: str | None) -> None:
    """`action` None is the default, "" to ignore, else a command."""
    if shell.traps is None:
        shell.traps = {}
    if action is None:
        shell.traps.pop(number, None)
    else:
        shell.traps[number] = action
    if number != EXIT:
        install(shell, number)


def install(shell: Interpreter, number: int) -> None:
    """Tell the kernel what to do with a signal, after the traps and whether the shell is interactive."""
    action = (shell.traps or {}).get(number)
    if action:
        shell.proc.signal(number, shell.on_signal)
    elif action == "" or (shell.interactive and number in INTERACTIVE_IGNORES):
        shell.proc.signal(number, SIG_IGN)
    elif shell.interactive and number == SIGINT:
        shell.proc.signal(number, shell.on_signal)
    else:
        shell.proc.signal(number, SIG_DFL)


def reset(shell: Interpreter) -> None:
    """In a forked shell: traps with commands go back to the default, ignored signals stay ignored."""
    traps, shell.traps, interactive, shell.interactive = shell.traps or {}, None, shell.interactive, False
    ignored = {number: action for number, action in traps.items() if action == "" and number != EXIT}
    if ignored:
        shell.traps = ignored
    for number in {*traps, *((SIGINT, *INTERACTIVE_IGNORES) if interactive else ())}:
        if number != EXIT and number not in ignored:
            shell.proc.signal(number, SIG_DFL)


async def run_pending(shell: Interpreter) -> None:
    """Run the commands of the signals that have come. Raises Interrupt for an untrapped Ctrl-C."""
    while shell.pending:
        number, *rest = shell.pending
        shell.pending = tuple(rest)
        action = (shell.traps or {}).get(number)
        if action:
            status = shell.status
            await shell.run_text(action)
            shell.status = status
        elif number == SIGINT and shell.interactive:
            raise Interrupt


async def run_exit(shell: Interpreter) -> None:
    """Run the EXIT trap, once."""
    action = (shell.traps or {}).pop(EXIT, None)
    if action:
        status = shell.status
        try:
            await shell.run_text(action)
        except (Exit, Return, LoopJump, Interrupt):
            return
        shell.status = status


async def check(shell: Interpreter) -> None:
    """After a command: signals that have come, and `set -e`. Raises Exit."""
    if shell.pending:
        await run_pending(shell)
    if shell.status and "e" in shell.options and not shell.tested:
        raise Exit
