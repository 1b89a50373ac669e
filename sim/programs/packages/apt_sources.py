"""Where apt's packages come from: sources.list(5), the lists in /var/lib/apt/lists, and `apt-get update`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field

from sim.abi import Proc
from sim.packages.records import Record, read_records
from sim.packages.versions import debian_key
from sim.programs.options import Failure
from sim.programs.packages.fetching import Download, Downloads, Unconnected, Unresolved
from sim.programs.packages.laying import make_directories

LISTS, LISTED = "/var/lib/apt/lists", "/etc/apt/sources.list"
AGENT = "Debian APT-HTTP/1.3"
UNPACKED = 2  # times as large as it travelled lies an index in the lists


@dataclass(frozen=True, slots=True)
class Source:
    """One suite of one archive."""

    uri: str
    suite: str
    components: tuple[str, ...]

    @property
    def site(self) -> str:
        return f"{self.uri} {self.suite}"

    def path(self, rest: str) -> str:
        return f"{self.uri}/dists/{self.suite}/{rest}"

    def list_file(self, rest: str) -> str:
        """ "/var/lib/apt/lists/deb.debian.org_debian_dists_trixie_InRelease" """
        return f"{LISTS}/" + self.path(rest).partition("://")[2].replace("/", "_")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A version that can be had: its paragraph, and from where."""

    record: Record
    source: Source
    component: str

    @property
    def version(self) -> str:
        return self.record["Version"]

    @property
    def url(self) -> str:
        return f"{self.source.uri}/{self.record['Filename']}"


@dataclass(slots=True)
class Available:
    """All that the lists know. `packages`: {name: candidates, newest first}; `provided`: {virtual name: names}."""

    packages: dict[str, list[Candidate]] = field(default_factory=dict)
    provided: dict[str, list[str]] = field(default_factory=dict)

    def best(self, name: str) -> Candidate | None:
        found = self.packages.get(name)
        return found[0] if found else None


def sources(proc: Proc) -> list[Source]:
    """All that sources.list and sources.list.d/ name."""
    found: list[Source] = []
    with suppress(FileNotFoundError):
        found += _lines(proc.read_file(LISTED).decode(errors="replace"))
    with suppress(FileNotFoundError):
        for name in sorted(proc.listdir(f"{LISTED}.d")):
            text = proc.read_file(f"{LISTED}.d/{name}").decode(errors="replace")
            found += _stanzas(text) if name.endswith(".sources") else _lines(text) if name.endswith(".list") else ()
    return list(dict.fromkeys(found))


def _lines(text: str) -> Iterator[Source]:
    """One-line style: deb [options] uri suite component…"""
    for line in text.splitlines():
        kind, _, rest = line.partition("#")[0].strip().partition(" ")
        if rest.strip().startswith("["):
            rest = rest.partition("]")[2]
        words = rest.split()
        if kind == "deb" and len(words) >= 2:
            yield Source(words[0].rstrip("/"), words[1], tuple(words[2:]))


def _stanzas(text: str) -> Iterator[Source]:
    """deb822 style."""
    for record in read_records(text):
        if "deb" in record.get("Types", "").split() and record.get("Enabled", "yes") != "no":
            for uri in record.get("URIs", "").split():
                for suite in record.get("Suites", "").split():
                    yield Source(uri.rstrip("/"), suite, tuple(record.get("Components", "").split()))


def available(proc: Proc) -> Available:
    """What the lists on this machine say."""
    known = Available()
    for source in sources(proc):
        for component in source.components:
            with suppress(FileNotFoundError):
                text = proc.read_file(source.list_file(f"{component}/binary-amd64/Packages")).partition(b"\0")[0]
                for record in read_records(text.decode(errors="replace")):
                    known.packages.setdefault(record["Package"], []).append(Candidate(record, source, component))
    for name, candidates in known.packages.items():
        candidates.sort(key=lambda candidate: debian_key(candidate.version), reverse=True)
        for word in candidates[0].record.get("Provides", "").split(","):
            if word.strip():
                known.provided.setdefault(word.split()[0], []).append(name)
    return known


class Update:
    """One run of `apt-get update`. `quiet`: nothing but errors."""

    def __init__(self, proc: Proc, quiet: bool) -> None:
        self._proc, self._quiet = proc, quiet
        self._downloads = Downloads(proc, AGENT)
        self._number = 0
        self._failed: list[str] = []
        self._fatal: list[str] = []

    async def run(self) -> int:
        """The exit status: what could not be reached is a warning, what is not there an error."""
        proc = self._proc
        make_directories(proc, f"{LISTS}/partial")
        if not proc.access(LISTS, 2):
            raise Failure(f"E: Could not open lock file {LISTS}/lock - open (13: Permission denied)\n"
                          f"E: Unable to lock directory {LISTS}/", 100)  # fmt: skip
        proc.write_file(f"{LISTS}/lock", b"")
        news = [source for source in sources(proc) if await self._fetch_release(source)]
        for source in news:
            await self._fetch_indexes(source)
        self._downloads.close()
        size, seconds = self._downloads.size, self._downloads.seconds
        if size or self._failed:
            await self._say(f"Fetched {human(size)}B in {duration(seconds)} ({human(size / max(seconds, 0.001))}B/s)")
        return await self._report()

    async def _fetch_release(self, source: Source) -> bool:
        """Is there something new?"""
        path = source.list_file("InRelease")
        known = self._proc.access(path, 4)
        said = f"{source.site} InRelease"
        got = await self._get(source.path("InRelease"), said, known)
        if got is None or got.status == 304:
            return False
        if got.status != 200:
            self._fatal.append(f"E: The repository '{source.site} Release' does not have a Release file.")
            await self._say(
                f"Err:{self._number} {source.site} Release\n  404  Not Found [IP: {self._where(source)} 80]"
            )
            return False
        self._proc.write_file(path, got.data.partition(b"\0")[0])
        return True

    async def _fetch_indexes(self, source: Source) -> None:
        text = self._proc.read_file(source.list_file("InRelease")).decode(errors="replace")
        listed = next(read_records(text), {}).get("Index", "")
        sizes = {path: int(size) for size, path in (line.split() for line in listed.split("\n") if line.strip())}
        for component in source.components:
            rest = f"{component}/binary-amd64/Packages"
            if rest in sizes:
                got = await self._get(source.path(rest), f"{source.site}/{component} amd64 Packages", size=sizes[rest])
                if got is not None and got.status == 200:
                    path = source.list_file(rest)
                    self._proc.write_file(path, got.data.partition(b"\0")[0])
                    self._proc.truncate(path, len(got.data) * UNPACKED)

    async def _get(self, url: str, said: str, known: bool = False, size: int = 0) -> Download | None:
        self._number += 1
        number = self._number
        try:
            more = [("If-Modified-Since", "Sat, 01 Jan 2022 00:00:00 GMT")] if known else []
            got = await self._downloads.get(url, *more)
        except (Unresolved, Unconnected) as failure:
            why = reason(failure)
            self._failed.append(f"W: Failed to fetch {url}  {why}")
            await self._say(f"Ign:{number} {said}\n  {why}\nErr:{number} {said}\n  {why}")
            return None
        if got.status in (200, 304):
            word = "Get" if got.status == 200 else "Hit"
            shown = f" [{human(size or len(got.data))}B]" if got.status == 200 else ""
            await self._say(f"{word}:{number} {said}{shown}")
        else:
            await self._say(f"Ign:{number} {said}")
        return got

    async def _report(self) -> int:
        if self._failed:
            more = "W: Some index files failed to download. They have been ignored, or old ones used instead."
            await self._proc.err("".join(f"{line}\n" for line in [*self._failed, more]))
        if self._fatal:
            await self._proc.err("".join(f"{line}\n" for line in self._fatal))
            advice = ("Updating from such a repository can't be done securely, and is therefore disabled by default.",
                      "See apt-secure(8) manpage for repository creation and user configuration details.")  # fmt: skip
            await self._say("\n".join(f"N: {line}" for line in advice))
        return 100 if self._fatal else 0

    async def _say(self, text: str) -> None:
        if not self._quiet:
            await self._proc.out(text + "\n")

    def _where(self, source: Source) -> str:
        return source.uri.partition("://")[2].partition("/")[0]


def reason(failure: Unresolved | Unconnected) -> str:
    """In the words of apt's http method."""
    if isinstance(failure, Unresolved):
        return f"Temporary failure resolving '{failure.host}'" if failure.number == -3 else (
            f"Could not resolve '{failure.host}'")  # fmt: skip
    url, error = failure.url, failure.error
    return (
        f"Could not connect to {url.host}:{url.port} ({failure.address}). - connect ({error.errno}: {error.strerror})"
    )


def human(size: float) -> str:
    """As apt says sizes, without the B.

    >>> human(5412), human(47_300), human(9_670_000), human(19_300_000)
    ('5412 ', '47.3 k', '9670 k', '19.3 M')
    """
    for letter in " kMGTPEZY":
        unit = letter.strip()
        if size < 100 and unit:
            return f"{size:.1f} {unit}"
        if size < 10000:
            return f"{size:.0f} {unit}"
        size /= 1000
    return f"{size:.0f} Y"


def duration(seconds: float) -> str:
    """
    >>> duration(0.4), duration(63), duration(3600)
    ('0s', '1min 3s', '1h 0min 0s')
    """
    left = int(seconds)
    if left > 3600 - 1:
        return f"{left // 3600}h {left % 3600 // 60}min {left % 60}s"
    return f"{left // 60}min {left % 60}s" if left > 60 else f"{left}s"
