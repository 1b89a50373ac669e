"""Commands in containers of the shelf's images, without docker: for tests of programs that need a whole system.

out = Machine("debian:trixie-slim").run("apt-get update")
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from engine.api.inprocess import Connection
from engine.api.streams import Unframer
from sim.make import make_engine

JSON = {"Content-Type": "application/json"}


@dataclass(frozen=True, slots=True)
class Done:
    """What a command said, and its exit status."""

    status: int
    out: str
    err: str


class Host:
    """A simulated Docker, driven in this process."""

    def __init__(self, seed: int = 3) -> None:
        self._connection = Connection(make_engine(seed=seed))

    def call(self, method: str, path: str, body: Any = None, **query: str) -> Any:
        data = b"" if body is None else json.dumps(body).encode()
        answer = self._connection.request(method, "/v1.50" + path, query, JSON if data else {}, data)
        text = answer.read().decode()
        assert answer.status < 400, f"{method} {path}: {answer.status} {text}"
        return json.loads(text) if text.lstrip().startswith(("{", "[")) and text.count("\n") <= 1 else text

    def send(self, path: str, body: bytes, **query: str) -> str:
        """POST something that is no JSON; all that comes back."""
        headers = {"Content-Type": "application/x-tar"}
        return self._connection.request("POST", "/v1.50" + path, query, headers, body).read().decode()

    def run(self, image: str, script: str, **settings: Any) -> Done:
        """`docker run --rm IMAGE sh -c SCRIPT`; `settings` of the HostConfig, or `User`."""
        repository, _, tag = image.partition(":")
        if not any(image in (one["RepoTags"] or ()) for one in self.call("GET", "/images/json")):
            self.call("POST", "/images/create", fromImage=repository, tag=tag or "latest")
        user = settings.pop("User", "")
        body = {"Image": image, "Entrypoint": ["sh", "-c"], "Cmd": [script], "HostConfig": settings, "User": user}
        name = self.call("POST", "/containers/create", body)["Id"]
        self.call("POST", f"/containers/{name}/start")
        status = self.call("POST", f"/containers/{name}/wait")["StatusCode"]
        query = {"stdout": "1", "stderr": "1"}
        logs = self._connection.request("GET", f"/v1.50/containers/{name}/logs", query, {}, b"").read()
        said = {1: b"", 2: b""}
        for stream, data in Unframer().feed(logs):
            said[stream] += data
        self.changes = self.call("GET", f"/containers/{name}/changes") or []
        self.call("DELETE", f"/containers/{name}", force="1")
        return Done(status, said[1].decode(), said[2].decode())
