"""Cables: what makes a container a neighbour on its networks, laid from outside into its network namespace.

The daemon does it in a thread that is in that namespace meanwhile (setns(2) is for one thread), while the container's
first process makes its root. Twin: the operations of sim/net/bridges.py.
"""

from __future__ import annotations

import contextlib
import errno
import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from engine import operations as ops
from engine.operations import Operation, Performed
from real import syscalls
from real.netlink.links import Links

NETWORK = syscalls.NAMESPACES["network"]
KINDS = (ops.MakeVeth, ops.MakeSublink, ops.SetAddress, ops.AddRoute)  # of a container that starts
DISABLE_IPV6 = "/proc/sys/net/ipv6/conf/{}/disable_ipv6"
Times = list[tuple[int, int]]  # begin and length of each operation, ns of the monotonic clock


@dataclass(frozen=True, slots=True)
class Wiring:
    """What all cables of a daemon have in common: the `group` that tells its links from others', and its bridges.

    `mtus` by bridge; `isolated`: the bridges whose members may not talk to each other.
    """

    group: int
    mtus: dict[str, int] = field(default_factory=dict)
    isolated: set[str] = field(default_factory=set)


class Site:
    """A container's network namespace, with this thread in it, and a socket to either side."""

    def __init__(self, wiring: Wiring, outside: Links, namespace: int) -> None:
        self.wiring, self.outside, self.namespace = wiring, outside, namespace
        self.inside = Links()
        self.kept: set[str] = set()  # links inside that have gone on without a daemon

    def perform(self, operations: Sequence[Operation], times: Times) -> None:
        """One by one; `times` grows with each, also with one that fails. Raises OSError after undoing the others."""
        for number, operation in enumerate(operations):
            begin = time.monotonic_ns()
            try:
                HANDLERS[type(operation)](self, operation)
            except OSError:
                self.undo(operations[:number])
                raise
            finally:
                times.append((begin, time.monotonic_ns() - begin))

    def undo(self, operations: Sequence[Operation]) -> None:
        """Take them back as far as it goes."""
        for operation in ops.undo_list(operations):
            with contextlib.suppress(OSError):
                HANDLERS[type(operation)](self, operation)


def split(operations: Sequence[Operation]) -> tuple[list[Operation], list[Operation]]:
    """Those that lay cables, and the others."""
    cables: list[Operation] = [each for each in operations if isinstance(each, KINDS)]
    return cables, [each for each in operations if not isinstance(each, KINDS)]


def merged(
    operations: Sequence[Operation], cables: Iterable[Performed], others: Iterable[Performed]
) -> tuple[Performed, ...]:
    """What was performed, in the order in which it was asked for; what comes last may not have been yet."""
    laid, done = iter(cables), iter(others)
    found = (next(laid if isinstance(each, KINDS) else done, None) for each in operations)
    return tuple(each for each in found if each is not None)


def inode_of(pid: int) -> int:
    """Of a process's network namespace. Raises OSError."""
    return os.stat(f"/proc/{pid}/ns/net").st_ino


@contextlib.contextmanager
def entered(wiring: Wiring, pid: int, inode: int = 0) -> Iterator[Site]:
    """Go into a process's network namespace; what is opened there stays there. Raises OSError.

    ProcessLookupError if it is not the namespace with this inode: the process's number is another's now.
    """
    with contextlib.ExitStack() as stack:
        outside = stack.enter_context(contextlib.closing(Links()))
        own = _opened(stack, "/proc/thread-self/ns/net")
        there = _opened(stack, f"/proc/{pid}/ns/net")
        if inode and os.fstat(there).st_ino != inode:
            raise ProcessLookupError(errno.ESRCH, os.strerror(errno.ESRCH))
        stack.callback(_go_home, own)
        syscalls.setns(there, NETWORK)
        site = Site(wiring, outside, there)
        stack.callback(site.inside.close)
        yield site


def _opened(stack: contextlib.ExitStack, path: str) -> int:
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    stack.callback(os.close, fd)
    return fd


def _go_home(own: int) -> None:
    try:
        syscalls.setns(own, NETWORK)
    except OSError:
        os.abort()  # a daemon that is in a container's network unawares would be worse than none


# -- operations


def make_veth(site: Site, operation: ops.MakeVeth) -> None:
    host, bridge, wiring = operation.host, operation.bridge, site.wiring
    wanted = host, bridge, wiring.mtus.get(bridge, 1500), wiring.group, operation.inside, site.namespace
    try:
        site.outside.add_veth(*wanted)
    except FileExistsError:
        if site.outside.group(host) != wiring.group:
            raise
        if site.inside.has(operation.inside):
            site.kept.add(operation.inside)
            return
        with contextlib.suppress(OSError):  # its last run's: the kernel takes namespaces down at its leisure
            site.outside.remove(host)
        site.outside.add_veth(*wanted)
    if bridge in wiring.isolated:
        site.outside.isolate(site.outside.index(host))


def make_sublink(site: Site, operation: ops.MakeSublink) -> None:
    site.outside.add_sublink(operation.driver, operation.parent, operation.inside, site.namespace)


def set_address(site: Site, operation: ops.SetAddress) -> None:
    if operation.link in site.kept:
        return
    inside, index = site.inside, site.inside.index(operation.link)
    addresses = [address for address in (operation.address, *operation.others) if address]
    if not any(":" in address for address in addresses):
        _without_ipv6(operation.link)
    for address in addresses:
        inside.add_address(index, address)
    inside.up(index, operation.mac)


def _without_ipv6(link: str) -> None:
    """As Docker does: a container that was given no IPv6 address makes none of its own."""
    with contextlib.suppress(OSError), open(DISABLE_IPV6.format(link), "w") as file:  # a kernel without IPv6
        file.write("1")


def add_route(site: Site, operation: ops.AddRoute) -> None:
    site.inside.replace_route(operation.destination, operation.gateway)


def replace_route(site: Site, operation: ops.ReplaceRoute) -> None:
    if operation.gateway:
        site.inside.replace_route(operation.destination, operation.gateway)
    else:
        site.inside.remove_route(operation.destination, operation.before)


def remove_link(site: Site, operation: ops.RemoveLink) -> None:
    """By its name inside, or by that of a cable's other end."""
    (site.inside if site.inside.has(operation.name) else site.outside).remove(operation.name)


HANDLERS: dict[type[Operation], Callable[[Site, Any], None]] = {
    ops.MakeVeth: make_veth,
    ops.MakeSublink: make_sublink,
    ops.SetAddress: set_address,
    ops.AddRoute: add_route,
    ops.ReplaceRoute: replace_route,
    ops.RemoveLink: remove_link,
}
