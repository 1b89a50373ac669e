"""What a rule of nf_tables is made of: expressions that load registers, compare them, and decide.

A rule runs its expressions in turn; the first comparison that fails ends it. Register 1 holds what is compared;
a translated address goes by register 1, its port by register 2. Names and numbers: linux/netfilter/nf_tables.h; what
`nft --debug=netlink` prints for a rule is the list of its expressions.
"""

from __future__ import annotations

import ipaddress
import socket
import struct

from real.netlink.attributes import attribute, be32, nested, text

NFTA_LIST_ELEM = 1
NFTA_EXPR_NAME, NFTA_EXPR_DATA = 1, 2
NFTA_DATA_VALUE, NFTA_DATA_VERDICT = 1, 2
NFTA_VERDICT_CODE, NFTA_VERDICT_CHAIN = 1, 2
NFT_REG_VERDICT, NFT_REG_1, NFT_REG_2 = 0, 1, 2
NFT_JUMP, NF_DROP, NF_ACCEPT = -3, 0, 1

NFTA_META_DREG, NFTA_META_KEY = 1, 2
NFT_META_IIFNAME, NFT_META_OIFNAME, NFT_META_NFPROTO, NFT_META_L4PROTO = 6, 7, 15, 16
NFT_META_IIFGROUP, NFT_META_OIFGROUP = 21, 22
NFTA_PAYLOAD_DREG, NFTA_PAYLOAD_BASE, NFTA_PAYLOAD_OFFSET, NFTA_PAYLOAD_LEN = 1, 2, 3, 4
NFT_PAYLOAD_NETWORK_HEADER, NFT_PAYLOAD_TRANSPORT_HEADER = 1, 2
NFTA_CMP_SREG, NFTA_CMP_OP, NFTA_CMP_DATA = 1, 2, 3
NFT_CMP_EQ, NFT_CMP_NEQ = 0, 1
NFTA_BITWISE_SREG, NFTA_BITWISE_DREG, NFTA_BITWISE_LEN, NFTA_BITWISE_MASK, NFTA_BITWISE_XOR = 1, 2, 3, 4, 5
NFTA_CT_DREG, NFTA_CT_KEY = 1, 2
NFT_CT_STATE, NFT_CT_STATUS = 0, 2
CT_ESTABLISHED, CT_RELATED, IPS_DST_NAT = 2, 4, 32
NFTA_FIB_DREG, NFTA_FIB_RESULT, NFTA_FIB_FLAGS = 1, 2, 3
NFT_FIB_RESULT_ADDRTYPE, NFTA_FIB_F_DADDR, RTN_LOCAL = 3, 2, 2
NFTA_IMMEDIATE_DREG, NFTA_IMMEDIATE_DATA = 1, 2
NFTA_NAT_TYPE, NFTA_NAT_FAMILY, NFTA_NAT_REG_ADDR_MIN, NFTA_NAT_REG_PROTO_MIN = 1, 2, 3, 5
NFT_NAT_DNAT = 1
NFPROTO_INET, NFPROTO_IPV4, NFPROTO_IPV6 = 1, 2, 10

IFNAMSIZ = 16
# offset of the source and the destination address in each header, and their length in bytes
ADDRESSES = {4: {"s": 12, "d": 16, "length": 4}, 6: {"s": 8, "d": 24, "length": 16}}
PROTOCOLS = {"tcp": socket.IPPROTO_TCP, "udp": socket.IPPROTO_UDP, "sctp": 132}


def expression(name: str, *data: bytes) -> bytes:
    return nested(NFTA_LIST_ELEM, text(NFTA_EXPR_NAME, name), nested(NFTA_EXPR_DATA, *data))


def _value(type: int, data: bytes) -> bytes:
    return nested(type, attribute(NFTA_DATA_VALUE, data))


# -- the pieces


def meta(key: int) -> bytes:
    """What is known of the packet besides its bytes."""
    return expression("meta", be32(NFTA_META_KEY, key), be32(NFTA_META_DREG, NFT_REG_1))


def payload(base: int, offset: int, length: int) -> bytes:
    """Bytes of a header."""
    return expression(
        "payload", be32(NFTA_PAYLOAD_DREG, NFT_REG_1), be32(NFTA_PAYLOAD_BASE, base),
        be32(NFTA_PAYLOAD_OFFSET, offset), be32(NFTA_PAYLOAD_LEN, length),
    )  # fmt: skip


def compare(data: bytes, equal: bool = True) -> bytes:
    operator = NFT_CMP_EQ if equal else NFT_CMP_NEQ
    return expression("cmp", be32(NFTA_CMP_SREG, NFT_REG_1), be32(NFTA_CMP_OP, operator), _value(NFTA_CMP_DATA, data))


def mask(data: bytes) -> bytes:
    """Keep these bits."""
    return expression(
        "bitwise", be32(NFTA_BITWISE_SREG, NFT_REG_1), be32(NFTA_BITWISE_DREG, NFT_REG_1),
        be32(NFTA_BITWISE_LEN, len(data)), _value(NFTA_BITWISE_MASK, data), _value(NFTA_BITWISE_XOR, bytes(len(data))),
    )  # fmt: skip


def immediate(register: int, data: bytes) -> bytes:
    return expression("immediate", be32(NFTA_IMMEDIATE_DREG, register), _value(NFTA_IMMEDIATE_DATA, data))


def verdict(code: int, chain: str = "") -> bytes:
    """NF_ACCEPT, NF_DROP, or NFT_JUMP to a chain."""
    target = [text(NFTA_VERDICT_CHAIN, chain)] if chain else []
    decided = nested(NFTA_DATA_VERDICT, be32(NFTA_VERDICT_CODE, code), *target)
    return expression("immediate", be32(NFTA_IMMEDIATE_DREG, NFT_REG_VERDICT), nested(NFTA_IMMEDIATE_DATA, decided))


# -- what rules say


def jump(chain: str) -> tuple[bytes, ...]:
    return (verdict(NFT_JUMP, chain),)


DROP, ACCEPT = (verdict(NF_DROP),), (verdict(NF_ACCEPT),)
MASQUERADE = (expression("masq"),)


def family(version: int) -> tuple[bytes, ...]:
    """IPv4 or IPv6: what follows reads that header."""
    return meta(NFT_META_NFPROTO), compare(bytes([NFPROTO_IPV6 if version == 6 else NFPROTO_IPV4]))


def protocol(name: str) -> tuple[bytes, ...]:
    return meta(NFT_META_L4PROTO), compare(bytes([PROTOCOLS[name]]))


def address(which: str, network: str, equal: bool = True) -> tuple[bytes, ...]:
    """`which` "s" or "d"; `network` an address or a subnet of the family that was asked for before."""
    wanted = ipaddress.ip_network(network, strict=False)
    where = ADDRESSES[wanted.version]
    loaded = payload(NFT_PAYLOAD_NETWORK_HEADER, where[which], where["length"])
    masked = (mask(wanted.netmask.packed),) if wanted.prefixlen < wanted.max_prefixlen else ()
    return loaded, *masked, compare(wanted.network_address.packed, equal)


def interface(which: str, name: str, equal: bool = True) -> tuple[bytes, ...]:
    """`which` "i", where it came in, or "o", where it goes out."""
    key = NFT_META_IIFNAME if which == "i" else NFT_META_OIFNAME
    return meta(key), compare(name.encode().ljust(IFNAMSIZ, b"\0"), equal)


def group(which: str, number: int, equal: bool = True) -> tuple[bytes, ...]:
    """The group of links that it came in by, or goes out by."""
    key = NFT_META_IIFGROUP if which == "i" else NFT_META_OIFGROUP
    return meta(key), compare(struct.pack("=I", number), equal)


def destination_port(number: int) -> tuple[bytes, ...]:
    return payload(NFT_PAYLOAD_TRANSPORT_HEADER, 2, 2), compare(struct.pack(">H", number))


def to_ourselves() -> tuple[bytes, ...]:
    """The destination is an address of this host's (`-m addrtype --dst-type LOCAL`)."""
    looked_up = expression(
        "fib", be32(NFTA_FIB_DREG, NFT_REG_1), be32(NFTA_FIB_RESULT, NFT_FIB_RESULT_ADDRTYPE),
        be32(NFTA_FIB_FLAGS, NFTA_FIB_F_DADDR),
    )  # fmt: skip
    return looked_up, compare(struct.pack("=I", RTN_LOCAL))


def tracked(key: int, bits: int) -> tuple[bytes, ...]:
    """The connection that it belongs to has one of these bits: of its state, or of its status."""
    loaded = expression("ct", be32(NFTA_CT_KEY, key), be32(NFTA_CT_DREG, NFT_REG_1))
    return loaded, mask(struct.pack("=I", bits)), compare(bytes(4), equal=False)


def destination_nat(host: str, port: int) -> tuple[bytes, ...]:
    where = ipaddress.ip_address(host)
    kind = NFPROTO_IPV6 if where.version == 6 else NFPROTO_IPV4
    translated = expression(
        "nat", be32(NFTA_NAT_TYPE, NFT_NAT_DNAT), be32(NFTA_NAT_FAMILY, kind),
        be32(NFTA_NAT_REG_ADDR_MIN, NFT_REG_1), be32(NFTA_NAT_REG_PROTO_MIN, NFT_REG_2),
    )  # fmt: skip
    return immediate(NFT_REG_1, where.packed), immediate(NFT_REG_2, struct.pack(">H", port)), translated
