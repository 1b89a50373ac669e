"""A student's work: sealed, read again, and lived through again outside of the student's process."""

import hashlib
import hmac
import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classroom.exercises.authoring import Criterion, Inspect, Is, Level, Logs, Name, Task
from classroom.exercises.fill import filled
from classroom.exercises.load import load
from classroom.exercises.rehearsal import worked
from classroom.exercises.replayed import evaluate_work, replayed
from classroom.exercises.sealed import BadWork, Entry, Work, assignment_key, unsealed
from classroom.exercises.variants import drawn
from engine.session.steps import Record, Step

KEY = b"the course's key"
ASSIGNMENT = load("04-images")
WORK = Work(
    "04-images", "ada", 1,
    (Entry("task", "a", 0, 1.5), Entry("predict", "a", 0, 2.5, "image", "no"), Entry("run", "a", 3, 3.5)),
    {"a": Record(1, 0, 9, 2, steps=(Step("request", 1, 3, 0, "POST", "/containers/create", body=b'{"Image": "x"}'),))},
)  # fmt: skip


def test_a_sealed_work_is_read_again():
    assert unsealed(WORK.to_json(KEY), KEY) == (WORK, True)


def test_the_seal_is_hmac_sha256_of_the_document_in_one_form():
    document = json.loads(WORK.to_json(KEY))
    seal = document.pop("seal")
    text = json.dumps(document, sort_keys=True, separators=(",", ":"))
    assert hmac.new(KEY, text.encode(), hashlib.sha256).hexdigest() == seal


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"value": "no"', '"value": "yes"'),
        ('"kind": "run"', '"kind": "hint"'),
        ('"student": "ada"', '"student": "bob"'),
        ("/containers/create", "/containers/x/start"),
        ('"at": 3', '"at": 4'),
        ('"time": 2.5', '"time": 1.0'),
    ],
)
def test_an_edit_is_noticed(old, new):
    text = WORK.to_json(KEY)
    assert old in text
    assert unsealed(text.replace(old, new), KEY)[1] is False


def test_another_courses_seal_is_noticed_and_a_key_of_an_assignment_does_not_tell_the_courses():
    assert unsealed(WORK.to_json(b"other"), KEY)[1] is False
    assert assignment_key(KEY, "04-images") != assignment_key(KEY, "02-hello-world")
    assert KEY.hex() not in assignment_key(KEY, "04-images")


@settings(deadline=None)
@given(st.integers(0, 10_000), st.characters(codec="utf-8"))
def test_a_damaged_document_is_refused_or_noticed(at, character):
    text = WORK.to_json(KEY).rstrip()
    at %= len(text)
    damaged = text[:at] + character + text[at + 1 :]
    try:
        work, whole = unsealed(damaged, KEY)
    except BadWork:
        return
    assert not whole or work == WORK


@pytest.mark.parametrize(
    "text",
    ["", "[]", "null", "{}", "[" * 100_000, '{"glassdock-work": 1}', '{"glassdock-work": 2, "entries": []}', "\0"],
)
def test_what_is_no_work_is_refused_with_a_reason(text):
    with pytest.raises(BadWork, match="student's work"):
        unsealed(text, KEY)


def test_only_predictions_before_the_first_experiment_count():
    late = Entry("predict", "a", 5, 9.0, "image", "yes")
    again = (Entry("task", "a", 0, 8.0), late)
    assert replace(WORK, entries=(*WORK.entries, *again)).predictions("a") == {"image": "no"}
    changed = (WORK.entries[0], WORK.entries[1], Entry("predict", "a", 0, 2.6, "image", "yes"), WORK.entries[2])
    assert replace(WORK, entries=changed).predictions("a") == {"image": "yes"}


def solved(name="two-of-one", student="ada"):
    task = ASSIGNMENT.task(name)
    desk = worked(ASSIGNMENT, name, (), student)
    for line in filled(task.solution, desk.values(task)):
        desk.lab().run(line)
        desk.noted()
    return desk


def points(work, student="ada"):
    return sum(each.points for each in evaluate_work(ASSIGNMENT, work, student, 1))


def test_what_was_done_is_marked_from_the_record_alone():
    desk = solved()
    work, _ = unsealed(desk.finished().to_json(KEY), KEY)
    assert points(work) == 5
    assert {each.task for each in evaluate_work(ASSIGNMENT, work, "ada", 1) if each.passed} == {"two-of-one"}


def test_the_work_of_somebody_else_earns_nothing():
    assert points(solved(student="bob").finished(), "ada") == 0


def test_a_set_up_that_was_left_out_of_the_record_is_there_all_the_same():
    desk = solved("never-started")
    work = desk.finished()
    assert points(work) == 5
    task = filled(ASSIGNMENT.task("never-started"), desk.values(ASSIGNMENT.task("never-started")))
    alone = worked(replace(ASSIGNMENT, tasks=(replace(task, setup=(), draws={}),)), "never-started", task.solution)
    assert points(replace(work, sessions=alone.finished().sessions)) < 5


def test_faults_files_and_machines_of_a_task_are_there_live_and_in_the_replay(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    built = Criterion("built", 2, Inspect("image", "{tag}", "Config.Labels.made"), Is("here"))
    task = Task(
        "build", Level.DIAGNOSE, (13,), (built, Criterion("runs", 1, Logs("{box}"), Is("yes"))),
        draws={"tag": Name(), "box": Name()}, profile="wsl2",
        setup=("docker pull -q busybox", "fault hub.down=true"),
        files={"Dockerfile": "FROM busybox\nCOPY yes /\nLABEL made=here\n", "yes": "yes\n"},
        solution=("docker build -q -t {tag} build", "docker run --name {box} {tag} cat /yes", "docker pull alpine"),
    )  # fmt: skip
    assignment = replace(ASSIGNMENT, tasks=(task,))
    desk = worked(assignment, "build", filled(task.solution, drawn(task.draws, "ada", 1, "04-images/build")))
    found = desk.look("build")
    assert all(each.passed for each in found), found
    assert "WSL2" in desk.lab().api.get("/info")["KernelVersion"]
    assert evaluate_work(assignment, desk.finished(), "ada", 1) == found
    world = replayed(assignment, task, desk.finished(), "ada", 1)
    assert world.inspect("image", "alpine") is None  # since the hub is down there too
    assert "WSL2" in world._api.get("/info")["KernelVersion"]


def test_students_do_not_change_the_world_from_outside():
    desk = solved()
    desk.lab().fault("hub.down", True)
    work = desk.finished()
    assert any(step.path.endswith("/glassdock/faults") for step in work.sessions["two-of-one"].requests)
    world = replayed(ASSIGNMENT, ASSIGNMENT.task("two-of-one"), work, "ada", 1)
    assert world._api.get("/glassdock/faults")["hub.down"] is False


def test_where_a_test_cell_looked_is_what_counts():
    desk = solved()
    desk.grading = True
    desk.graded("two-of-one")
    for container in desk.lab().containers:
        desk.lab().docker(f"rm -f {container['Id']}")
    work = desk.finished()
    assert points(work) == 5
    assert points(replace(work, entries=tuple(each for each in work.entries if each.kind != "graded"))) == 0
