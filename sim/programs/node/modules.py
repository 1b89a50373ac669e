"""Modules: where `require` and `import` find them, and running them once. Source: nodejs.org/api/modules.html, esm.html.

Modules of node itself are JavaScript in `library/node` (as those of the real node are), on a few tables of functions of
ours (`bindings`).
"""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Callable, Generator, Sequence
from functools import cache, partial
from importlib import import_module as python_module
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote

from sim.programs.node.compiler.modules import compiled
from sim.programs.node.syntax.tokens import JSSyntaxError, in_pairs
from sim.programs.node.values import JSFunction, JSObject, Property, Thrown, hidden

if TYPE_CHECKING:
    from sim.programs.node.machine import Machine

Steps = Generator[Any, Any, Any]
LIBRARY = Path(__file__).parent / "library" / "node"
BINDINGS = ("buffer", "child", "console", "crypto", "files", "language", "network", "process", "timers", "zlib")
_MODULE_WORDS = re.compile(r"\b(?:import|export|await)\b")
ENDINGS = (".js", ".json", ".node")


@cache
def own_modules() -> frozenset[str]:
    """Names of node's own modules."""
    found = {file.relative_to(LIBRARY).with_suffix("").as_posix() for file in LIBRARY.rglob("*.js")}
    return frozenset(name for name in found if not name.startswith("internal/"))


class Modules:
    """The modules of one program."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self.process: JSObject | None = None
        self.main: JSObject | None = None
        self._own: dict[str, JSObject] = {}
        self._bindings: dict[str, JSObject] = {}
        self._cache: JSObject | None = None
        self._namespaces: dict[str, JSObject] = {}
        self._loading: dict[str, JSObject] = {}

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
        if self.is_module(file):
            return self._required_module(file)
        return self._load(file, parent)

    def _required_module(self, file: str) -> Steps:
        namespace = yield self.import_file(file)
        return namespace

    def _load(self, file: str, parent: JSObject | None, *, main: bool = False) -> Steps:
        """A CommonJS file, for the first time."""
        realm, machine = self._machine.realm, self._machine
        assert self._cache is not None
        module = self.new_module(file, parent)
        self._cache.props[file] = module
        if main:
            self.main = module
        source = self._source(file)
        if file.endswith(".json"):
            from sim.programs.node.library.jsons import parse

            try:
                module.props["exports"] = parse(realm, source)
            except Thrown as thrown:
                thrown.value.props["message"] = hidden(f"{file}: {thrown.value.props['message'].value}")
                del self._cache.props[file]
                raise
            return module.props["exports"]
        try:
            program = compiled(source, file, "script")
        except JSSyntaxError as failure:
            raise syntax_error(self._machine, failure, file, source) from None
        run = realm.load(program, file)
        exports = module.props["exports"]
        try:
            yield run(exports, exports, self.require_for(module), module, file, posixpath.dirname(file))
        except BaseException:
            self._cache.props.pop(file, None)
            raise
        module.props["loaded"] = True
        return realm.value_of(module, "exports")

    def new_module(self, file: str, parent: JSObject | None) -> JSObject:
        realm = self._machine.realm
        folder = posixpath.dirname(file)
        folders = [f"{place.rstrip('/')}/node_modules" for place in _upwards(folder)]
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

    # -- where files are

    def resolve(self, name: str, folder: str, parent: JSObject | None = None) -> str:
        """The path of the file. Raises Thrown with MODULE_NOT_FOUND."""
        if name.startswith(("./", "../", "/")) or name in (".", ".."):
            found = self._file(posixpath.normpath(posixpath.join(folder, name)), name.endswith("/"))
        else:
            found = self._package(name, folder)
        if found is None:
            raise self._not_found(name, parent)
        return self._machine.proc.realpath(found)

    def _not_found(self, name: str, parent: JSObject | None) -> Thrown:
        from sim.programs.node.errors import not_found

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

    def _is_file(self, path: str) -> bool:
        try:
            return self._machine.proc.stat(path).mode & 0o170000 == 0o100000
        except OSError:
            return False

    def _file(self, path: str, only_folder: bool = False) -> str | None:
        """A file, with one of the endings if need be, or what a folder's package.json or index is."""
        if not only_folder:
            for ending in ("", *ENDINGS):
                if self._is_file(path + ending):
                    return path + ending
        main = self.package_json(path).get("main")
        if isinstance(main, str):
            target = posixpath.normpath(posixpath.join(path, main))
            for candidate in (target, *(target + ending for ending in ENDINGS), f"{target}/index.js"):
                if self._is_file(candidate):
                    return candidate
        return next((f"{path}/index{ending}" for ending in ENDINGS if self._is_file(f"{path}/index{ending}")), None)

    def package_json(self, folder: str) -> dict[str, Any]:
        try:
            found = json.loads(self._machine.proc.read_file(f"{folder.rstrip('/')}/package.json"))
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def _package(self, name: str, folder: str, importing: bool = False) -> str | None:
        parts = name.split("/")
        size = 2 if name.startswith("@") else 1
        package, inside = "/".join(parts[:size]), "/".join(parts[size:])
        extra = [part for part in self._machine.proc.env.get("NODE_PATH", "").split(":") if part]
        for place in [*(f"{one.rstrip('/')}/node_modules" for one in _upwards(folder)), *extra]:
            where = f"{place}/{package}"
            exports = self.package_json(where).get("exports")
            if exports is not None:
                target = _exported(exports, f"./{inside}" if inside else ".", importing)
                if target is not None:
                    return posixpath.normpath(posixpath.join(where, target))
            found = self._file(f"{where}/{inside}".rstrip("/"))
            if found is not None:
                return found
        return None

    # -- ECMAScript modules

    def is_module(self, file: str) -> bool:
        if file.endswith((".mjs", ".cjs", ".json")):
            return file.endswith(".mjs")
        for place in _upwards(posixpath.dirname(file)):
            if self._is_file(f"{place.rstrip('/')}/package.json"):
                kind = self.package_json(place).get("type")
                return kind == "module" or (kind is None and self._has_module_syntax(file))
        return self._has_module_syntax(file)

    def _has_module_syntax(self, file: str) -> bool:
        """What is no script, and a module: import, export, or await at the top."""
        source = self._source(file)
        if not _MODULE_WORDS.search(source):
            return False
        try:
            compiled(source, file, "script")
        except JSSyntaxError:
            try:
                compiled(source, f"file://{quote(file)}", "module")
            except JSSyntaxError:
                return False
            return True
        return False

    def _source(self, file: str) -> str:
        return in_pairs(self._machine.proc.read_file(file).decode("utf-8", "replace").removeprefix("\ufeff"))

    def import_later(self, name: Any) -> Any:
        """import(name): a promise."""
        from sim.programs.node.promises import new_promise, reject, resolve

        realm = self._machine.realm
        promise = new_promise(realm)
        folder = self._machine.proc.cwd

        def work() -> Steps:
            try:
                namespace = yield self.import_(str(name), folder)
            except Thrown as thrown:
                reject(realm, promise, thrown.value)
                return
            resolve(realm, promise, namespace)

        realm.jobs.append(work)
        return promise

    def import_(self, name: str, folder: str, parent: str = "") -> Steps:
        """The namespace of a module."""
        plain = name.removeprefix("node:")
        if plain in own_modules():
            return self._around(self.own(plain), f"node:{plain}")
        if name.startswith("file://"):
            name = unquote(name.removeprefix("file://"))
        if name.startswith(("./", "../", "/")):
            file = posixpath.normpath(posixpath.join(folder, name))
            found = file if self._is_file(file) else None
        else:
            found = self._package(name, folder, importing=True)
        if found is None:
            what = f"package '{name}'" if not name.startswith((".", "/")) else f"module '{posixpath.join(folder, name)}'"
            what = posixpath.normpath(what) if "module '" in what else what
            thrown = self._machine.realm.error("Error", f"Cannot find {what} imported from {parent or folder}",
                                               "ERR_MODULE_NOT_FOUND")  # fmt: skip
            raise thrown
        return (yield self.import_file(self._machine.proc.realpath(found)))

    def import_file(self, file: str) -> Steps:
        if file in self._namespaces:
            return self._namespaces[file]
        if not self.is_module(file):
            exports = self.load(file, None)
            if isinstance(exports, Generator):
                exports = yield exports
            return self._around(exports, file)
        return (yield self._import_file(file))

    def _around(self, exports: Any, key: str) -> JSObject:
        """A CommonJS module, as import sees it: `default`, and its properties by name."""
        if key not in self._namespaces:
            namespace = self._namespaces[key] = JSObject(None, kind="Module")
            from sim.programs.node.access import enumerable_keys

            for name in enumerable_keys(exports) if isinstance(exports, JSObject) else ():
                self.export_live(namespace, name, partial(self._machine.realm.value_of, exports, name))
            namespace.props.setdefault("default", exports)
        return self._namespaces[key]

    def _import_file(self, file: str) -> Steps:
        from sim.programs.node.generators import _begin
        from sim.programs.node.promises import Promise

        realm, machine = self._machine.realm, self._machine
        namespace = self._namespaces[file] = JSObject(None, kind="Module")
        source = self._source(file)
        shown = f"file://{quote(file)}"
        try:
            program = compiled(source, shown, "module")
        except JSSyntaxError as failure:
            raise syntax_error(machine, failure, shown, source) from None
        main = realm.load(program, shown)
        folder = posixpath.dirname(file)
        modules: dict[str, JSObject] = {}
        for name in program.imports:
            modules[name] = yield self.import_(name, folder, file)
        meta = realm.object({"dirname": folder, "filename": file, "url": shown})
        promise = yield _begin(realm, main(None, meta, namespace, modules))
        state: Promise = promise.data
        while state.state == "pending" and (realm.jobs or machine.done):
            yield (realm.jobs.pop(0) if realm.jobs else machine.done.pop(0))()
        while state.state == "pending" and machine._alive():
            from sim.programs.node.values import Waiting

            yield Waiting(machine.turn())
        state.handled = True
        realm.unhandled.pop(id(promise), None)
        if state.state == "rejected":
            raise Thrown(state.value)
        return namespace

    def imported(self, namespace: JSObject, name: str) -> Any:
        realm = self._machine.realm
        if name not in namespace.props:
            raise realm.error("SyntaxError", f"The requested module does not provide an export named '{name}'")
        return realm.value_of(namespace, name)

    def export_value(self, namespace: JSObject, name: str, value: Any) -> None:
        namespace.props[name] = value

    def export_live(self, namespace: JSObject, name: str, getter: Callable[[], Any]) -> None:
        made = self._machine.realm.native(lambda this, *_: getter(), name)
        namespace.props[name] = Property(getter=made, enumerable=True)

    def export_from(self, namespace: JSObject, source: JSObject, names: Sequence[tuple[str, str]]) -> None:
        for local, outer in names:
            if local == "*" and outer:
                namespace.props[outer] = source
            for name in list(source.props) if local == "*" and not outer else [local] if local != "*" else []:
                if name != "default" or local != "*":
                    self.export_live(namespace, outer if local != "*" else name, partial(self.imported, source, name))


def _upwards(folder: str) -> list[str]:
    """A folder and all above it; inside node_modules that one is left out."""
    found = [folder]
    while folder != "/":
        folder = posixpath.dirname(folder)
        found.append(folder)
    return [one for one in found if not one.endswith("/node_modules")]


def _exported(exports: Any, wanted: str, importing: bool) -> str | None:
    """What the field `exports` of a package has for a path."""
    if isinstance(exports, dict) and any(key.startswith(".") for key in exports):
        exports = exports.get(wanted)
    elif wanted != ".":
        return None
    while isinstance(exports, dict):
        order = ("import" if importing else "require", "node", "default")
        exports = next((value for key, value in exports.items() if key in order), None)
    return exports if isinstance(exports, str) else None


def syntax_error(machine: Machine, failure: JSSyntaxError, file: str, source: str) -> Thrown:
    """A SyntaxError whose stack begins with the line."""
    from sim.programs.node.errors import put_stack, stack_of, syntax_text

    thrown = machine.realm.error("SyntaxError", failure.message)
    frames = stack_of(machine.realm, thrown.value).partition("\n")[2]
    where = syntax_text(machine.realm, failure, file, source)
    wrap = "wrapSafe (node:internal/modules/cjs/loader:1464:18)"
    put_stack(machine.realm, thrown.value, f"{where}\n    at {wrap}\n{frames}".rstrip())
    return thrown
