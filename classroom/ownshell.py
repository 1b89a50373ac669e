"""The student's own shell on the real machine, with the student's own rights, and its lines from a pipe.

What needs more rights is refused by the kernel, in the kernel's words. Twin: sim/hostshell.py.
"""

from __future__ import annotations

import os
import selectors
import subprocess
import sys

from classroom.shell import STDERR, STDOUT, Write

STATUS = 9  # the descriptor on which the shell tells how a line ended


class OwnShell:
    """bash on this computer. Raises PermissionError for root: a slip in a mount would hit the whole machine."""

    def __init__(self) -> None:
        if sys.platform != "linux":
            raise OSError(f"namespaces are Linux's; this is {sys.platform}")
        if os.geteuid() == 0:
            raise PermissionError("this is the real machine, and you are its root: use a user of your own")
        reader, writer = os.pipe()
        start = f"exec {STATUS}>&{writer} {writer}>&-; exec bash"
        self._process = subprocess.Popen(
            ["bash", "-c", start], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            pass_fds=(writer,), start_new_session=True,
        )  # fmt: skip
        os.close(writer)
        assert self._process.stdout is not None and self._process.stderr is not None
        self._streams = {self._process.stdout.fileno(): STDOUT, self._process.stderr.fileno(): STDERR, reader: STATUS}
        for fd in self._streams:
            os.set_blocking(fd, False)

    def ended(self) -> bool:
        return self._process.poll() is not None

    def run(self, text: str, write: Write) -> int:
        """Ctrl-C in the notebook ends the shell (KeyboardInterrupt)."""
        stdin = self._process.stdin
        assert stdin is not None
        stdin.write(f"{text}\necho $? >&{STATUS}\n".encode())
        stdin.flush()
        status = b""
        with selectors.DefaultSelector() as selector:
            for fd in self._streams:
                selector.register(fd, selectors.EVENT_READ)
            try:
                while not status.endswith(b"\n") and not self.ended():
                    for key, _ in selector.select(0.2):
                        status += self._read(key.fd, write)
            except KeyboardInterrupt:
                self.interrupt()
                raise
        for fd in self._streams:  # what was printed before the end was told
            status += self._read(fd, write)
        return int(status.split()[-1]) if status.strip() else self._process.returncode or 0

    def _read(self, fd: int, write: Write) -> bytes:
        """Hand on what was printed; what the shell said of its status."""
        try:
            data = os.read(fd, 65536)
        except BlockingIOError:
            return b""
        if self._streams[fd] == STATUS:
            return data
        if data:
            write(self._streams[fd], data)
        return b""

    def interrupt(self) -> None:
        """Its own process group alone; a PID namespace below ends with its first process."""
        self._process.kill()
        self._process.wait()
