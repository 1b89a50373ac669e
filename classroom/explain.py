"""Errors of a notebook's cell, said so that a beginner can go on.

A refusal of the daemon is shown in docker's words, not as a page of this program's insides. What is missing because a
cell was skipped, and a word without its quotes, get one more line that says what to do.
"""

from __future__ import annotations

from traceback import walk_tb
from types import TracebackType
from typing import Any

from classroom.texts import tell
from engine.client.connection import ApiError

MISSING = (NameError, AttributeError, KeyError, IndexError)


def explain(ipython: Any) -> None:
    """From now on, for the errors of this shell's cells."""
    ipython.set_custom_exc((ApiError, *MISSING), _show)


def _show(
    shell: Any, kind: type[BaseException], error: BaseException, traceback: TracebackType, tb_offset: int | None = None
) -> None:
    if isinstance(error, ApiError):
        lines = [f"Error response from daemon: {error}"]
    else:
        lines = shell.InteractiveTB.structured_traceback(kind, error, traceback, tb_offset=tb_offset)
    shell._showtraceback(kind, error, [*lines, tell(_hint(error, traceback))])


def _hint(error: BaseException, traceback: TracebackType) -> str:
    """The key of a text."""
    *_, (frame, _line) = walk_tb(traceback)
    guessing = isinstance(error, NameError) and "predict" in frame.f_code.co_names
    return "quotes" if guessing else "cells above"
