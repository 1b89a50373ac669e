"""python3 and node: the languages themselves are not simulated. What works are parts of them that are programs by
themselves: `python -m http.server`, `python -m pip`, `python -m venv`, and --version.

A student's program is never run by the Python of the machine underneath: it would not be in the container.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from sim.abi import Proc
from sim.programs.absent import said
from sim.programs.packages.laying import make_directories
from sim.programs.packages.pip import pip
from sim.programs.packages.pip_environment import Environment
from sim.programs.services.http_server import http_server

CANNOT = "this simulated machine runs no {language} programs"


async def python3(proc: Proc) -> int:
    words = [word for word in proc.argv[1:] if word not in ("-u", "-B", "-E", "-s", "-I", "-O")]
    if words in (["--version"], ["-V"]):
        await proc.out(f"{await python_version(proc)}\n")
        return 0
    if words[:1] == ["-m"] and len(words) > 1:
        return await _module(proc, words[1], words[2:])
    if words and not words[0].startswith("-") and not proc.access(words[0], 4):
        cwd = proc.cwd.rstrip("/")
        path = words[0] if words[0].startswith("/") else f"{cwd}/{words[0]}"
        await proc.err(f"{proc.argv[0]}: can't open file '{path}': [Errno 2] No such file or directory\n")
        return 2
    return await _cannot(proc, "Python", "--version, -m http.server, -m pip and -m venv work")


async def python_version(proc: Proc) -> str:
    return await said(proc) or f"Python {proc.env.get('PYTHON_VERSION', '3.14.7')}"


async def _module(proc: Proc, module: str, words: list[str]) -> int:
    main = MODULES.get(module)
    if main is not None:
        return await main(proc, words)
    environment = Environment.of(proc)
    if any(proc.access(f"{place}/{module.replace('.', '/')}{end}", 0)
           for place in (environment.site, proc.cwd) for end in ("", ".py")):  # fmt: skip
        return await _cannot(proc, "Python", f"{module} is installed, but cannot do anything")
    await proc.err(f"{proc.which(proc.argv[0]) or proc.argv[0]}: No module named {module}\n")
    return 1


async def _serve(proc: Proc, words: list[str]) -> int:
    return await http_server(proc, words, (await python_version(proc)).replace(" ", "/"))


async def _pip(proc: Proc, words: list[str]) -> int:
    environment = Environment.of(proc)
    if "pip" not in environment.installed(proc) and not proc.access(f"{environment.site}/pip", 0):
        await proc.err(f"{proc.which(proc.argv[0])}: No module named pip\n")
        return 1
    proc.argv = [proc.which(proc.argv[0]) or proc.argv[0], *words]
    return await pip(proc)


async def _venv(proc: Proc, words: list[str]) -> int:
    """A virtual environment: PEP 405."""
    folders = [word for word in words if not word.startswith("-")]
    if not folders:
        await proc.err("usage: venv [-h] [--without-pip] ENV_DIR [ENV_DIR ...]\n"
                       "venv: error: the following arguments are required: ENV_DIR\n")  # fmt: skip
        return 2
    python, base = proc.which(proc.argv[0]) or "/usr/local/bin/python3", Environment.of(proc)
    for folder in folders:
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
    await proc.cpu(1.5)
    return 0


ACTIVATE = """\
# Read this with `.`: it puts the virtual environment first in the path.
VIRTUAL_ENV={folder}
export VIRTUAL_ENV
PATH="$VIRTUAL_ENV/bin:$PATH"
export PATH
"""
MODULES: Mapping[str, Callable[[Proc, list[str]], Awaitable[int]]] = {
    "http.server": _serve, "pip": _pip, "venv": _venv,
}  # fmt: skip


async def node(proc: Proc) -> int:
    if proc.argv[1:] in (["--version"], ["-v"]):
        await proc.out(f"{await said(proc) or 'v' + proc.env.get('NODE_VERSION', '24.21.0')}\n")
        return 0
    return await _cannot(proc, "JavaScript", "--version works, and npm")


async def _cannot(proc: Proc, language: str, but: str) -> int:
    await proc.err(f"{proc.argv[0]}: {CANNOT.format(language=language)}; {but}\n")
    return 1
