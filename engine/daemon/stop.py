"""`docker stop`, `kill`, `restart`, `pause` and `unpause`: signals, the grace period, the freezer.

moby: daemon/{stop,kill,restart,pause,unpause}.go.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.daemon import health
from engine.daemon import restart as policies
from engine.daemon import start as starting
from engine.daemon.config import STOP_TIMEOUT
from engine.daemon.signals import SIGKILL, check_platform, parse_signal
from engine.errors import NotModified, System
from engine.host import RuntimeFailure
from engine.lifecycle import State, Verb

if TYPE_CHECKING:
    from engine.daemon.container import Container
    from engine.daemon.engine import Engine


async def stop(engine: Engine, container: Container, timeout: int | None = None, signal: str = "") -> None:
    """The stop signal, `timeout` seconds (None: as its settings say; negative: for ever), SIGKILL.

    Raises NotModified if it does not run, InvalidParameter for a signal that is none.
    """
    container.check(Verb.STOP)
    number = parse_signal(signal or container.config.stop_signal or "SIGTERM")
    if timeout is None:
        configured = container.config.stop_timeout
        timeout = STOP_TIMEOUT if configured is None else configured
    with engine.trace.span("daemon", "container stop", container=container.name, timeout=timeout):
        await _end(engine, container, number, timeout)
    engine.events.publish("container", "stop", container.id, container.attributes())


async def _end(engine: Engine, container: Container, signal: int, timeout: int) -> None:
    """Signal, wait, kill; returns when it has ended."""
    over = container.until_exit()
    await send(engine, container, signal)
    if container.state is State.RESTARTING:
        policies.give_up(engine, container)
    if timeout < 0:
        await over
        return
    try:
        await engine.loop.wait_for(over, timeout)
    except TimeoutError:
        await send(engine, container, SIGKILL)
        await over


async def kill(engine: Engine, container: Container, signal: str = "") -> None:
    """Send a signal; with SIGKILL wait for the end. Raises Conflict if it does not run, InvalidParameter."""
    number = parse_signal(signal) if signal else SIGKILL
    check_platform(number)
    container.check(Verb.KILL)
    with engine.trace.span("daemon", "container kill", container=container.name, signal=number):
        over = container.until_exit() if number == SIGKILL else None
        await send(engine, container, number)
        if container.state is State.RESTARTING:
            policies.give_up(engine, container)
        if over is not None:
            await over


async def send(engine: Engine, container: Container, signal: int) -> None:
    """A signal to the first process, and the event (moby: killWithSignal).

    A signal that is meant to end it also tells the restart policy that somebody wants it so: SIGKILL, the stop signal
    that its settings name, or any if they name none. A paused container is thawed, for otherwise it could not end.
    """
    named = container.config.stop_signal
    meant_to_end = signal == SIGKILL or not named or signal == parse_signal(named)
    if meant_to_end and not container.manually_restarted:
        container.manually_stopped = True
        engine.containers.save(container)
    async with container.lock:
        if container.alive:
            await engine.host.kill(container.id, signal)
            if meant_to_end and container.state is State.PAUSED:
                await engine.host.resume(container.id)
    engine.events.publish("container", "kill", container.id, container.attributes(signal=str(signal)))


async def restart(engine: Engine, container: Container, timeout: int | None = None, signal: str = "") -> None:
    """Stop it if it runs, and start it."""
    with engine.trace.span("daemon", "container restart", container=container.name):
        container.manually_restarted = True
        try:
            await stop(engine, container, timeout, signal)
        except NotModified:
            pass
        finally:
            container.manually_restarted = False
        await starting.start(engine, container)
    engine.events.publish("container", "restart", container.id, container.attributes())


async def pause(engine: Engine, container: Container) -> None:
    """The cgroup's freezer stops every process of it. Raises Conflict, System where the host has no freezer."""
    async with container.lock:
        container.check(Verb.PAUSE)
        with engine.trace.span("daemon", "container pause", container=container.name):
            try:
                await engine.host.pause(container.id)
            except RuntimeFailure as failure:
                raise System(f"Cannot pause container {container.id}: {failure}") from None
            if container.health is not None:
                container.health.stop()
            container.move(Verb.PAUSE)
            engine.containers.save(container)
            engine.events.publish("container", "pause", container.id, container.attributes())


async def unpause(engine: Engine, container: Container) -> None:
    async with container.lock:
        container.check(Verb.UNPAUSE)
        with engine.trace.span("daemon", "container unpause", container=container.name):
            await engine.host.resume(container.id)
            container.move(Verb.UNPAUSE)
            if container.health is not None:
                health.go_on(engine, container)
            engine.containers.save(container)
            engine.events.publish("container", "unpause", container.id, container.attributes())
