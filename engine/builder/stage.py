"""One stage of a build: its image so far, and what each instruction does to it.

A step is looked up in the cache first. Otherwise a temporary container is made for it, RUN runs there, and what changed
becomes the next image; COPY and ADD need no container. Model: moby, builder/dockerfile/dispatchers.go and internals.go.
"""

from __future__ import annotations

import posixpath
import shlex
from typing import TYPE_CHECKING, Any

from engine.builder import copying
from engine.builder.cache import Probe, probe
from engine.builder.changes import Config, Settings, configure, environment
from engine.builder.containers import Containers
from engine.builder.dockerfile import as_heredoc
from engine.builder.fetching import Sources
from engine.builder.instructions import Arg, Command, Copy, Workdir, expanded
from engine.builder.sources import BuildError, Place, together
from engine.builder.words import Variables
from engine.daemon.commit import new_image
from engine.image.config import Image
from engine.image.manifest import Platform
from engine.loop import Cancelled

if TYPE_CHECKING:
    from engine.builder.build import Build

DEFAULT_PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
EMPTY_LAYER = "sha256:5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef"  # of a tar without entries
NEEDS_BUILDKIT = (
    "the --{} option requires BuildKit. Refer to https://docs.docker.com/go/buildkit/ to learn how to build images "
    "with BuildKit enabled"
)
NO_ENTRYPOINT, NO_HEALTHCHECK = [""], {"Test": ["NONE"]}
PIPES = "/dev/pipes"  # where a here-document that is a script lies while it runs


class StageRun:
    """`image` is None as long as there is nothing (FROM scratch)."""

    def __init__(
        self, build: Build, image: Image | None, config: Config, escape: str, platform: Platform | None = None
    ) -> None:
        self.image = image
        self.settings = Settings(config)
        self._build, self._escape, self._platform = build, escape, platform
        self._engine = build.engine
        self._output = build.output
        self._containers = Containers(build.engine, build.output, build.options.host_config)
        if not any(entry.startswith("PATH=") for entry in config.get("Env") or ()):
            config["Env"] = [*(config.get("Env") or ()), DEFAULT_PATH]

    @property
    def id(self) -> str:
        return str(self.image.id) if self.image is not None else ""

    async def execute(self, instruction: Any) -> None:
        """One instruction. Raises EngineError, WordError."""
        try:
            await self._execute(instruction)
        except BaseException as error:
            if self._build.options.force_remove or isinstance(error, Cancelled):
                await self._containers.remove_all()
            raise
        if self._build.options.remove or self._build.options.force_remove:
            await self._containers.remove_all()

    async def _execute(self, instruction: Any) -> None:
        env = environment(self.settings.config)
        variables = Variables({**self._build.arguments.for_step(env), **env}, self._escape)
        instruction = expanded(instruction, variables)
        if isinstance(instruction, Command) and instruction.keyword == "RUN":
            await self._run(instruction)
        elif isinstance(instruction, Copy):
            await self._copy(instruction)
        else:
            await self._configure(instruction)

    # -- settings

    async def _configure(self, instruction: Any) -> None:
        words = configure(self.settings, instruction)
        for note in self.settings.notes:
            self._output.say(note)
        if isinstance(instruction, Arg):
            for name, default in instruction.definitions:
                self._build.arguments.declare(name, default)
        config = self.settings.config
        if isinstance(instruction, Workdir):
            command: tuple[str, ...] = (*self.settings.shell(), f"#(nop) {words}")
        else:
            command = (*self.settings.shell(), "#(nop) ", words)
        made_by = probe(command, config)
        if self._cached(made_by):
            return
        container = await self._containers.create(self.id, {**config, "Cmd": list(command)})
        if isinstance(instruction, Workdir):
            await self._copier(container.id).make_directory(config["WorkingDir"])
        await self._commit(container.id, made_by)

    # -- RUN

    async def _run(self, command: Command) -> None:
        if command.flags:
            raise BuildError(NEEDS_BUILDKIT.format(command.flags[0]))
        config = self.settings.config
        line = self.settings.command_line(with_documents(command))
        arguments = self._build.arguments.for_step(environment(config))
        recorded = self._build.arguments.recorded(arguments)
        saved = (f"|{len(recorded)}", *recorded, *line) if arguments else line
        made_by = probe(saved, {**config, "Entrypoint": None})
        if self._cached(made_by):
            return
        given = sorted(f"{name}={value}" for name, value in arguments.items())
        own: Config = {"Cmd": list(line), "Env": [*(config.get("Env") or ()), *given]}
        own |= {"Entrypoint": NO_ENTRYPOINT, "Healthcheck": NO_HEALTHCHECK}
        container = await self._containers.create(self.id, {**config, **own})
        status = await self._containers.run(container)
        if status:
            raise BuildError(f"The command '{' '.join(line)}' returned a non-zero code: {status}", status)
        await self._commit(container.id, made_by)

    # -- COPY and ADD

    async def _copy(self, copy: Copy) -> None:
        async with Sources(self._build, copy) as sources:
            found = await sources.find()
            if len(found) > 1 and not copy.destination.endswith("/"):
                raise BuildError(
                    f"When using {copy.keyword} with more than one source file, "
                    "the destination must be a directory and end with a /"
                )
            marks = [f"--{name}={value} " for name, value in (("chown", copy.chown), ("chmod", copy.chmod)) if value]
            words = f"#(nop) {copy.keyword} {''.join(marks)}{together(found)} in {copy.destination} "
            mode = copying.parse_mode(copy.chmod)
            made_by = probe((*self.settings.shell(), words), self.settings.config)
            if self._cached(made_by):
                return
            async with self._build.snapshot(self.image) as key:
                place = Place(self._engine.host, key, is_context=False)
                owner = copying.find_owner(place, copy.chown) if copy.chown else None if copy.origin else (0, 0)
                manner = copying.Manner(owner, bool(copy.chown), mode, unpack=copy.keyword == "ADD")
                await self._copier(key).copy(found, self._destination(copy.destination), manner)
                await self._commit(key, made_by)

    def _destination(self, path: str) -> str:
        """Absolute; a slash at the end stays."""
        absolute = posixpath.join("/", self.settings.config.get("WorkingDir") or "", path)
        folder = path.endswith(("/", "/.")) or path in ("", ".")
        return posixpath.normpath(absolute).rstrip("/") + ("/" if folder else "")

    def _copier(self, key: str) -> copying.Copier:
        return copying.Copier(self._engine.host, self._engine.blobs, key, self._engine.loop.time)

    # -- images

    def _cached(self, made_by: Probe) -> bool:
        """Is this step's image here already? Then it is the stage's."""
        parent, cache = self.image, self._build.cache
        with self._engine.trace.span("cache", f"step on {self.id[7:19] or 'scratch'}", found=False) as span:
            answer = cache.look_up(parent, made_by, self.settings.config)
            span.attributes |= {"found": answer.image is not None, "reason": answer.reason}
        self._build.step_attributes |= {"cache": "hit" if answer.image else "miss", "reason": answer.reason}
        if answer.image is None:
            return False
        self._output.write(" ---> Using cache\n")
        self.image = answer.image
        return True

    async def _commit(self, key: str, made_by: Probe) -> None:
        """What was changed in the snapshot `key`, on top of this stage's image, is its next image."""
        images, parent = self._engine.images, self.image
        await self._engine.loop.sleep(1e-9)  # no two images are made at the same time, so no two are the same
        layer = await images.layers.register(
            parent.chain if parent is not None and parent.chain else None, self._engine.host.diff(key)
        )
        try:
            self.image = await new_image(
                images, parent, layer if layer.diff_id != EMPTY_LAYER else None, self.settings.config,
                created_by=made_by.words, author=self.settings.author, platform=self._platform,
            )  # fmt: skip
        finally:
            await images.layers.release([layer.chain])
        self._engine.builds.index.add(self.image, str(parent.id) if parent is not None else "", made_by)


def with_documents(command: Command) -> Command:
    """A RUN whose here-documents are part of its words; one that is a script is written to a file, and executed."""
    if not command.files:
        return command
    first = command.files[0]
    if as_heredoc(command.words[0]) is None:
        documents = "".join(f"\n{file.content}{file.name}" for file in command.files)
        return Command("RUN", (command.words[0] + documents,))
    if not first.text.startswith("#!"):
        return Command("RUN", (first.text,))
    path, name = shlex.quote(f"{PIPES}/{posixpath.basename(first.name)}"), shlex.quote(first.name)
    script = (
        f"mkdir -p {PIPES} && cat >{path} <<{name if name != first.name else repr(name)} && chmod 755 {path} && {path}"
    )
    return Command("RUN", (f"{script}\n{first.text}{first.name}\n",))
