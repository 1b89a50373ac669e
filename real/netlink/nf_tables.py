"""The vocabulary of nf_tables: tables, chains and rules as messages in a transaction, and back.

Names are those of linux/netfilter/nf_tables.h and nfnetlink.h.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Sequence
from dataclasses import dataclass

from real.netlink.attributes import attribute, be32, be64, each, nested, parse, string, text
from real.netlink.channel import NLM_F_ACK, NLM_F_APPEND, NLM_F_CREATE, NLM_F_ECHO, NLM_F_EXCL, Message
from real.netlink.expressions import NFPROTO_INET

NFNL_SUBSYS_NFTABLES = 10
NFNL_MSG_BATCH_BEGIN, NFNL_MSG_BATCH_END = 0x10, 0x11
NFT_MSG_NEWTABLE, NFT_MSG_GETTABLE, NFT_MSG_DELTABLE = 0, 1, 2
NFT_MSG_NEWCHAIN, NFT_MSG_NEWRULE, NFT_MSG_GETRULE, NFT_MSG_DELRULE = 3, 6, 7, 8

NFTA_TABLE_NAME, NFTA_TABLE_USERDATA = 1, 6
NFTA_CHAIN_TABLE, NFTA_CHAIN_NAME, NFTA_CHAIN_HOOK, NFTA_CHAIN_POLICY, NFTA_CHAIN_TYPE = 1, 3, 4, 5, 7
NFTA_HOOK_HOOKNUM, NFTA_HOOK_PRIORITY = 1, 2
NFTA_RULE_TABLE, NFTA_RULE_CHAIN, NFTA_RULE_HANDLE, NFTA_RULE_EXPRESSIONS, NFTA_RULE_USERDATA = 1, 2, 3, 4, 7
HOOKS = {"prerouting": 0, "forward": 2, "output": 3, "postrouting": 4}  # enum nf_inet_hooks
COMMENT = 0  # of the user's data: type, length, text with NUL, as nft(8) keeps it

NFGENMSG = struct.Struct("=BBH")  # family, version, resource (big-endian)


@dataclass(frozen=True, slots=True)
class Hook:
    """Where a base chain sits. `kind` filter or nat; the lower `priority`, the earlier; `policy` at its end."""

    kind: str
    where: str
    priority: int
    policy: int = 1  # NF_ACCEPT


@dataclass(frozen=True, slots=True)
class RuleState:
    """One rule, as the kernel lists it. `expressions`: their names."""

    table: str
    chain: str
    handle: int
    comment: str
    expressions: tuple[str, ...]


def _message(kind: int, flags: int, body: bytes) -> Message:
    return Message(NFNL_SUBSYS_NFTABLES << 8 | kind, flags, NFGENMSG.pack(NFPROTO_INET, 0, 0) + body)


def batch(changes: Sequence[Message]) -> list[Message]:
    """A transaction."""
    around = NFGENMSG.pack(socket.AF_UNSPEC, 0, socket.htons(NFNL_SUBSYS_NFTABLES))
    return [Message(NFNL_MSG_BATCH_BEGIN, 0, around), *changes, Message(NFNL_MSG_BATCH_END, 0, around)]


def _comment(type: int, words: str) -> bytes:
    data = words.encode()[:253] + b"\0"
    return attribute(type, bytes((COMMENT, len(data))) + data)


def comment_of(data: bytes) -> str:
    return string(data[2 : 2 + data[1]]) if len(data) > 1 and data[0] == COMMENT else ""


def new_table(name: str, comment: str) -> Message:
    body = text(NFTA_TABLE_NAME, name) + _comment(NFTA_TABLE_USERDATA, comment)
    return _message(NFT_MSG_NEWTABLE, NLM_F_CREATE | NLM_F_EXCL | NLM_F_ACK, body)


def delete_table(name: str) -> Message:
    """With all that is in it."""
    return _message(NFT_MSG_DELTABLE, NLM_F_ACK, text(NFTA_TABLE_NAME, name))


def get_tables() -> Message:
    return _message(NFT_MSG_GETTABLE, 0, b"")


def table_name(message: Message) -> str:
    return string(parse(message.body[NFGENMSG.size :])[NFTA_TABLE_NAME])


def new_chain(table: str, name: str, hook: Hook | None = None) -> Message:
    """With a hook, packets come by; without one, only by a jump from another chain."""
    body = text(NFTA_CHAIN_TABLE, table) + text(NFTA_CHAIN_NAME, name)
    if hook is not None:
        where = be32(NFTA_HOOK_HOOKNUM, HOOKS[hook.where]), be32(NFTA_HOOK_PRIORITY, hook.priority)
        body += (
            nested(NFTA_CHAIN_HOOK, *where) + be32(NFTA_CHAIN_POLICY, hook.policy) + text(NFTA_CHAIN_TYPE, hook.kind)
        )
    return _message(NFT_MSG_NEWCHAIN, NLM_F_CREATE | NLM_F_ACK, body)


def new_rule(table: str, chain: str, expressions: Sequence[bytes], comment: str = "") -> Message:
    """At the end of the chain; the kernel echoes it, with its handle."""
    body = text(NFTA_RULE_TABLE, table) + text(NFTA_RULE_CHAIN, chain)
    body += nested(NFTA_RULE_EXPRESSIONS, *expressions)
    body += _comment(NFTA_RULE_USERDATA, comment) if comment else b""
    return _message(NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND | NLM_F_ACK | NLM_F_ECHO, body)


def delete_rule(table: str, chain: str, handle: int) -> Message:
    body = text(NFTA_RULE_TABLE, table) + text(NFTA_RULE_CHAIN, chain) + be64(NFTA_RULE_HANDLE, handle)
    return _message(NFT_MSG_DELRULE, NLM_F_ACK, body)


def get_rules() -> Message:
    return _message(NFT_MSG_GETRULE, 0, b"")


def rule_state(message: Message) -> RuleState | None:
    """None for what is no rule."""
    if message.type != NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWRULE:
        return None
    found = parse(message.body[NFGENMSG.size :])
    names = (string(parse(value)[1]) for _, value in each(found.get(NFTA_RULE_EXPRESSIONS, b"")))
    return RuleState(
        table=string(found[NFTA_RULE_TABLE]),
        chain=string(found[NFTA_RULE_CHAIN]),
        handle=int.from_bytes(found[NFTA_RULE_HANDLE], "big"),
        comment=comment_of(found.get(NFTA_RULE_USERDATA, b"")),
        expressions=tuple(names),
    )
