"""pip: install, list, freeze, show, uninstall, check, cache. Source: pip.pypa.io, and pip's own words."""

from __future__ import annotations

import json
import stat
from collections.abc import Awaitable, Callable, Mapping

from sim.abi import Proc
from sim.packages.pypi import normalized
from sim.programs.options import Grammar, Usage, parse
from sim.programs.packages.pip_environment import Environment, take
from sim.programs.packages.pip_install import install
from sim.programs.packages.pip_resolve import read_requirements
from sim.programs.packages.pip_run import ROOT, Run, Stop

GRAMMAR = Grammar.of(
    "r:c:Uqvy hVe:i:t:",
    {"requirement:": "r", "constraint:": "c", "upgrade": "U", "quiet": "q", "verbose": "v", "yes": "y", "help": "h",
     "version": "V", "editable:": "e", "index-url:": "i", "target:": "t", "no-cache-dir": "no-cache-dir",
     "user": "user", "break-system-packages": "break", "root-user-action:": "root", "no-deps": "no-deps",
     "force-reinstall": "force", "ignore-installed": "force", "disable-pip-version-check": "no-check",
     "no-input": "no-input", "pre": "pre", "extra-index-url:": "extra", "trusted-host:": "trusted",
     "no-color": "no-color", "progress-bar:": "bar", "outdated": "outdated", "format:": "format",
     "no-warn-script-location": "warn", "prefer-binary": "prefer", "only-binary:": "only", "default-timeout:": "time",
     "timeout:": "time", "retries:": "retries", "no-compile": "compile", "prefix:": "prefix", "all": "all",
     "upgrade-strategy:": "strategy", "no-build-isolation": "isolation", "find-links:": "f", "dry-run": "dry-run"},
)  # fmt: skip
USAGE = """
Usage:
  pip <command> [options]

Commands:
  install                     Install packages.
  uninstall                   Uninstall packages.
  freeze                      Output installed packages in requirements format.
  list                        List installed packages.
  show                        Show information about installed packages.
  check                       Verify installed packages have compatible dependencies.
  cache                       Inspect and manage pip's wheel cache.
"""


async def pip(proc: Proc) -> int:
    try:
        options, words = parse(GRAMMAR, proc.argv[1:])
    except Usage as usage:
        await proc.err(f"\nUsage:\n  pip <command> [options]\n\n{usage.message.replace('unrecognized', 'no such')}\n")
        return 2
    environment = Environment.of(proc)
    if "V" in options and not words:
        version = Run(proc, options, words, environment).own_version()
        await proc.out(f"pip {version} from {environment.site}/pip (python {environment.python})\n")
        return 0
    if not words:
        await proc.out(USAGE)
        return 0
    if words[0] not in COMMANDS:
        await proc.err(f'ERROR: unknown command "{words[0]}"\n')
        return 1
    try:
        return await COMMANDS[words[0]](Run(proc, options, words[1:], environment))
    except Stop as stop:
        await proc.err(f"{stop}\n")
        return 1


async def _list(run: Run) -> int:
    found = sorted(run.environment.installed(run.proc).items())
    if run.options.get("format") == "json":
        await run.proc.out(json.dumps([{"name": one.name, "version": one.version} for _, one in found]) + "\n")
        return 0
    if run.options.get("format") == "freeze":
        await run.proc.out("".join(f"{one.name}=={one.version}\n" for _, one in found))
        return 0
    if "outdated" in run.options or not found:
        return 0
    rows = [("Package", "Version"), *((one.name, one.version) for _, one in found)]
    name, version = (max(map(len, column)) for column in zip(*rows, strict=True))
    rows.insert(1, ("-" * name, "-" * version))
    await run.proc.out("".join(f"{first:<{name}} {second}".rstrip() + "\n" for first, second in rows))
    return 0


async def _freeze(run: Run) -> int:
    hidden = () if "all" in run.options else ("pip", "setuptools", "wheel", "distribute")
    found = sorted(run.environment.installed(run.proc).items())
    await run.proc.out("".join(f"{one.name}=={one.version}\n" for name, one in found if name not in hidden))
    return 0


async def _show(run: Run) -> int:
    installed = run.environment.installed(run.proc)
    missing = [word for word in run.words if normalized(word) not in installed]
    if missing:
        await run.proc.err(f"WARNING: Package(s) not found: {', '.join(missing)}\n")
    parts = []
    for word in run.words:
        one = installed.get(normalized(word))
        if one is not None:
            own = normalized(one.name)
            needing = [other.name for other in installed.values()
                       if any(normalized(needed.name) == own for needed in other.requires)]  # fmt: skip
            parts.append(f"Name: {one.name}\nVersion: {one.version}\nSummary: {one.summary}\n"
                         f"Location: {run.environment.site}\nRequires: {', '.join(n.name for n in one.requires)}\n"
                         f"Required-by: {', '.join(needing)}\n")  # fmt: skip
    await run.proc.out("---\n".join(parts))
    return 0 if parts else 1


async def _uninstall(run: Run) -> int:
    installed = run.environment.installed(run.proc)
    names = run.words + [wish.name for file in run.options.all("r")
                         for wish in read_requirements(run.proc.read_file(file).decode(), file)[0]]  # fmt: skip
    for word in names:
        one = installed.get(normalized(word))
        if one is None:
            await run.proc.err(f"WARNING: Skipping {word} as it is not installed.\n")
            continue
        await run.say(f"Found existing installation: {one.name} {one.version}\nUninstalling {one.name}-{one.version}:")
        if "y" not in run.options:
            await run.proc.out(f"  Would remove:\n    {one.folder}/*\nProceed (Y/n)? ")
            answer = [line async for line in run.proc.lines()][:1]
            if not answer or answer[0].strip().lower() not in (b"", b"y", b"yes"):
                return 1
        take(run.proc, one)
        await run.say(f"  Successfully uninstalled {one.name}-{one.version}")
    if (
        run.proc.uid == 0
        and run.options.get("root") != "ignore"
        and run.proc.env.get("PIP_ROOT_USER_ACTION") != "ignore"
    ):
        await run.proc.err(ROOT)
    return 0


async def _check(run: Run) -> int:
    installed = run.environment.installed(run.proc)
    broken = []
    for one in installed.values():
        for needed in one.requires:
            other = installed.get(normalized(needed.name))
            if other is None:
                broken.append(f"{one.name} {one.version} requires {needed.name}, which is not installed.")
            elif not needed.specifier.contains(other.version, True):
                broken.append(
                    f"{one.name} {one.version} has requirement {needed}, but you have {other.name} {other.version}."
                )
    await run.proc.out("".join(f"{line}\n" for line in broken) or "No broken requirements found.\n")
    return 1 if broken else 0


async def _cache(run: Run) -> int:
    place = f"{run.proc.env.get('HOME', '/root')}/.cache/pip"
    if run.words[:1] == ["dir"]:
        await run.proc.out(f"{place}\n")
    elif run.words[:1] == ["purge"]:
        count = _files(run.proc, place)
        if not count:
            await run.proc.err("ERROR: No matching packages\n")
            return 1
        await run.proc.run(["rm", "-rf", place])
        await run.proc.out(f"Files removed: {count}\n")
    return 0


def _files(proc: Proc, place: str) -> int:
    """How many files there are below a directory."""
    if not proc.access(place, 0):
        return 0
    if not stat.S_ISDIR(proc.lstat(place).mode):
        return 1
    return sum(_files(proc, f"{place}/{name}") for name in proc.listdir(place))


COMMANDS: Mapping[str, Callable[[Run], Awaitable[int]]] = {
    "install": install, "list": _list, "freeze": _freeze, "show": _show, "uninstall": _uninstall, "check": _check,
    "cache": _cache,
}  # fmt: skip
