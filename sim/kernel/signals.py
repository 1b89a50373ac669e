"""Signals: their numbers, their default actions, and what happens when one is sent.

Source: signal(7), kill(2), pid_namespaces(7). The rule that makes containers special is `refuses`: the first process of
a PID namespace gets no default action; signals that it does not handle are dropped. Only SIGKILL and SIGSTOP from an
ancestor namespace reach it always.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from sim.abi import SIG_DFL, SIG_IGN

if TYPE_CHECKING:
    from sim.kernel.processes import Process

SIGHUP, SIGINT, SIGQUIT, SIGKILL, SIGPIPE, SIGALRM, SIGTERM = 1, 2, 3, 9, 13, 14, 15
SIGCHLD, SIGCONT, SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU, SIGXFSZ, SIGWINCH = 17, 18, 19, 20, 21, 22, 25, 28

NAMES = (
    "", "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2", "PIPE", "ALRM",
    "TERM", "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG", "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH",
    "IO", "PWR", "SYS",
)  # fmt: skip
NUMBERS = {name: number for number, name in enumerate(NAMES) if name} | {"POLL": 29, "IOT": 6, "CLD": 17}
NUMBERS |= {"RTMIN": 34, "RTMAX": 64} | {f"RTMIN+{n}": 34 + n for n in range(1, 16)}
NUMBERS |= {f"RTMAX-{n}": 64 - n for n in range(1, 15)}
LAST = 64

IGNORED = frozenset({SIGCHLD, SIGCONT, 23, SIGWINCH})  # default action "Ign"
STOPPING = frozenset({SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU})  # default action "Stop"
UNCATCHABLE = frozenset({SIGKILL, SIGSTOP})


def number(name: str) -> int:
    """ "TERM", "SIGTERM", "term" or "15" -> 15. Raises ValueError."""
    if name.isdecimal() and int(name) <= LAST:
        return int(name)
    try:
        return NUMBERS[name.upper().removeprefix("SIG")]
    except KeyError:
        raise ValueError(f"Invalid signal: {name}") from None


def refuses(target: Process, signal: int, sender: Process | None) -> bool:
    """The first process of a PID namespace is not hurt by a signal that it has no handler for.

    `sender` None is the kernel itself or the host outside all containers.
    """
    space = target.namespaces.pid
    if space.init is not target or target.action(signal) != SIG_DFL:
        return False
    outside = sender is None or sender.namespaces.pid.level < space.level
    return not (outside and signal in UNCATCHABLE) and not (space.level == 0 and sender is None)


def send(target: Process, signal: int, sender: Process | None = None) -> None:
    """Deliver a signal; permissions were checked by the caller. A process that is over does not mind."""
    if signal == 0 or target.status is not None or target.dying is not None:
        return
    if signal == SIGCONT:
        target.go_on()
    if refuses(target, signal, sender):
        return
    action = target.action(signal)
    if action == SIG_IGN or (action == SIG_DFL and signal in IGNORED):
        return
    if (target.stopped or target.frozen) and signal != SIGKILL:
        if signal not in target.pending:
            target.pending = (*target.pending, signal)
        return
    if action != SIG_DFL:
        target.handle(signal)
    elif signal in STOPPING:
        target.stop(signal)
    else:
        target.die(-signal)


def send_all(targets: Iterable[Process], signal: int, sender: Process | None = None) -> None:
    for target in list(targets):
        send(target, signal, sender)
