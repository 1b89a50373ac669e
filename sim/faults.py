"""What can be made to go wrong: between an engine and the hub, and between containers. Change it at any time.

    hub = engine.images.transport.hub       # of an engine that sim.make made
    hub.faults.latency = 0.3
    hub.faults.private.add("library/httpd")
    hub.faults.broken.add("library/nginx")

    network = engine.host.kernel.network
    network.faults.partition("172.18.0.2", "172.18.0.3")
    network.faults.no_names = True

Nothing here does anything by itself: sim/hub/hub.py, sim/net/network.py and sim/net/resolver.py look.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class Faults:
    """Names of repositories are the registry's own: "library/alpine".

    - `latency`: seconds from a request to its reply; `bandwidth`: bytes a second, shared by all transfers.
    - `down`: nobody answers.
    - `rate_limit`: pulls in six hours for those who have not logged in; None is no limit.
    - `private`: repositories that only their owner may see.
    - `broken`: repositories whose layers arrive with a wrong byte.
    - `skew`: ns by which the caller's clock is ahead; certificates are valid for a while only.
    - `break_after`: bytes after which the transfer of a layer breaks, in either direction; the next `breaks` do.
    """

    latency: float = 0.03
    bandwidth: float = 12_500_000.0
    down: bool = False
    rate_limit: int | None = None
    private: set[str] = field(default_factory=set)
    broken: set[str] = field(default_factory=set)
    break_after: int = 0
    breaks: int = 0
    skew: int = 0

    def breaks_now(self) -> bool:
        """Is it this transfer that breaks? Asked once for each."""
        if self.breaks <= 0:
            return False
        self.breaks -= 1
        return True


@dataclass(slots=True)
class NetworkFaults:
    """Between addresses of the simulated host.

    - `cut`: pairs between which nothing gets through. Connections that are open wait, and give up after 15 minutes.
    - `no_names`: no name server answers.
    """

    cut: set[frozenset[str]] = field(default_factory=set)
    no_names: bool = False

    def partition(self, one: str, other: str) -> None:
        self.cut.add(frozenset((one, other)))

    def heal(self) -> None:
        """All is as it should be."""
        self.cut.clear()
        self.no_names = False

    def separate(self, one: str, other: str) -> bool:
        return bool(self.cut) and frozenset((one, other)) in self.cut
