"""npm: install, ci, init, ls, uninstall, run, start, test, view, audit, cache, config; npx. Source: docs.npmjs.com/cli.

node_modules, package.json and package-lock.json are what npm would write; what the scripts of packages would do is not.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from shlex import quote
from typing import Any

from engine.loop import SECOND
from sim.abi import Proc
from sim.programs.options import Grammar, Options, Usage, parse
from sim.programs.packages.npm_project import Project, Run, Stop
from sim.programs.packages.npm_tree import Node, NotFound, NoVersion, grow, prune

GRAMMAR = Grammar.of(
    "gDSEPOyhvdsf",
    {"global": "g", "save-dev": "D", "save": "S", "save-exact": "E", "save-prod": "P", "production": "production",
     "omit:": "omit", "only:": "omit", "yes": "y", "help": "h", "version": "v", "silent": "s", "force": "f",
     "no-save": "no-save", "no-audit": "no-audit", "no-fund": "no-fund", "legacy-peer-deps": "peer", "all": "all",
     "depth:": "depth", "loglevel:": "loglevel", "prefix:": "prefix", "no-package-lock": "no-package-lock",
     "ignore-scripts": "ignore-scripts", "unsafe-perm": "unsafe", "quiet": "quiet", "no-optional": "no-optional",
     "progress:": "progress", "location:": "location", "frozen-lockfile": "frozen", "prefer-offline": "offline",
     "audit:": "audit", "fund:": "fund", "json": "json", "package-lock-only": "lock-only", "registry:": "registry"},
)  # fmt: skip
USAGE = """\
npm <command>

Usage:

npm install        install all the dependencies in your project
npm install <foo>  add the <foo> dependency to your project
npm test           run this project's tests
npm run <foo>      run the script named <foo>
npm <command> -h   quick help on <command>
npm -l             display usage info for all commands
npm help <term>    search for help on <term>
npm help npm       more involved overview

All commands:

    audit, cache, ci, config, init, install, ls, run, start, test, uninstall, view
"""


async def npm(proc: Proc) -> int:
    try:
        options, words = parse(GRAMMAR, proc.argv[1:])
    except Usage as usage:
        await proc.err(f"npm error {usage.message}\n")
        return 1
    run = Run(proc, options, words[1:])
    if "v" in options:
        await proc.out(run.own_version() + "\n")
        return 0
    name = ALIASES.get(words[0], words[0]) if words else ""
    if name not in COMMANDS:
        await proc.out(f'Unknown command: "{name}"\n\n\nTo see a list of supported npm commands, run:\n  npm help\n'
                       if name else USAGE)  # fmt: skip
        return 1
    try:
        return await COMMANDS[name](run)
    except Stop as stop:
        await _log(run, stop)
        return stop.status
    finally:
        run.close()


async def npx(proc: Proc) -> int:
    """Run a command of node_modules/.bin; what is not there would be fetched."""
    words = [word for word in proc.argv[1:] if word not in ("-y", "--yes")]
    if not words:
        await proc.err("npx: which command?\n")
        return 1
    local = f"node_modules/.bin/{words[0]}"
    if proc.access(local, 1):
        return await proc.run([local, *words[1:]])
    run = Run(proc, Options([]), [])
    try:
        await run.look_or_stop(words[0].partition("@")[0] or words[0], "")
    except Stop as stop:
        await _log(run, stop)
        return stop.status
    await proc.err(f"npx: this simulated machine cannot run {words[0]}\n")
    return 1


async def _log(run: Run, stop: Stop) -> None:
    """The lines of the error, and where npm's log of it lies."""
    proc = run.proc
    when = datetime.fromtimestamp(proc.now() // SECOND, UTC)
    stamp = f"{when:%Y-%m-%dT%H_%M_%S}_{proc.now() // 10**6 % 1000:03}Z"
    path = f"{proc.env.get('HOME', '/root')}/.npm/_logs/{stamp}-debug-0.log"
    text = "".join(f"npm error {line}".rstrip() + "\n" for line in str(stop).split("\n"))
    await proc.err(text)
    with suppress(OSError):
        run.write(path, text)
        await proc.err(f"npm error A complete log of this run can be found in: {path}\n")


# -- commands


async def _install(run: Run) -> int:
    project = run.project()
    if not run.words and not project.exists:
        raise Stop.no_package(project)
    wanted = {} if run.is_global else project.wanted(run.production)
    asked = [_split(word) for word in run.words]
    wanted.update(dict(asked))
    before = project.installed()
    root = Node("", {})
    if not run.is_global and not asked:
        project.plant(root)
    try:
        await grow(root, wanted, run.look)
    except NotFound as missing:
        raise await run.not_found(missing.name, missing.wanted) from None
    except NoVersion as missing:
        raise Stop(f"code ETARGET\nnotarget No matching version found for {missing.name}@{missing.wanted}.\n"
                   "notarget In most cases you or one of your dependencies are requesting\n"
                   "notarget a package version that doesn't exist.") from None  # fmt: skip
    prune(root, wanted)
    await run.lay(project, root)
    if not run.is_global and "no-save" not in run.options:
        chosen = {name: _range(name, text, root, run.options) for name, text in asked}
        project.save(chosen, "D" in run.options, root)
    await run.tell(before, project.installed(), "added")
    return 0


def _split(word: str) -> tuple[str, str]:
    """ "express@4" -> ("express", "4"); scopes begin with an @, too."""
    name, at, version = word[1:].partition("@")
    return word[:1] + name, version if at else ""


def _range(name: str, text: str, root: Node, options: Options) -> str:
    """What is written into package.json."""
    version = root.children[name].version
    if text[:1] in ("^", "~", ">", "<"):
        return text
    return version if "E" in options or text == version else f"^{version}"


async def _ci(run: Run) -> int:
    project = run.project()
    if not project.exists:
        raise Stop.no_package(project)
    if not project.lock:
        raise Stop("code EUSAGE\n\nThe `npm ci` command can only install with an existing package-lock.json or\n"
                   "npm-shrinkwrap.json with lockfileVersion >= 1. Run an install with npm@5 or\n"
                   "later to generate a package-lock.json file, then try again.\n\nClean install a project\n\n"
                   "Usage:\nnpm ci\n\naliases: clean-install, ic, install-clean, isntall-clean\n\n"
                   'Run "npm help ci" for more info')  # fmt: skip
    wanted, root = project.wanted(run.production), Node("", {})
    project.plant(root)
    missing = [name for name in wanted if name not in root.children]
    if missing:
        listed = "\n".join(f"Missing: {name}@{wanted[name]} from lock file" for name in missing)
        raise Stop("code EUSAGE\n\n`npm ci` can only install packages when your package.json and package-lock.json or "
                   "npm-shrinkwrap.json are in sync. Please update your lock file with `npm install` before "
                   f"continuing.\n\n{listed}")  # fmt: skip
    await grow(root, wanted, run.look)
    prune(root, wanted)
    await run.clear(project)
    await run.lay(project, root)
    await run.tell({}, project.installed(), "added")
    return 0


async def _uninstall(run: Run) -> int:
    project = run.project()
    before = project.installed()
    project.forget(run.words)
    root = Node("", {})
    await grow(root, project.wanted(False), run.look)
    await run.clear(project)
    await run.lay(project, root)
    project.save({}, False, root)
    await run.tell(before, project.installed(), "removed")
    return 0


async def _init(run: Run) -> int:
    project = run.project()
    name = run.proc.cwd.rstrip("/").rpartition("/")[2].lower() or "app"
    content: dict[str, Any] = {"name": name, "version": "1.0.0", "description": "", "main": "index.js",
               "scripts": {"test": 'echo "Error: no test specified" && exit 1'}, "keywords": [], "author": "",
               "license": "ISC", "type": "commonjs"}  # fmt: skip
    content |= project.content
    path = f"{run.proc.cwd.rstrip('/')}/package.json"
    asks = "y" not in run.options
    if asks and not await _ask_for(run.proc, content, path):
        await run.proc.out("Aborted.\n")
        return 0
    project.write(content)
    if not asks:
        shown = json.dumps(project.content, indent=2)
        await run.proc.out(f"Wrote to {path}:\n\n{shown}\n\n\n\n")
    return 0


ABOUT_INIT = """\
This utility will walk you through creating a package.json file.
It only covers the most common items, and tries to guess sensible defaults.

See `npm help init` for definitive documentation on these fields
and exactly what they do.

Use `npm install <pkg>` afterwards to install a package and
save it as a dependency in the package.json file.

Press ^C at any time to quit.
"""


async def _ask_for(proc: Proc, content: dict[str, Any], path: str) -> bool:
    """What `npm init` asks; whether it is to be written. An empty answer leaves what there is."""
    lines = proc.lines()

    async def ask(question: str) -> str:
        await proc.out(question)
        return (await anext(lines, b"")).decode("utf-8", "replace").strip()

    await proc.out(ABOUT_INIT)
    for key in ("name", "version", "description", "main", "test", "git repository", "keywords", "author", "license"):
        known = content.get(key) if isinstance(content.get(key), str) else ""
        label = {"name": "package name", "main": "entry point", "test": "test command"}.get(key, key)
        answer = await ask(f"{label}: ({known}) " if known else f"{label}: ")
        if answer and key == "test":
            content["scripts"] = {**content.get("scripts", {}), "test": answer}
        elif answer and key == "keywords":
            content["keywords"] = answer.replace(",", " ").split()
        elif answer and key == "git repository":
            content["repository"] = {"type": "git", "url": answer}
        elif answer:
            content[key] = answer
    await proc.out(f"About to write to {path}:\n\n{json.dumps(content, indent=2)}\n\n\n")
    return (await ask("Is this OK? (yes) ")).lower() in ("", "y", "yes")


async def _ls(run: Run) -> int:
    project = run.project()
    installed, wanted = project.installed(), project.wanted(False) if not run.is_global else {}
    if run.is_global:
        wanted = {path.removeprefix("node_modules/"): "" for path in installed if path.count("node_modules/") == 1}
    name = project.content.get("name", "")
    head = f"{name}@{project.content.get('version', '')} " if name else ""
    lines = [f"{head}{project.folder}"]
    names = sorted(wanted)
    missing = []
    for name in names:
        version = installed.get(f"node_modules/{name}")
        mark = "└──" if name == names[-1] else "├──"
        if version is None:
            missing.append(f"missing: {name}@{wanted[name]}, required by {head.strip()}")
        lines.append(f"{mark} {name}@{version}" if version else f"{mark} UNMET DEPENDENCY {name}@{wanted[name]}")
    await run.proc.out("\n".join(lines if names else [*lines, "└── (empty)"]) + "\n\n")
    if missing:
        raise Stop("code ELSPROBLEMS\n" + "\n".join(missing))
    return 0


async def _run_script(run: Run) -> int:
    """`npm run NAME`, `npm start`, `npm test`."""
    project, proc = run.project(), run.proc
    if not project.exists:
        raise Stop.no_package(project)
    first = proc.argv[1]
    name = first if first in ("start", "test") else "test" if first == "t" else (run.words or [""])[0]
    scripts: Mapping[str, str] = project.content.get("scripts", {})
    command = scripts.get(name) or ("node server.js" if name == "start" and proc.access("server.js", 0) else "")
    if not name:
        await proc.out(_scripts_text(project))
        return 0
    if not command:
        raise Stop(f'Missing script: "{name}"\n\nTo see a list of scripts, run:\n  npm run')
    return await _steps(run, project, name, command)


LIFECYCLE = ("test", "start", "stop", "restart")


def _scripts_text(project: Project) -> str:
    """What `npm run` says of a project: the scripts that npm has commands for, then the others."""
    scripts: Mapping[str, str] = project.content.get("scripts", {})
    title = f"{project.content.get('name', '')}@{project.content.get('version', '')}"
    known = {name: text for name, text in scripts.items() if name in LIFECYCLE}
    others = {name: text for name, text in scripts.items() if name not in LIFECYCLE}
    parts = []
    for head, table in ((f"Lifecycle scripts included in {title}:", known), ("available via `npm run`:", others)):
        if table:
            parts.append(head + "\n" + "".join(f"  {name}\n    {text}\n" for name, text in table.items()))
    return "\n".join(parts)


async def _steps(run: Run, project: Project, name: str, command: str) -> int:
    """The script, between those that are called pre… and post…; the status of the first that fails."""
    scripts: Mapping[str, str] = project.content.get("scripts", {})
    version = str(project.content.get("version", ""))
    given = run.words if run.proc.argv[1] in ("start", "test", "t") else run.words[1:]
    more = "".join(f" {quote(word)}" for word in given)
    for step, text in ((f"pre{name}", scripts.get(f"pre{name}", "")), (name, command + more),
                       (f"post{name}", scripts.get(f"post{name}", ""))):  # fmt: skip
        if not text:
            continue
        if "s" not in run.options:
            await run.proc.out(f"\n> {project.content.get('name', '')}@{version} {step}\n> {text}\n\n")
        environ = {**run.proc.env, "npm_lifecycle_event": step, "npm_package_version": version,
                   "npm_package_name": str(project.content.get("name", "")), "npm_lifecycle_script": text,
                   "PATH": f"{run.proc.cwd.rstrip('/')}/node_modules/.bin:{run.proc.env.get('PATH', '')}"}  # fmt: skip
        status = await run.proc.run(["/bin/sh", "-c", text], environ)
        if status:
            return status
    return 0


async def _view(run: Run) -> int:
    name, wanted = _split((run.words or [""])[0])
    document = await run.look_or_stop(name, wanted)
    if run.words[1:2] == ["version"]:
        await run.proc.out(document["dist-tags"]["latest"] + "\n")
        return 0
    latest = document["versions"][document["dist-tags"]["latest"]]
    needs = len(latest.get("dependencies", {})) or "none"
    await run.proc.out(f"\n{name}@{latest['version']} | MIT | deps: {needs} | versions: {len(document['versions'])}\n"
                       f"{document.get('description', '')}\n\ndist\n.tarball: {latest['dist']['tarball']}\n"
                       f".integrity: {latest['dist']['integrity']}\n\n"
                       f"dist-tags:\nlatest: {latest['version']}\n")  # fmt: skip
    return 0


async def _audit(run: Run) -> int:
    await run.proc.out("found 0 vulnerabilities\n")
    return 0


async def _cache(run: Run) -> int:
    if run.words[:1] == ["clean"]:
        await run.proc.err("npm warn using --force Recommended protections disabled.\n")
        await run.proc.run(["rm", "-rf", f"{run.proc.env.get('HOME', '/root')}/.npm/_cacache"])
    return 0


async def _nothing(run: Run) -> int:
    return 0


Command = Callable[[Run], Awaitable[int]]
COMMANDS: Mapping[str, Command] = {
    "install": _install, "ci": _ci, "uninstall": _uninstall, "init": _init, "ls": _ls, "run": _run_script,
    "start": _run_script, "test": _run_script, "view": _view, "audit": _audit, "cache": _cache, "config": _nothing,
    "fund": _nothing, "prune": _nothing, "rebuild": _nothing, "dedupe": _nothing,
}  # fmt: skip
ALIASES: Mapping[str, str] = {
    "i": "install", "add": "install", "clean-install": "ci", "rm": "uninstall", "remove": "uninstall",
    "un": "uninstall", "list": "ls", "run-script": "run", "t": "test", "info": "view", "show": "view", "set": "config",
}  # fmt: skip
