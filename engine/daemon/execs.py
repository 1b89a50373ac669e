"""One more process in a running container (moby, daemon/exec.go).

An exec is made, then started once; its record stays for five minutes after its end, so that whoever started it can ask
for the exit code.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine.api.decode import option
from engine.daemon import start as starting
from engine.daemon.attach import Client, parse_keys
from engine.daemon.networks import links
from engine.daemon.specs import process, template
from engine.errors import Conflict, EngineError, InvalidParameter, System, no_such_exec
from engine.host import Exited, Input, RuntimeFailure
from engine.lifecycle import Verb
from engine.loop import SECOND, Future
from engine.spec import ALL_CAPABILITIES, Process

if TYPE_CHECKING:
    from engine.daemon.container import Container
    from engine.daemon.engine import Engine

KEPT = 300 * SECOND  # after its end
FAILED = "OCI runtime exec failed: exec failed: unable to start container process: "


@dataclass(frozen=True, slots=True)
class ExecConfig:
    """The request's fields. Empty user, directory and environment: the container's."""

    user: str = ""
    privileged: bool = False
    tty: bool = False
    console_size: tuple[int, ...] = ()
    attach_stdin: bool = False
    attach_stderr: bool = False
    attach_stdout: bool = False
    detach_keys: str = ""
    env: tuple[str, ...] | None = None
    working_dir: str = ""
    cmd: tuple[str, ...] | None = option(words=True)


class Exec:
    """One exec. `exit_code` None while it has none."""

    __slots__ = ("client", "config", "container", "exit_code", "id", "input", "keys", "over", "pid", "running")

    def __init__(self, id: str, container: Container, config: ExecConfig, keys: bytes) -> None:
        self.id, self.container, self.config, self.keys = id, container, config, keys
        self.pid = 0
        self.running = False
        self.exit_code: int | None = None
        self.input: Input | None = None
        self.client: Client | None = None
        self.over: Future[int] = Future(container.loop)

    def on_output(self, stream: int, data: bytes) -> Future[None] | None:
        """The host's news: it has written."""
        return self.client.put(stream, data) if self.client is not None else None

    def json(self) -> dict[str, Any]:
        """ExecInspectResponse."""
        config = self.config
        command = config.cmd or ("",)
        return {
            "ID": self.id,
            "Running": self.running,
            "ExitCode": self.exit_code,
            "ProcessConfig": {
                "tty": config.tty,
                "entrypoint": command[0],
                "arguments": list(command[1:]),
                "privileged": config.privileged,
            }
            | ({"user": config.user} if config.user else {}),
            "OpenStdin": config.attach_stdin,
            "OpenStderr": config.attach_stderr,
            "OpenStdout": config.attach_stdout,
            "CanRemove": self.exit_code is not None,
            "ContainerID": self.container.id,
            "DetachKeys": self.keys.decode("latin-1"),
            "Pid": self.pid,
        }


class Execs:
    """`engine.execs`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._by_id: dict[str, Exec] = {}
        self._ended: deque[tuple[int, str]] = deque()

    def __len__(self) -> int:
        return len(self._by_id)

    def get(self, id: str) -> Exec:
        if found := self._by_id.get(id):
            return found
        raise no_such_exec(id)

    def create(self, container: Container, config: ExecConfig) -> Exec:
        """Raises Conflict if the container does not run, InvalidParameter."""
        if not config.cmd:
            raise InvalidParameter("No exec command specified")
        container.check(Verb.EXEC)
        self._forget_old()
        made = Exec(self._engine.ids.new(), container, config, parse_keys(config.detach_keys))
        self._by_id[made.id] = made
        self.tell("exec_create", made)
        return made

    async def start(self, started: Exec, client: Client | None, size: tuple[int, int] = (0, 0)) -> None:
        """Run it; its output goes to `client`. Raises Conflict if it has run, and what the runtime says."""
        if started.exit_code is not None:
            raise Conflict(f"Error: Exec command {started.id} has already run")
        if started.running:
            raise Conflict(f"Error: Exec command {started.id} is already running")
        container, engine = started.container, self._engine
        container.check(Verb.EXEC)
        started.running, started.client = True, client
        command = " ".join(started.config.cmd or ())
        with engine.trace.span("daemon", "exec start", container=container.name, command=command):
            self.tell("exec_start", started)
            try:
                told = await engine.host.exec(
                    container.id, started.id, _process(engine, container, started.config, size), started.on_output
                )
            except RuntimeFailure as failure:
                starting.record(engine, failure.performed)
                raise self._failed(started, failure) from None
            starting.record(engine, told.performed)
        started.pid, started.input = told.pid, told.input
        if started.running:  # it may be over already
            if container.execs is None:
                container.execs = set()
            container.execs.add(started.id)

    def _failed(self, started: Exec, failure: RuntimeFailure) -> EngineError:
        reason = str(failure)
        code = next((code for words, code in starting.EXIT_CODES if words in reason.lower()), 126)
        self._end(started, code)
        if any(words in reason for words in starting.OWN_WORDS):
            return System(reason)
        return InvalidParameter(f"{FAILED}{reason}: unknown")

    async def resize(self, resized: Exec, height: int, width: int) -> None:
        if resized.running:
            await self._engine.host.resize(resized.container.id, resized.id, height, width)

    async def kill(self, killed: Exec, signal: int) -> None:
        if killed.running:
            await self._engine.host.kill(killed.container.id, signal, killed.id)

    # -- what happens

    def ended(self, news: Exited) -> None:
        """The host's news."""
        over = self._by_id.get(news.exec_id)
        if over is not None and over.running:
            self._end(over, news.status)
            self.tell("exec_die", over, exitCode=str(news.status))

    def container_ended(self, container: Container) -> None:
        """Its execs have been killed with it, whether or not the host has said so of each."""
        for id in tuple(container.execs or ()):
            self.ended(Exited(container.id, id, 137))

    def container_removed(self, container: Container) -> None:
        if container.execs is not None:
            self.container_ended(container)

    def _end(self, over: Exec, status: int) -> None:
        over.running, over.exit_code, over.pid = False, status, 0
        if over.container.execs:
            over.container.execs.discard(over.id)
        if over.client is not None:
            over.client.close()
        self._ended.append((self._engine.loop.time, over.id))
        over.over.set_result(status)

    def _forget_old(self) -> None:
        while self._ended and self._ended[0][0] + KEPT < self._engine.loop.time:
            self._by_id.pop(self._ended.popleft()[1], None)

    def tell(self, action: str, exec: Exec, **more: str) -> None:
        """Its events; the first two name the command."""
        container = exec.container
        words = action if action in ("exec_die", "exec_detach") else f"{action}: {' '.join(exec.config.cmd or ())}"
        self._engine.events.publish("container", words, container.id, container.attributes(execID=exec.id, **more))


def _process(engine: Engine, container: Container, config: ExecConfig, size: tuple[int, int]) -> Process:
    """As the container's own, but for what the exec says."""
    own = process(container, links.environment(engine, container))
    env = {entry.partition("=")[0]: entry for entry in own.env}
    env |= {"TERM": "TERM=xterm"} if config.tty and "TERM" not in env else {}
    env |= {entry.partition("=")[0]: entry for entry in config.env or () if "=" in entry}
    given = config.console_size
    return Process(
        args=config.cmd or (),
        env=tuple(env.values()),
        cwd=config.working_dir or own.cwd,
        user=config.user or own.user,
        groups=own.groups,
        terminal=config.tty,
        console_size=size if size != (0, 0) else (given[0], given[1]) if len(given) == 2 else (0, 0),
        capabilities=ALL_CAPABILITIES if config.privileged else own.capabilities,
        rlimits=own.rlimits,
        no_new_privileges=template(container.settings).no_new_privileges,
    )
