"""Health checks: a command, run again and again inside the container (moby, daemon/health.go).

Starting until the first success; healthy after a success; unhealthy after so many failures in a row. Failures during
the start period do not count.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine.daemon.attach import Client
from engine.daemon.config import Healthcheck
from engine.daemon.execs import Exec, ExecConfig
from engine.daemon.signals import SIGKILL
from engine.errors import EngineError
from engine.loop import SECOND, Task
from engine.timestamps import rfc3339

if TYPE_CHECKING:
    from engine.daemon.container import Container
    from engine.daemon.engine import Engine

STARTING, HEALTHY, UNHEALTHY, NONE = "starting", "healthy", "unhealthy", "none"
INTERVAL, TIMEOUT, START_INTERVAL, RETRIES = 30 * SECOND, 30 * SECOND, 5 * SECOND, 3  # defaults
LOG, OUTPUT = 5, 4096  # results kept; bytes of each one's output
DEFAULT_SHELL = ("/bin/sh", "-c")


@dataclass(frozen=True, slots=True)
class Result:
    """One probe. Times in ns since 1970; `exit_code` -1: it could not be run, or took too long."""

    start: int
    end: int
    exit_code: int
    output: str

    def json(self) -> dict[str, Any]:
        return {
            "Start": rfc3339(self.start),
            "End": rfc3339(self.end),
            "ExitCode": self.exit_code,
            "Output": self.output,
        }


class Health:
    """What `docker inspect` shows as State.Health, and the task that keeps it true."""

    __slots__ = ("log", "status", "streak", "task")

    def __init__(self) -> None:
        self.status = STARTING
        self.streak = 0  # failures in a row
        self.log: tuple[Result, ...] = ()
        self.task: Task[None] | None = None

    def stop(self) -> None:
        """Check no more; what is not checked is not healthy."""
        if self.task is not None:
            self.task.cancel()
            self.task = None
        self.status = UNHEALTHY

    def json(self) -> dict[str, Any]:
        return {
            "Status": self.status,
            "FailingStreak": self.streak,
            "Log": [result.json() for result in self.log],
        }


def begin(engine: Engine, container: Container) -> None:
    """The container has started: check it from now on, if its settings say how."""
    if not command(container):
        return
    health = container.health = container.health or Health()
    health.status, health.streak = STARTING, 0
    go_on(engine, container)


def go_on(engine: Engine, container: Container) -> None:
    """After a start, or a pause."""
    if container.health is not None:
        watch = _monitor(engine, container, container.health)
        container.health.task = engine.loop.spawn(watch, f"health of {container.name}")


def command(container: Container) -> tuple[str, ...]:
    """What the check executes; () for no check."""
    check = container.config.healthcheck
    test = check.test if check is not None else ()
    if len(test) < 2 or test[0] == "NONE":
        return ()
    if test[0] == "CMD-SHELL":
        return (*(container.config.shell or DEFAULT_SHELL), test[1])
    return test[1:]


async def _monitor(engine: Engine, container: Container, health: Health) -> None:
    check = container.config.healthcheck or Healthcheck()
    while True:
        await engine.loop.sleep(_interval(engine, container, health, check) / SECOND)
        result = await _probe(engine, container, check)
        _judge(engine, container, health, check, result)


def _interval(engine: Engine, container: Container, health: Health, check: Healthcheck) -> int:
    in_start_period = engine.loop.time - container.started_at < check.start_period
    if in_start_period and health.status == STARTING:
        return check.start_interval or START_INTERVAL
    return check.interval or INTERVAL


async def _probe(engine: Engine, container: Container, check: Healthcheck) -> Result:
    """Run the command once."""
    begun, timeout = engine.loop.time, check.timeout or TIMEOUT
    client = Client(engine.loop)
    try:
        config = ExecConfig(attach_stdout=True, attach_stderr=True, cmd=command(container))
        probe = engine.execs.create(container, config)
        await engine.execs.start(probe, client)
        output = engine.loop.spawn(_collect(client), "health output")
        try:
            code = await engine.loop.wait_for(probe.over, timeout / SECOND)
        except TimeoutError:
            return await _overdue(engine, probe, begun, timeout)
        text = (await output).decode("utf-8", "replace")
    except EngineError as error:
        return Result(begun, engine.loop.time, -1, error.message)
    return Result(begun, engine.loop.time, code, text)


async def _overdue(engine: Engine, probe: Exec, begun: int, timeout: int) -> Result:
    await engine.execs.kill(probe, SIGKILL)
    return Result(begun, engine.loop.time, -1, f"Health check exceeded timeout ({duration(timeout)})")


async def _collect(client: Client) -> bytes:
    """The first bytes of the output; the rest is read and dropped."""
    kept = bytearray()
    while (piece := await client.get()) is not None:
        kept += piece[1][: OUTPUT - len(kept)]
    return bytes(kept)


def _judge(engine: Engine, container: Container, health: Health, check: Healthcheck, result: Result) -> None:
    before = health.status
    health.log = (*health.log, result)[-LOG:]
    if result.exit_code == 0:
        health.streak, health.status = 0, HEALTHY
    elif before != STARTING or result.start - container.started_at >= check.start_period:
        health.streak += 1
        if health.streak >= (check.retries or RETRIES):
            health.status = UNHEALTHY
    if health.status != before:
        action = f"health_status: {health.status}"
        engine.events.publish("container", action, container.id, container.attributes())


def duration(ns: int) -> str:
    """As Go prints a time.Duration.

    >>> duration(1_500_000_000), duration(90 * SECOND), duration(2_000_000)
    ('1.5s', '1m30s', '2ms')
    """
    if ns < SECOND:
        for size, unit in ((1_000_000, "ms"), (1_000, "µs"), (1, "ns")):
            if ns >= size:
                return f"{ns / size:g}{unit}"
        return "0s"
    minutes, rest = divmod(ns, 60 * SECOND)
    hours, minutes = divmod(minutes, 60)
    text = f"{rest / SECOND:.9f}".rstrip("0").rstrip(".") + "s"
    return (f"{hours}h" if hours else "") + (f"{minutes}m" if hours or minutes else "") + text
