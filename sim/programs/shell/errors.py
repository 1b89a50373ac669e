"""What ends a command early: errors that the shell reports, and jumps (break, return, exit) that it makes."""

from __future__ import annotations


class ShellError(Exception):
    """An error of the shell itself. It ends a shell that is not interactive; a regular builtin only fails with it.

    `str()` is the text without the `sh: ` before it; empty if it has been told already.
    """

    def __init__(self, message: str = "", status: int | None = None) -> None:
        super().__init__(message)
        self.status = status  # None: what the dialect has for errors


class RedirectionError(ShellError):
    """A file that cannot be opened: only its command fails, unless it is a special builtin."""


class LoopJump(Exception):
    """`break n` and `continue n`: `levels` loops are still to be left."""

    def __init__(self, levels: int, goes_on: bool) -> None:
        super().__init__(levels)
        self.levels, self.goes_on = levels, goes_on


class Return(Exception):
    """`return`: leave the function or the sourced file. The status is the shell's."""


class Exit(Exception):
    """`exit`, or an error with `set -e`: leave the shell. The status is the shell's."""


class Interrupt(Exception):
    """Ctrl-C in an interactive shell: back to the prompt."""
