"""What a Dockerfile can say, as frozen data, and where in it variables count.

From text to these: engine/builder/reading.py. What they do to an image's configuration: engine/builder/changes.py.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from engine.builder.dockerfile import Heredoc
from engine.builder.words import Variables
from engine.image.config import Healthcheck

Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class From:
    """`platform` and `base` may hold variables of the ARGs before the first FROM. `name` in lower case, or ""."""

    base: str
    name: str = ""
    platform: str = ""


@dataclass(frozen=True, slots=True)
class Command:
    """RUN, CMD and ENTRYPOINT. `shell`: the shell comes before the words. `files`: here-documents of RUN."""

    keyword: str
    words: tuple[str, ...]
    shell: bool = True
    files: tuple[Heredoc, ...] = ()
    flags: tuple[str, ...] = ()  # names


@dataclass(frozen=True, slots=True)
class Copy:
    """COPY and ADD. `files`: here-documents among the sources. `origin`: a stage or an image (--from)."""

    keyword: str
    sources: tuple[str, ...]
    destination: str
    files: tuple[Heredoc, ...] = ()
    origin: str = ""
    chown: str = ""
    chmod: str = ""
    checksum: str = ""


@dataclass(frozen=True, slots=True)
class Env:
    pairs: Pairs


@dataclass(frozen=True, slots=True)
class Label:
    """`literal`: from `docker build --label`, no variables."""

    pairs: Pairs
    literal: bool = False


@dataclass(frozen=True, slots=True)
class Arg:
    """Names and defaults; None for no default."""

    definitions: tuple[tuple[str, str | None], ...]


@dataclass(frozen=True, slots=True)
class Workdir:
    path: str


@dataclass(frozen=True, slots=True)
class User:
    name: str


@dataclass(frozen=True, slots=True)
class Expose:
    ports: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Volume:
    paths: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StopSignal:
    signal: str


@dataclass(frozen=True, slots=True)
class Shell:
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OnBuild:
    """`trigger`: an instruction, for the builds that stand on this image."""

    trigger: str


@dataclass(frozen=True, slots=True)
class Maintainer:
    name: str


Instruction = (
    From | Command | Copy | Env | Label | Arg | Workdir | User | Expose | Volume | StopSignal | Healthcheck
    | Shell | OnBuild | Maintainer
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Step:
    """An instruction and where it stands. `text`: as it was written, on one line."""

    instruction: Any  # one of Instruction
    text: str
    line: int = 0


@dataclass(frozen=True, slots=True)
class Stage:
    """From one FROM to the next."""

    start: Step
    steps: tuple[Step, ...] = ()

    @property
    def origin(self) -> From:
        instruction = self.start.instruction
        assert isinstance(instruction, From)
        return instruction


@dataclass(frozen=True, slots=True)
class Plan:
    """A whole Dockerfile. `arguments`: the ARGs before the first FROM."""

    stages: tuple[Stage, ...] = ()
    arguments: tuple[Step, ...] = field(default=())

    @property
    def total(self) -> int:
        """How many steps will be counted."""
        return len(self.arguments) + sum(1 + len(stage.steps) for stage in self.stages)


def expanded(instruction: Instruction, variables: Variables) -> Instruction:
    """The instruction with its variables replaced, where Docker replaces them (RUN and CMD leave that to the shell)."""
    rule = EXPANSIONS.get(type(instruction))
    return rule(instruction, variables) if rule else instruction


def _each(texts: Sequence[str], variables: Variables) -> tuple[str, ...]:
    return tuple(variables.word(text) for text in texts)


def _pairs(pairs: Pairs, variables: Variables) -> Pairs:
    return tuple((variables.word(name), variables.word(value)) for name, value in pairs)


def _copy(copy: Copy, variables: Variables) -> Copy:
    documents = (
        replace(file, content=variables.document(file.content)) if file.expand else file for file in copy.files
    )
    return replace(
        copy,
        sources=_each(copy.sources, variables),
        destination=variables.word(copy.destination),
        files=tuple(documents),
        chown=variables.word(copy.chown),
        chmod=variables.word(copy.chmod),
        checksum=variables.word(copy.checksum),
    )


def _arg(arg: Arg, variables: Variables) -> Arg:
    word = variables.word
    return Arg(tuple((word(name), None if value is None else word(value)) for name, value in arg.definitions))


EXPANSIONS: dict[type, Callable[[Any, Variables], Any]] = {
    Copy: _copy,
    Env: lambda env, variables: Env(_pairs(env.pairs, variables)),
    Label: lambda label, variables: label if label.literal else Label(_pairs(label.pairs, variables)),
    Arg: _arg,
    Workdir: lambda workdir, variables: Workdir(variables.word(workdir.path)),
    User: lambda user, variables: User(variables.word(user.name)),
    Expose: lambda expose, variables: Expose(tuple(word for port in expose.ports for word in variables.words(port))),
    Volume: lambda volume, variables: Volume(_each(volume.paths, variables)),
    StopSignal: lambda stop, variables: StopSignal(variables.word(stop.signal)),
}
