"""DOCKER_CONFIG/config.json, which is Docker's own file as well: what we do not know in it stays as it is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

NAME = "config.json"


def read(folder: Path) -> dict[str, Any]:
    """All of it; nothing if it is not there. Raises OSError, ValueError."""
    try:
        document: dict[str, Any] = json.loads((folder / NAME).read_text("utf-8"))
    except FileNotFoundError:
        return {}
    return document


def write(folder: Path, document: dict[str, Any]) -> None:
    """Its owner's alone (mode 0600) if it is new, since it may hold passwords. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / NAME
    path.touch(0o600)
    path.write_text(json.dumps(document, indent="\t"), "utf-8")
