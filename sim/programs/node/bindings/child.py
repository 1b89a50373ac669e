"""Children: fork, exec, pipes, and waiting for them."""

from __future__ import annotations

import errno
from functools import partial
from typing import TYPE_CHECKING, Any

from sim.abi import WNOHANG, Proc
from sim.kernel import signals
from sim.programs.node.bindings.buffer import buffer, given
from sim.programs.node.bindings.files import system_error
from sim.programs.node.library.arrays import items_of
from sim.programs.node.operators import text, truth
from sim.programs.node.values import JSObject, null, waits

if TYPE_CHECKING:
    from sim.programs.node.machine import Machine
    from sim.programs.node.realm import Realm

NOT_FOUND = 127
SIGCHLD = signals.NUMBERS["CHLD"]


class Children:
    """Of one machine."""

    def __init__(self, machine: Machine) -> None:
        self._machine, self._proc = machine, machine.proc
        self._waited: dict[int, Any] = {}
        machine.proc.signal(SIGCHLD, machine.signals.append)
        machine.child_ended = self._look

    def _main(self, path: str, words: list[str], cwd: Any, env: Any) -> Any:
        realm = self._machine.realm
        variables = None
        if isinstance(env, JSObject):
            variables = {str(key): text(realm, env.props[key]) for key in env.props if env.props[key] is not None}

        async def main(proc: Proc) -> int:
            if cwd is not None:
                proc.chdir(str(cwd))
            try:
                await proc.execve(path, words, dict(variables if variables is not None else proc.env))
            except OSError:
                return NOT_FOUND
            return 0

        return main

    def _path(self, realm: Realm, file: Any, cwd: Any) -> str:
        name = str(file)
        found = name if "/" in name and self._proc.access(name, 1) else self._proc.which(name)
        if found is None:
            raise system_error(realm, FileNotFoundError(errno.ENOENT, ""), f"spawn {name}")
        return found

    def spawn(self, realm: Realm, this: Any, file: Any, args: Any, cwd: Any, env: Any, kinds: Any) -> JSObject:
        """Start: { pid, stdin, stdout, stderr }, descriptors of ours where there are pipes."""
        proc = self._proc
        path = self._path(realm, file, cwd)
        fds: dict[int, int] = {}
        ours: dict[str, float] = {}
        theirs: list[int] = []
        for number, name in enumerate(("stdin", "stdout", "stderr")):
            kind = items_of(realm, kinds)[number]
            if kind == "pipe":
                reading, writing = proc.pipe()
                one, other = (reading, writing) if number == 0 else (writing, reading)
                fds[number], ours[name] = one, float(other)
                theirs.append(one)
            elif kind == "ignore":
                fds[number] = proc.open("/dev/null", 2)
                theirs.append(fds[number])
        words = [str(file), *(text(realm, word) for word in items_of(realm, args))]
        inner = self._main(path, words, cwd, env)

        async def main(child: Proc) -> int:
            for fd in ours.values():
                child.close(int(fd))
            return await inner(child)  # type: ignore[no-any-return]

        pid = proc.fork(main, fds)
        for fd in theirs:
            proc.close(fd)
        return realm.object({"pid": float(pid), **ours})

    def wait(self, realm: Realm, this: Any, pid: Any, callback: Any) -> None:
        """Call back with (code, signal) when a child has ended."""
        self._machine.pending += 1
        self._waited[int(pid)] = callback
        self._machine.later(lambda: waits(self._look()))

    async def _look(self) -> None:
        """Which of the children that somebody waits for have ended."""
        for pid, callback in list(self._waited.items()):
            try:
                found, status = await self._proc.wait(pid, WNOHANG)
            except ChildProcessError:
                found, status = pid, 0
            if found and pid in self._waited:
                del self._waited[pid]
                self._machine.pending -= 1
                self._machine.later(partial(self._machine.realm.began, callback, None, *_told(status)))

    async def _ended(self, pid: int) -> int:
        while True:
            try:
                return (await self._proc.wait(pid))[1]
            except InterruptedError:
                continue
            except ChildProcessError:
                return 0

    def run(
        self, realm: Realm, this: Any, file: Any, args: Any, cwd: Any, env: Any, given_input: Any, inherits: Any
    ) -> Any:
        """To the end: { pid, status, signal, stdout, stderr, error }."""
        try:
            kinds = realm.array(["pipe", *(["inherit"] * 2 if truth(inherits) else ["pipe"] * 2)])
            started = self.spawn(realm, this, file, args, cwd, env, kinds)
        except Exception as failure:
            return realm.object({"status": null, "signal": null, "stdout": buffer(realm, b""),
                                 "stderr": buffer(realm, b""), "error": realm.caught(failure)})  # fmt: skip
        return waits(self._whole(realm, started, given(realm, given_input) if given_input is not None else b""))

    async def _whole(self, realm: Realm, started: JSObject, data: bytes) -> JSObject:
        proc = self._proc
        await self._machine.flush()
        stdin = int(started.props["stdin"])
        if data:
            await proc.write(stdin, data)
        proc.close(stdin)
        out = {}
        for name in ("stdout", "stderr"):
            fd = started.props.get(name)
            out[name] = buffer(realm, await proc.read_all(int(fd)) if fd is not None else b"")
            if fd is not None:
                proc.close(int(fd))
        code, signal = _told(await self._ended(int(started.props["pid"])))
        return realm.object({"pid": started.props["pid"], "status": code, "signal": signal, **out})


def _told(status: int) -> tuple[Any, Any]:
    return (null, f"SIG{signals.NAMES[-status]}") if status < 0 else (float(status), null)


def table(machine: Machine) -> dict[str, Any]:
    children = Children(machine)

    def close(realm: Realm, this: Any, fd: Any) -> None:
        machine.outbox.append((int(fd), "close"))

    return {"spawn": children.spawn, "wait": children.wait, "run": children.run, "close": close}
