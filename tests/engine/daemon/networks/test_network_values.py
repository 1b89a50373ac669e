"""Whatever values a client gives for a network or a place on one: made as asked, or refused; never an accident."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.api.inprocess import Connection
from sim.make import make_engine

SUBNETS = st.sampled_from([
    "10.0.0.0/8", "10.1.0.0/16", "10.2.2.0/24", "10.2.2.128/25", "10.2.2.2/31", "10.2.2.3/32", "0.0.0.0/0", "fd00::/64",
    "2001:db8::/64", "2001:db8::/127", "::/0",
])  # fmt: skip
ADDRESSES = st.sampled_from([
    "10.1.0.1", "10.1.0.0", "10.1.255.255", "10.1.2.3", "10.2.2.1", "10.2.2.129", "10.2.2.3", "fd00::1", "fd00::7",
    "::", "2001:db8::1", "169.254.8.8", "02:42:ac:11:00:02", "02-42-ac-11-00-02",
])  # fmt: skip
WORDS = ["", "x", "lab", "bridge", "10.1.0.1/16", "999.0.0.1", "true", "false", "1400", "-1", "ü" * 30, "a" * 300]
TEXTS = SUBNETS | ADDRESSES | st.sampled_from(WORDS) | st.text(max_size=8)
SUBNET, ADDRESS = SUBNETS | SUBNETS | TEXTS, ADDRESSES | ADDRESSES | TEXTS  # mostly what they should be
OPTIONS = st.dictionaries(
    st.sampled_from([
        "com.docker.network.bridge.name", "com.docker.network.bridge.enable_icc", "com.docker.network.driver.mtu",
        "com.docker.network.bridge.host_binding_ipv4", "parent",
    ]),
    TEXTS, max_size=3,
)  # fmt: skip


def record(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Some of the fields."""
    return st.fixed_dictionaries({}, optional=fields)


AUXILIARY = st.dictionaries(TEXTS, ADDRESS, max_size=2)
IPAM_CONFIG = record(IPRange=SUBNET, Gateway=ADDRESS, AuxiliaryAddresses=AUXILIARY).flatmap(
    lambda config: SUBNET.map(lambda subnet: {"Subnet": subnet, **config})
)
IPAM = record(Driver=st.sampled_from(["", "default", "x"]), Options=OPTIONS, Config=st.lists(IPAM_CONFIG, max_size=3))
NAMES = st.sampled_from(["lab", "a b", "ü", "own", ""])
NETWORK = record(
    Driver=st.sampled_from(["", "", "bridge", "host", "x"]), IPAM=IPAM, Internal=st.booleans(), Options=OPTIONS,
    EnableIPv4=st.booleans(), EnableIPv6=st.booleans(), ConfigOnly=st.booleans(), Scope=st.sampled_from(["", "swarm"]),
    Labels=st.dictionaries(TEXTS, TEXTS, max_size=2),
).flatmap(lambda network: NAMES.map(lambda name: {"Name": name, **network}))  # fmt: skip
ENDPOINT = record(
    IPAMConfig=record(IPv4Address=ADDRESS, IPv6Address=ADDRESS, LinkLocalIPs=st.lists(ADDRESS, max_size=2)),
    Aliases=st.lists(TEXTS, max_size=2), Links=st.lists(TEXTS, max_size=2), MacAddress=ADDRESS, DriverOpts=OPTIONS,
    GwPriority=st.integers(-(1 << 63), (1 << 63) - 1),
)  # fmt: skip
LIMITS = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
# What Docker itself calls a system error
SYSTEM = ("numerical result out of range", "failed to allocate", "no available IPv", "is not connected to")


@pytest.fixture(scope="module")
def connection() -> Iterator[Connection]:
    connection = Connection(make_engine(seed=1))
    connection.request("POST", "/images/create", {"fromImage": "busybox", "tag": "latest"}).read()
    lab = {"Name": "own", "EnableIPv6": True, "IPAM": {"Config": [{"Subnet": "10.1.0.0/16"}, {"Subnet": "fd00::/64"}]}}
    assert ask(connection, "POST", "/networks/create", lab)[0] == 201
    for name in ("runs", "rests"):
        assert (
            ask(connection, "POST", f"/containers/create?name={name}", {"Image": "busybox", "Cmd": ["sleep", "99999"]})[
                0
            ]
            == 201
        )
    assert ask(connection, "POST", "/containers/runs/start")[0] == 204
    yield connection
    connection.engine.loop.run(connection.engine.close())


def ask(connection: Connection, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    path, _, query = path.partition("?")
    pairs = dict(pair.split("=") for pair in query.split("&") if pair)
    headers = {"content-type": "application/json"} if body is not None else {}
    data = json.dumps(body).encode() if body is not None else b""
    answer = connection.request(method, path, pairs, headers, data)
    got = answer.read()
    return answer.status, json.loads(got) if got.strip() else None


def in_dockers_form(status: int, answer: Any) -> None:
    assert answer["message"]
    assert status in (400, 403, 404, 409) or any(words in answer["message"] for words in SYSTEM), (status, answer)


@LIMITS
@given(NETWORK)
def test_a_network_is_made_or_refused(connection: Connection, body: dict[str, Any]) -> None:
    before = len(ask(connection, "GET", "/networks")[1])
    status, answer = ask(connection, "POST", "/networks/create", body)
    if status != 201:
        in_dockers_form(status, answer)
    else:
        assert ask(connection, "GET", f"/networks/{answer['Id']}")[1]["Id"] == answer["Id"]
        assert ask(connection, "DELETE", f"/networks/{answer['Id']}")[0] == 204
    assert len(ask(connection, "GET", "/networks")[1]) == before


@LIMITS
@given(ENDPOINT, st.sampled_from(("runs", "rests")))
def test_a_container_is_connected_or_refused(connection: Connection, endpoint: dict[str, Any], name: str) -> None:
    body = {"Container": name, "EndpointConfig": endpoint}
    status, answer = ask(connection, "POST", "/networks/own/connect", body)
    if status != 200:
        in_dockers_form(status, answer)
        return
    assert "own" in ask(connection, "GET", f"/containers/{name}/json")[1]["NetworkSettings"]["Networks"]
    if name == "rests" and (started := ask(connection, "POST", f"/containers/{name}/start"))[0] != 204:
        in_dockers_form(*started)
    ask(connection, "POST", "/containers/rests/kill")
    assert ask(connection, "POST", "/networks/own/disconnect", body)[0] == 200
    assert ask(connection, "GET", "/networks/own")[1]["Containers"] == {}
