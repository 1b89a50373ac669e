"""A whole Docker on the real Linux host in one call: loop, host and engine, wired together. Twin: sim/make.py."""

from __future__ import annotations

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


def make_engine(*, seed: int | None = None, data_root: Path | None = None) -> Engine:
    """An engine on this machine's kernel. Everything is kept below `data_root`, by default `default_root()`.

    Raises OSError if the folder cannot be had.
    """
    root = data_root or default_root()
    root.mkdir(parents=True, exist_ok=True)
    root.chmod(0o711)
    loop = Loop(WallClock(lead=0.0))
    return Engine(RealHost(loop, root), Outward(), seed=seed, data_root=root / "engine")
