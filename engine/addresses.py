"""Where a daemon listens when nobody says otherwise: one socket per host kind, in the user's own runtime folder."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

LONGEST_PATH = 107 if sys.platform == "linux" else 103  # unix(7): sun_path, less its final zero
LONGEST_NAME = "/real.sock"


def runtime_directory() -> Path:
    """$XDG_RUNTIME_DIR/glassdock; without that variable, a folder of the user's in the temporary directory.

    In /tmp if a socket in that one would have too long a path.
    """
    user = os.getuid() if hasattr(os, "getuid") else "user"
    base = os.environ.get("XDG_RUNTIME_DIR")
    folder = Path(base) / "glassdock" if base else Path(tempfile.gettempdir()) / f"glassdock-{user}"
    fits = len(os.fsencode(f"{folder}{LONGEST_NAME}")) <= LONGEST_PATH
    return folder if fits else Path(f"/tmp/glassdock-{user}")


def default_address(kind: str) -> str:
    """ "unix:///run/user/1000/glassdock/sim.sock"; on Windows a port on loopback."""
    if sys.platform == "win32":
        return f"tcp://127.0.0.1:{2375 if kind == 'sim' else 2374}"
    return f"unix://{runtime_directory() / f'{kind}.sock'}"
