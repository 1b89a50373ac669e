"""apt-get and apt: what they are told, what they answer. Source: apt-get(8), apt(8), and their own words.

    update install reinstall remove purge autoremove upgrade full-upgrade clean autoclean check download

The work is done elsewhere: sources and lists (apt_sources.py), what follows from a wish (apt_plan.py), downloads and
dpkg's part (apt_perform.py).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence

from sim.abi import Proc
from sim.programs.options import Failure, Grammar, Options, Usage, parse
from sim.programs.packages import apt_plan, apt_sources
from sim.programs.packages.apt_perform import ARCHIVES, Changes, automatic, clean, perform
from sim.programs.packages.apt_plan import Broken, Plan, Planner
from sim.programs.packages.apt_show import Run, show, weigh
from sim.programs.packages.apt_sources import Candidate
from sim.programs.packages.dpkg_database import Database

FAILED = 100
LOCK = "/var/lib/dpkg/lock-frontend"
GRAMMAR = Grammar.of(
    "yqsdfmVht:o:c:uv",
    {"yes": "y", "assume-yes": "y", "assume-no": "assume-no", "quiet": "q", "simulate": "s", "dry-run": "s",
     "just-print": "s", "no-act": "s", "download-only": "d", "fix-broken": "f", "fix-missing": "m",
     "ignore-missing": "m", "help": "h", "version": "v", "option:": "o", "target-release:": "t",
     "default-release:": "t", "config-file:": "c", "show-upgraded": "u", "verbose-versions": "V",
     "no-install-recommends": "no-install-recommends", "install-recommends": "install-recommends",
     "no-install-suggests": "no-install-suggests", "install-suggests": "install-suggests", "purge": "purge",
     "autoremove": "autoremove", "auto-remove": "autoremove", "reinstall": "reinstall", "only-upgrade": "only-upgrade",
     "no-upgrade": "no-upgrade", "update": "update", "allow-downgrades": "allow", "allow-unauthenticated": "allow",
     "allow-remove-essential": "allow-remove-essential", "allow-change-held-packages": "allow", "force-yes": "allow",
     "allow-releaseinfo-change": "allow", "allow-insecure-repositories": "allow", "no-remove": "no-remove",
     "print-uris": "print-uris", "trivial-only": "trivial-only"},
)  # fmt: skip
USAGE = """\
Usage: {name} [options] command
       {name} [options] install|remove pkg1 [pkg2 ...]

{name} is a command line interface for retrieval of packages
and information about them from authenticated sources and
for installation, upgrade and removal of packages together
with their dependencies.

Most used commands:
  update - Retrieve new lists of packages
  upgrade - Perform an upgrade
  install - Install new packages (pkg is libc6 not libc6.deb)
  remove - Remove packages
  purge - Remove packages and config files
  autoremove - Remove automatically all unused packages
  clean - Erase downloaded archive files
"""
UNSTABLE = "\nWARNING: {name} does not have a stable CLI interface. Use with caution in scripts.\n\n"


async def apt_get(proc: Proc) -> int:
    return await _main(proc)


async def apt(proc: Proc) -> int:
    if not proc.isatty(1):
        await proc.err(UNSTABLE.format(name="apt"))
    return await _main(proc)


async def _main(proc: Proc) -> int:
    name = proc.argv[0].rpartition("/")[2]
    looks = [word for word in proc.argv[1:] if not word.startswith("-")][:1]
    if name == "apt" and looks and looks[0] in LOOKS:
        return await proc.run(["apt-cache", *proc.argv[1:]])
    try:
        options, words = parse(GRAMMAR, proc.argv[1:])
    except Usage as usage:
        await proc.err(f"E: {_misunderstood(usage.message)}\n")
        return FAILED
    if "v" in options or "h" in options or not words:
        version = Database.read(proc).packages.get("apt", {}).get("Version", "3.0.3")
        await proc.out(f"apt {version} (amd64)\n" + ("" if "v" in options else USAGE.format(name=name)))
        return 0
    if words[0] not in COMMANDS:
        await proc.err(f"E: Invalid operation {words[0]}\n")
        return FAILED
    try:
        return await COMMANDS[words[0]](proc, options, words[1:])
    except Failure as failure:
        await proc.err(failure.message + "\n")
        return failure.status


LOOKS = ("search", "show", "policy", "list", "depends", "rdepends")  # apt's commands that are apt-cache's


def _misunderstood(message: str) -> str:
    """getopt's complaint in apt's words."""
    word = message.rpartition(" ")[2].strip("'")
    if message.startswith("invalid option"):
        return f"Command line option '{word}' [from -{word}] is not understood in combination with the other options."
    if message.startswith("unrecognized"):
        return f"Command line option {word} is not understood in combination with the other options"
    return f"Option {word} requires an argument."


# -- commands


async def update(proc: Proc, options: Options, words: list[str]) -> int:
    if words:
        raise Failure("E: The update command takes no arguments", FAILED)
    quiet = options.count("q") > 1
    status = await apt_sources.Update(proc, quiet).run()
    if not status and not quiet:
        await _progress(proc, "Reading package lists")
    return status


async def install(proc: Proc, options: Options, words: list[str]) -> int:
    if "update" in options and (status := await update(proc, options, [])):
        return status
    run = await _open(proc, options, words)
    planner = Planner(run.known, run.database.installed(), run.recommends)
    wanted, status = await _wanted(run)
    if status:
        return status
    removals = [word[:-1] for word in words if word.endswith("-") and word not in run.known.packages]
    try:
        for candidate in wanted:
            planner.want(candidate)
    except Broken as broken:
        return await _broken(run, broken)
    return await _carry_out(run, planner.plan, apt_plan.dependants(removals, run.database.installed()), purge=False)


async def reinstall(proc: Proc, options: Options, words: list[str]) -> int:
    options.given.append(("reinstall", ""))
    return await install(proc, options, words)


async def remove(proc: Proc, options: Options, words: list[str], purge: bool = False) -> int:
    run = await _open(proc, options, words)
    installed, purge = run.database.installed(), purge or "purge" in options
    there = []
    for name in words:
        if name in installed or (purge and name in run.database.packages):
            there.append(name)
        elif name in run.known.packages:
            await run.say(f"Package '{name}' is not installed, so not removed")
        else:
            raise Failure(f"E: Unable to locate package {name}", FAILED)
    gone = apt_plan.dependants(there, installed)
    gone += [name for name in there if name not in gone]
    if "autoremove" in options:
        gone += [name for name in apt_plan.unneeded(installed, run.automatic, gone) if name not in gone]
    return await _carry_out(run, Plan(), gone, purge)


async def purge(proc: Proc, options: Options, words: list[str]) -> int:
    return await remove(proc, options, words, purge=True)


async def autoremove(proc: Proc, options: Options, words: list[str]) -> int:
    run = await _open(proc, options, words)
    gone = apt_plan.unneeded(run.database.installed(), run.automatic)
    return await _carry_out(run, Plan(), gone, "purge" in options)


async def upgrade(proc: Proc, options: Options, words: list[str]) -> int:
    run = await _open(proc, options, words)
    await run.say("Calculating upgrade..." + (" Done" if proc.isatty(1) else ""))
    planner = Planner(run.known, run.database.installed(), run.recommends)
    for candidate in apt_plan.upgrades(run.known, run.database.installed()).values():
        planner.want(candidate)
    return await _carry_out(run, planner.plan, [], purge=False)


async def check(proc: Proc, options: Options, words: list[str]) -> int:
    await _open(proc, options, words)
    return 0


async def tidy(proc: Proc, options: Options, words: list[str]) -> int:
    """clean, autoclean, dist-clean."""
    if not proc.access("/var/cache/apt", 2):
        raise Failure(f"E: Could not open lock file {ARCHIVES}/lock - open (13: Permission denied)\n"
                      f"E: Unable to lock directory {ARCHIVES}/", FAILED)  # fmt: skip
    if proc.argv[-1].startswith("auto"):
        return await check(proc, options, words)
    clean(proc)
    if "dist-clean" in proc.argv:
        for name in proc.listdir(apt_sources.LISTS) if proc.access(apt_sources.LISTS, 0) else ():
            if name not in ("partial", "lock"):
                proc.unlink(f"{apt_sources.LISTS}/{name}")
    return 0


Command = Callable[[Proc, Options, list[str]], Awaitable[int]]
COMMANDS: Mapping[str, Command] = {
    "update": update, "install": install, "reinstall": reinstall, "remove": remove, "purge": purge,
    "autoremove": autoremove, "auto-remove": autoremove, "autopurge": autoremove, "upgrade": upgrade,
    "dist-upgrade": upgrade, "full-upgrade": upgrade, "clean": tidy, "autoclean": tidy, "dist-clean": tidy,
    "distclean": tidy, "check": check,
}  # fmt: skip


# -- what they share


async def _open(proc: Proc, options: Options, words: list[str]) -> Run:
    """Read the state. Raises Failure for who may not change it."""
    if "s" not in options and not proc.access("/var/lib/dpkg", 2):
        raise Failure(f"E: Could not open lock file {LOCK} - open (13: Permission denied)\n"
                      f"E: Unable to acquire the dpkg frontend lock ({LOCK}), are you root?", FAILED)  # fmt: skip
    run = Run(proc, options, words, Database.read(proc), apt_sources.available(proc), automatic(proc))
    if run.quiet < 2:
        for text in ("Reading package lists", "Building dependency tree", "Reading state information"):
            await _progress(proc, text)
    return run


async def _progress(proc: Proc, text: str) -> None:
    await proc.cpu(0.15)
    await proc.out(f"{text}...{' Done' if proc.isatty(1) else ''}\n")


async def _wanted(run: Run) -> tuple[list[Candidate], int]:
    """What the words of `install` mean, and the exit status if they mean nothing."""
    wanted, complaints = [], []
    installed = run.database.installed()
    for word in run.names:
        name, _, version = word.partition("/")[0].partition("=")
        name = name.partition(":")[0]
        if name not in run.known.packages and name.endswith("-"):
            continue
        found, complaint = await _candidate(run, name.removesuffix("+") if "++" not in name else name, version)
        if found is None:
            if name in installed:
                await run.say(f"{name} is already the newest version ({installed[name]['Version']}).")
            else:
                complaints.append(complaint)
        elif installed.get(name, {}).get("Version") == found.version and "reinstall" not in run.options:
            run.automatic.discard(name)
            await run.say(f"{name} is already the newest version ({found.version}).")
        else:
            wanted.append(found)
    if complaints:
        await run.proc.err("".join(f"{line}\n" for line in complaints))
    return wanted, FAILED if complaints else 0


async def _candidate(run: Run, name: str, version: str) -> tuple[Candidate | None, str]:
    found = run.known.packages.get(name, [])
    providers = run.known.provided.get(name, [])
    if version:
        match = next((one for one in found if one.version == version), None)
        return match, f"E: Version '{version}' for '{name}' was not found"
    if found:
        return found[0], ""
    if len(providers) == 1:
        await run.say(f"Note, selecting '{providers[0]}' instead of '{name}'")
        return run.known.best(providers[0]), ""
    if providers:
        listed = "".join(f"  {each} {run.known.packages[each][0].version}\n" for each in providers)
        await run.say(f"Package {name} is a virtual package provided by:\n{listed}"
                      "You should explicitly select one to install.\n")  # fmt: skip
        return None, f"E: Package '{name}' has no installation candidate"
    return None, f"E: Unable to locate package {name}"


async def _broken(run: Run, broken: Broken) -> int:
    await run.say("Some packages could not be installed. This may mean that you have\n"
                  "requested an impossible situation or if you are using the unstable\n"
                  "distribution that some required packages have not yet been created\n"
                  "or been moved out of Incoming.\n"
                  "The following information may help to resolve the situation:\n\n"
                  "The following packages have unmet dependencies:\n" + "\n".join(broken.lines))  # fmt: skip
    await run.proc.err("E: Unable to correct problems, you have held broken packages.\n")
    return FAILED


async def _carry_out(run: Run, plan: Plan, gone: Sequence[str], purge: bool) -> int:
    """Show what would happen, ask, do it."""
    installed = run.database.installed()
    new = sorted(name for name in plan.steps if name not in installed)
    changed = sorted(name for name in plan.steps if name in installed)
    later = [name for name in apt_plan.upgrades(run.known, installed) if name not in changed and name not in gone]
    changes = Changes(plan, new, changed, list(gone), purge)
    await show(run, changes, len(later))
    if not (new or changed or gone):
        return 0
    essential = [name for name in gone if installed.get(name, {}).get("Essential") == "yes"]
    if essential and "allow-remove-essential" not in run.options:
        raise Failure("E: Essential packages were removed and -y was used without --allow-remove-essential."
                      if run.yes else "E: Removing essential system-critical packages is not permitted. "
                      "This might break the system.", FAILED)  # fmt: skip
    await weigh(run, changes)
    if "s" in run.options:
        for name in plan.steps:
            await run.say(f"Inst {name} ({plan.steps[name].version} {plan.steps[name].source.suite} [amd64])")
        return 0
    asks = bool(gone) or set(plan.steps) != plan.asked
    if asks and not run.yes and not await _agreed(run):
        await run.proc.out("Abort.\n")
        return 1
    return await perform(run.proc, run.database, changes, run.automatic, run.quiet, "d" in run.options)


async def _agreed(run: Run) -> bool:
    question = "Continue? [Y/n] " if run.in_columns else "Do you want to continue? [Y/n] "
    await run.proc.out(question)
    if "assume-no" in run.options:
        await run.proc.out("N\n")
        return False
    async for line in run.proc.lines():
        return line.strip().lower() in (b"", b"y", b"yes")
    return False
