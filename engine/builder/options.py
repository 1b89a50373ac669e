"""What a client asks of a build beside its context: the flags of `docker build`, as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.distribution.auth import NOBODY, Credentials
from engine.image.manifest import Platform
from engine.image.reference import Reference

HUB = ("docker.io", "https://index.docker.io/v1/")  # a registry's name in references, and among credentials


@dataclass(frozen=True, slots=True)
class Options:
    """`host_config`: HostConfig of the RUN containers, as the API writes it. `credentials`: by registry.

    `arguments`: None for a name without a value. `remote`: a URL instead of an archive.
    """

    dockerfile: str = ""
    tags: tuple[Reference, ...] = ()
    target: str = ""
    platform: Platform | None = None
    arguments: Mapping[str, str | None] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    cache_from: tuple[str, ...] = ()
    no_cache: bool = False
    pull: bool = False
    quiet: bool = False
    remove: bool = True
    force_remove: bool = False
    remote: str = ""
    host_config: Mapping[str, Any] = field(default_factory=dict)
    credentials: Mapping[str, Credentials] = field(default_factory=dict)

    def credentials_for(self, reference: Reference) -> Credentials:
        """For the registry of an image."""
        registry = reference.familiar.split("/")[0] if reference.key.split("/")[0] not in HUB else HUB[0]
        names = HUB if registry in HUB else (registry, f"https://{registry}")
        return next((self.credentials[name] for name in names if name in self.credentials), NOBODY)
