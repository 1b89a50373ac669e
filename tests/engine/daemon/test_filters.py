"""Filters of lists and prunes, and the moments that people write in them."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.daemon.filters import Filters
from engine.errors import InvalidParameter
from engine.loop import SECOND
from engine.timestamps import parse_duration, parse_moment, parse_rfc3339, rfc3339

NOW = 1_750_000_000 * SECOND


def test_both_spellings_mean_the_same() -> None:
    new, old = Filters.parse('{"name":["a","b"]}'), Filters.parse('{"name":{"a":true,"b":true,"c":false}}')
    assert new == old and new.get("name") == ("a", "b")


@pytest.mark.parametrize("text", ["[", "7", '"x"', '{"a":7}', '{"a":[7]}', '{"a":{"b":1}}', "[" * 100_000])
def test_what_is_no_filter_is_refused(text: str) -> None:
    with pytest.raises(InvalidParameter, match=r"^invalid filter$"):
        Filters.parse(text)


def test_an_unknown_filter_is_named() -> None:
    with pytest.raises(InvalidParameter, match=r"^invalid filter 'colour'$"):
        Filters.parse('{"colour":["x"]}', ("name",))


@pytest.mark.parametrize(("values", "said"), [(["true"], True), (["0"], False)])
def test_booleans(values: list[str], said: bool) -> None:
    assert Filters.parse(json.dumps({"dangling": values})).boolean("dangling", not said) is said


@pytest.mark.parametrize("values", [[], ["yes"], ["true", "false"]])
def test_booleans_that_are_none(values: list[str]) -> None:
    with pytest.raises(InvalidParameter, match=r"^invalid filter 'dangling"):
        Filters.parse(json.dumps({"dangling": values})).boolean("dangling", True)


def test_labels_must_all_match() -> None:
    filters = Filters.parse('{"label":["a","b=1"],"label!":["c"]}')
    assert filters.labels({"a": "", "b": "1"}) and not filters.labels({"a": "", "b": "2"})
    assert filters.prunes({"a": "", "b": "1"}) and not filters.prunes({"a": "", "b": "1", "c": ""})
    assert Filters.parse("").labels({})


def test_names_match_exactly_by_prefix_or_by_expression() -> None:
    filters = Filters.parse('{"name":["we[b"], "id":["ab"], "x":["^a.c$"]}')
    assert filters.exact("name", "we[b") and not filters.search("name", "web")
    assert filters.prefix("id", "abc") and not filters.prefix("id", "cab")
    assert filters.search("x", "abc") and filters.search("absent", "anything")


@given(st.integers(0, 4_000_000_000 * SECOND))
def test_moments_survive_being_written(moment: int) -> None:
    assert parse_rfc3339(rfc3339(moment)) == moment
    assert parse_moment(f"{moment // SECOND}.{moment % SECOND:09d}", NOW) == moment


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("10m", NOW - 600 * SECOND),
        ("1h30m", NOW - 5400 * SECOND),
        ("1.5s", NOW - 3 * SECOND // 2),
        ("1136073600", 1136073600 * SECOND),
        ("2006-01-02", 1136160000 * SECOND),
        ("2006-01-02T15:04", 1136214240 * SECOND),
        ("2006-01-02T15:04:05+02:00", 1136207045 * SECOND),
        ("2006-01-02T15:04:05.5Z", 1136214245 * SECOND + SECOND // 2),
    ],
)
def test_people_write_moments_in_many_ways(text: str, moment: int) -> None:
    assert parse_moment(text, NOW) == moment


@pytest.mark.parametrize("text", ["", "nonsense", "10", "5x", "1h 30m", "-", ".s"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="invalid duration"):
        parse_duration(text)


@pytest.mark.parametrize("text", ["", "nonsense", "2006-13-01", "2006-01-02T25:00"])
def test_what_is_no_moment_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=f'^failed to parse value as time or duration: "{text}"$'):
        parse_moment(text, NOW)
