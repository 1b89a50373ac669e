"""What was handed in is found, in nbgrader's folders and in flat ones; of two files of one student the newer counts."""

from __future__ import annotations

import os
from pathlib import Path

from handed import TOY, hand_in, notebook

from classroom.grading.submissions import find


def rows(root: Path, assignment: str = "") -> list[tuple[str, str, str]]:
    return [
        (each.student, each.assignment, each.refused.key if each.refused else "") for each in find(root, assignment)
    ]


def test_nbgraders_folders(tmp_path: Path):
    hand_in(tmp_path, "ada", "")
    hand_in(tmp_path, "bob", "")
    hand_in(tmp_path, "bob", "", "other.ipynb", "02-other")
    assert (
        rows(tmp_path) == rows(tmp_path / "submitted") == [("ada", TOY, ""), ("bob", "02-other", ""), ("bob", TOY, "")]
    )
    assert rows(tmp_path, TOY) == [("ada", TOY, ""), ("bob", TOY, "")]


def test_a_flat_folder(tmp_path: Path):
    for name in ("ada.ipynb", f"bob_{TOY}.ipynb", f"cho-{TOY}.json", ".hidden.ipynb", "readme.txt"):
        (tmp_path / name).write_text("")
    assert rows(tmp_path, TOY) == [("ada", TOY, ""), ("bob", TOY, ""), ("cho", TOY, "")]


def test_the_newer_of_two_files_counts_and_the_other_says_so(tmp_path: Path):
    for age, name in ((100, "final.ipynb"), (200, "final-final.ipynb")):
        os.utime(hand_in(tmp_path, "ada", "", name), (age, age))
    found = {each.path.name: each.refused for each in find(tmp_path)}
    assert found["final-final.ipynb"] is None
    assert (older := found["final.ipynb"]) is not None
    assert (older.key, older.facts["file"]) == ("older", f"submitted/ada/{TOY}/final-final.ipynb")


def test_what_lies_beside_a_notebook_is_no_submission(tmp_path: Path):
    hand_in(tmp_path, "ada", notebook(["1"]))
    hand_in(tmp_path, "ada", "{}", f"{TOY}.json")
    hand_in(tmp_path, "ada", "{}", f"{TOY}.work.json")
    assert rows(tmp_path) == [("ada", TOY, "")]


def test_an_empty_folder_is_a_row(tmp_path: Path):
    (tmp_path / "submitted" / "ada" / TOY).mkdir(parents=True)
    assert rows(tmp_path) == [("ada", TOY, "empty folder")]
    assert rows(tmp_path / "submitted" / "ada" / TOY) == []


def test_links_are_not_followed(tmp_path: Path):
    hand_in(tmp_path, "ada", "")
    (tmp_path / "submitted" / "eve").symlink_to("ada")
    assert rows(tmp_path) == [("ada", TOY, "")]


def test_our_own_results_are_no_submissions(tmp_path: Path):
    hand_in(tmp_path, "ada", "")
    (tmp_path / "submitted" / "grades" / "feedback").mkdir(parents=True)
    found = find(tmp_path / "submitted", skip=tmp_path / "submitted" / "grades")
    assert [each.student for each in found] == ["ada"]
