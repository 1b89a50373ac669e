"""What MySQL and MariaDB, and their versions, say differently."""

from __future__ import annotations

from dataclasses import dataclass

from sim.abi import Proc


@dataclass(frozen=True, slots=True)
class Flavour:
    """`version`: as `SELECT version()` has it; `distribution`: the second half of what the log and the greeting say."""

    name: str  # MySQL or MariaDB
    version: str
    distribution: str
    plugin: str  # of authentication
    number: tuple[int, ...]

    @property
    def maria(self) -> bool:
        return self.name == "MariaDB"

    @property
    def widths(self) -> bool:
        """Whether `int` is shown as `int(11)`."""
        return self.maria or self.number < (8,)

    @property
    def prompt(self) -> str:
        return "MariaDB [{}]> " if self.maria else "mysql> "


def flavour(proc: Proc) -> Flavour:
    """By the image's variables, which name the version."""
    maria = proc.env.get("MARIADB_VERSION", "")
    if maria:  # 1:12.0.2+maria~ubu2404
        number, _, build = maria.partition(":")[2].partition("+maria~")
        version = f"{number}-MariaDB-{build}"
        return Flavour("MariaDB", version, "mariadb.org binary distribution", "mysql_native_password", _number(number))
    number = proc.env.get("MYSQL_VERSION", "8.4.11").partition("-")[0]
    plugin = "mysql_native_password" if _number(number) < (8,) else "caching_sha2_password"
    title = "MySQL Community Server (GPL)" if _number(number) < (8,) else "MySQL Community Server - GPL"
    return Flavour("MySQL", number, title, plugin, _number(number))


def _number(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdigit())
