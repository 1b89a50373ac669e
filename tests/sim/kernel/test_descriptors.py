"""Descriptors: numbers for open files, shared after dup and fork, closed when the last one goes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.kernel.descriptors import Descriptors


class File:
    """Counts how often it is closed."""

    def __init__(self) -> None:
        self.closed = 0

    def close(self) -> None:
        self.closed += 1


def test_numbers_are_the_lowest_free_ones_and_are_limited() -> None:
    table = Descriptors()
    assert [table.add(File()) for _ in range(3)] == [0, 1, 2]
    table.close(1)
    assert table.add(File()) == 1
    assert table.lowest(10) == 10
    table.limit = 3
    with pytest.raises(OSError, match="Too many open files"):
        table.add(File())


def test_unknown_numbers_are_refused() -> None:
    table = Descriptors()
    for act in (table.file, table.close, table.description):
        with pytest.raises(OSError, match="Bad file descriptor"):
            act(7)
    with pytest.raises(OSError, match="Bad file descriptor"):
        table.fork({0: 7})


def test_close_on_exec_is_not_kept_by_dup2() -> None:
    table = Descriptors()
    file = File()
    table.put(10, table.description(table.add(file)))
    table.keep_out |= {10}
    table.put(11, table.description(10))
    table.on_exec()
    assert sorted(table) == [0, 11]  # type: ignore[call-overload]
    assert file.closed == 0


ACTS = st.lists(
    st.tuples(st.sampled_from(("add", "close", "dup2", "fork", "end")), st.integers(0, 5), st.integers(0, 5))
)


@given(ACTS)
def test_every_file_is_closed_once_and_only_after_its_last_descriptor(acts: list[tuple[str, int, int]]) -> None:
    files: list[File] = []
    tables = [Descriptors()]
    for act, first, second in acts:
        table = tables[first % len(tables)]
        numbers = list(table)  # type: ignore[call-overload]
        if act == "add":
            files.append(File())
            table.add(files[-1])
        elif act == "close" and numbers:
            table.close(numbers[second % len(numbers)])
        elif act == "dup2" and numbers:
            table.put(second, table.description(numbers[first % len(numbers)]))
        elif act == "fork":
            tables.append(table.fork({second: numbers[0]} if numbers else None))
        elif act == "end":
            table.close_all()
        held = {id(each.file(fd)) for each in tables for fd in each}  # type: ignore[attr-defined]
        assert all(file.closed == (id(file) not in held) for file in files)
    for table in tables:
        table.close_all()
    assert all(file.closed == 1 for file in files)
