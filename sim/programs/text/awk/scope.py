"""The names of a running awk program: global scalars and arrays, and the locals of the functions being called."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sim.programs.text.awk.nodes import Expr, Variable
from sim.programs.text.awk.records import Record
from sim.programs.text.awk.values import NOTHING, Strnum, Value, number, string

Array = dict[str, Value]
Frame = dict[str, Value | Array]


class Scope:
    """`variables` are the global scalars, `arrays` the global arrays; locals are in `frames`, innermost last.

    NF, FS, OFS and RS are more than variables: setting them changes the record, or how it is read.
    """

    def __init__(self, record: Record, set_separator: Callable[[str], None], environment: Mapping[str, str]) -> None:
        self.record, self.set_separator = record, set_separator
        self.variables: dict[str, Value] = {
            "FS": " ", "OFS": " ", "ORS": "\n", "RS": "\n", "NR": 0.0, "FNR": 0.0, "SUBSEP": "\x1c", "CONVFMT": "%.6g",
            "OFMT": "%.6g", "RSTART": 0.0, "RLENGTH": -1.0, "FILENAME": "",
        }  # fmt: skip
        self.arrays: dict[str, Array] = {"ENVIRON": {name: Strnum(value) for name, value in environment.items()}}
        self.frames: list[Frame] = []

    def variable(self, name: str) -> Value:
        if self.frames and name in self.frames[-1]:
            value = self.frames[-1][name]
            return "" if isinstance(value, dict) else value
        if name == "NF":
            return float(self.record.count())
        return self.variables.get(name, NOTHING)

    def assign(self, name: str, value: Value) -> None:
        if self.frames and name in self.frames[-1]:
            self.frames[-1][name] = value
            return
        if name == "NF":
            self.record.set_count(int(number(value)))
            return
        self.variables[name] = value
        if name == "FS":
            self.record.separator = string(value)
        elif name == "OFS":
            self.record.joiner = string(value)
        elif name == "RS":
            self.set_separator(string(value))

    def array(self, name: str) -> Array:
        if self.frames and name in self.frames[-1]:
            found = self.frames[-1][name]
            if not isinstance(found, dict):
                found = self.frames[-1][name] = {}
            return found
        return self.arrays.setdefault(name, {})

    def whole_array(self, argument: Expr) -> Array | None:
        """The array that an argument names; a global that was never set may become one."""
        if not isinstance(argument, Variable):
            return None
        name = argument.name
        if self.frames and name in self.frames[-1]:
            local = self.frames[-1][name]
            return local if isinstance(local, dict) else None
        known = name in self.variables or name == "NF"
        return None if known else self.arrays.setdefault(name, {})
