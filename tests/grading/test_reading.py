"""Whatever is handed in: cells to run, or a reason that a person understands."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from handed import COURSE, TOY, notebook
from hypothesis import given
from hypothesis import strategies as st

from classroom.exercises.load import load
from classroom.exercises.notebooks import released, source
from classroom.grading.expected import prepare, wanted
from classroom.grading.reading import LARGEST, Unreadable, read_bytes, read_json, read_notebook
from classroom.grading.words import NOTES, REASONS, say

RELEASED = released(source(load(TOY, COURSE), "en", 1))


def why(data: bytes) -> str:
    with pytest.raises(Unreadable) as error:
        document, notes = read_json(data)
        read_notebook(document, notes)
    reason = error.value.reason
    for lang in ("en", "ko"):
        assert say(reason.key, lang, **reason.facts)
    return reason.key


@pytest.mark.parametrize(
    ("data", "key"),
    [
        (b"", "empty file"),
        (b" \n", "empty file"),
        (b"PK\x03\x04 a zip file", "no JSON"),
        (b"\x89PNG\r\n\x1a\n\xff\xff", "no text"),
        (b"[1, 2]", "no notebook"),
        (b"{}", "no notebook"),
        (b"[" * 200_000, "no JSON"),
        (notebook(["1"], {"kernelspec": {"name": "ir", "language": "R"}}).encode(), "other kernel"),
        (notebook(["1"], {"language_info": {"name": "julia"}}).encode(), "other kernel"),
        (notebook(["1"], {"kernelspec": {"name": "bash"}}).encode(), "other kernel"),
    ],
)
def test_what_cannot_be_run_has_a_reason(data: bytes, key: str):
    assert why(data) == key


@pytest.mark.parametrize(("encoding", "told"), [("utf-8", 0), ("utf-8-sig", 0), ("utf-16", 1), ("cp949", 1)])
def test_other_encodings_are_read_and_noted(encoding: str, told: int):
    document, notes = read_json(json.dumps({"말": "한국어"}, ensure_ascii=False).encode(encoding))
    assert document == {"말": "한국어"}
    assert len(notes) == told


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path):
    path = tmp_path / "large.ipynb"
    with path.open("wb") as file:
        file.truncate(LARGEST + 1)
    with pytest.raises(Unreadable) as error:
        read_bytes(path)
    assert error.value.reason.key == "too large"


def test_a_link_to_somebody_elses_work_is_not_followed(tmp_path: Path):
    (tmp_path / "theirs.ipynb").write_text(notebook(["1"]))
    link = tmp_path / "mine.ipynb"
    link.symlink_to("theirs.ipynb")
    with pytest.raises(Unreadable):
        read_bytes(link)


@given(st.one_of(st.binary(max_size=200), st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["cells", "nbformat", "metadata", "nbgrader", "grade_id", "source", "cell_type", "kernelspec",
                         "outputs", "data", "language"]), inner, max_size=6),
    max_leaves=25,
).map(lambda value: json.dumps(value).encode())))  # fmt: skip
def test_anything_is_a_notebook_or_unreadable(data: bytes):
    try:
        document, notes = read_json(data)
        read_notebook(document, notes)
    except Unreadable as error:
        assert error.reason.key in REASONS


def test_locked_cells_get_their_own_source_back_and_run_once():
    document = json.loads(json.dumps(RELEASED))
    begin = next(cell for cell in document["cells"] if cell["id"] == "begin")
    begin["source"] = "student = 'somebody else'"
    document["cells"].append(begin)
    read = read_notebook(document)
    ready = prepare(wanted(load(TOY, COURSE), "en", 1), read)
    assert sum("classroom.begin" in source for source in ready.sources) == 1
    assert not any("somebody else" in source for source in ready.sources)
    assert [note.key for note in read.notes] == ["twice"]


def test_missing_cells_and_changed_points_are_noted():
    document = json.loads(json.dumps(RELEASED))
    document["cells"] = [cell for cell in document["cells"] if cell["id"] != "kept-begin"]
    next(cell for cell in document["cells"] if cell["id"] == "named")["metadata"]["nbgrader"]["points"] = 100
    ready = prepare(wanted(load(TOY, COURSE), "en", 1), read_notebook(document))
    assert {note.key: note.facts["cells"] for note in ready.notes} == {"missing": "kept-begin", "changed": "named"}


def test_neither_solutions_nor_hidden_tests_are_in_what_is_put_back():
    text = "".join(cell.source for cell in wanted(load(TOY, COURSE), "en", 1).values())
    assert "docker volume create" not in text
    assert "/data/note" not in text


def test_every_text_is_there_in_both_languages():
    for texts in (REASONS, NOTES):
        for key, words in texts.items():
            assert set(words) == {"en", "ko"}, key
