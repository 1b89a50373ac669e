"""What `-v`, `--mount`, `--tmpfs` and VOLUME ask for, as mount points (moby, volume/mounts/linux_parser.go).

A `-v` is [source:]target[:mode]; a source with a slash in front is a folder of the host, any other is a volume's name.
"""

from __future__ import annotations

import posixpath
import re
from dataclasses import asdict, dataclass
from typing import Any

from engine.daemon.config import BindOptions, ContainerConfig, HostConfig, MountRequest
from engine.errors import InvalidParameter
from engine.spec import Mount

VOLUME_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]+")
ACCESS, LABEL = ("rw", "ro"), ("z", "Z")
PROPAGATION = ("private", "rprivate", "slave", "rslave", "shared", "rshared")
CONSISTENCY = ("consistent", "cached", "delegated")
MODES = (ACCESS, LABEL, PROPAGATION, CONSISTENCY, ("nocopy",))


@dataclass(frozen=True, slots=True)
class MountPoint:
    """One row of `docker inspect`'s Mounts. A volume's `source` is known once the volume is there."""

    type: str  # bind | volume | tmpfs
    destination: str
    source: str = ""
    name: str = ""
    mode: str = ""
    rw: bool = True
    propagation: str = ""
    options: tuple[str, ...] = ()  # of a tmpfs
    anonymous: bool = False
    create: bool = False  # make the host's folder if it is missing
    copy: bool = True  # an empty volume takes what the image has there

    def json(self) -> dict[str, Any]:
        shown: dict[str, Any] = {"Type": self.type}
        if self.type == "volume":
            shown["Name"] = self.name
        shown |= {"Source": self.source, "Destination": self.destination}
        if self.type == "volume":
            shown["Driver"] = "local"
        return shown | {"Mode": self.mode, "RW": self.rw, "Propagation": self.propagation}

    def row(self) -> dict[str, Any]:
        return asdict(self)

    def spec(self) -> Mount:
        """As the runtime specification wants it."""
        if self.type == "tmpfs":
            return Mount(self.destination, "tmpfs", "tmpfs", ("nosuid", "nodev", "noexec", *self.options))
        access = () if self.rw else ("ro",)
        return Mount(self.destination, "bind", self.source, ("rbind", *access, self.propagation or "rprivate"))


def requested(config: ContainerConfig, host: HostConfig) -> list[MountPoint]:
    """All mount points of a container but those of `--volumes-from`. Raises InvalidParameter."""
    points: dict[str, MountPoint] = {}
    for text in host.binds or ():
        _add(points, parse_bind(text))
    for request in host.mounts or ():
        _add(points, parse_mount(request))
    for target, options in (host.tmpfs or {}).items():
        points.setdefault(target, MountPoint("tmpfs", target, options=tuple(filter(None, options.split(",")))))
    for target in config.volumes or ():
        clean = _target(target, target)
        points.setdefault(clean, MountPoint("volume", clean, anonymous=True))
    return list(points.values())


def _add(points: dict[str, MountPoint], point: MountPoint) -> None:
    if point.destination in points:
        raise InvalidParameter(f"Duplicate mount point: {point.destination}")
    points[point.destination] = point


def parse_bind(text: str) -> MountPoint:
    """
    >>> parse_bind("data:/d:ro").rw, parse_bind("/tmp:/x").type
    (False, 'bind')
    """
    parts = text.split(":")
    if len(parts) > 3 or not all(parts):
        raise InvalidParameter(f"invalid volume specification: '{text}'")
    source, target, mode = (["", parts[0], ""] if len(parts) == 1 else [*parts, ""])[:3]
    if len(parts) == 2 and _is_mode(target) and source.startswith("/"):
        source, target, mode = "", source, target
    check_mode(mode)
    target = _target(target, text, "bind" if source.startswith("/") else "volume")
    words = mode.split(",") if mode else []
    if not source.startswith("/"):
        return _volume(source, target, mode, "ro" not in words, "nocopy" not in words)
    return MountPoint(
        "bind",
        target,
        posixpath.normpath(source),
        mode=mode,
        rw="ro" not in words,
        propagation=next((word for word in words if word in PROPAGATION), "rprivate"),
        create=True,
    )


def _volume(name: str, target: str, mode: str, rw: bool, copy: bool) -> MountPoint:
    """A named one, or one that nobody named."""
    if name:
        check_volume_name(name)
    return MountPoint(
        "volume", target, name=name, mode=mode or ("z" if name else ""), rw=rw, anonymous=not name, copy=copy
    )


def parse_mount(request: MountRequest) -> MountPoint:
    """One of HostConfig.Mounts."""
    kind = request.type
    wrong = f'invalid mount config for type "{kind}": '
    if kind not in ("bind", "volume", "tmpfs"):
        raise InvalidParameter(f"{wrong}mount type unknown")
    if not request.target:
        raise InvalidParameter(f"{wrong}field Target must not be empty")
    if not request.target.startswith("/"):
        raise InvalidParameter(f"{wrong}invalid mount path: '{request.target}' mount path must be absolute")
    target = posixpath.normpath(request.target)
    if target == "/":
        raise InvalidParameter(f"{wrong}invalid specification: destination can't be '/'")
    if kind == "bind":
        if not request.source:
            raise InvalidParameter(f"{wrong}field Source must not be empty")
        if not request.source.startswith("/"):
            raise InvalidParameter(f"{wrong}invalid mount path: '{request.source}' mount path must be absolute")
        bind = request.bind_options or BindOptions()
        return MountPoint(
            "bind",
            target,
            posixpath.normpath(request.source),
            rw=not request.read_only,
            propagation=bind.propagation or "rprivate",
            create=bind.create_mountpoint,
        )
    if kind == "tmpfs":
        if request.source:
            raise InvalidParameter(f"{wrong}field Source must not be specified")
        return MountPoint("tmpfs", target, rw=not request.read_only, options=_tmpfs_options(request))
    options = request.volume_options
    return _volume(request.source, target, "", not request.read_only, not (options and options.no_copy))


def _tmpfs_options(request: MountRequest) -> tuple[str, ...]:
    options = request.tmpfs_options
    if options is None:
        return ()
    size = (f"size={options.size_bytes}",) if options.size_bytes else ()
    return size + ((f"mode={options.mode:o}",) if options.mode else ())


def check_mode(mode: str) -> None:
    """A mode is words of different kinds, separated by commas. Raises InvalidParameter."""
    words = mode.split(",") if mode else []
    kinds = [kind for word in words for kind, members in enumerate(MODES) if word in members]
    if len(kinds) != len(words) or len(set(kinds)) != len(kinds):
        raise InvalidParameter(f"invalid mode: {mode}")


def _is_mode(text: str) -> bool:
    return bool(text) and all(any(word in members for members in MODES) for word in text.split(","))


def _target(path: str, text: str, kind: str = "volume") -> str:
    wrong = f"invalid volume specification: '{text}': invalid mount config for type \"{kind}\": "
    if not path.startswith("/"):
        raise InvalidParameter(f"{wrong}invalid mount path: '{path}' mount path must be absolute")
    path = posixpath.normpath(path)
    if path in ("/", "//"):
        raise InvalidParameter(f"{wrong}invalid specification: destination can't be '/'")
    return path


def check_volume_name(name: str) -> None:
    if not VOLUME_NAME.fullmatch(name):
        raise InvalidParameter(
            f'create {name}: "{name}" includes invalid characters for a local volume name, only '
            '"[a-zA-Z0-9][a-zA-Z0-9_.-]" are allowed. If you intended to pass a host directory, use absolute path'
        )


def volumes_from(text: str) -> tuple[str, str]:
    """
    >>> volumes_from("store:ro")
    ('store', 'ro')
    """
    name, _, mode = text.partition(":")
    if not name:
        raise InvalidParameter(f"malformed volumes-from specification: {text}")
    check_mode(mode)
    return name, mode
