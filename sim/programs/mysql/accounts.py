"""Who may do what: users, their passwords' hashes, what they were granted. Source: manual, "Account Management".

They lie in $datadir/mysql/user.json; the passwords do not, only hashes of hashes, one for each way to prove them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from ipaddress import ip_address, ip_network

from sim.abi import Proc
from sim.programs.mysql.dialect import Token
from sim.programs.mysql.failures import syntax
from sim.programs.mysql.protocol import HASHES, Failure, kept

ALL, SYSTEM = "*", ("information_schema", "performance_schema")


@dataclass(frozen=True, slots=True)
class Account:
    """`hashes`: by the way to prove the password; `grants`: (database or *, the privileges)."""

    user: str
    host: str
    hashes: tuple[tuple[str, str], ...] = ()
    grants: tuple[tuple[str, str], ...] = ()

    @property
    def name(self) -> str:
        return f"{self.user}@{self.host}"

    def fits(self, user: str, host: str) -> bool:
        return self.user == user and _fits(self.host, host)

    def hash(self, plugin: str) -> bytes:
        return bytes.fromhex(dict(self.hashes).get(plugin, ""))

    def may(self, database: str) -> bool:
        return database in SYSTEM or any(granted in (ALL, database) for granted, _ in self.grants)


def _fits(pattern: str, host: str) -> bool:
    if "/" in pattern and host != "localhost":
        with suppress(ValueError):
            return ip_address(host) in ip_network(pattern.replace("/255.255.255.0", "/24"), strict=False)
    expression = "".join({"%": ".*", "_": "."}.get(letter, re.escape(letter)) for letter in pattern)
    return re.fullmatch(expression, host) is not None or (pattern in ("127.0.0.1", "::1") and host == "localhost")


class Accounts:
    def __init__(self, proc: Proc, folder: str) -> None:
        self._proc, self._path = proc, f"{folder}/mysql/user.json"
        self.rows: list[Account] = []
        with suppress(FileNotFoundError, ValueError):
            for row in json.loads(proc.read_file(self._path)):
                hashes, grants = (tuple(map(tuple, row[name])) for name in ("hashes", "grants"))
                self.rows.append(Account(row["user"], row["host"], hashes, grants))

    def of(self, user: str, host: str) -> Account | None:
        """The account of somebody who comes from `host`: of those that fit, the one whose host is said most closely."""
        found = [account for account in self.rows if account.fits(user, host)]
        return min(found, key=lambda account: (account.host.count("%"), -len(account.host)), default=None)

    def put(self, account: Account) -> None:
        self.rows = [one for one in self.rows if one.name != account.name] + [account]
        self._write()

    def drop(self, account: Account) -> None:
        self.rows.remove(account)
        self._write()

    def _write(self) -> None:
        self._proc.write_file(self._path, json.dumps([asdict(account) for account in self.rows]).encode())

    # -- statements

    def create(self, said: Sequence[Token]) -> None:
        """CREATE USER. Raises Failure."""
        maybe = [token.word for token in said[2:5]] == ["IF", "NOT", "EXISTS"]
        for user, host, password, _ in named(said[5 if maybe else 2 :]):
            if any(account.name == f"{user}@{host}" for account in self.rows):
                if maybe:
                    continue
                raise Failure(1396, "HY000", f"Operation CREATE USER failed for '{user}'@'{host}'")
            self.put(Account(user, host, hashed(password or "")))

    def alter(self, said: Sequence[Token]) -> None:
        """ALTER USER, SET PASSWORD. Raises Failure."""
        for user, host, password, _ in named(said[2:]):
            account = self._there(user, host, "ALTER USER")
            if password is not None:
                self.put(replace(account, hashes=hashed(password)))

    def remove(self, said: Sequence[Token]) -> None:
        """DROP USER. Raises Failure."""
        maybe = [token.word for token in said[2:4]] == ["IF", "EXISTS"]
        for user, host, _, _ in named(said[4 if maybe else 2 :]):
            if not (maybe and not any(account.name == f"{user}@{host}" for account in self.rows)):
                self.drop(self._there(user, host, "DROP USER"))

    def grant(self, said: Sequence[Token], *, identified: bool) -> None:
        """GRANT … ON d.* TO u; `identified`: it may make the user, with a password, as up to version 5.7."""
        words = [token.word for token in said]
        if "ON" not in words:
            return
        on, to = words.index("ON"), words.index("TO")
        rights = (
            " ".join(token.text for token in said[1:on])
            .upper()
            .replace(" PRIVILEGES", "")
            .replace("ALL", "ALL PRIVILEGES")
        )
        database = said[on + 1].value
        for user, host, password, _ in named(said[to + 1 :]):
            account = next((one for one in self.rows if one.name == f"{user}@{host}"), None)
            if password is not None and not identified:
                raise syntax(f"IDENTIFIED BY '{password}'", "IDENTIFIED")
            if account is None:
                if not identified:
                    raise Failure(1410, "42000", "You are not allowed to create a user with GRANT")
                account = Account(user, host, hashed(password or ""))
            self.put(
                replace(account, grants=(*(one for one in account.grants if one[0] != database), (database, rights)))
            )

    def revoke(self, said: Sequence[Token]) -> None:
        words = [token.word for token in said]
        database = said[words.index("ON") + 1].value if "ON" in words else ALL
        for user, host, _, _ in named(said[words.index("FROM") + 1 :]):
            account = self._there(user, host, "REVOKE")
            left = tuple(one for one in account.grants if database != ALL and one[0] != database)
            self.put(replace(account, grants=left))

    def _there(self, user: str, host: str, operation: str) -> Account:
        found = next((one for one in self.rows if one.name == f"{user}@{host}"), None)
        if found is None:
            raise Failure(1396, "HY000", f"Operation {operation} failed for '{user}'@'{host}'")
        return found


def hashed(password: str) -> tuple[tuple[str, str], ...]:
    return tuple((plugin, kept(plugin, password).hex()) for plugin in HASHES)


def named(said: Sequence[Token]) -> list[tuple[str, str, str | None, str]]:
    """`'u'@'h' IDENTIFIED [WITH plugin] BY 'p', …` as (user, host, password or None, plugin)."""
    found, at = [], 0
    while at < len(said) and said[at].kind in ("string", "word", "name"):
        user, host, password, plugin = said[at].value, "%", None, ""
        at += 1
        if at < len(said) and said[at].kind == "variable":  # u@h without quotes
            host, at = said[at].text[1:], at + 1
        elif at + 1 < len(said) and said[at].text == "@":
            host, at = said[at + 1].value, at + 2
        while at < len(said) and said[at].text != ",":
            if said[at].word == "WITH" and at + 1 < len(said):
                plugin = said[at + 1].value
            elif said[at].word in ("BY", "AS") and said[at + 1].kind == "string":
                password = said[at + 1].value
            at += 1
        at += 1
        found.append((user, host, password, plugin))
    return found
