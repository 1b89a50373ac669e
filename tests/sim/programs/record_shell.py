"""Record what a real busybox ash answers to the lines in shell_recorded.jsonl, in a root like that of `machine()`.

As root, with Debian's busybox-static:  python tests/sim/programs/record_shell.py [more-lines.txt]
Lines of the optional file are added; ⏎ in them stands for a newline.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))
from machine import ENV, GROUP, PASSWD

RECORDED = Path(__file__).with_name("shell_recorded.jsonl")


def make_root(folder: Path) -> None:
    """A root filesystem with busybox and nothing else."""
    for name in ("bin", "dev", "etc", "home", "proc", "root", "sys", "tmp", "usr/bin", "var/www"):
        (folder / name).mkdir(parents=True)
    busybox = folder / "bin/busybox"
    shutil.copy(shutil.which("busybox") or "/bin/busybox", busybox)
    for applet in subprocess.run([busybox, "--list"], capture_output=True, text=True, check=True).stdout.split():
        if applet != "busybox":
            (folder / "bin" / applet).hardlink_to(busybox)
    (folder / "etc/passwd").write_text(PASSWD)
    (folder / "etc/group").write_text(GROUP)
    for name, minor in (("null", 3), ("zero", 5), ("full", 7), ("urandom", 9)):
        os.mknod(folder / "dev" / name, 0o20666, os.makedev(1, minor))
    (folder / "tmp").chmod(0o1777)


def record(folder: Path, script: str) -> dict[str, object]:
    """Run `sh -c script` there."""

    def enter() -> None:
        os.chroot(folder)
        os.chdir("/")

    for left in (folder / "tmp").iterdir():
        shutil.rmtree(left) if left.is_dir() else left.unlink()
    done = subprocess.run(
        ["sh", "-c", script],
        executable="/bin/busybox",
        env=ENV,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=30,
        preexec_fn=enter,
        start_new_session=True,
    )
    status = done.returncode if done.returncode >= 0 else 128 - done.returncode
    out, err = done.stdout.decode(errors="surrogateescape"), done.stderr.decode(errors="surrogateescape")
    return {"script": script, "status": status, "out": out, "err": err}


def main() -> None:
    scripts = [json.loads(line)["script"] for line in RECORDED.read_text().splitlines()] if RECORDED.exists() else []
    for name in sys.argv[1:]:
        added = [line.replace("⏎", "\n") for line in Path(name).read_text("utf-8").splitlines() if line]
        scripts += [script for script in added if script not in scripts]
    with tempfile.TemporaryDirectory() as folder:
        make_root(Path(folder))
        rows = [record(Path(folder), script) for script in dict.fromkeys(scripts)]
    RECORDED.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))


if __name__ == "__main__":
    main()
