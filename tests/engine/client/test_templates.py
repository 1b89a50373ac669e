"""`--format` does what Go's text/template does with it."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.client.templates import TemplateError, parse, render

ROW = {
    "Names": "web",
    "Labels": {"a": "b", "c": "d"},
    "State": {"Running": True, "Pid": 3},
    "Items": ["x", "y"],
    "Label": lambda name: {"a": "b"}.get(name, ""),
    "Nothing": None,
}


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{{.Names}}", "web"),
        ("{{json .Labels}}", '{"a":"b","c":"d"}'),
        ("{{.State}}", "map[Pid:3 Running:true]"),
        ("{{.Items}}", "[x y]"),
        ("{{.Nothing}}", "<no value>"),
        ('{{.Label "a"}}', "b"),
        ("{{range .Items}}<{{.}}>{{end}}", "<x><y>"),
        ("{{range $i, $e := .Items}}{{$i}}={{$e}};{{end}}", "0=x;1=y;"),
        ("{{range $k, $v := .Labels}}{{$k}}{{$v}} {{end}}", "ab cd "),
        ("{{range .Nothing}}x{{else}}none{{end}}", "none"),
        ('{{if eq .Names "db" "web"}}yes{{else}}no{{end}}', "yes"),
        ("{{if .Nothing}}a{{else if .State.Running}}b{{else}}c{{end}}", "b"),
        ("{{with .State}}{{.Pid}}{{end}}", "3"),
        ("{{index .Items 1 | upper}}", "Y"),
        ('{{index .Labels "a"}}', "b"),
        ('{{join .Items ", "}}', "x, y"),
        ('{{.Names | printf "%s-%s" "a"}}', "a-web"),
        ('{{printf "%5.1f|%-4d|%q" 2.25 7 "x"}}', '  2.2|7   |"x"'),
        ("{{len .Items}} {{not .Nothing}} {{and 1 0}} {{or 0 2}}", "2 true 0 2"),
        ("a {{- .Names -}} b", "awebb"),
        ("{{/* a comment */}}x", "x"),
        ("{{$n := .Names}}{{$n}}{{$.Names}}", "webweb"),
        ("{{(index .Items 0)}}", "x"),
        ('{{pad .Names 1 2}}|{{truncate .Names 2}}|{{title "ab"}}', " web  |we|Ab"),
        ("{{println .Names}}", "web\n"),
    ],
)
def test_a_template_prints_what_go_prints(template: str, text: str) -> None:
    assert render(parse(template), ROW) == text


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ("{{.Nope}}", ':1:2: executing "" at <.Nope>: map has no entry for key "Nope"'),
        ("{{.State.Health.Status}}", ':1:8: executing "" at <.State.Health.Status>: map has no entry for key "Health"'),
        ("{{.X", ":1: unclosed action"),
        ("{{nope .X}}", ':1: function "nope" not defined'),
        ("{{if .X}}a", ":1: unexpected EOF"),
        ("a{{end}}", ":1: unexpected {{end}}"),
        ("{{$x}}", ':1: undefined variable "$x"'),
    ],
)
def test_a_wrong_template_is_named(template: str, message: str) -> None:
    with pytest.raises(TemplateError) as caught:
        render(parse(template), {"State": {}})
    assert str(caught.value) == message


@given(st.text(st.sampled_from('{}.$|() "`-abX1=:,\n'), max_size=30))
def test_no_text_breaks_the_parser(text: str) -> None:
    with suppress(TemplateError):
        render(parse(text), ROW)


@given(st.text().filter(lambda text: "{{" not in text))
def test_text_without_actions_is_itself(text: str) -> None:
    assert render(parse(text), {}) == text
