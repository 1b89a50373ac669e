"""The pretend Docker Hub behind its wire: what takes how long, and what can be dialled in."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from engine.distribution.transport import Reply, Unreachable
from engine.loop import SECOND, Loop
from sim.faults import Faults
from sim.hub.hub import Hub, HubTransport
from sim.net.bandwidth import Wire


class Client:
    """Asks the hub things, with a token."""

    def __init__(self) -> None:
        self.loop = Loop(start=0)
        self.faults = Faults()
        self.transport = HubTransport(Hub(self.loop, self.faults), self.loop)

    def get(self, url: str, **headers: str) -> tuple[int, Mapping[str, str], bytes]:
        async def go() -> tuple[Reply, bytes]:
            reply = await self.transport.request("GET", url, headers)
            return reply, await reply.read(1 << 30)

        reply, body = self.loop.run(go())
        return reply.status, reply.headers, body

    def manifest(self, name: str, reference: str = "latest") -> tuple[int, Mapping[str, str], Any]:
        _, _, body = self.get(f"https://auth.docker.io/token?scope=repository:{name}:pull")
        bearer = f"Bearer {json.loads(body)['token']}"
        url = f"https://registry-1.docker.io/v2/{name}/manifests/{reference}"
        status, headers, body = self.get(url, authorization=bearer)
        return status, headers, json.loads(body)


@pytest.fixture
def client() -> Client:
    return Client()


def test_a_request_takes_the_latency(client: Client) -> None:
    client.faults.latency = 0.25
    client.get("https://registry-1.docker.io/v2/")
    assert 0.25 * SECOND <= client.loop.time < 0.26 * SECOND


def test_the_hub_can_be_down(client: Client) -> None:
    client.faults.down = True
    with pytest.raises(Unreachable, match="no such host"):
        client.get("https://registry-1.docker.io/v2/")
    client.faults.down = False
    with pytest.raises(Unreachable, match=r"lookup registry\.test: no such host"):
        client.get("https://registry.test/v2/")


def test_every_image_is_there_for_two_machines(client: Client) -> None:
    status, _, index = client.manifest("library/redis")
    assert status == 200
    assert [row["platform"]["architecture"] for row in index["manifests"]] == ["amd64", "arm64"]
    assert len({row["digest"] for row in index["manifests"]}) == 2


def test_pulls_are_counted_as_the_hub_counts_them(client: Client) -> None:
    client.faults.rate_limit = 2
    for left in (1, 0):
        _, headers, index = client.manifest("library/alpine")
        assert headers["ratelimit-remaining"] == f"{left};w=21600"
        assert client.manifest("library/alpine", index["manifests"][0]["digest"])[0] == 200
    status, _, body = client.manifest("library/alpine")
    assert (status, body["errors"][0]["code"]) == (429, "TOOMANYREQUESTS")
    client.loop.run(client.loop.sleep(21601))
    assert client.manifest("library/alpine")[0] == 200


def test_search_finds_names_and_descriptions_with_their_stars(client: Client) -> None:
    _, _, body = client.get("https://index.docker.io/v1/search?q=nginx&n=25")
    first = json.loads(body)["results"][0]
    assert (first["name"], first["is_official"]) == ("nginx", True) and first["star_count"] > 1000
    _, _, body = client.get("https://index.docker.io/v1/search?q=linux&n=2")
    found = [row["name"] for row in json.loads(body)["results"]]
    assert len(found) == 2 and found[0] == "ubuntu"
    client.faults.private.add("library/nginx")
    assert json.loads(client.get("https://index.docker.io/v1/search?q=nginx")[2])["results"] == []


def test_transfers_share_the_wire_fairly() -> None:
    loop = Loop(start=0)
    wire = Wire(loop, lambda: 100.0)
    ended: dict[str, float] = {}

    async def carry(name: str, size: int, after: float) -> None:
        await loop.sleep(after)
        await wire.carry(size)
        ended[name] = loop.time / SECOND

    loop.run(loop.gather(carry("long", 300, 0), carry("short", 100, 1), carry("later", 50, 10)))
    # one second alone; two of them share until the short one has its 100 bytes; then the rest alone
    assert ended == {"short": pytest.approx(3, abs=0.01), "long": pytest.approx(4, abs=0.01),
                     "later": pytest.approx(10.5, abs=0.01)}  # fmt: skip


def test_a_transfer_that_is_given_up_leaves_the_wire_to_the_others() -> None:
    loop = Loop(start=0)
    wire = Wire(loop, lambda: 100.0)
    given_up = loop.spawn(wire.carry(1000))
    kept = loop.spawn(wire.carry(100))
    loop.call_later(1, given_up.cancel)
    loop.run(kept)
    assert loop.time / SECOND == pytest.approx(1.5, abs=0.01)
