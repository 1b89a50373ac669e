"""Operations on the host's own network: bridges, and the rules around them. Twin: those of sim/net/bridges.py.

What is done inside of a container's network namespace is in real/cables.py.
"""

from __future__ import annotations

import contextlib
import itertools
import time
from collections.abc import Sequence

from engine import operations as ops
from engine import plan
from engine.daemon.networks.addresses import hardware_address
from engine.host import RuntimeFailure
from engine.loop import Loop
from engine.operations import Operation, Performed
from real.hostnet import Tag
from real.netlink.links import Links
from real.packetfilter import PacketFilter, Rule
from real.performing import reason


class Bridges:
    """All of a daemon's, with its table of the packet filter. `kept`: those that are there already, by name."""

    def __init__(self, loop: Loop, tag: Tag, kept: set[str]) -> None:
        self._loop, self._tag, self._kept = loop, tag, kept
        self.filter = PacketFilter(tag.table, tag.group, tag.comment)

    def perform(self, operations: Sequence[Operation]) -> tuple[Performed, ...]:
        """All, or none. Rules that follow each other are one transaction: each gets an equal share of its time.

        Raises RuntimeFailure.
        """
        performed: list[Performed] = []
        for is_rules, group in itertools.groupby(operations, lambda each: isinstance(each, Rule)):
            together = list(group)
            begin = time.monotonic_ns()
            try:
                if is_rules:
                    self.filter.perform([each for each in together if isinstance(each, Rule)])
                else:
                    self._change_links(together)
            except (OSError, ValueError) as error:
                failed = Performed(together[0], moment(self._loop, begin), time.monotonic_ns() - begin, str(error))
                undone = self.take_back([each.operation for each in performed])
                raise RuntimeFailure(words_for(together[0], error), (*performed, failed, *undone)) from None
            start, share = moment(self._loop, begin), (time.monotonic_ns() - begin) // len(together)
            performed += (Performed(each, start + number * share, share) for number, each in enumerate(together))
        return tuple(performed)

    def take_back(self, operations: Sequence[Operation]) -> tuple[Performed, ...]:
        """As far as it is still there: somebody may have flushed the packet filter, or removed a bridge."""
        wanted, undone = plan.undo_list(operations), list[Performed]()
        with contextlib.suppress(RuntimeFailure):
            return self.perform(wanted)
        for operation in wanted:
            with contextlib.suppress(RuntimeFailure):
                undone += self.perform([operation])
        return tuple(undone)

    def _change_links(self, operations: Sequence[Operation]) -> None:
        with contextlib.closing(Links()) as links:
            for operation in operations:
                if isinstance(operation, ops.MakeBridge):
                    self._make_bridge(links, operation)
                elif isinstance(operation, ops.MakeDummy):
                    links.add_dummy(operation.name, self._tag.group)
                    links.up(links.index(operation.name))
                elif isinstance(operation, ops.RemoveLink):
                    links.remove(operation.name)

    def _make_bridge(self, links: Links, operation: ops.MakeBridge) -> None:
        if operation.name in self._kept:
            self._kept.remove(operation.name)
            return
        first = operation.addresses[0].partition("/")[0] if operation.addresses else ""
        mac = hardware_address(first) if first else ""
        links.add_bridge(operation.name, operation.mtu, mac, self._tag.group)
        try:
            index = links.index(operation.name)
            for address in operation.addresses:
                links.add_address(index, address)
            links.up(index)
        except OSError:
            links.remove(operation.name)
            raise


def moment(loop: Loop, monotonic: int) -> int:
    """A time of the monotonic clock as the loop's."""
    loop.time = loop.clock.read(loop.time)
    return loop.time - (time.monotonic_ns() - monotonic)


def words_for(operation: Operation, error: Exception) -> str:
    """Docker's, for what did not work."""
    why = reason(error) if isinstance(error, OSError) else str(error)
    if isinstance(operation, ops.MakeVeth):
        return f"failed to add the host ({operation.host}) <=> sandbox ({operation.inside}) pair interfaces: {why}"
    if isinstance(operation, Rule):
        return f"iptables failed: {operation.shell()}: {why}"
    if isinstance(operation, ops.MakeSublink):
        return f"failed to create the {operation.driver} port: {why}"
    if isinstance(operation, ops.MakeBridge):
        return why
    return f"{type(operation).__name__}: {why}"
