"""The switchboard of faults: every name that `glassdock fault` knows, what kind of value it takes, and where it acts.

It decides nothing: the hub, the network, the disk and the clock of the simulated host look at their own faults.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine.daemon.state import DiskState
from engine.loop import SECOND
from sim.faults import Faults
from sim.kernel.oom import kill_one

if TYPE_CHECKING:
    from engine.daemon.container import Container
    from engine.daemon.engine import Engine
    from sim.host import SimHost

Check = Callable[[Any], Any]  # a JSON value -> what is kept; raises ValueError


def switch(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError("true or false")
    return value


def amount(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e15:
        raise ValueError("a number of at least 0")
    return float(value)


def count(value: Any) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 1 << 60:
        raise ValueError("a whole number of at least 0, or null")
    return value


def moment(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > 1e10:
        raise ValueError("a number of seconds")
    return int(value * SECOND)


def words(value: Any) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(word, str) and word for word in value):
        raise ValueError("a list of words")
    return list(value)


@dataclass(frozen=True, slots=True)
class Fault:
    """`usual`: its value while nothing is wrong, as JSON."""

    check: Check
    usual: Any
    help: str


FAULTS: dict[str, Fault] = {
    "hub.down": Fault(switch, False, "nobody answers at the hub"),
    "hub.latency": Fault(amount, 0.03, "seconds from a request to its answer"),
    "hub.bandwidth": Fault(amount, 12_500_000.0, "bytes a second, shared by all transfers"),
    "hub.rate_limit": Fault(count, None, "pulls in six hours for those who have not logged in"),
    "hub.private": Fault(words, [], "repositories that only their owner may see, as library/httpd"),
    "hub.corrupt": Fault(words, [], "repositories whose layers arrive with a wrong byte"),
    "hub.break_after": Fault(count, None, "the next transfer breaks after so many bytes"),
    "network.cut": Fault(
        words, [], "pairs of containers, as web:db, between which (at their present addresses) nothing gets through"
    ),
    "network.no_names": Fault(switch, False, "no name server answers"),
    "disk.free": Fault(count, None, "bytes that may still be written to the host's disk"),
    "clock.skew": Fault(moment, 0, "seconds by which the host's clock is ahead"),
    "daemon.kill_after": Fault(count, None, "the daemon is killed (SIGKILL) at this change of its state"),
}


class Board:
    """engine.faults.Faults, on a simulated host."""

    def __init__(self, engine: Engine, host: SimHost, hub: Faults) -> None:
        self._engine, self._host, self._hub = engine, host, hub
        self._values = {name: fault.usual for name, fault in FAULTS.items()}

    def show(self) -> dict[str, Any]:
        storage = self._host.kernel.storage
        return self._values | {"disk.free": storage.disk.left}

    def heal(self) -> None:
        self.set({name: fault.usual for name, fault in FAULTS.items()})

    def set(self, changes: Mapping[str, Any]) -> None:
        """See engine.faults.Faults."""
        checked = {}
        for name, value in changes.items():
            if name not in FAULTS:
                raise ValueError(f"unknown fault {name!r}; there are {', '.join(FAULTS)}")
            try:
                checked[name] = FAULTS[name].check(value)
            except ValueError as error:
                raise ValueError(f"{name} takes {error}, not {value!r}") from None
        if checked.get("daemon.kill_after") is not None and not self._engine.state.durable:
            raise ValueError("daemon.kill_after needs a daemon that keeps what it knows (--data-root)")
        pairs = [self._pair(word) for word in checked.get("network.cut", [])]
        for name, value in checked.items():
            self._apply(name, value, pairs)
        self._values.update(changes)

    def _apply(self, name: str, value: Any, pairs: list[frozenset[str]]) -> None:
        hub, kernel = self._hub, self._host.kernel
        network = kernel.network.faults
        where, _, what = name.partition(".")
        if name == "hub.break_after":
            hub.break_after, hub.breaks = value or 0, int(value is not None)
        elif where == "hub":
            setattr(hub, {"corrupt": "broken"}.get(what, what), set(value) if isinstance(value, list) else value)
        elif name == "network.cut":
            network.cut.clear()
            network.cut.update(pairs)
        elif name == "network.no_names":
            network.no_names = value
        elif name == "disk.free":
            kernel.storage.disk.left = value
        elif name == "clock.skew":
            kernel.skew = hub.skew = value
        elif isinstance(self._engine.state, DiskState):
            self._engine.state.on_change = None if value is None else _Countdown(value)

    def _pair(self, word: str) -> frozenset[str]:
        """The addresses of two containers. Raises ValueError, and NotFound for one that is not there."""
        names = word.split(":")
        if len(names) != 2:
            raise ValueError(f"network.cut takes pairs as web:db, not {word!r}")
        containers = [self._engine.containers.get(name) for name in names]
        common = [
            frozenset((one.address, other.address))
            for one in containers[0].endpoints
            for other in containers[1].endpoints
            if one.network is other.network and one.address and other.address
        ]
        if not common:
            raise ValueError(f"{names[0]} and {names[1]} are on no common network")
        return common[0]

    def out_of_memory(self, container: Container) -> None:
        """Let the OOM killer take the container's biggest process. Raises ValueError if it has none."""
        if not container.alive:
            raise ValueError(f"container {container.name} is not running")
        group = self._host.runtime.cgroup(container.id)
        kill_one(group, group.everyone()[0])


class _Countdown:
    """Kills this process at the n-th change: as `kill -9` would, in the middle of whatever it does."""

    def __init__(self, left: int) -> None:
        self._left = left

    def __call__(self) -> None:
        self._left -= 1
        if self._left <= 0:
            os.kill(os.getpid(), signal.SIGKILL if hasattr(signal, "SIGKILL") else signal.SIGTERM)
