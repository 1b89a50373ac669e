"""A whole Docker on the real Linux host in one call: loop, host and engine, wired together. Twin: sim/make.py."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from engine.daemon.engine import Engine
from engine.loop import Loop, WallClock
from real.host import RealHost
from real.registries import Outward


def default_root() -> Path:
    """Where everything is kept if nobody says where."""
    if os.geteuid() == 0:
        return Path("/var/lib/glassdock")
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local/share") / "glassdock"


def _take(root: Path) -> None:
    """One daemon for a folder, until the process ends. Raises OSError."""
    lock = os.open(root / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(lock)
        raise OSError(f"another daemon works in {root}") from None


def make_engine(*, seed: int | None = None, data_root: Path | None = None, live_restore: bool = False) -> Engine:
    """An engine on this machine's kernel. Everything is kept below `data_root`, by default `default_root()`.

    Raises OSError if the folder cannot be had.
    """
    root = data_root or default_root()
    root.mkdir(parents=True, exist_ok=True)
    root.chmod(0o711)
    _take(root)
    loop = Loop(WallClock(lead=0.0))
    return Engine(RealHost(loop, root, live_restore), Outward(), seed=seed, data_root=root / "engine")
