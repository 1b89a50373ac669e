"""A database cluster: the databases and roles below $PGDATA, and how they come back from there.

Each database is an SQLite image in base/NAME; after every commit the file is written anew, so that what was committed
lies in the container's (or the volume's) files. Roles are in global/pg_authid. Files of a student's database are small.
"""

from __future__ import annotations

import json
import sqlite3
from contextlib import suppress
from dataclasses import asdict, dataclass

from sim.abi import Proc
from sim.programs.keeping import Kept, opened

TEMPLATES = ("postgres", "template0", "template1")


@dataclass(frozen=True, slots=True)
class Role:
    """A user. `password` None: anyone may be it."""

    name: str
    password: str | None = None
    superuser: bool = False


class Cluster:
    """What one server has open. `folder` is $PGDATA."""

    def __init__(self, proc: Proc, folder: str, *, trust: bool) -> None:
        self._proc, self.folder, self.trust = proc, folder, trust
        self._kept = Kept(proc, lambda name: f"{folder}/base/{name}")
        self.settings: dict[str, str] = {}  # of the server's command line
        self.sessions: dict[int, str] = {}  # backend's pid → its database
        self.roles = self._read_roles()

    # -- roles

    def _read_roles(self) -> dict[str, Role]:
        with suppress(FileNotFoundError, ValueError):
            rows = json.loads(self._proc.read_file(f"{self.folder}/global/pg_authid"))
            return {row["name"]: Role(**row) for row in rows}
        return {}

    def put_role(self, role: Role) -> None:
        self.roles[role.name] = role
        self._write_roles()

    def drop_role(self, name: str) -> None:
        del self.roles[name]
        self._write_roles()

    def _write_roles(self) -> None:
        rows = json.dumps([asdict(role) for role in self.roles.values()])
        self._proc.write_file(f"{self.folder}/global/pg_authid", rows.encode())

    # -- databases

    def names(self) -> list[str]:
        return sorted(self._proc.listdir(f"{self.folder}/base"))

    def create(self, name: str) -> None:
        self._proc.write_file(f"{self.folder}/base/{name}", b"")

    def drop(self, name: str) -> None:
        self._kept.forget(name)
        self._proc.unlink(f"{self.folder}/base/{name}")

    def connect(self, name: str) -> sqlite3.Connection:
        """A connection of its own to a database, which all its connections share."""
        connection = opened(self._kept.uri(name))
        connection.execute("PRAGMA case_sensitive_like = ON")
        return connection

    def save(self, name: str) -> None:
        """Write a database's file: after a commit. Raises OSError (a full disk)."""
        self._kept.save(name)

    def close(self) -> None:
        self._kept.close()


def initialize(proc: Proc, folder: str, superuser: str, password: str | None) -> None:
    """Lay a new cluster down. Raises OSError."""
    for name in ("base", "global", "pg_wal", "pg_xact", "log"):
        with suppress(FileExistsError):
            proc.mkdir(f"{folder}/{name}", 0o700)
    cluster = Cluster(proc, folder, trust=True)
    cluster.put_role(Role(superuser, password, True))
    for name in TEMPLATES:
        cluster.create(name)
