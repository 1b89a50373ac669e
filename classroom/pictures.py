"""The pictures in README and docs, drawn anew from a session: `python -m classroom.pictures docs/pictures`."""

from __future__ import annotations

import sys
from pathlib import Path

from classroom.lab import Lab


def draw() -> dict[str, str]:
    """{file's name: SVG}; the same on every machine, for the session has a seed."""
    lab = Lab("sim", seed=7)
    lab.docker("run hello-world")
    found = {"flow.svg": lab.view.flow().svg}
    for line in ("pull httpd", "run -d --name web -p 8080:80 httpd", "run -d --name db redis", "pull nginx"):
        lab.docker(line)
    found["layers.svg"] = lab.view.layers("httpd", "redis", "nginx").svg
    lab.run("docker pause db; docker unpause db; docker stop -t 1 db")
    found["lifecycle.svg"] = lab.view.lifecycle("db").svg
    return found


def main(folder: str) -> int:
    for name, svg in draw().items():
        (Path(folder) / name).write_text(svg + "\n", "utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
