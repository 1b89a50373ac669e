"""`glassdock lab`: the lessons, in JupyterLab, with a docker behind each `!`.

The lessons are copied to a folder of your own (~/glassdock-workbook unless you name another), in which you may change
everything: no update overwrites it. JupyterLab listens on 127.0.0.1 only and lets in whoever has its token. What it
notes for itself (settings, open tabs, the kernel) lies in the same folder, so your other notebooks see nothing of it.
End it with Ctrl-C.
"""

from __future__ import annotations

import json
import locale
import os
import secrets
import socket
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from classroom.commands import parser, told
from classroom.texts import LANGUAGES
from classroom.workbook import contents, ipynb
from classroom.workbook.folder import PRIVATE, Delivery, deliver

FOLDER = "glassdock-workbook"
ADDRESS = "127.0.0.1"
BEGIN = "from classroom.magics import load; load(get_ipython())"  # as %load_ext, but silent if a lesson asks again
SETTINGS = {
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
    "docmanager-extension/plugin": {"defaultViewers": {"markdown": "Markdown Preview"}},
}
# JupyterLab's layout when it opens for the first time: no list of files, so that a line of `docker ps` has room.
WORKSPACE = "default-37a8.jupyterlab-workspace"  # the name that JupyterLab gives to the one it begins with
LAYOUT = {
    "data": {"layout-restorer:data": {"left": {"collapsed": True, "visible": True}, "right": {"collapsed": True}}},
    "metadata": {"id": "default"},
}
# What a command prints keeps its columns and is scrolled; no picture is wider than its notebook, and all follow its
# theme (as images they would follow the computer's).
STYLE = """\
.jp-OutputArea-output.jp-RenderedText pre { white-space: pre; word-break: normal; }
.jp-OutputArea-output.jp-RenderedSVG :is(img, svg) { max-width: 100%; height: auto; }
[data-jp-theme-light="true"] .jp-RenderedSVG img { color-scheme: light; }
[data-jp-theme-light="false"] .jp-RenderedSVG img { color-scheme: dark; }
"""


class Absent(Exception):
    """A package that the command needs is not installed."""


def main(argv: Sequence[str]) -> int:
    """Until Ctrl-C. 2: JupyterLab is not installed; 1: the folder cannot be written."""
    command = parser("lab", __doc__)
    add = command.add_argument
    add("folder", nargs="?", type=Path, default=Path.home() / FOLDER, help=f"your copy (default: ~/{FOLDER})")
    add("--lang", choices=LANGUAGES, default=preferred(), help="which table of contents is opened (here: %(default)s)")
    add("--no-browser", action="store_true", help="print the address and open nothing")
    add("--port", type=int, metavar="N", help="listen there and nowhere else (default: 8888, or the next free one)")
    options = command.parse_args(argv)
    return told(lambda: run(options.folder, options.lang, not options.no_browser, options.port), Absent)


def run(folder: Path, lang: str, browser: bool = True, port: int | None = None) -> int:
    """Raises Absent, OSError."""
    try:
        from jupyterlab.labapp import LabApp
    except ImportError:
        raise Absent("JupyterLab is not installed here: `python3 start.py` does it, or pip install '.[lab]'") from None
    folder = folder.expanduser().resolve()
    done = deliver(folder)
    os.environ |= prepare(folder, lang)
    port = free(range(port, port + 1) if port else range(8888, 8988))
    page = f"/lab/tree/{lang}/{contents.NAME}"
    report(folder, done, f"http://127.0.0.1:{port}{page}?token={os.environ['JUPYTER_TOKEN']}")
    LabApp.launch_instance(argv=words(folder, page, browser, port))
    return 0


def free(ports: Iterable[int]) -> int:
    """The first port of this computer on which nobody listens. Raises OSError if there is none."""
    refused = OSError("no port is free")
    for port in ports:
        with socket.socket() as probe:
            try:
                probe.bind((ADDRESS, port))
            except OSError as error:
                refused = OSError(error.errno, error.strerror, f"port {port}")
            else:
                return port
    raise refused


def prepare(folder: Path, lang: str) -> dict[str, str]:
    """Write the kernel and the settings that are not there yet; the environment in which JupyterLab finds them.

    A terminal in JupyterLab finds `glassdock`, too.
    """
    private = folder / PRIVATE
    kernel = private / "jupyter/kernels/python3"
    kernel.mkdir(parents=True, exist_ok=True)
    (kernel / "kernel.json").write_text(json.dumps(kernelspec(lang), indent=1), "utf-8")
    files = {f"settings/@jupyterlab/{name}.jupyterlab-settings": values for name, values in SETTINGS.items()}
    for name, values in {**files, f"workspaces/{WORKSPACE}": LAYOUT}.items():
        path = private / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            path.write_text(json.dumps(values, indent=1), "utf-8")
    (private / "custom").mkdir(exist_ok=True)
    (private / "custom/custom.css").write_text(STYLE, "utf-8")
    others = os.environ.get("JUPYTER_PATH")
    return {
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)]),
        "JUPYTER_CONFIG_DIR": os.environ.get("JUPYTER_CONFIG_DIR") or str(private),  # custom/custom.css is read there
        "JUPYTER_PATH": os.pathsep.join([str(private / "jupyter"), *([others] if others else [])]),
        "JUPYTER_TOKEN": os.environ.get("JUPYTER_TOKEN") or secrets.token_hex(16),
    }


def kernelspec(lang: str) -> Mapping[str, object]:
    """This Python, with `!docker` from the first cell on. It takes the place of the kernel that lessons name."""
    return {
        **{key: ipynb.KERNEL[key] for key in ("display_name", "language")},
        "argv": [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}",
                 f"--IPKernelApp.exec_lines={BEGIN}"],
        "env": {"GLASSDOCK_LANG": lang},
        "metadata": {"debugger": True},
    }  # fmt: skip


def words(folder: Path, page: str, browser: bool, port: int) -> list[str]:
    """JupyterLab's command line."""
    root = hasattr(os, "geteuid") and os.geteuid() == 0  # as in a container: the notebook may no more than its user
    options = {
        "Application.log_level": "WARN",
        "ServerApp.ip": ADDRESS,
        "ServerApp.port": port,
        "ServerApp.port_retries": 0,
        "ServerApp.base_url": "/",
        "ServerApp.root_dir": folder,
        "LabApp.default_url": page,
        "LabApp.custom_css": True,
        "LabApp.user_settings_dir": folder / PRIVATE / "settings",
        "LabApp.workspaces_dir": folder / PRIVATE / "workspaces",
    }
    flags = ([] if browser else ["--no-browser"]) + (["--allow-root"] if root else [])
    return [*(f"--{name}={value}" for name, value in options.items()), *flags]


def report(folder: Path, done: Delivery, address: str) -> None:
    """Say where the learner's files are, and what an update has brought."""
    print(f"Your lessons:  {folder}")
    for name, place in done.beside.items():
        print(f"  {name} was changed by you and stays as it is; its new version: {place}")
    print(f"JupyterLab:    {address}\nCtrl-C ends it.", flush=True)


def preferred() -> str:
    """The computer's language, if the workbook has it."""
    names = [os.environ.get("GLASSDOCK_LANG"), os.environ.get("LC_ALL"), os.environ.get("LANG"), locale.getlocale()[0]]
    first = next((name for name in names if name), "").lower()
    return "ko" if first.startswith(("ko", "korean")) else "en"
