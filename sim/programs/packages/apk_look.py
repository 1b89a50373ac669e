"""The commands of apk that change nothing: info, search, list, policy. Source: apk(8)."""

from __future__ import annotations

import fnmatch
from dataclasses import dataclass

from sim.abi import Proc
from sim.programs.options import Options
from sim.programs.packages.apk_database import Database, Indexes, Owned


@dataclass(slots=True)
class Run:
    """One command line of apk. `version` of apk-tools itself."""

    proc: Proc
    options: Options
    names: list[str]
    database: Database
    indexes: Indexes
    version: tuple[int, ...]

    @property
    def quiet(self) -> bool:
        return "q" in self.options

    async def say(self, text: str) -> None:
        if not self.quiet:
            await self.proc.out(text + "\n")

    async def open_indexes(self) -> None:
        """From the mirrors if the options say so, or else from the cache."""
        if "no-cache" in self.options or "U" in self.options:
            await self.indexes.fetch(keep="no-cache" not in self.options, quiet=self.quiet)
        else:
            await self.indexes.open_cache()


async def info(run: Run) -> int:
    packages, options = run.database.packages, run.options
    if "W" in options:
        return await _owners(run)
    if not run.names:
        for name, owned in packages.items():
            more = f" - {owned.record.get('T', '')}" if options.count("v") > 1 else ""
            await run.proc.out(f"{name}-{owned.record['V']}{more}\n" if "v" in options else f"{name}\n")
        return 0
    status = 0
    for name in run.names:
        if name not in packages:
            status = 1
        elif "e" in options:
            await run.proc.out(f"{name}\n")
        else:
            await run.proc.out(_about(run, packages[name]))
    return status


def _about(run: Run, owned: Owned) -> str:
    record, options = owned.record, run.options
    title = f"{record['P']}-{record['V']}"
    needs, files = record.get("D", "").replace(" ", "\n"), "\n".join(path.strip("/") for path in owned.paths)
    parts = [("d", f"{title} description:\n{record.get('T', '')}"), ("w", f"{title} webpage:\n{record.get('U', '')}"),
             ("size", f"{title} installed size:\n{_kibibytes(int(record.get('I', 0)))}"),
             ("R", f"{title} depends on:\n{needs}"), ("L", f"{title} contains:\n{files}")]  # fmt: skip
    chosen = [text for key, text in parts if key in options] or [text for _, text in parts[:3]]
    return "".join(f"{text}\n\n" for text in (chosen if "a" not in options else [text for _, text in parts]))


def _kibibytes(size: int) -> str:
    return f"{size >> 10} KiB" if size < 10 << 20 else f"{size >> 20} MiB"


async def _owners(run: Run) -> int:
    status = 0
    for path in run.names:
        owner = next((owned for owned in run.database.packages.values() if path in owned.paths), None)
        if owner is None:
            await run.proc.err(f"ERROR: {path}: Could not find owner package\n")
            status = 1
        else:
            await run.proc.out(f"{path} is owned by {owner.record['P']}-{owner.record['V']}\n")
    return status


async def search(run: Run) -> int:
    await run.open_indexes()
    for name in run.indexes.names():
        for offer in run.indexes.offers[name]:
            about = offer.record.get("T", "")
            text = f"{name} {about}" if "d" in run.options else name
            if run.names and not any(_fits(pattern, text, "e" in run.options) for pattern in run.names):
                continue
            more = f" - {about}" if "v" in run.options or "d" in run.options else ""
            await run.proc.out(f"{name}-{offer.record['V']}{more}\n")
    return 0


def _fits(pattern: str, text: str, exact: bool) -> bool:
    return fnmatch.fnmatch(text, pattern if exact else f"*{pattern}*")


async def list_packages(run: Run) -> int:
    await run.open_indexes()
    installed = run.database.packages
    for name in sorted({*installed, *run.indexes.offers}):
        owned, offer = installed.get(name), run.indexes.best(name)
        if ("I" in run.options and owned is None) or (run.names and not any(_fits(p, name, True) for p in run.names)):
            continue
        record = owned.record if owned else offer.record if offer else {}
        mark = " [installed]" if owned else ""
        await run.proc.out(
            f"{name}-{record['V']} x86_64 {{{record.get('o', name)}}} ({record.get('L', 'free')}){mark}\n"
        )
    return 0


async def policy(run: Run) -> int:
    await run.open_indexes()
    for name in run.names:
        offers, owned = run.indexes.offers.get(name, []), run.database.packages.get(name)
        lines = [f"{name} policy:"]
        for offer in offers:
            here = owned is not None and owned.record["V"] == offer.record["V"]
            lines += [
                f"  {offer.record['V']}:",
                *(["    lib/apk/db/installed"] if here else []),
                f"    {offer.repository}",
            ]
        await run.proc.out("".join(f"{line}\n" for line in lines))
    return 0
