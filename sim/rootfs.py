"""The container's root: operations on mounts. Twin: real/rootfs.py.

A container's mount namespace begins as a copy of the host's, in which the image's filesystem lies at `ROOTFS`. All that
the container will need is mounted below it; pivot_root then makes it the root, and lets the host's files go.
"""

from __future__ import annotations

import stat as st

from engine.operations import (
    MakeDevice,
    MakeDevices,
    MaskPath,
    MountFilesystem,
    MountOverlay,
    PivotRoot,
    ReadonlyPath,
    Unmount,
)
from sim.container import Container, Handlers
from sim.vfs import mounting
from sim.vfs.mounts import MountNamespace

ROOTFS = ("run", "runc", "rootfs")  # of all containers, each in a mount namespace of its own


def mount_overlay(container: Container, operation: MountOverlay) -> None:
    """Mounted for this container alone: it is entered into the table of its mount namespace when that is made."""
    container.rootfs = container.kernel.snapshots.tree(operation.key)
    container.readonly = operation.readonly


def new_space(container: Container) -> MountNamespace:
    """unshare --mount: what the host sees, and the container's root below it."""
    assert container.rootfs is not None
    space = container.kernel.host.mount.copy()
    options = ("ro",) if container.readonly else ("rw",)
    space.attach(ROOTFS, 0, container.rootfs.type, options, container.rootfs)
    container.root = ROOTFS
    return space


def mount_filesystem(container: Container, operation: MountFilesystem) -> None:
    mounting.mount_at(
        _space(container), operation.source, operation.target, operation.type, operation.options,
        container.kernel.root, container.root,
    )  # fmt: skip


def make_devices(container: Container, operation: MakeDevices) -> None:
    mounting.make_devices(_space(container), operation.devices, container.root)


def make_device(container: Container, operation: MakeDevice) -> None:
    kind, number = {"c": st.S_IFCHR, "b": st.S_IFBLK}[operation.kind], (operation.major, operation.minor)
    if container.cgroup is not None:
        limits = container.cgroup.set()
        limits.devices |= {(operation.kind, str(operation.major), str(operation.minor))}
    mounting.make_device(_space(container), operation.path, kind | operation.mode, number, container.root)


def pivot_root(container: Container, operation: PivotRoot) -> None:
    """The container's root becomes the root of its mount namespace; nothing of the host's is left in it."""
    space = _space(container)
    row = space.table.branch.find(container.root)
    space.pivot(row, None)
    container.root = ()


def mask_path(container: Container, operation: MaskPath) -> None:
    mounting.mask(_space(container), operation.path)


def readonly_path(container: Container, operation: ReadonlyPath) -> None:
    mounting.read_only(_space(container), operation.path)


def unmount(container: Container, operation: Unmount) -> None:
    if operation.target == "/":
        container.rootfs = container.space = None


def _space(container: Container) -> MountNamespace:
    assert container.space is not None
    return container.space


HANDLERS: Handlers = {
    MountOverlay: mount_overlay,
    MountFilesystem: mount_filesystem,
    MakeDevices: make_devices,
    MakeDevice: make_device,
    PivotRoot: pivot_root,
    MaskPath: mask_path,
    ReadonlyPath: readonly_path,
    Unmount: unmount,
}
