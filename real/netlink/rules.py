"""Verbs for packet filters, as nft(8) has them; each transaction is one send. The other seam is links.py."""

from __future__ import annotations

import errno
from collections.abc import Sequence

from real.netlink import nf_tables
from real.netlink.channel import NETLINK_NETFILTER, Channel, Message
from real.netlink.nf_tables import RuleState


class Rules:
    """Raises OSError as the kernel does: ENOENT, EEXIST, EPERM, EOPNOTSUPP for an expression that it does not know."""

    def __init__(self, wide: bool = False) -> None:
        """`wide`: for transactions of more than a hundred changes. Raises OSError EPERM without CAP_NET_ADMIN."""
        self._channel = Channel(NETLINK_NETFILTER)
        if wide:
            self._channel.widen()

    def close(self) -> None:
        self._channel.close()

    def commit(self, changes: Sequence[Message]) -> list[RuleState]:
        """All or none; returns the rules that were made, in order, with their handles."""
        echoed = map(nf_tables.rule_state, self._channel.transaction(nf_tables.batch(changes)))
        return [rule for rule in echoed if rule is not None]

    def remove_table(self, name: str) -> None:
        """nft delete table inet NAME; nothing happens if it is not there."""
        try:
            self.commit([nf_tables.delete_table(name)])
        except OSError as error:
            if error.errno != errno.ENOENT:
                raise

    def tables(self) -> list[str]:
        """nft list tables inet"""
        return [nf_tables.table_name(message) for message in self._channel.listing(nf_tables.get_tables())]

    def rules(self, table: str) -> list[RuleState]:
        """nft list table inet NAME"""
        listed = map(nf_tables.rule_state, self._channel.listing(nf_tables.get_rules()))
        return [rule for rule in listed if rule is not None and rule.table == table]
