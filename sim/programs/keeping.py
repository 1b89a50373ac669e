"""SQLite databases that lie in a container's files: how the simulated database servers keep their tables.

Each is open once in memory, shared by its connections; after a commit its file is written anew, so that what was
committed is in the container's (or the volume's) files. Files of a student's database are small.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from itertools import count

from sim.abi import Proc

_numbers = count()


class Kept:
    """The databases of one server. `path`: the file of a database by its name."""

    def __init__(self, proc: Proc, path: Callable[[str], str]) -> None:
        self._proc, self._path = proc, path
        self._keepers: dict[str, sqlite3.Connection] = {}  # one open connection keeps a shared memory database alive
        self._number = next(_numbers)

    def uri(self, name: str) -> str:
        """Where connections (and ATTACH) find a database; it is read from its file when it is first asked for."""
        uri = f"file:glassdock-{self._number}-{name}?mode=memory&cache=shared"
        if name not in self._keepers:
            keeper = self._keepers[name] = opened(uri)
            data = self._proc.read_file(self._path(name))
            if data:
                source = sqlite3.connect(":memory:")
                source.deserialize(data)
                source.backup(keeper)
                source.close()
        return uri

    def save(self, name: str) -> None:
        """Write a database's file: after a commit. Raises OSError (a full disk)."""
        self._proc.write_file(self._path(name), self._keepers[name].serialize())

    def forget(self, name: str) -> None:
        keeper = self._keepers.pop(name, None)
        if keeper is not None:
            keeper.close()

    def close(self) -> None:
        for name in list(self._keepers):
            self.forget(name)


def opened(uri: str) -> sqlite3.Connection:
    """A connection that begins and ends transactions only when it is told to."""
    connection = sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA foreign_keys = ON")
    return connection
