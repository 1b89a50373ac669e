"""What can be made to go wrong between an engine and the hub, and how far away the hub is. Change it at any time.

    hub = engine.images.transport.hub       # of an engine that sim.make made
    hub.faults.latency = 0.3
    hub.faults.private.add("library/httpd")
    hub.faults.broken.add("library/nginx")

Nothing here does anything by itself: sim/hub.py looks.
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
    - `break_after`: bytes after which the transfer of a layer breaks; the next `breaks` transfers do.
    """

    latency: float = 0.03
    bandwidth: float = 12_500_000.0
    down: bool = False
    rate_limit: int | None = None
    private: set[str] = field(default_factory=set)
    broken: set[str] = field(default_factory=set)
    break_after: int = 0
    breaks: int = 0

    def breaks_now(self) -> bool:
        """Is it this transfer that breaks? Asked once for each."""
        if self.breaks <= 0:
            return False
        self.breaks -= 1
        return True
