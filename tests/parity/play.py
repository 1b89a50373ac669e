#!/usr/bin/env python3
"""Play the scenarios on one host and print what was seen, as JSON.

python tests/parity/play.py sim
python tests/real/guarded.py -- python tests/parity/play.py real
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import time
import tomllib
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(ROOT))

FIELDS = (
    "State.Status", "State.ExitCode", "State.OOMKilled", "State.Error", "RestartCount", "Path", "Args", "Driver",
    "HostConfig.NetworkMode", "HostConfig.IpcMode", "HostConfig.Memory", "Config.User", "Config.WorkingDir", "Mounts",
)  # fmt: skip
VARYING = (
    (re.compile(r"[0-9a-f]{64}"), "<ID>"),
    (re.compile(r"\b[0-9a-f]{12}\b"), "<ID>"),
    (re.compile(r"sha256:<ID>"), "<LAYER>"),
    (re.compile(r"\bcontainer (\w+) [a-z]+_[a-z]+"), r"container \1 <NAME>"),  # in events
)


class Daemon:
    """`glassdock serve sim|real` with a busybox image, and a folder to work in."""

    def __init__(self, host: str, folder: Path) -> None:
        self.folder, socket = folder, folder / "d.sock"
        options = ["--data-root", str(folder / "data")] if host == "real" else ["--allow-bind", "none"]
        command = [sys.executable, "-m", "engine.cli", "serve", host, "-H", f"unix://{socket}", *options]
        self.process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE)
        assert self.process.stdout is not None and b"listens" in self.process.stdout.readline()
        self.environment = os.environ | {"DOCKER_HOST": f"unix://{socket}", "DOCKER_CONFIG": str(folder)}
        self.url = str(socket)
        if host == "real":
            from real.busybox import archive

            change = ["-c", 'CMD ["sh"]', "-c", "ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"]
            layer = archive(Path("/bin/busybox"))
            subprocess.run(
                ["docker", "import", *change, "-", "busybox"], input=layer, env=self.environment, check=True,
                capture_output=True,
            )  # fmt: skip
        else:
            self.sh("docker pull -q busybox")

    def sh(self, line: str) -> list[Any]:
        """Standard output, standard error and exit status, without what is different each time."""
        done = subprocess.run(
            ["sh", "-c", line], env=self.environment, cwd=self.folder, capture_output=True, text=True, timeout=60,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
        return [self.steady(done.stdout), self.steady(done.stderr), done.returncode]

    def steady(self, text: str) -> str:
        for pattern, label in VARYING:
            text = pattern.sub(label, text)
        return text.replace(f"{self.folder}/data", "<ROOT>").replace("/var/lib/docker", "<ROOT>")

    def operations(self) -> list[str]:
        """What the host did so far, as shell commands."""
        path = "/glassdock/trace?since=0"
        done = subprocess.run(["curl", "-s", "--unix-socket", self.url, f"http://d{path}"], capture_output=True)
        return [span["name"] for span in json.loads(done.stdout) if span["where"] == "host"]

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait()


def play(daemon: Daemon, steps: list[str]) -> dict[str, Any]:
    """One scenario: what was said, told, left and done."""
    begin, known = time.time(), len(daemon.operations())
    said = [daemon.sh(step) for step in steps]
    done = daemon.operations()[known:]
    containers = daemon.sh("docker inspect $(docker ps -aq) 2> /dev/null")[0]
    form = "{{.Type}} {{.Action}} {{.Actor.Attributes.name}} {{.Actor.Attributes.exitCode}}"
    window = f"--since {begin:.9f} --until {time.time():.9f}"
    events = daemon.sh(f"docker events {window} --filter type=container --format '{form}'")[0]
    daemon.sh("docker rm -f $(docker ps -aq); docker volume prune -af")
    return {
        "said": said,
        "events": events.splitlines(),
        "fields": {each["Name"]: fields(each) for each in json.loads(containers or "[]")},
        "operations": [daemon.steady(each) for each in done],
    }


def fields(document: dict[str, Any]) -> dict[str, Any]:
    found = {}
    for path in FIELDS:
        value: Any = document
        for name in path.split("."):
            value = value.get(name) if isinstance(value, dict) else None
        found[path] = value
    return found


def main(words: list[str]) -> int:
    scenarios = tomllib.loads((HERE / "scenarios.toml").read_text())
    with tempfile.TemporaryDirectory(prefix="parity-") as folder:
        daemon = Daemon(words[0], Path(folder))
        try:
            chosen = words[1:] or list(scenarios)
            print(json.dumps({name: play(daemon, scenarios[name]["steps"]) for name in chosen}))
        finally:
            daemon.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
