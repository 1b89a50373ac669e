"""What is missing in an assignment's folder is told to its author with the file and the part."""

import pytest

from classroom.exercises.load import BadAssignment, load, names, page
from classroom.exercises.rehearsal import problems

TASKS = '''"""One task."""

from classroom.exercises.authoring import *

TASKS = (
    Task(
        "say", Level.APPLY, (2,), (Criterion("said", 1, Logs("{box}"), Contains("hello")),), draws={"box": Name()},
        solution=("docker run --name {box} busybox echo hello",),
        wrong=(Wrong(("docker run --name {box} busybox echo bye",), fails=("said",), says="“bye”"),),
    ),
)
'''
PAGE = """# 3. A title

Some words.

```
# a comment in code is no heading
```

## say: Say hello

Say hello in **{box}**.

### Hint
Look around.

### Next: said
Say it.
"""


@pytest.fixture
def folder(tmp_path):
    place = tmp_path / "03-trial"
    place.mkdir()
    (place / "tasks.py").write_text(TASKS, "utf-8")
    for lang in ("en", "ko"):
        (place / f"{lang}.md").write_text(PAGE, "utf-8")
    return tmp_path


def test_an_assignment_is_put_together_from_three_files(folder):
    assert names(folder) == ["03-trial"]
    assignment = load("03-trial", folder)
    task = assignment.tasks[0]
    assert (assignment.lesson, assignment.title.en, task.title.en) == (3, "3. A title", "Say hello")
    assert assignment.intro.en.endswith("# a comment in code is no heading\n```")
    assert (task.goal.en, task.hints[0].en, task.criteria[0].next.en) == (
        "Say hello in **{box}**.",
        "Look around.",
        "Say it.",
    )
    assert list(problems(assignment, task)) == []


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("## say: Say hello", "## speak: Say hello", r"ko.md has the tasks \['speak'\]"),
        ("### Next: said\nSay it.", "", "say: ### Next: said is missing in ko.md"),
        ("### Next: said", "### Next: sung", "say has no criterion sung|Next: said is missing"),
        ("### Hint\nLook around.", "", "say has 1 hints in en.md and 0 in ko.md"),
        ("### Hint", "### Tip", "### Tip: Hint, Next"),
        ("Some words.", "### Hint", "belongs to no task"),
    ],
)
def test_what_is_missing_is_told(folder, old, new, reason):
    assert old in PAGE
    (folder / "03-trial" / "ko.md").write_text(PAGE.replace(old, new), "utf-8")
    with pytest.raises(BadAssignment, match=reason):
        load("03-trial", folder)


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ('fails=("said",)', 'fails=()', "wrong solution 1 fails said instead of "),
        ("“bye”", "goodbye", "wrong solution 1 is not told 'goodbye'"),
        ("echo bye", "echo hello", "wrong solution 1 fails nothing instead of said"),
        ('busybox echo hello"', 'busybox echo hallo"', "the solution does not meet 'said'. Observed"),
        ('solution=("docker', 'setup=("docker run --name x{box} busybox",), solution=("docker', ""),
    ],
)  # fmt: skip
def test_what_is_not_as_the_author_says_is_told(folder, old, new, reason):
    (folder / "03-trial" / "tasks.py").write_text(TASKS.replace(old, new), "utf-8")
    assignment = load("03-trial", folder)
    said = list(problems(assignment, assignment.tasks[0]))
    assert (reason in said[0]) if reason else said == []


def test_a_page_in_parts():
    written = page(PAGE + "\n### Question\nWhy?\n", "en.md")
    assert written.tasks["say"].parts == {"Question": "Why?"}
