"""Sessions: process groups that share a controlling terminal. Source: setsid(2), credentials(7)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sim.kernel import signals
from sim.kernel.signals import SIGCONT, SIGHUP

if TYPE_CHECKING:
    from sim.kernel.processes import Process


class Session:
    """setsid(2): process groups that share a controlling terminal."""

    __slots__ = ("leader", "pids", "terminal")

    def __init__(self, leader: Process) -> None:
        self.leader, self.pids = leader, leader.pids
        self.terminal: Any = None

    def tty_name(self) -> str:
        return self.terminal.name if self.terminal is not None else "?"

    def end(self) -> None:
        """The leader is gone: hang up on the foreground group, and let go of the terminal."""
        terminal, self.terminal = self.terminal, None
        if terminal is not None:
            terminal.disconnect()
            for process in self.leader.namespaces.pid.group(terminal.foreground):
                if process is not self.leader:
                    signals.send(process, SIGHUP)
                    signals.send(process, SIGCONT)
