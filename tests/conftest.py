"""For all tests: what checks our work without using our code (tests/checkers), and properties that no clock judges."""

from __future__ import annotations

import sys
from pathlib import Path

from hypothesis import HealthCheck, settings

sys.path.insert(0, str(Path(__file__).parent / "checkers"))
settings.register_profile("glassdock", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("glassdock")
