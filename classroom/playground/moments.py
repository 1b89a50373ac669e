"""What there was after a line, kept as facts, so that every view of every moment can be drawn when it is looked at."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from classroom.drawing import Canvas, Picture
from classroom.texts import tell
from classroom.view import STATES
from classroom.views import flow, kernel, layers, lifecycle, network, processes, timeline
from classroom.views.flow import Span
from classroom.views.processes import Process
from classroom.views.timeline import Moment
from engine.client.connection import Api
from engine.clock import SECOND
from engine.lifecycle import State

Facts = Mapping[str, Any]
OF_A_CONTAINER = ("life", "kernel")


@dataclass(frozen=True, slots=True)
class Seen:
    """One moment. `line`: what was typed, `spans`: its steps; dictionaries are by the container's name."""

    line: str
    exit: int
    spans: Sequence[Span] = ()
    layers: Facts = field(default_factory=lambda: {"Images": [], "Containers": []})
    containers: Sequence[Facts] = ()
    networks: Sequence[Facts] = ()
    processes: Mapping[str, Sequence[Process]] = field(default_factory=dict)
    lives: Mapping[str, Sequence[State]] = field(default_factory=dict)
    operations: Mapping[str, Sequence[Span]] = field(default_factory=dict)

    @property
    def names(self) -> list[str]:
        """Of the containers, newest first."""
        return [name_of(container) for container in self.containers]

    @property
    def ports(self) -> list[int]:
        """Published ports that a browser can be pointed at."""
        found = {port["PublicPort"] for each in self.containers for port in each.get("Ports") or () if _open(port)}
        return sorted(found)

    @property
    def tags(self) -> list[str]:
        return [tag for image in self.layers["Images"] for tag in image["Tags"]]

    @property
    def moment(self) -> Moment:
        """As the timeline shows it."""
        states = {container["Name"]: container["State"] for container in reversed(self.layers["Containers"])}
        return Moment(self.line, self.exit, states, len(self.layers["Images"]))


NOTHING = Seen("", 0)


def name_of(container: Facts) -> str:
    return str(container["Names"][0]).lstrip("/")


def shown(container: Facts) -> dict[str, Any]:
    """A container as the page lists it."""
    ports = sorted({port["PublicPort"] for port in container.get("Ports") or () if "PublicPort" in port})
    return {
        "name": name_of(container), "image": container["Image"], "state": container["State"],
        "status": container["Status"], "ports": ports,
    }  # fmt: skip


def _open(port: Facts) -> bool:
    return "PublicPort" in port and port["Type"] == "tcp"


def look(api: Api, line: str, exit: int, spans: Sequence[Span], before: Seen, now: int) -> Seen:
    """What there is `now`, ns since 1970; looking lets no time pass. `before`: the moment before this one."""
    containers = api.get("/containers/json", {"all": "1"})
    shown = [row for row in api.get("/networks") if row["Name"] not in ("host", "none")]
    done: dict[str, Sequence[Span]] = {}
    for container in containers:
        name = name_of(container)
        new = kernel.operations(spans, container["Id"])
        old = before.operations.get(name, ()) if _same(before, container) else ()
        done[name] = [*old, *new]
    return Seen(
        line, exit, spans, api.get("/glassdock/layers"), containers,
        [api.get(f"/networks/{row['Id']}") for row in shown],
        {name_of(each): _processes(api, each["Id"]) for each in reversed(containers) if each["State"] == "running"},
        _lives(api, containers, now), done,
    )  # fmt: skip


def _same(before: Seen, container: Facts) -> bool:
    return any(each["Id"] == container["Id"] for each in before.containers)


def _processes(api: Api, id: str) -> list[Process]:
    rows = api.get(f"/glassdock/containers/{id}/processes")
    return [Process(row["Host"], row["Inside"], row["Command"]) for row in rows]


def _lives(api: Api, containers: Sequence[Facts], now: int) -> dict[str, list[State]]:
    """The states that each container has gone through, oldest first."""
    names = {container["Id"]: name_of(container) for container in containers}
    lives: dict[str, list[State]] = {name: [] for name in names.values()}
    query = {"since": "0", "until": f"{now // SECOND}.{now % SECOND:09d}", "filters": {"type": ["container"]}}
    for event in api.lines("GET", "/events", query):
        name, action = names.get(event["Actor"]["ID"]), event["Action"]
        if name is not None and action in STATES:
            lives[name].append(STATES[action])
    for container in containers:
        path, state = lives[name_of(container)], State(container["State"])
        if not path or path[-1] is not state:
            path.append(state)
    return lives


# -- pictures


def draw(view: str, seen: Sequence[Seen], at: int, name: str) -> Picture:
    """A view of the moment `at`; `name` of a container for those of OF_A_CONTAINER. Raises KeyError: no such view."""
    return VIEWS[view](seen, at, name)


def _life(seen: Sequence[Seen], at: int, name: str) -> Picture:
    now = seen[at]
    if name not in now.lives:
        return lifecycle.draw()
    path = now.lives[name]
    id = next(each["Id"] for each in now.containers if name_of(each) == name)
    return lifecycle.draw(path[-1], path, name, id)


def _kernel(seen: Sequence[Seen], at: int, name: str) -> Picture:
    if name not in seen[at].operations:
        canvas = Canvas(tell("no container yet"))
        canvas.text(16, 30, canvas.title, colour="faint")
        return canvas.picture(canvas.title)
    return kernel.draw(seen[at].operations[name], name)


VIEWS: dict[str, Callable[[Sequence[Seen], int, str], Picture]] = {
    "flow": lambda seen, at, name: flow.draw(seen[at].spans),
    "layers": lambda seen, at, name: layers.draw(seen[at].layers),
    "life": _life,
    "processes": lambda seen, at, name: processes.draw(seen[at].processes),
    "kernel": _kernel,
    "network": lambda seen, at, name: network.draw(
        seen[at].networks, [each for each in seen[at].containers if each["State"] == "running"]
    ),
    "timeline": lambda seen, at, name: timeline.draw([each.moment for each in seen[1:]], at - 1),
}
