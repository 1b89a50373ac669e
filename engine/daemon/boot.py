"""How an engine comes back to what it had acknowledged, and how it ends.

After `kill -9` nothing of the containers' processes is left: what ran has exited with 255, unless its restart policy
asks for another run, or the host has kept it (engine/daemon/adoption.py). Images first, then writable layers, then
names and states (moby, daemon/daemon.go: restore).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.daemon import adoption, remove, restart, start
from engine.daemon.attach import Stdin
from engine.errors import EngineError
from engine.lifecycle import State

if TYPE_CHECKING:
    from engine.daemon.container import Container
    from engine.daemon.engine import Engine

KILLED = 255  # the exit code of what ended with the daemon


async def restore(engine: Engine) -> None:
    """Bring back what the state store has."""
    await engine.images.recover()
    engine.volumes.restore()
    await engine.networks.restore()
    for container in engine.containers:
        await engine.saved.restore(container)
        if container.config.open_stdin:
            container.stdin = Stdin(engine.loop)
    running = await adoption.find(engine)
    for container in engine.containers:
        was_active = container.active
        engine.volumes.adopt(container)
        if (started := running.get(container.id)) is not None:
            await adoption.adopt(engine, container, started)
            continue
        if was_active:
            container.state, container.exit_code = State.EXITED, KILLED
            container.finished_at = engine.loop.time
            if engine.host.info.live_restore:
                engine.saved.save(container)
            engine.containers.save(container)
        if container.state in (State.REMOVING, State.DEAD) or (was_active and container.host_config.auto_remove):
            await _finish_removal(engine, container)
        elif restart.wanted_at_boot(container, was_active):
            engine.loop.spawn(_start(engine, container), f"restart {container.name}")


async def _finish_removal(engine: Engine, container: Container) -> None:
    container.state = State.REMOVING
    await remove.destroy(engine, container, volumes=container.host_config.auto_remove)


async def _start(engine: Engine, container: Container) -> None:
    try:
        await start.start(engine, container)
    except EngineError:
        return  # it stays as it is, with the error in its state


def shut_down(engine: Engine) -> None:
    """Let everything of the containers' end without a word; what they have written so far is kept."""
    engine.host.listen(lambda news: None)
    for container in engine.containers:
        if container.alive and not engine.host.info.live_restore:
            engine.saved.save(container)
        if container.restart is not None:
            container.restart.cancel()
        if container.health is not None:
            container.health.stop()
        container.close_streams()
