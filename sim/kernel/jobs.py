"""Process groups, sessions and their terminal; whom a pid argument means.

Source: credentials(7), kill(2), setpgid(2), tty_ioctl(4).
"""

from __future__ import annotations

import errno
import os
import stat as st
from typing import TYPE_CHECKING, Any

from sim.kernel import signals
from sim.kernel.sessions import Session
from sim.vfs import files
from sim.vfs.paths import capable

if TYPE_CHECKING:
    from sim.kernel.processes import Process
    from sim.kernel.syscalls import SystemCalls
    from sim.kernel.terminal import Terminal


def fail(number: int) -> OSError:
    return OSError(number, os.strerror(number))


def process(caller: Process, pid: int) -> Process:
    """The process with this number in the caller's namespace. Raises ProcessLookupError."""
    found = caller.namespaces.pid.table.get(pid)
    if found is None:
        raise fail(errno.ESRCH)
    return found


def is_directory(caller: Process, path: str) -> bool:
    try:
        return st.S_ISDIR(files.stat(caller, path).mode)
    except OSError:
        return False


# -- groups and sessions


def group(caller: Process, pgid: int) -> list[Process]:
    """The members of a group, numbered as the caller sees it."""
    space = caller.namespaces.pid
    return [member for member in space.processes() if space.number_of(member.group) == pgid]


def setpgid(caller: Process, target: Process, pgid: int) -> None:
    """Move a process to a group of its session, or (0, its own number) to a new one."""
    if pgid in (0, caller.namespaces.pid.number(target)):
        target.group = target.pids
        return
    members = [member for member in group(caller, pgid) if member.session is target.session]
    if not members:
        raise fail(errno.EPERM)
    target.group = members[0].group


def setsid(target: Process) -> None:
    """A new session without a terminal. Raises PermissionError for the leader of a group."""
    if target.group == target.pids:
        raise fail(errno.EPERM)
    target.session = Session(target)
    target.group = target.pids


# -- terminals


def terminal(caller: Process, fd: int) -> Any:
    """The terminal behind a descriptor. Raises OSError ENOTTY."""
    found = getattr(caller.descriptors.file(fd), "terminal", None)
    if found is None:
        raise fail(errno.ENOTTY)
    return found


async def read_terminal(caller: SystemCalls, tty: Terminal, size: int) -> bytes:
    """A process of a background group that reads from its terminal is stopped (SIGTTIN) until it is in front.

    Raises OSError EIO if it cannot be stopped.
    """
    while True:
        await _reach_foreground(caller, tty)
        data = tty.read(size)
        if isinstance(data, bytes):
            return data
        await caller.block(data)


async def _reach_foreground(caller: SystemCalls, tty: Terminal) -> None:
    while caller.session is tty.session and caller.session is not None and caller.group != tty.foreground:
        signals.send_all(caller.namespaces.pid.group(caller.group), signals.SIGTTIN, caller)
        if not caller.stopped:
            raise fail(errno.EIO)
        await caller.kernel.loop.sleep(0)


def set_foreground(caller: Process, fd: int, pgid: int) -> None:
    tty = terminal(caller, fd)
    if caller.session is None or caller.session.terminal is not tty:
        raise fail(errno.ENOTTY)
    members = group(caller, pgid)
    if not members:
        raise fail(errno.EPERM)
    tty.foreground = members[0].group


# -- signals and children


def kill(caller: Process, pid: int, signal: int) -> None:
    """kill(2): one process, a group, or (-1) all but itself and init."""
    if not 0 <= signal <= signals.LAST:
        raise fail(errno.EINVAL)
    if pid > 0:
        targets = [process(caller, pid)]
    elif pid == -1:
        targets = [other for other in caller.namespaces.pid.processes() if other is not caller and other.pid != 1]
    else:
        targets = group(caller, -pid) if pid else caller.namespaces.pid.group(caller.group)
    if not targets:
        raise fail(errno.ESRCH)
    permitted = [target for target in targets if may_signal(caller, target)]
    if not permitted:
        raise fail(errno.EPERM)
    for target in permitted:
        signals.send(target, signal, caller)


def may_signal(caller: Process, target: Process) -> bool:
    return caller.uid == target.uid or capable(caller, "CAP_KILL")


def children(parent: Process, pid: int) -> list[Process]:
    """Those that a wait for `pid` means (wait(2)), oldest first."""
    everyone = list((parent.children or {}).values())
    if pid == -1:
        return everyone
    space = parent.namespaces.pid
    if pid > 0:
        return [child for child in everyone if space.number(child) == pid]
    wanted = parent.group if pid == 0 else None
    return [child for child in everyone if child.group == wanted or (pid < -1 and space.number_of(child.group) == -pid)]
