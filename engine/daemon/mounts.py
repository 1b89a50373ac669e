"""What `-v`, `--mount`, `--tmpfs` and VOLUME ask for, as mount points (moby, volume/mounts/linux_parser.go).

A `-v` is [source:]target[:mode]; a source with a slash in front is a folder of the host, any other is a volume's name.
"""

from __future__ import annotations

import posixpath
import re
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from engine.daemon.config import (
    BindOptions,
    ContainerConfig,
    DriverConfig,
    HostConfig,
    MountRequest,
    VolumeOptions,
)
from engine.errors import InvalidParameter
from engine.spec import Mount

VOLUME_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]+")
DRIVE = re.compile(r"([A-Za-z]):[\\/]")  # how a path of Windows begins
ACCESS, LABEL = ("rw", "ro"), ("z", "Z")
PROPAGATION = ("private", "rprivate", "slave", "rslave", "shared", "rshared")
CONSISTENCY = ("consistent", "cached", "delegated")
MODES = (ACCESS, LABEL, PROPAGATION, CONSISTENCY, ("nocopy",))


@dataclass(frozen=True, slots=True)
class MountPoint:
    """One row of `docker inspect`'s Mounts. A volume's `source` is known once the volume is there."""

    type: str  # bind | volume | tmpfs | image
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
    must_exist: bool = False  # refuse if the host's file or folder is missing
    recursive: bool = True  # what is mounted below the source is shown, too
    subpath: str = ""  # of a volume or an image: only this folder of it
    image: str = ""  # of an image mount: its id
    driver: str = ""  # of a volume that has to be made, with its labels and options
    labels: tuple[tuple[str, str], ...] = ()
    driver_options: tuple[tuple[str, str], ...] = ()

    def json(self) -> dict[str, Any]:
        shown: dict[str, Any] = {"Type": self.type}
        if self.type in ("volume", "image"):
            shown["Name"] = self.name
        shown |= {"Source": self.source, "Destination": self.destination}
        if self.type == "volume":
            shown["Driver"] = "local"
        return shown | {"Mode": self.mode, "RW": self.rw, "Propagation": self.propagation}

    def row(self) -> dict[str, Any]:
        """What differs from a plain one, as JSON can hold it."""
        return {name: value for name, value in asdict(self).items() if value != DEFAULTS.get(name)}

    def spec(self) -> Mount:
        """As the runtime specification wants it."""
        if self.type == "tmpfs":
            return Mount(self.destination, "tmpfs", "tmpfs", ("nosuid", "nodev", "noexec", *self.options))
        access = () if self.rw else ("ro",)
        how = "rbind" if self.recursive else "bind"
        source = posixpath.join(self.source, self.subpath) if self.subpath else self.source
        return Mount(self.destination, "bind", source, (how, *access, self.propagation or "rprivate"))


DEFAULTS = {spec.name: spec.default for spec in fields(MountPoint)}


def point_from_row(row: dict[str, Any]) -> MountPoint:
    """What `MountPoint.row` gave."""
    pairs = {name: tuple((key, value) for key, value in row.get(name, ())) for name in ("labels", "driver_options")}
    return MountPoint(**(row | pairs | {"options": tuple(row.get("options", ()))}))


def requested(config: ContainerConfig, host: HostConfig) -> list[MountPoint]:
    """All mount points of a container but those of `--volumes-from`. Raises InvalidParameter."""
    points: dict[str, MountPoint] = {}
    for text in host.binds or ():
        _add(points, _with_driver(parse_bind(text), host.volume_driver))
    for request in host.mounts or ():
        _add(points, parse_mount(request))
    for target, options in (host.tmpfs or {}).items():
        points.setdefault(target, MountPoint("tmpfs", target, options=tuple(filter(None, options.split(",")))))
    for target in config.volumes or ():
        clean = _target(target, target)
        points.setdefault(clean, MountPoint("volume", clean, anonymous=True, driver=host.volume_driver))
    return list(points.values())


def _with_driver(point: MountPoint, driver: str) -> MountPoint:
    return replace(point, driver=driver) if driver and point.type == "volume" else point


def from_windows(host: HostConfig, drives: str) -> HostConfig:
    """Folders of Windows where the virtual machine has them, below `drives`: C:\\Users is DRIVES/c/Users."""
    binds = tuple(_from_windows(text, drives) for text in host.binds or ())
    requests = tuple(replace(each, source=_from_windows(each.source, drives)) for each in host.mounts or ())
    return replace(host, binds=binds if host.binds else host.binds, mounts=requests if host.mounts else host.mounts)


def _from_windows(text: str, drives: str) -> str:
    r"""
    >>> _from_windows(r"C:\Users\ada:/src:ro", "/mnt")
    '/mnt/c/Users/ada:/src:ro'
    """
    match = DRIVE.match(text)
    if match is None:
        return text
    path, colon, rest = text[match.end() :].partition(":")
    return f"{drives}/{match[1].lower()}/" + path.replace("\\", "/") + colon + rest


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
    """One of HostConfig.Mounts. Raises InvalidParameter."""
    try:
        return _parse_mount(request)
    except ValueError as error:
        raise InvalidParameter(f'invalid mount config for type "{request.type}": {error}') from None


def _parse_mount(request: MountRequest) -> MountPoint:
    kind, source = request.type, request.source
    if not request.target:
        raise ValueError("field Target must not be empty")
    target = posixpath.normpath(request.target)
    if target in ("/", "//"):
        raise ValueError("invalid specification: destination can't be '/'")
    _absolute(request.target)
    if kind == "bind":
        return _bind(request, target)
    if request.bind_options is not None and kind in ("volume", "tmpfs"):
        raise ValueError("field BindOptions must not be specified")
    if kind == "tmpfs":
        if source:
            raise ValueError("field Source must not be specified")
        return MountPoint("tmpfs", target, rw=not request.read_only, options=_tmpfs_options(request))
    if kind == "image":
        return _image(request, target)
    if kind != "volume":
        raise ValueError("mount type unknown")
    options = request.volume_options or VolumeOptions()
    if options.subpath and not source:
        raise ValueError("must not set Subpath when using anonymous volumes")
    if options.subpath and not _is_local(options.subpath):
        raise ValueError("subpath must be a relative path within the volume")
    if request.read_only and not source:
        raise ValueError("must not set ReadOnly mode when using anonymous volumes")
    driver = options.driver_config or DriverConfig()
    return replace(
        _volume(source, target, "", not request.read_only, not options.no_copy),
        subpath=options.subpath,
        driver=driver.name,
        labels=tuple((options.labels or {}).items()),
        driver_options=tuple((driver.options or {}).items()),
    )


def _bind(request: MountRequest, target: str) -> MountPoint:
    if not request.source:
        raise ValueError("field Source must not be empty")
    bind = request.bind_options or BindOptions()
    if bind.propagation and bind.propagation not in PROPAGATION:
        raise ValueError(f"invalid propagation mode: {bind.propagation}")
    if request.volume_options is not None:
        raise ValueError("field VolumeOptions must not be specified")
    _absolute(request.source)
    return MountPoint(
        "bind",
        target,
        posixpath.normpath(request.source),
        rw=not request.read_only,
        propagation=bind.propagation or "rprivate",
        create=bind.create_mountpoint,
        must_exist=not bind.create_mountpoint,
        recursive=not bind.non_recursive,
    )


def _image(request: MountRequest, target: str) -> MountPoint:
    for name, given in (("BindOptions", request.bind_options), ("VolumeOptions", request.volume_options)):
        if given is not None:
            raise ValueError(f"field {name} must not be specified")
    if not request.source:
        raise ValueError("field Source must not be empty")
    subpath = request.image_options.subpath if request.image_options else ""
    if subpath and not _is_local(subpath):
        raise ValueError("subpath must be a relative path within the volume")
    return MountPoint("image", target, request.source, rw=False, subpath=subpath)


def _absolute(path: str) -> None:
    if not path.startswith("/"):
        raise ValueError(f"invalid mount path: '{path}' mount path must be absolute")


def _is_local(path: str) -> bool:
    """Does it stay below the folder that it is relative to?"""
    return not path.startswith("/") and not posixpath.normpath(path).startswith("..")


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
    """Raises InvalidParameter (moby, volume/local/local.go)."""
    if len(name) == 1:
        raise InvalidParameter(
            f"create {name}: volume name is too short, names should be at least two alphanumeric characters"
        )
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
    if any(word in (*PROPAGATION, "nocopy") for word in mode.split(",")):
        raise InvalidParameter(f"invalid mode: {mode}")
    return name, mode
