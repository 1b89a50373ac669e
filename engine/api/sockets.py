"""Where the daemon listens: `unix:///path` and `tcp://host:port`, as `docker -H` writes them.

Whoever can reach the socket commands the daemon. So a Unix socket is its owner's alone (mode 0600, in a folder of mode
0700), and TCP stays on the machine unless another address is asked for by name.
"""

from __future__ import annotations

import ipaddress
import os
import socket
import stat
import sys
from dataclasses import dataclass
from pathlib import Path

from engine.addresses import LONGEST_PATH

DEFAULT_PORT = 2375
BACKLOG = 4096  # clients who may wait to be let in, as with Go's servers; Linux cuts it to net.core.somaxconn

REACHABLE = (
    "WARNING: anybody who can reach {address} can run and stop containers here, read what they hold and use what this "
    "process may use. There is no password and no encryption. Listen on 127.0.0.1 unless you mean this."
)


class AddressError(ValueError):
    """The text says what is wrong with an address, or why nothing can listen there."""


@dataclass(frozen=True, slots=True)
class Address:
    """Exactly one of `path` and `host` (with `port`) is set."""

    path: str = ""
    host: str = ""
    port: int = 0

    def __str__(self) -> str:
        if self.path:
            return f"unix://{self.path}"
        return f"tcp://[{self.host}]:{self.port}" if ":" in self.host else f"tcp://{self.host}:{self.port}"

    def exposed(self) -> bool:
        """True if other machines may reach it."""
        if self.path or self.host == "localhost":
            return False
        try:
            return not ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return True


def parse_address(text: str) -> Address:
    """
    >>> parse_address("unix:///run/sim.sock")
    Address(path='/run/sim.sock', host='', port=0)
    >>> parse_address("tcp://:2376")
    Address(path='', host='127.0.0.1', port=2376)
    """
    scheme, separator, rest = text.partition("://")
    if separator and scheme == "unix":
        if not rest.startswith("/"):
            raise AddressError(f"{text}: a Unix socket needs an absolute path, as in unix:///run/user/1000/sim.sock")
        if len(os.fsencode(rest)) > LONGEST_PATH:
            raise AddressError(
                f"{text}: longer than the {LONGEST_PATH} bytes that the kernel allows for a socket's path"
            )
        return Address(path=rest)
    if separator and scheme == "tcp":
        host, colon, port = rest.rstrip("/").rpartition(":")
        if not colon or (host.startswith("[") != host.endswith("]")):
            host, port = rest.rstrip("/"), ""
        if port and not (port.isdecimal() and int(port) < 65536):
            raise AddressError(f"{text}: {port} is not a port (0 to 65535)")
        return Address(host=host.strip("[]") or "127.0.0.1", port=int(port or DEFAULT_PORT))
    raise AddressError(f"{text}: only unix:///path and tcp://host:port are understood")


def bind(address: Address) -> socket.socket:
    """A listening socket. Raises AddressError when a daemon is there already, or the system refuses."""
    try:
        return bind_unix(Path(address.path)) if address.path else bind_tcp(address)
    except OSError as error:
        raise AddressError(f"{address}: {error.strerror or error}") from error


def bind_unix(path: Path) -> socket.socket:
    if sys.platform == "win32":
        raise AddressError(f"unix://{path}: Windows has no Unix sockets for Python; use tcp://127.0.0.1:{DEFAULT_PORT}")
    prepare_folder(path.parent)
    remove_stale(path)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o177)
    try:
        listener.bind(str(path))
    except OSError:
        listener.close()
        raise
    finally:
        os.umask(before)
    listener.listen(BACKLOG)
    return listener


def prepare_folder(folder: Path) -> None:
    """Make it for its owner alone; refuse one that somebody else has made first, in the shared temporary folder."""
    if not folder.exists():
        folder.mkdir(mode=0o700, parents=True)
        return
    status = folder.stat()
    if folder.name.startswith("glassdock") and sys.platform != "win32":
        if status.st_uid != os.getuid():
            raise AddressError(f"{folder} belongs to somebody else; choose another socket with -H")
        folder.chmod(0o700)


def remove_stale(path: Path) -> None:
    """A socket that no daemon listens on any more is in the way; one that answers, or a file, is left alone."""
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(mode):
        raise AddressError(f"{path} exists and is not a socket")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(1)
        try:
            probe.connect(str(path))
        except (ConnectionRefusedError, FileNotFoundError):
            path.unlink(missing_ok=True)
            return
    raise AddressError(f"a daemon is listening on unix://{path} already")


def bind_tcp(address: Address) -> socket.socket:
    family, kind, protocol, _, where = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)[0]
    listener = socket.socket(family, kind, protocol)
    try:
        if sys.platform != "win32":
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(where)
        listener.listen(BACKLOG)
    except OSError:
        listener.close()
        raise
    return listener
