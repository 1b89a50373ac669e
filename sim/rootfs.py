"""The container's root: operations on mounts. Twin: real/rootfs.py."""

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


def mount_overlay(container: Container, operation: MountOverlay) -> None:
    kernel = container.kernel
    container.space = MountNamespace(kernel.storage, kernel.snapshots.tree(operation.key), readonly=operation.readonly)


def mount_filesystem(container: Container, operation: MountFilesystem) -> None:
    mounting.mount_at(
        _space(container), operation.source, operation.target, operation.type, operation.options, container.kernel.root
    )


def make_devices(container: Container, operation: MakeDevices) -> None:
    mounting.make_devices(_space(container), operation.devices)


def make_device(container: Container, operation: MakeDevice) -> None:
    kind, number = {"c": st.S_IFCHR, "b": st.S_IFBLK}[operation.kind], (operation.major, operation.minor)
    if container.cgroup is not None:
        limits = container.cgroup.set()
        limits.devices |= {number}
    mounting.make_device(_space(container), operation.path, kind | operation.mode, number)


def pivot_root(container: Container, operation: PivotRoot) -> None:
    """The mount namespace was made with this root; nothing of the host's is in it."""


def mask_path(container: Container, operation: MaskPath) -> None:
    mounting.mask(_space(container), operation.path)


def readonly_path(container: Container, operation: ReadonlyPath) -> None:
    mounting.read_only(_space(container), operation.path)


def unmount(container: Container, operation: Unmount) -> None:
    if operation.target == "/":
        container.space = None


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
