"""CommonJS: where `require` finds modules, and running them once. Source: nodejs.org/api/modules.html.

Modules of node itself are JavaScript in `library/node` (as those of the real node are), on a few tables of functions of
ours (`bindings`).
"""

from __future__ import annotations

import json
import posixpath
from collections.abc import Generator
from importlib import import_module as python_module
from typing import TYPE_CHECKING, Any

from sim.programs.node.compiler.modules import Compiled, compiled
from sim.programs.node.errors import not_found, syntax_error
from sim.programs.node.finding import LIBRARY, exported, own_modules, upwards
from sim.programs.node.importing import Imports
from sim.programs.node.syntax.tokens import JSSyntaxError, in_pairs
from sim.programs.node.values import JSFunction, JSObject, Thrown, hidden

if TYPE_CHECKING:
    from sim.programs.node.machine import Machine

Steps = Generator[Any, Any, Any]
BINDINGS = ("buffer", "child", "console", "crypto", "files", "language", "network", "process", "timers", "zlib")
ENDINGS = (".js", ".json", ".node")


class Modules:
    """The modules of one program."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self.process: JSObject | None = None
        self.main: JSObject | None = None
        self._own: dict[str, JSObject] = {}
        self._bindings: dict[str, JSObject] = {}
        self._cache: JSObject | None = None
        self.imports = Imports(machine, self)

    # -- node's own

    def prepare(self) -> None:
        """The globals that are modules: process, console, Buffer, timers and so on."""
        realm = self._machine.realm
        self._cache = JSObject(None)
        self.own("internal/bootstrap")
        self.process = realm.value_of(realm.global_object, "process")

    def own(self, name: str) -> Any:
        """The exports of one of node's own modules."""
        realm = self._machine.realm
        if name not in self._own:
            module = self._own[name] = realm.object({"exports": realm.object()})
            file = f"node:{name}"
            program = compiled((LIBRARY / f"{name}.js").read_text("utf-8"), file, "script")
            main = realm.load(program, file)
            require = realm.native(lambda this, wanted=None, *_: self._inside(str(wanted)), "require", 1)
            realm.settle(main(None, module.props["exports"], require, module, file, ""))
        return self._own[name].props["exports"]

    def _inside(self, name: str) -> Any:
        """What node's own modules require: each other, and `binding:NAME`."""
        kind, _, rest = name.rpartition(":")
        if kind != "binding":
            return self.own(rest)
        if rest not in self._bindings:
            table = python_module(f"sim.programs.node.bindings.{rest}").table(self._machine)
            realm = self._machine.realm
            made = self._bindings[rest] = realm.object()
            for key, value in table.items():
                made.props[key] = realm.method(value, key) if callable(value) else value
        return self._bindings[rest]

    # -- CommonJS

    def require(self, name: str, folder: str, parent: JSObject | None = None) -> Any:
        """require(name) of a file in a folder; may have to run first. Raises Thrown."""
        plain = name.removeprefix("node:")
        if plain in own_modules():
            return self.own(plain)
        if name.startswith("node:"):
            raise self._machine.realm.error("Error", f"No such built-in module: {name}", "ERR_UNKNOWN_BUILTIN_MODULE")
        file = self.resolve(name, folder, parent)
        return self.load(file, parent)

    def load_main(self, file: str) -> Any:
        """The program itself."""
        return self._load(file, None, main=True)

    def load(self, file: str, parent: JSObject | None) -> Any:
        assert self._cache is not None
        realm = self._machine.realm
        known = self._cache.props.get(file)
        if isinstance(known, JSObject):
            return realm.value_of(known, "exports")
        if self.imports.is_module(file):
            return self._required_module(file)
        return self._load(file, parent)

    def _required_module(self, file: str) -> Steps:
        namespace = yield self.imports.import_file(file)
        return namespace

    def _load(self, file: str, parent: JSObject | None, *, main: bool = False) -> Steps:
        """A CommonJS file, for the first time."""
        realm = self._machine.realm
        assert self._cache is not None
        module = self.new_module(file, parent)
        self._cache.props[file] = module
        if main:
            self.main = module
        source = self.source(file)
        if file.endswith(".json"):
            from sim.programs.node.library.jsons import parse

            try:
                module.props["exports"] = parse(realm, source)
            except Thrown as thrown:
                thrown.value.props["message"] = hidden(f"{file}: {thrown.value.props['message'].value}")
                del self._cache.props[file]
                raise
            return module.props["exports"]
        run = realm.load(self.compiled_file(file), file)
        exports = module.props["exports"]
        try:
            yield run(exports, exports, self.require_for(module), module, file, posixpath.dirname(file))
        except BaseException:
            self._cache.props.pop(file, None)
            raise
        module.props["loaded"] = True
        return realm.value_of(module, "exports")

    def compiled_file(self, file: str) -> Compiled:
        """A script, or what is wrong with it. Raises Thrown."""
        source = self.source(file)
        try:
            return compiled(source, file, "module" if self.imports.is_module(file) else "script")
        except JSSyntaxError as failure:
            raise syntax_error(self._machine.realm, failure, file, source) from None

    def new_module(self, file: str, parent: JSObject | None) -> JSObject:
        realm = self._machine.realm
        folder = posixpath.dirname(file)
        folders = [f"{place.rstrip('/')}/node_modules" for place in upwards(folder)]
        return JSObject(realm.object_prototype, {
            "id": "." if parent is None else file, "path": folder, "exports": realm.object(), "filename": file,
            "loaded": False, "children": realm.array([]), "paths": realm.array(list(folders)),
            "parent": hidden(parent)}, kind="Module")  # fmt: skip

    def require_for(self, module: JSObject) -> JSFunction:
        """The function `require` of a module."""
        realm = self._machine.realm
        folder = str(module.props["path"])

        def code(this: Any, name: Any = None, *_: Any) -> Any:
            if not isinstance(name, str):
                from sim.programs.node.inspecting import brief

                raise realm.error("TypeError", 'The "id" argument must be of type string. Received '
                                  f"{brief(name)}", "ERR_INVALID_ARG_TYPE")  # fmt: skip
            return self.require(name, folder, module)

        made = realm.native(code, "require", 1)
        made.props["resolve"] = realm.native(
            lambda this, name=None, *_: name if str(name).removeprefix("node:") in own_modules()
            else self.resolve(str(name), folder, module), "resolve", 1)  # fmt: skip
        made.props["cache"] = self._cache
        made.props["main"] = self.main
        return made

    def source(self, file: str) -> str:
        return in_pairs(self._machine.proc.read_file(file).decode("utf-8", "replace").removeprefix("\ufeff"))

    # -- where files are

    def resolve(self, name: str, folder: str, parent: JSObject | None = None) -> str:
        """The path of the file. Raises Thrown with MODULE_NOT_FOUND."""
        if name.startswith(("./", "../", "/")) or name in (".", ".."):
            found = self._file(posixpath.normpath(posixpath.join(folder, name)), name.endswith("/"))
        else:
            found = self.package(name, folder)
        if found is None:
            raise self._not_found(name, parent)
        return self._machine.proc.realpath(found)

    def _not_found(self, name: str, parent: JSObject | None) -> Thrown:
        stack: list[Any] = []
        at: Any = parent
        while isinstance(at, JSObject):
            stack.append(at.props["filename"])
            at = at.props["parent"].value
        lines = "\nRequire stack:\n" + "\n".join(f"- {file}" for file in stack) if stack else ""
        realm = self._machine.realm
        thrown = realm.error("Error", f"Cannot find module '{name}'{lines}")
        thrown.value.props |= {"code": "MODULE_NOT_FOUND", "requireStack": realm.array(list(stack))}
        not_found(realm, thrown.value)
        return thrown

    def is_file(self, path: str) -> bool:
        try:
            return self._machine.proc.stat(path).mode & 0o170000 == 0o100000
        except OSError:
            return False

    def _file(self, path: str, only_folder: bool = False) -> str | None:
        """A file, with one of the endings if need be, or what a folder's package.json or index is."""
        if not only_folder:
            for ending in ("", *ENDINGS):
                if self.is_file(path + ending):
                    return path + ending
        main = self.package_json(path).get("main")
        if isinstance(main, str):
            target = posixpath.normpath(posixpath.join(path, main))
            for candidate in (target, *(target + ending for ending in ENDINGS), f"{target}/index.js"):
                if self.is_file(candidate):
                    return candidate
        return next((f"{path}/index{ending}" for ending in ENDINGS if self.is_file(f"{path}/index{ending}")), None)

    def package_json(self, folder: str) -> dict[str, Any]:
        try:
            found = json.loads(self._machine.proc.read_file(f"{folder.rstrip('/')}/package.json"))
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def package(self, name: str, folder: str, importing: bool = False) -> str | None:
        parts = name.split("/")
        size = 2 if name.startswith("@") else 1
        package, inside = "/".join(parts[:size]), "/".join(parts[size:])
        extra = [part for part in self._machine.proc.env.get("NODE_PATH", "").split(":") if part]
        for place in [*(f"{one.rstrip('/')}/node_modules" for one in upwards(folder)), *extra]:
            where = f"{place}/{package}"
            exports = self.package_json(where).get("exports")
            if exports is not None:
                target = exported(exports, f"./{inside}" if inside else ".", importing)
                if target is not None:
                    return posixpath.normpath(posixpath.join(where, target))
            found = self._file(f"{where}/{inside}".rstrip("/"))
            if found is not None:
                return found
        return None
