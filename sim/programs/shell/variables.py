"""The shell's variables. Exported ones live in the process's own environment, the others beside it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sim.programs.shell.errors import ShellError

NAME = re.compile(r"[A-Za-z_]\w*", re.ASCII)
DEFAULT_IFS = " \t\n"

Saved = dict[str, tuple[str | None, bool]]


class Variables:
    """Names and values. `line`, `chance` and `ppid` stand behind `$LINENO`, `$RANDOM` and `$PPID`."""

    __slots__ = (
        "_export_unset",
        "_readonly",
        "_scopes",
        "chance",
        "exported",
        "in_function",
        "line",
        "ppid",
        "private",
    )

    def __init__(self, exported: dict[str, str], chance: int = 1, ppid: int = 0) -> None:
        self.exported = exported
        self.private: dict[str, str] = {}
        self.line = 0
        self.chance = chance
        self.ppid = ppid
        self.in_function = False
        self._readonly: frozenset[str] = frozenset()
        self._export_unset: frozenset[str] = frozenset()  # `export x` while x has no value
        self._scopes: list[Saved] | None = None

    def copy(self) -> Variables:
        """For a forked shell."""
        copied = Variables(dict(self.exported), self.chance, self.ppid)
        copied.private = dict(self.private)
        copied.line, copied.in_function = self.line, self.in_function
        copied._readonly, copied._export_unset = self._readonly, self._export_unset
        copied._scopes = [dict(scope) for scope in self._scopes] if self._scopes else None
        return copied

    def get(self, name: str) -> str | None:
        value = self.private.get(name)
        if value is None:
            value = self.exported.get(name)
            if value is None and name in _DYNAMIC:
                return self._dynamic(name)
        return value

    def set(self, name: str, value: str) -> None:
        """Raises ShellError if the variable is read-only."""
        if name in self._readonly:
            raise ShellError(f"{name}: is read only")
        if name in self.exported:
            self.exported[name] = value
        elif name in self._export_unset:
            self.exported[name] = value
            self._export_unset -= {name}
        else:
            self.private[name] = value
        if name == "RANDOM":
            self.chance = int(value) if value.isdecimal() else 1
            self.private.pop(name, None)

    def export(self, name: str, value: str | None = None) -> None:
        if value is not None:
            self.set(name, value)
        if name in self.private:
            self.exported[name] = self.private.pop(name)
        elif name not in self.exported:
            self._export_unset |= {name}

    def unexport(self, name: str) -> None:
        if name in self.exported:
            self.private[name] = self.exported.pop(name)
        self._export_unset -= {name}

    def unset(self, name: str) -> None:
        if name in self._readonly:
            raise ShellError(f"{name}: is read only")
        self.private.pop(name, None)
        self.exported.pop(name, None)
        self._export_unset -= {name}

    def make_readonly(self, name: str) -> None:
        self._readonly |= {name}

    def readonly_names(self) -> list[str]:
        return sorted(self._readonly)

    def names(self) -> list[str]:
        return sorted({*self.private, *self.exported})

    def export_names(self) -> list[str]:
        return sorted({*self.exported, *self._export_unset})

    def environment(self) -> Iterator[tuple[str, str]]:
        """What children get, in the order of ash's hash table, which is the order that `env` shows."""
        return iter(sorted(self.exported.items(), key=lambda item: _bucket(item[0])))

    # -- local variables

    def enter(self) -> None:
        """A function begins, or a command that has its own assignments."""
        if self._scopes is None:
            self._scopes = []
        self._scopes.append({})

    def make_local(self, name: str) -> None:
        """Remember a variable's value until `leave`."""
        assert self._scopes
        if name not in self._scopes[-1]:
            private = self.private.get(name)
            exported = self.exported.get(name)
            self._scopes[-1][name] = (private, False) if exported is None else (exported, True)

    def leave(self) -> None:
        """It is over: its local variables get their old values back."""
        assert self._scopes
        for name, (value, exported) in self._scopes.pop().items():
            self.private.pop(name, None)
            self.exported.pop(name, None)
            if value is not None:
                (self.exported if exported else self.private)[name] = value

    # -- variables that are not stored

    def _dynamic(self, name: str) -> str:
        if name == "LINENO":
            return str(self.line)
        if name == "IFS":
            return DEFAULT_IFS
        if name == "PPID":
            return str(self.ppid)
        if name == "RANDOM":
            self.chance = (self.chance * 1103515245 + 12345) % (1 << 31)
            return str(self.chance >> 16)
        return _DYNAMIC[name]


_DYNAMIC = {"LINENO": "", "RANDOM": "", "IFS": "", "PPID": "", "OPTIND": "1", "PS2": "> ", "PS4": "+ "}


def _bucket(name: str) -> int:
    data = name.encode(errors="surrogateescape")
    return ((data[0] << 4) + sum(data)) % 39 if data else 0
