"""Lets the tests of the simulated host import `machine`, the small machine that runs programs."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
