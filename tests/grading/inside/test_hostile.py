"""Notebooks that want to do harm: each ends as a mark with a reason, within its limits, and the class is graded.

Run by tests/grading/test_behind_walls.py. All are graded in one run, as a class would be.
"""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

if "GLASSDOCK_HOSTILE" not in os.environ:
    pytest.skip("run by tests/grading/test_behind_walls.py", allow_module_level=True)

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from handed import COURSE, TOY, hand_in, notebook, solved

from classroom.grading.grader import Course, Crew, asked, take
from classroom.grading.limits import MB, Limits
from classroom.grading.results import Result, State
from classroom.grading.submissions import find

LIMITS = Limits(cell=3, notebook=8, memory=300 * MB, disk=16 * MB, said=2 * MB, processes=40)
MARKER = "86399.25"  # seconds that nobody else sleeps
DONE = 2.0  # points of the task that every one of them has solved before

FORGES = "import os\nfrom classroom.exercises import check\ncheck._kept = lambda desk: None"

# student: the cells after the task that was solved
CELLS = {
    "loop": ["while True: pass"],
    "stubborn": ["import time\nwhile True:\n    try: time.sleep(99)\n    except BaseException: pass"],
    "forks": ["import os\nwhile True:\n    try: os.fork()\n    except OSError: pass"],
    "prints": ["while True: print('x' * 1_000_000)"],
    "shouts": ["import os\nfor fd in range(3, 64):\n    try:\n        while True: os.write(fd, b'x' * 65536)\n"
               "    except OSError: pass"],
    "writes": ["with open('big', 'wb') as file:\n    while True: file.write(bytes(1 << 20))"],
    "memory": ["held = []\nwhile True: held.append(b'x' * (8 << 20))"],
    "memories": ["import os, time\nfor _ in range(6): os.fork()\nheld = b'x' * (100 << 20)\ntime.sleep(30)"],
    "exits": ["import os\nos._exit(0)", "1 + 1"],
    "closes": ["import os, time\nos.closerange(3, 64)\nwhile True: time.sleep(1)"],
    "kills": ["import os, signal\nfor pid in (os.getppid(), -1, 1):\n    try: os.kill(pid, signal.SIGKILL)\n"
              "    except OSError: pass"],
    "leaves": [f"import subprocess\nsubprocess.Popen(['sleep', '{MARKER}'], start_new_session=True)",
               f"!nohup setsid sleep {MARKER} >/dev/null 2>&1 &"],
    "forges": [FORGES, "open(os.environ['GLASSDOCK_RECORD'], 'w').write('{\"glassdock-work\": 1}')"],
    "deep": [FORGES, "open(os.environ['GLASSDOCK_RECORD'], 'w').write('[' * 100_000)"],
}  # fmt: skip

READS = """
import os, sys
found = []
for path in {paths!r}:
    try:
        open(path, "rb").read(1); found.append(path)
    except OSError: pass
for top in ("/", "/proc/1/root", "/proc/self/cwd/.."):
    for folder, below, names in os.walk(top):
        if folder.startswith(("/proc", "/usr", sys.base_prefix)) or folder.endswith("/site-packages"): below[:] = []
        found += [folder for name in names if name in ("tasks.py", "grades.db", "course.key", "secret.ipynb")]
held = [name for name in sys.modules if name.startswith(("classroom.grading.checking", "exercises_"))]
raise RuntimeError(f"reached {{found + held}}")
"""
CALLS = """
import socket
reached = []
for place in {places!r}:
    try:
        with socket.create_connection(tuple(place), 0.3): reached.append(place)
    except OSError: pass
raise RuntimeError(f"reached {{reached}}")
"""
PATCHES = """
import gc, sys
from classroom.exercises import check, evaluate, desk, task
class Generous:
    def __eq__(self, other): return True
    def __getattr__(self, name): return self
for module in list(sys.modules.values()):
    for name in ("evaluate_task", "evaluate", "judge", "replayed", "drawn"):
        if hasattr(module, name): setattr(module, name, lambda *words, **more: ())
task.Finding.passed = property(lambda self: True)
for thing in gc.get_objects():
    if isinstance(thing, task.Criterion): object.__setattr__(thing, "points", 0)
    if isinstance(thing, task.Task): object.__setattr__(thing, "criteria", ())
frame = sys._getframe()
while frame:
    frame.f_globals["json"] = Generous(); frame = frame.f_back
"""
STATES = """
engine = lab.connection.engine
import gc
for thing in gc.get_objects():
    if type(thing).__name__ in ("Container", "Record") and hasattr(thing, "name"):
        try: thing.__class__ = type("Other", (type(thing),), {"exit_code": 0, "running": True})
        except TypeError: pass
engine.__class__ = type("Kind", (type(engine),), {})
"""


@pytest.fixture(scope="module")
def listener() -> Iterator[tuple[str, int]]:
    """A port of this computer's that answers here, so that not to reach it means something."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        yield listening.getsockname()


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory, listener: tuple[str, int]) -> dict[str, Result]:
    root = tmp_path_factory.mktemp("class")
    (root / "course.key").write_text("secret")
    secret = hand_in(root, "victim", notebook(solved("victim")), "secret.ipynb")
    paths = [str(secret), str(root / "course.key"), str(COURSE / TOY / "tasks.py"), "/etc/passwd", "/etc/shadow"]
    cells = CELLS | {
        "reads": [READS.format(paths=paths)], "calls": [CALLS.format(places=[listener, ("192.0.2.1", 80)])],
        "patches": [PATCHES], "states": ["classroom.task('tidy')", STATES],
    }  # fmt: skip
    for student, hostile in cells.items():
        hand_in(root, student, notebook([*solved(student, tasks=["named"]), *hostile]))
    hand_in(root, "rubbish", os.urandom(5000))
    for number in range(4):
        hand_in(root, f"honest-{number}", notebook(solved(f"honest-{number}")))
    course = Course(COURSE, limits=LIMITS)
    with Crew(course, {TOY: asked(course, TOY)}, 2) as crew:
        assert crew.walls.startswith("namespaces"), crew.walls
        found = {each.student: each for each in crew.grade([take(each) for each in find(root)])}
    assert set(found) == {*cells, "victim", "rubbish", *(f"honest-{number}" for number in range(4))}
    return found


def errors(result: Result) -> str:
    return "\n".join(str(note.facts.get("error")) for note in result.notes if note.key == "cell error")


def reason(result: Result) -> str:
    return result.reason.key if result.reason else ""


def test_the_rest_of_the_class_has_its_marks(results: dict[str, Result]):
    for name in ("victim", *(f"honest-{number}" for number in range(4))):
        assert results[name].state is State.GRADED
        assert results[name].points == results[name].maximum - results[name].waits == 9


def test_an_endless_loop_ends_its_cell_and_what_was_done_before_counts(results: dict[str, Result]):
    assert results["loop"].state is State.GRADED
    assert "TooSlow" in errors(results["loop"])
    assert results["loop"].points == DONE


def test_a_loop_that_swallows_every_exception_ends_with_its_notebook(results: dict[str, Result]):
    assert (results["stubborn"].state, reason(results["stubborn"])) == (State.STOPPED, "time")
    assert results["stubborn"].points == DONE


def test_a_fork_bomb_ends_with_its_notebook(results: dict[str, Result]):
    assert results["forks"].points == DONE
    assert results["forks"].seconds < 4 * LIMITS.notebook


def test_endless_output_is_cut_and_no_more_than_allowed_comes_out(results: dict[str, Result]):
    assert "TooSlow" in errors(results["prints"])
    assert results["prints"].points == DONE
    assert (results["shouts"].state, reason(results["shouts"])) == (State.STOPPED, "output")


def test_the_disk_has_an_end(results: dict[str, Result]):
    assert "OSError" in errors(results["writes"])
    assert results["writes"].points == DONE


def test_memory_bombs_go_off_alone(results: dict[str, Result]):
    assert "MemoryError" in errors(results["memory"]) or reason(results["memory"]) == "memory"
    for name in ("memory", "memories"):
        assert results[name].points == DONE


def test_a_notebook_that_ends_or_cuts_off_its_own_process_has_what_it_did(results: dict[str, Result]):
    for name in ("exits", "closes"):
        assert results[name].state is State.STOPPED
        assert results[name].points == DONE
    assert reason(results["exits"]) == "died"


def test_nobody_elses_process_can_be_ended(results: dict[str, Result]):
    assert results["kills"].points == DONE


def test_no_process_is_left_behind(results: dict[str, Result]):
    assert results["leaves"].points == DONE
    lines = [path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline")]
    assert not [line for line in lines if MARKER.encode() in line]


def test_neither_other_students_files_nor_hidden_tests_can_be_reached(results: dict[str, Result]):
    assert errors(results["reads"]).endswith("reached []")


def test_there_is_no_network(results: dict[str, Result]):
    assert errors(results["calls"]).endswith("reached []")


def test_patching_checks_and_engine_gains_nothing(results: dict[str, Result]):
    assert results["patches"].points <= DONE
    assert results["states"].points == DONE


def test_a_record_that_is_none_has_no_marks_and_says_why(results: dict[str, Result]):
    for name in ("forges", "deep"):
        assert reason(results[name]) == "bad record"
        assert results[name].points == 0


def test_what_is_no_notebook_is_a_row_with_a_reason(results: dict[str, Result]):
    assert results["rubbish"].state is State.REFUSED
    assert reason(results["rubbish"]) in ("no text", "no JSON")
