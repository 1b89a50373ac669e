"""From a Dockerfile's nodes to instructions: how many arguments, which flags, in which order.

Texts: buildkit, frontend/dockerfile/instructions (parse.go, bflag.go).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import NoReturn

from engine.builder.dockerfile import Dockerfile, DockerfileError, Node, as_heredoc
from engine.builder.instructions import (
    Arg,
    Command,
    Copy,
    Env,
    Expose,
    From,
    Instruction,
    Label,
    Maintainer,
    OnBuild,
    Pairs,
    Plan,
    Shell,
    Stage,
    Step,
    StopSignal,
    User,
    Volume,
    Workdir,
)
from engine.builder.words import quote
from engine.image.config import Healthcheck
from engine.timestamps import parse_duration

STAGE_NAME = re.compile(r"[a-z][a-z0-9_.-]*")
ONBUILD = re.compile(r"^\s*ONBUILD\s*", re.IGNORECASE)
INTEGER = re.compile(r"[+-]?\d+")
MINIMUM = 1_000_000  # ns; container.MinimumDuration
NO_TRIGGERS = ("MAINTAINER", "FROM")
NEAR = 3  # letters: an instruction that is nearer was probably meant (buildkit, util/suggest)

TEXT, BOOLEAN = "text", "boolean"  # kinds of flags
COPY_FLAGS = {"chown": TEXT, "chmod": TEXT, "from": TEXT, "link": BOOLEAN}
ADD_FLAGS = {"chown": TEXT, "chmod": TEXT, "link": BOOLEAN, "keep-git-dir": BOOLEAN, "checksum": TEXT}
RUN_FLAGS = {"mount": TEXT, "network": TEXT, "security": TEXT, "device": TEXT}
HEALTH_FLAGS = dict.fromkeys(("interval", "timeout", "start-period", "start-interval", "retries"), TEXT)
REPEATED = ("mount", "device")


class Refused(ValueError):
    """The instruction is not as it should be."""


def read(dockerfile: Dockerfile) -> Plan:
    """All stages. Raises DockerfileError."""
    arguments: list[Step] = []
    stages: list[tuple[Step, list[Step]]] = []
    for node in dockerfile.nodes:
        try:
            step = read_step(node)
        except DockerfileError as error:
            raise DockerfileError(error.line, f"dockerfile parse error line {error.line}: {error}") from None
        if isinstance(step.instruction, From):
            stages.append((step, []))
        elif stages:
            stages[-1][1].append(step)
        elif isinstance(step.instruction, Arg):
            arguments.append(step)
        else:
            raise DockerfileError(node.start, "no build stage in current context")
    return Plan(tuple(Stage(start, tuple(steps)) for start, steps in stages), tuple(arguments))


def read_step(node: Node) -> Step:
    """One instruction. Raises DockerfileError, whose text does not name the line."""
    reader = READERS.get(node.keyword)
    try:
        if reader is None:
            raise Refused(f"unknown instruction: {node.keyword}{_meant(node.keyword)}")
        return Step(reader(node), node.original.strip(), node.start)
    except Refused as error:
        raise DockerfileError(node.start, str(error)) from None


def _meant(word: str) -> str:
    """
    >>> _meant("FORM"), _meant("FLY")
    (' (did you mean FROM?)', '')
    """
    near = min(sorted(READERS), key=lambda known: distance(word, known))
    return f" (did you mean {near}?)" if distance(word, near) < NEAR else ""


def distance(one: str, other: str) -> int:
    """Levenshtein's: how many letters to put in, take out or change.

    >>> distance("WORKDR", "WORKDIR"), distance("FORM", "FROM")
    (1, 2)
    """
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        last, row[0] = row[0], i
        for j, wanted in enumerate(other, 1):
            last, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, last + (letter != wanted))
    return row[-1]


# -- flags and numbers of arguments


def flags(node: Node, known: Mapping[str, str]) -> dict[str, str]:
    """Values by name. Raises Refused."""
    found: dict[str, str] = {}
    for flag in node.flags:
        name, equals, value = flag.removeprefix("--").partition("=")
        if name not in known:
            raise Refused(f"Unknown flag: {name}")
        if name in found and name not in REPEATED:
            raise Refused(f"Duplicate flag specified: {name}")
        if (not equals and known[name] == TEXT) or (equals and not value and known[name] == BOOLEAN):
            raise Refused(f"Missing a value on flag: {name}")
        if known[name] == BOOLEAN and value.lower() not in ("", "true", "false"):
            raise Refused(f"Expecting boolean value for flag {name}, not: {value}")
        found[name] = value
    return found


def at_least_one(node: Node) -> tuple[str, ...]:
    if not node.arguments:
        raise Refused(f"{node.keyword} requires at least one argument")
    return node.arguments


def exactly_one(node: Node) -> str:
    if len(node.arguments) != 1:
        raise Refused(f"{node.keyword} requires exactly one argument")
    flags(node, {})
    return node.arguments[0]


# -- instructions


def _from(node: Node) -> From:
    arguments = node.arguments
    name = ""
    if len(arguments) == 3 and arguments[1].lower() == "as":
        name = arguments[2].lower()
        if not STAGE_NAME.fullmatch(name):
            raise Refused(
                f"invalid name for build stage: {quote(arguments[2])}, "
                "name can't start with a number or contain symbols"
            )
    elif len(arguments) != 1:
        raise Refused("FROM requires either one or three arguments")
    return From(arguments[0], name, flags(node, {"platform": TEXT}).get("platform", ""))


def _command(node: Node) -> Command:
    used = tuple(flags(node, RUN_FLAGS if node.keyword == "RUN" else {}))
    words = node.arguments if node.json else ((" ".join(node.arguments),) if node.arguments else ())
    return Command(node.keyword, words, not node.json, node.heredocs, used)


def _copy(node: Node) -> Copy:
    if len(node.arguments) < 2:
        raise Refused(
            f"{node.keyword} requires at least two arguments, but only one was provided. "
            "Destination could not be determined"
        )
    found = flags(node, COPY_FLAGS if node.keyword == "COPY" else ADD_FLAGS)
    *sources, destination = node.arguments
    if as_heredoc(destination) is not None and not node.json:
        raise Refused(f"{node.keyword} cannot accept a heredoc as a destination")
    contents = {heredoc.name: heredoc for heredoc in node.heredocs}
    given = [(source, None if node.json else as_heredoc(source)) for source in sources]
    return Copy(
        node.keyword,
        tuple(source for source, heredoc in given if heredoc is None),
        destination,
        tuple(contents[heredoc.name] for _, heredoc in given if heredoc is not None and heredoc.name in contents),
        found.get("from", ""),
        found.get("chown", ""),
        found.get("chmod", ""),
        found.get("checksum", ""),
    )


def _pairs(node: Node) -> Pairs:
    flags(node, {})
    arguments = at_least_one(node)
    pairs = tuple(zip(arguments[::2], arguments[1::2], strict=True))
    if not all(name for name, _ in pairs):
        raise Refused(f"{node.keyword} names can not be blank")
    return pairs


def _arg(node: Node) -> Arg:
    definitions = []
    for argument in at_least_one(node):
        name, equals, value = argument.partition("=")
        if not name:
            raise Refused("ARG names can not be blank")
        definitions.append((name, value if equals else None))
    return Arg(tuple(definitions))


def _expose(node: Node) -> Expose:
    ports = at_least_one(node)
    flags(node, {})
    return Expose(tuple(sorted(ports)))


def _volume(node: Node) -> Volume:
    paths = tuple(path.strip() for path in at_least_one(node))
    flags(node, {})
    if not all(paths):
        raise Refused("VOLUME specified can not be an empty string")
    return Volume(paths)


def _healthcheck(node: Node) -> Healthcheck:
    kind, *command = at_least_one(node)
    kind = kind.upper()
    if kind == "NONE":
        if command:
            raise Refused("HEALTHCHECK NONE takes no arguments")
        return Healthcheck(("NONE",))
    found = flags(node, HEALTH_FLAGS)
    if kind != "CMD":
        raise Refused(f"Unknown type {quote(kind)} in HEALTHCHECK (try CMD)")
    if not command:
        raise Refused("Missing command after HEALTHCHECK CMD")
    return Healthcheck(
        ("CMD", *command) if node.json else ("CMD-SHELL", " ".join(command)),
        interval=_interval("interval", found),
        timeout=_interval("timeout", found),
        start_period=_interval("start-period", found),
        start_interval=_interval("start-interval", found),
        retries=_retries(found.get("retries", "")),
    )


def _interval(name: str, found: Mapping[str, str]) -> int:
    if not (text := found.get(name, "")):
        return 0
    try:
        nanoseconds = parse_duration(text)
    except ValueError as error:
        raise Refused(str(error)) from None
    if nanoseconds and nanoseconds < MINIMUM:
        raise Refused(f"Interval {quote(name)} cannot be less than 1ms")
    return nanoseconds


def _retries(text: str) -> int:
    if not text:
        return 0
    if not INTEGER.fullmatch(text):
        raise Refused(f"strconv.ParseInt: parsing {quote(text)}: invalid syntax")
    retries = int(text[:20])
    if not -(1 << 31) <= retries < 1 << 31:
        raise Refused(f"strconv.ParseInt: parsing {quote(text)}: value out of range")
    if retries < 0:
        raise Refused(f"--retries cannot be negative ({retries})")
    return retries


def _shell(node: Node) -> Shell:
    flags(node, {})
    if not node.arguments:
        raise Refused("SHELL requires at least one argument")
    if not node.json:
        _not_json(node)
    return Shell(node.arguments)


def _not_json(node: Node) -> NoReturn:
    raise Refused(f"SHELL requires the arguments to be in JSON form in: {node.original}")


def _onbuild(node: Node) -> OnBuild:
    trigger = at_least_one(node)[0].strip().upper()
    flags(node, {})
    if trigger == "ONBUILD":
        raise Refused("Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed")
    if trigger in NO_TRIGGERS:
        raise Refused(f"{trigger} isn't allowed as an ONBUILD trigger")
    documents = "".join(f"\n{heredoc.content}{heredoc.name}" for heredoc in node.heredocs)
    return OnBuild(ONBUILD.sub("", node.original) + documents)


READERS: dict[str, Callable[[Node], Instruction]] = {
    "ADD": _copy,
    "ARG": _arg,
    "CMD": _command,
    "COPY": _copy,
    "ENTRYPOINT": _command,
    "ENV": lambda node: Env(_pairs(node)),
    "EXPOSE": _expose,
    "FROM": _from,
    "HEALTHCHECK": _healthcheck,
    "LABEL": lambda node: Label(_pairs(node)),
    "MAINTAINER": lambda node: Maintainer(exactly_one(node)),
    "ONBUILD": _onbuild,
    "RUN": _command,
    "SHELL": _shell,
    "STOPSIGNAL": lambda node: StopSignal(exactly_one(node)),
    "USER": lambda node: User(exactly_one(node)),
    "VOLUME": _volume,
    "WORKDIR": lambda node: Workdir(exactly_one(node)),
}
