"""Record what a real node prints for programs/*.js:  python tests/sim/programs/node/node_recorder.py

As root it becomes nobody first. Node's own calls in stacks, and where its own files stand, are left out: they differ
from one version to the next.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
PROGRAMS = sorted((HERE / "programs").glob("*.js"))
RECORDED = HERE / "recorded.json"
NOBODY = 65534


def plain(text: str) -> str:
    """Without what is node's own."""
    lines = [line for line in text.split("\n") if not re.match(r"\s+at .*\(?node:", line)]
    return re.sub(r"node:[\w/]+:\d+", "node:FILE", "\n".join(lines))


def recorded() -> dict[str, object]:
    """{"version": …, "programs": {name: [status, out, err]}}, by the node that is on the PATH."""
    node = shutil.which("node")
    assert node is not None
    found: dict[str, list[object]] = {}
    user: dict[str, int] = {"user": NOBODY, "group": NOBODY} if os.geteuid() == 0 else {}
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o777)
        for program in PROGRAMS:
            file = Path(folder) / "app.js"
            file.write_bytes(program.read_bytes())
            done = subprocess.run([node, str(file)], cwd=folder, env={"PATH": os.environ["PATH"], "HOME": folder},
                                  stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False,
                                  extra_groups=[] if user else None, **user)  # fmt: skip
            file.unlink()
            out, err = (plain(said.replace(folder, "")) for said in (done.stdout, done.stderr))
            found[program.stem] = [done.returncode, out, err]
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout.strip()
    return {"version": version, "programs": found}


if __name__ == "__main__":
    RECORDED.write_text(json.dumps(recorded(), indent=1, ensure_ascii=False) + "\n", "utf-8")
