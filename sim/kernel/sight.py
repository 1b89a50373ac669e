"""What one process can see of another in /proc.

Numbers are those of the PID namespace whose /proc is mounted for the reader, names those of its user table.

Source: proc(5), /proc/PID/status; pid_namespaces(7).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sim.abi import ProcInfo

if TYPE_CHECKING:
    from sim.kernel.namespaces import PidNamespace
    from sim.kernel.processes import Process


def seen(process: Process, reader: Process, space: PidNamespace) -> ProcInfo:
    """A row of ps, as `reader` finds it in the /proc of `space`; 0 for the number of a process outside of that."""
    session = process.session
    uid, _ = reader.namespaces.user.seen(process.uid, process.gid)
    return ProcInfo(
        pid=space.number(process),
        ppid=space.number(process.parent) if process.parent is not None else 0,
        pgid=space.number_of(process.group),
        sid=space.number_of(session.pids) if session is not None else 0,
        uid=uid,
        user=process.kernel.user_name(reader, uid),
        state=process.state(),
        tty=session.tty_name() if session is not None else "?",
        start=process.start,
        cpu=process.cpu_used,
        rss=process.resident(),
        vsz=process.mapped(),
        comm=process.comm,
        args=tuple(process.argv),
    )
