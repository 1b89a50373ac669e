"""`-v` and `--mount` (docker/cli opts/mount.go)."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

from engine.units import ram_in_bytes

_TRUE = {"", "1", "true", "True", "TRUE", "t"}


def volume_option(word: str) -> str | None:
    """A bind as the API takes it; None for an anonymous volume ("/data"). A relative source is made absolute."""
    if ":" not in word or (
        len(word) > 2 and word[1] == ":" and word.count(":") == 1 and word[0].isalpha() and word[2] == "\\"
    ):
        return None
    source, colon, rest = word.partition(":")
    if source.startswith("."):
        source = str(Path(source).resolve())
    elif source == "~" or source.startswith("~/"):
        source = str(Path(source).expanduser())
    return source + colon + rest


def mount_option(word: str) -> dict[str, Any]:
    """ "type=bind,source=/a,target=/b,readonly" as the API's Mount. Raises ValueError with docker's words."""
    mount: dict[str, Any] = {"Type": "volume", "Source": "", "Target": ""}
    for field in next(csv.reader([word])):
        key, equals, value = field.partition("=")
        key = key.lower()
        if not equals and key not in ("readonly", "ro", "volume-nocopy", "bind-nonrecursive"):
            raise ValueError(f"invalid field '{field}' must be a key=value pair")
        match key:
            case "type":
                mount["Type"] = value.lower()
            case "source" | "src":
                mount["Source"] = str(Path(value).resolve()) if value.startswith(".") else value
            case "target" | "dst" | "destination":
                mount["Target"] = value
            case "readonly" | "ro":
                mount["ReadOnly"] = value in _TRUE
            case "bind-propagation":
                mount.setdefault("BindOptions", {})["Propagation"] = value
            case "volume-nocopy":
                mount.setdefault("VolumeOptions", {})["NoCopy"] = value in _TRUE
            case "volume-label":
                name, _, text = value.partition("=")
                mount.setdefault("VolumeOptions", {}).setdefault("Labels", {})[name] = text
            case "tmpfs-size":
                mount.setdefault("TmpfsOptions", {})["SizeBytes"] = ram_in_bytes(value)
            case "tmpfs-mode":
                mount.setdefault("TmpfsOptions", {})["Mode"] = int(value, 8)
            case _:
                raise ValueError(f"unexpected key '{key}' in '{field}'")
    if not mount["Target"]:
        raise ValueError("target is required")
    return mount
