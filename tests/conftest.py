"""For all tests: what checks our work without using our code (tests/checkers), properties that no clock judges, and how
a worker of pytest-xdist ended that was lost: a process that a signal ends can say nothing itself.
"""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

sys.path.insert(0, str(Path(__file__).parent / "checkers"))
settings.register_profile("glassdock", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("glassdock")


@pytest.hookimpl(trylast=True)
def pytest_configure(config):
    """What a shell starts in the background ignores Ctrl-C, and so would all that the tests start and interrupt."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_runtest_teardown(item):
    """Nothing may make SIGPIPE deadly for its process, as it is for a shell's commands.

    A notebook or a server that writes to somebody who has left would be gone, and so would the tests.
    """
    if hasattr(signal, "SIGPIPE") and signal.getsignal(signal.SIGPIPE) is not signal.SIG_IGN:
        signal.signal(signal.SIGPIPE, signal.SIG_IGN)
        pytest.fail("SIGPIPE ends this process now", pytrace=False)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node, error):
    """How a worker ended that should not have; pytest-xdist tells only that it did."""
    if error:
        try:
            status = node.gateway._io.popen.wait(10)
            end = f"ended by {signal.Signals(-status).name}" if status < 0 else f"exited with {status}"
        except subprocess.TimeoutExpired:
            end = "runs, but cannot be heard"
        print(f"\n{node.gateway.id}: {end}", file=sys.stderr)
