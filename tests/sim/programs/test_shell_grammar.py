"""The grammar: any text is parsed or refused, and a tree written out as text is parsed to the same tree."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sim.programs.shell.nodes import Background, HereDocument, If, Pipeline, Redirected, SimpleCommand, Text
from sim.programs.shell.parser import Parser, Program, parse_program
from sim.programs.shell.tokens import ShellSyntaxError
from sim.programs.shell.unparser import command_text, unparse

PIECES = [
    "a", "b c", "'q'", '"d $x"', "$y", "${z:-w}", "${z##*/}", '"${x:-a b}"', "$(a)", "`b`", "$((1+2))", "x=1",
    "\\ ", "\\\n", " ", "\t", "\n", ";", ";;", "&", "&&", "|", "||", "(", ")", "{", "}", "!", "<", ">", ">>",
    "2>&1", "<<E\n", "E\n", "<<-'E'\n", "if ", "then ", "else ", "elif ", "fi", "for i in ", "do ", "done",
    "while ", "until ", "case ", " in ", "esac", "f()", "#", "'", '"', "`", "$", "${", "$((", "$(", "*", "[a]",
    "~", "[[ ", " ]]", "\u00e9",
]  # fmt: skip
soup = st.lists(st.sampled_from(PIECES), max_size=25).map("".join)


@given(st.one_of(soup, st.text(max_size=40)), st.booleans())
@settings(max_examples=400, deadline=None)
def test_no_text_breaks_the_parser(text: str, bash: bool) -> None:
    program = parse_program(text, bash=bash)
    assert isinstance(program, Program)


word = st.one_of(
    st.sampled_from(
        ["a", "b-c", "1", "*.c", "~/x", "'q r'", '"d $x e"', "$y", "${z:-w}", "${z%%.*}", '"${x:+a "b" c}"', "''"]
    ),
    st.sampled_from(
        ["$(a b | c)", "`d`", "$((x + (1)))", "a\\ b", '"`e`"', "$'\\t'", "x\"y\"'z'", "${#v}", "${v/a/b}", "${v:1:2}"]
    ),
    st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=6).map(
        lambda s: "'" + s.replace("'", "") + "'"
    ),
)
simple = st.builds(
    lambda assignments, words, last: " ".join([*assignments, *words, *last]),
    st.lists(word.map("v=".__add__), max_size=2),
    st.lists(word, min_size=1, max_size=3).map(lambda words: ["c", *words]),
    st.lists(st.sampled_from([">f", "<f", "2>&1", ">>g", "3<&-"]), max_size=2),
)


def compound(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    two = st.tuples(inner, inner)
    return st.one_of(
        two.map(lambda t: f"{t[0]} && {t[1]}"),
        two.map(lambda t: f"{t[0]} | {t[1]}"),
        inner.map(lambda s: f"! {s}" if not s.startswith("!") else s),
        two.map(lambda t: f"{{ {t[0]}\n{t[1]}; }} >f"),
        two.map(lambda t: f"( {t[0]} & {t[1]} )"),
        two.map(lambda t: f"if {t[0]}; then {t[1]}\nelif {t[1]}; then {t[0]}; else x; fi"),
        two.map(lambda t: f"while {t[0]}; do {t[1]}; done"),
        two.map(lambda t: f"for i in 1 '2 3'; do {t[0]} & {t[1]}; done"),
        two.map(lambda t: f"case $x in a|'b c') {t[0]};; *) {t[1]}\nesac"),
        inner.map(lambda s: f"f() {{ {s}; }}"),
        inner.map(lambda s: f"cat <<E\n$( {s} )\nE"),
    )


script = st.recursive(simple, compound, max_leaves=8)


@given(st.one_of(script, soup))
@example("cat <<A <<'B'\n$x `y`\nA\nplain $x\nB")
@example("x=$(cat <<E\nhi\nE\n)")
@example("(a &)")
@example("if a; then b & fi")
@settings(max_examples=300, deadline=None)
def test_a_tree_written_out_is_parsed_to_the_same_tree(text: str) -> None:
    program = parse_program(text)
    if program.error is not None:  # such as `! ! a`
        return
    for command in program.commands:
        again = parse_program(unparse(command))
        assert again.error is None, unparse(command)
        flat = [each for line in again.commands for each in line.commands]
        assert flat == list(command.commands)


def parsed(text: str) -> object:
    program = parse_program(text)
    assert program.error is None and len(program.commands) == 1
    (command,) = program.commands[0].commands
    return command


def test_reserved_words_count_only_where_a_command_begins() -> None:
    command = parsed("echo if then fi")
    assert isinstance(command, SimpleCommand)
    assert [word.literal for word in command.words] == ["echo", "if", "then", "fi"]
    assert isinstance(parsed("'if' x"), SimpleCommand)
    assert isinstance(parsed("if x; then y; fi"), If)


def test_quoting_is_kept_in_the_word() -> None:
    command = parsed("echo a'b c'\"d\"")
    assert isinstance(command, SimpleCommand)
    assert command.words[1].parts == (Text("a"), Text("b cd", quoted=True))


def test_a_here_document_belongs_to_the_command_that_announced_it() -> None:
    command = parsed("cat <<A | sort\none\nA\n")
    assert isinstance(command, Pipeline)
    first = command.commands[0]
    assert isinstance(first, SimpleCommand)
    (document,) = first.redirections
    assert isinstance(document, HereDocument)
    assert document.body.literal == "one\n"


def test_a_redirection_after_a_compound_command_is_for_all_of_it() -> None:
    assert isinstance(parsed("{ a; b; } >f"), Redirected)


def test_an_ampersand_ends_a_command_like_a_semicolon() -> None:
    program = parse_program("a & b")
    first, second = program.commands[0].commands
    assert isinstance(first, Background) and isinstance(second, SimpleCommand)


@pytest.mark.parametrize(
    "text", ["if true", "echo 'a", "a &&", "a |", "cat <<E\nx", "f() {", "$(a", "echo \\", "case a in b)"]
)
def test_an_unfinished_command_asks_for_more(text: str) -> None:
    with pytest.raises(ShellSyntaxError) as caught:
        Parser(text + "\n", more=True).complete_command()
    assert caught.value.at_end


@pytest.mark.parametrize("text", ["fi", "a ;; b", "a & & b", ")", "for 1 in a"])
def test_a_wrong_command_does_not_ask_for_more(text: str) -> None:
    with pytest.raises(ShellSyntaxError) as caught:
        Parser(text + "\n", more=True).complete_command()
    assert not caught.value.at_end


def test_commands_before_an_error_are_kept() -> None:
    program = parse_program("echo a\necho b\nfi\necho c\n")
    assert len(program.commands) == 2
    assert program.error is not None and program.error.line == 3


def test_a_text_is_parsed_once() -> None:
    assert parse_program("echo same text") is parse_program("echo same text")


def test_a_job_is_shown_on_one_line() -> None:
    command = parsed("while true; do sleep 1 & wait; done")
    assert command_text(command) == "while true; do sleep 1 & wait; done"  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "words"),
    [("x{a,b}y", ["xay", "xby"]), ("{1..3}", ["1", "2", "3"]), ("{a..c}", ["a", "b", "c"]),
     ("{01..3}", ["01", "02", "03"]), ("{a}", ["{a}"]),
     ("{a,{b,c}}", ["a", "b", "c"]), ("'{a,b}'", ["{a,b}"]), ("{3..1}", ["3", "2", "1"])],
)  # fmt: skip
def test_bash_expands_braces(text: str, words: list[str]) -> None:
    program = parse_program("echo " + text, bash=True)
    command = program.commands[0].commands[0]
    assert isinstance(command, SimpleCommand)
    assert [word.literal for word in command.words[1:]] == words
