"""`docker rename` (moby, daemon/rename.go)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.daemon.networks import joining
from engine.errors import EngineError, InvalidParameter
from engine.lifecycle import Verb

if TYPE_CHECKING:
    from engine.daemon.container import Container
    from engine.daemon.engine import Engine


async def rename(engine: Engine, container: Container, name: str) -> None:
    """Raises InvalidParameter, Conflict."""
    if not name:
        raise InvalidParameter("Neither old nor new names may be empty")
    new = name if name.startswith("/") else f"/{name}"
    async with container.lock:
        container.check(Verb.RENAME)
        old = container.name
        if new == f"/{old}":
            raise InvalidParameter("Renaming a container with the same name as its current name")
        try:
            container.name = engine.containers.reserve(new, container.id)
        except EngineError as error:
            raise type(error)(f"Error when allocating new name: {error.message}") from None
        engine.containers.release(old)
        await joining.renamed(engine, container)
        engine.containers.save(container)
        attributes = container.attributes(oldName=f"/{old}")
        engine.events.publish("container", "rename", container.id, attributes)
