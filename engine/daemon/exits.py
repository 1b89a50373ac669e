"""What the daemon does when a container's first process has ended (moby, daemon/monitor.go).

The host brings the news; the restart policy decides whether that is that; whoever waits is told when the change has
been committed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.daemon import adoption, needs, remove, restart, start
from engine.daemon.networks import joining
from engine.host import Exited, News, OutOfMemory
from engine.lifecycle import Verb

if TYPE_CHECKING:
    from engine.daemon.container import Container
    from engine.daemon.engine import Engine


def on_news(engine: Engine, news: News) -> None:
    """The host's one callback."""
    container = engine.containers.find(news.container)
    if container is None:
        return
    if isinstance(news, OutOfMemory):
        container.oom_killed = True
        engine.events.publish("container", "oom", container.id, container.attributes())
    elif news.exec_id:
        engine.execs.ended(news)
    else:
        engine.loop.spawn(ended(engine, container, news), f"exit of {container.name}")


async def ended(engine: Engine, container: Container, news: Exited) -> None:
    """Take down what was made, decide, record, tell."""
    async with container.lock:
        if not container.alive:
            return
        span = engine.trace.open("daemon", "container exit", {"container": container.name, "status": news.status})
        again = _record(engine, container, news)
        start.record(engine, await engine.host.delete(container.id))
        if container.health is not None:
            container.health.stop()
        engine.execs.container_ended(container)
        engine.events.publish("container", "die", container.id, _attributes(container))
        await joining.leave(engine, container)
        await needs.give_back(engine, container)
        if again:
            restart.schedule(engine, container)
        container.close_streams()
        engine.saved.save(container)
        adoption.forget(engine, container)
        engine.containers.save(container)
        engine.trace.close(span)
        container.tell_exit()
    if container.host_config.auto_remove and not container.manually_restarted and not container.being_removed:
        await remove.remove(engine, container, force=True, volumes=True)


def _record(engine: Engine, container: Container, news: Exited) -> bool:
    """Its new state, before anything is taken down: from here on nobody sends it anything. Will it be run again?"""
    container.pid = 0
    container.exit_code = news.status
    container.oom_killed = container.oom_killed or news.oom_killed
    container.finished_at = engine.loop.time
    again = restart.wanted(container)
    container.move(Verb.RETRY if again else Verb.EXIT)
    engine.containers.save(container)
    return again


def _attributes(container: Container) -> dict[str, str]:
    seconds = (container.finished_at - container.started_at) // 1_000_000_000
    return container.attributes(execDuration=str(seconds), exitCode=str(container.exit_code))
