"""A build from beginning to end: context, Dockerfile, stages, tags (moby, builder/dockerfile/builder.go)."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Any

from engine.builder import download
from engine.builder.buildargs import BuildArguments
from engine.builder.cache import Cache
from engine.builder.changes import Config
from engine.builder.context import Context, context_of
from engine.builder.dockerfile import Dockerfile, DockerfileError, parse
from engine.builder.instructions import From, Label, Plan, Stage, Step, expanded
from engine.builder.options import Options
from engine.builder.output import PLAIN, RED, Output
from engine.builder.reading import read, read_step
from engine.builder.sources import BuildError
from engine.builder.stage import StageRun
from engine.builder.words import Variables, WordError
from engine.daemon.image_views import CONFIG_KEYS
from engine.errors import EngineError, InvalidParameter, NotFound, Unimplemented
from engine.image.config import Image
from engine.image.manifest import Platform, PlatformError
from engine.image.reference import Reference

if TYPE_CHECKING:
    from engine.daemon.engine import Engine

SCRATCH = "scratch"
NO_GIT = 'exec: "git": executable file not found in $PATH'
ARCHIVE_TYPES = (
    "application/octet-stream", "application/x-tar", "application/gzip", "application/x-gzip", "application/x-bzip2",
    "application/x-xz",
)  # fmt: skip


class Build:
    """One of them. `run` raises EngineError (BuildError for what a Dockerfile is to blame for)."""

    def __init__(self, engine: Engine, options: Options, output: Output) -> None:
        self.engine, self.options, self.output = engine, options, output
        self.arguments = BuildArguments(options.arguments)
        self.cache = Cache(engine.images, engine.builds.index, not options.no_cache, options.cache_from)
        self.context = Context(engine, f"build-{engine.ids.new()}")
        self.step_attributes: dict[str, Any] = {}  # of the step that is under way
        self._stages: list[Image | None] = []
        self._names: dict[str, Image | None] = {}
        self._step, self._total = 0, 0

    async def run(self, archive: AsyncIterator[bytes]) -> Image:
        """The image that was built, tagged."""
        with self.engine.trace.span("daemon", "build", tags=[tag.familiar for tag in self.options.tags]) as span:
            try:
                await self.context.receive(await self._archive(archive))
                image = await self._build(await self.context.dockerfile(self.options.dockerfile))
            finally:
                await self.context.close()
            span.attributes["image"] = image.id
        self.output.say(f"Successfully built {image.id.short}")
        for tag in self.options.tags:
            self.engine.images.tag(image.id, tag)
            self.output.say(f"Successfully tagged {tag.with_default_tag().familiar}")
        return image

    async def _archive(self, sent: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """The context: what the client sends, or what lies at a URL."""
        remote = self.options.remote
        if not remote:
            return sent
        if download.is_git(remote):
            raise Unimplemented(f"unable to 'git clone' to temporary context directory: {NO_GIT}")
        if not download.is_url(remote):
            raise InvalidParameter(f"remoteURL ({remote}) could not be recognized as URL")
        return await self._remote(remote)

    async def _remote(self, url: str) -> AsyncIterator[bytes]:
        """An archive; a text is a Dockerfile without context."""
        try:
            found = await download.get(self.engine.images.transport, url)
        except EngineError as error:
            raise type(error)(f"error downloading remote context {url}: {error}") from None
        kind = found.content_type.partition(";")[0].strip()
        if kind == "text/plain":
            return context_of(found.body)
        if kind and kind not in ARCHIVE_TYPES:
            raise BuildError(f'error detecting content type for remote {url}: unsupported Content-Type "{kind}"')
        return found.body

    async def _build(self, dockerfile: Dockerfile) -> Image:
        plan = self._plan(dockerfile)
        for warning in dockerfile.warnings:
            self.output.write(f"{RED}{warning}\n{PLAIN}")
        self._total = plan.total
        for step in plan.arguments:
            self._begin(step)
            self._declare(step, dockerfile.escape)
        image: Image | None = None
        for stage in plan.stages:
            image = await self._stage(stage, dockerfile.escape)
        if names := self.arguments.unused():
            self.output.say(f"[Warning] One or more build-args [{' '.join(names)}] were not consumed")
        if image is None:
            raise BuildError("No image was generated. Is your Dockerfile empty?")
        return image

    def _plan(self, dockerfile: Dockerfile) -> Plan:
        try:
            plan = read(dockerfile)
        except DockerfileError as error:
            raise InvalidParameter(str(error)) from None
        stages = list(plan.stages)
        if target := self.options.target:
            wanted = [at for at, stage in enumerate(stages) if stage.origin.name == target.lower()]
            if not wanted:
                raise InvalidParameter(f"failed to reach build target {target} in Dockerfile")
            stages = stages[: wanted[-1] + 1]
        if stages and self.options.labels:
            last = stages[-1]
            pairs = sorted(self.options.labels.items())
            steps = (Step(Label((pair,), literal=True), f"LABEL {pair[0]}={pair[1]}") for pair in pairs)
            stages[-1] = Stage(last.start, (*last.steps, *steps))
        return Plan(tuple(stages), plan.arguments)

    def _begin(self, step: Step) -> None:
        self._step += 1
        self.output.announce(f"Step {self._step}/{self._total} : {step.text}")

    def _declare(self, step: Step, escape: str) -> None:
        """ARG before FROM."""
        try:
            arg = expanded(step.instruction, Variables(self.arguments.for_from(), escape))
        except WordError as error:
            raise BuildError(str(error)) from None
        for name, default in getattr(arg, "definitions", ()):
            self.arguments.declare(name, default, before_from=True)

    # -- stages

    async def _stage(self, stage: Stage, escape: str) -> Image | None:
        name = stage.origin.name
        if name in self._names:
            raise BuildError(f"{name} stage name already used")
        self.cache.begin_stage()
        self.arguments.begin_stage()
        self._begin(stage.start)
        with self._span(stage.start):
            run = await self._from(stage.origin, escape)
        self.output.say(f" ---> {run.id[7:19]}")
        for step in stage.steps:
            self._begin(step)
            with self._span(step):
                await self._execute(run, step)
            self.output.say(f" ---> {run.id[7:19]}")
        if run.id:
            self.output.image(run.id)
        self._stages.append(run.image)
        if name:
            self._names[name] = run.image
        return run.image

    @contextmanager
    def _span(self, step: Step) -> Iterator[None]:
        """Of one step, for the trace: where it stands, what the cache knew, which image it made."""
        self.step_attributes = {}
        name = f"step {self._step}/{self._total} {step.text}"
        with self.engine.trace.span("daemon", name, line=step.line) as span:
            try:
                yield
            finally:
                span.attributes |= self.step_attributes

    async def _execute(self, run: StageRun, step: Step) -> None:
        try:
            await run.execute(step.instruction)
        except WordError as error:
            raise BuildError(str(error)) from None
        self.step_attributes["image"] = run.id

    async def _from(self, origin: From, escape: str) -> StageRun:
        variables = Variables(self.arguments.for_from(), escape)
        try:
            platform = _platform(variables.word(origin.platform)) if origin.platform else self.options.platform
            base = variables.word(origin.base)
        except WordError as error:
            raise BuildError(str(error)) from None
        if not base:
            raise BuildError(f"base name ({origin.base}) should not be blank")
        if base.lower() in self._names:
            image = self._names[base.lower()]
        else:
            image = None if base == SCRATCH else await self.find_or_pull(base, platform)
        run = StageRun(self, image, self._config(image), escape, platform)
        self.step_attributes["image"] = run.id
        if triggers := run.settings.config.pop("OnBuild", None):
            await self._triggers(run, triggers)
        return run

    async def _triggers(self, run: StageRun, triggers: list[str]) -> None:
        plural = "s" if len(triggers) > 1 else ""
        self.output.announce(f"# Executing {len(triggers)} build trigger{plural}")
        for trigger in triggers:
            try:
                nodes = parse(trigger.encode()).nodes
                if len(nodes) != 1:
                    raise BuildError("onbuild trigger should be a single expression")
                await self._execute(run, read_step(nodes[0]))
            except DockerfileError as error:
                raise BuildError(str(error)) from None

    def _config(self, image: Image | None) -> Config:
        if image is None:
            return {}
        config = json.loads(self.engine.images.store.config_bytes(image.id)).get("config") or {}
        return {name: config[name] for name in CONFIG_KEYS if config.get(name)}

    # -- images

    async def find_or_pull(self, name: str, platform: Platform | None) -> Image:
        """Raises EngineError."""
        images = self.engine.images
        if not self.options.pull:
            try:
                return images.get(name, platform)
            except NotFound:
                pass
        reference = Reference.parse(name)
        reference = reference if reference.digest else reference.with_default_tag()
        async for news in images.pull(reference, platform, self.options.credentials_for(reference)):
            self.output.progress(news)
        return images.find(name)

    async def stage_or_image(self, name: str) -> Image | None:
        """What `--from` means: a stage's name or number, or an image. Raises EngineError."""
        if name.lower() in self._names:
            return self._names[name.lower()]
        if not name.lstrip("+-").isdecimal():
            return await self.find_or_pull(name, self.options.platform)
        number = int(name)
        if number == len(self._stages):
            raise BuildError("refers to current build stage")
        if not 0 <= number < len(self._stages):
            raise BuildError("index out of bounds")
        return self._stages[number]

    @asynccontextmanager
    async def snapshot(self, image: Image | None) -> AsyncIterator[str]:
        """A writable snapshot of an image's files, for the time of a block."""
        host, key = self.engine.host, f"build-{self.engine.ids.new()}"
        await host.prepare(key, image.chain or None if image is not None else None, init=False)
        try:
            yield key
        finally:
            await host.remove(key)


def _platform(text: str) -> Platform:
    try:
        return Platform.parse(text)
    except PlatformError as error:
        raise InvalidParameter(f"failed to parse platform {text}: {error}") from None
