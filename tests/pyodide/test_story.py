"""What CI tells in Pyodide, and a visit to the playground, in a CPython that refuses what a browser cannot do."""

import subprocess
import sys
from pathlib import Path

GUARDED = """
import runpy, sys
def refuse(event, arguments):
    if event.startswith(("_thread.start", "socket.__new__", "subprocess.", "os.fork", "os.posix_spawn", "sqlite3.")):
        raise RuntimeError(f"a browser cannot do this: {event} {arguments}")
sys.addaudithook(refuse)
for name in ("aiohttp", "fakeredis", "grp", "lzma", "pwd", "requests", "resource", "sqlite3", "ssl", "syslog"):
    sys.modules[name] = None  # not there
runpy.run_path(sys.argv[1], run_name="__main__")
"""


def test_pull_run_exec_stop_rm_need_no_thread_and_no_socket():
    tell("story.py")


def test_the_playground_needs_none_either():
    tell("playground.py")


def tell(name: str) -> None:
    story = Path(__file__).parent / name
    done = subprocess.run([sys.executable, "-c", GUARDED, str(story)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
