"""Things that go wrong on purpose: what a host offers to break, by name. `GET` and `POST /glassdock/faults`.

A name is "where.what" ("hub.down"). A value is what JSON has: true, a number, a list of words, or null for "as usual".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from engine.daemon.container import Container


class Faults(Protocol):
    """What a host that can be broken on purpose has to offer."""

    def show(self) -> dict[str, Any]:
        """Every fault and its present value."""

    def set(self, changes: Mapping[str, Any]) -> None:
        """Change some; all or none. Raises ValueError for an unknown name or a value of the wrong kind."""

    def heal(self) -> None:
        """All is as it should be."""

    def out_of_memory(self, container: Container) -> None:
        """Let the kernel kill the container's biggest process. Raises ValueError if it has none."""
