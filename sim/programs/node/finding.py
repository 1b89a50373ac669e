"""Where modules may be: node's own, the folders above a file, what a package exports."""

from __future__ import annotations

import posixpath
from functools import cache
from pathlib import Path
from typing import Any

LIBRARY = Path(__file__).parent / "library" / "node"


@cache
def own_modules() -> frozenset[str]:
    """Names of node's own modules."""
    found = {file.relative_to(LIBRARY).with_suffix("").as_posix() for file in LIBRARY.rglob("*.js")}
    return frozenset(name for name in found if not name.startswith("internal/"))


def upwards(folder: str) -> list[str]:
    """A folder and all above it; inside node_modules that one is left out."""
    found = [folder]
    while folder != "/":
        folder = posixpath.dirname(folder)
        found.append(folder)
    return [one for one in found if not one.endswith("/node_modules")]


def exported(exports: Any, wanted: str, importing: bool) -> str | None:
    """What the field `exports` of a package has for a path."""
    if isinstance(exports, dict) and any(key.startswith(".") for key in exports):
        exports = exports.get(wanted)
    elif wanted != ".":
        return None
    while isinstance(exports, dict):
        order = ("import" if importing else "require", "node", "default")
        exports = next((value for key, value in exports.items() if key in order), None)
    return exports if isinstance(exports, str) else None
