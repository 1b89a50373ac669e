"""A guess is kept before the experiment and compared after it, kindly."""

import pytest

from classroom.predict import Predictions


@pytest.fixture
def questions():
    return Predictions()


def said(capsys):
    return capsys.readouterr().out


@pytest.mark.parametrize(("guess", "truth"), [(2, 2), ("2", 2), (" Yes ", "yes"), ("running", "running")])
def test_a_right_guess_is_right_however_it_is_typed(questions, capsys, guess, truth):
    questions.predict("q", guess)
    questions.observe("q", truth)
    assert "✔" in said(capsys)


def test_a_number_near_enough_is_not_called_wrong(questions, capsys):
    questions.predict("q", 30)
    questions.observe("q", 33, within=3)
    assert "✔" in said(capsys)
    questions.observe("q", 34, within=3)
    assert "✘" in said(capsys)


def test_a_word_that_is_no_answer_is_not_kept_and_the_answers_are_named(questions, capsys):
    questions.predict("q", "ask the hub", choices=["at once", "asks the hub"])
    assert '"at once", "asks the hub"' in said(capsys)
    questions.predict("q", "Asks the hub", choices=["at once", "asks the hub"])
    questions.observe("q", "asks the hub")
    assert "✔" in said(capsys)


def test_a_guess_cannot_be_changed_once_the_truth_is_known(questions, capsys):
    questions.predict("q", 1)
    questions.observe("q", 2)
    questions.predict("q", 2)
    questions.observe("q", 2)
    assert "✘" in said(capsys).splitlines()[-1]
