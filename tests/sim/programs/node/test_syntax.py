"""What is no JavaScript is said to be none, whatever it is; numbers come back as they were."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.programs.node.compiler.modules import compiled
from sim.programs.node.library.regexps import translated
from sim.programs.node.numbers import in_base, number_text, parse_int, text_number
from sim.programs.node.syntax.tokens import JSSyntaxError, Lines, in_pairs

SIGNS = "` ${ } ( ) [ ] { } , ; : ? ?. ?? . ... => = == === + - * ** / % ++ -- ! ~ && || < > << >>> += ??="
KEYWORDS = """let const var function function* async await yield return if else for of in while do switch case
    default break continue try catch finally throw class extends super this new.target new typeof void delete
    instanceof static get set import export from as null true undefined"""
OTHERS = ["a", "b", "f", "1", "2.5", '"s"', "#p", "/x/g", "\n"]
WORDS = st.sampled_from([*SIGNS.split(), *KEYWORDS.split(), *OTHERS])


def _reads(source: str, kind: str) -> bool:
    try:
        compiled.__wrapped__(source, "test.js", kind)
    except JSSyntaxError as error:
        assert error.message
        assert 0 <= error.start < error.end
        return False
    return True


@given(st.lists(WORDS, max_size=14), st.sampled_from(["script", "module", "line"]))
def test_words_in_any_order_are_a_program_or_a_syntax_error(words: list[str], kind: str):
    _reads(" ".join(words), kind)


@given(st.text(max_size=60))
def test_any_text_is_a_program_or_a_syntax_error(text: str):
    _reads(text, "script")


@given(st.floats(allow_nan=False))
def test_a_number_is_written_so_that_it_can_be_read(value: float):
    assert text_number(number_text(value)) == value


@given(st.integers(-(2**53), 2**53), st.integers(2, 36))
def test_whole_numbers_keep_their_value_in_every_base(value: int, base: int):
    assert parse_int(in_base(float(value), base), base) == value


@given(st.text())
def test_text_in_pairs_is_as_long_as_javascript_says(text: str):
    assert len(in_pairs(text)) == len(text.encode("utf-16-le", "surrogatepass")) // 2


@given(st.text(st.sampled_from("a\n\r\u2028b")), st.integers(0, 30))
def test_places_and_lines_agree(text: str, offset: int):
    lines = Lines(text)
    line, column = lines.place(min(offset, len(text)))
    assert line >= 1
    assert column >= 0
    assert text[min(offset, len(text)) - column :].startswith(lines.text(line)[:column])


@pytest.mark.parametrize(
    ("body", "flags", "text", "found"),
    [
        (r"^\w+@\w+\.com$", "", "a@b.com", "a@b.com"), (r"a$", "", "a\n", None), (r"^b$", "m", "a\nb\nc", "b"),
        (r"(?<y>\d{4})-\k<y>", "", "2024-2024", "2024-2024"), (r"[^]", "", "\n", "\n"), (r"a.c", "", "a\nc", None),
        (r"a.c", "s", "a\nc", "a\nc"), (r"\u{1F600}", "u", in_pairs("😀"), in_pairs("😀")), (r"\bé", "", "é", None),
        (r"[[\]]+", "", "[]", "[]"), (r"\/", "", "/", "/"), (r"x{,2}", "", "x{,2}", "x{,2}"), (r"\d", "", "٣", None),
        (r"(?<=\$)\d+", "", "$42", "42"), (r"ÀB", "i", "àb", "àb"), (r"\cA", "", "\x01", "\x01"),
    ],
)  # fmt: skip
def test_regular_expressions_mean_what_they_mean_in_javascript(body: str, flags: str, text: str, found: str | None):
    match = translated(body, flags).search(text)
    assert (match[0] if match else None) == found
