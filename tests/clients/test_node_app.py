"""The first thing that many people put into a container: a web application of Node.js."""

from __future__ import annotations

import json
import time
from pathlib import Path
from urllib.request import urlopen

SERVER = """\
'use strict';

const express = require('express');

const PORT = 8080;
const HOST = '0.0.0.0';

const app = express();
app.get('/', (req, res) => {
  res.send('Hello World');
});

app.listen(PORT, HOST, () => {
  console.log(`Running on http://${HOST}:${PORT}`);
});
"""
DOCKERFILE = """\
FROM node:slim
WORKDIR /usr/src/app
COPY package*.json ./
RUN npm install
COPY . .
EXPOSE 8080
CMD [ "node", "server.js" ]
"""
PACKAGE = {"name": "docker_web_app", "version": "1.0.0", "main": "server.js", "scripts": {"start": "node server.js"},
           "dependencies": {"express": "^4.16.1"}}  # fmt: skip


def _application(folder: Path, server: str = SERVER) -> str:
    folder.mkdir(exist_ok=True)
    (folder / "server.js").write_text(server)
    (folder / "package.json").write_text(json.dumps(PACKAGE))
    (folder / "Dockerfile").write_text(DOCKERFILE)
    (folder / ".dockerignore").write_text("node_modules\nnpm-debug.log\n")
    (folder / "node_modules").mkdir(exist_ok=True)
    (folder / "node_modules" / "stale").write_text("from the computer")
    return str(folder)


def _answer(docker, name: str) -> str:
    """What the published port says, as soon as it says something."""
    port = docker.out("port", name, "8080/tcp").splitlines()[0].rpartition(":")[2]
    for _ in range(100):
        try:
            with urlopen(f"http://127.0.0.1:{port}/", timeout=20) as reply:
                return str(reply.read().decode())
        except OSError:
            time.sleep(0.1)
    raise AssertionError("nobody answers")


def test_a_web_application_is_built_run_asked_and_stopped(docker, tmp_path: Path):
    docker.out("build", "-t", "node-web-app", _application(tmp_path / "web"))
    docker.out("run", "-d", "-P", "--name", "web", "node-web-app")
    assert _answer(docker, "web") == "Hello World"
    assert docker.out("logs", "web") == "Running on http://0.0.0.0:8080"
    assert docker("exec", "web", "ls", "node_modules/stale").returncode != 0
    assert "express" in docker.out("exec", "web", "ls", "node_modules")
    # process 1 has no handler: the signal is ignored, and the patience of `docker stop` runs out
    docker.out("stop", "-t", "1", "web")
    assert docker.out("inspect", "-f", "{{.State.ExitCode}}", "web") == "137"


def test_a_program_that_handles_sigterm_or_has_an_init_stops_at_once(docker, tmp_path: Path):
    handler = SERVER + "process.on('SIGTERM', () => { console.log('closing'); process.exit(0); });\n"
    docker.out("build", "-t", "node-polite", _application(tmp_path / "polite", handler))
    docker.out("build", "-t", "node-web-app", _application(tmp_path / "web"))
    docker.out("run", "-d", "-P", "--name", "polite", "node-polite")
    docker.out("run", "-d", "-P", "--name", "init", "--init", "node-web-app")
    assert _answer(docker, "polite") == _answer(docker, "init") == "Hello World"
    began = time.monotonic()
    docker.out("stop", "-t", "60", "polite", "init")
    assert time.monotonic() - began < 50
    assert docker.out("logs", "polite").splitlines()[-1] == "closing"
    assert docker.out("inspect", "-f", "{{.State.ExitCode}}", "polite", "init").split() == ["0", "143"]
