"""`/containers/{id}/exec` and `/exec/*`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.api.body import read_json
from engine.api.container_streams import stream_type
from engine.api.containers import size
from engine.api.decode import decode
from engine.api.messages import Duplex, Request, Response, empty, json_response
from engine.api.router import Route
from engine.api.streams import frame
from engine.daemon.attach import Client, Stdin, converse
from engine.daemon.execs import Exec, ExecConfig
from engine.errors import EngineError, InvalidParameter
from engine.host import STDOUT
from engine.lifecycle import Verb

if TYPE_CHECKING:
    from engine.daemon.engine import Engine


@dataclass(frozen=True, slots=True)
class StartConfig:
    """The body of a start request."""

    detach: bool = False
    tty: bool = False
    console_size: tuple[int, ...] = ()


async def create(engine: Engine, request: Request) -> Response:
    config = decode(ExecConfig, read_json(request, required=True))
    made = engine.execs.create(engine.containers.get(request.vars["id"]), config)
    return json_response({"Id": made.id}, 201)


async def start(engine: Engine, request: Request) -> Response:
    """`docker exec`: the connection becomes the process's streams, unless it is to run by itself."""
    found = engine.execs.get(request.vars["id"])
    options = decode(StartConfig, read_json(request))
    found.container.check(Verb.EXEC)
    window = _window(options)
    if options.detach:
        await engine.execs.start(found, None, window)
        return empty(200)
    stdin = Stdin(engine.loop) if found.config.attach_stdin else None

    async def session(duplex: Duplex) -> None:
        await _run(engine, found, options, stdin, duplex)

    return Response(
        101 if "upgrade" in request.headers else 200,
        headers={"Content-Type": stream_type(request, options.tty)},
        session=session,
        waiting="program",
        starving=stdin.starving if stdin is not None else None,
    )


def _window(options: StartConfig) -> tuple[int, int]:
    if not options.console_size:
        return 0, 0
    if not options.tty:
        raise InvalidParameter("console size is only supported when TTY is enabled")
    if len(options.console_size) != 2:
        raise InvalidParameter("console size must be an array of height and width")
    return options.console_size[0], options.console_size[1]


async def _run(engine: Engine, started: Exec, options: StartConfig, stdin: Stdin | None, duplex: Duplex) -> None:
    """Start it and carry its streams. What the runtime says against it is printed, as by a shell.

    Frames or not is for the request to say, whatever the process has (moby, postContainerExecStart).
    """
    config = started.config
    client = Client(engine.loop, config.attach_stdout, config.attach_stderr)
    try:
        await engine.execs.start(started, client, _window(options))
    except EngineError as error:
        text = f"{error.message}\r\n".encode()
        await duplex.write(text if options.tty else frame(STDOUT, text))
        return
    if stdin is not None and started.input is not None:
        stdin.connect(started.input)
    elif started.input is not None:
        started.input.close()
    await converse(
        duplex,
        client,
        stdin,
        raw=options.tty,
        keys=started.keys,
        close_stdin=True,
        on_detach=lambda: engine.execs.tell("exec_detach", started),
    )


async def resize(engine: Engine, request: Request) -> Response:
    found = engine.execs.get(request.vars["id"])
    height, width = size(request)
    await engine.execs.resize(found, height, width)
    return empty(200)


async def inspect(engine: Engine, request: Request) -> Response:
    return json_response(engine.execs.get(request.vars["id"]).json())


ROUTES = (
    Route("POST", "/containers/{id:path}/exec", create),
    Route("POST", "/exec/{id}/start", start),
    Route("POST", "/exec/{id}/resize", resize),
    Route("GET", "/exec/{id}/json", inspect),
)
