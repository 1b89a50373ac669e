"""Our own `docker`: for machines without Docker's, and for notebooks. `main(["ps", "-a"])` returns an exit code.

Output, columns, templates, error texts and exit codes are those of docker 28; each command's page in help/ is what it
accepts. Nothing is computed here that the daemon has not said.
"""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from engine.client.commandline import HelpWanted, Parsed, UsageError, command, parse, resolve
from engine.client.connection import API_VERSION, Api, ApiError, CannotConnect, Connection, SocketConnection
from engine.client.console import Console, SystemConsole
from engine.client.context import Context, Failure
from engine.client.contexts import Contexts
from engine.client.mounts import TRUE
from engine.client.templates import TemplateError

if TYPE_CHECKING:
    import ssl

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
    "push": "registries:push", "manifest inspect": "manifests:inspect",
    "manifest create": "manifests:create", "manifest annotate": "manifests:annotate",
    "manifest push": "manifests:push", "manifest rm": "manifests:rm",
    "login": "registries:login", "logout": "registries:logout", "version": "about:version", "info": "about:info",
    "events": "system:events", "system df": "system:df", "system prune": "system:prune",
    "network create": "networks:create", "network connect": "networks:connect", "network rm": "networks:rm",
    "network disconnect": "networks:disconnect", "network prune": "system:network_prune",
    "volume create": "volumes:create", "volume rm": "volumes:rm", "volume update": "volumes:update",
    "volume prune": "system:volume_prune", "update": "containers:update",
    "context create": "contexts:create", "context inspect": "contexts:inspect", "context ls": "contexts:ls",
    "context rm": "contexts:rm", "context show": "contexts:show", "context use": "contexts:use",
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
    words, options = _global_options(words)
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
    reached: Connection = connection or options.connection()
    api = Api(reached, os.environ.get("DOCKER_API_VERSION", API_VERSION))
    context = Context(api, console, options.chosen, options.folder)
    module, _, function = ACTIONS[which.stem].partition(":")
    action: Action = getattr(import_module(f"engine.client.commands.{module}"), function)
    with reached.command(shlex.join(["docker", *words])):
        return action(context, parsed)


@dataclass(slots=True)
class Globals:
    """What stands before the command's name."""

    host: str = ""
    context: str = ""
    config: str = ""
    tls: dict[str, str] = field(default_factory=dict)  # "tlscacert" -> FILE; "tls" -> "true"

    @property
    def folder(self) -> Path:
        return Path(self.config or os.environ.get("DOCKER_CONFIG") or Path.home() / ".docker")

    def connection(self) -> SocketConnection:
        """To the daemon that is meant. Raises CannotConnect."""
        secured = self.tls or os.environ.get("DOCKER_TLS_VERIFY") or os.environ.get("DOCKER_TLS")
        return SocketConnection(self.host or self._daemon(), self._secure() if secured else None)

    @property
    def chosen(self) -> str:
        """The context's name; -H means none."""
        return self.context or ("default" if self.host else Contexts(self.folder).current)

    def _daemon(self) -> str:
        """Whom to ask: DOCKER_HOST, or the context's daemon. Raises Failure for a context that is not there."""
        try:
            return Contexts(self.folder).find(self.chosen).host
        except Failure as failure:
            raise Failure(f"Failed to initialize: unable to resolve docker endpoint: {failure}") from None

    def _secure(self) -> ssl.SSLContext | None:
        from engine.client.tls import Settings

        on, verify = (self.tls.get(name, "") in TRUE for name in ("tls", "tlsverify"))
        ca, cert, key = (self.tls.get(name, "") for name in ("tlscacert", "tlscert", "tlskey"))
        return Settings(on, verify, ca, cert, key).context(Path(os.environ.get("DOCKER_CERT_PATH") or self.folder))


WITH_VALUE = {
    "-H": "host", "--host": "host", "-c": "context", "--context": "context", "--tlscacert": "tlscacert",
    "--tlscert": "tlscert", "--tlskey": "tlskey", "--config": "config", "-l": "log-level", "--log-level": "log-level",
}  # fmt: skip
SWITCHES = ("--tls", "--tlsverify", "-D", "--debug")


def _global_options(words: list[str]) -> tuple[list[str], Globals]:
    """Take docker's own options from the front. Raises UsageError, HelpWanted."""
    found = Globals()
    while words and words[0].startswith("-"):
        word, equals, value = words[0].partition("=")
        words = words[1:]
        if word in WITH_VALUE:
            if not equals and not words:
                raise UsageError(f"flag needs an argument: {word}")
            value, words = (value, words) if equals else (words[0], words[1:])
            _take(found, WITH_VALUE[word], value)
        elif word in SWITCHES:
            _take(found, word.lstrip("-"), value if equals else "true")
        elif word in ("-v", "--version"):
            return ["version"], found
        elif word in ("--help", "-h"):
            raise HelpWanted(command("docker").page)
        else:
            usage = "Usage:  docker [OPTIONS] COMMAND [ARG...]"
            raise UsageError(f"unknown flag: {word}\n\n{usage}\n\nRun 'docker --help' for more information")
    return words, found


def _take(found: Globals, name: str, value: str) -> None:
    if name == "host":
        found.host = value
    elif name == "context":
        found.context = value
    elif name == "config":
        found.config = value
    elif name.startswith("tls"):
        found.tls[name] = value


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
