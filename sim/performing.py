"""Kernel operations, performed one by one on the simulated kernel, with the time that each takes.

One table says for each type of operation which function does it and how long it takes. The lengths are those of a real
runtime on a Linux 6.1 machine: cgroup 0.11 ms with its limits, clone 0.61, directories and mount of the overlay 0.37,
proc, dev and pivot_root 0.16, loopback 0.24, execve 1.29, veth with bridge and address 8.5 ms.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from engine import operations as ops
from engine.host import RuntimeFailure
from engine.operations import Operation, Performed
from sim import credentials, namespaces, rootfs
from sim.cgroups import v2
from sim.container import Container, Handlers
from sim.credentials import ERRORS
from sim.net import bridges
from sim.net.network import Fabric

Undo = Callable[[Any, Sequence[Operation], int], list[Performed]]
HANDLERS: Handlers = {
    **namespaces.HANDLERS,
    **v2.HANDLERS,
    **bridges.HANDLERS,
    **rootfs.HANDLERS,
    **credentials.HANDLERS,
}

DURATIONS: dict[type, int] = {  # ns
    ops.MountOverlay: 370_000,
    ops.MakeCgroup: 60_000,
    ops.WriteCgroup: 12_500,
    ops.RemoveCgroup: 40_000,
    ops.Unshare: 610_000,
    ops.JoinNamespace: 20_000,
    ops.JoinCgroup: 20_000,
    ops.MakeBridge: 9_000_000,
    ops.AddRule: 1_500_000,
    ops.RemoveRule: 1_500_000,
    ops.MakeDummy: 6_000_000,
    ops.MakeSublink: 6_000_000,
    ops.MakeVeth: 7_000_000,
    ops.RemoveLink: 6_000_000,
    ops.SetAddress: 1_200_000,
    ops.AddRoute: 300_000,
    ops.ReplaceRoute: 300_000,
    ops.LoopbackUp: 240_000,
    ops.SetSysctl: 8_000,
    ops.MountFilesystem: 20_000,
    ops.Unmount: 20_000,
    ops.MakeDevices: 60_000,
    ops.MakeDevice: 15_000,
    ops.PivotRoot: 30_000,
    ops.MaskPath: 8_000,
    ops.ReadonlyPath: 8_000,
    ops.SetHostname: 3_000,
    ops.SetRlimit: 2_000,
    ops.SetOomScore: 8_000,
    ops.SetUser: 15_000,
    ops.SetCapabilities: 5_000,
    ops.NoNewPrivileges: 1_000,
    ops.LoadSeccomp: 120_000,
    ops.ChangeDirectory: 4_000,
    ops.Execve: 1_290_000,
}

TABLE = {kind: (HANDLERS[kind], duration) for kind, duration in DURATIONS.items() if kind is not ops.Execve}


def perform(container: Container, operations: Iterable[Operation]) -> list[Performed]:
    """Make a container: do them all, at once; each Performed says when it was its turn.

    Raises RuntimeFailure with what was performed, after undoing it.
    """
    return _attempt(container, operations, container.kernel.loop.time, undo)


def reconfigure(subject: Container | Fabric, operations: Iterable[Operation], moment: int) -> list[Performed]:
    """The same for the network of a container that runs, or of the host; undoing it ends no process."""
    return _attempt(subject, operations, moment, take_back)


def _attempt(subject: Any, operations: Iterable[Operation], moment: int, back: Undo) -> list[Performed]:
    performed: list[Performed] = []
    for operation in operations:
        handler, duration = TABLE[type(operation)]
        try:
            handler(subject, operation)
        except (OSError, RuntimeFailure) as error:
            text = str(error) if isinstance(error, RuntimeFailure) else describe(operation, error)
            performed.append(Performed(operation, moment, duration, text))
            performed += back(subject, [each.operation for each in performed[:-1]], moment + duration)
            raise RuntimeFailure(text, performed) from None
        performed.append(Performed(operation, moment, duration))
        moment += duration
    return performed


def undo(container: Container, done: Sequence[Operation], moment: int) -> list[Performed]:
    """Take back what was done; the process goes before the cgroup that it is in."""
    if container.process is not None:
        container.process.on_exit = None
        container.process.exit(-9)
    return take_back(container, done, moment)


def take_back(subject: Any, done: Sequence[Operation], moment: int) -> list[Performed]:
    """Last first."""
    performed: list[Performed] = []
    for operation in ops.undo_list(done):
        handler, duration = TABLE[type(operation)]
        handler(subject, operation)
        performed.append(Performed(operation, moment, duration))
        moment += duration
    return performed


def took(performed: Iterable[Performed]) -> float:
    """Seconds."""
    return sum(each.duration for each in performed) / 1e9


def describe(operation: Operation, error: OSError) -> str:
    """A kernel's refusal in the words of runc."""
    reason = ERRORS.get(error.errno or 0, str(error.strerror or error).lower())
    if isinstance(operation, ops.MountFilesystem):
        return (
            f'error mounting "{operation.source}" to rootfs at "{operation.target}": '
            f"mount src={operation.source}, dst={operation.target}: {reason}"
        )
    return f"{type(operation).__name__}: {reason}"


def release(container: Container) -> tuple[Performed, ...]:
    """What is left of a container whose processes are gone: its cgroup and the mount of its root."""
    moment = container.kernel.loop.time
    performed: list[Performed] = []
    if container.cgroup is not None:
        performed.append(Performed(ops.RemoveCgroup(container.cgroup.path), moment, DURATIONS[ops.RemoveCgroup]))
        container.cgroup.remove()
        container.cgroup = None
    if container.namespaces is not None:
        for type in {"network", "ipc"} - (container.joined or {}).keys():
            container.kernel.sysctls.forget(container.namespaces.inode(type))
    if container.rootfs is not None:
        moment += DURATIONS[ops.RemoveCgroup] * bool(performed)
        performed.append(Performed(UNMOUNT_ROOT, moment, DURATIONS[ops.Unmount]))
        container.rootfs = container.space = container.namespaces = None
    return tuple(performed)


UNMOUNT_ROOT = ops.Unmount("/")
