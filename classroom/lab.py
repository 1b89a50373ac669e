"""`Lab`: one Docker under glass, for notebooks, tests and plain Python.

>>> lab = Lab("sim", seed=7)
>>> lab.docker("run --rm alpine echo hello").out
'hello\\n'
>>> print(lab.view.flow())  # doctest: +ELLIPSIS
  client  api     daemon  cache   hub     host
...
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, cast

from classroom import fetch
from classroom.shell import STDERR, STDOUT, Shell, Write
from classroom.terminals import Terminals
from classroom.texts import tell
from classroom.view import View
from classroom.views.timeline import Moment
from engine.addresses import default_address
from engine.api.inprocess import Connection, WaitsForInput
from engine.client.command import main
from engine.client.connection import Api, SocketConnection
from engine.client.console import BufferConsole
from engine.client.contexts import Contexts
from engine.clock import SECOND
from engine.loop import Deadlock
from engine.session.replay import replay
from engine.timestamps import parse_rfc3339

if TYPE_CHECKING:
    from docker import DockerClient


INTERRUPTED = 130  # as if by Ctrl-C
TYPING = 0.2  # seconds of the host's time from one command to the next: nobody types in no time


@dataclass(frozen=True, slots=True)
class Ran:
    """A line that was run: its exit code, what it printed, and the steps behind the glass."""

    line: str
    exit: int
    out: str
    err: str
    spans: Sequence[Mapping[str, Any]]

    def count(self, where: str, *beginnings: str) -> int:
        """How many steps a room took part in ("hub"), if given only those whose names begin so ("GET")."""
        return sum(span["where"] == where and span["name"].startswith(beginnings or "") for span in self.spans)

    def asked(self, caller: str, where: str) -> bool:
        """Did one room ask another directly?"""
        rooms = {span["id"]: span["where"] for span in self.spans}
        return any(span["where"] == where and rooms.get(span["parent"]) == caller for span in self.spans)

    def __str__(self) -> str:
        return self.out + self.err


class Lab:
    """`host`: "sim" for a simulated host in this process; "real", or an address, for a daemon that is served already.

    `seed`: the same seed and the same commands give the same ids, names and times. `profile`: the kind of machine that
    is simulated (sim/profiles.py). Raises CannotConnect; ValueError for an unknown profile.
    """

    def __init__(self, host: str = "sim", *, seed: int | None = None, profile: str = "linux") -> None:
        self.context = host
        self.connection: Connection | SocketConnection
        if host == "sim":
            from sim.make import make_engine

            self.connection = Connection(make_engine(seed=seed, profile=profile, record=True))
        else:
            self.connection = SocketConnection(host if "://" in host else default_address(host))
        self.api = Api(self.connection)
        self.moments: list[Moment] = []
        self._marks: list[int] = []  # after each moment: how many requests had been made
        self.last: Ran | None = None
        self.shell = Shell(self._docker, self.sleep, moment=self.moment)
        self._seen = 0

    def docker(self, line: str, stdin: str = "") -> Ran:
        """Type a docker command, with or without the word docker; pipes and loops as in `run`."""
        line = line.strip()
        return self.run(line if line.split(None, 1)[:1] == ["docker"] else f"docker {line}", stdin)

    def run(self, text: str, stdin: str = "", write: Write | None = None) -> Ran:
        """Run a line, or several, as in a terminal. `write(stream, data)` is told what is printed, as it comes."""
        streams = {STDOUT: bytearray(), STDERR: bytearray()}
        before = self._newest()  # what was only looked at since the last line is no part of this one

        def keep(stream: int, data: bytes) -> None:
            streams[stream].extend(data)
            if write is not None:
                write(stream, data)

        status = self.shell.run(text, keep, stdin.encode(), self._remember)
        spans = self.api.get("/glassdock/trace", {"since": str(before)})
        out, err = (streams[stream].decode(errors="replace") for stream in (STDOUT, STDERR))
        self.last = Ran(text, status, out, err, spans)
        return self.last

    def _docker(self, words: Sequence[str], stdin: bytes, write: Write) -> int:
        try:
            return main([*self._config, *words], self.connection, _Console(stdin, write))
        except (Deadlock, WaitsForInput):
            write(STDERR, tell("nobody types").encode() + b"\n")
            return INTERRUPTED

    @cached_property
    def _config(self) -> Sequence[str]:
        """Where docker keeps logins to the pretended hub: not among those of this computer. It goes with the lab."""
        if not isinstance(self.connection, Connection):
            return ()
        try:
            self._folder = TemporaryDirectory(prefix="glassdock-", ignore_cleanup_errors=True)
        except OSError:  # nothing can be written here; then nothing can be read there either
            return ("--config", "/nonexistent")
        return ("--config", self._folder.name)

    @property
    def contexts(self) -> Contexts:
        """Docker's contexts, as `docker context` keeps them: this lab's own, or those of this computer."""
        return Contexts(Path(self._config[1]) if self._config else Path.home() / ".docker")

    def host(self, text: str, terminal: str = "", write: Write | None = None) -> Ran:
        """Type lines into a shell on the host itself: root's on a simulated one, your own on the real one.

        `terminal`: each name is a shell of its own, which stays open until `exit`. Raises PermissionError for root of
        the real machine.
        """
        streams = {STDOUT: bytearray(), STDERR: bytearray()}

        def keep(stream: int, data: bytes) -> None:
            streams[stream].extend(data)
            if write is not None:
                write(stream, data)

        status = self._terminals.run(terminal, text, keep)
        out, err = (streams[stream].decode(errors="replace") for stream in (STDOUT, STDERR))
        self.last = Ran(text, status, out, err, ())
        return self.last

    @cached_property
    def _terminals(self) -> Terminals:
        if not isinstance(self.connection, Connection):
            from classroom.ownshell import OwnShell

            return Terminals(OwnShell)
        from sim.hostshell import HostShell

        kernel = cast("Any", self.connection.engine.host).kernel
        return Terminals(lambda: HostShell(kernel, str(Path.cwd())))

    def sleep(self, seconds: float) -> None:
        """Let time pass on the host's clock; a simulated one jumps."""
        if isinstance(self.connection, Connection):
            loop = self.connection.engine.loop
            loop.advance(loop.time + int(seconds * SECOND))  # no timer of ours: a replay has none
        else:
            import time

            time.sleep(seconds)

    def moment(self) -> int | None:
        """The simulated time, ns since 1970, without asking anybody; None on a host whose time is the world's."""
        return self.connection.engine.loop.time if isinstance(self.connection, Connection) else None

    def fetch(self, port: int, path: str = "/") -> str | None:
        """What a browser on the host gets from a published port; None if nobody answers there."""
        return fetch.page(self.connection, port, path)

    def undo(self, commands: int = 1) -> None:
        """Go back in time: the engine is made again as it was before the last commands (a simulated host only).

        Raises ValueError for more commands than there were, and for a real host, whose past is past.
        """
        if not isinstance(self.connection, Connection) or self.connection.engine.session is None:
            raise ValueError("only a simulated host can go back in time")
        if not 0 < commands <= len(self.moments):
            raise ValueError(f"there are {len(self.moments)} commands to take back, not {commands}")
        from sim.make import remake

        kept = len(self.moments) - commands
        record = self.connection.engine.session.record().cut(self._marks[kept - 1] if kept else 0)
        self.connection = Connection(replay(record, remake))
        self.api = Api(self.connection)
        self.__dict__.pop("client", None)
        self.__dict__.pop("_terminals", None)
        self.moments, self._marks, self._seen = self.moments[:kept], self._marks[:kept], 0

    def fault(self, name: str, value: object) -> None:
        """Break something on purpose: `lab.fault("hub.down", True)`. Raises ApiError."""
        self.api.post("/glassdock/faults", body={name: value})

    def heal(self) -> None:
        """All is as it should be again."""
        self.api.post("/glassdock/faults", body={})

    # -- what is there

    @property
    def now(self) -> float:
        """The host's time, seconds since 1970."""
        return parse_rfc3339(self.api.get("/info")["SystemTime"]) / SECOND

    @property
    def containers(self) -> list[dict[str, Any]]:
        """All containers, newest first, as `GET /containers/json?all=1` gives them."""
        return cast("list[dict[str, Any]]", self.api.get("/containers/json", {"all": "1"}))

    @property
    def images(self) -> list[dict[str, Any]]:
        """All images, newest first, as `GET /images/json` gives them."""
        return cast("list[dict[str, Any]]", self.api.get("/images/json"))

    @property
    def trace(self) -> list[dict[str, Any]]:
        """All spans that are kept (engine/trace.py)."""
        return cast("list[dict[str, Any]]", self.api.get("/glassdock/trace"))

    def inspect(self, name: str) -> dict[str, Any]:
        """A container, as `docker inspect` shows it. Raises ApiError."""
        return cast("dict[str, Any]", self.api.get(f"/containers/{name}/json"))

    @cached_property
    def client(self) -> DockerClient:
        """docker-py, unmodified, on this engine."""
        if isinstance(self.connection, Connection):
            from engine.client.dockerpy import docker_client

            return docker_client(self.connection.engine)
        from docker import DockerClient

        return DockerClient(base_url=self.connection.where)

    @cached_property
    def view(self) -> View:
        """Pictures of what is there: `lab.view.layers()`."""
        return View(self)

    def _remember(self, line: str, status: int) -> None:
        """What is there after a command, for the timeline. Looking leaves no steps in its trace."""
        looked = self.api.get("/glassdock/layers")
        states = {container["Name"]: container["State"] for container in reversed(looked["Containers"])}
        self.moments.append(Moment(line, status, states, len(looked["Images"])))
        self.sleep(TYPING)
        if isinstance(self.connection, Connection) and self.connection.engine.session is not None:
            self._marks.append(self.connection.engine.session.requests)

    def _newest(self) -> int:
        """The newest span's id."""
        newer = self.api.get("/glassdock/trace", {"since": str(self._seen)})
        self._seen = max([self._seen, *(span["id"] for span in newer)])
        return self._seen


class _Console(BufferConsole):
    """Hands on what is written at once."""

    def __init__(self, stdin: bytes, write: Write) -> None:
        super().__init__(stdin)
        self._write = write

    def write(self, stream: int, data: bytes) -> None:
        self._write(stream, data)
