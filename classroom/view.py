"""`lab.view`: a picture of each thing that can be seen, drawn from the engine's live state when it is asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from classroom.drawing import Canvas, Picture
from classroom.texts import tell
from classroom.views import cgroups, flow, host, kernel, layers, lifecycle, network, origin, processes, timeline
from classroom.views.cgroups import Group
from classroom.views.processes import Process
from engine.client.connection import ApiError
from engine.lifecycle import State

if TYPE_CHECKING:
    from classroom.lab import Lab

# events (engine/events.py) of a container and the state that follows
STATES = {
    "create": State.CREATED, "start": State.RUNNING, "pause": State.PAUSED, "unpause": State.RUNNING,
    "die": State.EXITED,
}  # fmt: skip


class View:
    """Each method gives a Picture: shown as SVG by a notebook, `.text` says the same in words."""

    def __init__(self, lab: Lab) -> None:
        self._lab = lab

    def flow(self, most_operations: int = 4) -> Picture:
        """The last command, hop by hop."""
        last = self._lab.last
        return flow.draw(last.spans if last else [], most_operations)

    def layers(self, *images: str) -> Picture:
        """Images as piles of layers, shared ones drawn once; containers on top. `images`: only these."""
        return layers.draw(self._facts(), images)

    def origin(self, container: str, path: str) -> Picture:
        """Which layer a file of a container comes from, and which ones it hides."""
        said = self._lab.api.get(f"/glassdock/containers/{container}/origin", {"path": path})
        known = {layer["Chain"]: layer for image in self._facts()["Images"] for layer in image["Layers"]}
        return origin.draw(container, path, [(known.get(word["Chain"], {}), word["Said"]) for word in said])

    def lifecycle(self, container: str) -> Picture:
        """The state machine: where this container is, where it has been, and what each command would do now."""
        about = self._lab.inspect(container)
        now = State(about["State"]["Status"])
        path = [STATES[event] for event in self._happened(about["Id"]) if event in STATES]
        if not path or path[-1] is not now:
            path.append(now)
        return lifecycle.draw(now, path, about["Name"].lstrip("/"), about["Id"])

    def kernel(self, container: str) -> Picture:
        """The kernel operations that made a container."""
        about = self._lab.inspect(container)
        return kernel.draw(kernel.operations(self._lab.trace, about["Id"]), about["Name"].lstrip("/"))

    def namespaces(self) -> Picture:
        """Processes as the host sees them, and as each running container does."""
        running = [container for container in self._lab.containers if container["State"] == "running"]
        return processes.draw({each["Names"][0].lstrip("/"): self._processes(each["Id"]) for each in reversed(running)})

    def cgroups(self) -> Picture:
        """What each running container may use, and what it uses now."""
        running = [container["Id"] for container in self._lab.containers if container["State"] == "running"]
        machine = self._lab.api.get("/info")
        return cgroups.draw([self._group(id) for id in reversed(running)], machine["MemTotal"], machine["NCPU"])

    def network(self) -> Picture:
        """Bridges, addresses and published ports."""
        api = self._lab.api
        inspected = [api.get(f"/networks/{row['Id']}") for row in api.get("/networks")]
        return network.draw(inspected, [each for each in self._lab.containers if each["State"] == "running"])

    def host(self) -> Picture:
        """Everything on one page: processes, limits, networks, layers."""
        return host.draw([self.namespaces(), self.layers(), self.cgroups(), self.network()])

    def timeline(self, at: int | None = None) -> Picture:
        """The session so far, the state after each command. `at`: the command to point at, by its number there."""
        return timeline.draw(self._lab.moments, None if at is None else at - 1)

    def follow(self, name: str, *words: str) -> Any:
        """A view that follows along, drawn again after each cell: `view.follow("lifecycle", "web")`."""
        from classroom.widgets import follow

        draw = getattr(self, name)
        return follow(lambda: self._or_reason(draw, *words))

    def step(self) -> Any:
        """The timeline, to be stepped through."""
        from classroom.widgets import stepper

        return stepper(self._lab)

    def _or_reason(self, draw: Callable[..., Picture], *words: str) -> Picture:
        """The picture; or, while there is nothing to draw (the container is gone), the daemon's word about it."""
        try:
            return draw(*words)
        except ApiError as error:
            canvas = Canvas(tell("nothing there"))
            canvas.text(16, 30, str(error), colour="faint")
            return canvas.picture(str(error))

    def _facts(self) -> Any:
        return self._lab.api.get("/glassdock/layers")

    def _happened(self, id: str) -> list[str]:
        """Names of a container's events so far, oldest first. No time passes by asking: `until` is this very moment."""
        api = self._lab.api
        now = api.get("/info")["SystemTime"]
        query = {"since": "0", "until": now, "filters": {"container": [id], "type": ["container"]}}
        return [event["Action"] for event in api.lines("GET", "/events", query)]

    def _group(self, id: str) -> Group:
        api, about = self._lab.api, self._lab.inspect(id)
        used, limits = api.get(f"/containers/{id}/stats", {"stream": "0", "one-shot": "1"}), about["HostConfig"]
        period = limits["CpuPeriod"] or 100_000
        return Group(
            about["Name"].lstrip("/"),
            used["memory_stats"].get("usage", 0), limits["Memory"],
            used["pids_stats"].get("current", 0), max(limits["PidsLimit"] or 0, 0),
            used["cpu_stats"]["cpu_usage"]["total_usage"], limits["NanoCpus"] / 1e9 or limits["CpuQuota"] / period,
        )  # fmt: skip

    def _processes(self, id: str) -> list[Process]:
        rows = self._lab.api.get(f"/glassdock/containers/{id}/processes")
        return [Process(row["Host"], row["Inside"], row["Command"]) for row in rows]
