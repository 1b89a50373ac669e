"""The same program as Debian's dash and bash: what each says and can do. Texts are of dash 0.5.12 and bash 5.2."""

from __future__ import annotations

import pytest

from machine import machine, run, write
from sim.kernel.loader import executable


def answer(shell: str, script: str) -> tuple[int, str, str]:
    kernel = machine()
    write(kernel, f"/bin/{shell}", executable(shell), 0o755)
    status, out, err = run(kernel, [shell, "-c", script])
    return status, out.decode(), err.decode()


DASH = [
    ("nope", (127, "", "dash: 1: nope: not found\n")),
    ("cd /x", (2, "", "dash: 1: cd: can't cd to /x\n")),
    ("if true; fi", (2, "", 'dash: 1: Syntax error: "fi" unexpected (expecting "then")\n')),
    ("cat < /nof", (2, "", "dash: 1: cannot open /nof: No such file\n")),
    ("echo > /nodir/x", (2, "", "dash: 1: cannot create /nodir/x: Directory nonexistent\n")),
    ("[ 1 -eq a ]", (2, "", "dash: 1: [: Illegal number: a\n")),
    ("source x; echo $?", (0, "127\n", "dash: 1: source: not found\n")),
    ("[[ a = a ]]", (127, "", "dash: 1: [[: not found\n")),
    ("echo 'a\\tb'", (0, "a\tb\n", "")),
    ("eval nope", (127, "", "dash: 1: eval: nope: not found\n")),
]
BASH = [
    ("nope", (127, "", "bash: line 1: nope: command not found\n")),
    ("./nofile", (127, "", "bash: line 1: ./nofile: No such file or directory\n")),
    ("/etc", (126, "", "bash: line 1: /etc: Is a directory\n")),
    ("cd /x; echo $?", (0, "1\n", "bash: line 1: cd: /x: No such file or directory\n")),
    ("cat < /nof", (1, "", "bash: line 1: /nof: No such file or directory\n")),
    ("[ 1 -eq a ]", (2, "", "bash: line 1: [: a: integer expression expected\n")),
    ("source /nofile; echo $?", (0, "1\n", "bash: line 1: /nofile: No such file or directory\n")),
    ("fi", (2, "", "bash: line 1: syntax error near unexpected token `fi'\n")),
    ("x=1; readonly x; x=2", (1, "", "bash: line 1: x: readonly variable\n")),
    ("[[ abc == a* && x != y ]] && echo yes", (0, "yes\n", "")),
    ("[[ ab =~ ^a(b|c)$ ]] && echo re; [[ -z '' || $(echo no >&2) ]]; echo $?", (0, "re\n0\n", "")),
    ("cat <<< 'hi there'", (0, "hi there\n", "")),
    ("echo {1..3} x{a,b}y", (0, "1 2 3 xay xby\n", "")),
    ("for ((i=0; i<5; i++)); do ((i==1)) && continue; ((i==3)) && break; echo $i; done", (0, "0\n2\n", "")),
    ("x=hello; echo ${x^^} ${x^} ${x:1:2} ${x/l/L}", (0, "HELLO Hello el heLlo\n", "")),
    ("x=5; ((x++)); let y=x*2; echo $x $y $((2**10))", (0, "6 12 1024\n", "")),
    ("f() { declare v=1; echo $v; }; f; echo [$v]; x=a; x+=b; echo $x", (0, "1\n[]\nab\n", "")),
    ("echo all &> /tmp/o; cat /tmp/o", (0, "all\n", "")),
    ("f-g() { echo odd name; }; f-g", (0, "odd name\n", "")),
]


@pytest.mark.parametrize(("script", "expected"), DASH)
def test_dash_speaks_as_debian_knows_it(script: str, expected: tuple[int, str, str]) -> None:
    assert answer("dash", script) == expected


@pytest.mark.parametrize(("script", "expected"), BASH)
def test_bash_speaks_as_bash_and_can_do_more(script: str, expected: tuple[int, str, str]) -> None:
    assert answer("bash", script) == expected
