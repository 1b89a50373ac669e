"""The temporary containers of a build: made for a step, run for a RUN, removed after it.

moby, builder/dockerfile/containerbackend.go. All of them are ordinary containers: `docker ps -a` shows those that a
failed build has left.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from engine.builder.output import Output, ProgramOutput
from engine.daemon import attach, remove, start, stop, wait
from engine.daemon.create import read_settings
from engine.errors import EngineError

if TYPE_CHECKING:
    from engine.daemon.container import Container
    from engine.daemon.engine import Engine


class Containers:
    """Those of one build."""

    def __init__(self, engine: Engine, output: Output, host_config: Mapping[str, Any]) -> None:
        self._engine, self._output, self._host_config = engine, output, host_config
        self._made: list[Container] = []

    async def create(self, image: str, config: Mapping[str, Any]) -> Container:
        """Told to the client. `image` is an id, or "" for none. Raises EngineError."""
        document = {**config, "Image": image, "HostConfig": dict(self._host_config)}
        settings = read_settings(document, self._engine.host.info)
        container = await self._engine.creator.create(settings, scratch=not image)
        self._made.append(container)
        for warning in container.settings.warnings or ():
            self._output.say(f" ---> [Warning] {warning}")
        self._output.say(f" ---> Running in {container.id[:12]}")
        return container

    async def run(self, container: Container) -> int:
        """Its exit status, when all its output has been told. Cancelled, it leaves nothing. Raises EngineError."""
        client = attach.Client(self._engine.loop)
        container.clients = [*(container.clients or ()), client]
        self._engine.events.publish("container", "attach", container.id, container.attributes())
        try:
            await start.start(self._engine, container)
            await self._copy(client)
            return await (await wait.until(container, "not-running"))
        except EngineError:
            client.abandon()
            raise
        except BaseException:
            client.abandon()
            await self._give_up(container)
            raise

    async def _copy(self, client: attach.Client) -> None:
        written = ProgramOutput(self._output)
        while (piece := await client.get()) is not None:
            written.write(*piece)
            await self._output.room()
        written.end()

    async def _give_up(self, container: Container) -> None:
        if container.active:
            await stop.kill(self._engine, container)
        await remove.remove(self._engine, container, force=True, volumes=True)
        self._made.remove(container)

    async def remove_all(self) -> None:
        """Told to the client."""
        while self._made:
            container = self._made.pop(0)
            if self._engine.containers.find(container.id) is None:
                continue  # somebody else was quicker
            await remove.remove(self._engine, container, force=True, volumes=True)
            self._output.say(f"Removing intermediate container {container.id[:12]}")
