"""Messages between the daemon, the zygote and the processes it makes: tuples and open files over Unix sockets.

A message is one datagram of a SOCK_SEQPACKET pair: a marshalled tuple, and descriptors beside it (SCM_RIGHTS, unix(7)).
What is too long for a datagram travels in a memfd, which is then the last descriptor.
"""

from __future__ import annotations

import array
import marshal
import os
import socket
from typing import Any

LONGEST = 100_000  # bytes in a datagram; the kernel's limit is the socket's buffer
MOST_FILES = 253  # SCM_MAX_FD
INLINE, IN_FILE = b"\0", b"\1"


def pair() -> tuple[socket.socket, socket.socket]:
    """Two connected ends; neither survives an execve."""
    return socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)


def send(to: socket.socket, message: tuple[Any, ...], files: tuple[int, ...] = ()) -> None:
    """Raises OSError (EPIPE: nobody is there; BlockingIOError: not now, on a socket that does not wait)."""
    data = marshal.dumps(message)
    if len(data) <= LONGEST:
        _send(to, INLINE + data, files)
        return
    memory = os.memfd_create("message")
    try:
        with open(memory, "wb", closefd=False) as file:
            file.write(data)
        _send(to, IN_FILE, (*files, memory))
    finally:
        os.close(memory)


def _send(to: socket.socket, data: bytes, files: tuple[int, ...]) -> None:
    rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", files))] if files else []
    to.sendmsg([data], rights, socket.MSG_NOSIGNAL)


def receive(source: socket.socket, flags: int = 0) -> tuple[tuple[Any, ...], list[int]] | None:
    """A message and its descriptors (close-on-exec); None when the other end is gone. Raises BlockingIOError."""
    space = socket.CMSG_SPACE(MOST_FILES * 4)
    try:
        data, ancillary, _, _ = source.recvmsg(LONGEST + 1, space, flags | socket.MSG_CMSG_CLOEXEC)
    except ConnectionResetError:  # it has left something unread; what it said before that is still here
        data, ancillary, _, _ = source.recvmsg(LONGEST + 1, space, flags | socket.MSG_CMSG_CLOEXEC)
    files = array.array("i")
    for level, kind, rights in ancillary:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            files.frombytes(rights[: len(rights) - len(rights) % files.itemsize])
    if not data:
        return None
    if data[:1] == IN_FILE:
        memory = files.pop()
        with open(memory, "rb") as file:
            file.seek(0)
            return marshal.load(file), list(files)
    return marshal.loads(data[1:]), list(files)
