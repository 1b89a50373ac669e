"""`docker start`: network, files, plan, and the host does the rest (moby, daemon/start.go).

Find, guard, act on the host, set state, emit the event. When a step fails, what was done is undone and the container is
where it was before, with the error and an exit code that say why.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from engine import plan
from engine.daemon import adoption, files, needs, specs
from engine.daemon.networks import joining
from engine.daemon.networks import links as linking
from engine.errors import EngineError, InvalidParameter, System
from engine.host import RuntimeFailure
from engine.lifecycle import Verb
from engine.operations import Performed

if TYPE_CHECKING:
    from engine.daemon.container import Container
    from engine.daemon.engine import Engine

# The words of runc's errors -> the shell's exit codes (moby, daemon/errors.go: setExitCodeFromError).
EXIT_CODES = (
    ("executable file not found", 127),
    ("no such file or directory", 127),
    ("permission denied", 126),
    ("is a directory", 126),
    ("not a directory", 127),
)
UNKNOWN = 128  # a start failed for another reason
CREATE_FAILED = (
    "failed to create task for container: failed to create shim task: OCI runtime create failed: runc create failed: "
    "unable to start container process: error during container init: "
)
OWN_WORDS = ("unable to find user", "unable to find group", "no matching entries")  # found before runc is called


async def start(engine: Engine, container: Container) -> None:
    """Raises EngineError: NotModified if it runs already."""
    async with container.lock:
        container.check(Verb.START)
        span = engine.trace.open("daemon", "container start", {"container": container.name})
        try:
            await _start(engine, container)
        except Exception as error:
            told = error if isinstance(error, EngineError) else System(str(error))
            engine.trace.close(span, told.message)
            await _failed(engine, container, told)
            raise
        engine.trace.close(span)


async def _start(engine: Engine, container: Container) -> None:
    needs.check(engine, container)
    container.exit_code, container.error, container.oom_killed = 0, "", False
    host = engine.host
    links = await joining.join(engine, container)
    files.write(engine, container)
    await needs.mount(engine, container)
    devices, throttles = needs.devices(engine, container), needs.throttles(engine, container.host_config)
    engine.saved.write_down(container)
    spec = specs.spec(container, links, host.info.root, linking.environment(engine, container), devices, throttles)
    try:
        operations = plan.plan(spec, host.layers(container.id))
        started = await host.create(spec, operations, container.on_output, hold=False)
        record(engine, started.performed)
        record(engine, await host.start(container.id))
    except RuntimeFailure as failure:
        record(engine, failure.performed)
        record(engine, await host.delete(container.id))
        raise start_error(container, failure) from None
    container.pid = started.pid
    container.move(Verb.START)
    container.started_at = engine.loop.time
    container.manually_stopped = False
    if container.stdin is not None:
        container.stdin.connect(started.input)
    else:
        started.input.close()
    if container.config.healthcheck is not None:
        from engine.daemon import health

        health.begin(engine, container)
    adoption.remember(engine, container)
    engine.containers.save(container)
    engine.events.publish("container", "start", container.id, container.attributes())


async def _failed(engine: Engine, container: Container, error: EngineError) -> None:
    """Leave it as it was, with the reason (moby: containerStart's deferred function)."""
    container.error = error.message
    container.exit_code = container.exit_code or UNKNOWN
    await joining.leave(engine, container)
    await needs.give_back(engine, container)
    engine.containers.save(container)
    container.close_streams()
    if container.host_config.auto_remove and not container.being_removed:
        from engine.daemon import remove

        container.move(Verb.FORCE_REMOVE)
        await remove.destroy(engine, container, volumes=True)


def start_error(container: Container, failure: RuntimeFailure) -> EngineError:
    """What runc said, with what Docker puts around it; sets the exit code that a shell would give."""
    reason = str(failure)
    lower = reason.lower()
    for words, code in EXIT_CODES:
        if words in lower:
            container.exit_code = code
            break
    if any(words in reason for words in OWN_WORDS):
        container.exit_code = 0
        return System(reason)
    text = f"{CREATE_FAILED}{reason}: unknown"
    return InvalidParameter(text) if container.exit_code else System(text)


def record(engine: Engine, performed: Sequence[Performed]) -> None:
    """Every kernel operation that the host did becomes a span."""
    engine.trace.record_operations(performed)
