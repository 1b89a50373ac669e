"""Looks: where in a world to look, and what that is called in both languages. Data, so that they can be released.

A look's value is what JSON has, None for what is not there. To add one: a frozen dataclass with `see` and `subject`,
and its name in `LOOKS`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, Protocol

from classroom.exercises.task import Text
from classroom.exercises.world import World

# paths of `docker inspect` that have a plainer name: (en, ko), %s being the thing
PLAIN = {
    "State.Status": ("the state of %s", "%s의 상태"),
    "State.ExitCode": ("the exit code of %s", "%s의 종료 코드(exit code)"),
    "State.OOMKilled": (
        "whether %s was killed for want of memory (OOMKilled)",
        "%s의 메모리 부족 종료(OOMKilled) 여부",
    ),
    "Config.Image": ("the image that %s was made from", "%s의 이미지 이름"),
    "Config.Cmd": ("the command of %s", "%s의 명령(CMD)"),
    "Image": ("the id of the image that %s stands on", "%s 아래에 있는 이미지의 id"),
    "HostConfig.Memory": ("the memory limit of %s, in bytes", "%s의 메모리 제한(바이트)"),
    "RestartCount": ("how often %s was restarted", "%s의 재시작 횟수"),
    "": ("%s", "%s"),
}
KINDS = {
    "container": ("container %s", "컨테이너 %s"), "image": ("image %s", "이미지 %s"),
    "network": ("network %s", "네트워크 %s"), "volume": ("volume %s", "볼륨 %s"),
}  # fmt: skip


class Look(Protocol):
    """Where to look. Its strings may have holes until it is used."""

    def see(self, world: World) -> Any: ...

    @property
    def subject(self) -> Text:
        """What is looked at, to stand before a colon."""


def _inspected(kind: str, name: str, path: str) -> Text:
    thing = Text(*(words % name for words in KINDS[kind]))
    plain = PLAIN.get(path, (f"{path} of %s (docker inspect)", f"%s의 {path} (docker inspect)"))
    return Text(plain[0] % thing.en, plain[1] % thing.ko)


def _at(thing: Any, path: str) -> Any:
    """What lies at "HostConfig.Memory", "Mounts.0.Name", "NetworkSettings > Ports > 80/tcp"; None if nothing does."""
    for key in path.split(" > ") if " > " in path else path.split("."):
        if isinstance(thing, Mapping):
            thing = thing.get(key)
        elif isinstance(thing, Sequence) and not isinstance(thing, str) and key.isdecimal() and int(key) < len(thing):
            thing = thing[int(key)]
        else:
            return None
    return thing


@dataclass(frozen=True, slots=True)
class Inspect:
    """What `docker inspect` says of a container, image, network or volume: its id, or what lies at a path.

    `Inspect("container", "{web}", "State.Status")`. Where a key has a dot of its own: `"Config > Labels > org.me"`.
    """

    kind: str
    name: str
    path: str = ""

    def see(self, world: World) -> Any:
        found = world.inspect(self.kind, self.name)
        if found is None or self.path:
            return None if found is None or self._too_early(found) else _at(found, self.path)
        return found.get("Id") or found["Name"]  # a volume has no id

    def _too_early(self, found: Mapping[str, Any]) -> bool:
        """What runs has no exit code yet, although `docker inspect` shows a 0 there."""
        return self.path == "State.ExitCode" and _at(found, "State.Running") is True

    @property
    def subject(self) -> Text:
        return _inspected(self.kind, self.name, self.path)


@dataclass(frozen=True, slots=True)
class Count:
    """How many containers (images, networks, volumes) there are, or those whose rows have these words.

    `Count("containers", ("Image", "alpine"), ("State", "running"))`: fields of `docker ps -a`'s rows in the API.
    """

    what: str
    where: tuple[tuple[str, str], ...] = ()

    def __init__(self, what: str, *where: tuple[str, str]) -> None:
        object.__setattr__(self, "what", what)
        object.__setattr__(self, "where", where)

    def see(self, world: World) -> int:
        rows: Sequence[Mapping[str, Any]] = getattr(world, self.what)()
        return sum(all(str(_at(row, path)) == word for path, word in self.where) for row in rows)

    @property
    def subject(self) -> Text:
        names = {"containers": "컨테이너", "images": "이미지", "networks": "네트워크", "volumes": "볼륨"}
        words = ", ".join(f"{path} = {word}" for path, word in self.where)
        note = f" ({words})" if words else ""
        return Text(f"number of {self.what}{note}", f"{names[self.what]}의 수{note}")


@dataclass(frozen=True, slots=True)
class File:
    """The text of a file in a container, without the newline at its end."""

    container: str
    path: str

    def see(self, world: World) -> str | None:
        data = world.file(self.container, self.path)
        return None if data is None else data.decode(errors="replace").removesuffix("\n")

    @property
    def subject(self) -> Text:
        return Text(f"{self.path} in container {self.container}", f"컨테이너 {self.container}의 {self.path}")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a browser on the host gets from a published port."""

    port: str
    path: str = "/"

    def see(self, world: World) -> str | None:
        return world.answer(int(self.port), self.path)

    @property
    def subject(self) -> Text:
        address = f"http://localhost:{self.port}{self.path}"
        return Text(f"the answer of {address}", f"{address}의 응답")


@dataclass(frozen=True, slots=True)
class Changes:
    """What a container's own layer has, as `docker diff` says it: a list as "C /etc", "A /etc/new"."""

    container: str

    def see(self, world: World) -> Sequence[str] | None:
        return world.changes(self.container)

    @property
    def subject(self) -> Text:
        return Text(f"docker diff {self.container}", f"docker diff {self.container}")


@dataclass(frozen=True, slots=True)
class Logs:
    """What a container's processes wrote, blanks at the ends removed."""

    container: str

    def see(self, world: World) -> str | None:
        text = world.logs(self.container)
        return None if text is None else text.strip()

    @property
    def subject(self) -> Text:
        return Text(f"the log of container {self.container}", f"컨테이너 {self.container}의 로그")


@dataclass(frozen=True, slots=True)
class Processes:
    """How many processes a container has whose command is like a pattern: `Processes("{box}", "sleep *")`."""

    container: str
    pattern: str = "*"

    def see(self, world: World) -> int:
        return sum(fnmatchcase(command, self.pattern) for command in world.processes(self.container))

    @property
    def subject(self) -> Text:
        return Text(
            f"number of processes “{self.pattern}” in container {self.container}",
            f"컨테이너 {self.container} 안의 “{self.pattern}” 프로세스 수",
        )


@dataclass(frozen=True, slots=True)
class Length:
    """How many parts a list has that another look sees: `Length(Inspect("image", "{app}", "RootFS.Layers"))`."""

    of: Look

    def see(self, world: World) -> int | None:
        seen = self.of.see(world)
        return len(seen) if isinstance(seen, Sequence | Mapping) and not isinstance(seen, str) else None

    @property
    def subject(self) -> Text:
        inner = self.of.subject
        return Text(f"number of parts of {inner.en}", f"{inner.ko}의 개수")


@dataclass(frozen=True, slots=True)
class Disk:
    """What `docker system df` says in the API: `Disk("LayersSize")` is the bytes of all images, shared layers once."""

    path: str

    def see(self, world: World) -> Any:
        return _at(world.disk(), self.path)

    @property
    def subject(self) -> Text:
        return Text(f"{self.path} (docker system df)", f"{self.path} (docker system df)")


@dataclass(frozen=True, slots=True)
class Info:
    """What `docker info` says in the API: `Info("KernelVersion")`, `Info("MemTotal")`."""

    path: str

    def see(self, world: World) -> Any:
        return _at(world.info(), self.path)

    @property
    def subject(self) -> Text:
        return Text(f"{self.path} (docker info)", f"{self.path} (docker info)")


@dataclass(frozen=True, slots=True)
class Shared:
    """How many layers two images have in common."""

    one: str
    other: str

    def see(self, world: World) -> int | None:
        one, other = world.layers(self.one), world.layers(self.other)
        return None if one is None or other is None else len(set(one) & set(other))

    @property
    def subject(self) -> Text:
        return Text(
            f"layers that {self.one} and {self.other} share",
            f"두 이미지({self.one}, {self.other})가 나누어 쓰는 레이어 수",
        )


@dataclass(frozen=True, slots=True)
class Events:
    """How often something happened: `Events("container", "die", (("name", "{box}"),))`; attributes as in the API."""

    type: str
    action: str
    where: tuple[tuple[str, str], ...] = ()

    def see(self, world: World) -> int:
        return sum(
            event["Type"] == self.type
            and fnmatchcase(event["Action"], self.action)
            and all(event["Actor"]["Attributes"].get(name) == value for name, value in self.where)
            for event in world.events()
        )

    @property
    def subject(self) -> Text:
        words = " ".join([self.type, self.action, *(f"{name}={value}" for name, value in self.where)])
        return Text(f"number of events “{words}”", f"이벤트 “{words}”의 수")


@dataclass(frozen=True, slots=True)
class Fewest:
    """How many of these containers ran at the same time, at the least, from when all of them did: `Fewest("a", "b")`.

    What counts is the name, so a container may be replaced by another of its name. None if they never all ran.
    """

    names: tuple[str, ...]

    def __init__(self, *names: str) -> None:
        object.__setattr__(self, "names", names)

    def see(self, world: World) -> int | None:
        running: set[str] = set()
        fewest: int | None = None
        for event in world.events():
            if event["Type"] == "container":
                running = _after(event, running)
                serving = len(running & set(self.names))
                if fewest is not None or serving == len(self.names):
                    fewest = min(serving, fewest if fewest is not None else serving)
        return fewest

    @property
    def subject(self) -> Text:
        listed = ", ".join(self.names)
        return Text(
            f"fewest of {listed} that ran at the same time", f"동시에 실행된 컨테이너가 가장 적을 때의 수({listed})"
        )


def _after(event: Mapping[str, Any], running: set[str]) -> set[str]:
    """The names of the containers that run after something happened to one."""
    about = event["Actor"]["Attributes"]
    name, old = about["name"], about.get("oldName", "").removeprefix("/")
    match event["Action"]:
        case "start":
            return running | {name}
        case "die":
            return running - {name}
        case "rename" if old in running:
            return running - {old} | {name}
    return running


@dataclass(frozen=True, slots=True)
class Requests:
    """How many of the student's requests are like a pattern: `Requests("POST /containers/*/restart 204")`."""

    pattern: str

    def see(self, world: World) -> int:
        return sum(fnmatchcase(line, self.pattern) for line in world.requests())

    @property
    def subject(self) -> Text:
        return Text(f"number of requests “{self.pattern}”", f"데몬이 받은 요청 “{self.pattern}”의 수")


@dataclass(frozen=True, slots=True)
class Predicted:
    """A prediction that was locked before the experiment began; None if there is none, or it came too late."""

    name: str

    def see(self, world: World) -> str | None:
        return world.predictions.get(self.name)

    @property
    def subject(self) -> Text:
        return Text(f"your prediction “{self.name}”, before the experiment", f"실험 전에 적은 예상 “{self.name}”")


LOOKS = (
    Inspect, Length, Count, File, Answer, Changes, Logs, Processes, Disk, Info, Shared, Events, Fewest, Requests,
    Predicted,
)  # fmt: skip
