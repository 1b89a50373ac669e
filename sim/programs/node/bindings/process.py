"""The process, the machine, and standard streams. Source: nodejs.org/api/process.html, os.html."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sim.kernel import signals
from sim.programs.node.bindings.buffer import buffer, given
from sim.programs.node.operators import integer, text
from sim.programs.node.values import Exit, JSObject, Property, waits

if TYPE_CHECKING:
    from sim.programs.node.machine import Machine
    from sim.programs.node.realm import Realm


class Environment(JSObject):
    """process.env: texts; what is changed is the process's own, and its children's."""

    __slots__ = ("_realm",)

    def __init__(self, realm: Realm) -> None:
        super().__init__(realm.object_prototype, None)
        self.props = realm.machine.proc.env
        self._realm = realm

    def put_own(self, key: Any, value: Any) -> None:
        held = value.value if type(value) is Property else value
        self.props[key] = text(self._realm, held)


def _write(machine: Machine) -> Any:
    def write(realm: Realm, this: Any, fd: Any, data: Any, encoding: Any = None) -> bool:
        machine.write(int(fd), given(realm, data, encoding))
        return True

    return write


def _read(machine: Machine) -> Any:
    """Call back with what comes from a descriptor; with null at its end. Returns what stops that."""

    def read(realm: Realm, this: Any, fd: Any, callback: Any) -> Any:
        number = int(fd)

        async def ready() -> None:
            try:
                data = await machine.proc.read(number)
            except InterruptedError:
                return
            except OSError:
                data = b""
            if not data:
                machine.unwatch(number)
            await machine.task(realm.began(callback, None, buffer(realm, data) if data else None))

        try:
            machine.watch(number, ready)
        except OSError:
            return None
        return realm.native(lambda this, *_: machine.unwatch(number), "stop")

    return read


def _exit(realm: Realm, this: Any, code: Any = None) -> None:
    raise Exit(int(integer(realm, code)) & 255)


def _kill(machine: Machine) -> Any:
    def kill(realm: Realm, this: Any, pid: Any, name: Any = None) -> bool:
        number = int(name) if type(name) is float else signals.NUMBERS.get(str(name or "SIGTERM").removeprefix("SIG"))
        if number is None:
            raise realm.error("TypeError", f"Unknown signal: {name}", "ERR_UNKNOWN_SIGNAL")
        try:
            machine.proc.kill(int(pid), number)
        except OSError as failure:
            from sim.programs.node.bindings.files import system_error

            raise system_error(realm, failure, "kill") from None
        return True

    return kill


def _chdir(machine: Machine) -> Any:
    def chdir(realm: Realm, this: Any, path: Any) -> None:
        try:
            machine.proc.chdir(text(realm, path))
        except OSError as failure:
            from sim.programs.node.bindings.files import system_error

            raise system_error(realm, failure, "chdir", f"{machine.proc.cwd}' -> '{path}") from None

    return chdir


def _memory(machine: Machine) -> Any:
    def usage(realm: Realm, this: Any) -> Any:
        used = machine.resident
        return realm.object({"rss": float(used + (20 << 20)), "heapTotal": float((6 << 20) + machine.resident // 4),
                             "heapUsed": float((4 << 20) + machine.resident // 8), "external": float(1 << 20),
                             "arrayBuffers": 10515.0})  # fmt: skip

    return usage


def _interfaces(machine: Machine) -> Any:
    def interfaces(realm: Realm, this: Any) -> Any:
        found = realm.object()
        for one in machine.proc.net.interfaces():
            rows = []
            for address in one.addresses:
                plain = address.partition("/")[0]
                rows.append(realm.object({
                    "address": plain, "netmask": "255.0.0.0" if plain.startswith("127.") else "255.255.0.0",
                    "family": "IPv6" if ":" in plain else "IPv4", "mac": one.mac, "internal": one.name == "lo",
                    "cidr": address}))  # fmt: skip
            if rows:
                found.props[one.name] = realm.array(rows)
        return found

    return interfaces


def table(machine: Machine) -> dict[str, Any]:
    proc, realm = machine.proc, machine.realm

    def set_exit_code(realm: Realm, this: Any, code: Any = None) -> None:
        machine.exit_code = None if code is None else int(integer(realm, code)) & 255

    def sleep(realm: Realm, this: Any, seconds: float) -> Any:
        return waits(proc.sleep(seconds))

    return {
        "argv": realm.array(list(machine.argv)), "env": Environment(realm), "pid": float(proc.pid),
        "ppid": float(proc.ppid), "version": realm.version, "write": _write(machine), "read": _read(machine),
        "exit": _exit, "kill": _kill(machine), "chdir": _chdir(machine), "cwd": lambda realm, this: proc.cwd,
        "isatty": lambda realm, this, fd: proc.isatty(int(fd)), "memory": _memory(machine), "sleep": sleep,
        "uptime": lambda realm, this: (machine.clock() - machine.started) / 1e9 + 0.04,
        "now": lambda realm, this: float(machine.clock() - machine.started),
        "nanoseconds": lambda realm, this: machine.clock(),
        "columns": lambda realm, this, fd: float(proc.winsize(int(fd))[1]),
        "rows": lambda realm, this, fd: float(proc.winsize(int(fd))[0]), "setExitCode": set_exit_code,
        "exitCode": lambda realm, this: None if machine.exit_code is None else float(machine.exit_code),
        "onSignal": lambda realm, this, number, handled: machine.on_signal(int(number), handled),
        "signals": realm.object({f"SIG{name}": float(number) for name, number in signals.NUMBERS.items()
                                 if number < 32 and name != "POLL"}),
        "umask": lambda realm, this: float(proc.umask), "getuid": lambda realm, this: float(proc.getuid()),
        "getgid": lambda realm, this: float(proc.getgid()), "execPath": proc.which(proc.argv[0]) or proc.argv[0],
        "uname": lambda realm, this: realm.object(proc.uname()), "interfaces": _interfaces(machine),
        "boot": lambda realm, this: proc.uptime()[0], "processors": lambda realm, this: float(proc.processors()),
        "loads": lambda realm, this: realm.array([float(one) for one in proc.uptime()[1]]),
        "memoryInfo": lambda realm, this: realm.object({name: float(size) for name, size in proc.meminfo().items()}),
        "rawMode": lambda realm, this, on: proc.tcsetattr(0, icanon=not on, echo=not on, isig=not on),
    }  # fmt: skip
