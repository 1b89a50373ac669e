"""docker pull against the pretend Docker Hub: what a student meets, with the wire's time, limits and faults."""

from __future__ import annotations

from typing import Any

import pytest

from engine.daemon.images import Images
from engine.distribution.auth import Credentials
from engine.loop import SECOND
from sim.faults import Faults
from sim.hub.hub import Hub, HubTransport


@pytest.fixture
def hub(bench: Any) -> Any:
    """A bench whose images come from the hub; `faults` is there to be changed."""
    bench.faults = Faults()
    bench.hub = Hub(bench.loop, bench.faults)
    bench.engine.images = bench.images = Images(bench.engine, HubTransport(bench.hub, bench.loop))
    return bench


def test_alpine_comes_in_a_time_that_the_wire_explains(hub: Any) -> None:
    start = hub.loop.time
    told = hub.pull("alpine:latest")
    assert told[-1].status == "Status: Downloaded newer image for alpine:latest"
    assert 0.3 * SECOND < hub.loop.time - start < 2 * SECOND
    assert hub.images.get("alpine").config.cmd == ("/bin/sh",)
    assert hub.pull("alpine:latest")[-1].status == "Status: Image is up to date for alpine:latest"


def test_a_stranger_does_not_learn_whether_a_repository_is_private_or_absent(hub: Any) -> None:
    hub.faults.private.add("library/busybox")
    for name in ("busybox", "nosuch", "somebody/else"):
        assert hub.refusal(f"{name}:latest").message == (
            f"pull access denied for {name}, repository does not exist or may require 'docker login': "
            "denied: requested access to the resource is denied"
        )
    assert hub.refusal("alpine:nosuch").message == (
        "manifest for alpine:nosuch not found: manifest unknown: manifest unknown"
    )


def test_a_wrong_password_is_told(hub: Any) -> None:
    hub.hub.members.passwords["nobody"] = "secret"
    error = hub.refusal("alpine:latest", credentials=Credentials("nobody", "x"))
    assert error.message == (
        'Head "https://registry-1.docker.io/v2/library/alpine/manifests/latest": '
        "unauthorized: incorrect username or password"
    )


def test_the_pull_rate_limit_is_told(hub: Any) -> None:
    hub.faults.rate_limit = 1
    hub.pull("alpine:latest")
    assert hub.refusal("busybox:latest").message.startswith("toomanyrequests: You have reached your")


def test_broken_layers_are_refused_and_broken_transfers_resumed(hub: Any) -> None:
    hub.faults.broken.add("library/alpine")
    assert "filesystem layer verification failed for digest sha256:" in hub.refusal("alpine:latest").message
    assert not hub.images.store.layers
    hub.faults.broken.clear()
    hub.faults.breaks, hub.faults.break_after = 1, 1 << 20
    told = hub.pull("alpine:latest")
    assert "Retrying in 5 seconds" in [item.status for item in told]
    assert hub.images.get("alpine") and hub.idle()


def test_a_hub_that_is_down_is_told_in_gos_words(hub: Any) -> None:
    hub.faults.down = True
    assert hub.refusal("alpine:latest").message == (
        'Get "https://registry-1.docker.io/v2/": dial tcp: lookup registry-1.docker.io: no such host'
    )
