"""TCP of the simulated network, names, and HTTP's grammar (h11's). Source: nodejs.org/api/net.html, http.html."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING, Any

from sim.programs.node.bindings.buffer import buffer, given
from sim.programs.node.values import JSFunction, JSObject, Thrown

if TYPE_CHECKING:
    from sim.programs.node.machine import Machine
    from sim.programs.node.realm import Realm

LISTEN_WORDS = {errno.EADDRINUSE: "address already in use", errno.EACCES: "permission denied",
                errno.EADDRNOTAVAIL: "address not available"}  # fmt: skip


def connection_error(realm: Realm, failure: OSError, call: str, address: str, port: int) -> Thrown:
    """`connect ECONNREFUSED 127.0.0.1:6379`"""
    code = errno.errorcode.get(failure.errno or 0, "ECONNRESET")
    words = f": {LISTEN_WORDS.get(failure.errno or 0, '')}" if call == "listen" else ""
    thrown = realm.error("Error", f"{call} {code}{words} {address}:{port}" if address else f"{call} {code}")
    thrown.value.props["code"] = code
    thrown.value.props["errno"] = -float(failure.errno or 0)
    thrown.value.props |= {"syscall": call, "address": address, "port": float(port)}
    return thrown


def name_error(realm: Realm, host: str, failure: OSError) -> Thrown:
    code = "EAI_AGAIN" if failure.errno == -3 else "ENOTFOUND"
    thrown = realm.error("Error", f"getaddrinfo {code} {host}")
    thrown.value.props |= {"errno": -3001.0 if code == "EAI_AGAIN" else -3008.0, "code": code, "syscall": "getaddrinfo",
                           "hostname": host}  # fmt: skip
    return thrown


class Sockets:
    """The sockets of one machine: descriptors, and whom to call when something comes."""

    def __init__(self, machine: Machine) -> None:
        self._machine, self._proc = machine, machine.proc
        self._listeners: dict[int, Any] = {}

    def listen(self, realm: Realm, this: Any, host: Any, port: Any, callback: JSFunction) -> JSObject:
        """Call back with (descriptor, address, port) of each connection."""
        address = "0.0.0.0" if host in (None, "::", "localhost") and host != "localhost" else str(host)
        address = "127.0.0.1" if address == "localhost" else address
        try:
            listener = self._proc.net.listen(address, int(port))
        except OSError as failure:
            raise connection_error(realm, failure, "listen", str(host or "::").replace("localhost", "127.0.0.1"),
                                   int(port)) from None  # fmt: skip
        self._listeners[listener.fd] = listener

        async def ready() -> None:
            fd = await self._proc.net.accept(listener.fd)
            peer = self._proc.net.peer(fd)
            await self._machine.task(realm.began(callback, None, float(fd), peer[0], float(peer[1])))

        self._machine.watch(listener.fd, ready)
        return realm.object({"fd": float(listener.fd), "port": float(listener.address[1])})

    def connect(self, realm: Realm, this: Any, host: Any, port: Any, callback: JSFunction) -> None:
        """Call back with (error, null) or (null, descriptor, address)."""
        name, number = str(host or "localhost"), int(port)

        def work() -> Any:
            from sim.programs.node.values import Waiting

            def steps() -> Any:
                try:
                    found = yield Waiting(self._connected(realm, name, number))
                except Thrown as thrown:
                    return (yield realm.start(callback, None, thrown.value))
                return (yield realm.start(callback, None, None, float(found[0]), found[1]))

            return steps()

        self._machine.later(work)

    async def _connected(self, realm: Realm, name: str, port: int) -> tuple[int, str]:
        try:
            addresses = await self._proc.net.resolve(name, 4)
        except OSError as failure:
            raise name_error(realm, name, failure) from None
        try:
            return await self._proc.net.connect(addresses[0], port), addresses[0]
        except OSError as failure:
            raise connection_error(realm, failure, "connect", addresses[0], port) from None

    def read(self, realm: Realm, this: Any, fd: Any, callback: JSFunction) -> None:
        """Call back with (error, data); data undefined at the end."""
        number = int(fd)

        async def ready() -> None:
            error, data = None, b""
            try:
                data = await self._proc.read(number)
            except InterruptedError:
                return
            except OSError as failure:
                error = connection_error(realm, failure, "read", "", 0).value
            if not data:
                self._machine.unwatch(number)
            await self._machine.task(realm.began(callback, None, error, buffer(realm, data) if data else None))

        self._machine.watch(number, ready)

    def close(self, realm: Realm, this: Any, fd: Any) -> None:
        number = int(fd)
        self._machine.unwatch(number)
        listener = self._listeners.pop(number, None)
        if listener is not None:
            listener.close()
            return
        self._machine.outbox.append((number, "close"))

    def end(self, realm: Realm, this: Any, fd: Any) -> None:
        """Write no more."""
        self._machine.outbox.append((int(fd), "end"))

    def keep(self, realm: Realm, this: Any, fd: Any, refed: Any) -> None:
        (self._machine.unrefed.discard if refed else self._machine.unrefed.add)(int(fd))

    def lookup(self, realm: Realm, this: Any, name: Any, callback: JSFunction) -> None:
        from sim.programs.node.values import Waiting

        async def resolved() -> Any:
            try:
                return realm.array(list(await self._proc.net.resolve(str(name), 4)))
            except OSError as failure:
                raise name_error(realm, str(name), failure) from None

        def steps() -> Any:
            try:
                found = yield Waiting(resolved())
            except Thrown as thrown:
                return (yield realm.start(callback, None, thrown.value))
            return (yield realm.start(callback, None, None, found))

        self._machine.later(steps)


def table(machine: Machine) -> dict[str, Any]:
    from sim.programs.node.bindings.messages import parser

    sockets = Sockets(machine)

    def write(realm: Realm, this: Any, fd: Any, data: Any, encoding: Any = None) -> float:
        content = given(realm, data, encoding)
        machine.write(int(fd), content)
        return float(len(content))

    return {"listen": sockets.listen, "connect": sockets.connect, "read": sockets.read, "close": sockets.close,
            "end": sockets.end, "write": write, "keep": sockets.keep, "lookup": sockets.lookup,
            "parser": parser}  # fmt: skip
