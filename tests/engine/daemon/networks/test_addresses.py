"""Addresses of a subnet and subnets of a host: the lowest free one, the one that is asked for, none twice."""

from __future__ import annotations

from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.daemon.networks.addresses import Pool, hardware_address
from engine.daemon.networks.ipam import DEFAULT_POOLS, AddressSpace
from engine.errors import Forbidden, InvalidParameter, System

OURS = [f"10.0.0.{number}" for number in range(2, 31)]  # of 10.0.0.0/27, without network, gateway and broadcast
moves = st.lists(st.one_of(st.just("take"), st.sampled_from(OURS), st.integers(0, 28)), max_size=80)


@given(moves)
def test_the_lowest_free_address_is_given_and_none_twice(steps: list[str | int]) -> None:
    """A word is an address that is asked for, a number one of those given out that comes back."""
    pool, out = Pool("10.0.0.0/27"), list[str]()
    for step in steps:
        free = [address for address in OURS if address not in out]
        if isinstance(step, int):
            if out:
                pool.give_back(out.pop(step % len(out)))
        elif step == "take" and free:
            assert pool.take("lab") == free[0]
            out.append(free[0])
        elif step == "take":
            with pytest.raises(System, match="no available IPv4 addresses on this network's address pools: lab"):
                pool.take("lab")
        elif step in free:
            assert pool.choose(step) == step
            out.append(step)
        else:
            with pytest.raises(Forbidden, match="Address already in use"):
                pool.choose(step)


def test_a_subnet_of_two_bits_has_one_address_for_a_container() -> None:
    pool = Pool("10.0.0.0/30")
    assert (pool.gateway, pool.take("lab")) == ("10.0.0.1", "10.0.0.2")
    with pytest.raises(System, match="no available IPv4 addresses on this network's address pools: lab"):
        pool.take("lab")


@pytest.mark.parametrize("address", ["10.0.0.0", "10.0.0.255", "10.0.0.1", "10.0.0.9"])
def test_the_networks_own_addresses_are_never_given(address: str) -> None:
    pool = Pool("10.0.0.0/24", reserved=["10.0.0.9"])
    with pytest.raises(Forbidden, match="Address already in use"):
        pool.choose(address)


def test_a_range_limits_what_is_given_but_not_what_is_asked_for() -> None:
    pool = Pool("172.28.0.0/16", "172.28.5.254", "172.28.5.0/30")
    assert [pool.take("lab") for _ in range(4)] == [f"172.28.5.{number}" for number in range(4)]
    with pytest.raises(System, match="no available"):
        pool.take("lab")
    assert pool.choose("172.28.0.9") == "172.28.0.9"
    pool.give_back("172.28.0.9")
    assert pool.choose("172.28.0.9") == "172.28.0.9"
    pool.give_back("172.28.5.2")
    assert pool.take("lab") == "172.28.5.2"


def test_addresses_of_ipv6() -> None:
    pool = Pool("2001:db8::/64")
    assert (pool.gateway, pool.take("lab"), pool.choose("2001:db8::f")) == ("2001:db8::1", "2001:db8::2", "2001:db8::f")
    assert pool.with_prefix("2001:db8::2") == "2001:db8::2/64"
    assert hardware_address("2001:db8::2") == "02:42:00:00:00:02"


# -- subnets


def test_the_default_pools_are_given_in_dockers_order_and_come_back() -> None:
    space = AddressSpace("seed", lambda: ("192.168.65.0/24",))
    given_out = [space.any4() for _ in range(30)]
    assert given_out[:2] == ["172.17.0.0/16", "172.18.0.0/16"] and given_out[14:16] == [
        "172.31.0.0/16",
        "192.168.0.0/20",
    ]
    assert "192.168.64.0/20" not in given_out and len(DEFAULT_POOLS) == 31
    with pytest.raises(InvalidParameter, match="all predefined address pools have been fully subnetted"):
        space.any4()
    space.release("172.20.0.0/16")
    assert space.any4() == "172.20.0.0/16"


@given(st.lists(st.tuples(st.integers(0, 255), st.integers(8, 30)), max_size=20))
def test_no_two_networks_share_an_address(wanted: list[tuple[int, int]]) -> None:
    space, taken = AddressSpace("seed"), []
    for octet, length in wanted:
        subnet = ip_network(f"10.{octet}.0.0/{length}", strict=False)
        if any(subnet.overlaps(other) for other in taken):
            with pytest.raises(Forbidden, match="Pool overlaps with other one on this address space"):
                space.request(str(subnet))
        else:
            space.request(str(subnet))
            taken.append(subnet)


def test_each_host_has_unique_local_addresses_of_its_own() -> None:
    one, other = AddressSpace("one"), AddressSpace("other")
    first, second = one.any6(), one.any6()
    assert first != second and first != other.any6()
    assert all(ip_network(subnet).prefixlen == 64 for subnet in (first, second))
    assert ip_address(first.partition("/")[0]).is_private
