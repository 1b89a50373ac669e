"""Messages to the kernel and back: what is packed is what is read. No root, no kernel."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from real import dnswire, packetfilter
from real.names import Directory, Zone
from real.netlink import attributes, channel, nf_tables, rtnetlink
from real.netlink.channel import NLMSG_ERROR, Message

numbers = st.integers(0, 0xFFFF_FFFF)
labels = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?", fullmatch=True)


@given(st.dictionaries(st.integers(1, 0x3FFF), st.binary(max_size=40)))
def test_attributes_come_back_as_they_went(values: dict[int, bytes]) -> None:
    packed = b"".join(attributes.attribute(type, value) for type, value in values.items())
    assert attributes.parse(packed) == values and len(packed) % 4 == 0


@given(st.binary(max_size=200))
def test_no_bytes_from_elsewhere_upset_the_readers(data: bytes) -> None:
    list(attributes.each(data))
    list(channel.unpack(data))
    dnswire.question(data)
    nf_tables.comment_of(data)


@given(st.lists(st.tuples(st.integers(16, 99), st.binary(max_size=50)), max_size=5))
def test_messages_come_back_as_they_went(sent: list[tuple[int, bytes]]) -> None:
    packed = b"".join(Message(type, 0, body).pack(1) for type, body in sent)
    assert [(each.type, each.body) for each in channel.unpack(packed)] == sent


def test_a_refusal_bears_the_kernels_number_and_words() -> None:
    words = attributes.text(channel.NLMSGERR_ATTR_MSG, "Unknown device type")
    answer = Message(NLMSG_ERROR, channel.NLM_F_ACK_TLVS, channel.ERROR.pack(-95) + words)
    with pytest.raises(OSError, match="Unknown device type") as caught:
        channel._check(answer)
    assert caught.value.errno == 95


@given(st.from_regex(r"[a-z][a-z0-9]{0,14}", fullmatch=True), st.integers(68, 65535), st.integers(1, 0x7FFF_FFFF))
def test_a_bridge_is_read_as_it_was_asked_for(name: str, mtu: int, group: int) -> None:
    read = rtnetlink.link_state(rtnetlink.new_bridge(name, mtu, "02:42:ac:11:00:01", group))
    assert (read.name, read.mtu, read.group, read.kind, read.mac) == (name, mtu, group, "bridge", "02:42:ac:11:00:01")


@given(st.ip_addresses(v=4), st.integers(0, 32))
def test_addresses_and_routes_are_read_as_they_were_asked_for(address: Any, length: int) -> None:
    assert rtnetlink.address_of(rtnetlink.new_address(7, f"{address}/{length}")).local == f"{address}/{length}"
    route = rtnetlink.route_of(rtnetlink.new_route("default", str(address)))
    assert route is not None and (route.destination, route.gateway, route.table) == ("default", str(address), 254)


def test_a_rule_keeps_its_words_and_its_expressions() -> None:
    words = "-d 10.0.0.1 ! -i docker0 -p tcp --dport 80 -j DNAT --to-destination 172.17.0.2:8080"
    message = nf_tables.new_rule("t", "DOCKER", packetfilter.translate(words, 4), words)
    handle = attributes.be64(nf_tables.NFTA_RULE_HANDLE, 5)
    rule = nf_tables.rule_state(message._replace(body=message.body + handle))
    assert rule is not None and (rule.comment, rule.handle, rule.chain) == (words, 5, "DOCKER")
    tests = ("meta cmp", "payload cmp", "meta cmp", "meta cmp", "payload cmp")
    assert " ".join(rule.expressions) == " ".join((*tests, "immediate immediate nat"))
    with pytest.raises(ValueError, match="--owner"):
        packetfilter.translate("--owner root -j DROP", 4)


# -- names


def _ask(name: str, type: int) -> bytes:
    encoded = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    return dnswire.HEADER.pack(7, 0x0100, 1, 0, 0, 0) + encoded + b"\0" + bytes([0, type, 0, 1])


@given(st.lists(labels, min_size=1, max_size=5).map(".".join), st.sampled_from((dnswire.A, dnswire.AAAA, dnswire.PTR)))
def test_a_question_is_understood(name: str, type: int) -> None:
    asked = dnswire.question(_ask(name, type))
    assert asked is not None and (asked.id, asked.name, asked.type) == (7, name, type)


def test_an_answer_has_the_question_and_addresses_of_its_family() -> None:
    message = _ask("web", dnswire.AAAA)
    asked = dnswire.question(message)
    assert asked is not None
    said = dnswire.answer(message, asked, dnswire.address_records(["172.18.0.2", "fd00::2"], dnswire.AAAA))
    assert said[:12] == bytes((0, 7, 0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0))
    assert said.endswith(IPv6Address("fd00::2").packed) and IPv4Address("172.18.0.2").packed not in said


@given(st.ip_addresses())
def test_an_address_is_found_in_its_reverse_name(address: Any) -> None:
    assert dnswire.reversed_address(address.reverse_pointer) == str(address)


def test_names_are_known_on_common_networks_only() -> None:
    known = Directory()
    known.zones = {"1": Zone("lab", False, "10.0.0.1"), "2": Zone("other", True, "")}
    known.join("1", "a", ("10.0.0.2",), ("web", "www"), ())
    known.join("1", "b", ("10.0.0.3",), ("client",), (("db", "web"),))
    known.join("2", "c", ("10.1.0.2",), ("web",), ())
    assert known.look_up("b", "WEB.") == known.look_up("b", "web.lab") == known.look_up("b", "db") == ["10.0.0.2"]
    assert known.look_up("c", "web") == ["10.1.0.2"] and known.look_up("a", "db") == []
    assert (
        known.look_up("a", "host.docker.internal") == ["10.0.0.1"] and known.look_up("c", "host.docker.internal") == []
    )
    assert (known.reverse("b", "10.0.0.2"), known.reverse("c", "10.0.0.2")) == ("web.lab", "")
    known.join("1", "a", ("10.0.0.2",), ("renamed",), ())
    assert known.look_up("b", "web") == [] and known.leads_out("a") and not known.leads_out("c")
