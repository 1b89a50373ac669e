"""What an instruction changes in an image's configuration, and the words that record it; `commit --change`.

`configure` is one table, for the builder's steps and for changes alike. A configuration is the "config" object of an
OCI image configuration with Docker's additions, as JSON has it. Words: moby, builder/dockerfile/dispatchers.go.
"""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.builder.dockerfile import Dockerfile, DockerfileError, parse
from engine.builder.instructions import (
    Arg,
    Command,
    Env,
    Expose,
    Label,
    Maintainer,
    OnBuild,
    Shell,
    StopSignal,
    User,
    Volume,
    Workdir,
    expanded,
)
from engine.builder.ports import port_specs
from engine.builder.reading import read_step
from engine.builder.words import Variables, WordError, quote
from engine.daemon.health import duration
from engine.daemon.signals import parse_signal
from engine.errors import InvalidParameter
from engine.image.config import Healthcheck

Config = dict[str, Any]
SHELL = ("/bin/sh", "-c")
CHANGES = (
    "CMD", "ENTRYPOINT", "ENV", "EXPOSE", "HEALTHCHECK", "LABEL", "ONBUILD", "STOPSIGNAL", "USER", "VOLUME", "WORKDIR",
)  # fmt: skip


@dataclass(slots=True)
class Settings:
    """A configuration being changed. `cmd_set`: CMD was said here, so that ENTRYPOINT leaves it; `author`: MAINTAINER.

    `notes`: what the build tells about the last change.
    """

    config: Config
    cmd_set: bool = False
    author: str = ""
    notes: tuple[str, ...] = ()

    def shell(self) -> tuple[str, ...]:
        """What comes before a command that is no JSON array."""
        return tuple(self.config.get("Shell") or SHELL)

    def command_line(self, command: Command) -> tuple[str, ...]:
        """What is executed; nothing for nothing."""
        return (*self.shell(), *command.words) if command.shell and command.words else command.words


def apply_changes(config: Mapping[str, Any], changes: Sequence[str]) -> Config:
    """The configuration after `--change` options. Raises InvalidParameter.

    >>> apply_changes({}, ["CMD echo hi", "ENV A=1"])
    {'Cmd': ['/bin/sh', '-c', 'echo hi'], 'Env': ['A=1']}
    """
    if not changes:
        return dict(config)
    try:
        return _changed(dict(config), parse("\n".join(changes).encode()))
    except (DockerfileError, WordError) as error:
        raise InvalidParameter(str(error)) from None


def _changed(config: Config, dockerfile: Dockerfile) -> Config:
    for node in dockerfile.nodes:
        if node.keyword not in CHANGES:
            raise InvalidParameter(f"{node.keyword.lower()} is not a valid change command")
    settings = Settings(config)
    for step in [read_step(node) for node in dockerfile.nodes]:
        variables = Variables(environment(config), dockerfile.escape)
        configure(settings, expanded(step.instruction, variables))
    return config


def environment(config: Mapping[str, Any]) -> dict[str, str]:
    """
    >>> environment({"Env": ["A=1", "B"]})
    {'A': '1', 'B': ''}
    """
    return {name: value for name, _, value in (entry.partition("=") for entry in config.get("Env") or ())}


def configure(settings: Settings, instruction: Any) -> str:
    """Change the settings; returns the words for the history ("ENV A=1"). Raises InvalidParameter."""
    settings.notes = ()
    return CONFIGURES[type(instruction)](settings, instruction)


# -- one function for each instruction; what it changes is replaced, never changed in place


def _env(settings: Settings, env: Env) -> str:
    entries = {entry.partition("=")[0]: entry for entry in settings.config.get("Env") or ()}
    entries |= {name: f"{name}={value}" for name, value in env.pairs}
    settings.config["Env"] = list(entries.values())
    return " ".join(["ENV", *(f"{name}={value}" for name, value in env.pairs)])


def _label(settings: Settings, label: Label) -> str:
    settings.config["Labels"] = {**(settings.config.get("Labels") or {}), **dict(label.pairs)}
    return " ".join(["LABEL", *(f"{name}={value}" for name, value in label.pairs)])


def _command(settings: Settings, command: Command) -> str:
    line = settings.command_line(command)
    if command.keyword == "CMD":
        settings.config["Cmd"] = list(line)
        settings.cmd_set = settings.cmd_set or bool(command.words)
    else:
        settings.config["Entrypoint"] = list(line) or None
        if not settings.cmd_set:
            settings.config.pop("Cmd", None)
    return f"{command.keyword} {quoted(line)}"


def _expose(settings: Settings, expose: Expose) -> str:
    opened: Config = {port: {} for port in port_specs(expose.ports)}
    settings.config["ExposedPorts"] = {**(settings.config.get("ExposedPorts") or {}), **opened}
    return " ".join(["EXPOSE", *expose.ports])


def _volume(settings: Settings, volume: Volume) -> str:
    if not all(volume.paths):
        raise InvalidParameter("VOLUME specified can not be an empty string")
    added: Config = {path: {} for path in volume.paths}
    settings.config["Volumes"] = {**(settings.config.get("Volumes") or {}), **added}
    return f"VOLUME [{' '.join(volume.paths)}]"


def _user(settings: Settings, user: User) -> str:
    settings.config["User"] = user.name
    return f"USER {user.name}"


def _workdir(settings: Settings, workdir: Workdir) -> str:
    if not workdir.path:
        raise InvalidParameter("cannot normalize nothing")
    path = workdir.path
    if not path.startswith("/"):
        path = posixpath.normpath(posixpath.join("/", settings.config.get("WorkingDir") or "", path))
    settings.config["WorkingDir"] = path
    return f"WORKDIR {path}"


def _stop_signal(settings: Settings, stop: StopSignal) -> str:
    parse_signal(stop.signal)
    settings.config["StopSignal"] = stop.signal
    return f"STOPSIGNAL {stop.signal}"


def _healthcheck(settings: Settings, check: Healthcheck) -> str:
    before = (settings.config.get("Healthcheck") or {}).get("Test") or ()
    if before and before[0] != "NONE" and check.test[0] != "NONE":
        settings.notes = (f"Note: overriding previous HEALTHCHECK: [{' '.join(before)}]",)
    values = {
        "Test": list(check.test), "Interval": check.interval, "Timeout": check.timeout,
        "StartPeriod": check.start_period, "StartInterval": check.start_interval, "Retries": check.retries,
    }  # fmt: skip
    settings.config["Healthcheck"] = {name: value for name, value in values.items() if value}
    times = (check.interval, check.timeout, check.start_period, check.start_interval)
    shown = " ".join(quote(duration(time)) for time in times)
    return f"HEALTHCHECK &{{{quoted(check.test)} {shown} '\\x{check.retries:02x}'}}"


def _shell(settings: Settings, shell: Shell) -> str:
    settings.config["Shell"] = list(shell.words)
    return f"SHELL [{' '.join(shell.words)}]"


def _onbuild(settings: Settings, onbuild: OnBuild) -> str:
    settings.config["OnBuild"] = [*(settings.config.get("OnBuild") or ()), onbuild.trigger]
    return f"ONBUILD {onbuild.trigger}"


def _maintainer(settings: Settings, maintainer: Maintainer) -> str:
    settings.author = maintainer.name
    return f"MAINTAINER {maintainer.name}"


def _arg(settings: Settings, arg: Arg) -> str:
    """The configuration knows nothing of it; the build does."""
    return " ".join(["ARG", *(name if value is None else f"{name}={value}" for name, value in arg.definitions)])


def quoted(words: Sequence[str]) -> str:
    """As Go's %q prints a list.

    >>> print(quoted(("/bin/sh", "-c", "a b")))
    ["/bin/sh" "-c" "a b"]
    """
    return f"[{' '.join(quote(word) for word in words)}]"


CONFIGURES: dict[type, Callable[[Settings, Any], str]] = {
    Arg: _arg,
    Command: _command,
    Env: _env,
    Expose: _expose,
    Healthcheck: _healthcheck,
    Label: _label,
    Maintainer: _maintainer,
    OnBuild: _onbuild,
    Shell: _shell,
    StopSignal: _stop_signal,
    User: _user,
    Volume: _volume,
    Workdir: _workdir,
}
