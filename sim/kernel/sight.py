"""What one process can see of another: numbers are those of the reader's PID namespace, names those of its user table.

Source: proc(5), /proc/PID/status; pid_namespaces(7).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.abi import ProcInfo

if TYPE_CHECKING:
    from sim.kernel.processes import Process


def seen(process: Process, reader: Process) -> ProcInfo:
    """A row of ps, as `reader` finds it in /proc; 0 for the number of a process outside of its namespace."""
    space, session = reader.namespaces.pid, process.session
    return ProcInfo(
        pid=space.number(process),
        ppid=space.number(process.parent) if process.parent is not None else 0,
        pgid=space.number_of(process.group),
        sid=space.number_of(session.pids) if session is not None else 0,
        uid=process.uid,
        user=process.kernel.user_name(reader, process.uid),
        state=process.state(),
        tty=session.tty_name() if session is not None else "?",
        start=process.start,
        cpu=process.cpu_used,
        rss=process.resident(),
        vsz=process.mapped(),
        comm=process.comm,
        args=tuple(process.argv),
    )
