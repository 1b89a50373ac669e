"""The house rules hold: style, types, and which room may import which. CONTRIBUTING.md says what they are."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SOURCES = [path for room in ("engine", "sim", "real", "classroom") for path in sorted((ROOT / room).rglob("*.py"))]
FORBIDDEN_IN_A_BROWSER = ("asyncio", "socket", "subprocess", "sqlite3", "aiohttp", "multiprocessing")
LONGEST_MODULE, LONGEST_FUNCTION = 400, 60  # lines


@pytest.mark.parametrize("tool", ["ruff check", "ruff format --check", "mypy", "importlinter"])
def test_the_tools_find_nothing(tool: str):
    words = {"importlinter": ["-c", "from importlinter.cli import lint_imports_command as run; run()"]}.get(
        tool, ["-m", *tool.split()]
    )
    done = subprocess.run([sys.executable, *words], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_modules_and_functions_stay_readable():
    long = [f"{path.relative_to(ROOT)}" for path in SOURCES if len(path.read_text().splitlines()) > LONGEST_MODULE]
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or node.lineno) - node.lineno + 1
                if length > LONGEST_FUNCTION:
                    long.append(f"{path.relative_to(ROOT)}:{node.lineno} {node.name} ({length} lines)")
    assert not long


def test_every_module_says_what_it_is():
    silent = [
        str(path.relative_to(ROOT))
        for path in SOURCES
        if path.read_text().strip() and not ast.get_docstring(ast.parse(path.read_text()))
    ]
    assert not silent


def test_the_engine_can_live_in_a_browser():
    """No socket, process or database is imported with the engine and the simulated host (logging imports threading)."""
    program = (
        "import sys, engine, sim, importlib\n"
        "importlib.import_module('engine.api.inprocess'); importlib.import_module('sim.make')\n"
        f"print(sorted(set({FORBIDDEN_IN_A_BROWSER}) & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "[]", done.stderr
