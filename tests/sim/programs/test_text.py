"""Text filters answer as busybox does."""

from __future__ import annotations

import shlex

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from containers import Host
from machine import machine, run, write
from sim.kernel.kernel import Kernel

FRUIT = "pear 3\napple 10\nfig 2\napple 1\n"


@pytest.fixture(scope="module")
def kernel() -> Kernel:
    """One machine for all lines; they only read."""
    made = machine()
    write(made, "/fruit", FRUIT)
    write(made, "/tmp/a", "one\ntwo\nthree\n")
    write(made, "/tmp/b", "one\n2\nthree\n")
    write(made, "/var/x", "needle\nhay\n")
    write(made, "/var/y", "hay\n")
    return made


TABLE = r"""
grep apple /fruit                      ⇒ apple 10\napple 1\n
grep -c apple /fruit                   ⇒ 2\n
grep -n fig /fruit                     ⇒ 3:fig 2\n
grep -v -e apple /fruit                ⇒ pear 3\nfig 2\n
grep -i APPLE /fruit                   ⇒ apple 10\napple 1\n
grep -o '[0-9][0-9]*' /fruit           ⇒ 3\n10\n2\n1\n
grep -E 'pear|fig' /fruit              ⇒ pear 3\nfig 2\n
egrep '^a.*0$' /fruit                  ⇒ apple 10\n
grep -F . /fruit                       ⇒ \1
grep -w 1 /fruit                       ⇒ apple 1\n
grep -x 'fig 2' /fruit                 ⇒ fig 2\n
grep -A1 pear /fruit                   ⇒ pear 3\napple 10\n
grep -l hay /var/x /var/y          ⇒ /var/x\n/var/y\n
grep -r needle /var                  ⇒ /var/x:needle\n
grep one /tmp/a /tmp/b                 ⇒ /tmp/a:one\n/tmp/b:one\n
grep -q pear /fruit                    ⇒
grep zzz /fruit                        ⇒ \1
sed s/apple/lemon/ /fruit              ⇒ pear 3\nlemon 10\nfig 2\nlemon 1\n
sed -n 2p /fruit                       ⇒ apple 10\n
sed -n '/pear/,/fig/p' /fruit          ⇒ pear 3\napple 10\nfig 2\n
sed '$d' /fruit                        ⇒ pear 3\napple 10\nfig 2\n
sed '1!G;h;$!d' /fruit                 ⇒ apple 1\nfig 2\napple 10\npear 3\n
sed ':a;N;$!ba;s/\n/,/g' /fruit        ⇒ pear 3,apple 10,fig 2,apple 1\n
sed -E 's/([a-z]+) ([0-9]+)/\2 \1/' /fruit ⇒ 3 pear\n10 apple\n2 fig\n1 apple\n
sed '/fig/d;s/^/- /' /fruit            ⇒ - pear 3\n- apple 10\n- apple 1\n
sed '2i two' /fruit                    ⇒ pear 3\ntwo\napple 10\nfig 2\napple 1\n
sed '1a one' /fruit                    ⇒ pear 3\none\napple 10\nfig 2\napple 1\n
sed 2q /fruit                          ⇒ pear 3\napple 10\n
sed y/abc/ABC/ /tmp/a                  ⇒ one\ntwo\nthree\n
sed 's/x*/-/g' /tmp/b                  ⇒ -o-n-e-\n-2-\n-t-h-r-e-e-\n
sed -n '$=' /fruit                     ⇒ 4\n
sed 's/e/E/2' /tmp/a                   ⇒ one\ntwo\nthreE\n
awk '{print $2, $1}' /fruit            ⇒ 3 pear\n10 apple\n2 fig\n1 apple\n
awk '{s += $2} END {print s, NR}' /fruit ⇒ 16 4\n
awk '$2 > 2 {print $1}' /fruit         ⇒ pear\napple\n
awk '/fig/ {print NR ": " $0}' /fruit  ⇒ 3: fig 2\n
awk -F' ' '{a[$1] += $2} END {print a["apple"]}' /fruit ⇒ 11\n
awk '!seen[$1]++ {print $1}' /fruit    ⇒ pear\napple\nfig\n
awk 'BEGIN {printf "%-5s|%3d|%.2f\n", "ab", 7, 3.14159}' ⇒ ab   |  7|3.14\n
awk '{gsub(/p/, "P"); print}' /fruit   ⇒ Pear 3\naPPle 10\nfig 2\naPPle 1\n
awk 'BEGIN {print length("hello"), substr("hello", 2, 3), index("hello", "l"), toupper("x")}' ⇒ 5 ell 3 X\n
awk 'BEGIN {n = split("a:b:c", p, ":"); print n, p[3]}' ⇒ 3 c\n
awk 'function f(n) {return n < 2 ? 1 : n * f(n - 1)} BEGIN {print f(5)}' ⇒ 120\n
awk 'BEGIN {while (i < 3) print i++}'  ⇒ 0\n1\n2\n
awk '{$2 = ""; print NF}' /tmp/a       ⇒ 2\n2\n2\n
awk -v x=5 'BEGIN {print x + 1}'       ⇒ 6\n
awk 'NR == 2 {exit 4}' /fruit          ⇒ \4
awk 'BEGIN {print 1/4, 2^10, 7%3, -3, 1e6, 0.1 + 0.2}' ⇒ 0.25 1024 1 -3 1000000 0.3\n
awk 'END {print $0}' /fruit            ⇒ apple 1\n
sort /fruit                            ⇒ apple 1\napple 10\nfig 2\npear 3\n
sort -r /tmp/a                         ⇒ two\nthree\none\n
sort -k2 -n /fruit                     ⇒ apple 1\nfig 2\npear 3\napple 10\n
sort -k1,1 -k2,2nr /fruit              ⇒ apple 10\napple 1\nfig 2\npear 3\n
sort -u -k1,1 /fruit                   ⇒ apple 10\nfig 2\npear 3\n
cut -d' ' -f1 /fruit                   ⇒ pear\napple\nfig\napple\n
cut -c1-3 /fruit                       ⇒ pea\napp\nfig\napp\n
cut -d' ' -f3 /fruit                   ⇒ \n\n\n\n
head -2 /fruit                         ⇒ pear 3\napple 10\n
head -n -3 /fruit                      ⇒ pear 3\n
head -c 4 /fruit                       ⇒ pear
tail -n 1 /fruit                       ⇒ apple 1\n
tail -n +3 /fruit                      ⇒ fig 2\napple 1\n
wc -l /fruit                           ⇒ 4 /fruit\n
wc /fruit                              ⇒         4         8        30 /fruit\n
seq 3                                  ⇒ 1\n2\n3\n
seq 2 2 6                              ⇒ 2\n4\n6\n
seq -s, 3 -1 1                         ⇒ 3,2,1\n
seq -w 8 10                            ⇒ 08\n09\n10\n
seq 0 .5 1                             ⇒ 0.0\n0.5\n1.0\n
nl -b a /tmp/a                         ⇒      1\tone\n     2\ttwo\n     3\tthree\n
tac /tmp/a                             ⇒ three\ntwo\none\n
rev /tmp/a                             ⇒ eno\nowt\neerht\n
paste -d, /tmp/a /tmp/b                ⇒ one,one\ntwo,2\nthree,three\n
paste -s -d+ /tmp/a                    ⇒ one+two+three\n
comm -12 /tmp/a /tmp/a                 ⇒ one\ntwo\nthree\n
cmp /tmp/a /tmp/b                      ⇒ /tmp/a /tmp/b differ: char 5, line 2\n\1
diff -q /tmp/a /tmp/b                  ⇒ Files /tmp/a and /tmp/b differ\n\1
expr 2 + 3 '*' 4                       ⇒ 14\n
expr 7 / 2                             ⇒ 3\n
expr abc : 'a\(.\)c'                   ⇒ b\n
expr length hello                      ⇒ 5\n
expr 1 '>' 2                           ⇒ 0\n\1
od -c /tmp/b                           ⇒ 0000000   o   n   e  \\n   2  \\n   t   h   r   e   e  \\n\n0000014\n
fold -w 3 /tmp/a                       ⇒ one\ntwo\nthr\nee\n
base64 /tmp/a                          ⇒ b25lCnR3bwp0aHJlZQo=\n
""".strip().split("\n")  # a last \1 … \9 is the exit status


def expected(text: str) -> tuple[int, bytes]:
    status = int(text[-1]) if text[-2:-1] == "\\" and text[-1:].isdigit() else 0
    text = text[:-2] if status else text
    return status, text.replace("\\\\", "\0").replace("\\n", "\n").replace("\\t", "\t").replace("\0", "\\").encode()


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.split("⇒")[0].strip())
def test_a_filter_answers_as_busybox_does(kernel: Kernel, row: str) -> None:
    line, _, answer = row.partition("⇒")
    assert run(kernel, shlex.split(line))[:2] == expected(answer.removeprefix(" "))


@pytest.mark.parametrize(
    ("argv", "stdin", "out"),
    [
        (["tr", "a-z", "A-Z"], b"hello\n", b"HELLO\n"),
        (["tr", "-d", "[:digit:]"], b"a1b2\n", b"ab\n"),
        (["tr", "-s", " "], b"a   b\n", b"a b\n"),
        (["tr", "-cd", "a-z"], b"A1b\n", b"b"),
        (["uniq", "-c"], b"a\na\nb\n", b"      2 a\n      1 b\n"),
        (["uniq", "-d"], b"a\na\nb\n", b"a\n"),
        (["xargs", "-n", "2", "echo", "-"], b"1 2 3\n", b"- 1 2\n- 3\n"),
        (["xargs", "-I", "{}", "echo", "<{}>"], b"a b\nc\n", b"<a b>\n<c>\n"),
        (["tee", "/tmp/copy"], b"data", b"data"),
        (["base64", "-d"], b"aGk=", b"hi"),
        (["head", "-1"], b"a\nb\n", b"a\n"),
    ],
)  # fmt: skip
def test_a_filter_reads_standard_input(argv: list[str], stdin: bytes, out: bytes) -> None:
    assert run(machine(), argv, stdin) == (0, out, b"")


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["grep"], "Usage: grep"),
        (["grep", "x", "/nope"], "grep: /nope: No such file or directory\n"),
        (["sed", "foo("], "sed: unsupported command f\n"),
        (["sed", "s/a"], "sed: unmatched '/'\n"),
        (["awk", "{"], "awk: cmd. line:1: Unexpected end of string\n"),
        (["awk", "BEGIN{print 1/0}"], "awk: cmd. line:1: Division by zero\n"),
        (["cut", "-f0", "/fruit"], "cut:"),
        (["tail", "/nope"], "tail: /nope: No such file or directory\n"),
        (["grep", "[", "/fruit"], "grep: bad regex '['"),
    ],
)
def test_what_is_wrong_is_said(argv: list[str], message: str) -> None:
    status, _, err = run(machine(), argv)
    assert status != 0
    assert message in err.decode()


def test_an_endless_writer_ends_with_its_reader() -> None:
    assert (
        run(machine(), ["awk", 'BEGIN { while (("yes" | getline line) > 0) if (++n == 3) { print line n; exit } }'])[1]
        == b"y3\n"
    )


lines = st.lists(st.text(st.sampled_from("ab 1-"), max_size=6), max_size=8)


@settings(max_examples=60, deadline=None)
@given(lines)
def test_sort_is_an_order_and_uniq_keeps_one_of_each(texts: list[str]) -> None:
    kernel = machine()
    data = "".join(f"{text}\n" for text in texts).encode()
    status, out, _ = run(kernel, ["sort"], data)
    assert (status, out.decode().splitlines()) == (0, sorted(texts))
    assert run(kernel, ["uniq"], out)[1].decode().splitlines() == sorted(set(texts))


@settings(max_examples=60, deadline=None)
@given(lines, st.integers(1, 4))
def test_head_and_tail_cut_a_text_in_two(texts: list[str], count: int) -> None:
    kernel = machine()
    data = "".join(f"{text}\n" for text in texts).encode()
    first = run(kernel, ["head", "-n", str(count)], data)[1]
    rest = run(kernel, ["tail", "-n", f"+{count + 1}"], data)[1]
    assert first + rest == data


@pytest.mark.parametrize("line", ["tail /dev/zero", "sort /dev/zero", "grep x /dev/zero", "tac /dev/zero"])
def test_a_line_without_end_takes_all_memory_there_is_and_no_more(line: str):
    host = Host()
    assert host.run("alpine:latest", line, Memory=16 << 20, MemorySwap=16 << 20).status == 137
