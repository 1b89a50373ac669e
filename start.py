#!/usr/bin/env python3
"""Set up Glassdock and run it. Needs Python and nothing else.

    python3 start.py            set up, then the lessons in JupyterLab (as `python3 start.py lab`)
    python3 start.py demo       set up, then a guided demo in the terminal; needs no JupyterLab
    python3 start.py test       set up, then the tests; more words go to pytest
    python3 start.py COMMAND    set up, then `glassdock COMMAND` (serve, docker, shell)
    python3 start.py wheels     fetch the packages into the folder wheels, for computers without a network

On Windows the first word is `py`. What is set up lives in the folder .venv beside this file; remove that folder and
nothing is left. Packages that lie in the folder wheels are taken from there: copied with it on a stick, Glassdock needs
no network on a computer with the same system and the same Python. This file itself runs on Python 3.7, so that an old
Python gets an answer and not a syntax error.
"""

import hashlib
import importlib.util
import locale
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

OLDEST = (3, 11)
EXTRAS = {
    "lab": "lab",
    "notebooks": "lab",
    "grade": "grading",
    "test": "dev",
}  # command: what it needs of pyproject.toml's extras
BUILDING = ["hatchling", "editables"]  # what pip itself needs to install this folder
EVERY_CORE = ["-n", "auto"]  # pytest-xdist: all tests, on all cores
ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
STAMP = VENV / "glassdock-installed"  # from which pyproject.toml, and which extras
WHEELS = ROOT / "wheels"
ENVIRONMENT = {"PIP_USER": "0", "PYTHONIOENCODING": "utf-8", "PYTHONUTF8": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}

TEXTS = {  # what is wrong and what to do about it: English, Korean
    "old": (
        "Python 3.11 or newer is needed; this is {version} ({path}).\n",
        "Python 3.11 이상이 필요해요. 지금 이 Python은 {version}이에요({path}).\n",
    ),
    "newer": ("There is a newer one here: {name} start.py", "이 컴퓨터에 새 Python이 있어요: {name} start.py"),
    "get": ("Get one from https://www.python.org/downloads/", "https://www.python.org/downloads/ 에서 받을 수 있어요."),
    "module": (
        "this Python has no {name} module, so it cannot make a folder for packages.\n"
        "Debian and Ubuntu keep it in a package of its own: sudo apt install python3-venv",
        "이 Python에는 {name} 모듈이 없어서 패키지를 넣을 폴더를 만들지 못해요.\n"
        "Debian과 Ubuntu에서는 따로 설치해요: sudo apt install python3-venv",
    ),
    "readonly": (
        "cannot write to {where} ({why}).\nCopy it to a folder of your own.",
        "{where}에 쓸 수 없어요({why}).\n쓸 수 있는 폴더로 통째로 복사해서 다시 해 보세요.",
    ),
    "venv": ("could not make {where}:\n{last}", "{where}: 만들지 못했어요.\n{last}"),
    "network": (
        "the packages cannot be fetched. Is there a network? Behind a proxy, set HTTPS_PROXY.\n"
        "Without a network: on a computer that has one, with the same system and Python {python}, run\n"
        "    python3 start.py wheels\n"
        "and copy the folder wheels to here: {wheels}\n\n{last}",
        "패키지를 받아 오지 못했어요. 네트워크에 연결되어 있나요? 프록시를 쓴다면 HTTPS_PROXY를 정해 주세요.\n"
        "네트워크가 없다면, 운영체제가 같고 Python {python}이 있으며 네트워크가 되는 컴퓨터에서\n"
        "    python3 start.py wheels\n"
        "를 실행한 다음 wheels 폴더를 여기로 복사해 주세요: {wheels}\n\n{last}",
    ),
    "certificate": (
        "the network's certificate is not trusted; a proxy may be reading along, as in some schools.\n"
        "Ask for its certificate, and name the file: PIP_CERT=FILE. Or use the folder wheels (see the top of start.py)."
        "\n\n{last}",
        "네트워크의 인증서를 믿을 수 없대요. 학교처럼 통신을 검사하는 프록시가 있을 수 있어요.\n"
        "그 인증서 파일을 받아 PIP_CERT=파일 로 알려 주거나, wheels 폴더를 쓰세요(start.py 맨 위를 보세요).\n\n{last}",
    ),
    "unfit": (
        "the packages in {wheels} are not all that this computer needs (Python {python}, {system}), and the network\n"
        "has not given the rest. They fit only the system and the Python that fetched them.\n\n{last}",
        "{wheels} 안의 패키지만으로는 부족하고(Python {python}, {system}), 네트워크에서도 받지 못했어요.\n"
        "패키지는 받은 컴퓨터와 운영체제와 Python 버전이 같아야 맞아요.\n\n{last}",
    ),
    "busy": (
        "cannot write to {venv}. Does something of it still run (JupyterLab)? End it.\n"
        "If that does not help, remove that folder and start again.\n\n{last}",
        "{venv}에 쓸 수 없어요. 거기서 아직 돌고 있는 것(JupyterLab)이 있나요? 먼저 끝내 주세요.\n"
        "그래도 안 되면 그 폴더를 지우고 다시 시작해 보세요.\n\n{last}",
    ),
    "full": ("the disk is full: {venv} needs about 600 MB.", "디스크가 가득 찼어요. {venv}에 600 MB쯤 필요해요."),
    "long": (
        "a path is too long for Windows. Move this folder nearer to the top, as C:\\glassdock, and start again.",
        "Windows가 다루기에는 경로가 너무 길어요. 이 폴더를 C:\\glassdock 처럼 짧은 곳으로 옮기고 다시 시작해 보세요.",
    ),
    "building": (
        "a package is not ready made for this Python ({python}) and could not be built here.\n"
        "An older Python may do: 3.11 to 3.13.\n\n{last}",
        "이 Python({python})에 맞게 만들어진 패키지가 없고, 여기서 만들지도 못했어요.\n"
        "조금 더 오래된 Python(3.11~3.13)을 써 보세요.\n\n{last}",
    ),
    "other": ("pip could not install what is needed:\n\n{last}", "pip이 필요한 것을 설치하지 못했어요.\n\n{last}"),
    "making": ("Making {venv} ...", "{venv} 폴더를 만들어요 ..."),
    "anew": (
        "{venv} belongs to another Python: making it anew ...",
        "{venv} 폴더는 다른 Python의 것이라 새로 만들어요 ...",
    ),
    "installing": (
        "Installing what Glassdock needs (once; a minute or two) ...",
        "Glassdock에 필요한 것을 설치해요(한 번만, 1~2분) ...",
    ),
    "unpacking": ("  unpacking ...", "  푸는 중이에요 ..."),
    "silent": ("  the network does not answer; asking again ...", "  네트워크가 대답하지 않아요. 다시 물어볼게요 ..."),
    "fetching": ("Fetching the packages into {wheels} ...", "패키지를 {wheels} 폴더에 받아요 ..."),
    "fetched": (
        "{count} packages. Copy {root} without .venv to computers with this system and Python {python}:\n"
        "`python3 start.py` needs no network there.",
        "패키지 {count}개를 받았어요. .venv를 빼고 {root} 폴더를, 운영체제가 같고 Python {python}이 있는 컴퓨터로\n"
        "복사하세요. 거기서는 네트워크 없이 `python3 start.py`가 돼요.",
    ),
}
SIGNS = (  # what pip says: which of these texts. The first that fits
    ("full", ("No space left", "Errno 28")),
    ("long", ("Long Path", "WinError 206")),
    ("certificate", ("CERTIFICATE_VERIFY_FAILED", "SSLCertVerificationError")),
    ("network", ("NewConnectionError", "ConnectTimeoutError", "ReadTimeoutError", "ProxyError", "NameResolutionError",
                 "Cannot connect to proxy", "Max retries exceeded")),
    ("busy", ("Permission denied", "WinError 5]", "WinError 32]")),
    ("building", ("Failed building wheel", "Failed to build", "Microsoft Visual C++")),
    ("network", ("from versions: none",)),  # no index has told anything
)  # fmt: skip


class Problem(Exception):
    """The text says what is wrong and what to do about it."""


def main(words):
    command, *rest = words or ["lab"]
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # an encoding without Korean letters is no reason to stop
    try:
        check_python()
        if command == "wheels":
            return fetch_wheels()
        set_up(EXTRAS.get(command, ""))
    except Problem as problem:
        print(f"start.py: {problem}", file=sys.stderr)
        return 1
    become(["pytest", *(rest or EVERY_CORE)] if command == "test" else ["engine.cli", command, *rest])


def text(key, **facts):
    """One of TEXTS, in the language of this computer."""
    names = [os.environ.get("GLASSDOCK_LANG"), os.environ.get("LC_ALL"), os.environ.get("LANG"), locale.getlocale()[0]]
    first = next((name for name in names if name), "").lower()
    facts.update(python="{}.{}".format(*sys.version_info), system=sys.platform, venv=VENV, wheels=WHEELS, root=ROOT)
    return TEXTS[key][first.startswith(("ko", "korean"))].format(**facts)


def say(key, **facts):
    print(text(key, **facts), flush=True)


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
    names = [f"python3.{minor}" for minor in range(19, 10, -1)]
    newer = next((name for name in names if shutil.which(name)), None)
    remedy = text("newer", name=newer) if newer else text("get")
    raise Problem(text("old", version=sys.version.split()[0], path=sys.executable) + remedy)


def set_up(extra):
    """Make .venv and install into it, unless that was done already for this very pyproject.toml."""
    digest = hashlib.sha256((ROOT / "pyproject.toml").read_bytes()).hexdigest()
    wanted = f"{digest} {sys.version.split()[0]} {ROOT}"
    done = STAMP.read_text("utf-8", "replace").splitlines() if PYTHON.exists() and STAMP.exists() else []
    extras = set(done[1:]) if done[:1] == [wanted] else None
    if extras is not None and (not extra or extra in extras):
        return
    have_venv()
    say("installing")
    install(f"{ROOT}[{extra}]" if extra else str(ROOT))
    find_rooms()
    STAMP.write_text("\n".join([wanted, *sorted((extras or set()) | {extra})]) + "\n", "utf-8")


# -- the folder .venv


def have_venv():
    """Make it if it is not there, or if it was made by another Python than this one."""
    if PYTHON.exists():
        try:
            found = run([str(PYTHON), "-c", "import sys, pip; print(sys.version.split()[0])"])
        except OSError:
            found = None
        if found is not None and found.returncode == 0 and found.stdout.strip() == sys.version.split()[0]:
            return
        say("anew")
    make_venv()


def make_venv():
    for module in ("venv", "ensurepip"):
        if importlib.util.find_spec(module) is None:
            raise Problem(text("module", name=module))
    say("making")
    try:
        VENV.mkdir(exist_ok=True)
    except OSError as error:
        raise Problem(text("readonly", where=ROOT, why=error.strerror)) from None
    made = run([sys.executable, "-m", "venv", "--clear", str(VENV)])
    if made.returncode:
        shutil.rmtree(str(VENV), ignore_errors=True)
        raise Problem(text("venv", where=VENV, last=made.stdout.strip()))


def find_rooms():
    """Where the packages of this folder are, in letters that any Python reads alike.

    Before 3.13, Windows reads the file that pip has left for it in the encoding of the country, and not in the one in
    which it was written: a folder with Korean letters would not be found.
    """
    for path in VENV.glob("**/site-packages/*glassdock*.pth"):
        if not path.read_bytes().isascii():
            path.write_text(f"import sys; sys.path.append({str(ROOT)!a})\n", "ascii")


# -- packages


def install(what):
    """pip install -e. Nobody is asked for what is here already; then comes the folder wheels, then the network."""
    command = ["install", "-e", what]
    if pip([*command, "--no-index", "--no-build-isolation"], quiet=True) is None:
        return
    wheels = sorted(WHEELS.glob("*.whl"))
    if wheels and pip([*command, "--no-index", "--find-links", WHEELS.as_uri()]) is None:
        return
    said = pip([*command, "--find-links", WHEELS.as_uri()] if wheels else command)
    if said is not None:
        raise Problem(diagnosis(said, bool(wheels)))


def fetch_wheels():
    """What `lab` and `grade` need, ready made for this system and this Python, into the folder wheels."""
    have_venv()
    say("fetching")
    said = pip(["wheel", "--wheel-dir", str(WHEELS), f"{ROOT}[grading,lab]", *BUILDING])
    if said is not None:
        raise Problem(diagnosis(said, False))
    for own in WHEELS.glob("glassdock-*.whl"):
        own.unlink()  # this folder itself is installed, not a copy
    say("fetched", count=len(list(WHEELS.glob("*.whl"))))
    return 0


def pip(words, quiet=False):
    """One line on the screen for each package. None if all went well, else what pip said."""
    command = [str(PYTHON), "-m", "pip", *map(str, words), "--no-input"]
    said, silent = [], False
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env={**os.environ, **ENVIRONMENT},
        encoding="utf-8", errors="replace",
    ) as program:  # fmt: skip
        for line in program.stdout:
            said.append(line.rstrip())
            if quiet:
                continue
            if line.startswith("Collecting "):
                print("  " + line.split()[1], flush=True)
            elif line.startswith("Installing collected"):
                say("unpacking")
            elif "Retrying (" in line and not silent:
                silent = True
                say("silent")
    return said if program.returncode else None


def diagnosis(said, wheels=False):
    """Why pip failed, from what it said; `wheels`: the folder wheels had been looked into."""
    whole = "\n".join(said)
    last = "\n".join([line for line in said if line.startswith("ERROR")] or said[-15:])
    key = next((key for key, signs in SIGNS if any(sign in whole for sign in signs)), "other")
    return text("unfit" if wheels and key in ("network", "other") else key, last=last)


def run(command):
    return subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env={**os.environ, **ENVIRONMENT},
        encoding="utf-8", errors="replace",
    )  # fmt: skip


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
