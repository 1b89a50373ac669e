"""docker-init (tini): a first process that passes signals on to the program and reaps orphans. `docker run --init`.

Source: tini(1), https://github.com/krallin/tini.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence

from sim.abi import WUNTRACED, Proc
from sim.kernel.loader import Program
from sim.kernel.processes import STOPPED

PATH = "/sbin/docker-init"
KEPT = frozenset({8, 4, 5, 6, 7, 9, 11, 17, 19, 21, 22, 31})  # not passed on: faults, KILL, STOP, CHLD, TTIN, TTOU, SYS
NOT_FOUND, NOT_EXECUTABLE = 127, 126


def program(args: Sequence[str]) -> Program:
    """What execve makes of the first process, with the container's own command behind it."""
    return Program(main, (PATH, "--", *args), PATH, "docker-init")


async def main(proc: Proc) -> int:
    """Run argv[2:] and wait for it; its status is ours."""
    command = proc.argv[2:]
    child = proc.fork(_run, setpgid=0)
    if proc.isatty(0):
        proc.tcsetpgrp(0, child)
    for number in range(1, 32):
        if number not in KEPT:
            proc.signal(number, lambda signal: _pass_on(proc, child, signal))
    while command:
        try:
            pid, status = await proc.wait(-1, WUNTRACED)
        except InterruptedError:
            continue
        if pid == child and status < STOPPED:
            return status if status >= 0 else 128 - status
    return 0


async def _run(proc: Proc) -> int:
    name, *_ = command = proc.argv[2:]
    reason, status = "No such file or directory", NOT_FOUND
    path = proc.which(name)
    if path is not None:
        try:
            await proc.execve(path, command, proc.env)
        except OSError as error:
            reason, status = error.strerror or str(error), NOT_EXECUTABLE
    await proc.err(f"[FATAL tini ({proc.pid})] exec {name} failed: {reason}\n")
    return status


def _pass_on(proc: Proc, child: int, signal: int) -> None:
    with contextlib.suppress(ProcessLookupError):  # it has just ended
        proc.kill(child, signal)
