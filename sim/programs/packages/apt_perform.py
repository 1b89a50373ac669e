"""apt-get's deeds: fetch archives, let dpkg unpack and configure them, remove; and the traces that this leaves."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime

from engine.loop import SECOND
from sim.abi import Proc
from sim.packages.records import read_records, write_records
from sim.programs.packages import dpkg_database
from sim.programs.packages.apt_plan import Plan
from sim.programs.packages.apt_sources import AGENT, Candidate, duration, human, reason
from sim.programs.packages.dpkg_database import Database, shown
from sim.programs.packages.fetching import Downloads, Unconnected, Unresolved
from sim.programs.packages.laying import make_directories

ARCHIVES, STATES = "/var/cache/apt/archives", "/var/lib/apt/extended_states"
HISTORY, LOG = "/var/log/apt/history.log", "/var/log/dpkg.log"
FAILED = 100


@dataclass(frozen=True, slots=True)
class Changes:
    """`new` and `changed` are the names of the plan's steps, `gone` what is removed (with `purge` altogether)."""

    plan: Plan
    new: Sequence[str]
    changed: Sequence[str]
    gone: Sequence[str]
    purge: bool


async def perform(proc: Proc, database: Database, changes: Changes, marked: set[str], quiet: int, only: bool) -> int:
    """Do it; `only`: no more than download. Returns the exit status."""
    began = proc.now()
    steps = list(changes.plan.steps.values())
    archives = await _fetch(proc, steps, quiet)
    if archives is None:
        return FAILED
    if only:
        await proc.out("Download complete and in download only mode\n")
        return 0
    files = dpkg_database.count_files(proc, database)
    told = False
    for name in changes.gone:
        told = await _reading(proc, files, told)
        await _remove(proc, database, name, changes.purge)
    for number, step in enumerate(steps):
        if step.record["Package"] not in database.packages:
            await proc.out(f"Selecting previously unselected package {shown(step.record)}.\n")
        told = await _reading(proc, files, told)
        await _unpack(proc, database, step, _prefix(number, len(steps)) + archive_name(step), archives[number])
    status = await _configure_all(proc, database, steps)
    marked |= {name for name in changes.new if name not in changes.plan.asked}
    marked -= set(changes.gone) | changes.plan.asked
    database.write(proc)
    write_automatic(proc, marked)
    _note(proc, changes, began)
    clean(proc)  # as Debian's images are set up: /etc/apt/apt.conf.d/docker-clean
    return status


async def _fetch(proc: Proc, steps: Sequence[Candidate], quiet: int) -> list[bytes] | None:
    """The archives, in order; None if one of them cannot be had."""
    make_directories(proc, f"{ARCHIVES}/partial")
    downloads = Downloads(proc, AGENT)
    found, failed = [], []
    for number, step in enumerate(steps, 1):
        record = step.record
        said = f"{step.source.site}/{step.component} amd64 {record['Package']} {record['Architecture']} {step.version}"
        try:
            got = await downloads.get(step.url)
            why = "" if got.status == 200 else f"{got.status}  Not Found [IP: {step.url.split('/')[2]} 80]"
        except (Unresolved, Unconnected) as failure:
            why = reason(failure)
        if why:
            failed.append(f"E: Failed to fetch {step.url}  {why}")
            await _say(proc, quiet, f"Err:{number} {said}\n  {why}")
            continue
        found.append(got.data)
        proc.write_file(f"{ARCHIVES}/{archive_name(step)}", got.data)
        await _say(proc, quiet, f"Get:{number} {said} [{human(len(got.data))}B]")
    downloads.close()
    if failed:
        await proc.err("".join(f"{line}\n" for line in failed))
        await proc.err("E: Unable to fetch some archives, maybe run apt-get update or try with --fix-missing?\n")
        return None
    if steps:
        if _wants_apt_utils(proc):
            await proc.err("debconf: delaying package configuration, since apt-utils is not installed\n")
        size, seconds = downloads.size, max(downloads.seconds, 0.001)
        await _say(proc, quiet, f"Fetched {human(size)}B in {duration(seconds)} ({human(size / seconds)}B/s)")
    return found


async def _say(proc: Proc, quiet: int, text: str) -> None:
    if quiet < 2:
        await proc.out(text + "\n")


def _wants_apt_utils(proc: Proc) -> bool:
    return not proc.access("/usr/bin/apt-extracttemplates", 1)


async def _reading(proc: Proc, files: int, told: bool) -> bool:
    """dpkg says once how much it knows, in steps that a terminal shows over each other."""
    if not told:
        await proc.cpu(0.05)
        steps = "".join(f"(Reading database ... {percent}%\r" for percent in range(5, 101, 5))
        await proc.out(f"(Reading database ... \r{steps}"
                       f"(Reading database ... {files} files and directories currently installed.)\n")  # fmt: skip
    return True


def _prefix(number: int, count: int) -> str:
    """Of several archives each has a number before its name."""
    return f"{number:0{len(str(count))}}-" if count > 1 else ""


def archive_name(step: Candidate) -> str:
    record = step.record
    return f"{record['Package']}_{record['Version'].replace(':', '%3a')}_{record['Architecture']}.deb"


async def _unpack(proc: Proc, database: Database, step: Candidate, name: str, archive: bytes) -> None:
    await proc.out(f"Preparing to unpack .../{name} ...\n")
    before = database.packages.get(step.record["Package"], {})
    over = f" over ({before['Version']})" if before.get("Status") == dpkg_database.INSTALLED else ""
    await proc.out(f"Unpacking {shown(step.record)} ({step.version}){over} ...\n")
    await dpkg_database.unpack(proc, database, archive)


async def _configure_all(proc: Proc, database: Database, steps: Sequence[Candidate]) -> int:
    """Set everything up; then what waited for that (triggers)."""
    failed = []
    for step in steps:
        await proc.out(f"Setting up {shown(step.record)} ({step.version}) ...\n")
        if await dpkg_database.configure(proc, database, step.record["Package"]):
            failed.append(step)
    for name in _triggered(proc, database, steps):
        await proc.cpu(0.05)
        await proc.out(f"Processing triggers for {name} ({database.packages[name]['Version']}) ...\n")
        if name == "ca-certificates":
            await proc.out("Updating certificates in /etc/ssl/certs...\n0 added, 0 removed; done.\n"
                           "Running hooks in /etc/ca-certificates/update.d...\ndone.\n")  # fmt: skip
    if failed:
        listed = "".join(f" {shown(step.record)}\n" for step in failed)
        await proc.err(f"Errors were encountered while processing:\n{listed}"
                       "E: Sub-process /usr/bin/dpkg returned an error code (1)\n")  # fmt: skip
    return FAILED if failed else 0


def _triggered(proc: Proc, database: Database, steps: Iterable[Candidate]) -> list[str]:
    """Who wants to know that something was installed: ldconfig of libraries, man-db of everything."""
    names = [step.record["Package"] for step in steps]
    libraries = any(step.record.get("Section") == "libs" for step in steps)
    found = [("libc-bin", libraries), ("ca-certificates", "ca-certificates" in names),
             ("man-db", bool(names) and "man-db" not in names)]  # fmt: skip
    return [name for name, wanted in found if wanted and name in database.packages]


async def _remove(proc: Proc, database: Database, name: str, purge: bool) -> None:
    record = database.packages[name]
    if record.get("Status") == dpkg_database.INSTALLED:
        await proc.out(f"Removing {shown(record)} ({record['Version']}) ...\n")
    if purge and any(path.startswith("/etc/") for path in dpkg_database.files_of(proc, name, record)):
        await proc.out(f"Purging configuration files for {name} ({record['Version']}) ...\n")
    await proc.cpu(0.02)
    dpkg_database.remove(proc, database, name, purge)


def automatic(proc: Proc) -> set[str]:
    """What was installed because something else needed it."""
    try:
        text = proc.read_file(STATES).decode(errors="replace")
    except FileNotFoundError:
        return set()
    return {record["Package"] for record in read_records(text) if record.get("Auto-Installed") == "1"}


def write_automatic(proc: Proc, marked: set[str]) -> None:
    records = [{"Package": name, "Architecture": "amd64", "Auto-Installed": "1"} for name in sorted(marked)]
    make_directories(proc, STATES.rpartition("/")[0])
    proc.write_file(STATES, (write_records(records) + "\n").encode())


def clean(proc: Proc) -> None:
    """Remove the archives that were downloaded."""
    with suppress(FileNotFoundError):
        for name in proc.listdir(ARCHIVES):
            if name.endswith(".deb"):
                proc.unlink(f"{ARCHIVES}/{name}")


def _note(proc: Proc, changes: Changes, began: int) -> None:
    """The logs of apt and dpkg."""
    make_directories(proc, HISTORY.rpartition("/")[0])
    names = [f"{name}:amd64 ({changes.plan.steps[name].version})" for name in (*changes.new, *changes.changed)]
    verb = ("Install", names) if names else ("Purge" if changes.purge else "Remove", list(changes.gone))
    lines = [f"Start-Date: {_date(began)}", f"Commandline: {' '.join(proc.argv)}", f"{verb[0]}: {', '.join(verb[1])}",
             f"End-Date: {_date(proc.now())}"]  # fmt: skip
    proc.write_file(HISTORY, ("\n" + "\n".join(lines) + "\n").encode(), append=True)
    when = _date(proc.now()).replace("  ", " ")
    done = [f"{when} status installed {name}:amd64 {step.version}" for name, step in changes.plan.steps.items()]
    done += [f"{when} status not-installed {name}:amd64 <none>" for name in changes.gone]
    proc.write_file(LOG, "".join(f"{line}\n" for line in done).encode(), append=True)


def _date(when: int) -> str:
    return f"{datetime.fromtimestamp(when // SECOND, UTC):%Y-%m-%d  %H:%M:%S}"
