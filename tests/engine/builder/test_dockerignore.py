"""`.dockerignore`: what is left out of a context, by the rules that its reference gives."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.builder.dockerignore import Ignore, PatternError

PATHS = (
    "a.md",
    "README.md",
    "README-secret.md",
    "temp",
    "x/temp",
    "x/y/temp/z",
    "tempa",
    "src/a.log",
    "deep/src/b.log",
)


@pytest.mark.parametrize(
    ("lines", "left_out"),
    [
        ("# comment", ()),
        ("*/temp*", ("x/temp",)),
        ("*/*/temp*", ("x/y/temp/z",)),
        ("temp?", ("tempa",)),
        ("temp", ("temp",)),
        ("/temp/", ("temp",)),
        ("**/temp", ("temp", "x/temp", "x/y/temp/z")),
        ("x", ("x/temp", "x/y/temp/z")),
        ("*.md\n!README.md", ("a.md", "README-secret.md")),
        ("*.md\n!README*.md\nREADME-secret.md", ("a.md", "README-secret.md")),
        ("*.md\nREADME-secret.md\n!README*.md", ("a.md",)),
        ("**/*.log", ("src/a.log", "deep/src/b.log")),
        ("src/**", ("src/a.log",)),
        ("**", PATHS),
        ("*\n!src", tuple(path for path in PATHS if not path.startswith("src/"))),
        ("./temp\r", ("temp",)),
        ("[st]emp", ("temp",)),
        (" temp \n\n", ("temp",)),
        ("..", ()),
    ],
)
def test_what_is_left_out(lines, left_out):
    ignore = Ignore.parse(lines.encode())
    assert tuple(path for path in PATHS if ignore.excludes(path)) == left_out


def test_a_folder_is_looked_into_only_if_something_may_come_back():
    ignore = Ignore.parse(b"node_modules\nbuild\n!build/keep/x\n")
    assert ignore.may_skip("node_modules") and not ignore.may_skip("build") and not ignore.may_skip("src")
    assert ignore.may_skip("build/other") and not ignore.may_skip("build/keep")


@pytest.mark.parametrize("line", ["!", "a[", "[z-a]"])
def test_a_line_that_is_no_pattern_is_refused(line):
    with pytest.raises(PatternError):
        Ignore.parse(line.encode())


NAMES = st.lists(st.sampled_from(["a", "b", "ab", "a.b", "c"]), min_size=1, max_size=4).map("/".join)
LINES = st.lists(
    st.sampled_from(["a", "*", "**", "!a", "!*/b", "**/b", "a*", "?b", "a/**", "!a/b", "c/", "/ab"]), max_size=6
)


@given(LINES, NAMES)
def test_what_may_be_skipped_has_nothing_that_belongs_to_the_context(lines, name):
    ignore = Ignore(lines)
    parts = name.split("/")
    for depth in range(1, len(parts)):
        if ignore.may_skip("/".join(parts[:depth])):
            assert ignore.excludes(name)


@given(st.binary(max_size=100), NAMES)
def test_any_file_can_be_read(data, name):
    try:
        Ignore.parse(data).excludes(name)
    except PatternError as error:
        assert str(error)
