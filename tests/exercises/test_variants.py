"""Each student has a variant of their own, always the same, on every computer."""

import subprocess
import sys

from hypothesis import given, settings
from hypothesis import strategies as st

from classroom.exercises.variants import SALTS, Name, Number, OneOf, Port, drawn, engine_seed

DRAWS = {"first": Name(), "second": Name(), "port": Port(), "mib": Number(16, 64, 16), "image": OneOf("a", "b", "c")}
STUDENTS = st.text(min_size=1, max_size=20)


def test_a_variant_never_changes():
    """Records of a class that was taught years ago must still be gradable: these values are for ever."""
    assert drawn(DRAWS, "ada", 1, "04-images/copies") == {
        "first": "badger-110",
        "second": "tiger-885",
        "port": "8611",
        "mib": "16",
        "image": "a",
    }
    assert engine_seed("ada", 1, "04-images/copies") == 5787646381171171


def test_it_does_not_depend_on_the_interpreters_own_chance():
    program = (
        "from classroom.exercises.variants import *\n"
        "print(drawn({'a': Name(), 'b': Port()}, 'ada', 1, 't'), engine_seed('ada', 1, 't'))"
    )
    said = {
        subprocess.run(
            [sys.executable, "-c", program], env={"PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True
        ).stdout
        for seed in ("0", "1")
    }
    assert len(said) == 1


@settings(deadline=None)
@given(STUDENTS, st.integers(0, 100))
def test_values_are_what_was_asked_for_and_differ_within_a_task(student, seed):
    values = drawn(DRAWS, student, seed, "t")
    assert len(set(values.values())) == len(values)
    assert 8100 <= int(values["port"]) < 8900
    assert int(values["mib"]) in (16, 32, 48, 64)
    assert values["image"] in "abc"


@settings(deadline=None)
@given(STUDENTS, STUDENTS)
def test_engines_are_the_students_own(one, other):
    assert (engine_seed(one, 1, "t") == engine_seed(other, 1, "t")) == (one == other)
    assert 0 <= engine_seed(one, 1, "t") < 1 << 53


def test_where_there_are_too_few_values_some_are_the_same():
    assert set(drawn({"a": OneOf("x"), "b": OneOf("x")}, "ada", 1, "t").values()) == {"x"}
    assert SALTS > 10


def test_a_class_of_three_hundred_has_different_variants():
    values = {tuple(drawn({"first": Name()}, f"s{number}", 1, "t").values()) for number in range(300)}
    assert len(values) > 290
