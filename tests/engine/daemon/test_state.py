"""Rows: the same in memory and on the disk, where they survive."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from engine.daemon.state import State, open_state


@pytest.fixture(params=["memory", "disk"])
def state(request: pytest.FixtureRequest, tmp_path: Path) -> State:
    return open_state(None if request.param == "memory" else tmp_path)


def test_rows_come_back_in_the_order_of_their_making(state: State) -> None:
    for key in "cab":
        state.put("letter", key, {"is": key})
    state.put("letter", "c", {"is": "changed"})
    state.delete("letter", "a")
    state.delete("letter", "nosuch")
    assert list(state.items("letter")) == [("c", {"is": "changed"}), ("b", {"is": "b"})]
    assert state.get("letter", "b") == {"is": "b"} and state.get("letter", "a") is None
    assert list(state.items("number")) == []


def test_rows_may_be_changed_while_they_are_gone_through(state: State) -> None:
    for key in "abc":
        state.put("letter", key, 1)
    for key, _ in state.items("letter"):
        state.delete("letter", key)
    assert not list(state.items("letter"))


def test_what_was_put_is_there_after_a_crash(tmp_path: Path) -> None:
    crashed = open_state(tmp_path)
    crashed.put("container", "1", {"name": "web"})
    assert open_state(tmp_path).get("container", "1") == {"name": "web"}  # the first was never closed


@pytest.mark.skipif(sys.platform == "win32", reason="fcntl")
def test_a_data_root_has_one_daemon(tmp_path: Path) -> None:
    state = open_state(tmp_path)
    other = [sys.executable, "-c", "import sys; from pathlib import Path; from engine.daemon.state import open_state;"
             "open_state(Path(sys.argv[1]))", str(tmp_path)]  # fmt: skip
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    refused = subprocess.run(other, env=environment, capture_output=True, text=True, check=False)
    assert refused.stderr.endswith(f"another daemon is using it: '{tmp_path}'\n")
    state.close()
    subprocess.run(other, env=environment, check=True)


def test_what_is_written_together_is_there_together(state: State) -> None:
    state.put("a", "kept", 1)
    with state.transaction():
        state.put("a", "new", 2)
        with state.transaction():
            state.put("b", "new", 3)
        state.delete("a", "kept")
    assert (list(state.items("a")), list(state.items("b"))) == ([("new", 2)], [("new", 3)])
    with pytest.raises(RuntimeError), state.transaction():
        state.put("a", "new", 4)
        state.put("a", "newer", 5)
        state.delete("b", "new")
        raise RuntimeError
    assert (list(state.items("a")), list(state.items("b"))) == ([("new", 2)], [("new", 3)])


def test_a_transaction_that_was_not_ended_has_not_been(tmp_path: Path) -> None:
    crashed = open_state(tmp_path)
    crashed.put("image", "1", "before")
    begun = crashed.transaction()
    begun.__enter__()
    crashed.put("image", "1", "after")
    crashed.put("tag", "x", "1")
    assert open_state(tmp_path).get("image", "1") == "before"
