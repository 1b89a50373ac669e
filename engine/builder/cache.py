"""The build cache: images that were built here, found again by their parent and by what made them.

A step is known by its *probe*: the command that its temporary container was given (for all but RUN the instruction
itself, for COPY and ADD with the digest of the files) and the settings that the container had. After the first miss in
a stage nothing more is looked up. With `--cache-from` only the history of the images named there counts. Rules: moby,
image/cache and builder/dockerfile/imageprobe.go.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine.errors import EngineError
from engine.events import Event
from engine.image.config import Image
from engine.loop import Task

if TYPE_CHECKING:
    from engine.daemon.engine import Engine
    from engine.daemon.images import Images

STEP = "build-step"  # kind of rows: image id -> [parent, probe]
NAMES = ("ExposedPorts", "Volumes")
LISTS = ("Env", "Entrypoint", "Shell", "OnBuild")
FILES = ("COPY ", "ADD ")


@dataclass(frozen=True, slots=True)
class Probe:
    """`command` of the temporary container; `settings` it had, as one text."""

    command: tuple[str, ...]
    settings: str

    @property
    def key(self) -> str:
        return json.dumps([self.command, self.settings], separators=(",", ":"))

    @property
    def words(self) -> str:
        """As the history has it."""
        return " ".join(self.command)


@dataclass(frozen=True, slots=True)
class Answer:
    """`image`: the step's result, or None. `reason`: why, in words for a learner."""

    image: Image | None
    reason: str


def probe(command: Sequence[str], config: Mapping[str, Any]) -> Probe:
    """Of a step with these settings."""
    settings: list[Any] = [list(config.get(name) or ()) for name in LISTS]
    settings += [sorted(config.get(name) or {}) for name in NAMES]
    settings += [sorted((config.get("Labels") or {}).items()), config.get("User") or ""]
    return Probe(tuple(command), json.dumps(settings, separators=(",", ":")))


class StepIndex:
    """All steps built here, by parent and probe. They go with their images."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._by_parent: dict[str, dict[str, list[str]]] = {}  # parent -> probe's key -> image ids, oldest first
        self._steps: dict[str, tuple[str, str]] = {}
        for id, (parent, key) in engine.state.items(STEP):
            self._file(id, parent, key)
        engine.events.on_event(self._on_event)

    def find(self, parent: str, wanted: Probe) -> list[str]:
        """Ids of images, newest first."""
        return self._by_parent.get(parent, {}).get(wanted.key, [])[::-1]

    def keys(self, parent: str) -> Iterable[str]:
        """Of all steps on a parent."""
        return self._by_parent.get(parent, {})

    def add(self, image: Image, parent: str, made_by: Probe) -> None:
        if image.id not in self._steps:
            self._file(image.id, parent, made_by.key)
            self._engine.state.put(STEP, image.id, [parent, made_by.key])

    def _file(self, id: str, parent: str, key: str) -> None:
        self._steps[id] = (parent, key)
        self._by_parent.setdefault(parent, {}).setdefault(key, []).append(id)

    def _on_event(self, event: Event) -> None:
        if event.type == "image" and event.action == "delete" and event.id in self._steps:
            parent, key = self._steps.pop(event.id)
            siblings = self._by_parent[parent]
            siblings[key].remove(event.id)
            if not siblings[key]:
                del siblings[key]
            if not siblings:
                del self._by_parent[parent]
            self._engine.state.delete(STEP, event.id)


class Builds:
    """`engine.builds`: what builds have in common. `running`: by the id that the client gave (`/build/cancel`)."""

    def __init__(self, engine: Engine) -> None:
        self.index = StepIndex(engine)
        self.running: dict[str, Task[None]] = {}


class Cache:
    """What one build finds."""

    def __init__(self, images: Images, index: StepIndex, use: bool, sources: Sequence[str]) -> None:
        self._images, self._index = images, index
        self._use = use
        self._busted = False
        self._named = bool(sources)
        self._sources = [image for name in sources if (image := _find(images, name)) is not None]

    def begin_stage(self) -> None:
        """A miss in one stage says nothing of the next."""
        self._busted = False

    def look_up(self, parent: Image | None, wanted: Probe, config: Mapping[str, Any]) -> Answer:
        """The image of this step on `parent` (None: on nothing); `config` is what it has, should it be made anew."""
        if not self._use:
            return Answer(None, "--no-cache")
        if self._busted:
            return Answer(None, "an earlier step of this stage was not in the cache")
        answer = self._look_up(parent, wanted, config)
        self._busted = answer.image is None
        return answer

    def _look_up(self, parent: Image | None, wanted: Probe, config: Mapping[str, Any]) -> Answer:
        store = self._images.store
        parent_id = str(parent.id) if parent is not None else ""
        local = [store.get(id) for id in self._index.find(parent_id, wanted) if id in store]
        if local and not self._named:
            return Answer(local[0], "built here before: same parent, same instruction, same content")
        for image in local:
            if any(self._leads_to(image, source) for source in self._sources):
                return Answer(image, "built here before, on the way to an image of --cache-from")
        for source in self._sources:
            if _continues(source, parent) and source.history[_steps(parent)].created_by == wanted.words:
                return Answer(self._restored(source, parent, config), "in the history of an image of --cache-from")
        return Answer(None, self._why_not(parent_id, wanted))

    def _leads_to(self, image: Image, end: Image) -> bool:
        """Is an image an ancestor of another, or that one itself?"""
        store = self._images.store
        step: Image | None = end
        while step is not None and step.id != image.id:
            step = store.get(step.parent) if step.parent in store else None
        return step is not None

    def _restored(self, source: Image, parent: Image | None, config: Mapping[str, Any]) -> Image:
        """The image of the next step in the history of `source`, which need not be here."""
        store = self._images.store
        steps = _steps(parent) + 1
        if steps == len(source.history):
            return source
        self._sources = [source]  # no jumping from one history to another
        document = json.loads(store.config_bytes(source.id))
        kept = sum(1 for entry in source.history[:steps] if not entry.empty_layer)
        document["history"] = document["history"][:steps]
        document["rootfs"]["diff_ids"] = document["rootfs"]["diff_ids"][:kept]
        document["created"] = document["history"][-1].get("created", "")
        document["config"] = dict(config)
        data = json.dumps(document, separators=(",", ":"), sort_keys=True, ensure_ascii=False).encode()
        return store.add(data, str(parent.id) if parent is not None else "")

    def _why_not(self, parent: str, wanted: Probe) -> str:
        if self._named:
            return "no image of --cache-from has this step at this place"
        known = [json.loads(key) for key in self._index.keys(parent)]
        if not known:
            return "nothing has been built on this parent yet"
        if any(tuple(command) == wanted.command for command, _ in known):
            return "the same instruction, but with other settings"
        text = _files(wanted.command)
        if text and any(_files(command) == text for command, _ in known):
            return "the same instruction, but the files have changed"
        return "this instruction has not been executed on this parent"


def _find(images: Images, name: str) -> Image | None:
    try:
        return images.find(name)
    except EngineError:
        return None


def _steps(image: Image | None) -> int:
    return len(image.history) if image is not None else 0


def _continues(image: Image, parent: Image | None) -> bool:
    """Does the image's history begin with all of the parent's, and go on?"""
    if parent is None:
        return bool(image.history)
    layers = len(parent.diff_ids)
    return (
        len(parent.history) < len(image.history)
        and image.history[: len(parent.history)] == parent.history
        and image.diff_ids[:layers] == parent.diff_ids
    )


def _files(command: Sequence[str]) -> str:
    """ "COPY … in /app" without the digest; "" for other instructions."""
    text = command[-1].removeprefix("#(nop) ") if command else ""
    return " ".join(word for word in text.split(" ") if ":" not in word) if text.startswith(FILES) else ""
