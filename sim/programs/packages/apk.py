"""apk, Alpine's package manager: add, del, update, upgrade, search, info, list, fix, cache, policy. Source: apk(8).

Two generations differ in their words: apk-tools 2 (up to Alpine 3.22) and 3.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime

from engine.loop import SECOND
from sim.abi import Proc
from sim.hub.tarball import DIRECTORY
from sim.packages.alpine import dependency
from sim.packages.archives import read_gzipped
from sim.packages.records import Record
from sim.packages.versions import alpine_key
from sim.programs.options import Grammar, Usage, parse
from sim.programs.packages import apk_look
from sim.programs.packages.apk_database import (
    LOCK,
    Database,
    Indexes,
    Offer,
    Owned,
    Unsatisfiable,
    repositories,
    solve,
    trouble,
)
from sim.programs.packages.apk_look import Run
from sim.programs.packages.fetching import Unconnected, Unresolved
from sim.programs.packages.laying import lay, take_away

LOCKED = 99
GRAMMAR = Grammar.of(
    "t:X:UqvVslueLWaIdrRwnimfho:p:",
    {"virtual:": "t", "no-cache": "no-cache", "update-cache": "U", "update": "U", "quiet": "q", "verbose": "v",
     "simulate": "s", "upgrade": "u", "latest": "l", "repository:": "X", "version": "V", "contents": "L",
     "who-owns": "W", "all": "a", "installed": "I", "exact": "e", "description": "d", "depends": "R", "rdepends": "r",
     "webpage": "w", "size": "size", "allow-untrusted": "allow", "no-progress": "no-progress", "purge": "purge",
     "available": "available", "no-network": "no-network", "no-scripts": "no-scripts", "force": "f", "help": "h",
     "root:": "p", "no-interactive": "no-interactive", "progress": "progress", "origin": "o", "upgradable": "u",
     "no-chown": "no-chown", "rdepends-only": "r", "provides": "provides"},
)  # fmt: skip
USAGE = """\
apk-tools {version}, compiled for x86_64.

Usage: apk [<OPTIONS>...] COMMAND [<ARGUMENTS>...]

Package installation and removal:
  add        Add packages to WORLD and commit changes
  del        Remove packages from WORLD and commit changes

System maintenance:
  fix        Fix, reinstall or upgrade packages without modifying WORLD
  update     Update repository indexes
  upgrade    Install upgrades available from repositories
  cache      Manage the local package cache

Querying package information:
  info       Give detailed information about packages or repositories
  list       List packages matching a pattern or other criteria
  search     Search for packages by name or description
  policy     Show repository policy for packages
"""


async def apk(proc: Proc) -> int:
    database = Database.read(proc)
    version = _version(database)
    try:
        options, words = parse(GRAMMAR, proc.argv[1:])
    except Usage as usage:
        await proc.err(f"apk: {usage.message.replace(' -- ', ': ')}\n")
        return 1
    if "V" in options and not words:
        await proc.out(f"apk-tools {_dotted(version)}, compiled for x86_64.\n")
        return 0
    if not words or words[0] not in COMMANDS:
        await proc.out(USAGE.format(version=_dotted(version)))
        return 1
    if words[0] in CHANGING and not proc.access("/lib/apk/db", 2):
        await proc.err("ERROR: Unable to lock database: Permission denied\n"
                       "ERROR: Failed to open apk database: Permission denied\n")  # fmt: skip
        return LOCKED
    indexes = Indexes(proc, repositories(proc, options.all("X")), version)
    run = Run(proc, options, words[1:], database, indexes, version)
    try:
        return await COMMANDS[words[0]](run)
    finally:
        indexes.downloads.close()


def _version(database: Database) -> tuple[int, ...]:
    owned = database.packages.get("apk-tools")
    return alpine_key(owned.record["V"])[0] if owned else (3, 0, 3)


def _dotted(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))


# -- commands that change something


async def _add(run: Run) -> int:
    await run.open_indexes()
    database, names = run.database, run.names
    before = dict(database.world)
    if "t" in run.options:
        names = [_make_virtual(run, run.options["t"], names)]
    for word in names:
        name, operator, version = dependency(word)
        database.world[name] = operator + version
    return await _commit(run, before)


def _make_virtual(run: Run, name: str, words: list[str]) -> str:
    """A package of nothing that needs others, so that they can be removed together."""
    version = f"{datetime.fromtimestamp(run.proc.now() // SECOND, UTC):%Y%m%d.%H%M%S}"
    record = {"P": name, "V": version, "A": "noarch", "S": "0", "I": "0", "T": "virtual meta package",
              "D": " ".join(words)}  # fmt: skip
    run.indexes.offers[name] = [Offer(record, "")]
    run.database.packages.pop(name, None)
    return f"{name}={version}"


async def _del(run: Run) -> int:
    database = run.database
    before = dict(database.world)
    for name in run.names:
        if database.world.pop(dependency(name)[0], None) is None:
            who = [other for other, owned in database.packages.items() if name in owned.record.get("D", "").split()]
            if name in database.packages and who:
                await run.say(f"World updated, but the following packages are not removed due to:\n"
                              f"  {name}: {' '.join(sorted(who))}\n")  # fmt: skip
            elif name not in database.packages:
                await run.proc.err(f"ERROR: No such package: {name}\n")
                return 1
    return await _commit(run, before)


async def _upgrade(run: Run) -> int:
    await run.open_indexes()
    before = dict(run.database.world)
    newer = {name: offer for name, owned in run.database.packages.items()
             if (offer := run.indexes.best(name)) is not None
             and alpine_key(offer.record["V"]) > alpine_key(owned.record["V"])}  # fmt: skip
    return await _commit(run, before, newer)


async def _fix(run: Run) -> int:
    await run.open_indexes()
    again = {name: offer for name in run.names if (offer := run.indexes.best(name)) is not None}
    return await _commit(run, dict(run.database.world), again)


async def _update(run: Run) -> int:
    await run.indexes.fetch(keep=True, quiet=run.quiet)
    for url, text in run.indexes.descriptions.items():
        await run.say(f"{text} [{url}]")
    if run.indexes.failures:
        known = f"{len(run.indexes.offers)} distinct packages available"
        await run.proc.out(f"{run.indexes.failures} unavailable, 0 stale; {known}\n")
        return run.indexes.failures
    await run.say(f"OK: {len(run.indexes.offers)} distinct packages available")
    return 0


async def _cache(run: Run) -> int:
    return 0


async def _commit(run: Run, before: Mapping[str, str], again: Mapping[str, Offer] | None = None) -> int:
    """Make the machine what the world wants."""
    database = run.database
    try:
        wanted = solve(database, run.indexes)
    except Unsatisfiable as unsatisfiable:
        await _complain(run, unsatisfiable)
        database.world = dict(before)
        return len(unsatisfiable.problems)
    gone = [name for name in reversed(list(database.packages)) if name not in wanted]
    new = {name: offer for name, offer in wanted.items() if offer is not None} | dict(again or {})
    if "s" in run.options:
        await _tell(run, gone, new)
        return 0
    archives = await _download(run, new)
    if archives is None:
        database.world = dict(before)
        return 1
    run.proc.write_file(LOCK, b"")
    await _carry_out(run, gone, new, archives)
    database.write(run.proc)
    if gone or new:
        busybox = database.packages.get("busybox")
        if busybox is not None:
            await run.say(f"Executing busybox-{busybox.record['V']}.trigger")
        if {"ca-certificates"} & (new.keys() | set(gone)) and "ca-certificates" in database.packages:
            await run.say(f"Executing ca-certificates-{database.packages['ca-certificates'].record['V']}.trigger")
    await run.say(_summary(run))
    return 0


def _summary(run: Run) -> str:
    size = run.database.size() / (1 << 20)
    shown = f"{size:.1f}" if run.version >= (3,) else f"{int(size)}"
    return f"OK: {shown} MiB in {len(run.database.packages)} packages"


async def _complain(run: Run, unsatisfiable: Unsatisfiable) -> None:
    lines = ["ERROR: unable to select packages:"]
    for what, (by, broken) in unsatisfiable.problems.items():
        lines += [f"  {what}", f"    breaks: {by}" if broken else f"    required by: {by}"]
    await run.proc.err("\n".join(lines) + "\n")


async def _download(run: Run, new: Mapping[str, Offer]) -> dict[str, bytes] | None:
    archives = {}
    for name, offer in new.items():
        if not offer.repository:
            continue
        try:
            got = await run.indexes.downloads.get(offer.url)
            why = "" if got.status == 200 else "package mentioned in index not found (try 'apk update')"
        except (Unresolved, Unconnected) as failure:
            why = trouble(failure, run.version)
        if why:
            await run.proc.err(f"ERROR: {name}-{offer.record['V']}: {why}\n")
            return None
        archives[name] = got.data
    return archives


async def _tell(run: Run, gone: list[str], new: Mapping[str, Offer]) -> None:
    count = len(gone) + len(new)
    for number, name in enumerate(gone, 1):
        await run.say(f"{_step(run, number, count)} Purging {name} ({run.database.packages[name].record['V']})")
    for number, (name, offer) in enumerate(new.items(), len(gone) + 1):
        await run.say(f"{_step(run, number, count)} Installing {name} ({offer.record['V']})")
    await run.say(_summary(run))


def _step(run: Run, number: int, count: int) -> str:
    """(1/3); apk-tools 3 puts the numbers below each other."""
    return f"({number:{len(str(count)) if run.version >= (3,) else 1}}/{count})"


async def _carry_out(run: Run, gone: list[str], new: Mapping[str, Offer], archives: Mapping[str, bytes]) -> None:
    proc, database, count = run.proc, run.database, len(gone) + len(new)
    for number, name in enumerate(gone, 1):
        owned = database.packages.pop(name)
        await run.say(f"{_step(run, number, count)} Purging {name} ({owned.record['V']})")
        kept = {path for other in database.packages.values() for path in other.paths}
        folders = {path[:at] for path in owned.paths for at in range(1, len(path)) if path[at] == "/"}
        take_away(proc, (path for path in owned.paths if path not in kept))
        take_away(proc, (folder for folder in folders if folder.count("/") > 2))
    for number, (name, offer) in enumerate(new.items(), len(gone) + 1):
        verb, before = _verb(database.packages.get(name), offer.record)
        await run.say(f"{_step(run, number, count)} {verb} {name} ({before}{offer.record['V']})")
        await _lay(run, name, offer.record, archives.get(name))


def _verb(owned: Owned | None, record: Record) -> tuple[str, str]:
    if owned is None:
        return "Installing", ""
    if owned.record["V"] == record["V"]:
        return "Reinstalling", ""
    newer = alpine_key(record["V"]) > alpine_key(owned.record["V"])
    return "Upgrading" if newer else "Downgrading", f"{owned.record['V']} -> "


async def _lay(run: Run, name: str, record: Record, archive: bytes | None) -> None:
    members = list(read_gzipped(archive)) if archive is not None else []
    files = [entry for entry in members if not entry.path.startswith(".")]
    await lay(run.proc, files)
    paths = [f"/{entry.path.rstrip('/')}" for entry in files if entry.type != DIRECTORY]
    run.database.packages[name] = Owned(dict(record), paths)
    script = next((entry.data for entry in members if entry.path == ".post-install"), b"")
    if script and "no-scripts" not in run.options:
        await run.say(f"Executing {name}-{record['V']}.post-install")
        await run.proc.run(["/bin/sh", "-c", script.partition(b"\n")[2].decode()])


COMMANDS: Mapping[str, Callable[[Run], Awaitable[int]]] = {
    "add": _add, "del": _del, "update": _update, "upgrade": _upgrade, "fix": _fix, "cache": _cache,
    "info": apk_look.info, "search": apk_look.search, "list": apk_look.list_packages, "policy": apk_look.policy,
}  # fmt: skip
CHANGING = ("add", "del", "update", "upgrade", "fix", "cache")
