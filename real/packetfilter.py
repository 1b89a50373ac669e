"""The daemon's own table of the packet filter: rules as iptables(8) words them, as nf_tables takes them.

The chains have Docker's names. What nothing else decides is decided in DOCKER-FORWARD: a bridge's containers may speak
first, others only answer, or come through a published port. All that the daemon makes is in one table, so that it goes
at one stroke. Source: libnetwork, drivers/bridge/setup_ip_tables_linux.go; iptables-translate(8).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from engine.operations import AddRule, RemoveRule
from real.netlink import expressions as ex
from real.netlink import nf_tables as nft
from real.netlink.channel import Message
from real.netlink.nf_tables import Hook
from real.netlink.rules import Rules

Rule = AddRule | RemoveRule
TARGETS = {"DROP": ex.DROP, "ACCEPT": ex.ACCEPT, "MASQUERADE": ex.MASQUERADE}
STAGE_1, STAGE_2 = "DOCKER-ISOLATION-STAGE-1", "DOCKER-ISOLATION-STAGE-2"
NAT_DST, FILTER, NAT_SRC = -100, 0, 100  # enum nf_ip_hook_priorities


class PacketFilter:
    """`table`: its name; `group`: that of the daemon's links; `comment` tells whose it is.

    `only_ours`: forward nothing but what has to do with the daemon's links (the host forwarded nothing before it came).
    """

    def __init__(self, table: str, group: int, comment: str) -> None:
        self.table, self._group, self._comment = table, group, comment
        self._rules: Rules | None = None
        self._handles: dict[tuple[str, str, str], list[int]] = {}  # of each rule, by chain, command and words

    def open(self, only_ours: bool) -> None:
        """Make the table, with the chains that are always there. Raises OSError."""
        if self._rules is None:
            rules = Rules(wide=True)
            try:
                rules.commit(chains(self.table, self._group, self._comment, only_ours))
            except OSError:
                rules.close()
                raise
            self._rules = rules

    def perform(self, operations: Sequence[Rule]) -> None:
        """All in one transaction, or none. Raises OSError, ValueError for words that it does not know."""
        if not operations:
            return
        assert self._rules is not None
        made = self._rules.commit([self._message(each) for each in operations])
        added = [_key(each) for each in operations if isinstance(each, AddRule)]
        for key, rule in zip(added, made, strict=True):
            self._handles.setdefault(key, []).append(rule.handle)
        for each in operations:
            if isinstance(each, RemoveRule):
                self._handles[_key(each)].pop()

    def _message(self, rule: Rule) -> Message:
        if isinstance(rule, AddRule):
            words = translate(rule.words, 6 if rule.command == "ip6tables" else 4)
            return nft.new_rule(self.table, rule.chain, words, rule.words)
        return nft.delete_rule(self.table, rule.chain, self._handles[_key(rule)][-1])

    def close(self) -> None:
        """The table goes, with all that is in it."""
        if self._rules is not None:
            self._rules.remove_table(self.table)
            self._rules.close()
            self._rules = None
            self._handles.clear()


def _key(rule: Rule) -> tuple[str, str, str]:
    return rule.chain, rule.command, rule.words


def chains(table: str, group: int, comment: str, only_ours: bool) -> list[Message]:
    """The table as it is before the first network. Packets meet chains in the order of their priorities."""

    def base(name: str, kind: str, where: str, priority: int, policy: int = ex.NF_ACCEPT) -> Message:
        return nft.new_chain(table, name, Hook(kind, where, priority, policy))

    def rules(chain: str, *words: Sequence[bytes]) -> Iterable[Message]:
        return (nft.new_rule(table, chain, each) for each in words)

    from_us, to_us = ex.group("i", group), ex.group("o", group)
    answers = ex.tracked(ex.NFT_CT_STATE, ex.CT_ESTABLISHED | ex.CT_RELATED)
    published = ex.tracked(ex.NFT_CT_STATUS, ex.IPS_DST_NAT)
    loopback = (*ex.family(4), *ex.address("d", "127.0.0.0/8", equal=False))
    return [
        nft.new_table(table, comment),
        nft.new_chain(table, "DOCKER"),
        nft.new_chain(table, STAGE_1),
        nft.new_chain(table, STAGE_2),
        base("PREROUTING", "nat", "prerouting", NAT_DST),
        base("OUTPUT", "nat", "output", NAT_DST),
        base("POSTROUTING", "nat", "postrouting", NAT_SRC),
        base("FORWARD", "filter", "forward", FILTER),
        base("DOCKER-FORWARD", "filter", "forward", FILTER + 1, ex.NF_DROP if only_ours else ex.NF_ACCEPT),
        *rules("PREROUTING", (*ex.to_ourselves(), *ex.jump("DOCKER"))),
        *rules("OUTPUT", (*loopback, *ex.to_ourselves(), *ex.jump("DOCKER"))),
        *rules("FORWARD", ex.jump(STAGE_1)),
        *rules("DOCKER-FORWARD", (*to_us, *answers, *ex.ACCEPT), (*to_us, *published, *ex.ACCEPT),
               (*from_us, *ex.ACCEPT), (*to_us, *ex.DROP)),
    ]  # fmt: skip


def translate(words: str, version: int) -> tuple[bytes, ...]:
    """Expressions for the words of a rule, as iptables takes them after the chain. Raises ValueError.

    >>> len(translate("-i docker0 ! -o docker0 -j DOCKER-ISOLATION-STAGE-2", 4))
    7
    """
    matches: list[bytes] = list(ex.family(version))
    target, to, equal = "", "", True
    rest = iter(words.split())
    for word in rest:
        if word == "!":
            equal = False
            continue
        value = next(rest)
        if word in ("-s", "-d"):
            matches += ex.address(word[1], value, equal)
        elif word in ("-i", "-o"):
            matches += ex.interface(word[1], value, equal)
        elif word == "-p":
            matches += ex.protocol(value)
        elif word == "--dport":
            matches += ex.destination_port(int(value))
        elif word == "-j":
            target = value
        elif word == "--to-destination":
            to = value
        else:
            raise ValueError(f"the packet filter knows no {word!r}")
        equal = True
    return (*matches, *_target(target, to))


def _target(name: str, to: str) -> tuple[bytes, ...]:
    if name == "DNAT":
        host, _, port = to.rpartition(":")
        return ex.destination_nat(host.strip("[]"), int(port))
    return TARGETS[name] if name in TARGETS else ex.jump(name)
