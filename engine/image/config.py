"""An image's configuration: the JSON document whose digest *is* the image's id (OCI image specification, "config").

The exact bytes are kept by the store, so nothing that this module does not know is ever lost; what is here is the part
that the engine reads. Docker's additions to OCI (Healthcheck, OnBuild, Shell, ArgsEscaped) are read as well.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.image.digest import ChainID, DiffID, Digest, chains

NO_LAYERS = ChainID("")


class ConfigError(ValueError):
    """Not an image configuration."""


@dataclass(frozen=True, slots=True)
class Healthcheck:
    """`test` is ("NONE",), ("CMD", …) or ("CMD-SHELL", line). Times in ns; 0 means "as Docker's default"."""

    test: tuple[str, ...] = ()
    interval: int = 0
    timeout: int = 0
    start_period: int = 0
    start_interval: int = 0
    retries: int = 0


@dataclass(frozen=True, slots=True)
class ImageConfig:
    """How a container of this image runs unless told otherwise (`config` in the document)."""

    env: tuple[str, ...] = ()  # "PATH=/usr/bin:/bin"
    cmd: tuple[str, ...] = ()
    entrypoint: tuple[str, ...] = ()
    working_dir: str = ""
    user: str = ""
    exposed_ports: tuple[str, ...] = ()  # "80/tcp"
    volumes: tuple[str, ...] = ()  # "/data"
    labels: Mapping[str, str] = field(default_factory=dict)
    stop_signal: str = ""
    healthcheck: Healthcheck | None = None
    shell: tuple[str, ...] = ()
    on_build: tuple[str, ...] = ()
    args_escaped: bool = False


@dataclass(frozen=True, slots=True)
class History:
    """One step that made the image, oldest first. `created` as written, RFC 3339; `empty_layer`: it changed no file."""

    created: str = ""
    created_by: str = ""
    author: str = ""
    comment: str = ""
    empty_layer: bool = False


@dataclass(frozen=True, slots=True)
class Image:
    """One image: `id` is the digest of its configuration, `chain` the name of its topmost layer's snapshot.

    An image without layers (FROM scratch) has the chain "". `parent` is known for images that were built here only.
    """

    id: Digest
    config: ImageConfig
    diff_ids: tuple[DiffID, ...] = ()
    architecture: str = ""
    os: str = ""
    variant: str = ""
    os_version: str = ""
    created: str = ""
    author: str = ""
    comment: str = ""
    docker_version: str = ""
    history: tuple[History, ...] = ()
    parent: str = ""
    chain: ChainID = NO_LAYERS

    @property
    def platform(self) -> str:
        """ "linux/amd64", "linux/arm/v7" """
        return "/".join(part for part in (self.os, self.architecture, self.variant) if part)


def parse(data: bytes, parent: str = "") -> Image:
    """An image from the bytes of its configuration. Raises ConfigError."""
    try:
        document = json.loads(data)
    except ValueError as error:
        raise ConfigError(f"invalid image configuration: {error}") from None
    try:
        return _image(Digest.of(data), document, parent)
    except ConfigError:
        raise
    except (AttributeError, TypeError, ValueError) as error:
        raise ConfigError(f"invalid image configuration: {error}") from None


def _image(id: Digest, document: dict[str, Any], parent: str) -> Image:
    rootfs = document.get("rootfs")
    if not isinstance(rootfs, dict):
        raise ConfigError("invalid image JSON, no RootFS key")
    diff_ids = tuple(DiffID(Digest.parse(text)) for text in rootfs.get("diff_ids") or ())
    return Image(
        id=id,
        config=image_config(document.get("config") or {}),
        diff_ids=diff_ids,
        architecture=_text(document, "architecture"),
        os=_text(document, "os"),
        variant=_text(document, "variant"),
        os_version=_text(document, "os.version"),
        created=_text(document, "created"),
        author=_text(document, "author"),
        comment=_text(document, "comment"),
        docker_version=_text(document, "docker_version"),
        history=tuple(_history(entry) for entry in document.get("history") or ()),
        parent=parent,
        chain=chains(diff_ids)[-1] if diff_ids else NO_LAYERS,
    )


def image_config(config: dict[str, Any]) -> ImageConfig:
    """The "config" object of a document, or settings of a container in the same form. Raises ConfigError."""
    return ImageConfig(
        env=_texts(config, "Env"),
        cmd=_texts(config, "Cmd"),
        entrypoint=_texts(config, "Entrypoint"),
        working_dir=_text(config, "WorkingDir"),
        user=_text(config, "User"),
        exposed_ports=tuple(sorted(config.get("ExposedPorts") or {})),
        volumes=tuple(sorted(config.get("Volumes") or {})),
        labels={str(name): str(value) for name, value in (config.get("Labels") or {}).items()},
        stop_signal=_text(config, "StopSignal"),
        healthcheck=_healthcheck(config.get("Healthcheck")),
        shell=_texts(config, "Shell"),
        on_build=_texts(config, "OnBuild"),
        args_escaped=bool(config.get("ArgsEscaped")),
    )


def _healthcheck(check: dict[str, Any] | None) -> Healthcheck | None:
    if check is None:
        return None
    names = {"interval": "Interval", "timeout": "Timeout", "start_period": "StartPeriod"}
    names |= {"start_interval": "StartInterval", "retries": "Retries"}
    return Healthcheck(_texts(check, "Test"), **{ours: int(check.get(theirs) or 0) for ours, theirs in names.items()})


def _history(entry: dict[str, Any]) -> History:
    texts = {name: _text(entry, name) for name in ("created", "created_by", "author", "comment")}
    return History(**texts, empty_layer=bool(entry.get("empty_layer")))


def _text(document: dict[str, Any], key: str) -> str:
    value = document.get(key) or ""
    if not isinstance(value, str):
        raise ConfigError(f"invalid image configuration: {key} is not a string")
    return value


def _texts(document: dict[str, Any], key: str) -> tuple[str, ...]:
    values = document.get(key) or ()
    if not isinstance(values, list | tuple) or not all(isinstance(value, str) for value in values):
        raise ConfigError(f"invalid image configuration: {key} is not a list of strings")
    return tuple(values)
