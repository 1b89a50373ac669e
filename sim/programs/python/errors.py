"""Errors in CPython's words: tracebacks of the program's own lines, and syntax errors."""

from __future__ import annotations

import ast
import traceback
from itertools import groupby
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sim.programs.python.frames import Frame
    from sim.programs.python.machine import Machine

HEADER = "Traceback (most recent call last):\n"
CAUSE = "\nThe above exception was the direct cause of the following exception:\n\n"
CONTEXT = "\nDuring handling of the above exception, another exception occurred:\n\n"
_WHERE = "_glass_where"  # attribute of an exception: the frames through which it came, innermost first
REPEATED = 3  # equal lines of a recursion that are shown
CALLS_MARKED = 13  # since 3.13 calls are marked, too


class Place:
    """Where a frame was when an exception came through it."""

    __slots__ = ("file", "name", "node")

    def __init__(self, frame: Frame) -> None:
        self.file, self.name, self.node = frame.file, frame.code_name, frame.node


def came_through(error: BaseException, frame: Frame) -> None:
    """Remember that an exception leaves a block."""
    places: list[Place] = vars(error).setdefault(_WHERE, [])
    places.append(Place(frame))


def traceback_text(machine: Machine, error: BaseException) -> str:
    """All that CPython prints of an exception that nobody caught."""
    before = ""
    if error.__cause__ is not None:
        before = traceback_text(machine, error.__cause__) + CAUSE
    elif error.__context__ is not None and not error.__suppress_context__ and hasattr(error.__context__, _WHERE):
        before = traceback_text(machine, error.__context__) + CONTEXT
    frames = stack(machine, getattr(error, _WHERE, []))
    if isinstance(error, SyntaxError):
        return before + frames + "".join(traceback.format_exception_only(error))
    return before + frames + last_line(error)


def stack(machine: Machine, places: list[Place]) -> str:
    """The lines through which an exception came, outermost first; equal ones of a recursion are counted."""
    shown = []
    for text, equal in groupby(_frame(machine, place) for place in reversed(places) if place.node is not None):
        count = len(list(equal))
        shown += [text] * min(count, REPEATED)
        if count > REPEATED:
            more = count - REPEATED
            shown.append(f"  [Previous line repeated {more} more time{'s' if more > 1 else ''}]\n")
    return HEADER + "".join(shown) if shown else ""


def last_line(error: BaseException) -> str:
    """`ValueError: what` and its notes, with their newlines."""
    kind = type(error)
    plain = kind.__module__ in ("builtins", "__main__")
    name = kind.__qualname__ if plain else f"{kind.__module__}.{kind.__qualname__}"
    try:
        text = str(error)
    except Exception:
        text = "<exception str() failed>"
    notes = "".join(f"{note}\n" for note in getattr(error, "__notes__", ()))
    return (f"{name}: {text}\n" if text else f"{name}\n") + notes


def _frame(machine: Machine, place: Place) -> str:
    node: Any = place.node
    name = place.name.rpartition(".")[2]
    lines = machine.sources.get(place.file, [])
    text = f'  File "{place.file}", line {node.lineno}, in {name}\n'
    if not 0 < node.lineno <= len(lines):
        return text
    line = lines[node.lineno - 1]
    text += f"    {line.strip()}\n"
    marked = marks(node, line, machine.minor >= CALLS_MARKED) if isinstance(node, ast.expr) else ""
    return text + (f"    {marked}\n" if marked else "")


def marks(node: ast.expr, line: str, calls: bool) -> str:
    """What stands below a line without its margin: `~^~` of an operator, `~~^^^` of an index or (`calls`) of a call.

    "" where marks would say nothing: below a whole line. Source: Lib/traceback.py of 3.12 and 3.13.
    """
    margin = len(line) - len(line.lstrip())
    start = _column(line, node.col_offset)
    end = _column(line, node.end_col_offset or 0) if node.end_lineno == node.lineno else len(line.rstrip())
    middle, right = _anchors(node, line, end, calls)
    covers = start == margin and end == len(line.rstrip())
    if middle == right and covers:
        return ""
    if calls and isinstance(node, ast.Call) and end == len(line.rstrip()) and _plain_result(node, line[margin:start]):
        return ""
    if middle == right:
        middle, right = start, end
    return " " * (start - margin) + "~" * (middle - start) + "^" * (right - middle) + "~" * (end - right)


def _plain_result(node: ast.Call, before: str) -> bool:
    """`return f(…)` and `x = f(…)` need no marks."""
    return (before == "return " and isinstance(node.func, ast.Name)) or before.rstrip().endswith(" =")


def _anchors(node: ast.expr, line: str, end: int, calls: bool) -> tuple[int, int]:
    """From where to where the marks are `^` between `~`; equal if all are alike."""
    if isinstance(node, ast.BinOp) and node.left.end_lineno == node.right.lineno == node.lineno:
        at = _column(line, node.left.end_col_offset or 0)
        while at < len(line) and line[at] in " ()\\":
            at += 1
        return at, at + (2 if line[at : at + 2] in ("**", "//", "<<", ">>") else 1)
    inner = (
        node.value if isinstance(node, ast.Subscript) else node.func if calls and isinstance(node, ast.Call) else None
    )
    if inner is None or inner.end_lineno != node.lineno:
        return 0, 0
    at = _column(line, inner.end_col_offset or 0)
    return at, end


def _column(line: str, offset: int) -> int:
    """From bytes of UTF-8 to characters."""
    return len(line.encode()[:offset].decode("utf-8", "replace"))
