"""Restart policies: again or not, and after how long (moby, restartmanager/restartmanager.go).

The wait begins at 100 ms and doubles with each attempt up to a minute; a run of ten seconds or more begins it anew.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.errors import EngineError
from engine.lifecycle import State, Verb
from engine.loop import SECOND, Timer

if TYPE_CHECKING:
    from engine.daemon.container import Container
    from engine.daemon.engine import Engine

FIRST_WAIT, LONGEST_WAIT = SECOND // 10, 60 * SECOND
LONG_RUN = 10 * SECOND


class Restart:
    """What a container with a policy remembers: the wait before the next attempt, ns, and its timer."""

    __slots__ = ("timer", "wait")

    def __init__(self) -> None:
        self.wait = 0
        self.timer: Timer | None = None

    def cancel(self) -> None:
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None


def wanted(container: Container) -> bool:
    """Does the policy ask for another run, now that this one has ended?"""
    policy = container.host_config.restart_policy
    if policy.is_none or container.manually_stopped or container.manually_restarted:
        return False
    if policy.name == "on-failure":
        tries = policy.maximum_retry_count
        return container.exit_code != 0 and (tries == 0 or container.restart_count < tries)
    return True


def wanted_at_boot(container: Container, was_active: bool) -> bool:
    """Does it when the daemon comes back? `always` does even for a container that somebody stopped."""
    policy = container.host_config.restart_policy
    if policy.is_none or not container.started_at:
        return False
    if policy.name == "on-failure":
        return was_active and wanted(container)
    return policy.name == "always" or not container.manually_stopped


def schedule(engine: Engine, container: Container) -> None:
    """Start it again after the wait; it is in the state restarting until then."""
    memory = container.restart = container.restart or Restart()
    if container.finished_at - container.started_at >= LONG_RUN:
        memory.wait = 0
    memory.wait = min(memory.wait * 2, LONGEST_WAIT) if memory.wait else FIRST_WAIT
    container.restart_count += 1
    when = engine.loop.time + memory.wait
    memory.timer = engine.loop.call_at(when, lambda: engine.loop.spawn(_again(engine, container), context=None))


async def _again(engine: Engine, container: Container) -> None:
    from engine.daemon import start

    if container.state is not State.RESTARTING:
        return
    try:
        await start.start(engine, container)
    except EngineError:
        give_up(engine, container)


def give_up(engine: Engine, container: Container) -> None:
    """Stopped while it waited, or could not be started: it stays exited."""
    if container.restart is not None:
        container.restart.cancel()
    if container.state is State.RESTARTING:
        container.move(Verb.GIVE_UP)
        engine.containers.save(container)
        container.tell_exit()
