"""Every assignment in exercises/ is whole, fair, solvable, and keeps its secrets (exercises/README.md)."""

import json
import re

import pytest

from classroom.exercises.evaluate import evaluate
from classroom.exercises.fill import HOLE, filled
from classroom.exercises.load import EXERCISES, load, names
from classroom.exercises.misconceptions import MISCONCEPTIONS
from classroom.exercises.notebooks import cells, released, source
from classroom.exercises.rehearsal import STUDENTS, problems, worked
from classroom.exercises.released import Release, public
from classroom.exercises.task import MOST_HINTS, Level
from classroom.exercises.variants import drawn

BROKEN: dict[str, str] = {}  # one that cannot be read must not keep the others from being tried


def readable():
    for name in names():
        try:
            yield name, load(name)
        except Exception as error:
            BROKEN[name] = f"{type(error).__name__}: {error}"


ASSIGNMENTS = dict(readable())
TASKS = [(name, task) for name, assignment in ASSIGNMENTS.items() for task in assignment.tasks]
HANGUL = re.compile(r"[가-힣]")
LESSONS = sorted(path.name for path in (EXERCISES.parent / "notebooks" / "en").glob("*.md"))

each_assignment = pytest.mark.parametrize("name", ASSIGNMENTS)
each_task = pytest.mark.parametrize(("name", "task"), TASKS, ids=[f"{name}/{task.name}" for name, task in TASKS])


@pytest.mark.parametrize("name", names())
def test_an_assignment_can_be_read(name):
    assert name not in BROKEN, BROKEN[name]


@each_assignment
def test_an_assignment_has_all_that_a_lesson_asks_for(name):
    assignment = ASSIGNMENTS[name]
    assert any(lesson.startswith(f"{assignment.lesson:02}-") for lesson in LESSONS)
    assert len(assignment.tasks) >= 4
    assert {task.level for task in assignment.tasks} == set(Level)
    assert any(task.level is Level.DIAGNOSE and task.setup for task in assignment.tasks), "a set-up to repair"
    assert any(task.explain and task.predictions for task in assignment.tasks), "an explanation by experiment"
    assert len({task.name for task in assignment.tasks}) == len(assignment.tasks)
    assert any(task.hidden for task in assignment.tasks)


@each_task
def test_solutions_are_judged_as_the_author_says(name, task, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert list(problems(ASSIGNMENTS[name], task)) == []


@each_task
def test_a_task_is_whole(name, task):
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", task.name)
    assert task.misconceptions and set(task.misconceptions) <= set(MISCONCEPTIONS)
    assert 1 <= len(task.hints) <= MOST_HINTS
    assert len(task.wrong) >= 2
    assert len({each.name for each in task.criteria}) == len(task.criteria)
    assert all(each.points > 0 for each in task.criteria)
    assert task.visible > 0
    assert {line.split()[1] for line in task.solution if line.startswith("predict ")} == set(task.predictions)


def texts(task):
    yield from (task.title, task.goal, *task.hints, *(each.next for each in task.criteria))
    if task.explain:
        yield from (task.explain.question, task.explain.answer, task.explain.rubric)


@each_task
def test_both_languages_say_it_all(name, task):
    for text in texts(task):
        assert text.en.strip() and text.ko.strip()
        assert HANGUL.search(text.ko), text.ko
        assert not HANGUL.search(text.en), text.en
        assert {match[0] for match in HOLE.finditer(text.en)} == {match[0] for match in HOLE.finditer(text.ko)}


@each_task
def test_every_hole_is_filled(name, task):
    for text in texts(task):
        for match in HOLE.finditer(text.en):
            assert match[1] in task.draws, match[0]
    for line in (*task.setup, *task.solution, *(line for wrong in task.wrong for line in wrong.commands)):
        for match in HOLE.finditer(line):
            assert match[1] in task.draws, f"{match[0]} in {line}"


@each_task
def test_a_variant_is_the_students_own_and_stays(name, task):
    def variant(student, seed=1):
        return drawn(task.draws, student, seed, f"{name}/{task.name}")

    assert variant("ada") == variant("ada")
    assert len({tuple(variant(f"student-{number}").items()) for number in range(20)}) >= 18
    assert any(variant(student) != variant(student, 2) for student in STUDENTS)


@each_task
def test_another_students_answer_does_not_pass(name, task, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    ada, grace = (drawn(task.draws, student, 1, f"{name}/{task.name}") for student in STUDENTS)
    assert ada != grace
    found = worked(ASSIGNMENTS[name], task.name, filled(task.solution, grace), "ada").look(task.name)
    assert not all(each.passed for each in found)


@each_assignment
def test_who_hands_in_nothing_gets_no_points_and_is_told_so(name):
    for lang, word in (("en", "nothing has been done"), ("ko", "아직 아무것도")):
        found = evaluate(ASSIGNMENTS[name], {}, "ada", 1, lang)
        assert sum(each.points for each in found) == 0
        assert all(word in each.message for each in found)


@each_assignment
def test_both_languages_have_equal_code_cells(name):
    english, korean = (list(cells(ASSIGNMENTS[name], lang, 1)) for lang in ("en", "ko"))
    assert [(cell.id, cell.kind, cell.points, cell.code) for cell in english] == [
        (cell.id, cell.kind, cell.points, cell.code) for cell in korean
    ]
    assert [cell.source for cell in english if cell.code] == [cell.source for cell in korean if cell.code]
    assert sum(cell.points for cell in english) == ASSIGNMENTS[name].points


def secrets(assignment):
    """What must not reach a student, as the teacher's files have it."""
    for task in assignment.tasks:
        yield from (each.next.en for each in task.criteria if each.hidden)
        yield from (each.next.ko for each in task.criteria if each.hidden)
        if task.explain:
            yield from (task.explain.answer.en, task.explain.answer.ko, task.explain.rubric.en, task.explain.rubric.ko)
    for cell in cells(assignment, "en", 1):
        if cell.code and cell.kind == "solution":
            yield from (line for line in cell.source.split("\n") if line.startswith("!docker") or "lab.run" in line)


@each_assignment
@pytest.mark.parametrize("lang", ["en", "ko"])
def test_a_release_has_no_solution_and_no_hidden_test(name, lang):
    assignment = ASSIGNMENTS[name]
    notebook = released(source(assignment, lang, 1))
    beside = Release(assignment, 1, "key", lang).to_json()
    text = json.dumps(notebook, ensure_ascii=False) + beside
    for secret in secrets(assignment):
        assert json.dumps(secret, ensure_ascii=False)[1:-1] not in text
    for mark in ("### BEGIN", '"is": "Wrong"', '"hidden": true', "'hidden': True"):
        assert mark not in text
    for task in public(assignment).tasks:
        assert not task.solution and not task.wrong and all(not each.hidden for each in task.criteria)


def test_all_misconceptions_that_are_named_are_numbered_from_one():
    assert sorted(MISCONCEPTIONS) == list(range(1, 23))
    assert all(HANGUL.search(text.ko) and text.en for text in MISCONCEPTIONS.values())


def test_a_released_assignment_still_tells_all_its_points():
    for name, assignment in ASSIGNMENTS.items():
        seen = public(assignment)
        assert [task.points for task in seen.tasks] == [task.points for task in assignment.tasks], name
