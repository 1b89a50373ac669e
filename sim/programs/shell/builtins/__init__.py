"""Commands that the shell carries out itself: one table. Special ones are POSIX's (XCU 2.14).

A builtin is called as `call(shell, argv)` and returns its status, or a coroutine that does.
"""

from __future__ import annotations

from sim.programs.shell.builtins import control, environment, output, processes
from sim.programs.shell.builtins.table import Builtin
from sim.programs.shell.dialects import DASH

BUILTINS: dict[str, Builtin] = {**control.TABLE, **environment.TABLE, **output.TABLE, **processes.TABLE}
BASH_BUILTINS = BUILTINS | environment.BASH
DASH_BUILTINS = {name: builtin for name, builtin in BUILTINS.items() if name not in DASH.lacks}

__all__ = ["BASH_BUILTINS", "BUILTINS", "DASH_BUILTINS", "Builtin"]
