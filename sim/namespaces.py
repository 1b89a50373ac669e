"""The container's namespaces: operations on what is neither files nor network. Twin: real/namespaces.py."""

from __future__ import annotations

from typing import Any

from engine.host import RuntimeFailure
from engine.operations import JoinNamespace, SetHostname, SetSysctl, Unshare
from sim.container import Container, Handlers
from sim.kernel.namespaces import CgroupNamespace, Namespaces, PidNamespace, UtsNamespace
from sim.rootfs import new_space


def join_namespace(container: Container, operation: JoinNamespace) -> None:
    """Remembered until the first process is made, which happens in `unshare`."""
    container.joined = {**(container.joined or {}), operation.type: operation.target}


def unshare(container: Container, operation: Unshare) -> None:
    """clone(2): the first process, in new namespaces where the operation says so."""
    kernel, new, joined = container.kernel, operation.namespaces, container.joined or {}
    host = kernel.host

    def of(type: str) -> Any:
        owner = joined.get(type, "host").removeprefix("container:")
        found = host if owner == "host" else kernel.containers[owner].namespaces
        return getattr(found or host, type)

    space = container.space = new_space(container)
    inodes, group = kernel.inodes, container.cgroup or kernel.root_cgroup
    container.namespaces = Namespaces(
        cgroup=CgroupNamespace(next(inodes), group) if "cgroup" in new else of("cgroup"),
        ipc=next(inodes) if "ipc" in new else of("ipc"),
        mount=space,
        network=kernel.new_network() if "network" in new else of("network"),
        pid=PidNamespace(next(inodes), host.pid) if "pid" in new else of("pid"),
        time=host.time,
        user=host.user,
        uts=UtsNamespace(next(inodes), host.uts.hostname) if "uts" in new else of("uts"),
    )
    space.context = container.namespaces
    container.process = kernel.clone(container.namespaces)


def set_hostname(container: Container, operation: SetHostname) -> None:
    assert container.namespaces is not None
    uts = container.namespaces.uts
    uts.hostname, uts.domain = operation.name, operation.domain


def set_sysctl(container: Container, operation: SetSysctl) -> None:
    assert container.namespaces is not None
    name, spaces = operation.name, container.namespaces
    if name == "kernel.domainname":
        spaces.uts.domain = operation.value
        return
    try:
        container.kernel.sysctls.write(spaces, name, operation.value)
    except FileNotFoundError as error:
        raise RuntimeFailure(f"open {error.filename}: no such file or directory") from None


HANDLERS: Handlers = {
    JoinNamespace: join_namespace,
    Unshare: unshare,
    SetHostname: set_hostname,
    SetSysctl: set_sysctl,
}
