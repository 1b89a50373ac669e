"""Variables and quotes in a Dockerfile's words mean what they mean to a shell."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.builder.glob import Glob, without_suffix
from engine.builder.words import Variables, WordError, expand, expand_all, quote, split

ENV = {"x": "value", "empty": "", "path": "a/b/c.tar.gz", "two": "80 443", "Ünal": "u", "1": "one"}


@pytest.mark.parametrize(
    ("word", "meaning"),
    [
        ("$x", "value"),
        ("${x}y", "valuey"),
        ("$xy", ""),
        ("$x-$x", "value-value"),
        ("$", "$"),
        ("a$ b", "a$ b"),
        ("'$x'", "$x"),
        ("\"$x '$x'\"", "value 'value'"),
        ("\\$x", "$x"),
        ('"\\$x \\" \\n"', '$x " \\n'),
        ("a\\ b", "a b"),
        ("end\\", "end"),
        ("${x:-other}", "value"),
        ("${empty:-other}", "other"),
        ("${empty-other}", ""),
        ("${nothing-other}", "other"),
        ("${nothing:-$x}", "value"),
        ("${nothing:-${empty:-deep}}", "deep"),
        ("${nothing:-'a b'}", "a b"),
        ("${x:+there}", "there"),
        ("${empty:+there}", ""),
        ("${empty+there}", "there"),
        ("${nothing+there}", ""),
        ("${x:?must}", "value"),
        ("${path#*/}", "b/c.tar.gz"),
        ("${path##*/}", "c.tar.gz"),
        ("${path%.*}", "a/b/c.tar"),
        ("${path%%.*}", "a/b/c"),
        ("${path#?}", "/b/c.tar.gz"),
        ("${path%nope}", "a/b/c.tar.gz"),
        ("${path/b/B}", "a/B/c.tar.gz"),
        ("${path//[/x}", "a/b/c.tar.gz"),
        ("${path//./-}", "a/b/c-tar-gz"),
        ("$1st $12", "onest "),
        ("$Ünal", "u"),
        ("$$", ""),
    ],
)
def test_a_word_is_expanded(word, meaning):
    assert expand(word, ENV) == meaning


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("${", "syntax error: missing '}'"),
        ("${x", "syntax error: missing '}'"),
        ("${x:-a", "syntax error: missing '}'"),
        ("${}", "syntax error: bad substitution"),
        ("${:x}", "syntax error: bad substitution"),
        ("${{x}}", "syntax error: bad substitution"),
        ("${x^^}", "unsupported modifier (^) in substitution"),
        ("${x:=a}", "unsupported modifier (:=) in substitution"),
        ("${nothing:?}", "nothing: is not allowed to be unset"),
        ("${empty:?}", "empty: is not allowed to be empty"),
        ("${nothing?please set it}", "nothing: please set it"),
        ("'a", "unexpected end of statement while looking for matching single-quote"),
        ('"a', "unexpected end of statement while looking for matching double-quote"),
        ("${x/a}", "syntax error: missing '/' in ${}"),
    ],
)
def test_a_wrong_word_is_named_with_what_is_wrong(word, message):
    with pytest.raises(WordError) as caught:
        expand(word, ENV)
    assert str(caught.value) == f"failed to process {quote(word)}: {message}"


def test_only_what_is_not_quoted_is_cut_into_words():
    assert expand_all("$two 22", ENV) == ["80", "443", "22"]
    assert expand_all("'$two' \"$two\" a\\ b", ENV) == ["$two", "80 443", "a b"]


def test_another_escape_leaves_the_backslash_alone():
    assert expand("C:\\dir`$x", ENV, "`") == "C:\\dir$x"


def test_quotes_mean_nothing_in_a_here_document():
    assert Variables(ENV).document("say \"$x\" '$x' \\$x\n") == "say \"value\" 'value' $x\n"


def test_splitting_leaves_everything_in_its_words():
    assert split("a 'b c'd \"e \\\" f\"  g\\ h ''") == ["a", "'b c'd", '"e \\" f"', "g\\ h", "''"]


@given(st.text(max_size=60))
@settings(max_examples=500)
def test_any_word_is_expanded_or_refused(word):
    try:
        expand(word, ENV)
    except WordError as error:
        assert str(error).startswith("failed to process ")


def test_depth_and_length_end_in_an_error_not_in_a_crash():
    with pytest.raises(WordError, match="too many substitutions"):
        expand("${x:+" * 12_000 + "a" + "}" * 12_000, ENV)
    assert expand("${long##" + "*a" * 30 + "b}", {"long": "a" * 5000}) == "a" * 5000


@given(st.text("ab*?", max_size=8), st.text("ab", max_size=12))
def test_patterns_match_what_they_describe(pattern, value):
    expression = re.compile(pattern.replace("*", ".*").replace("?", "."))
    expected = [end for end in range(len(value) + 1) if expression.fullmatch(value[:end])]
    assert list(Glob.parse(pattern).ends(value)) == expected
    shortest, longest = without_suffix(pattern, value, False), without_suffix(pattern, value, True)
    starts = [start for start in range(len(value) + 1) if expression.fullmatch(value[start:])]
    assert (longest, shortest) == ((value[: starts[0]], value[: starts[-1]]) if starts else (value, value))
