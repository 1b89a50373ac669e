"""What the daemon must not forget, as rows: (kind, key) → a value that JSON can hold.

Without a data root the rows live in memory. With one they are in SQLite, and a change is committed to the disk before
the call returns: what has been acknowledged to a client survives `kill -9`. SQLite is imported only then, since the
browser has none. Rows that belong together are written in one `transaction`: all of them, or none.
"""

from __future__ import annotations

import errno
import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import sqlite3


class State(Protocol):
    """Rows by kind ("container", "image", …) and key. `durable` is False where saving is pointless."""

    durable: bool

    def put(self, kind: str, key: str, value: Any) -> None:
        """Insert or replace."""

    def get(self, kind: str, key: str) -> Any:
        """The value, or None."""

    def delete(self, kind: str, key: str) -> None:
        """Forget; a row that is not there does not mind."""

    def items(self, kind: str) -> Iterator[tuple[str, Any]]:
        """(key, value) of all rows of a kind, in the order in which they were first put."""

    def transaction(self) -> AbstractContextManager[None]:
        """What is written inside the block is written at its end, together; nothing of it if an exception leaves it.

        Nothing may be awaited inside, for all share these rows. A block within a block is part of the outer one.
        """

    def close(self) -> None: ...


class MemoryState:
    """Rows that end with the process."""

    durable = False

    def __init__(self) -> None:
        self._kinds: dict[str, dict[str, Any]] = {}
        self._before: list[tuple[str, str, Any]] | None = None  # what a transaction has replaced: kind, key, value

    def put(self, kind: str, key: str, value: Any) -> None:
        if self._before is not None:
            self._before.append((kind, key, self.get(kind, key)))
        self._kinds.setdefault(kind, {})[key] = value

    def get(self, kind: str, key: str) -> Any:
        return self._kinds.get(kind, {}).get(key)

    def delete(self, kind: str, key: str) -> None:
        if self._before is not None:
            self._before.append((kind, key, self.get(kind, key)))
        self._kinds.get(kind, {}).pop(key, None)

    def items(self, kind: str) -> Iterator[tuple[str, Any]]:
        return iter(list(self._kinds.get(kind, {}).items()))

    @contextmanager
    def transaction(self) -> Iterator[None]:
        if self._before is not None:
            yield
            return
        before = self._before = list[tuple[str, str, Any]]()
        try:
            yield
        except BaseException:
            self._before = None
            for kind, key, value in reversed(before):
                if value is None:
                    self.delete(kind, key)
                else:
                    self.put(kind, key, value)
            raise
        finally:
            self._before = None

    def close(self) -> None:
        pass


class DiskState:
    """Rows in `<data_root>/state.db`, one transaction for each change. Writing raises OSError (a full disk)."""

    durable = True

    def __init__(self, data_root: Path) -> None:
        import sqlite3

        self.on_change: Callable[[], object] | None = None  # told of each change, when it is on the disk
        self._failure: type[sqlite3.Error] = sqlite3.OperationalError
        data_root.mkdir(parents=True, exist_ok=True)
        self._lock = _locked(data_root / "lock")
        self._path = str(data_root / "state.db")
        self._rows = sqlite3.connect(self._path, isolation_level=None)
        self._rows.execute("PRAGMA journal_mode = WAL")
        self._rows.execute("PRAGMA synchronous = FULL")
        self._rows.execute(
            "CREATE TABLE IF NOT EXISTS state (number INTEGER PRIMARY KEY, kind TEXT NOT NULL, key TEXT NOT NULL,"
            " value TEXT NOT NULL, UNIQUE (kind, key))"
        )

    def put(self, kind: str, key: str, value: Any) -> None:
        self._write(
            "INSERT INTO state (kind, key, value) VALUES (?, ?, ?)"
            " ON CONFLICT (kind, key) DO UPDATE SET value = excluded.value",
            (kind, key, json.dumps(value, separators=(",", ":"))),
        )

    def get(self, kind: str, key: str) -> Any:
        found = self._rows.execute("SELECT value FROM state WHERE kind = ? AND key = ?", (kind, key)).fetchone()
        return json.loads(found[0]) if found else None

    def delete(self, kind: str, key: str) -> None:
        self._write("DELETE FROM state WHERE kind = ? AND key = ?", (kind, key))

    def items(self, kind: str) -> Iterator[tuple[str, Any]]:
        rows = self._rows.execute("SELECT key, value FROM state WHERE kind = ? ORDER BY number", (kind,)).fetchall()
        return ((key, json.loads(value)) for key, value in rows)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        if self._rows.in_transaction:
            yield
            return
        self._write("BEGIN IMMEDIATE")
        try:
            yield
            self._write("COMMIT")
        finally:
            if self._rows.in_transaction:
                self._rows.execute("ROLLBACK")

    def _write(self, statement: str, values: tuple[str, ...] = ()) -> None:
        try:
            self._rows.execute(statement, values)
        except self._failure as error:
            number = errno.ENOSPC if "disk is full" in str(error) else errno.EIO
            raise OSError(number, os.strerror(number), self._path) from error
        if self.on_change is not None and not self._rows.in_transaction:
            self.on_change()

    def close(self) -> None:
        self._rows.close()
        self._lock.close()


def _locked(path: Path) -> IO[bytes]:
    """One daemon for a data root: a second one would clean up what the first is writing. Raises BlockingIOError.

    The lock is the process's (fcntl(2), F_SETLK; _locking) and ends with it, however it ends.
    """
    file = path.open("ab")
    try:
        if sys.platform == "win32":
            import msvcrt

            file.seek(0)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        raise BlockingIOError(errno.EAGAIN, "another daemon is using it", str(path.parent)) from None
    return file


def open_state(data_root: Path | None) -> State:
    """Rows in memory, or on the disk under `data_root`."""
    return DiskState(data_root) if data_root is not None else MemoryState()
