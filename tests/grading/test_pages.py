"""Tables that learning platforms take, pages that people read, and signals that only ask."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import replace
from pathlib import Path

import pytest
from handed import COURSE, TOY

from classroom.exercises.load import load
from classroom.grading.report import student_page, write
from classroom.grading.results import Mark, Reason, Result, State, Trace
from classroom.grading.signals import signals
from classroom.grading.tables import canvas, moodle

TOY_ASSIGNMENT = load(TOY, COURSE)


def marks(good: bool) -> tuple[Mark, ...]:
    text = {"en": "Observed <it>", "ko": "지금 <이것>"}
    state = {} if good else text
    return (
        Mark("named", "there", "named", good, 1, False, text, state),
        Mark("limited", "explain", "limited-explain", 0, 2, False, text, {}, manual=True),
    )


def result(student: str, good: bool = True, **more: object) -> Result:
    return replace(Result(student, TOY, f"{student}.ipynb", "d", State.GRADED, None, marks(good)), **more)  # type: ignore[arg-type]


OLDER = result("ada", state=State.REFUSED, reason=Reason("older", {"file": "b"}), marks=(), file="old.ipynb")
REFUSED = result("bob", state=State.REFUSED, reason=Reason("empty file", {}), marks=())


def table(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text)))


def test_moodle_knows_the_columns_and_each_student_is_there_once():
    head, ada, bob = table(moodle(TOY, [result("ada"), OLDER, REFUSED], "en"))
    assert head == ["ID number", f"Assignment: {TOY} (Real)", f"Assignment: {TOY} (Feedback)"]
    assert ada == ["ada", "1", "named 1/1, limited 0/2"]
    assert bob == ["bob", "0", "The file is empty."]


def test_canvas_has_its_five_columns_and_the_possible_points():
    head, possible, ada = table(canvas(TOY, 11, [result("ada")], "en"))
    assert head == ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", TOY]
    assert possible[0].strip() == "Points Possible"
    assert possible[5] == "11"
    assert (ada[2], ada[5]) == ("ada", "1")


@pytest.mark.parametrize("student", ["=1+1", "+cmd|'/c calc'!A0", "-2", "@SUM(A1)"])
def test_a_students_name_is_no_formula(student: str):
    assert table(moodle(TOY, [result(student)], "en"))[1][0] == f"'{student}"


@pytest.mark.parametrize("lang", ["en", "ko"])
def test_what_comes_from_a_submission_is_text_and_no_markup(lang: str):
    page = student_page(TOY_ASSIGNMENT, result("<script>alert(1)</script>"), lang)
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert "&lt;it&gt;" in page or "&lt;이것&gt;" in page
    assert f'<html lang="{lang}">' in page


def test_a_command_in_a_message_is_set_as_code():
    text = {"en": "Next step: `docker <start>`.", "ko": "`docker <start>`"}
    marks_ = (Mark("named", "there", "named", 0, 1, False, text, {}),)
    assert "<code>docker &lt;start&gt;</code>" in student_page(TOY_ASSIGNMENT, result("ada", marks=marks_), "en")


@pytest.mark.parametrize("lang", ["en", "ko"])
def test_who_could_not_be_graded_is_told_what_to_do(lang: str):
    assert "JupyterLab" in student_page(TOY_ASSIGNMENT, REFUSED, lang)
    assert "JupyterLab" not in student_page(TOY_ASSIGNMENT, result("ada"), lang)


def test_pages_need_nothing_from_the_network_and_have_a_heading_for_each_task(tmp_path: Path):
    write(tmp_path, TOY_ASSIGNMENT, [result("ada"), result("bob", False), OLDER], "en", "walls")
    for page in tmp_path.rglob("*.html"):
        text = page.read_text("utf-8")
        assert not re.search(r"""(src|href)=["']?(https?:)?//""", text)
        assert text.count("<h1") == 1
        assert "prefers-color-scheme" in text
    assert "<b>1×</b> Observed &lt;it&gt;" in (tmp_path / "index.html").read_text("utf-8")
    assert len(list((tmp_path / "feedback").iterdir())) == 3


def test_every_link_of_the_class_page_leads_to_a_page(tmp_path: Path):
    from urllib.parse import unquote

    write(tmp_path, TOY_ASSIGNMENT, [result("김 민수"), result("a/../b"), result("x#y?z")], "ko", "")
    links = re.findall(r'<a href="([^"]+)"', (tmp_path / "index.html").read_text("utf-8"))
    assert len(links) == 3
    assert all((tmp_path / unquote(link)).is_file() for link in links)


def test_copied_requests_are_asked_about_and_equal_variants_are_not():
    def one(student: str, fingerprint: str, variant: str) -> Result:
        return result(student, traces=(Trace("named", fingerprint, variant, 3),))

    found = signals([one("ada", "f", "1"), one("bob", "f", "2"), one("cho", "g", "3"), one("dan", "h", "4"),
                     one("eve", "h", "4"), one("fay", "", "5"), one("gus", "", "6")])  # fmt: skip
    assert [(each.key, each.students) for each in found] == [("same requests", ("ada", "bob"))]


def test_improbable_times_are_asked_about():
    def one(student: str, seconds: float | None) -> Result:
        return result(student, traces=(Trace("named", student, student, 3, 0, seconds),))

    class_ = [one(f"s{number}", 300.0 + number) for number in range(6)]
    assert signals([*class_, one("none", None)]) == []
    assert [(each.key, each.students) for each in signals([*class_, one("fast", 4.0)])] == [("quick", ("fast",))]
