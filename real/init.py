"""docker-init: a first process that passes signals on to the program and reaps orphans. Twin: sim/init.py.

It is the process that has made the container, which goes on instead of becoming the program. Source: tini(1).
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
from collections.abc import Callable, Sequence

from real import program, syscalls
from real.performing import Failure

KEPT = frozenset({4, 5, 6, 7, 8, 9, 11, 17, 19, 21, 22, 31})  # not passed on: faults, KILL, STOP, CHLD, TTIN, TTOU, SYS
NOT_FOUND, NOT_EXECUTABLE = 127, 126


def run(args: Sequence[str], env: Sequence[str], home: str, at_start: Callable[[], object]) -> None:
    """Start the program and wait for it; its status is ours. Does not return."""
    signal.set_wakeup_fd(-1)
    syscalls.prctl_name(b"docker-init")
    call_itself(["/sbin/docker-init", "--", *args])
    passed = {number for number in range(1, 32) if number not in KEPT}
    signal.pthread_sigmask(signal.SIG_BLOCK, passed | {signal.SIGCHLD})
    child = os.fork()
    if child == 0:
        signal.pthread_sigmask(signal.SIG_SETMASK, [])
        os.setpgid(0, 0)
        if os.isatty(0):
            with contextlib.suppress(OSError):
                signal.signal(signal.SIGTTOU, signal.SIG_IGN)
                os.tcsetpgrp(0, os.getpid())
                signal.signal(signal.SIGTTOU, signal.SIG_DFL)
        _become(args, env, home)
    at_start()
    syscalls.close_range(3)
    while True:
        got = signal.sigwait(passed | {signal.SIGCHLD})
        if got == signal.SIGCHLD:
            _reap(child)
            continue
        with contextlib.suppress(ProcessLookupError):  # it has just ended
            os.kill(child, got)


def call_itself(words: Sequence[str]) -> None:
    """What `ps` shows as the command line: the memory that held the old one is written over (proc_pid_cmdline(5))."""
    with open("/proc/self/stat") as file:
        fields = file.read().rpartition(")")[2].split()
    start, end = int(fields[45]), int(fields[46])  # arg_start and arg_end; the first field after the name is number 3
    if 0 < start < end:
        text = b"\0".join(map(os.fsencode, words))[: end - start - 1]
        ctypes.memmove(start, text.ljust(end - start, b"\0"), end - start)


def _become(args: Sequence[str], env: Sequence[str], home: str) -> None:
    try:
        path = program.look_up(args[0], env)
        os.execve(path, [os.fsencode(word) for word in args], program.with_home(env, home))
    except (Failure, OSError) as error:
        found = isinstance(error, OSError)
        why = error.strerror if isinstance(error, OSError) else "No such file or directory"
        os.write(2, f"[FATAL tini ({os.getpid()})] exec {args[0]} failed: {why}\n".encode())
        os._exit(NOT_EXECUTABLE if found else NOT_FOUND)


def _reap(child: int) -> None:
    """All that have ended; when the program has, so do we."""
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        if pid == child:
            code = os.waitstatus_to_exitcode(status)
            os._exit(code if code >= 0 else 128 - code)
