"""`docker rm`: the container, its writable layer and files; on request anonymous volumes (moby, daemon/delete.go)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.daemon import files, stop
from engine.daemon import restart as policies
from engine.daemon.signals import SIGKILL
from engine.errors import Conflict
from engine.lifecycle import State, Verb, refuse

if TYPE_CHECKING:
    from engine.daemon.container import Container
    from engine.daemon.engine import Engine


async def remove(engine: Engine, container: Container, force: bool = False, volumes: bool = False) -> None:
    """Raises Conflict if it runs and `force` is not set, or if somebody else is removing it."""
    verb = Verb.FORCE_REMOVE if force else Verb.REMOVE
    container.check(verb)
    if container.being_removed:
        raise refuse(State.REMOVING, verb, container.id, container.name)
    container.being_removed = True
    try:
        with engine.trace.span("daemon", "container remove", container=container.name, force=force):
            while not await _remove(engine, container, verb, volumes):
                await _end(engine, container)
    finally:
        container.being_removed = False


async def _remove(engine: Engine, container: Container, verb: Verb, volumes: bool) -> bool:
    """False if it runs; so it may when somebody else's start was under way."""
    async with container.lock:
        if container.check(verb) is not State.REMOVING:
            return False
        container.move(verb)
        await destroy(engine, container, volumes)
    return True


async def _end(engine: Engine, container: Container) -> None:
    """Kill what runs."""
    if container.state is State.RESTARTING:
        policies.give_up(engine, container)
    if container.alive:
        over = container.until_exit()
        await stop.send(engine, container, SIGKILL)
        await over


async def destroy(engine: Engine, container: Container, volumes: bool) -> None:
    """Take everything of it away."""
    try:
        await engine.host.remove(container.id)
    except OSError as error:
        container.move(Verb.FAIL)
        engine.containers.save(container)
        raise Conflict(f"unable to remove filesystem for {container.id}: {error}") from None
    engine.host.remove_tree(files.directory(engine.host.info.root, container.id))
    engine.execs.container_removed(container)
    engine.volumes.container_removed(container, volumes)
    engine.saved.forget(container)
    engine.containers.remove(container)
    engine.events.publish("container", "destroy", container.id, container.attributes())
    if container.logs is not None:
        container.logs.close()
    container.tell_removal()
