"""A session as a piece of a link: what is written is read, and what nobody has written does no harm."""

import base64
import json
import zlib
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classroom.playground.entries import KINDS, LARGEST, LONGEST, MOST, VERSION, BadLink, Entry, Story, read, write

JSON = st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.text(max_size=9)
VALUES = {int: st.integers(-(2**60), 2**60), str: st.text(max_size=50), object: JSON}


def entry(kind):
    return st.builds(lambda values: Entry(kind, values), st.tuples(*(VALUES[wanted] for _, wanted in KINDS[kind])))


STORIES = st.builds(
    lambda seed, entries: Story(seed, tuple(entries)),
    st.integers(0, 2**53 - 1),
    st.lists(st.sampled_from(sorted(KINDS)).flatmap(entry), max_size=20),
)


@given(STORIES)
def test_what_is_written_is_read_and_a_secret_is_only_so_long(story):
    link = write(story)
    assert read(link).seed == story.seed
    for written, found in zip(story.entries, read(link).entries, strict=True):
        if written.kind == "secret":
            assert set(found.values[1]) <= set("*\r\n\x04")
            assert len(found.values[1]) == len(written.values[1])
        else:
            assert found == written
    assert set(link) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.")


@given(
    st.text(max_size=80) | st.binary(max_size=80).map(lambda data: VERSION + base64.urlsafe_b64encode(data).decode())
)
def test_what_nobody_has_written_is_refused(link):
    with pytest.raises(BadLink):
        read(link)


@given(STORIES, st.data())
def test_a_link_that_lost_something_on_the_way_is_refused_or_another_session(story, data):
    link = write(story)
    at = data.draw(st.integers(0, len(link) - 1))
    with suppress(BadLink):
        assert isinstance(read(link[:at] + link[at + 1 :]), Story)


def packed(document) -> str:
    text = document if isinstance(document, bytes) else json.dumps(document).encode()
    return VERSION + base64.urlsafe_b64encode(zlib.compress(text, 9)).decode()


@pytest.mark.parametrize(
    "document",
    [
        [], [1], [1, 2], [-1, []], [2**53, []], [True, []], ["7", []], [1.5, []], {"seed": 1}, [1, [[]]],
        [1, [["exec", "x"]]],
        [1, [["line", "ls"]]], [1, [["line", "ls", "24", 80]]], [1, [["line", "ls", True, 80]]], [1, [[["line"], 1]]],
        [1, [["keys", 0, "x"]] * (MOST + 1)], b"[1, " * 100_000, b"\xff\xfe",
    ],
)  # fmt: skip
def test_documents_of_another_shape_are_refused(document):
    with pytest.raises(BadLink):
        read(packed(document))


def test_a_bomb_is_not_unpacked():
    bomb = packed(b"[1," + b" " * (LARGEST * 50) + b"[]]")
    assert len(bomb) < LONGEST * 2
    with pytest.raises(BadLink):
        read(bomb)


def test_a_story_can_be_cut_before_a_line():
    line = [Entry("line", (text, 24, 80)) for text in ("a", "b")]
    story = Story(1, (Entry("save", (0, "f", "x")), line[0], Entry("keys", (5, "k")), line[1]))
    assert [story.until(count).entries for count in (0, 1, 2)] == [story.entries[:1], story.entries[:3], story.entries]
    assert [(first and first["text"], len(rest)) for first, rest in story.by_line()] == [(None, 1), ("a", 1), ("b", 0)]
