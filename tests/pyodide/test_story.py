"""The story that CI tells in Pyodide, in a fresh CPython in which nothing could start a thread or open a socket."""

import subprocess
import sys
from pathlib import Path

GUARDED = """
import runpy, sys
for name in ("threading", "socket", "_socket", "asyncio", "subprocess", "multiprocessing", "sqlite3"):
    sys.modules[name] = None
runpy.run_path(sys.argv[1], run_name="__main__")
"""


def test_pull_run_exec_stop_rm_need_no_thread_and_no_socket():
    story = Path(__file__).parent / "story.py"
    done = subprocess.run([sys.executable, "-c", GUARDED, str(story)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
