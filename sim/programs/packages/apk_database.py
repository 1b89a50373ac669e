"""Which packages of Alpine are on this machine: /lib/apk/db/installed, /etc/apk/world, and the indexes of the mirrors.

Source: apk(8), apk-world(5), apk-repositories(5).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import sha1

from sim.abi import Proc
from sim.packages.alpine import dependency, installed_record
from sim.packages.archives import BadPackage, read_gzipped
from sim.packages.records import Record, read_records
from sim.packages.versions import alpine_key, satisfies
from sim.programs.packages.fetching import Downloads, Unconnected, Unresolved
from sim.programs.packages.laying import make_directories

INSTALLED, WORLD, REPOSITORIES = "/lib/apk/db/installed", "/etc/apk/world", "/etc/apk/repositories"
CACHE, LOCK = "/var/cache/apk", "/lib/apk/db/lock"


@dataclass(slots=True)
class Owned:
    """An installed package: its paragraph, its files."""

    record: Record
    paths: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Offer:
    """A package that can be had, and the repository that has it."""

    record: Record
    repository: str

    @property
    def url(self) -> str:
        return f"{self.repository}/x86_64/{self.record['P']}-{self.record['V']}.apk"


@dataclass(slots=True)
class Database:
    """`world`: what was asked for, with constraints: {"curl": "", "python3": ">3.11"}."""

    packages: dict[str, Owned] = field(default_factory=dict)
    world: dict[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, proc: Proc) -> Database:
        database = cls()
        with suppress(FileNotFoundError):
            for text in proc.read_file(INSTALLED).rstrip(b"\0").decode(errors="replace").split("\n\n"):
                if text.strip():
                    owned = _owned(text)
                    database.packages[owned.record["P"]] = owned
        with suppress(FileNotFoundError):
            for word in proc.read_file(WORLD).decode(errors="replace").split():
                name, operator, version = dependency(word)
                database.world[name] = operator + version
        return database

    def write(self, proc: Proc) -> None:
        paragraphs = (installed_record(owned.record, owned.paths) for owned in self.packages.values())
        proc.write_file(INSTALLED, ("\n".join(paragraphs) + "\n").encode())
        proc.write_file(WORLD, "".join(f"{name}{self.world[name]}\n" for name in sorted(self.world)).encode())

    def size(self) -> int:
        """Bytes that the packages say they take."""
        return sum(int(owned.record.get("I", 0)) for owned in self.packages.values())


def _owned(text: str) -> Owned:
    owned, folder = Owned(next(read_records(text), {})), ""
    for line in text.split("\n"):
        if line.startswith("F:"):
            folder = line[2:]
        elif line.startswith("R:"):
            owned.paths.append(f"/{folder}/{line[2:]}" if folder else f"/{line[2:]}")
    for name in ("F", "R"):
        owned.record.pop(name, None)
    return owned


def repositories(proc: Proc, more: list[str]) -> list[str]:
    """URLs of /etc/apk/repositories and of -X."""
    found = list(more)
    with suppress(FileNotFoundError):
        for line in proc.read_file(REPOSITORIES).decode(errors="replace").splitlines():
            word = line.partition("#")[0].split()
            if word:
                found.append(word[-1].rstrip("/"))
    return found


def cached(repository: str) -> str:
    return f"{CACHE}/APKINDEX.{sha1(repository.encode()).hexdigest()[:8]}.tar.gz"


class Indexes:
    """The mirrors' indexes, from the cache or fresh."""

    def __init__(self, proc: Proc, urls: list[str], version: tuple[int, ...]) -> None:
        self._proc, self._urls, self._version = proc, urls, version
        self.downloads = Downloads(proc, f"apk-tools/{'.'.join(map(str, version))}")
        self.offers: dict[str, list[Offer]] = {}
        self.provided: dict[str, list[str]] = {}
        self.descriptions: dict[str, str] = {}
        self.failures = 0

    async def fetch(self, keep: bool, quiet: bool) -> None:
        """From the mirrors; `keep` them in the cache."""
        for url in self._urls:
            whole = f"{url}/x86_64/APKINDEX.tar.gz"
            if not quiet:
                await self._proc.out(f"fetch {whole}\n")
            try:
                got = await self.downloads.get(whole)
                why = "" if got.status == 200 else "No such file or directory" if self._version < (3,) else (
                    "HTTP 404: Not Found")  # fmt: skip
            except (Unresolved, Unconnected) as failure:
                why = trouble(failure, self._version)
            if why:
                self.failures += 1
                await self._proc.err(f"WARNING: fetching {url if self._version < (3,) else whole}: {why}\n")
                continue
            if keep:
                make_directories(self._proc, CACHE)
                self._proc.write_file(cached(url), got.data)
            self._take(url, got.data)

    async def open_cache(self) -> None:
        for url in self._urls:
            try:
                self._take(url, self._proc.read_file(cached(url)))
            except (FileNotFoundError, BadPackage):
                self.failures += 1
                await self._proc.err(f"WARNING: opening from cache {url}: No such file or directory\n")

    def _take(self, url: str, data: bytes) -> None:
        """Raises BadPackage."""
        members = {entry.path: entry.data for entry in read_gzipped(data)}
        self.descriptions[url] = members["DESCRIPTION"].decode().strip()
        for record in read_records(members["APKINDEX"].decode()):
            self.offers.setdefault(record["P"], []).append(Offer(record, url))
            for word in record.get("p", "").split():
                self.provided.setdefault(dependency(word)[0], []).append(record["P"])

    def names(self) -> Iterator[str]:
        yield from sorted(self.offers)

    def best(self, name: str, operator: str = "", version: str = "") -> Offer | None:
        """The newest that fits."""
        fitting = [offer for offer in self.offers.get(name, ()) if accepts(offer.record["V"], operator, version)]
        return max(fitting, key=lambda offer: alpine_key(offer.record["V"]), default=None)


def accepts(version: str, operator: str, wanted: str) -> bool:
    """`~` is for versions that begin so.

    >>> accepts("3.14.3-r0", "~", "3.14"), accepts("1.2-r1", "=", "1.2-r0")
    (True, False)
    """
    if not operator:
        return True
    if "~" in operator:
        return version == wanted or version.startswith((wanted + ".", wanted + "-", wanted + "_"))
    return satisfies(alpine_key(version), operator, alpine_key(wanted))


def trouble(failure: Unresolved | Unconnected, version: tuple[int, ...]) -> str:
    if isinstance(failure, Unresolved) and failure.number == -3:
        return "DNS: transient error (try again later)" if version >= (3,) else "temporary error (try again later)"
    if isinstance(failure, Unresolved):
        return "DNS: name does not exist" if version >= (3,) else "DNS lookup error"
    return failure.error.strerror or "network error (check Internet connection and firewall)"


class Unsatisfiable(Exception):
    """`problems`: {what is wanted: (why, who wants it)}"""

    def __init__(self, problems: Mapping[str, tuple[str, str]]) -> None:
        super().__init__(*problems)
        self.problems = problems


def solve(database: Database, indexes: Indexes) -> dict[str, Offer | None]:
    """Everything that the world needs, what is needed first; None for what stays as it is. Raises Unsatisfiable."""
    found: dict[str, Offer | None] = {}
    problems: dict[str, tuple[str, str]] = {}
    going: set[str] = set()

    def need(word: str, by: str) -> None:
        name, operator, version = dependency(word)
        if name.startswith(("so:", "cmd:", "pc:")) or name in found or name in going:
            return
        name = _provider(database, indexes, name)
        owned = database.packages.get(name)
        offer = None
        if owned is None or not accepts(owned.record["V"], operator, version):
            offer = indexes.best(name, operator, version)
            if offer is None:
                others = indexes.offers.get(name, ())
                why = f"{name}-{others[0].record['V']}:" if others else f"{name} (no such package):"
                problems.setdefault(why, (by, word if others else ""))
                return
        if name in found or name in going:
            return
        going.add(name)
        record = offer.record if offer else owned.record if owned else {}
        for other in record.get("D", "").split():
            if not other.startswith("!"):
                need(other, f"{name}-{record['V']}[{other}]")
        found[name] = offer

    for name in sorted(database.world):
        need(name + database.world[name], f"world[{name}{database.world[name]}]")
    if problems:
        raise Unsatisfiable(problems)
    return found


def _provider(database: Database, indexes: Indexes, name: str) -> str:
    """The package that stands for a name: itself, or one that provides it."""
    if name in database.packages or name in indexes.offers:
        return name
    for other, owned in database.packages.items():
        if name in (dependency(word)[0] for word in owned.record.get("p", "").split()):
            return other
    return next(iter(indexes.provided.get(name, ())), name)
