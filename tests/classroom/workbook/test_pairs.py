"""A lesson's text and its notebook say the same, whichever of the two an author edits."""

import json
import shutil

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classroom.texts import LANGUAGES
from classroom.workbook import ipynb, myst, pairs
from classroom.workbook.cells import Cell, Notebook, NotebookError

HEADER = {
    "jupytext": {"formats": "md:myst,ipynb", "text_representation": {"extension": ".md", "format_name": "myst"}},
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
}
LINES = ["# A heading", "text", "", "  indented", "* a list", "    code", "한국어", "```", "````", "```{code-cell}",
         "~~~", "+++", "+++ {}", "---", ":tags: [x]", "!docker ps", "a: 1", "\u2028", "`a`"]  # fmt: skip
SOURCES = st.lists(st.sampled_from(LINES) | st.text(max_size=12), max_size=6).map("\n".join)
TAG = st.text(st.characters(categories=["Ll", "Pd", "Nd"]), min_size=1, max_size=8)
TAGS = st.lists(TAG, min_size=1, max_size=3, unique=True)
METADATA = st.just({}) | st.builds(lambda tags: {"tags": tags}, TAGS) | st.just({"a": {"b": [1, None, True]}})
CELLS = st.builds(Cell, st.sampled_from(["markdown", "code", "raw"]), SOURCES, METADATA)
NOTEBOOKS = st.builds(lambda cells: Notebook(HEADER, tuple(cells)), st.lists(CELLS, max_size=6))


@given(NOTEBOOKS)
def test_a_notebook_comes_back_from_its_text_as_it_was_or_is_refused(notebook):
    notebook = myst.tidy(notebook)
    try:
        text = myst.write(notebook)
    except NotebookError:
        return
    again = myst.read(text)
    assert again == notebook
    assert myst.write(again) == text


@given(NOTEBOOKS)
def test_a_notebook_comes_back_from_its_json_as_it_was(notebook):
    text = ipynb.write(notebook)
    assert ipynb.read(text) == notebook
    assert ipynb.write(ipynb.read(text)) == text


@given(NOTEBOOKS)
def test_jupyter_takes_what_is_written(notebook):
    nbformat.validate(nbformat.reads(ipynb.write(notebook), as_version=4))


@given(st.text())
def test_any_text_is_a_notebook_or_is_refused_in_words(text):
    try:
        notebook = myst.tidy(myst.read(text))
        again = myst.read(myst.write(notebook))
    except NotebookError:
        return
    assert again == notebook


@pytest.mark.parametrize("lesson", list(pairs.lessons()), ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_a_lesson_survives_the_way_through_jupyter_to_the_byte(lesson):
    text = lesson.read_text("utf-8")
    assert myst.write(ipynb.read(ipynb.write(myst.read(text)))) == text


def test_every_lesson_is_in_step_with_its_notebook_and_in_every_language():
    assert list(pairs.complaints(pairs.LESSONS)) == []


def test_what_jupyter_adds_when_a_notebook_is_run_and_saved_is_not_kept():
    notebook = Notebook(HEADER, (Cell("code", "1 + 1", {"tags": ["x"]}), Cell("markdown", "two")))
    saved = json.loads(ipynb.write(notebook))
    saved["cells"][0]["outputs"] = [{"output_type": "stream", "name": "stdout", "text": ["2"]}]
    saved["cells"][0]["execution_count"] = 3
    saved["cells"][0]["metadata"]["execution"] = {"iopub.status.busy": "now"}
    saved["metadata"]["language_info"]["version"] = "3.14.0"
    saved["metadata"]["kernelspec"]["display_name"] = "Python 3 (ipykernel)"
    saved["metadata"]["widgets"] = {}
    assert ipynb.read(json.dumps(saved)) == notebook


def test_a_cell_that_is_put_in_changes_no_other_cells_id():
    cells = [Cell("code", "a"), Cell("code", "a"), Cell("markdown", "b")]

    def ids(cells):
        return [cell["id"] for cell in json.loads(ipynb.write(Notebook({}, tuple(cells))))["cells"]]

    before, after = ids(cells), ids([Cell("markdown", "new"), *cells])
    assert before == after[1:]
    assert len(set(after)) == 4


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("```{code-cell}\nnever closed", "line 1 of the text: the fence of a cell is left open"),
        ("---\n- a list\n---\n", "the header: not YAML's"),
        ("```{code-cell}\n:tags: [a\n\nx\n```", "the options of a cell: "),
        ("+++ {]}\n", "the metadata of a cell: "),
    ],
)
def test_what_is_no_notebook_is_refused_in_words(text, said):
    with pytest.raises(NotebookError, match=f"^{said}"):
        myst.read(text)


def test_an_open_fence_in_a_notebook_is_not_written_as_text_that_would_swallow_the_rest():
    with pytest.raises(NotebookError, match="is a fence left open"):
        myst.write(Notebook({}, (Cell("markdown", "```\nopen"), Cell("code", "1"))))


@pytest.fixture
def school(tmp_path):
    """A folder with one lesson in each language, in step."""
    for language in LANGUAGES:
        (tmp_path / language).mkdir()
        shutil.copy(pairs.LESSONS / language / "02-hello-world.md", tmp_path / language)
    assert pairs.main(["sync", str(tmp_path)]) == 0
    return tmp_path


def test_an_author_edits_the_notebook_and_takes_it_back(school, capsys):
    assert pairs.main(["check", str(school)]) == 0
    path = school / "en/02-hello-world.ipynb"
    edited = json.loads(path.read_text("utf-8"))
    edited["cells"][1]["source"] = ["%load_ext classroom\n", "print('new')"]
    path.write_text(json.dumps(edited), "utf-8")
    capsys.readouterr()
    assert pairs.main(["check", str(school)]) == 1
    assert "not what 02-hello-world.md says" in capsys.readouterr().out
    assert pairs.main(["take", str(path)]) == 0
    assert "print('new')" in path.with_suffix(".md").read_text("utf-8")
    capsys.readouterr()
    assert pairs.main(["check", str(school)]) == 1
    assert capsys.readouterr().out == "02-hello-world.md: the code cells differ between en, ko\n"


def test_what_is_missing_or_left_over_is_said(school, capsys):
    (school / "ko/02-hello-world.md").unlink()
    (school / "en/02-hello-world.ipynb").unlink()
    capsys.readouterr()
    assert pairs.main(["check", str(school)]) == 1
    said = capsys.readouterr().out
    for part in ("ko/02-hello-world.md: missing", "en/02-hello-world.ipynb: missing", "has no .md"):
        assert part in said


def test_a_wrong_path_is_answered_plainly(tmp_path, capsys):
    assert pairs.main(["check", str(tmp_path)]) == 2
    assert pairs.main(["take", str(tmp_path / "gone.ipynb")]) == 1
    assert pairs.main(["take", str(tmp_path / "gone.md")]) == 2
    assert f"no lessons in {tmp_path}" in capsys.readouterr().err


def test_a_teacher_is_told_the_answers(capsys):
    assert pairs.main(["answers", str(pairs.LESSONS / "en/02-hello-world.ipynb")]) == 0
    assert capsys.readouterr().out.splitlines()[2:] == [
        "  hub requests: 7",
        "  who asks the hub: daemon",
        "  second run: 0",
        "  wrong name: asks the hub",
    ]


def test_a_lesson_that_fails_is_named(school, capsys):
    path = school / "en/02-hello-world.md"
    path.write_text("```{code-cell} ipython3\n1 / 0\n```\n")
    assert pairs.main(["answers", str(path)]) == 2
    assert "en/02-hello-world: 1 / 0" in capsys.readouterr().err
