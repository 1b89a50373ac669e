#!/usr/bin/env python3
"""Replay all recorded conversations with a real Docker against our daemon, and hold the list of what still differs.

    python tests/golden/check.py                 all scenarios, against open.txt
    python tests/golden/check.py ps-last kill    only these
    python tests/golden/check.py --update        write open.txt anew

open.txt has one line for each scenario that is not whole: its name and the numbers of the steps that differ. The list
may only shrink: a step that differs and is not listed fails the check, and so does one that is listed and agrees.
Needs the `docker` command. Several daemons run side by side, each on a socket of its own.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from pathlib import Path
from queue import Queue
from threading import Lock

import bases

HERE = Path(__file__).resolve().parent
OPEN = HERE / "open.txt"
DIFFERS = re.compile(r"^FAILED ([\w-]+) (\d+): ", re.MULTILINE)
PUBLISHES = re.compile(r"\b18\d\d\d\b|\"-P\"")
ONE_AT_A_TIME = Lock()
STEPS = re.compile(r"^(\d+) passed, (\d+) failed$", re.MULTILINE)

Differing = dict[str, set[int]]  # scenario -> numbers of its steps


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("scenario", nargs="*", help="names; default: all")
    parser.add_argument("--update", action="store_true", help="write open.txt from this run")
    parser.add_argument("--daemons", type=int, default=os.cpu_count() or 2)
    parser.add_argument("-v", "--verbose", action="store_true", help="show what differs")
    options = parser.parse_args()
    if shutil.which("docker") is None:
        print("golden: there is no docker command on the PATH, so nothing can be replayed", file=sys.stderr)
        return 2
    names = options.scenario or sorted(path.stem for path in HERE.glob("*.json"))
    begin = time.monotonic()
    results = replay(names, options.daemons)
    now = {name: {int(number) for _, number in DIFFERS.findall(said)} for name, (said, _) in results.items()}
    if options.verbose:
        print("\n".join(said for said, _ in results.values()))
    if options.update:
        write_open(read_open() | now)
    problems = compare(read_open(), now)
    counts = {name: STEPS.search(said) for name, (said, _) in results.items()}
    problems += [f"{name}: could not be replayed:\n{results[name][0][-2000:]}" for name in names if not counts[name]]
    for problem in problems:
        print(problem)
    passed, failed = (sum(int(count[i]) for count in counts.values() if count) for i in (1, 2))
    skipped = [name for name, (said, _) in results.items() if f"skipped {name}" in said]
    whole = len([name for name in names if not now[name]]) - len(skipped)
    print(f"{whole} of {len(names)} scenarios whole; {len(skipped)} not played: {' '.join(skipped) or '-'}")
    print(f"{passed} of {passed + failed} steps agree; {len(problems)} surprises; {time.monotonic() - begin:.0f} s")
    return 1 if problems else 0


def compare(listed: Differing, now: Differing) -> list[str]:
    """What the list does not say."""
    problems = []
    for name, steps in now.items():
        if broken := steps - listed.get(name, set()):
            problems.append(f"{name}: steps {numbers(broken)} differ now (see them with -v {name})")
        if mended := listed.get(name, set()) - steps:
            problems.append(f"{name}: steps {numbers(mended)} agree now: take them off the list (--update {name})")
    return problems


def read_open() -> Differing:
    lines = OPEN.read_text().splitlines() if OPEN.exists() else []
    rows = [line.split() for line in lines if line.strip() and not line.startswith("#")]
    return {row[0]: {int(number) for number in row[1:]} for row in rows}


def write_open(differing: Differing) -> None:
    head = [line for line in OPEN.read_text().splitlines() if line.startswith("#")] if OPEN.exists() else []
    rows = [f"{name} {numbers(steps)}" for name, steps in sorted(differing.items()) if steps]
    OPEN.write_text("\n".join([*head, *rows, ""]))


def numbers(steps: set[int]) -> str:
    return " ".join(map(str, sorted(steps)))


# ---------------------------------------------------------------- daemons


def replay(names: list[str], daemons: int) -> dict[str, tuple[str, int]]:
    """What replay.py said of each scenario, and its exit status."""
    with tempfile.TemporaryDirectory(prefix="golden-") as folder:
        hosts: Queue[str] = Queue()
        os.environ["TMPDIR"] = tempfile.tempdir = folder  # a scenario's files are in there, where containers reach them
        images = Path(folder, "images")
        bases.make(images)
        started = [start_daemon(folder, number) for number in range(min(daemons, len(names)))]
        for _, host in started:
            hosts.put(host)
        hub, said = start("hub", "--empty", "--port", "0")  # for the scenarios that push
        registry, processes = said.rpartition("//")[2].strip(), [hub, *(process for process, _ in started)]

        def one(name: str) -> tuple[str, int]:
            host = hosts.get()
            try:
                return replay_one(name, host, registry, images)
            finally:
                hosts.put(host)

        try:
            with ThreadPoolExecutor(len(started)) as pool:
                return dict(zip(names, pool.map(one, names), strict=True))
        finally:
            for process in processes:
                process.terminate()
            for process in processes:
                process.wait(10)


def start_daemon(folder: str, number: int) -> tuple[subprocess.Popen[str], str]:
    host = f"unix://{folder}/{number}.sock"
    return start("serve", "sim", "-H", host, "--allow-bind", f"{folder}:rw")[0], host


def start(*words: str) -> tuple[subprocess.Popen[str], str]:
    """A `glassdock` that serves; the line in which it says where."""
    command = [sys.executable, "-m", "engine.cli", *words]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=HERE.parent.parent)
    assert process.stdout is not None
    if "listens on" not in (line := process.stdout.readline()):
        raise SystemExit(f"golden: glassdock {words[0]} did not start (exit {process.wait()})")
    return process, line


def replay_one(name: str, host: str, registry: str, images: Path) -> tuple[str, int]:
    """Scenarios that publish ports share those of this computer: one at a time."""
    with ONE_AT_A_TIME if PUBLISHES.search((HERE / f"{name}.json").read_text()) else nullcontext():
        return _replay(name, host, registry, images)


def _replay(name: str, host: str, registry: str, images: Path) -> tuple[str, int]:
    options = ["--host", host, "--images", str(images), "--registry", registry]
    command = [sys.executable, str(HERE / "replay.py"), *options, str(HERE / f"{name}.json")]
    done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
    return done.stdout + done.stderr, done.returncode


if __name__ == "__main__":
    sys.exit(main())
