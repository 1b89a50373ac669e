"""What the API says of images: rows of `docker images`, `docker inspect`, `docker history`, and sums for `system df`.

Shapes: Engine API v1.50 (ImageSummary, ImageInspect, HistoryResponseItem). Rules: moby, daemon/images/image_list.go,
image_inspect.go, image_history.go. What older versions of the API say otherwise is the handlers' affair.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

from engine.daemon.filters import Filters
from engine.errors import InvalidParameter, System
from engine.image.config import Image
from engine.image.digest import ChainID, chains
from engine.image.pattern import familiar_match
from engine.image.reference import Reference
from engine.loop import SECOND
from engine.timestamps import NEVER, parse_moment, parse_rfc3339, rfc3339

if TYPE_CHECKING:
    from engine.daemon.images import Images

LIST_FILTERS = ("dangling", "label", "before", "since", "until", "reference")
MISSING = "<missing>"  # a step whose image is not here

# What a configuration always shows, moby's inspect_response.go
CONFIG_DEFAULTS: dict[str, Any] = {
    "Cmd": None, "Entrypoint": None, "Env": None, "Labels": None, "OnBuild": None, "User": "", "Volumes": None,
    "WorkingDir": "",
}  # fmt: skip
CONFIG_KEYS = (*CONFIG_DEFAULTS, "ExposedPorts", "StopSignal", "ArgsEscaped", "Healthcheck", "Shell")


def moment(text: str) -> int:
    """A document's time in ns since 1970; 0 if it has none or if it cannot be read."""
    try:
        return parse_rfc3339(text) if text else 0
    except ValueError:
        return 0


def summaries(
    images: Images, filters: Filters, *, all: bool = False, shared_size: bool = False, containers: bool = False
) -> list[dict[str, Any]]:
    """Rows of `docker images`, newest first. `containers`: count the containers of each (else -1)."""
    dangling = filters.boolean("dangling", False)
    after, before = _period(images, filters)
    shared: Counter[ChainID] = _users_of_layers(images) if shared_size else Counter()
    rows: list[tuple[int, dict[str, Any]]] = []
    for image in images.store:
        created = moment(image.created)
        if not (after < created or after < 0) or not (before is None or created < before):
            continue
        if not filters.labels(image.config.labels):
            continue
        if dangling and images.store.has_children(image.id):
            continue
        names = images.store.references(image.id)
        shown = [name for name in names if _matches(name, filters)]
        if not _listed(images, image, shown, filters, dangling, all):
            continue
        row = summary(images, image, shown)
        if containers:
            row["Containers"] = sum(1 for _ in images.users(image))
        if shared_size:
            row["SharedSize"] = sum(layer.size for layer in images.store.stack(image) if shared[layer.chain] > 1)
        rows.append((created, row))
    rows.sort(key=lambda pair: -pair[0])  # to the nanosecond: of two that one second has seen, too
    return [row for _, row in rows]


def _users_of_layers(images: Images) -> Counter[ChainID]:
    """How many images stand on a layer; the steps of a build that nobody named do not count (moby: layerRefs)."""
    store = images.store
    shown = (image for image in store if store.references(image.id) or not store.has_children(image.id))
    return Counter(layer.chain for image in shown for layer in store.stack(image))


def summary(images: Images, image: Image, names: list[Reference]) -> dict[str, Any]:
    """One ImageSummary."""
    return {
        "Containers": -1,
        "Created": moment(image.created) // SECOND,
        "Id": image.id,
        "Labels": dict(image.config.labels) or None,
        "ParentId": image.parent,
        "RepoDigests": [name.familiar for name in names if name.digest],
        "RepoTags": [name.familiar for name in names if not name.digest],
        "SharedSize": -1,
        "Size": images.store.size(image.id),
    }


def inspection(images: Images, image: Image) -> dict[str, Any]:
    """ImageInspect."""
    names = images.store.references(image.id)
    document = json.loads(images.store.config_bytes(image.id))
    config = document.get("config") or {}
    tagged = images.store.tagged(image.id)
    answer = {
        "Id": image.id,
        "RepoTags": [name.familiar for name in names if not name.digest],
        "RepoDigests": [name.familiar for name in names if name.digest],
        "Parent": image.parent,
        "Comment": image.comment or (image.history[-1].comment if image.history else ""),
        "Created": image.created,
        "DockerVersion": image.docker_version,
        "Author": image.author,
        "Config": CONFIG_DEFAULTS | {key: config[key] for key in CONFIG_KEYS if config.get(key)},
        "Architecture": image.architecture,
        "Variant": image.variant,
        "Os": image.os,
        "OsVersion": image.os_version,
        "Size": images.store.size(image.id),
        "GraphDriver": {"Data": layer_folders(images, image), "Name": images.storage_driver},
        "RootFS": {"Type": "layers", "Layers": list(image.diff_ids)},
        "Metadata": {"LastTagTime": rfc3339(tagged) if tagged else NEVER},
    }
    for optional in ("Variant", "OsVersion", "Created"):
        if not answer[optional]:
            del answer[optional]
    return answer


def layer_folders(images: Images, image: Image) -> dict[str, str] | None:
    """Where overlayfs has its layers on the host: the topmost, and those below it."""
    if not image.diff_ids:
        return None
    top, *below = (f"{images.layer_root}/{name.rpartition(':')[2]}" for name in reversed(chains(image.diff_ids)))
    folders = {"MergedDir": f"{top}/merged", "UpperDir": f"{top}/diff", "WorkDir": f"{top}/work"}
    return {"LowerDir": ":".join(f"{layer}/diff" for layer in below), **folders} if below else folders


def history(images: Images, image: Image) -> list[dict[str, Any]]:
    """The steps that made an image, newest first. Raises System if they are more than its layers."""
    layers = iter(images.store.stack(image))
    steps = []
    for step in image.history:
        layer = None if step.empty_layer else next(layers, None)
        if layer is None and not step.empty_layer:
            raise System("too many non-empty layers in History section")
        steps.append(
            {
                "Comment": step.comment,
                "Created": moment(step.created) // SECOND,
                "CreatedBy": step.created_by,
                "Id": MISSING,
                "Size": layer.size if layer else 0,
                "Tags": None,
            }
        )
    steps.reverse()
    made: Image | None = image
    for step_shown in steps:
        if made is None:
            break
        step_shown["Id"] = made.id
        step_shown["Tags"] = [name.familiar for name in images.store.references(made.id) if not name.digest] or None
        made = images.store.find(made.parent) if made.parent else None
    return steps


def layers_size(images: Images) -> int:
    """Bytes of all layers, each counted once (`docker system df`)."""
    used = {chain for image in images.store for chain in chains(image.diff_ids)}
    return sum(images.store.layers[chain].size for chain in used)


def _period(images: Images, filters: Filters) -> tuple[int, int | None]:
    """(since, before): an image must be younger than the first (if not -1) and older than the second."""
    since, before = -1, list[int]()
    for name in filters.get("before"):
        before.append(moment(images.find(name).created))
    for text in filters.get("until"):
        try:
            before.append(parse_moment(text, images.now))
        except ValueError as error:
            raise InvalidParameter(str(error)) from None
    for name in filters.get("since"):
        since = max(since, moment(images.find(name).created))
    return since, min(before) if before else None


def _matches(name: Reference, filters: Filters) -> bool:
    patterns = filters.get("reference")
    return not patterns or any(familiar_match(pattern, name) for pattern in patterns)


def _listed(images: Images, image: Image, shown: list[Reference], filters: Filters, dangling: bool, all: bool) -> bool:
    """Is it a row? One without names is, unless it is only a step on the way to another or was asked away."""
    if shown:
        return not (dangling and any(not name.digest for name in shown))
    if "reference" in filters or ("dangling" in filters and not dangling):
        return False
    return all or not images.store.has_children(image.id)
