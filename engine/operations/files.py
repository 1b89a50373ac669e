"""Operations on what the container sees as its files: mounts, devices, its root."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import ClassVar

from engine.linux import DEVICES as DEVICES
from engine.operations.base import Operation


@dataclass(frozen=True, slots=True)
class MountOverlay(Operation):
    """The image's read-only layers below, one writable layer on top. `lower` topmost first, as overlayfs takes it."""

    man: ClassVar[str] = "mount(8)"
    key: str  # the snapshot
    lower: tuple[str, ...]
    readonly: bool = False

    def shell(self) -> str:
        options = f"lowerdir={':'.join(self.lower)},upperdir={self.key}/upper,workdir={self.key}/work"
        return f"mount -t overlay overlay -o {options} {{root}}"

    def undo(self) -> Operation:
        return Unmount("/")


@dataclass(frozen=True, slots=True)
class MountFilesystem(Operation):
    """proc, sysfs, tmpfs, devpts, mqueue, cgroup2 or a bind mount, under the container's root."""

    man: ClassVar[str] = "mount(8)"
    type: str
    source: str
    target: str
    options: tuple[str, ...] = ()

    def shell(self) -> str:
        options = f" -o {','.join(self.options)}" if self.options else ""
        if self.type == "bind":
            return f"mount --bind{options} {shlex.quote(self.source)} {{root}}{shlex.quote(self.target)}"
        return f"mount -t {self.type}{options} {shlex.quote(self.source)} {{root}}{shlex.quote(self.target)}"

    def undo(self) -> Operation:
        return Unmount(self.target)


@dataclass(frozen=True, slots=True)
class Unmount(Operation):
    man: ClassVar[str] = "umount(8)"
    target: str

    def shell(self) -> str:
        return f"umount {{root}}{self.target}"


@dataclass(frozen=True, slots=True)
class MakeDevices(Operation):
    """null, zero, full, random, urandom, tty and the links fd, stdin, stdout, stderr, ptmx."""

    man: ClassVar[str] = "mknod(1)"
    devices: tuple[str, ...] = ("null", "zero", "full", "random", "urandom", "tty")

    def shell(self) -> str:
        return "; ".join(f"mknod -m 666 {{root}}/dev/{name} c …" for name in self.devices)


@dataclass(frozen=True, slots=True)
class MakeDevice(Operation):
    """One more device node, of a device that the host has (`docker run --device`)."""

    man: ClassVar[str] = "mknod(1)"
    path: str
    kind: str  # "c" or "b"
    major: int
    minor: int
    mode: int = 0o660

    def shell(self) -> str:
        return f"mknod -m {self.mode:o} {{root}}{shlex.quote(self.path)} {self.kind} {self.major} {self.minor}"


@dataclass(frozen=True, slots=True)
class PivotRoot(Operation):
    """Make the container's root the root of the mount namespace and let go of the host's."""

    man: ClassVar[str] = "pivot_root(8)"

    def shell(self) -> str:
        return "cd {root} && pivot_root . . && umount -l ."


@dataclass(frozen=True, slots=True)
class MaskPath(Operation):
    """Hide a path that tells too much: /dev/null over a file, an empty tmpfs over a directory."""

    man: ClassVar[str] = "mount(8)"
    path: str

    def shell(self) -> str:
        return f"mount --bind /dev/null {self.path}"


@dataclass(frozen=True, slots=True)
class ReadonlyPath(Operation):
    man: ClassVar[str] = "mount(8)"
    path: str

    def shell(self) -> str:
        if self.path == "/":
            return "mount -o remount,ro /"
        return f"mount --bind {self.path} {self.path} && mount -o remount,bind,ro {self.path}"
