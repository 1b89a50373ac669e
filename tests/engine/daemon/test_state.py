"""Rows: the same in memory and on the disk, where they survive."""

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
