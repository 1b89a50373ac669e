"""A shell on the simulated host itself, for who sits at the machine: root's bash, with its lines from a pipe.

What is typed goes to whoever reads: after `unshare --fork sh` that is the new shell, in its new namespaces, until it
ends. Twin: classroom/ownshell.py, the student's own shell on the real machine.
"""

from __future__ import annotations

from collections.abc import Callable

from engine.host import STDERR, STDOUT
from engine.loop import SECOND, Future
from sim.kernel import signals
from sim.kernel.descriptors import Description, Descriptors
from sim.kernel.kernel import Kernel
from sim.kernel.syscalls import DEFAULT_PATH
from sim.streams import Sink, Source
from sim.vfs import files

ENVIRONMENT = ("HOME=/root", "USER=root", "LOGNAME=root", "SHELL=/bin/bash", "TERM=dumb", f"PATH={DEFAULT_PATH}")
PATIENCE = 3600  # seconds of the host's time that a line may take
STATUS = 9  # the descriptor on which the shell tells how a line ended
Write = Callable[[int, bytes], object]


class HostShell:
    """Lives until `exit`. `folder`: where it begins, if the host has it."""

    def __init__(self, kernel: Kernel, folder: str = "/root") -> None:
        self._kernel, self._source = kernel, Source(kernel.loop)
        self._write: Write = lambda stream, data: None
        self._status = b""
        streams: dict[int, Description] = {0: Description(self._source.end())}
        for fd in (STDOUT, STDERR, STATUS):
            streams[fd] = Description(Sink(self._tell, fd))
        self._process = kernel.spawn(["bash"], ENVIRONMENT, Descriptors(streams))
        self._process.cwd = folder if files.access(kernel.root, folder, 1) else "/root"

    def _tell(self, stream: int, data: bytes) -> Future[None] | None:
        if stream == STATUS:
            self._status += data
        else:
            self._write(stream, data)
        return None

    def ended(self) -> bool:
        return self._process.status is not None

    def run(self, text: str, write: Write) -> int:
        """Type lines, one after the other, each when the one before is done; the exit status of the last.

        130 if a line does not end: then it is interrupted, and the shell with it.
        """
        self._write, self._status = write, b""
        deadline = self._kernel.loop.time + PATIENCE * SECOND
        for line in (*text.splitlines(), f"echo $? >&{STATUS}"):
            if self.ended():
                break
            self._source.write(line.encode() + b"\n")
            try:
                done = self._until_it_reads(deadline)
            except KeyboardInterrupt:
                self.interrupt()
                raise
            if not done:
                self.interrupt()
                return 128 + signals.SIGINT
        if self.ended():
            return max(self._process.status or 0, 0)
        return int(self._status or b"0")

    def _until_it_reads(self, deadline: int) -> bool:
        """Let the host run until somebody waits for the next line; False if nobody ever does."""
        loop = self._kernel.loop
        while True:
            loop.run_ready()
            if self.ended() or self._source.starving():
                return True
            if loop.time > deadline or not loop.step():
                return False

    def interrupt(self) -> None:
        """Hang up: this shell and all that it has started in its session."""
        for process in self._kernel.host.pid.processes():
            if process.session is self._process.session:
                signals.send(process, signals.SIGKILL)
        self._kernel.loop.run_ready()
