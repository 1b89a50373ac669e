"""A Dockerfile's lines: whatever a student writes, every instruction is found with its line, every error has one."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.builder.dockerfile import Dockerfile, DockerfileError, Heredoc, parse
from engine.builder.reading import READERS, read


def lines(text: str) -> list[tuple[int, int, str]]:
    return [(node.start, node.end, node.original) for node in parse(text.encode()).nodes]


def test_each_instruction_knows_its_lines():
    text = "# note\n\nFROM busybox\nRUN a && \\\n  # between\n  b\n\nCMD x\n"
    assert lines(text) == [(3, 3, "FROM busybox"), (4, 6, "RUN a &&   b"), (8, 8, "CMD x")]


def test_an_empty_line_in_a_continuation_is_taken_with_a_warning():
    found = parse(b"FROM busybox\nRUN a \\\n\n  b\n")
    assert found.nodes[1].arguments == ("a   b",)
    assert found.warnings == (
        "[WARNING]: Empty continuation line found in:\n    RUN a   b",
        "[WARNING]: Empty continuation lines will become errors in a future release.",
    )


def test_the_escape_directive_changes_what_continues_a_line():
    found = parse(b"# syntax=docker/dockerfile:1\n# escape=`\nFROM busybox\nRUN dir C:\\ `\n && x\n")
    assert (found.escape, found.nodes[1].arguments) == ("`", ("dir C:\\  && x",))
    assert parse(b"# a comment first\n# escape=`\nFROM x\n").escape == "\\"


def test_windows_line_ends_and_a_byte_order_mark_do_not_matter():
    assert lines("\ufeffFROM busybox\r\nRUN a \\\r\n  b\r\n") == [(1, 1, "FROM busybox"), (2, 3, "RUN a   b")]


def test_keywords_may_be_written_in_any_case():
    assert [node.keyword for node in parse(b"from x\nRun y\nonbuild copy a b\n").nodes] == ["FROM", "RUN", "ONBUILD"]


def test_json_arrays_are_told_from_text():
    nodes = parse(b'FROM x\nCMD ["a", "b c"]\nCMD [ "a", b ]\nCOPY ["a b", "/c"]\n').nodes
    assert [(node.json, node.arguments) for node in nodes[1:]] == [
        (True, ("a", "b c")),
        (False, ('[ "a", b ]',)),
        (True, ("a b", "/c")),
    ]


def test_flags_come_before_the_arguments():
    node = parse(b'FROM x\nCOPY --from=a --chown="b c" -- --d e/\n').nodes[1]
    assert (node.flags, node.arguments) == (("--from=a", "--chown=b c"), ("--d", "e/"))


HERE = """FROM x
RUN <<EOF
one
# no comment
EOF
COPY <<-'A' <<"B" /dst/
\tfirst $x
\tA
second
B
ONBUILD RUN cat <<E >x
y
E
RUN cat<<EOF
"""


def test_here_documents_belong_to_their_instruction():
    nodes = parse(HERE.encode()).nodes
    assert nodes[1].heredocs == (Heredoc("EOF", content="one\n# no comment\n"),)
    assert [(doc.name, doc.text, doc.expand) for doc in nodes[2].heredocs] == [
        ("A", "first $x\n", False),
        ("B", "second\n", False),
    ]
    assert nodes[3].child is not None and nodes[3].child.heredocs == nodes[3].heredocs == (Heredoc("E", content="y\n"),)
    assert nodes[4].heredocs == (), "not a word of its own, so the shell's"
    assert [(node.start, node.end) for node in nodes] == [(1, 1), (2, 5), (6, 10), (11, 13), (14, 14)]


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("", 1, "file with no instructions"),
        ("# only\n\n# comments\n", 3, "file with no instructions"),
        ("# escape=x\nFROM a", 1, "invalid escape token 'x' does not match ` or \\"),
        ("# escape=`\n# escape=`\nFROM a", 2, "only one escape parser directive can be used"),
        ("FROM a\nENV x", 2, "ENV must have two arguments"),
        ("FROM a\n\nLABEL a=1 b", 3, 'Syntax error - can\'t find = in "b". Must be of the form: name=value'),
        ("FROM a\nRUN [1]", 2, "when using JSON array syntax, arrays must be comprised of strings only"),
        ("FROM a\nRUN <<EOF\nb\n", 2, "unterminated heredoc"),
        ("FROM a\n" + "ONBUILD " * 8000, 2, "Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed"),
        ("FROM a\nRUN " + "x" * 70_000, 2, "dockerfile line greater than max allowed size of 65535"),
    ],
)
def test_what_cannot_be_read_is_said_with_its_line(text, line, message):
    with pytest.raises(DockerfileError) as caught:
        parse(text.encode())
    assert (caught.value.line, str(caught.value)) == (line, message)


INSTRUCTIONS = [
    ("FRM x", "unknown instruction: FRM (did you mean FROM?)"),
    ("FROM", "FROM requires either one or three arguments"),
    ("FROM a b", "FROM requires either one or three arguments"),
    ("FROM a AS 1b", 'invalid name for build stage: "1b", name can\'t start with a number or contain symbols'),
    ("FROM --platfrm=x a", "Unknown flag: platfrm"),
    ("COPY a", "COPY requires at least two arguments, but only one was provided. Destination could not be determined"),
    ("ADD a", "ADD requires at least two arguments, but only one was provided. Destination could not be determined"),
    ("COPY --form=x a b", "Unknown flag: form"),
    ("COPY --chown a b", "Missing a value on flag: chown"),
    ("COPY --link=x a b", "Expecting boolean value for flag link, not: x"),
    ("COPY --from=x --from=y a b", "Duplicate flag specified: from"),
    ("COPY a <<E\nE", "COPY cannot accept a heredoc as a destination"),
    ("ENV", "ENV requires at least one argument"),
    ("ENV =1", "ENV names can not be blank"),
    ("LABEL", "LABEL requires at least one argument"),
    ("ARG", "ARG requires at least one argument"),
    ("ARG =1", "ARG names can not be blank"),
    ("WORKDIR", "WORKDIR requires exactly one argument"),
    ("USER", "USER requires exactly one argument"),
    ("EXPOSE", "EXPOSE requires at least one argument"),
    ("VOLUME", "VOLUME requires at least one argument"),
    ('VOLUME [" "]', "VOLUME specified can not be an empty string"),
    ("STOPSIGNAL", "STOPSIGNAL requires exactly one argument"),
    ("MAINTAINER", "MAINTAINER requires exactly one argument"),
    ("SHELL []", "SHELL requires at least one argument"),
    ("SHELL sh -c", "SHELL requires the arguments to be in JSON form in: SHELL sh -c"),
    ("ONBUILD", "ONBUILD requires at least one argument"),
    ("ONBUILD ONBUILD RUN x", "Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed"),
    ("ONBUILD FROM x", "FROM isn't allowed as an ONBUILD trigger"),
    ("HEALTHCHECK", "HEALTHCHECK requires at least one argument"),
    ("HEALTHCHECK NONE x", "HEALTHCHECK NONE takes no arguments"),
    ("HEALTHCHECK PING x", 'Unknown type "PING" in HEALTHCHECK (try CMD)'),
    ("HEALTHCHECK CMD", "Missing command after HEALTHCHECK CMD"),
    ("HEALTHCHECK --interval=soon CMD x", 'time: invalid duration "soon"'),
    ("HEALTHCHECK --timeout=1us CMD x", 'Interval "timeout" cannot be less than 1ms'),
    ("HEALTHCHECK --retries=x CMD x", 'strconv.ParseInt: parsing "x": invalid syntax'),
    ("HEALTHCHECK --retries=-1 CMD x", "--retries cannot be negative (-1)"),
    ("HEALTHCHECK --often=1s CMD x", "Unknown flag: often"),
]


@pytest.mark.parametrize(("wrong", "message"), INSTRUCTIONS)
def test_a_wrong_instruction_is_refused_in_dockers_words_with_its_line(wrong, message):
    with pytest.raises(DockerfileError) as caught:
        read(parse(f"FROM a\n\n# fine so far\n{wrong}\n".encode()))
    assert caught.value.line == 4
    assert str(caught.value) == f"dockerfile parse error line 4: {message}"


def test_what_stands_before_the_first_stage_belongs_to_none():
    with pytest.raises(DockerfileError, match=r"^no build stage in current context$"):
        read(parse(b"ARG a\nRUN b\nFROM c\n"))


def outcome(data: bytes) -> Dockerfile | int:
    """What any bytes give: instructions, or an error with the number of a line that is there."""
    try:
        found = parse(data)
        read(found)
    except DockerfileError as error:
        assert 1 <= error.line <= data.count(b"\n") + 1
        assert str(error)
        return error.line
    return found


@given(st.binary(max_size=300))
@settings(max_examples=300, deadline=None)
def test_any_bytes_are_read_or_refused_with_a_line(data):
    outcome(data)


WORDS = st.sampled_from(
    [*READERS, "--from=x", "<<EOF", "<<-'E'", "EOF", "E", "[", '["a"]', "a=b", "$x", "${x", '"', "'", "\\", "#", "\n",
     "\n\n", "\\\n", "\t", " ", "=", "--", "AS", "CMD", "NONE", "# escape=`\n", "\x00", "é", "{", "[" * 50]
)  # fmt: skip


@given(st.lists(WORDS, max_size=40).map(" ".join))
@settings(max_examples=500, deadline=None)
def test_what_looks_like_a_dockerfile_is_read_or_refused_with_a_line(text):
    found = outcome(text.encode())
    if isinstance(found, Dockerfile):
        starts = [node.start for node in found.nodes]
        assert starts == sorted(starts) and all(node.start <= node.end for node in found.nodes)


PLAIN = st.text(st.characters(codec="utf-8", exclude_characters="\n\r\\#<`", exclude_categories=["Z", "C"]), min_size=1)


@given(st.lists(PLAIN, min_size=1))
def test_lines_without_meaning_come_out_as_they_went_in(texts):
    found = parse("\n".join(f"RUN x{text}" for text in texts).encode())
    assert [node.original for node in found.nodes] == [f"RUN x{text}" for text in texts]
    assert [node.start for node in found.nodes] == list(range(1, len(texts) + 1))
