"""A netlink socket: requests go to the kernel, and each is answered by an acknowledgement or an error (netlink(7)).

The kernel does the work within send(2), so that every answer is there when it returns; only a long listing comes piece
by piece. A socket belongs to the network namespace in which it was opened, whoever uses it later.
"""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import NamedTuple

from real.netlink import attributes

NETLINK_ROUTE, NETLINK_NETFILTER = 0, 12
SO_SNDBUFFORCE, SO_RCVBUFFORCE = 32, 33
SOL_NETLINK, NETLINK_CAP_ACK, NETLINK_EXT_ACK = 270, 10, 11

NLM_F_REQUEST, NLM_F_ACK, NLM_F_ECHO, NLM_F_DUMP = 0x1, 0x4, 0x8, 0x300
NLM_F_CREATE, NLM_F_EXCL, NLM_F_REPLACE, NLM_F_APPEND = 0x400, 0x200, 0x100, 0x800
NLM_F_ACK_TLVS = 0x200  # of an error: the kernel's own words follow
NLMSG_ERROR, NLMSG_DONE = 2, 3
NLMSGERR_ATTR_MSG = 1

HEADER = struct.Struct("=IHHII")  # struct nlmsghdr: length, type, flags, sequence number, port
ERROR = struct.Struct("=i16x")  # struct nlmsgerr: -errno, and the header of the request
WIDE = 1 << 26  # bytes of a socket's buffers: a limit, not memory
LARGEST = 1 << 16  # bytes of one answer: the kernel's listings come in pieces of at most 32 kB


class Message(NamedTuple):
    """`body`: what comes after the header."""

    type: int
    flags: int
    body: bytes

    def pack(self, sequence: int) -> bytes:
        """As it goes over the wire, padded to four bytes."""
        header = HEADER.pack(HEADER.size + len(self.body), self.type, self.flags | NLM_F_REQUEST, sequence, 0)
        return header + self.body + bytes(-len(self.body) % 4)


class Channel:
    """Raises OSError with the kernel's errno, and its own words where it has any, whenever a request is refused."""

    def __init__(self, protocol: int) -> None:
        self._socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, protocol)
        self._socket.setsockopt(SOL_NETLINK, NETLINK_CAP_ACK, 1)
        self._socket.setsockopt(SOL_NETLINK, NETLINK_EXT_ACK, 1)
        self._sequence = 0

    def request(self, message: Message) -> None:
        """Ask for something to be done; returns when it is."""
        self._send([message._replace(flags=message.flags | NLM_F_ACK)])
        for _ in self._answers():
            pass

    def ask(self, message: Message) -> Message:
        """Ask for one thing."""
        self._send([message])
        [answer] = self._answers()
        return answer

    def listing(self, message: Message) -> list[Message]:
        """Ask for all there are of something (NLM_F_DUMP)."""
        self._send([message._replace(flags=NLM_F_DUMP)])
        found: list[Message] = []
        while True:
            for answer in unpack(self._socket.recv(LARGEST)):
                if answer.type == NLMSG_DONE:
                    return found
                _check(answer)
                found.append(answer)

    def transaction(self, messages: Sequence[Message]) -> list[Message]:
        """Several in one send, of which the kernel does all or none (nf_tables); returns what it echoes."""
        self._send(messages)
        return list(self._answers())

    def _send(self, messages: Sequence[Message]) -> None:
        data = b""
        for message in messages:
            self._sequence += 1
            data += message.pack(self._sequence)
        self._socket.sendall(data)

    def _answers(self) -> Iterator[Message]:
        """All that has come; of several errors the first is raised, after all has been read."""
        failure: OSError | None = None
        while True:
            try:
                data = self._socket.recv(LARGEST, socket.MSG_DONTWAIT)
            except BlockingIOError:
                break
            for answer in unpack(data):
                try:
                    _check(answer)
                except OSError as error:
                    failure = failure or error
                else:
                    if answer.type != NLMSG_ERROR:
                        yield answer
        if failure is not None:
            raise failure

    def widen(self) -> None:
        """For long transactions: all of it must fit at once, and so must what is echoed."""
        for option in (SO_SNDBUFFORCE, SO_RCVBUFFORCE):
            self._socket.setsockopt(socket.SOL_SOCKET, option, WIDE)

    def close(self) -> None:
        self._socket.close()

    def __enter__(self) -> Channel:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()


def unpack(data: bytes) -> Iterator[Message]:
    """The messages of one datagram."""
    offset = 0
    while offset + HEADER.size <= len(data):
        length, type, flags, _, _ = HEADER.unpack_from(data, offset)
        if length < HEADER.size:
            return
        yield Message(type, flags, data[offset + HEADER.size : offset + length])
        offset += length + -length % 4


def _check(answer: Message) -> None:
    """Raises OSError for an error; an acknowledgement is an error of number 0."""
    if answer.type != NLMSG_ERROR:
        return
    (code,) = ERROR.unpack_from(answer.body)
    if code:
        said = attributes.parse(answer.body[ERROR.size :]) if answer.flags & NLM_F_ACK_TLVS else {}
        words = attributes.string(said.get(NLMSGERR_ATTR_MSG, b""))
        raise OSError(-code, os.strerror(-code), words or None)
