"""pull, run, exec, stop, rm: a lesson's commands in one process, without thread and without socket.

Runs in CPython (test_story.py beside it) and in Pyodide (run.mjs). `tell()` returns what a person would have seen.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from engine.api.inprocess import Connection
from engine.api.streams import Unframer
from sim.make import make_engine

JSON = {"Content-Type": "application/json"}


def tell() -> list[str]:
    """One line for each command."""
    engine = make_engine(seed=7)
    connection = Connection(engine)
    told: list[str] = []

    def call(method: str, path: str, body: Any = None, **query: str) -> Any:
        data = b"" if body is None else json.dumps(body).encode()
        answer = connection.request(method, "/v1.50" + path, query, JSON if data else {}, data)
        text = answer.read().decode()
        assert answer.status < 400, f"{method} {path}: {answer.status} {text}"
        return json.loads(text) if text.lstrip().startswith("{") and text.count("\n") <= 1 else text

    def output(path: str, body: Any = None) -> str:
        data = b"" if body is None else json.dumps(body).encode()
        answer, session = connection.upgrade(
            "/v1.50" + path, {"stream": "1", "stdout": "1"}, JSON if data else {}, data
        )
        assert session is not None, answer.read()
        unframer, said = Unframer(), bytearray()
        if path.endswith("/attach"):
            call("POST", path.replace("/attach", "/start"))
        while piece := session.recv():
            for _, part in unframer.feed(piece):
                said += part
        return said.decode().strip()

    call("POST", "/images/create", fromImage="alpine", tag="latest")
    told.append(f"pulled {call('GET', '/images/alpine/json')['RepoTags'][0]}")
    once = call("POST", "/containers/create", {"Image": "alpine", "Cmd": ["echo", "hello"]})["Id"]
    told.append(f"run: {output(f'/containers/{once}/attach')}")
    long = call("POST", "/containers/create", {"Image": "alpine", "Cmd": ["sleep", "1000"]}, name="long")["Id"]
    call("POST", f"/containers/{long}/start")
    command = {"AttachStdout": True, "Cmd": ["sh", "-c", "echo $((6 * 7)) | tr 4 5"]}
    exec_id = call("POST", f"/containers/{long}/exec", command)["Id"]
    told.append(f"exec: {output(f'/exec/{exec_id}/start', {'Detach': False})}")
    call("POST", "/containers/long/stop", t="2")
    told.append(f"stop: {call('GET', '/containers/long/json')['State']['ExitCode']}")
    for name in (once, "long"):
        call("DELETE", f"/containers/{name}")
    told.append(f"left: {call('GET', '/containers/json', all='1').strip()}")
    engine.loop.run(engine.close())
    return told


EXPECTED = ["pulled alpine:latest", "run: hello", "exec: 52", "stop: 137", "left: []"]

if __name__ == "__main__":
    lines = tell()
    print("\n".join(lines))
    sys.exit(0 if lines == EXPECTED else f"expected: {EXPECTED}")
