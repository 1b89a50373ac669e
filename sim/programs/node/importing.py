"""ECMAScript modules: import, export, and how CommonJS looks to them. Source: nodejs.org/api/esm.html."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Generator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote

from sim.programs.node.compiler.modules import compiled
from sim.programs.node.errors import syntax_error
from sim.programs.node.finding import own_modules, upwards
from sim.programs.node.syntax.tokens import JSSyntaxError
from sim.programs.node.values import JSObject, Property, Thrown, Waiting

if TYPE_CHECKING:
    from sim.programs.node.machine import Machine
    from sim.programs.node.modules import Modules
Steps = Generator[Any, Any, Any]
_MODULE_WORDS = re.compile(r"\b(?:import|export|await)\b")


class Imports:
    """The namespaces of one program's modules, by their files."""

    def __init__(self, machine: Machine, modules: Modules) -> None:
        self._machine, self._modules = machine, modules
        self._namespaces: dict[str, JSObject] = {}

    def is_module(self, file: str) -> bool:
        """By its ending, by the package.json above it, or by what is in it."""
        if file.endswith((".mjs", ".cjs", ".json")):
            return file.endswith(".mjs")
        for place in upwards(posixpath.dirname(file)):
            if self._modules.is_file(f"{place.rstrip('/')}/package.json"):
                kind = self._modules.package_json(place).get("type")
                return kind == "module" or (kind is None and self._has_module_syntax(file))
        return self._has_module_syntax(file)

    def _has_module_syntax(self, file: str) -> bool:
        """What is no script, and a module: import, export, or await at the top."""
        source = self._modules.source(file)
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
            return self._around(self._modules.own(plain), f"node:{plain}")
        if name.startswith("file://"):
            name = unquote(name.removeprefix("file://"))
        if name.startswith(("./", "../", "/")):
            file = posixpath.normpath(posixpath.join(folder, name))
            found = file if self._modules.is_file(file) else None
        else:
            found = self._modules.package(name, folder, importing=True)
        if found is None:
            what = (
                f"package '{name}'" if not name.startswith((".", "/")) else f"module '{posixpath.join(folder, name)}'"
            )
            what = posixpath.normpath(what) if "module '" in what else what
            thrown = self._machine.realm.error("Error", f"Cannot find {what} imported from {parent or folder}",
                                               "ERR_MODULE_NOT_FOUND")  # fmt: skip
            raise thrown
        return (yield self.import_file(self._machine.proc.realpath(found)))

    def import_file(self, file: str) -> Steps:
        if file in self._namespaces:
            return self._namespaces[file]
        if not self.is_module(file):
            exports = self._modules.load(file, None)
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
        source = self._modules.source(file)
        shown = f"file://{quote(file)}"
        try:
            program = compiled(source, shown, "module")
        except JSSyntaxError as failure:
            raise syntax_error(realm, failure, shown, source) from None
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
