"""`-v` and `--mount` (docker/cli opts/mount.go, cli/compose/loader/volume.go)."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from engine.client.forms import csv_fields
from engine.units import ram_in_bytes

TRUE = {"1", "t", "T", "true", "TRUE", "True"}
FALSE = {"0", "f", "F", "false", "FALSE", "False"}
SWITCHES = ("readonly", "ro", "volume-nocopy", "bind-nonrecursive", "bind-create-src")
RECURSIVE = ("enabled", "disabled", "writable", "readonly")


def volume_option(word: str) -> str | None:
    """A bind as the API takes it; None for an anonymous volume ("/data"). A relative source is made absolute.

    Raises ValueError with docker's words.
    """
    if not word:
        raise ValueError("invalid empty volume spec")
    if ":" not in word or _is_drive(word):
        return None
    if not all(word.split(":")):
        raise ValueError(f"invalid spec: {word}: empty section between colons")
    source, colon, rest = word.partition(":")
    if source.startswith("."):
        source = str(Path(source).resolve())
    return source + colon + rest


def _is_drive(word: str) -> bool:
    r"""Nothing but a path of Windows: c:\data."""
    return re.fullmatch(r"[A-Za-z]:\\[^:]*", word) is not None


def mount_option(word: str) -> dict[str, Any]:
    """ "type=bind,source=/a,target=/b,readonly" as the API's Mount. Raises ValueError with docker's words."""
    mount: dict[str, Any] = {"Type": "volume"}
    for field in csv_fields(word):
        key, equals, value = field.partition("=")
        key = key.lower()
        if not equals and key not in SWITCHES:
            raise ValueError(f"invalid field '{field}' must be a key=value pair")
        if key not in KEYS:
            raise ValueError(f"unexpected key '{key}' in '{field}'")
        KEYS[key](mount, key, value if equals else "true")
    _check(mount)
    return mount


Setter = Callable[[dict[str, Any], str, str], object]


def _put(name: str) -> Setter:
    return lambda mount, key, value: mount.update({name: value})


def _inside(group: str, name: str, read: Callable[[str, str], Any] = lambda key, value: value) -> Setter:
    def put(mount: dict[str, Any], key: str, value: str) -> None:
        mount.setdefault(group, {})[name] = read(key, value)

    return put


def _pair(name: str) -> Setter:
    """Labels and options of a volume: a=b."""

    def put(mount: dict[str, Any], key: str, value: str) -> None:
        inside = mount.setdefault("VolumeOptions", {})
        where = inside.setdefault("DriverConfig", {}) if name == "Options" else inside
        left, _, right = value.partition("=")
        where.setdefault(name, {})[left] = right

    return put


def _driver(mount: dict[str, Any], key: str, value: str) -> None:
    mount.setdefault("VolumeOptions", {}).setdefault("DriverConfig", {})["Name"] = value


def _source(mount: dict[str, Any], key: str, value: str) -> None:
    mount["Source"] = str(Path(value).resolve()) if value.startswith(".") else value


def _read_only(mount: dict[str, Any], key: str, value: str) -> None:
    mount["ReadOnly"] = _switch(key, value)


def _switch(key: str, value: str) -> bool:
    if value not in TRUE | FALSE:
        raise ValueError(f"invalid value for {key}: {value}")
    return value in TRUE


def _recursive(mount: dict[str, Any], key: str, value: str) -> None:
    bind = mount.setdefault("BindOptions", {})
    if value not in RECURSIVE:
        raise ValueError(f'invalid value for {key}: {value} (must be "enabled", "disabled", "writable", or "readonly")')
    bind |= {"disabled": {"NonRecursive": True}, "writable": {"ReadOnlyNonRecursive": True},
             "readonly": {"ReadOnlyForceRecursive": True}}.get(value, {})  # fmt: skip


def _bytes(key: str, value: str) -> int:
    try:
        return ram_in_bytes(value)
    except ValueError:
        raise ValueError(f"invalid value for {key}: {value}") from None


def _mode(key: str, value: str) -> int:
    try:
        return int(value, 8)
    except ValueError:
        raise ValueError(f"invalid value for {key}: {value}") from None


KEYS: dict[str, Setter] = {
    "type": lambda mount, key, value: mount.update(Type=value.lower()),
    "source": _source,
    "src": _source,
    "target": _put("Target"),
    "dst": _put("Target"),
    "destination": _put("Target"),
    "readonly": _read_only,
    "ro": _read_only,
    "consistency": lambda mount, key, value: mount.update(Consistency=value.lower()),
    "bind-propagation": lambda mount, key, value: _inside("BindOptions", "Propagation")(mount, key, value.lower()),
    "bind-nonrecursive": _inside("BindOptions", "NonRecursive", _switch),
    "bind-recursive": _recursive,
    "bind-create-src": _inside("BindOptions", "CreateMountpoint", _switch),
    "volume-subpath": _inside("VolumeOptions", "Subpath"),
    "volume-nocopy": _inside("VolumeOptions", "NoCopy", _switch),
    "volume-label": _pair("Labels"),
    "volume-driver": _driver,
    "volume-opt": _pair("Options"),
    "image-subpath": _inside("ImageOptions", "Subpath"),
    "tmpfs-size": _inside("TmpfsOptions", "SizeBytes", _bytes),
    "tmpfs-mode": _inside("TmpfsOptions", "Mode", _mode),
}


def _check(mount: dict[str, Any]) -> None:
    kind = mount["Type"]
    if not kind:
        raise ValueError("type is required")
    if not mount.get("Target"):
        raise ValueError("target is required")
    for group, word, owner in (
        ("VolumeOptions", "volume-*", "volume"),
        ("ImageOptions", "image-*", "image"),
        ("BindOptions", "bind-*", "bind"),
        ("TmpfsOptions", "tmpfs-*", "tmpfs"),
    ):
        if group in mount and kind != owner:
            raise ValueError(f"cannot mix '{word}' options with mount type '{kind}'")
    bind = mount.get("BindOptions", {})
    if bind.get("ReadOnlyForceRecursive"):
        if not mount.get("ReadOnly"):
            raise ValueError("option 'bind-recursive=readonly' requires 'readonly' to be specified in conjunction")
        if bind.get("Propagation") != "rprivate":
            raise ValueError(
                "option 'bind-recursive=readonly' requires 'bind-propagation=rprivate' to be specified in conjunction"
            )
    if bind.get("ReadOnlyNonRecursive") and not mount.get("ReadOnly"):
        raise ValueError("option 'bind-recursive=writable' requires 'readonly' to be specified in conjunction")
    if "VolumeOptions" in mount:
        mount["VolumeOptions"].setdefault("DriverConfig", {})
