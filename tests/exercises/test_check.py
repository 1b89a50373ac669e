"""A student's desk: clean engines, checks at once, hints one at a time, locked predictions, a record that is kept."""

from random import Random

import pytest

import classroom
from classroom.exercises import check
from classroom.exercises.check import NotBegun
from classroom.exercises.desk import LARGEST
from classroom.exercises.fill import filled
from classroom.exercises.load import load
from classroom.exercises.report import WORK
from classroom.exercises.sealed import unsealed

NAME = "04-images"


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """A student's folder, and nobody at a desk."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GLASSDOCK_LANG", "en")
    for name in ("GLASSDOCK_STUDENT", "GLASSDOCK_RECORD", "NBGRADER_EXECUTION", "JUPYTERHUB_USER"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(check, "DESKS", [])
    return tmp_path


def begin(task="", student="ada"):
    classroom.begin(NAME, student=student)
    if task:
        classroom.task(task)
    return check.DESKS[-1]


def work(desk, name):
    for line in desk.task(name).solution:
        if not line.startswith("predict "):
            desk.lab(name).run(line)


def test_a_student_is_told_what_is_missing_and_when_all_is_there():
    desk = begin("other-command")
    before = classroom.check("other-command")
    assert before.points == 0
    assert "nothing has been done" in str(before)
    work(desk, "other-command")
    after = classroom.check()
    assert (after.points, after.maximum) == (4, 4)
    assert "✔ 2/2" in str(after)
    assert "✔ met</td>" in after._repr_mimebundle_()["text/html"]


def test_the_goal_names_what_is_the_students_own():
    said = []
    for student in ("ada", "bob"):
        begin(student=student)
        said.append(str(classroom.task("other-command")))
    assert said[0] != said[1]
    assert "{" not in said[0]


def test_hidden_criteria_are_not_told():
    desk = begin("never-started")
    assert all(not finding.hidden for finding in classroom.check().findings)
    assert "More points when this is graded: 1." in str(classroom.check())
    assert desk.task("never-started").hidden == 1


def test_beginning_again_gives_a_clean_engine():
    desk = begin("two-of-one")
    work(desk, "two-of-one")
    assert classroom.check().points == 4
    classroom.task("two-of-one")
    assert classroom.check().points == 0
    assert desk.lab().containers == []


def test_a_task_has_its_set_up_and_its_own_engine():
    desk = begin("never-started")
    service = desk.values(desk.assignment.task("never-started"))["service"]
    assert desk.lab().inspect(service)["State"]["Status"] == "created"
    classroom.task("other-command")
    assert desk.lab().containers == []
    assert desk.lab("never-started").inspect(service)


def test_hints_come_one_at_a_time_and_are_kept():
    begin("old-version")
    said = [str(classroom.hint("old-version")) for _ in range(5)]
    assert [text[:12] for text in said[:3]] == ["**Hint 1 of ", "**Hint 2 of ", "**Hint 3 of "]
    assert said[3] == said[4] and "all the hints" in said[3]
    assert [entry.name for entry in check.DESKS[-1].work.of("old-version") if entry.kind == "hint"] == ["1", "2", "3"]
    begin("old-version")  # another day
    assert "all the hints" in str(classroom.hint())


def test_a_prediction_can_be_changed_until_the_experiment_begins():
    desk = begin("does-it-change")
    assert "dots" in str(check.predict("image"))
    check.predict("image", "yes")
    check.predict("image", "no")
    work(desk, "does-it-change")
    assert "stays no" in str(check.predict("image", "yes"))
    assert desk.work.predictions("does-it-change") == {"image": "no"}
    assert classroom.check().points == 4


def test_a_prediction_after_the_experiment_does_not_count_even_after_a_new_beginning():
    desk = begin("does-it-change")
    work(desk, "does-it-change")
    assert "no longer counts" in str(check.predict("image", "no"))
    classroom.task("does-it-change")
    assert "no longer counts" in str(check.predict("image", "no"))
    begin("does-it-change")  # a new kernel, with the record in the folder
    assert "no longer counts" in str(check.predict("image", "no"))
    assert desk.work.predictions("does-it-change") == {}


def test_the_work_is_in_the_folder_sealed_and_goes_on_another_day(folder):
    desk = begin("two-of-one")
    work(desk, "two-of-one")
    classroom.check()
    file = folder / f"{NAME}.work.json"
    saved, whole = unsealed(file.read_text("utf-8"), desk.key)
    assert whole
    assert saved.sessions["two-of-one"].requests
    again = begin()
    assert again.work.sessions.keys() == {"two-of-one"}
    assert [entry.kind for entry in again.work.entries][:2] == ["task", "run"]


def test_a_record_that_was_edited_is_set_aside_and_the_student_told(folder):
    begin("two-of-one")
    classroom.check()
    file = folder / f"{NAME}.work.json"
    file.write_text(file.read_text("utf-8").replace('"0/4"', '"4/4"'), "utf-8")
    said = str(classroom.begin(NAME, student="ada"))
    assert "was edited" in said and (folder / f"{NAME}.work.aside.json").exists()
    assert check.DESKS[-1].work.entries == ()


def test_a_record_of_somebody_else_is_set_aside(folder):
    begin("two-of-one", student="bob")
    classroom.check()
    assert "not yours" in str(classroom.begin(NAME, student="ada"))


def test_the_attempts_are_kept_with_the_table_in_the_notebook():
    desk = begin("two-of-one")
    attempts, whole = unsealed(classroom.check()._repr_mimebundle_()[WORK], desk.key)
    assert whole and not attempts.sessions
    assert [entry.value for entry in attempts.entries if entry.kind == "check"] == ["0/4"]


def test_cells_in_another_order_are_told_what_comes_first():
    with pytest.raises(NotBegun, match="begin first"):
        classroom.check()
    with pytest.raises(NotBegun, match="student id"):
        classroom.begin(NAME)
    with pytest.raises(LookupError, match="02-hello-world"):
        classroom.begin("99-nothing", student="ada")
    begin()
    with pytest.raises(NotBegun, match=r"classroom.task\('two-of-one'\)"):
        classroom.check("two-of-one")
    with pytest.raises(LookupError, match="there is no task 'no-such'"):
        classroom.task("no-such")
    assert classroom.marks("two-of-one") == 0


def test_a_grader_and_a_hub_know_who_it_is(monkeypatch, folder):
    monkeypatch.setenv("JUPYTERHUB_USER", "hub-user")
    assert begin(student="typed").student == "hub-user"
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    place = folder / "autograded" / "grace" / NAME
    place.mkdir(parents=True)
    monkeypatch.chdir(place)
    assert begin(student="typed").student == "grace"
    monkeypatch.setenv("GLASSDOCK_STUDENT", "linus")
    assert begin(student="typed").student == "linus"


def test_under_nbgrader_marks_are_numbers_and_the_students_record_is_left_alone(monkeypatch, folder, capsys):
    begin("does-it-change")
    check.predict("image", "no")
    classroom.check()
    file = folder / f"{NAME}.work.json"
    before = file.read_text("utf-8")
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    monkeypatch.setenv("GLASSDOCK_STUDENT", "ada")
    desk = begin("does-it-change")
    work(desk, "does-it-change")
    check.predict("image", "yes")
    assert classroom.marks("does-it-change") == 4  # the prediction of the record
    assert "4 of 4 points" in capsys.readouterr().out
    assert file.read_text("utf-8") == before


def test_a_copied_answer_is_no_answer():
    assignment = load(NAME)
    desk = begin("other-command", student="ada")
    theirs = filled(assignment.task("other-command"), begin(student="bob").values(assignment.task("other-command")))
    desk.lab().run(theirs.solution[0])
    found = desk.look("other-command")
    assert sum(each.points for each in found) == 0


def test_korean_students_are_told_in_korean(monkeypatch):
    monkeypatch.setenv("GLASSDOCK_LANG", "ko")
    begin("other-command")
    assert "아직 아무것도 하지 않았어요" in str(classroom.check())
    assert "힌트 1/2" in str(classroom.hint())


def test_what_is_too_large_to_be_handed_in_is_told_at_once_and_a_new_beginning_mends_it(folder):
    desk = begin("other-command")
    (folder / "big").write_bytes(Random(1).randbytes(LARGEST + 1))
    desk.lab().run("docker create --name box alpine")
    assert "cannot be handed in" not in str(classroom.check("other-command"))
    desk.lab().run("docker cp big box:/big")
    assert "cannot be handed in" in str(classroom.check("other-command"))
    assert "more than 2 MB" in classroom.check()._repr_mimebundle_()["text/html"]
    kept, _ = unsealed((folder / f"{NAME}.work.json").read_text(), desk.key)
    assert kept.too_large("other-command")
    assert "other-command" not in kept.sessions
    classroom.task("other-command")
    work(desk, "other-command")
    assert "cannot be handed in" not in str(classroom.check())
    assert "other-command" in desk.finished().sessions
