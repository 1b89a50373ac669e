"""Pathname expansion (POSIX XCU 2.13.3): a pattern becomes the names of the files that match it, sorted."""

from __future__ import annotations

from sim.abi import Proc
from sim.programs.shell.patterns import compile_pattern, is_pattern, unescape


def expand_path(proc: Proc, pattern: str) -> list[str]:
    """The existing paths that match, or [] if there is none. Hidden files need a dot in the pattern."""
    root = pattern[: len(pattern) - len(pattern.lstrip("/"))]
    found = [root]
    components = pattern[len(root) :].split("/")
    for index, component in enumerate(components):
        last = index == len(components) - 1
        found = [path for base in found for path in _step(proc, base, component, last)]
        if not found:
            return []
    return sorted(found)


def _step(proc: Proc, base: str, component: str, last: bool) -> list[str]:
    """The paths one component further: with a slash at the end, unless it is the last one."""
    end = "" if last else "/"
    if not is_pattern(component):
        path = base + unescape(component)
        return [path + end] if not last or _exists(proc, path) else []
    try:
        names = proc.listdir(base or ".")
    except OSError:
        return []
    if component.startswith((".", "\\.")):
        names = [".", "..", *names]
    else:
        names = [name for name in names if not name.startswith(".")]
    expression = compile_pattern(component)
    matching = [base + name for name in names if expression.fullmatch(name)]
    return [path + end for path in matching if last or _exists(proc, path + "/.")]


def _exists(proc: Proc, path: str) -> bool:
    try:
        proc.lstat(path)
    except OSError:
        return False
    return True
