"""Every number has a source, and every result says which numbers it rests on."""

import re
import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.hypervisor import network
from sim.hypervisor.comparison import Question, compare
from sim.hypervisor.figures import Figure, least, most, total
from sim.hypervisor.machines import MACHINES
from sim.hypervisor.parameters import FOLDER, STATUS, BadParameter, book

numbers = st.builds(Figure, st.floats(1, 1e6), st.frozensets(st.sampled_from("abcdef")))


@given(numbers, numbers)
def test_a_result_rests_on_all_that_it_was_made_from(left, right):
    for made in (left + right, left - right, left * right, left / right, least(left, right), most(left, right)):
        assert made.rests_on == left.rests_on | right.rests_on
    assert (left + right).value == left.value + right.value
    assert total([left, right, 1]).value == left.value + right.value + 1


def test_each_parameter_says_what_it_is_where_it_comes_from_and_of_when():
    for parameter in book().parameters.values():
        assert parameter.about and parameter.source and parameter.status in STATUS, parameter.name
        assert re.fullmatch(r"\d{4}(-\d{2})?", parameter.date), parameter.name
        assert parameter.value >= 0, parameter.name


def test_what_has_no_source_is_called_assumed():
    for parameter in book().parameters.values():
        if parameter.source == "no source":
            assert parameter.status == "assumed", parameter.name


def test_no_parameter_lies_unused():
    text = "".join(path.read_text() for path in FOLDER.parent.rglob("*.py"))
    for name in book().parameters:
        room, _, key = name.partition(".")
        stem = key.split("_")[0]
        assert name in text or f"{room}.{{" in text or f"{room}.{stem}_{{" in text, name


def test_a_measurement_replaces_parameters_and_says_so():
    measured = book().changed({"boot.client": 20}, "my machine", date="2026-11")
    assert measured["boot.client"].value == 20
    assert measured.parameters["boot.client"].source == "my machine"
    assert book()["boot.client"].value == 17
    question = Question(machines=("container",))
    before, after = (
        next(answer for answer in compare(question, each).answers if answer.key == "line").values["container"].value
        for each in (book(), measured)
    )
    assert after - before == pytest.approx(3)


@pytest.mark.parametrize(
    ("name", "value"),
    [("no.such", 1), *(("boot.client", value) for value in (-1, float("nan"), float("inf"), "7", True))],
)
def test_values_that_cannot_be_are_refused(name, value):
    with pytest.raises(BadParameter):
        book().changed({name: value}, "a test")


def test_a_result_names_its_sources():
    behind = {parameter.name for parameter in book().behind([network.round_trip(MACHINES["container"], book())])}
    assert behind == {"net.round_trip", "io.wake", "net.nat_packet"}


def test_every_source_is_used():
    document = tomllib.loads((FOLDER / "parameters.toml").read_text())
    used = {row["source"] for room, rows in document.items() if room != "sources" for row in rows.values()}
    assert used == set(document["sources"])
