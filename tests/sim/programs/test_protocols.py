"""Formats that the services speak and keep: Redis's protocol and file, nginx's configuration."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from machine import machine, write
from sim.programs.services import rdb, resp
from sim.programs.services.nginx_conf import ConfError, Directive, parse
from sim.programs.services.redis_cli import show

lines = st.binary(max_size=20).filter(lambda text: b"\r" not in text and b"\n" not in text)
leaves = st.one_of(
    st.none(),
    st.integers(-(2**63), 2**63 - 1),
    st.binary(max_size=50),
    st.builds(resp.Simple, lines),
    st.builds(resp.Error, lines),
)
values = st.recursive(leaves, lambda inner: st.lists(inner, max_size=5), max_leaves=20)


@given(st.lists(values, max_size=4), st.integers(1, 7))
def test_replies_come_through_however_they_are_cut(sent: list[Any], size: int) -> None:
    data = b"".join(map(resp.encode, sent))
    decoder, found = resp.Decoder(), []
    for start in range(0, len(data), size):
        found += decoder.feed(data[start : start + size])
    assert found == sent and not decoder.pending


@pytest.mark.parametrize(
    ("value", "two", "three"),
    [
        (None, b"$-1\r\n", b"_\r\n"),
        (True, b":1\r\n", b"#t\r\n"),
        ({b"a": 1}, b"*2\r\n$1\r\na\r\n:1\r\n", b"%1\r\n$1\r\na\r\n:1\r\n"),
        (1.5, b"$3\r\n1.5\r\n", b",1.5\r\n"),
        ({b"a"}, b"*1\r\n$1\r\na\r\n", b"~1\r\n$1\r\na\r\n"),
    ],
)
def test_what_resp2_lacks_has_a_stand_in(value: Any, two: bytes, three: bytes) -> None:
    assert (resp.encode(value, 2), resp.encode(value, 3)) == (two, three)
    assert resp.Decoder().feed(three) == ([value] if value != {b"a"} else [[b"a"]])


def test_nonsense_is_no_reply() -> None:
    with pytest.raises(ValueError, match="Protocol error"):
        resp.Decoder().feed(b"?what\r\n")


@pytest.mark.parametrize(
    ("reply", "shown", "raw"),
    [
        (resp.Simple(b"OK"), "OK", "OK"),
        (b'say "hi"\n', r'"say \"hi\"\n"', 'say "hi"\n'),
        (b"\xff", r'"\xff"', "\xff"),
        (3, "(integer) 3", "3"),
        (None, "(nil)", ""),
        (resp.Error(b"ERR no"), "(error) ERR no", "ERR no"),
        ([], "(empty array)", ""),
        ([b"a", [1, b"b"]], '1) "a"\n2) 1) (integer) 1\n   2) "b"', "a\n1\nb"),
    ],
)
def test_redis_cli_shows_replies_to_people_and_to_programs(reply: Any, shown: str, raw: str) -> None:
    assert show(reply, raw=False) == shown.encode() + b"\n"
    assert show(reply, raw=True) == raw.encode("latin-1") + b"\n"


words = st.binary(max_size=100)
contents = st.one_of(
    st.tuples(st.just(rdb.STRING), words),
    st.tuples(st.just(rdb.LIST), st.lists(words, max_size=5)),
    st.tuples(st.just(rdb.SET), st.sets(words, max_size=5)),
    st.tuples(st.just(rdb.HASH), st.dictionaries(words, words, max_size=5)),
    st.tuples(st.just(rdb.SORTED_SET), st.dictionaries(words, st.floats(allow_nan=False), max_size=5)),
)
keys = st.builds(
    lambda database, name, content, expires: rdb.Key(database, name, *content, expires),
    st.integers(0, 15), words, contents, st.one_of(st.none(), st.integers(0, 2**40)),
)  # fmt: skip


@given(st.lists(keys, max_size=6))
def test_a_dump_reads_as_it_was_written(kept: list[rdb.Key]) -> None:
    assert list(rdb.read(rdb.write(kept, "8.10.1"))) == kept


@given(st.lists(keys, min_size=1, max_size=3), st.data())
def test_a_dump_that_is_cut_is_refused(kept: list[rdb.Key], data: st.DataObject) -> None:
    whole = rdb.write(kept, "8.10.1")
    cut = data.draw(st.integers(0, len(whole) - 9))
    with pytest.raises(rdb.Malformed):
        list(rdb.read(whole[:cut]))


def test_strings_of_any_length_are_kept() -> None:
    long = [rdb.Key(0, b"k", rdb.STRING, bytes(size)) for size in (63, 64, 16383, 16384, 70_000)]
    assert list(rdb.read(rdb.write(long, "8"))) == long


def conf(text: str, **others: str) -> list[Directive]:
    kernel = machine()
    root = kernel.clone(kernel.host)
    write(kernel, "/etc/nginx.conf", text)
    for name, other in others.items():
        write(kernel, f"/etc/{name}.conf", other)
    return parse(root, "/etc/nginx.conf")


def test_a_configuration_is_words_and_blocks() -> None:
    found = conf("# comment\nuser  www; http { server { listen 80; root '/a b'; } }\n")
    assert [directive.name for directive in found] == ["user", "http"]
    server = found[1].block[0]
    assert [(each.name, each.words) for each in server.block] == [("listen", ["80"]), ("root", ["/a b"])]
    assert server.where == "/etc/nginx.conf:2"


def test_included_files_stand_where_they_are_included() -> None:
    found = conf("include /etc/one.conf; include /etc/t*.conf;", one="a 1;", two="b 2;", three="c 3;")
    assert [directive.name for directive in found] == ["a", "c", "b"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("http {", 'unexpected end of file, expecting "}" in /etc/nginx.conf:1'),
        ("user www", 'unexpected end of file, expecting ";" or "}" in /etc/nginx.conf:1'),
        ("}", 'unexpected "}" in /etc/nginx.conf:1'),
        (";", 'unexpected ";" in /etc/nginx.conf:1'),
        ("\n\ninclude /etc/none.conf;", 'open() "/etc/none.conf" failed (2: No such file or directory)'),
    ],
)
def test_a_wrong_configuration_is_refused_in_nginx_words(text: str, message: str) -> None:
    with pytest.raises(ConfError) as error:
        conf(text)
    assert str(error.value) == message
