"""`/swarm`, `/nodes`, `/services`, `/tasks`, `/secrets`, `/configs` and `/plugins`, as a daemon answers that is in no
swarm and has no plugin.

Swarm mode and plugins are not part of this engine: what would begin one is refused as not implemented. Source: moby,
daemon/cluster/errors.go.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING

from engine.api.body import read_json
from engine.api.messages import Request, Response, json_response
from engine.api.router import Route
from engine.daemon.networks.making import NOT_A_MANAGER
from engine.errors import EngineError, NotFound, Unavailable, Unimplemented

if TYPE_CHECKING:
    from engine.daemon.engine import Engine

NOT_IN_SWARM = "This node is not part of a swarm"
NO_SWARM_MODE = "swarm mode is not implemented: this engine is one host"
NO_PLUGINS = "plugins are not implemented"

Refusal = Callable[[Request], EngineError]


def _no_manager(request: Request) -> EngineError:
    return Unavailable(NOT_A_MANAGER)


def _not_in_swarm(request: Request) -> EngineError:
    return Unavailable(NOT_IN_SWARM)


def _no_swarm_mode(request: Request) -> EngineError:
    return Unimplemented(NO_SWARM_MODE)


def _no_plugin(request: Request) -> EngineError:
    return NotFound(f'plugin "{request.vars["name"]}" not found')


def _no_plugins(request: Request) -> EngineError:
    return Unimplemented(NO_PLUGINS)


async def refuse(refusal: Refusal, engine: Engine, request: Request) -> Response:
    """A body that is no JSON is told first."""
    if request.body and "json" in request.headers.get("content-type", ""):
        read_json(request)
    raise refusal(request)


async def list_plugins(engine: Engine, request: Request) -> Response:
    return json_response([])


# What, by which methods and paths, is refused in which words.
REFUSED: tuple[tuple[Refusal, str], ...] = (
    (_no_manager, """
        GET /swarm, POST /swarm/update, GET /swarm/unlockkey,
        GET /nodes, GET /nodes/{id}, DELETE /nodes/{id}, POST /nodes/{id}/update,
        GET /services, POST /services/create, GET /services/{id}, DELETE /services/{id}, POST /services/{id}/update,
        GET /services/{id}/logs, GET /tasks, GET /tasks/{id}, GET /tasks/{id}/logs,
        GET /secrets, POST /secrets/create, GET /secrets/{id}, DELETE /secrets/{id}, POST /secrets/{id}/update,
        GET /configs, POST /configs/create, GET /configs/{id}, DELETE /configs/{id}, POST /configs/{id}/update
    """),
    (_not_in_swarm, "POST /swarm/leave, POST /swarm/unlock"),
    (_no_swarm_mode, "POST /swarm/init, POST /swarm/join"),
    (_no_plugin, """
        GET /plugins/{name:path}/json, DELETE /plugins/{name:path}, POST /plugins/{name:path}/enable,
        POST /plugins/{name:path}/disable, POST /plugins/{name:path}/upgrade, POST /plugins/{name:path}/push,
        POST /plugins/{name:path}/set
    """),
    (_no_plugins, "GET /plugins/privileges, POST /plugins/pull, POST /plugins/create"),
)  # fmt: skip


def _refused() -> Iterator[Route]:
    for refusal, text in REFUSED:
        for entry in text.split(","):
            method, path = entry.split()
            yield Route(method, path, partial(refuse, refusal))


ROUTES = (Route("GET", "/plugins", list_plugins), *_refused())
