"""`docker container prune`: remove what does not run (moby, daemon/prune.go)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.daemon import remove
from engine.daemon.filters import Filters
from engine.errors import EngineError, InvalidParameter
from engine.lifecycle import STOPPED
from engine.timestamps import parse_moment

if TYPE_CHECKING:
    from engine.daemon.engine import Engine

ACCEPTED = ("label", "label!", "until")


async def prune(engine: Engine, filters: Filters) -> tuple[list[str], int]:
    """Ids of what was removed, and the bytes that this gave back."""
    until = moment_of(filters, engine.loop.time)
    removed, reclaimed = [], 0
    for container in engine.containers:
        if container.state not in STOPPED or not filters.prunes(container.config.labels):
            continue
        if until and container.created > until:
            continue
        size = await engine.host.usage(container.id)
        try:
            await remove.remove(engine, container)
        except EngineError:
            continue  # it has been started meanwhile, or somebody else removes it
        removed.append(container.id)
        reclaimed += size
    engine.events.publish("container", "prune", "", {"reclaimed": str(reclaimed)})
    return removed, reclaimed


def moment_of(filters: Filters, now: int) -> int:
    """The `until` filter, ns since 1970; 0 if there is none. Raises InvalidParameter."""
    values = filters.get("until")
    if len(values) > 1:
        raise InvalidParameter("more than one until filter specified")
    try:
        return parse_moment(values[0], now) if values else 0
    except ValueError as error:
        raise InvalidParameter(str(error)) from None
