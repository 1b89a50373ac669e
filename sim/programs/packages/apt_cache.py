"""apt-cache and apt-mark: what the lists know, and what was asked for by name. Source: apt-cache(8), apt-mark(8)."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping

from sim.abi import Proc
from sim.packages.records import write_record
from sim.programs.packages.apt_perform import automatic, write_automatic
from sim.programs.packages.apt_plan import relations
from sim.programs.packages.apt_sources import Available, available
from sim.programs.packages.dpkg_database import STATUS, Database

FAILED = 100


async def apt_cache(proc: Proc) -> int:
    words = [word for word in proc.argv[1:] if not word.startswith("-")]
    if not words or words[0] not in COMMANDS:
        await proc.err(f"E: Invalid operation {words[0]}\n" if words else "E: You must give at least one operation\n")
        return FAILED
    return await COMMANDS[words[0]](proc, words[1:], available(proc), Database.read(proc))


async def _search(proc: Proc, words: list[str], known: Available, database: Database) -> int:
    """Names and descriptions in which all the words occur."""
    if not words:
        await proc.err("E: You must give at least one search pattern\n")
        return FAILED
    for name, candidates in sorted(known.packages.items()):
        about = candidates[0].record.get("Description", "").partition("\n")[0]
        if all(_occurs(word, f"{name} {about}") for word in words):
            await proc.out(f"{name} - {about}\n")
    return 0


def _occurs(pattern: str, text: str) -> bool:
    try:
        return re.search(pattern, text, re.IGNORECASE) is not None
    except re.error:
        return pattern in text


async def _policy(proc: Proc, words: list[str], known: Available, database: Database) -> int:
    for name in words:
        candidates, record = known.packages.get(name, []), database.installed().get(name)
        if not candidates and record is None:
            await proc.err(f"N: Unable to locate package {name}\n")
            continue
        installed = record["Version"] if record else "(none)"
        best = candidates[0].version if candidates else installed
        rows = {candidate.version: f"        500 {candidate.source.site}/{candidate.component} amd64 Packages\n"
                for candidate in candidates}  # fmt: skip
        if record:
            rows[installed] = rows.get(installed, "") + f"        100 {STATUS}\n"
        table = "".join(
            f" {'***' if version == installed else '   '} {version} {500 if version == best else 100}\n{row}"
            for version, row in rows.items()
        )
        await proc.out(f"{name}:\n  Installed: {installed}\n  Candidate: {best}\n  Version table:\n{table}")
    return 0


async def _show(proc: Proc, words: list[str], known: Available, database: Database) -> int:
    status = 0
    for name in words:
        best, record = known.best(name), database.packages.get(name)
        if best is None and record is None:
            await proc.err(f"N: Unable to locate package {name}\nE: No packages found\n")
            status = FAILED
        else:
            await proc.out(write_record(best.record if best else record or {}) + "\n")
    return status


async def _depends(proc: Proc, words: list[str], known: Available, database: Database) -> int:
    for name in words:
        best = known.best(name)
        if best is None:
            await proc.err("E: No packages found\n")
            return FAILED
        fields = ((field, part) for field in ("Depends", "Recommends", "Suggests")
                  for part in relations(best.record.get(field, "")))  # fmt: skip
        await proc.out(f"{name}\n" + "".join(f"  {field}: {part[0].name}\n" for field, part in fields))
    return 0


async def _rdepends(proc: Proc, words: list[str], known: Available, database: Database) -> int:
    for name in words:
        needing = [other for other, candidates in sorted(known.packages.items())
                   if any(one.name == name for part in relations(candidates[0].record.get("Depends", ""))
                          for one in part)]  # fmt: skip
        await proc.out(f"{name}\nReverse Depends:\n" + "".join(f"  {other}\n" for other in needing))
    return 0


async def _list(proc: Proc, words: list[str], known: Available, database: Database) -> int:
    """`apt list [--installed | --upgradable] [NAME…]`"""
    await proc.out("Listing...\n")
    installed, marked = database.installed(), automatic(proc)
    for name in sorted({*known.packages, *installed}):
        record, best = installed.get(name), known.best(name)
        if (words and name not in words) or ("--installed" in proc.argv and record is None):
            continue
        version = record["Version"] if record else best.version if best else ""
        suite = f"{best.source.suite}" if best else "now"
        how = f" [installed{',automatic' if name in marked else ''}]" if record else ""
        if "--upgradable" not in proc.argv:
            await proc.out(f"{name}/{suite}{',now' if record and best else ''} {version} amd64{how}\n")
    return 0


async def _names(proc: Proc, words: list[str], known: Available, database: Database) -> int:
    prefix = words[0] if words else ""
    await proc.out("".join(f"{name}\n" for name in sorted(known.packages) if name.startswith(prefix)))
    return 0


async def _madison(proc: Proc, words: list[str], known: Available, database: Database) -> int:
    for name in words:
        for candidate in known.packages.get(name, ()):
            where = f"{candidate.source.site}/{candidate.component} amd64 Packages"
            await proc.out(f"{name:>10} | {candidate.version:>10} | {where}\n")
    return 0


COMMANDS: Mapping[str, Callable[[Proc, list[str], Available, Database], Awaitable[int]]] = {
    "search": _search, "policy": _policy, "show": _show, "depends": _depends, "rdepends": _rdepends, "list": _list,
    "pkgnames": _names, "madison": _madison,
}  # fmt: skip


async def apt_mark(proc: Proc) -> int:
    """showmanual, showauto, manual, auto; hold and unhold are remembered by nobody and said so."""
    verb, names = (proc.argv[1:2] or [""])[0], proc.argv[2:]
    marked, installed = automatic(proc), Database.read(proc).installed()
    if verb in ("showmanual", "showauto"):
        shown = sorted(set(installed) & marked if verb == "showauto" else set(installed) - marked)
        await proc.out("".join(f"{name}\n" for name in shown if not names or name in names))
        return 0
    if verb not in ("manual", "auto"):
        await proc.err(f"E: Invalid operation {verb}\n")
        return FAILED
    for name in names:
        if name not in installed:
            await proc.err(f"E: Unable to locate package {name}\n")
            return FAILED
        (marked.discard if verb == "manual" else marked.add)(name)
        how = "manually" if verb == "manual" else "automatically"
        await proc.out(f"{name} set to {how} installed.\n")
    write_automatic(proc, marked)
    return 0
