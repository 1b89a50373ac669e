"""python3 in a container: the command line, what it says and when, signals, memory, the network; and its walls."""

from __future__ import annotations

import gc
import sys
import tracemalloc

import pytest

from containers import Done, Host

IMAGE = "python:3.12-slim"


@pytest.fixture(scope="module")
def host() -> Host:
    return Host()


def run(host: Host, program: str, **settings: object) -> Done:
    return host.run(IMAGE, f"cat > /app.py << 'END'\n{program}\nEND\nexec python /app.py", **settings)


@pytest.mark.parametrize(
    ("line", "status", "out", "err"),
    [
        ("python -c 'print(6 * 7)'", 0, "42\n", ""),
        ("python --version", 0, "Python 3.12.", ""),
        ("echo 'print(1)' | python", 0, "1\n", ""),
        ("echo 'print(2)' | python - a b", 0, "2\n", ""),
        ("python -c 'import sys; print(sys.argv)' x y", 0, "['-c', 'x', 'y']\n", ""),
        ("python -c 'import sys; sys.exit(3)'", 3, "", ""),
        ("python -c 'import sys; sys.exit(\"bye\")'", 1, "", "bye\n"),
        ("python nothing.py", 2, "", "can't open file '/nothing.py': [Errno 2] No such file or directory"),
        ("python -m nothing", 1, "", "No module named nothing"),
        ("python -c 'print('", 1, "", "SyntaxError: '(' was never closed"),
        ("python -c 'import numpy'", 1, "", "ModuleNotFoundError: No module named 'numpy'"),
        ("python -c 'import asyncio'", 1, "", "No module named 'asyncio' in the simulated Python"),
        ("echo 3 4 | python -c 'a, b = map(int, input().split()); print(a + b)'", 0, "7\n", ""),
        ("echo 'def f(): return 5' > m.py; python -c 'import m; print(m.f())'", 0, "5\n", ""),
        ("mkdir p; echo 'x = 1' > p/a.py; echo 'from .a import x' > p/__init__.py; python -c 'import p; print(p.x)'",
         0, "1\n", ""),
        ("mkdir q; echo 'print(__name__)' > q/__main__.py; python -m q", 0, "__main__\n", ""),
        ("python -c 'import os; os.kill(os.getpid(), 9)'; echo $?", 0, "137\n", ""),
        ("A=b python -c 'import os; print(os.environ[\"A\"], os.path.isdir(\"/etc\"))'", 0, "b True\n", ""),
        ("python -c 'open(\"/tmp/f\", \"w\").write(\"x\\n\" * 3)'; wc -l < /tmp/f", 0, "3\n", ""),
        ("python -c 'import subprocess as s; print(s.run([\"echo\", \"hi\"], capture_output=True, text=True).stdout)'",
         0, "hi\n\n", ""),
    ],
)  # fmt: skip
def test_the_command_line(host: Host, line: str, status: int, out: str, err: str):
    found = host.run(IMAGE, line)
    assert found.status == status, found.err
    assert found.out.startswith(out) and err in found.err


def test_a_traceback_names_the_lines_and_marks_the_place(host: Host):
    found = run(host, "def half(n):\n    return 1 / n\n\nhalf(0)")
    assert (found.status, found.out) == (1, "")
    assert found.err == (
        "Traceback (most recent call last):\n"
        '  File "/app.py", line 4, in <module>\n    half(0)\n'
        '  File "/app.py", line 2, in half\n    return 1 / n\n           ~~^~~\n'
        "ZeroDivisionError: division by zero\n"
    )


def test_what_is_printed_is_held_back_unless_python_is_told_not_to(host: Host):
    """Why `docker logs` of a new Python service is empty."""
    program = "import time, os\nprint('early')\ntime.sleep(1)\nos._exit(0)"
    assert run(host, program).out == ""
    assert run(host, f"import sys\nsys.stdout.reconfigure(line_buffering=True)\n{program}").out == "early\n"
    unbuffered = host.run(IMAGE, f"cat > /app.py << 'END'\n{program}\nEND\npython -u /app.py")
    assert unbuffered.out == "early\n"


def start(host: Host, program: str, **settings: object) -> str:
    body = {"Image": IMAGE, "Cmd": ["python", "-u", "-c", program], "HostConfig": settings}
    name: str = host.call("POST", "/containers/create", body)["Id"]
    host.call("POST", f"/containers/{name}/start")
    return name


def test_the_first_process_of_a_container_ends_at_once_only_if_it_handles_the_signal(host: Host):
    deaf = start(host, "import time\nwhile True: time.sleep(1)")
    polite = start(host, "import signal, sys, time\n"
                         "signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(0))\n"
                         "while True: time.sleep(1)")  # fmt: skip
    codes = []
    for name in (deaf, polite):
        host.call("POST", f"/containers/{name}/stop", t="3")
        codes.append(host.call("GET", f"/containers/{name}/json")["State"]["ExitCode"])
    assert codes == [137, 0]


def test_a_large_value_counts_against_the_limit(host: Host):
    program = "x = bytearray(300 * 1024 * 1024)\nprint(len(x))"
    assert run(host, program).out == "314572800\n"
    assert run(host, program, Memory=100 << 20, MemorySwap=100 << 20).status == 137


@pytest.mark.parametrize("end", ["", "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"])
def test_the_memory_of_a_program_is_free_as_soon_as_it_has_ended(host: Host, end: str):
    gc.disable()
    tracemalloc.start()
    try:
        run(host, f"x = bytearray(300 * 1024 * 1024)\n{end}")
        assert tracemalloc.get_traced_memory()[0] < 100 << 20
    finally:
        tracemalloc.stop()
        gc.enable()


@pytest.mark.parametrize("asked", ["read()", "readline()"])
def test_a_file_without_end_counts_against_the_limit(host: Host, asked: str):
    assert run(host, f"open('/dev/zero').{asked}", Memory=64 << 20, MemorySwap=64 << 20).status == 137


def test_an_endless_loop_uses_the_processor_and_can_be_stopped(host: Host):
    name = start(host, "while True: pass")
    host.call("POST", f"/containers/{name}/stop", t="1")
    assert host.call("GET", f"/containers/{name}/json")["State"]["ExitCode"] == 137


@pytest.mark.parametrize(
    "attempt",
    [
        "().__class__.__base__.__subclasses__()",
        "().__class__.__mro__[1].__subclasses__()",
        "print.__globals__",
        "print.__self__._machine",
        "(lambda: 0)._machine",
        "(lambda: 0).__code__",
        "(i for i in []).gi_frame",
        "'{0.__class__.__init__.__globals__}'.format(print)",
        "str.format('{0._machine}', print)",
        "getattr(print, '__glo' + 'bals__')",
        "type('X', (), {})",
        "open.__func__.__globals__",
        "__import__('os').system.__globals__",
        "sys.modules['sys'].__builtins__",
        "vars(print)",
    ],
)
def test_a_program_cannot_reach_the_python_underneath(host: Host, attempt: str):
    found = run(host, f"import sys\ntry:\n    {attempt}\nexcept (AttributeError, TypeError) as error:\n    print('no')")
    assert (found.status, found.out) == (0, "no\n"), found.err


def test_what_would_take_for_ever_or_all_memory_is_refused(host: Host):
    for line in ("10 ** 10 ** 9", "'a' * (1 << 40)", "1 << (1 << 40)"):
        assert "MemoryError" in run(host, f"x = {line}").err


WEB = """\
import time
import redis
from flask import Flask, jsonify, request
app = Flask(__name__)
cache = redis.Redis(host="cache", decode_responses=True)

@app.route("/")
def hello():
    return f"seen {cache.incr('hits')} times\\n"

@app.route("/add/<int:a>/<int:b>")
def add(a, b):
    return jsonify(sum=a + b, asked=request.args.get("why"))

@app.route("/boom")
def boom():
    return 1 / 0

if __name__ == "__main__":
    app.run(host="0.0.0.0", port=5000)
"""


def test_a_web_service_and_its_cache(host: Host):
    """The counter of every first compose file: flask and redis from the package index, names on a network."""
    host.call("POST", "/networks/create", {"Name": "shop"})
    host.run("redis:latest", "true")
    cache = host.call("POST", "/containers/create", {"Image": "redis", "HostConfig": {"NetworkMode": "shop"}},
                      name="cache")["Id"]  # fmt: skip
    host.call("POST", f"/containers/{cache}/start")
    script = f"pip install -q flask redis && cat > /app.py << 'END'\n{WEB}\nEND\nexec python /app.py"
    body = {"Image": IMAGE, "Cmd": ["sh", "-c", script], "Tty": True, "HostConfig": {"NetworkMode": "shop"}}
    web = host.call("POST", "/containers/create", body, name="web")["Id"]
    host.call("POST", f"/containers/{web}/start")
    asks = "sleep 30; for p in / / '/add/2/3?why=sum' /boom /none; do wget -qO- http://web:5000$p; done"
    found = host.run("alpine:latest", asks, NetworkMode="shop")
    assert found.out == 'seen 1 times\nseen 2 times\n{"sum": 5, "asked": "sum"}\n'
    assert "500 Internal Server Error" in found.err and "404 Not Found" in found.err
    logs = host.call("GET", f"/containers/{web}/logs", stdout="1", stderr="1")
    assert "ZeroDivisionError: division by zero" in logs and '"GET / HTTP/1.1" 200 -' in logs
    assert " * Running on all addresses (0.0.0.0)" in logs


def test_a_server_of_ones_own(host: Host):
    program = (
        "from http.server import BaseHTTPRequestHandler, HTTPServer\n"
        "import os, signal, sys, urllib.request\n"
        "class Hello(BaseHTTPRequestHandler):\n"
        "    def do_GET(self):\n"
        "        self.send_response(200)\n"
        "        self.send_header('Content-Type', 'text/plain')\n"
        "        self.end_headers()\n"
        "        self.wfile.write(f'hello {self.path}'.encode())\n"
        "signal.signal(signal.SIGALRM, lambda *_: sys.exit(0))\n"
        "HTTPServer(('', 8000), Hello).serve_forever()\n"
    )
    script = (
        f"cat > /app.py << 'END'\n{program}\nEND\npython /app.py & sleep 1\n"
        "python -c 'import urllib.request as r; print(r.urlopen(\"http://localhost:8000/you\").read())'; kill -ALRM $!"
    )
    found = host.run(IMAGE, script)
    assert found.out == "b'hello /you'\n" and '"GET /you HTTP/1.1" 200 -' in found.err


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("async def f(): pass", "async def"),
        ("try:\n    pass\nexcept* ValueError:\n    pass", "except*"),
        pytest.param(
            "type X = int", "type statement", marks=pytest.mark.skipif(sys.version_info < (3, 12), reason="new")
        ),
    ],
)
def test_a_statement_that_it_does_not_have_is_refused_by_name(host: Host, text: str, name: str):
    found = run(host, text)
    assert found.err.endswith(f"SyntaxError: the simulated Python has no {name}\n") and found.status == 1
