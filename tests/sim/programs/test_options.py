"""Command lines are understood as getopt_long(3) does."""

import pytest

from sim.programs.options import Grammar, Usage, parse

GRAMMAR = Grammar.of("lan:i::", {"all": "a", "lines:": "n", "color::": "color", "size:": "size", "sort:": "sort"}, "n")


@pytest.mark.parametrize(
    "words, given, operands",
    [
        (["-la", "x"], [("l", ""), ("a", "")], ["x"]),
        (["x", "-l", "y"], [("l", "")], ["x", "y"]),
        (["-n5"], [("n", "5")], []),
        (["-an", "5"], [("a", ""), ("n", "5")], []),
        (["-5"], [("n", "5")], []),
        (["-i", "x"], [("i", "")], ["x"]),
        (["-i.bak"], [("i", ".bak")], []),
        (["--", "-l"], [], ["-l"]),
        (["-"], [], ["-"]),
        (["--all", "--lines=3"], [("a", ""), ("n", "3")], []),
        (["--lines", "3"], [("n", "3")], []),
        (["--color", "x"], [("color", "")], ["x"]),
        (["--col=auto"], [("color", "auto")], []),
        (["--si", "3"], [("size", "3")], []),
    ],
)
def test_words_become_options_and_operands(words, given, operands):
    options, rest = parse(GRAMMAR, words)
    assert (options.given, rest) == (given, operands)


@pytest.mark.parametrize(
    "words, message",
    [
        (["-Z"], "invalid option -- 'Z'"),
        (["-n"], "option requires an argument -- 'n'"),
        (["--zz"], "unrecognized option '--zz'"),
        (["--zz=1"], "unrecognized option '--zz=1'"),
        (["--lines"], "option '--lines' requires an argument"),
        (["--all=1"], "option '--all' doesn't allow an argument"),
        (["--s"], "option '--s' is ambiguous; possibilities: '--size' '--sort'"),
    ],
)
def test_wrong_words_are_refused_as_the_c_library_does(words, message):
    with pytest.raises(Usage) as refusal:
        parse(GRAMMAR, words)
    assert refusal.value.message == message


def test_options_after_the_first_operand_can_be_left_to_another_command():
    options, operands = parse(Grammar.of("+n:", {}), ["-n", "5", "sh", "-c", "true"])
    assert (options["n"], operands) == ("5", ["sh", "-c", "true"])


def test_the_last_of_several_options_wins():
    options, _ = parse(Grammar.of("PLHn:", {}), ["-P", "-L", "-n1", "-n2"])
    assert (options.last("PLH"), options["n"], options.get("x", "none")) == ("L", "2", "none")
