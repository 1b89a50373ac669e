#!/usr/bin/env python3
"""Set up Glassdock and run it. Needs Python and nothing else.

    python3 start.py            set up, then the lessons in JupyterLab (as `python3 start.py lab`)
    python3 start.py demo       set up, then a guided demo in the terminal; needs no JupyterLab
    python3 start.py test       set up, then the tests; more words go to pytest
    python3 start.py COMMAND    set up, then `glassdock COMMAND` (serve, docker, shell)

What is set up lives in the folder .venv beside this file; remove that folder and nothing is left. This file itself runs
on Python 3.7, so that an old Python gets an answer and not a syntax error.
"""

import hashlib
import importlib.util
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

OLDEST = (3, 11)
EXTRAS = {"lab": "lab", "notebooks": "lab", "test": "dev"}  # command: what it needs of pyproject.toml's extras
ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
STAMP = VENV / "glassdock-installed"  # from which pyproject.toml, and which extras

NO_NETWORK = ("NewConnectionError", "ConnectTimeoutError", "ReadTimeoutError", "ProxyError", "NameResolutionError")


class Problem(Exception):
    """The text says what is wrong and what to do about it."""


def main(words):
    command, *rest = words or ["lab"]
    try:
        check_python()
        set_up(EXTRAS.get(command, ""))
    except Problem as problem:
        print(f"start.py: {problem}", file=sys.stderr)
        return 1
    become(["pytest", *rest] if command == "test" else ["engine.cli", command, *rest])


def become(words):
    """Go on as another program; it then gets the signals, Ctrl-C among them. Does not return."""
    os.chdir(str(ROOT))
    command = [str(PYTHON), "-m", *words]
    if os.name == "nt":  # has no exec that a terminal would wait for
        with subprocess.Popen(command) as program:
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            sys.exit(program.wait())
    os.execv(command[0], command)


def check_python():
    if sys.version_info >= OLDEST:
        return
    newer = next((name for minor in range(19, 10, -1) for name in [f"python3.{minor}"] if shutil.which(name)), None)
    remedy = (
        f"There is a newer one here: {newer} start.py" if newer else "Get one from https://www.python.org/downloads/"
    )
    raise Problem(f"Python 3.11 or newer is needed; this is {sys.version.split()[0]} ({sys.executable}).\n{remedy}")


def set_up(extra):
    """Make .venv and install into it, unless that was done already for this very pyproject.toml."""
    digest = hashlib.sha256((ROOT / "pyproject.toml").read_bytes()).hexdigest()
    wanted = f"{digest} {sys.version.split()[0]} {ROOT}"
    done = STAMP.read_text().splitlines() if PYTHON.exists() and STAMP.exists() else []
    extras = set(done[1:]) if done[:1] == [wanted] else None
    if extras is not None and (not extra or extra in extras):
        return
    if not PYTHON.exists():
        make_venv()
    print("Installing what Glassdock needs (once; a minute or two) ...", flush=True)
    install(f"{ROOT}[{extra}]" if extra else str(ROOT))
    STAMP.write_text("\n".join([wanted, *sorted((extras or set()) | {extra})]) + "\n")


def make_venv():
    for module in ("venv", "ensurepip"):
        if importlib.util.find_spec(module) is None:
            raise Problem(
                f"this Python has no {module} module, so it cannot make a folder for packages.\n"
                "Debian and Ubuntu keep it in a package of its own: sudo apt install python3-venv"
            )
    print(f"Making {VENV} ...", flush=True)
    try:
        VENV.mkdir(exist_ok=True)
    except OSError as error:
        raise Problem(f"cannot write to {ROOT} ({error.strerror}).\nCopy it to a folder of your own.") from None
    made = run([sys.executable, "-m", "venv", "--clear", str(VENV)])
    if made.returncode:
        shutil.rmtree(str(VENV), ignore_errors=True)
        raise Problem(f"could not make {VENV}:\n{made.stdout.strip()}")


def install(what):
    """pip install -e, one line on the screen for each package. If all is here already, nobody is asked for it."""
    command = [str(PYTHON), "-m", "pip", "install", "--disable-pip-version-check", "--no-input", "-e", what]
    if run([*command, "--no-index", "--no-build-isolation"]).returncode == 0:
        return
    said = []
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as pip:
        for line in pip.stdout:
            said.append(line.rstrip())
            if line.startswith("Collecting "):
                print("  " + line.split()[1], flush=True)
            elif line.startswith("Installing collected"):
                print("  unpacking ...", flush=True)
    if pip.returncode:
        raise Problem(diagnosis(said))


def diagnosis(said):
    """Why pip failed, from what it said."""
    text = "\n".join(said)
    last = "\n".join([line for line in said if line.startswith("ERROR")] or said[-15:])
    if any(sign in text for sign in NO_NETWORK):
        return f"the packages cannot be fetched. Is there a network? Behind a proxy, set HTTPS_PROXY.\n\n{last}"
    if "Permission denied" in text:
        return f"cannot write to {VENV}.\nRemove that folder and start again.\n\n{last}"
    if "No space left" in text:
        return f"the disk is full: {VENV} needs about 600 MB."
    return f"pip could not install what is needed:\n\n{last}"


def run(command):
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
