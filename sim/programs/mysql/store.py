"""A data directory: the databases and accounts of one server. Source: manual, "The MySQL Data Directory".

A database is a folder, as in MySQL, and its tables are one SQLite file in it.
"""

from __future__ import annotations

import sqlite3
from contextlib import suppress

from sim.abi import Proc
from sim.programs.keeping import Kept
from sim.programs.mysql import definitions
from sim.programs.mysql.accounts import Accounts
from sim.programs.mysql.flavours import Flavour

OWN = ("mysql", "performance_schema", "sys")  # databases that are there from the beginning, and hold no tables of users
FILE = "tables.sqlite"
INITIAL = f"CREATE TABLE IF NOT EXISTS {definitions.KEPT} (name TEXT PRIMARY KEY, definition TEXT)"


class Store:
    def __init__(self, proc: Proc, folder: str, flavour: Flavour, settings: dict[str, str]) -> None:
        self._proc, self.folder, self.flavour, self.settings = proc, folder, flavour, settings
        self._kept = Kept(proc, lambda name: f"{folder}/{name}/{FILE}")
        self.accounts = Accounts(proc, folder)
        self.began = proc.now()
        self.questions = 0
        self.connected: dict[int, tuple[str, str, str]] = {}  # thread → user, host, database

    def names(self) -> list[str]:
        """All databases but information_schema, which nobody keeps."""
        found = (
            name for name in self._proc.listdir(self.folder) if self._proc.access(f"{self.folder}/{name}/{FILE}", 0)
        )
        return sorted([*found, *OWN])

    def users(self) -> list[str]:
        """Those that hold users' tables."""
        return [name for name in self.names() if name not in OWN]

    def create(self, name: str) -> None:
        with suppress(FileExistsError):
            self._proc.mkdir(f"{self.folder}/{name}", 0o750)
        self._proc.write_file(f"{self.folder}/{name}/{FILE}", b"")

    def drop(self, name: str) -> None:
        self._kept.forget(name)
        self._proc.unlink(f"{self.folder}/{name}/{FILE}")
        self._proc.rmdir(f"{self.folder}/{name}")

    def attach(self, connection: sqlite3.Connection, name: str) -> None:
        connection.execute(f'ATTACH ? AS "{name}"', (self._kept.uri(name),))
        connection.execute(INITIAL.replace("EXISTS ", f'EXISTS "{name}".'))

    def uri(self, name: str) -> str:
        return self._kept.uri(name)

    def save(self, name: str) -> None:
        """After a commit. Raises OSError (a full disk)."""
        self._kept.save(name)

    def close(self) -> None:
        self._kept.close()
