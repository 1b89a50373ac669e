"""Our own `docker`: for machines without Docker's, and for notebooks. `main(["ps", "-a"])` returns an exit code.

Output, columns, templates, error texts and exit codes are those of docker 28; each command's page in help/ is what it
accepts. Nothing is computed here that the daemon has not said.
"""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Callable, Sequence
from importlib import import_module

from engine.addresses import default_address
from engine.client.commandline import HelpWanted, Parsed, UsageError, command, parse, resolve
from engine.client.connection import API_VERSION, Api, ApiError, CannotConnect, Connection, SocketConnection
from engine.client.console import Console, SystemConsole
from engine.client.context import Context, Failure
from engine.client.templates import TemplateError

Action = Callable[[Context, Parsed], int]

# help page → module:function
ACTIONS: dict[str, str] = {
    "run": "running:run", "create": "running:create", "start": "running:start", "attach": "running:attach",
    "exec": "running:exec_", "stop": "containers:stop", "restart": "containers:restart", "kill": "containers:kill",
    "pause": "containers:pause", "unpause": "containers:unpause", "rm": "containers:rm", "rename": "containers:rename",
    "wait": "containers:wait", "port": "containers:port", "top": "containers:top",
    "diff": "containers:diff", "logs": "containers:logs",
    "cp": "copy:cp", "commit": "snapshots:commit", "export": "snapshots:export", "import": "snapshots:import_",
    "container prune": "system:container_prune", "ps": "lists:ps", "images": "lists:images", "image ls": "lists:images",
    "history": "lists:history", "search": "lists:search", "network ls": "lists:networks", "volume ls": "lists:volumes",
    "stats": "stats:stats", "inspect": "inspect:inspect", "container inspect": "inspect:container",
    "image inspect": "inspect:image", "network inspect": "inspect:network", "volume inspect": "inspect:volume",
    "build": "build:build", "builder prune": "build:prune",
    "pull": "images:pull", "tag": "images:tag", "rmi": "images:rmi", "image prune": "system:image_prune",
    "save": "image_archives:save", "load": "image_archives:load",
    "push": "registries:push", "manifest inspect": "registries:manifest_inspect",
    "login": "registries:login", "logout": "registries:logout", "version": "about:version", "info": "about:info",
    "events": "system:events", "system df": "system:df", "system prune": "system:prune",
    "network create": "networks:create", "network connect": "networks:connect", "network rm": "networks:rm",
    "network disconnect": "networks:disconnect", "network prune": "system:network_prune",
    "volume create": "volumes:create", "volume rm": "volumes:rm", "volume update": "volumes:update",
    "volume prune": "system:volume_prune", "update": "containers:update",
    "context ls": "about:context_ls", "context show": "about:context_show",
}  # fmt: skip


def main(argv: Sequence[str], connection: Connection | None = None, console: Console | None = None) -> int:
    """Run one docker command line. `connection`: an engine in this process instead of DOCKER_HOST's daemon."""
    console = console or SystemConsole()
    try:
        return _run(list(argv), connection, console)
    except HelpWanted as wanted:
        console.out(str(wanted).rstrip("\n"))
        return 0
    except UsageError as error:
        console.err(str(error))
        return error.code
    except Failure as failure:
        if str(failure):
            console.err(str(failure))
        return failure.code
    except ApiError as error:
        console.err(f"Error response from daemon: {error}")
        return 1
    except CannotConnect as error:
        console.err(str(error))
        return 1
    except TemplateError as error:
        console.err(f"template parsing error: template: {error}")
        return 64
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        return 1


def _run(words: list[str], connection: Connection | None, console: Console) -> int:
    words, host, name = _global_options(words)
    if not words:
        console.out(command("docker").page.rstrip("\n"))
        return 0
    which, rest = resolve(words)
    if which.stem not in ACTIONS:  # a group
        if any(word in ("--help", "-h") for word in rest):
            raise HelpWanted(which.page)
        console.err(which.page.rstrip("\n"))
        return 0
    parsed = parse(which, rest)
    reached: Connection = connection or SocketConnection(host or _daemon(name))
    api = Api(reached, os.environ.get("DOCKER_API_VERSION", API_VERSION))
    context = Context(api, console, name or "default")
    module, _, function = ACTIONS[which.stem].partition(":")
    action: Action = getattr(import_module(f"engine.client.commands.{module}"), function)
    with reached.command(shlex.join(["docker", *words])):
        return action(context, parsed)


def _global_options(words: list[str]) -> tuple[list[str], str, str]:
    """Take -H, --host, -c and --context from the front: (rest, host, context's name)."""
    host = name = ""
    while words and words[0].startswith("-"):
        word, _, value = words[0].partition("=")
        if word in ("-H", "--host", "-c", "--context"):
            if not value and len(words) < 2:
                raise UsageError(f"flag needs an argument: {word}")
            value, words = (value, words[1:]) if value else (words[1], words[2:])
            host, name = (value, name) if word in ("-H", "--host") else (host, value)
        elif word in ("-v", "--version"):
            return ["version"], host, name
        elif word in ("--help", "-h"):
            raise HelpWanted(command("docker").page)
        elif word in ("-D", "--debug"):
            words = words[1:]
        else:
            usage = "Usage:  docker [OPTIONS] COMMAND [ARG...]"
            raise UsageError(f"unknown flag: {word}\n\n{usage}\n\nRun 'docker --help' for more information")
    return words, host, name


def _daemon(name: str) -> str:
    """Whom to ask: DOCKER_HOST, the context's socket, or our own default one."""
    if name and name != "default":
        return default_address(name)
    return os.environ.get("DOCKER_HOST") or default_address("sim")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
