"""`python -m venv`: virtual environments. Source: PEP 405."""

from __future__ import annotations

from sim.abi import Proc
from sim.programs.packages.laying import make_directories
from sim.programs.packages.pip_environment import Environment

ACTIVATE = """\
# Read this with `.`: it puts the virtual environment first in the path.
VIRTUAL_ENV={folder}
export VIRTUAL_ENV
PATH="$VIRTUAL_ENV/bin:$PATH"
export PATH
"""


async def venv(proc: Proc, words: list[str]) -> int:
    folders = [word for word in words if not word.startswith("-")]
    if not folders:
        await proc.err("usage: venv [-h] [--without-pip] ENV_DIR [ENV_DIR ...]\n"
                       "venv: error: the following arguments are required: ENV_DIR\n")  # fmt: skip
        return 2
    python, base = proc.which(proc.argv[0]) or "/usr/local/bin/python3", Environment.of(proc)
    for folder in folders:
        _make(proc, folder, python, base)
    await proc.cpu(1.5)
    return 0


def _make(proc: Proc, folder: str, python: str, base: Environment) -> None:
    site = f"{folder}/lib/python{base.python}/site-packages"
    for place in (site, f"{folder}/bin", f"{folder}/include"):
        make_directories(proc, place if place.startswith("/") else f"{proc.cwd.rstrip('/')}/{place}")
    proc.symlink(python, f"{folder}/bin/python3")
    proc.symlink("python3", f"{folder}/bin/python")
    proc.write_file(f"{folder}/pyvenv.cfg", f"home = {python.rpartition('/')[0]}\n"
                    f"include-system-site-packages = false\nexecutable = {python}\n".encode())  # fmt: skip
    proc.write_file(f"{folder}/bin/activate", ACTIVATE.format(folder=proc.realpath(folder)).encode())
    own = base.installed(proc).get("pip")
    for name in ("pip", "pip3"):
        proc.write_file(f"{folder}/bin/{name}", b"\x7fELFglassdock:pip\n")
        proc.chmod(f"{folder}/bin/{name}", 0o755)
    if own is not None:
        info = f"{site}/pip-{own.version}.dist-info"
        proc.mkdir(info)
        proc.write_file(f"{info}/METADATA", f"Metadata-Version: 2.4\nName: pip\nVersion: {own.version}\n".encode())
