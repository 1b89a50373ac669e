#!/usr/bin/env python3
"""docker-py's own integration tests against the simulated host, as its source archive brings them.

    python tests/external/dockerpy.py docker-7.0.0.tar.gz          the archive, or a folder that has its `tests`
    python tests/external/dockerpy.py FOLDER -k exec               more words are pytest's

Later archives have no tests. Needs `pip install docker pytest pytest-timeout paramiko websocket-client`. Left out is
what is not one host's (swarm, services, plugins, secrets, configs), and a test that wants the hello-world of 2017, by
its digest. The exit status is pytest's. What is expected: README.md beside this file.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tarfile
import tempfile
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
IMAGES = ("alpine:latest", "alpine:3.10", "busybox:latest", "hello-world:latest")
NOT_ONE_HOST = ("config", "plugin", "secret", "service", "swarm")
FILES = (
    *(f"api_{name}_test.py" for name in NOT_ONE_HOST),
    *(f"models_{name}_test.py" for name in ("nodes", "services", "swarm")),
    "credentials",
)
TESTS = "not pull_with_sha and not network_attachable and not network_ingress and not with_scope"
SPEED = "8"  # simulated seconds in one: the tests sleep a lot


def unpacked(source: Path, folder: Path) -> Path:
    """The folder that holds `tests`. Raises SystemExit."""
    if source.is_file():
        with tarfile.open(source) as archive:
            archive.extractall(folder, filter="data")
        source = folder
    for tests in (source / "tests", *source.glob("*/tests")):
        if (tests / "integration" / "base.py").is_file():
            return tests.parent
    raise SystemExit(f"{source}: no tests/integration in it (docker-7.0.0.tar.gz is the last that has them)")


@contextmanager
def daemon(folder: Path) -> Iterator[str]:
    """On TCP, because docker-py speaks to no websocket over a Unix socket. Bind mounts of the tests are temporary."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        where = f"127.0.0.1:{free.getsockname()[1]}"
    words = ["serve", "sim", "-H", f"tcp://{where}", "--allow-bind", f"{tempfile.gettempdir()}:rw", "--speed", SPEED]
    process = subprocess.Popen([sys.executable, "-m", "engine.cli", *words], stdout=subprocess.PIPE, cwd=ROOT)
    try:
        assert process.stdout is not None
        process.stdout.readline()
        for image in IMAGES:
            name, _, tag = image.partition(":")
            query = urllib.parse.urlencode({"fromImage": name, "tag": tag})
            pull = urllib.request.Request(f"http://{where}/images/create?{query}", method="POST")
            with urllib.request.urlopen(pull) as answer:
                answer.read()
        yield f"tcp://{where}"
    finally:
        process.terminate()
        process.wait(20)


def main(words: list[str]) -> int:
    if not words:
        print(__doc__, file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory(prefix="glassdock-dockerpy-") as name, daemon(Path(name)) as address:
        folder = Path(name)
        where = unpacked(Path(words[0]).resolve(), folder / "archive")
        (folder / "config.json").write_text("{}")  # or docker-py's contexts would be written where we are
        environment = os.environ | {"DOCKER_HOST": address, "DOCKER_CONFIG": name}
        ignored = [f"--ignore={where / 'tests' / 'integration' / file}" for file in FILES]
        pytest = [sys.executable, "-m", "pytest", "-q", "--tb=short", "-p", "no:cacheprovider", "-o", "addopts="]
        pytest += [*ignored, "-k", TESTS, *words[1:], str(where / "tests" / "integration")]
        return subprocess.run([*pytest, "--rootdir", str(where)], env=environment, cwd=where, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
