"""One container, as the daemon knows it: its settings, its state, and who listens to it.

No behaviour beyond its own record: what may be done is `engine.lifecycle`, how it is done is one module for each verb.
Small on purpose: what few containers have (clients, health, waiting futures) is None until it is needed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine import lifecycle
from engine.api.decode import decode, encode
from engine.daemon.config import ContainerConfig, HostConfig, NetworkingConfig, Settings
from engine.daemon.lock import Lock
from engine.lifecycle import State, Verb
from engine.loop import Future, Loop

if TYPE_CHECKING:
    from engine.daemon.attach import Client, Stdin
    from engine.daemon.health import Health
    from engine.daemon.logs import LogBuffer
    from engine.daemon.mounts import MountPoint
    from engine.daemon.networks.attachments import Attachment
    from engine.daemon.networks.endpoint import Endpoint
    from engine.daemon.restart import Restart

KIND = "container"  # of its row
ROW = (
    "name", "created", "image_id", "hostname", "exit_code", "error", "oom_killed", "started_at", "finished_at",
    "restart_count", "manually_stopped",
)  # fmt: skip


class Container:
    """Times are ns since 1970, 0 for never. `settings` have been merged with the image's configuration."""

    __slots__ = (
        "attachments",
        "being_removed",
        "clients",
        "created",
        "endpoints",
        "error",
        "execs",
        "exit_code",
        "finished_at",
        "health",
        "hostname",
        "id",
        "image_id",
        "lock",
        "logs",
        "loop",
        "manually_restarted",
        "manually_stopped",
        "mounts",
        "name",
        "oom_killed",
        "pid",
        "restart",
        "restart_count",
        "settings",
        "started_at",
        "state",
        "stdin",
        "waiting_exit",
        "waiting_removal",
    )

    def __init__(
        self, loop: Loop, id: str, name: str, image_id: str, settings: Settings, created: int, hostname: str
    ) -> None:
        self.loop, self.id, self.name, self.image_id = loop, id, name, image_id
        self.settings, self.created, self.hostname = settings, created, hostname
        self.lock = Lock(loop)
        self.state = State.CREATED
        self.pid = 0
        self.exit_code = 0
        self.error = ""
        self.oom_killed = False
        self.started_at = 0
        self.finished_at = 0
        self.restart_count = 0
        self.manually_stopped = False  # somebody asked for its end: its restart policy has to respect that
        self.manually_restarted = False  # `docker restart` is at work: --rm must not remove it meanwhile
        self.being_removed = False  # somebody is at it, so that a second one is refused and --rm stays away
        self.mounts: tuple[MountPoint, ...] = ()
        self.attachments: dict[str, Attachment] | None = None  # by network; None: as the settings say
        self.endpoints: tuple[Endpoint, ...] = ()
        self.stdin: Stdin | None = None
        self.logs: LogBuffer | None = None
        self.clients: list[Client] | None = None
        self.execs: set[str] | None = None  # ids of those that run
        self.health: Health | None = None
        self.restart: Restart | None = None
        self.waiting_exit: list[Future[int]] | None = None
        self.waiting_removal: list[Future[int]] | None = None

    # -- what it was told

    @property
    def config(self) -> ContainerConfig:
        return self.settings.config

    @property
    def host_config(self) -> HostConfig:
        return self.settings.host

    @property
    def command(self) -> tuple[str, ...]:
        """What is executed: ENTRYPOINT and CMD."""
        config = self.settings.config
        return (config.entrypoint or ()) + (config.cmd or ())

    @property
    def keeps_log(self) -> bool:
        return self.settings.host.log_config.type != "none"

    # -- state

    def check(self, verb: Verb) -> State:
        """The state after `verb`. Raises an EngineError in Docker's words if the table has no such entry."""
        try:
            return lifecycle.TABLE[self.state][verb]
        except KeyError:
            raise lifecycle.refuse(self.state, verb, self.id, self.name) from None

    def move(self, verb: Verb) -> None:
        """Be in the state after `verb`."""
        self.state = self.check(verb)

    @property
    def alive(self) -> bool:
        """There is a process."""
        return self.state in lifecycle.ALIVE

    @property
    def active(self) -> bool:
        """It runs, or will again by itself."""
        return self.state in lifecycle.ACTIVE

    # -- output

    def on_output(self, stream: int, data: bytes) -> Future[None] | None:
        """The host's news: the program has written. A Future: somebody reads too slowly, wait for that."""
        if self.logs is None and self.keeps_log:
            self.logs = new_log(self)
        if self.logs is not None:
            self.logs.write(stream, data)
        slow: Future[None] | None = None
        for client in self.clients or ():
            slow = client.put(stream, data) or slow
        return slow

    def close_streams(self) -> None:
        """The program has ended and has said all: so have its clients and its log's followers heard all."""
        if self.logs is not None:
            self.logs.close()
        clients, self.clients = self.clients, None
        for client in clients or ():
            client.close()
        if self.stdin is not None:
            self.stdin.disconnect()

    # -- who waits

    def until_exit(self) -> Future[int]:
        """Done when it ends the next time, with its exit status."""
        future: Future[int] = Future(self.loop)
        if self.waiting_exit is None:
            self.waiting_exit = []
        self.waiting_exit.append(future)
        return future

    def until_removal(self) -> Future[int]:
        """Done when it is gone, with its exit status."""
        future: Future[int] = Future(self.loop)
        if self.waiting_removal is None:
            self.waiting_removal = []
        self.waiting_removal.append(future)
        return future

    def forget(self, future: Future[int]) -> None:
        """Nobody waits for this one any more."""
        for waiting in (self.waiting_exit, self.waiting_removal):
            if waiting and future in waiting:
                waiting.remove(future)

    def tell_exit(self) -> None:
        waiting, self.waiting_exit = self.waiting_exit, None
        for future in waiting or ():
            future.set_result(self.exit_code)

    def tell_removal(self) -> None:
        self.tell_exit()
        waiting, self.waiting_removal = self.waiting_removal, None
        for future in waiting or ():
            future.set_result(self.exit_code)

    # -- attributes of its events

    def attributes(self, **more: str) -> dict[str, str]:
        """Labels, image, name and what the event adds (moby, daemon/events.go)."""
        labels = self.settings.config.labels
        attributes = {**labels} if labels else {}
        attributes["image"] = self.settings.config.image
        attributes["name"] = self.name
        if more:
            attributes.update(more)
        return attributes

    # -- its row

    def row(self) -> dict[str, Any]:
        """What must survive the daemon."""
        from engine.daemon.networks.attachments import rows

        settings = self.settings
        return {name: getattr(self, name) for name in ROW} | {
            "state": str(self.state),
            "config": encode(settings.config),
            "host": encode(settings.host),
            "networking": encode(settings.networking),
            "attachments": rows(self),
            "mounts": [mount.row() for mount in self.mounts],
        }


def from_row(loop: Loop, id: str, row: dict[str, Any]) -> Container:
    """A container as it was when its row was written."""
    from engine.daemon.mounts import point_from_row
    from engine.daemon.networks.attachments import from_rows

    settings = Settings(
        decode(ContainerConfig, row["config"]),
        decode(HostConfig, row["host"]),
        decode(NetworkingConfig, row["networking"]),
    )
    container = Container(loop, id, row["name"], row["image_id"], settings, row["created"], row["hostname"])
    for name in ROW:
        setattr(container, name, row[name])
    container.state = State(row["state"])
    container.attachments = from_rows(row.get("attachments"))
    container.mounts = tuple(point_from_row(mount) for mount in row["mounts"])
    return container


def new_log(container: Container) -> LogBuffer:
    """Empty, and rotated as its options say."""
    from engine.daemon.logdriver import rotation
    from engine.daemon.logs import LogBuffer

    return LogBuffer(container.loop, rotation=rotation(container.host_config.log_config))
