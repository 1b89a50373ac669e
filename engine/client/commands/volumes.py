"""docker volume create, rm and update."""

from __future__ import annotations

from typing import Any

from engine.client.commandline import Parsed
from engine.client.context import ApiError, Context, Failure
from engine.client.settings import pairs


def create(context: Context, parsed: Parsed) -> int:
    named, given = parsed.get("name", ""), parsed.arguments[:1]
    if named and given:
        raise Failure("conflicting options: cannot specify a volume-name through both --name and as a positional arg")
    body = {
        "Name": given[0] if given else named,
        "Driver": parsed.get("driver", "local"),
        "DriverOpts": pairs(parsed.values("opt")),
        "Labels": pairs(parsed.values("label")),
    }
    context.console.out(context.api.post("/volumes/create", None, body)["Name"])
    return 0


def rm(context: Context, parsed: Parsed) -> int:
    query, failed = {"force": parsed.flag("force")}, []
    for name in parsed.arguments:
        try:
            context.api.call("DELETE", f"/volumes/{name}", query).read()
            context.console.out(name)
        except ApiError as error:
            failed.append(f"Error response from daemon: {error}")
    if failed:
        raise Failure("\n".join(failed))
    return 0


def update(context: Context, parsed: Parsed) -> int:
    """Only a swarm has volumes that can be changed: the daemon says so."""
    if not parsed.arguments:
        usage = f"Usage:  docker {parsed.command.usage}\n\nRun 'docker volume update --help' for more information"
        raise Failure(f"docker: 'docker volume update' requires 1 argument\n\n{usage}")
    name = parsed.arguments[0]
    found: dict[str, Any] = context.api.get(f"/volumes/{name}")
    if not found.get("ClusterVolume"):
        raise Failure("can only update cluster volumes")
    return 0
