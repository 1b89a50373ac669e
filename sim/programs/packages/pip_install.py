"""pip install: from wishes to packages. Source: pip.pypa.io/en/stable/cli/pip_install, and pip's own words."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from packaging.requirements import InvalidRequirement, Requirement

from sim.abi import Proc
from sim.programs.packages.pip_environment import Environment, put, take
from sim.programs.packages.pip_resolve import (
    Choice,
    Conflict,
    NoneFound,
    Project,
    Resolver,
    Wish,
    order,
    read_requirements,
)
from sim.programs.packages.pip_run import ROOT, Run, Stop

IMPOSSIBLE = """\

To fix this you could try to:
1. loosen the range of package versions you've specified
2. remove package versions to allow pip to attempt to solve the dependency conflict

"""
HELP = "https://pip.pypa.io/en/latest/topics/dependency-resolution/#dealing-with-dependency-conflicts"


async def install(run: Run) -> int:
    proc = run.proc
    wishes = _wishes(run)
    environment = await _where(run)
    run.environment = environment
    installed = environment.installed(proc)
    there = {name: one.version for name, one in installed.items() if "force" not in run.options}
    if "U" in run.options:
        there = {name: version for name, version in there.items() if name not in {wish.name for wish in wishes}}
    resolver = Resolver(_telling(run), run.metadata, there)
    try:
        chosen = await resolver.resolve(wishes)
    except NoneFound as none:
        versions = ", ".join(none.versions) or "none"
        raise Stop(f"ERROR: Could not find a version that satisfies the requirement {none.wish.text()} "
                   f"(from versions: {versions})\nERROR: No matching distribution found for {none.wish.requirement}"
                   ) from None  # fmt: skip
    except Conflict as conflict:
        raise Stop(_conflict(conflict)) from None
    for wish in resolver.met:
        one = installed[wish.name]
        await run.say(f"Requirement already satisfied: {wish.requirement} in {environment.site}"
                      f"{f' (from {wish.by})' if wish.by else ''} ({one.version})")  # fmt: skip
    same = {name for name, one in installed.items() if name in chosen and one.version == chosen[name].version}
    chosen = {name: choice for name, choice in chosen.items() if name not in same or "force" in run.options}
    await _put_all(run, chosen)
    await _end(run)
    return 0


def _telling(run: Run) -> Callable[[Wish], Awaitable[Project]]:
    """`look`, which says what is collected before."""

    async def look(wish: Wish) -> Project:
        await run.say(f"Collecting {wish.text()}")
        return await run.look(wish.name)

    return look


def _wishes(run: Run) -> list[Wish]:
    """Raises Stop."""
    wishes = []
    for file in run.options.all("r"):
        try:
            text = run.proc.read_file(file).decode(errors="replace")
        except OSError as error:
            raise Stop("ERROR: Could not open requirements file: "
                       f"[Errno {error.errno}] {error.strerror}: '{file}'") from None  # fmt: skip
        found, wrong = read_requirements(text, file)
        if wrong:
            raise Stop(f"ERROR: {wrong[0]}")
        wishes += found
    for word in [*run.words, *run.options.all("e")]:
        if word.startswith((".", "/", "git+", "http://", "https://")):
            raise Stop(_from_source(run.proc, word))
        try:
            wishes.append(Wish(Requirement(word)))
        except InvalidRequirement:
            raise Stop(f"ERROR: Invalid requirement: {word!r}: Expected end or semicolon\n    {word}\n    ^") from None
    if not wishes and not run.options.all("r"):
        raise Stop('ERROR: You must give at least one requirement to install (see "pip help install")')
    return wishes


def _from_source(proc: Proc, word: str) -> str:
    is_project = any(proc.access(f"{word}/{name}", 0) for name in ("setup.py", "pyproject.toml"))
    if word.startswith((".", "/")) and not is_project:
        return (f"ERROR: Directory '{word}' is not installable. Neither 'setup.py' nor 'pyproject.toml' found."
                if proc.access(word, 0) else f"ERROR: Invalid requirement: {word!r}")  # fmt: skip
    return "ERROR: this simulated machine installs from the index only; it cannot build packages from their source"


async def _where(run: Run) -> Environment:
    """The environment to install into. Raises Stop for one that others manage."""
    environment, proc = run.environment, run.proc
    if "t" in run.options:
        return environment
    managed = environment.managed(proc)
    if managed and "break" not in run.options and not proc.env.get("PIP_BREAK_SYSTEM_PACKAGES"):
        lines = [line.strip() for line in managed.strip().splitlines()]
        shown = "\n    ".join(lines).replace("\n    \n", "\n    \n")
        raise Stop(f"error: externally-managed-environment\n\n× This environment is externally managed\n╰─> {shown}\n\n"
                   "note: If you believe this is a mistake, please contact your Python installation or OS distribution "
                   "provider. You can override this, at the risk of breaking your Python installation or OS, by "
                   "passing --break-system-packages.\nhint: See PEP 668 for the detailed specification.")  # fmt: skip
    base = environment.site if proc.access(environment.site, 0) else environment.prefix
    if "user" in run.options or not proc.access(base, 2):
        if "user" not in run.options:
            await run.say("Defaulting to user installation because normal site-packages is not writeable")
        return Environment(f"{proc.env.get('HOME', '/').rstrip('/')}/.local", environment.python)
    return environment


async def _put_all(run: Run, chosen: Mapping[str, Choice]) -> None:
    proc, environment = run.proc, run.environment
    archives = {name: await run.wheel(choice) for name, choice in chosen.items()}
    if not chosen:
        return
    ordered = order(chosen)
    await run.say(f"Installing collected packages: {', '.join(choice.name for choice in ordered)}")
    installed = environment.installed(proc)
    for choice in ordered:
        before = installed.get(choice.name)
        if before is not None:
            await run.say(f"  Attempting uninstall: {choice.name}\n    Found existing installation: {choice.name} "
                          f"{before.version}\n    Uninstalling {choice.name}-{before.version}:\n"
                          f"      Successfully uninstalled {choice.name}-{before.version}")  # fmt: skip
            if proc.access(f"{before.folder}/RECORD", 0):
                take(proc, before)
        await put(proc, environment, choice.name, choice.version, archives[choice.name])
    listed = " ".join(f"{name}-{chosen[name].version}" for name in sorted(chosen))
    await run.say(f"\nSuccessfully installed {listed}")


def _conflict(conflict: Conflict) -> str:
    names = [wish.parent.replace(" ", "==") or wish.text() for wish in conflict.wishes]
    lines = [f"    {wish.parent} depends on {wish.requirement}" if wish.parent else
             f"    The user requested {wish.requirement}" for wish in conflict.wishes]  # fmt: skip
    return (f"ERROR: Cannot install {' and '.join(names)} because these package versions have conflicting dependencies."
            "\n\nThe conflict is caused by:\n" + "\n".join(lines) + "\n" + IMPOSSIBLE +
            f"ERROR: ResolutionImpossible: for help visit {HELP}")  # fmt: skip


async def _end(run: Run) -> None:
    """Warnings that close an installation."""
    proc, env = run.proc, run.proc.env
    ignored = "ignore" in (run.options.get("root"), env.get("PIP_ROOT_USER_ACTION"))
    if proc.uid == 0 and not ignored and not proc.access(f"{run.environment.prefix}/pyvenv.cfg", 0):
        await proc.err(ROOT)
    if "no-check" in run.options or env.get("PIP_DISABLE_PIP_VERSION_CHECK") or "q" in run.options:
        return
    newest = (await run.look("pip")).versions[-1:]
    version = run.own_version()
    if newest and version and newest[0] != version:
        await proc.err(f"\n[notice] A new release of pip is available: {version} -> {newest[0]}\n"
                       "[notice] To update, run: pip install --upgrade pip\n")  # fmt: skip
