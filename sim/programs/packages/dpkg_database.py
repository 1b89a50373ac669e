"""Which packages of Debian are on this machine: /var/lib/dpkg (dpkg(1), dpkg-query(1)), and what installs and removes.

`status` has a paragraph for each package, `info/NAME.list` the paths that it laid down, `info/NAME.postinst` what is
run when it is configured.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from sim.abi import Proc
from sim.packages.archives import read_deb
from sim.packages.records import Record, read_records, write_records
from sim.programs.packages.laying import lay, make_directories, take_away

ADMIN = "/var/lib/dpkg"
STATUS, INFO = f"{ADMIN}/status", f"{ADMIN}/info"
INSTALLED, UNPACKED = "install ok installed", "install ok unpacked"
REMOVED = "deinstall ok config-files"
FIELDS = ("Package", "Status", "Essential", "Priority", "Section", "Installed-Size", "Maintainer", "Architecture",
          "Multi-Arch", "Version", "Provides", "Depends", "Recommends", "Suggests", "Description")  # fmt: skip
SCRIPTS = ("postinst", "prerm", "postrm")


@dataclass(slots=True)
class Database:
    """`packages` by name, also those of which only the configuration is left."""

    packages: dict[str, Record] = field(default_factory=dict)

    @classmethod
    def read(cls, proc: Proc) -> Database:
        try:
            text = proc.read_file(STATUS).rstrip(b"\0").decode(errors="replace")
        except FileNotFoundError:
            text = ""
        return cls({record["Package"]: record for record in read_records(text) if "Package" in record})

    def write(self, proc: Proc) -> None:
        records = [self.packages[name] for name in sorted(self.packages)]
        proc.write_file(STATUS, (write_records(records) + "\n").encode())

    def installed(self) -> dict[str, Record]:
        return {name: record for name, record in self.packages.items() if record.get("Status") == INSTALLED}


def shown(record: Mapping[str, str]) -> str:
    """The name as dpkg says it: with the architecture where several can be side by side."""
    same = record.get("Multi-Arch") == "same"
    return f"{record['Package']}:{record.get('Architecture', 'amd64')}" if same else record["Package"]


def files_of(proc: Proc, name: str, record: Mapping[str, str]) -> list[str]:
    """The paths that a package laid down."""
    try:
        return proc.read_file(f"{INFO}/{_stem(name, record)}.list").decode().split("\n")[:-1]
    except FileNotFoundError:
        return []


def count_files(proc: Proc, database: Database) -> int:
    """How many files and directories are installed, as `(Reading database …` says it."""
    return len({path for name, record in database.packages.items() for path in files_of(proc, name, record)})


async def unpack(proc: Proc, database: Database, archive: bytes) -> Record:
    """Lay a package's files down; it is then to be configured. Raises BadPackage, OSError."""
    control, members = read_deb(archive)
    told = next(read_records(control["control"].decode()), {})
    paths = await lay(proc, members)
    kept = {"Status": UNPACKED, **told}
    record = {name: kept[name] for name in FIELDS if kept.get(name)}
    database.packages[record["Package"]] = record
    make_directories(proc, INFO)
    stem = f"{INFO}/{_stem(record['Package'], record)}"
    proc.write_file(f"{stem}.list", "".join(f"{path}\n" for path in ["/.", *paths]).encode())
    for script in SCRIPTS:
        if script in control:
            proc.write_file(f"{stem}.{script}", control[script])
            proc.chmod(f"{stem}.{script}", 0o755)
    return record


async def configure(proc: Proc, database: Database, name: str) -> int:
    """Run what the package brought for that; returns its exit status."""
    record = database.packages[name]
    script = f"{INFO}/{_stem(name, record)}.postinst"
    status = await proc.run([script, "configure", ""]) if proc.access(script, 1) else 0
    if not status:
        record["Status"] = INSTALLED
    return status


def remove(proc: Proc, database: Database, name: str, purge: bool) -> list[str]:
    """Take a package's files away, its configuration only with `purge`; returns directories that are not empty."""
    record = database.packages[name]
    paths = [path for path in files_of(proc, name, record) if path != "/."]
    others = _others(proc, database, name, paths)
    kept = [] if purge else [path for path in paths if path.startswith("/etc/")]
    stay = take_away(proc, (path for path in paths if path not in others and path not in kept))
    stem = f"{INFO}/{_stem(name, record)}"
    if kept:
        record["Status"] = REMOVED
        proc.write_file(f"{stem}.list", "".join(f"{path}\n" for path in kept).encode())
    else:
        del database.packages[name]
        take_away(proc, (f"{stem}.{ending}" for ending in ("list", *SCRIPTS)))
    return [path for path in stay if path not in others]


def _others(proc: Proc, database: Database, name: str, paths: Iterable[str]) -> set[str]:
    """Those of `paths` that belong to other packages as well."""
    wanted = set(paths)
    lists = (files_of(proc, other, record) for other, record in database.packages.items() if other != name)
    return {path for listed in lists for path in listed if path in wanted}


def _stem(name: str, record: Mapping[str, str]) -> str:
    return shown({**record, "Package": name})
