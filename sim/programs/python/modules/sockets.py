"""socket: TCP of the simulated network, as Python has it. Source: docs.python.org/3/library/socket.html."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING, Any

from sim.programs.python.files import File
from sim.programs.python.objects import Lent

if TYPE_CHECKING:
    from sim.programs.python.machine import Machine

Table = dict[str, Any]
AF_INET, AF_INET6, SOCK_STREAM, SOCK_DGRAM = 2, 10, 1, 2


class gaierror(OSError):
    """socket.gaierror."""


gaierror.__module__ = "socket"


class Socket(Lent):
    """A TCP socket."""

    def __init__(self, machine: Machine, fd: int | None = None, peer: tuple[str, int] | None = None) -> None:
        self._machine, self._fd, self._peer = machine, fd, peer
        self._address: tuple[str, int] = ("0.0.0.0", 0)
        self._listener: Any = None

    def bind(self, address: tuple[str, int]) -> None:
        self._address = (address[0] or "0.0.0.0", address[1])

    def listen(self, backlog: int = 0) -> None:
        self._listener = self._machine.proc.net.listen(*self._address)
        self._fd = self._listener.fd
        self._address = self._listener.address

    async def accept(self) -> tuple[Socket, tuple[str, int]]:
        while True:
            try:
                fd = await self._machine.wait(self._machine.proc.net.accept(self._open()))
            except InterruptedError:
                continue
            peer = self._machine.proc.net.peer(fd)
            return Socket(self._machine, fd, peer), peer

    async def connect(self, address: tuple[str, int]) -> None:
        host = (await _resolved(self._machine, address[0]))[0]
        self._fd = await self._machine.wait(self._machine.proc.net.connect(host, address[1]))
        self._peer = (host, address[1])

    async def connect_ex(self, address: tuple[str, int]) -> int:
        try:
            await self.connect(address)
        except OSError as error:
            return error.errno or 1
        return 0

    def _open(self) -> int:
        if self._fd is None:
            raise OSError(errno.ENOTCONN, "Transport endpoint is not connected")
        return self._fd

    async def recv(self, size: int) -> bytes:
        return await self._machine.wait(self._machine.proc.read(self._open(), size))

    async def sendall(self, data: bytes) -> None:
        await self._machine.wait(self._machine.proc.write(self._open(), bytes(data)))

    async def send(self, data: bytes) -> int:
        await self.sendall(data)
        return len(data)

    def makefile(self, mode: str = "r", *_: Any, **__: Any) -> File:
        fd = self._machine.proc.dup(self._open())
        return File(self._machine, fd, fd, mode, waits=True, at_once="w" in mode)

    def getpeername(self) -> tuple[str, int]:
        return self._machine.proc.net.peer(self._open())

    def getsockname(self) -> tuple[str, int]:
        return self._address

    def fileno(self) -> int:
        return -1 if self._fd is None else self._fd

    def setsockopt(self, *_: Any) -> None: ...

    def settimeout(self, seconds: float | None) -> None: ...

    def shutdown(self, how: int) -> None:
        self._machine.proc.net.shutdown(self._open())

    def close(self) -> None:
        if self._fd is not None:
            if self._listener is not None:
                self._listener.close()
            else:
                self._machine.proc.close(self._fd)
            self._fd = self._listener = None

    def __enter__(self) -> Socket:
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()


Socket.__qualname__ = Socket.__name__ = "socket"
Socket.__module__ = "socket"


async def _resolved(machine: Machine, host: str) -> list[str]:
    """Raises gaierror."""
    try:
        return await machine.wait(machine.proc.net.resolve(host or "127.0.0.1", 4))
    except ConnectionError:
        raise
    except OSError:
        raise gaierror(-2, "Name or service not known") from None


def socket(machine: Machine) -> Table:
    def make(family: int = AF_INET, kind: int = SOCK_STREAM, proto: int = 0) -> Socket:
        if family != AF_INET or kind != SOCK_STREAM:
            raise OSError(errno.EPROTONOSUPPORT, "Protocol not supported")
        return Socket(machine)

    async def create_connection(address: tuple[str, int], timeout: float | None = None) -> Socket:
        made = Socket(machine)
        await made.connect(address)
        return made

    async def gethostbyname(name: str) -> str:
        return (await _resolved(machine, name))[0]

    async def getaddrinfo(host: str, port: int, *_: Any, **__: Any) -> list[tuple[Any, ...]]:
        return [(AF_INET, SOCK_STREAM, 6, "", (found, port)) for found in await _resolved(machine, host)]

    def create_server(address: tuple[str, int], **_: Any) -> Socket:
        made = Socket(machine)
        made.bind(address)
        made.listen()
        return made

    return {
        "socket": make, "create_connection": create_connection, "create_server": create_server, "error": OSError,
        "gethostname": lambda: machine.proc.uname()["nodename"], "gethostbyname": gethostbyname, "gaierror": gaierror,
        "getfqdn": lambda: machine.proc.uname()["nodename"], "getaddrinfo": getaddrinfo, "timeout": TimeoutError,
        "AF_INET": AF_INET, "AF_INET6": AF_INET6, "SOCK_STREAM": SOCK_STREAM, "SOCK_DGRAM": SOCK_DGRAM, "SOL_SOCKET": 1,
        "SO_REUSEADDR": 2, "SHUT_RD": 0, "SHUT_WR": 1, "SHUT_RDWR": 2, "TCP_NODELAY": 1, "IPPROTO_TCP": 6,
    }  # fmt: skip
