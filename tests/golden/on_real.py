#!/usr/bin/env python3
"""Replay the recorded conversations on the real host.

    python tests/golden/on_real.py [-v] [SCENARIO …]

As root, in namespaces in which nothing else can be harmed (tests/real/guarded.py makes them). on-real.txt has the
steps that differ, with the reason. The base images are this machine's own busybox, and a hello-world of a few bytes of
machine code.
"""

from __future__ import annotations

import argparse
import gzip
import io
import json
import os
import re
import struct
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path[:0] = [str(ROOT), str(HERE)]

LISTED = HERE / "on-real.txt"
NOT_PLAYED = {"registry"}  # its image is not there
DIFFERS = re.compile(r"^FAILED [\w-]+ (\d+): ", re.MULTILINE)
COUNT = re.compile(r"^(\d+) passed, (\d+) failed$", re.MULTILINE)


def make_images(folder: Path) -> None:
    """NAME.tar.gz for each base image."""
    import bases

    from real import busybox

    folder.mkdir()
    layers = {"busybox": busybox.archive(Path("/bin/busybox")), "hello-world": hello_world()}
    for name, layer in layers.items():
        image = bases._image(name, layer, bases.IMAGES[name])
        (folder / f"{name}.tar.gz").write_bytes(gzip.compress(image, 1))


def hello_world() -> bytes:
    """A layer with /hello: an ELF program of one segment that writes its text and exits."""
    text = hello_text()
    code = b"\xb8\x01\x00\x00\x00\xbf\x01\x00\x00\x00\x48\x8d\x35\x10\x00\x00\x00\xba" + struct.pack("<I", len(text))
    code += b"\x0f\x05\xb8\x3c\x00\x00\x00\x31\xff\x0f\x05"  # write(1, text, length); exit(0)
    assert len(code) == 33
    size, base = 64 + 56 + len(code) + len(text), 0x400000
    head = b"\x7fELF\x02\x01\x01".ljust(16, b"\0")
    head += struct.pack("<HHIQQQIHHHHHH", 2, 62, 1, base + 120, 64, 0, 0, 64, 56, 1, 64, 0, 0)
    head += struct.pack("<IIQQQQQQ", 1, 5, 0, base, base, size, size, 0x1000)
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as tar:
        member = tarfile.TarInfo("hello")
        member.mode, member.size = 0o755, size
        tar.addfile(member, io.BytesIO(head + code + text))
    return stream.getvalue()


def hello_text() -> bytes:
    recorded = json.loads((HERE / "run-hello.json").read_text())
    out = next(step["out"] for step in recorded["steps"] if "Hello from Docker!" in "\n".join(step.get("out", ())))
    return "\n".join([*out, "", ""]).encode()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("scenario", nargs="*", help="names; default: all that can be played")
    parser.add_argument("-v", "--verbose", action="store_true", help="show what differs")
    options = parser.parse_args()
    if os.geteuid() != 0 or not os.statvfs("/").f_flag & os.ST_RDONLY:
        print("on_real: as root, and only where the machine is read-only: see tests/real/guarded.py", file=sys.stderr)
        return 2
    names = options.scenario or sorted(path.stem for path in HERE.glob("*.json") if path.stem not in NOT_PLAYED)
    with tempfile.TemporaryDirectory(prefix="golden-") as name:
        return replay(Path(name), names, options.verbose)


def replay(folder: Path, names: list[str], verbose: bool) -> int:
    os.environ["TMPDIR"] = tempfile.tempdir = str(folder)
    make_images(folder / "images")
    from real.netlink.links import Links

    Links().up(1)  # the loopback of these namespaces
    host = f"unix://{folder}/d.sock"
    command = [sys.executable, "-m", "engine.cli", "serve", "real", "-H", host, "--data-root", str(folder / "data")]
    daemon = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert daemon.stdout is not None and "listens on" in daemon.stdout.readline()
    differing, passed = {}, 0
    try:
        for name in names:
            said = play(folder, name, host)
            differing[name] = {int(number) for number in DIFFERS.findall(said)}
            count = COUNT.search(said)
            passed += int(count[1]) if count else 0
            if count is None or (verbose and differing[name]):
                print(said)
    finally:
        daemon.terminate()
        daemon.wait()
    return verdict(names, differing, passed)


def play(folder: Path, name: str, host: str) -> str:
    file = str(HERE / f"{name}.json")
    words = [sys.executable, str(HERE / "replay.py"), "--host", host, "--images", str(folder / "images"), file]
    return subprocess.run(words, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False).stdout


def verdict(names: list[str], differing: dict[str, set[int]], passed: int) -> int:
    listed = {}
    for line in LISTED.read_text().splitlines():
        words = line.partition("#")[0].split()
        if words:
            listed[words[0]] = set(map(int, words[1:]))
    problems = 0
    for name in names:
        for text, steps in (("differ now", differing[name] - listed.get(name, set())),
                            ("agree now", listed.get(name, set()) - differing[name])):  # fmt: skip
            if steps:
                problems += 1
                print(f"{name}: steps {' '.join(map(str, sorted(steps)))} {text}")
    whole, failed = sum(not steps for steps in differing.values()), sum(map(len, differing.values()))
    print(f"{whole} of {len(names)} scenarios whole, {passed} of {passed + failed} steps agree; {problems} surprises")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
