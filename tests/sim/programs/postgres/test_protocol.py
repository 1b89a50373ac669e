"""The wire and the language: clients that were not written here, and texts of any kind."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sim.programs.postgres.dialect import complete, statements, tokens, translate
from sim.programs.postgres.protocol import (
    Column,
    Malformed,
    Reader,
    data_row,
    message,
    read_columns,
    read_row,
    row_description,
)

PIECES = ["SELECT", " ", "'a;''b'", '"c"', "$1", "$$d;$$", "1.5", "::", "int", "(", ")", ";", "-- e;\n", "/* f; */"]
SQL = st.lists(st.sampled_from(PIECES)).map("".join)


@given(st.one_of(SQL, st.text()))
def test_a_text_is_cut_into_words_and_loses_nothing(sql: str):
    assert "".join(token.text for token in tokens(sql)) == sql
    translate(sql)
    complete(sql)


@given(st.lists(st.sampled_from(["SELECT 'a;b'", "SELECT $$;$$", 'SELECT ";"', "SELECT 1 -- ;\n + 2"]), max_size=5))
def test_statements_are_told_apart_outside_of_quotes_only(parts: list[str]):
    assert statements(";".join(parts) + ";") == [part.strip() for part in parts]


@given(st.lists(st.one_of(st.none(), st.text())), st.data())
def test_rows_come_through_however_they_are_cut(row: list[str | None], data: st.DataObject):
    columns = [Column(f"c{number}", 23) for number in range(len(row))]
    whole = row_description(columns) + data_row(row)
    cut = data.draw(st.integers(0, len(whole)))
    reader, found = Reader(), []
    for piece in (whole[:cut], whole[cut:]):
        reader.feed(piece)
        while (one := reader.next()) is not None:
            found.append(one)
    assert [kind for kind, _ in found] == [b"T", b"D"]
    assert (read_columns(found[0][1]), read_row(found[1][1])) == (columns, row)


@given(st.binary())
def test_nonsense_is_an_error_and_no_memory(data: bytes):
    reader = Reader()
    reader.feed(data)
    try:
        while reader.next() is not None:
            pass
    except Malformed:
        pass
    assert message(b"Q", b"x") == b"Q\0\0\0\x05x"
