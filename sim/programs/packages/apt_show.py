"""What apt-get says before it does something: what is new, what goes, how much is fetched. Source: apt-get(8)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sim.abi import Proc
from sim.packages.versions import debian_key
from sim.programs.options import Options
from sim.programs.packages import apt_plan
from sim.programs.packages.apt_perform import Changes
from sim.programs.packages.apt_sources import Available, human
from sim.programs.packages.dpkg_database import Database


@dataclass(slots=True)
class Run:
    """One command line of apt, and the state of the machine that it met."""

    proc: Proc
    options: Options
    names: list[str]
    database: Database
    known: Available
    automatic: set[str]

    @property
    def quiet(self) -> int:
        return self.options.count("q")

    @property
    def yes(self) -> bool:
        return "y" in self.options or self.quiet > 1

    @property
    def recommends(self) -> bool:
        return "no-install-recommends" not in self.options

    @property
    def in_columns(self) -> bool:
        """apt (not apt-get) speaks otherwise from version 3 on."""
        version = self.database.packages.get("apt", {}).get("Version", "")
        return self.proc.argv[0].rpartition("/")[2] == "apt" and debian_key(version) >= debian_key("3")

    async def say(self, text: str) -> None:
        if self.quiet < 2:
            await self.proc.out(text + "\n")


async def show(run: Run, changes: Changes, later: int) -> None:
    installed = run.database.installed()
    plan, width = changes.plan, _width(run.proc)
    unneeded = apt_plan.unneeded({**installed, **{name: step.record for name, step in plan.steps.items()}},
                                 run.automatic, changes.gone)  # fmt: skip
    unneeded = [name for name in unneeded if name not in plan.steps]
    if unneeded:
        one = len(unneeded) == 1
        what = "package was automatically installed and is" if one else "packages were automatically installed and are"
        await run.say(_listed(f"The following {what} no longer required:", unneeded, width))
        await run.say(f"Use 'apt autoremove' to remove {'it' if one else 'them'}.")
    extra = sorted(name for name in changes.new if name not in plan.asked)
    suggested = sorted(name for name in plan.suggested if name not in plan.steps and name not in installed)
    unmet = sorted(name for name in plan.unmet_recommendations if name not in plan.steps and name not in installed)
    removed = [f"{name}*" if changes.purge else name for name in sorted(changes.gone)]
    if run.in_columns:
        await _show_columns(run, changes, later, removed, extra, suggested)
        return
    for title, names in (
        ("The following additional packages will be installed:", extra),
        ("Suggested packages:", suggested if plan.steps else []),
        ("Recommended packages:", unmet if not run.recommends else []),
        ("The following packages will be REMOVED:", removed),
        ("The following NEW packages will be installed:", changes.new),
        ("The following packages will be upgraded:", changes.changed),
    ):
        if names:
            await run.say(_listed(title, names, width))
    await run.say(f"{len(changes.changed)} upgraded, {len(changes.new)} newly installed, "
                  f"{len(changes.gone)} to remove and {later} not upgraded.")  # fmt: skip


async def _show_columns(
    run: Run, changes: Changes, later: int, removed: list[str], extra: list[str], suggested: list[str]
) -> None:
    meant = [name for name in changes.new if name in changes.plan.asked]
    for title, names in (
        ("REMOVING:", removed),
        ("Upgrading:", changes.changed),
        ("Installing:", meant),
        ("Installing dependencies:", extra),
        ("Suggested packages:", suggested if changes.plan.steps else []),
    ):
        if names:
            await run.say(f"{title}\n{_columns(names, _width(run.proc))}\n")
    counts = f"Upgrading: {len(changes.changed)}, Installing: {len(changes.new)}, Removing: {len(removed)}"
    await run.say(f"Summary:\n  {counts}, Not Upgrading: {later}")


def _columns(names: Sequence[str], width: int) -> str:
    """Below each other, then beside each other, as many columns as there is room for."""
    each = max(map(len, names)) + 2
    rows = -(-len(names) // max(1, (width - 2) // each))
    lines = ("".join(f"{name:<{each}}" for name in names[row::rows]) for row in range(rows))
    return "\n".join(f"  {line}".rstrip() for line in lines)


async def weigh(run: Run, changes: Changes) -> None:
    """How much is fetched and how much more there will be on the disk."""
    fetched = sum(int(step.record["Size"]) for step in changes.plan.steps.values())
    packages = run.database.packages
    more = sum(int(step.record["Installed-Size"]) for step in changes.plan.steps.values())
    more -= sum(int(packages[name].get("Installed-Size", 0)) for name in (*changes.changed, *changes.gone))
    if run.in_columns:
        free = human(run.proc.statfs("/").free)
        space = f"Space needed: {human(more * 1024)}B / {free}B available" if more >= 0 else (
            f"Freed space: {human(-more * 1024)}B")  # fmt: skip
        await run.say((f"  Download size: {human(fetched)}B\n" if changes.plan.steps else "") + f"  {space}\n")
        return
    if changes.plan.steps:
        await run.say(f"Need to get {human(fetched)}B of archives.")
    if more >= 0:
        await run.say(f"After this operation, {human(more * 1024)}B of additional disk space will be used.")
    else:
        await run.say(f"After this operation, {human(-more * 1024)}B disk space will be freed.")


def _listed(title: str, names: Sequence[str], width: int) -> str:
    lines, line = [title], ""
    for name in names:
        if line and len(line) + len(name) + 3 >= width:
            lines.append(line)
            line = ""
        line += f" {name}" if line else f"  {name}"
    return "\n".join([*lines, line])


def _width(proc: Proc) -> int:
    try:
        return proc.winsize(1)[1] or 80
    except OSError:
        return 80
