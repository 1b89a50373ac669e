"""A project of npm's: package.json, package-lock.json, node_modules; and one run of npm on it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

from sim.abi import Proc
from sim.packages.archives import read_gzipped
from sim.packages.npmjs import REGISTRY
from sim.programs.options import Options
from sim.programs.packages.fetching import Downloads, Unconnected, Unresolved
from sim.programs.packages.laying import lay, make_directories
from sim.programs.packages.npm_tree import Document, Node, fits

TRIES, PATIENCE = 3, 10.0  # of a request; seconds before the second
GLOBAL = "/lib/node_modules"


class Stop(Exception):
    """Ends npm with `npm error` lines."""

    def __init__(self, text: str, status: int = 1) -> None:
        super().__init__(text)
        self.status = status

    @classmethod
    def no_package(cls, project: Project) -> Stop:
        path = f"{project.folder.rstrip('/')}/package.json"
        return cls(f"code ENOENT\nsyscall open\npath {path}\nerrno -2\n"
                   f"enoent Could not read package.json: Error: ENOENT: no such file or directory, open '{path}'\n"
                   "enoent This is related to npm not being able to find a file.\nenoent", 254)  # fmt: skip


class Project:
    """The folder with package.json and node_modules; for global installations it is PREFIX/lib."""

    def __init__(self, proc: Proc, folder: str) -> None:
        self._proc, self.folder = proc, folder
        self.content, self.exists = self._read("package.json")
        self.lock, _ = self._read("package-lock.json")

    def _read(self, name: str) -> tuple[dict[str, Any], bool]:
        path = self.path(name)
        try:
            found = json.loads(self._proc.read_file(path))
        except FileNotFoundError:
            return {}, False
        except ValueError:
            raise Stop(f"code EJSONPARSE\nJSON.parse Invalid package.json: JSONParseError: {path}\n"
                       f"JSON.parse Failed to parse JSON data.") from None  # fmt: skip
        return (found, True) if isinstance(found, dict) else ({}, True)

    def path(self, rest: str) -> str:
        return f"{self.folder.rstrip('/')}/{rest}"

    def wanted(self, production: bool) -> dict[str, str]:
        """{name: range}"""
        kinds = ("dependencies",) if production else ("dependencies", "devDependencies")
        return {name: text for kind in kinds for name, text in self.content.get(kind, {}).items()}

    def plant(self, root: Node) -> None:
        """Put what the lock file names into the tree, as far as it still is wanted."""
        wanted = self.wanted(False)
        for path, entry in sorted(
            self.lock.get("packages", {}).items(), key=lambda pair: pair[0].count("node_modules/")
        ):
            place, names = root, [name.strip("/") for name in path.split("node_modules/")[1:]]
            for name in names[:-1]:
                place = place.children.get(name, place)
            if names and not (place is root and names[0] in wanted and not fits(entry["version"], wanted[names[0]])):
                manifest = {**entry, "name": names[-1], "dist": {"tarball": entry.get("resolved", ""),
                            "integrity": entry.get("integrity", "")}}  # fmt: skip
                place.children[names[-1]] = Node(names[-1], manifest, place)

    def installed(self) -> dict[str, str]:
        """{ "node_modules/express": version}, also of nested ones."""
        found: dict[str, str] = {}
        self._find("node_modules", found)
        return found

    def _find(self, place: str, found: dict[str, str]) -> None:
        names = self._proc.listdir(self.path(place)) if self._proc.access(self.path(place), 0) else []
        for name in sorted(names):
            if name.startswith("@"):
                self._find(f"{place}/{name}", found)
                continue
            with suppress(OSError, ValueError):
                text = self._proc.read_file(self.path(f"{place}/{name}/package.json"))
                found[f"{place}/{name}"] = str(json.loads(text)["version"])
                self._find(f"{place}/{name}/node_modules", found)

    def save(self, chosen: Mapping[str, str], development: bool, root: Node) -> None:
        """Write what was asked for into package.json, and the tree into package-lock.json."""
        if chosen:
            kind = "devDependencies" if development else "dependencies"
            self.content[kind] = dict(sorted({**self.content.get(kind, {}), **chosen}.items()))
            self.write(self.content)
        top = {name: self.content[name] for name in ("name", "version", "dependencies", "devDependencies")
               if name in self.content}  # fmt: skip
        packages: dict[str, Any] = {"": top}
        for node in root.walk():
            kept = {name: node.manifest[name] for name in ("version", "license", "bin", "dependencies", "funding")
                    if name in node.manifest}  # fmt: skip
            dist = node.manifest["dist"]
            packages[node.path] = {**kept, "resolved": dist["tarball"], "integrity": dist["integrity"]}
        name = self.content.get("name", self.folder.rpartition("/")[2])
        lock = {"name": name, "lockfileVersion": 3, "requires": True, "packages": packages}
        self._proc.write_file(self.path("package-lock.json"), (json.dumps(lock, indent=2) + "\n").encode())

    def forget(self, names: list[str]) -> None:
        for kind in ("dependencies", "devDependencies"):
            for name in names:
                self.content.get(kind, {}).pop(name, None)
        self.write(self.content)

    def write(self, content: dict[str, Any]) -> None:
        self.content, self.exists = content, True
        self._proc.write_file(self.path("package.json"), (json.dumps(content, indent=2) + "\n").encode())


class Run:
    """One command line of npm."""

    def __init__(self, proc: Proc, options: Options, words: list[str]) -> None:
        self.proc, self.options, self.words = proc, options, words
        self._downloads = Downloads(proc, "npm")
        self._documents: dict[str, Document | None] = {}
        self._funded = 0  # packages in the tree that ask for money
        self.is_global = "g" in options or options.get("location") == "global"
        development = options.get("omit") == "dev" or options.get("omit") in ("prod", "production")
        self.production = "production" in options or development or proc.env.get("NODE_ENV") == "production"

    def close(self) -> None:
        self._downloads.close()

    @property
    def prefix(self) -> str:
        """ "/usr/local" of /usr/local/bin/npm."""
        return (self.proc.which("npm") or "/usr/local/bin/npm").rpartition("/bin/")[0]

    def own_version(self) -> str:
        for folder in (self.prefix + GLOBAL, "/usr" + GLOBAL):
            with suppress(OSError, ValueError, KeyError):
                return str(json.loads(self.proc.read_file(f"{folder}/npm/package.json").rstrip(b"\0"))["version"])
        return "11.8.0"

    def project(self) -> Project:
        return Project(self.proc, self.prefix + "/lib" if self.is_global else self.proc.cwd)

    def write(self, path: str, text: str) -> None:
        make_directories(self.proc, path.rpartition("/")[0])
        self.proc.write_file(path, text.encode())

    async def look(self, name: str) -> Document | None:
        """What the registry tells of a package; None if it has none. Raises Stop."""
        if name not in self._documents:
            data = await self._get(f"{REGISTRY}/{name.replace('/', '%2f')}")
            self._documents[name] = json.loads(data) if data is not None else None
        return self._documents[name]

    async def look_or_stop(self, name: str, wanted: str) -> Document:
        document = await self.look(name)
        if document is None:
            raise await self.not_found(name, wanted)
        return document

    async def not_found(self, name: str, wanted: str) -> Stop:
        return Stop(f"code E404\n404 Not Found - GET {REGISTRY}/{name.replace('/', '%2f')} - Not found\n404\n"
                    f"404  The requested resource '{name}@{wanted or '*'}' could not be found or you do not have "
                    "permission to access it.\n404\n404 Note that you can also install from a\n"
                    "404 tarball, folder, http url, or git folder.")  # fmt: skip

    async def _get(self, url: str) -> bytes | None:
        for left in range(TRIES - 1, -1, -1):
            try:
                got = await self._downloads.get(url)
                return got.data if got.status == 200 else None
            except (Unresolved, Unconnected) as failure:
                if not left:
                    raise _unreachable(url, failure) from None
                await self.proc.sleep(PATIENCE * (TRIES - left))
        return None

    async def lay(self, project: Project, root: Node) -> None:
        """Fetch and unpack what is not there yet; what has no place in the tree goes (not of what is global)."""
        installed = project.installed()
        self._funded = sum(1 for node in root.walk() if "funding" in node.manifest)
        there = {node.path for node in root.walk()}
        for path in installed.keys() - there if not self.is_global else ():
            await self.proc.run(["rm", "-rf", project.path(path)])
        for node in root.walk():
            if installed.get(node.path) == node.version:
                continue
            data = await self._get(node.manifest["dist"]["tarball"])
            if data is None:
                raise await self.not_found(node.name, node.version)
            entries = [replace(entry, path=entry.path.partition("/")[2]) for entry in read_gzipped(data)]
            await lay(self.proc, entries, project.path(node.path))
            self._link(project, node)
        if not self.is_global and root.children:
            self._hide(project, root)

    def _hide(self, project: Project, root: Node) -> None:
        """node_modules/.package-lock.json: what lies there, for the next run."""
        packages = {node.path: {"version": node.version} for node in root.walk()}
        lock = {"lockfileVersion": 3, "requires": True, "packages": packages}
        self.write(project.path("node_modules/.package-lock.json"), json.dumps(lock, indent=2) + "\n")

    def _link(self, project: Project, node: Node) -> None:
        """Commands of a package, in node_modules/.bin or the prefix's bin."""
        if node.path.count("node_modules/") > 1:
            return
        for command, file in node.manifest.get("bin", {}).items():
            folder = f"{self.prefix}/bin" if self.is_global else project.path("node_modules/.bin")
            above = f"../lib/{node.path}" if self.is_global else f"../{node.name}"
            make_directories(self.proc, folder)
            with suppress(FileNotFoundError):
                self.proc.unlink(f"{folder}/{command}")
            self.proc.symlink(f"{above}/{file}", f"{folder}/{command}")

    async def clear(self, project: Project) -> None:
        """Remove node_modules."""
        if self.proc.access(project.path("node_modules"), 0):
            await self.proc.run(["rm", "-rf", project.path("node_modules")])

    async def tell(self, before: Mapping[str, str], after: Mapping[str, str], verb: str) -> None:
        """What was done, and the lines that npm ends with."""
        if "s" in self.options or self.options.get("loglevel") == "silent":
            return
        added, removed = len(after.keys() - before.keys()), len(before.keys() - after.keys())
        changed = sum(1 for path in after.keys() & before.keys() if after[path] != before[path])
        count = added if verb == "added" else removed
        parts = [f"{verb} {_packages(count)}"] if count else []
        parts += [f"changed {_packages(changed)}"] if changed else []
        seconds = self._downloads.seconds
        spent = f"{seconds:.0f}s" if seconds >= 1 else f"{seconds * 1000:.0f}ms"
        audits = not self.is_global and "no-audit" not in self.options and self.options.get("audit") != "false"
        done = ", ".join(parts) or "up to date"
        audited = f"{', and ' if parts else ', '}audited {_packages(len(after) + 1)}" if audits else ""
        await self.proc.out(f"\n{done}{audited} in {spent}\n")
        funded = self._funded
        if funded and not self.is_global and "no-fund" not in self.options:
            one = funded == 1
            await self.proc.out(f"\n{_packages(funded)} {'is' if one else 'are'} looking for funding\n"
                                "  run `npm fund` for details\n")  # fmt: skip
        if audits:
            await self.proc.out("\nfound 0 vulnerabilities\n")


def _packages(count: int) -> str:
    return f"{count} package{'' if count == 1 else 's'}"


def _unreachable(url: str, failure: Unresolved | Unconnected) -> Stop:
    host = url.partition("://")[2].partition("/")[0]
    if isinstance(failure, Unresolved):
        code = "EAI_AGAIN" if failure.number == -3 else "ENOTFOUND"
        return Stop(f"code {code}\nsyscall getaddrinfo\nerrno {code}\n"
                    f"request to {url} failed, reason: getaddrinfo {code} {host}")  # fmt: skip
    return Stop(f"code ECONNREFUSED\nsyscall connect\nerrno ECONNREFUSED\n"
                f"FetchError: request to {url} failed, reason: connect ECONNREFUSED {failure.address}:443")  # fmt: skip
