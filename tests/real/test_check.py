"""`glassdock check`, on the command line and in a notebook's process."""

from __future__ import annotations

import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="asks the Linux kernel")

IN_A_NOTEBOOK = """
import socket
from engine.cli import main
main(["check"])
ours, theirs = socket.socketpair()
theirs.close()
try:
    ours.send(b"to somebody who has left")
except BrokenPipeError:
    print("still here")
"""


def test_a_notebook_that_has_looked_at_its_kernel_survives_a_client_that_leaves():
    done = subprocess.run([sys.executable, "-c", IN_A_NOTEBOOK], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "still here"), done.stderr


def test_a_reader_that_has_seen_enough_is_no_error():
    command = [sys.executable, "-m", "engine.cli", "check"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as check:
        check.stdout.close()
        assert check.stderr.read() == b""
    assert check.returncode in (0, 1)
