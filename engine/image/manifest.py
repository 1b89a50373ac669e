"""Manifests: which configuration and layers make an image, and which manifest is for which platform.

Two formats of each, equal in structure: OCI image specification 1.1 (manifest, index) and Docker's schema 2 (manifest,
manifest list). Platforms are matched as containerd does: the machine's own first, then what it can also run.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from engine.image.digest import Digest, DigestError

OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_INDEX = "application/vnd.oci.image.index.v1+json"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
ACCEPTED = (DOCKER_MANIFEST, DOCKER_LIST, OCI_INDEX, OCI_MANIFEST)

_MANIFESTS, _INDEXES = (OCI_MANIFEST, DOCKER_MANIFEST), (OCI_INDEX, DOCKER_LIST)
_PLATFORM_PART = re.compile(r"[A-Za-z0-9_.-]+")
_SYSTEMS = ("aix", "android", "darwin", "dragonfly", "freebsd", "illumos", "ios", "js", "linux", "netbsd", "openbsd",
            "plan9", "solaris", "wasip1", "windows")  # fmt: skip
_MACHINES = ("386", "amd64", "arm", "arm64", "loong64", "mips", "mips64", "mips64le", "mipsle", "ppc64", "ppc64le",
             "riscv64", "s390x", "wasm")  # fmt: skip
# What uname(1) and people call a machine -> (Go's name, variant)
_ALIASES = {
    "i386": ("386", ""), "i686": ("386", ""), "x86_64": ("amd64", ""), "x86-64": ("amd64", ""),
    "aarch64": ("arm64", ""), "armhf": ("arm", "v7"), "armel": ("arm", "v6"), "armv7l": ("arm", "v7"),
}  # fmt: skip
_DEFAULT_VARIANTS = {"arm": "v7", "arm64": "v8"}


class ManifestError(ValueError):
    """Not a manifest that we can use."""


class PlatformError(ValueError):
    """Not a platform; the texts are those of Go's `containerd/platforms`."""


@dataclass(frozen=True, slots=True)
class Platform:
    """ "linux/amd64", "linux/arm/v7"; `variant` is "" where a machine has none worth naming."""

    os: str
    architecture: str
    variant: str = ""

    @classmethod
    def parse(cls, text: str, machine: str = "amd64") -> Platform:
        """From "os", "architecture", "os/architecture" or with "/variant". Raises PlatformError."""
        parts = text.split("/")
        for part in parts:
            if not _PLATFORM_PART.fullmatch(part):
                raise PlatformError(
                    f'"{part}" is an invalid component of "{text}": '
                    'platform specifier component must match "^[A-Za-z0-9_.-]+$": invalid argument'
                )
        if len(parts) > 3:
            raise PlatformError(f'"{text}": cannot parse platform specifier: invalid argument')
        if len(parts) == 1:
            return _one_word(text, machine)
        return cls(parts[0].lower(), *parts[1:]).normalised()

    def normalised(self) -> Platform:
        """With Go's name for the machine and without a variant that goes without saying."""
        machine, variant = self.architecture.lower(), self.variant.lower()
        machine, implied = _ALIASES.get(machine, (machine, ""))
        variant = variant or implied
        if machine == "arm64" and variant in ("8", "v8"):
            variant = ""
        elif machine == "arm":
            variant = {"": "v7", "5": "v5", "6": "v6", "7": "v7", "8": "v8"}.get(variant, variant)
        elif machine == "amd64" and variant == "v1":
            variant = ""
        return Platform(self.os.lower(), machine, variant)

    def runs(self) -> list[Platform]:
        """What a machine of this platform can run, best first."""
        mine = self.normalised()
        result = [mine]
        if mine.architecture == "amd64":
            older = range(_level(mine.variant, 1) - 1, 0, -1)
            result += [Platform(mine.os, "amd64", f"v{level}" if level > 1 else "") for level in older]
            result.append(Platform(mine.os, "386"))
        if mine.architecture in ("arm", "arm64"):
            newest = 8 if mine.architecture == "arm64" else _level(mine.variant, 7) - 1
            result += [Platform(mine.os, "arm", f"v{level}") for level in range(newest, 4, -1)]
        return result

    def __str__(self) -> str:
        return "/".join(part for part in (self.os, self.architecture, self.variant) if part)


@dataclass(frozen=True, slots=True)
class Descriptor:
    """A pointer to content: OCI content descriptor. `size` in bytes, -1 if unknown."""

    media_type: str
    digest: Digest
    size: int = -1
    platform: Platform | None = None


@dataclass(frozen=True, slots=True)
class Manifest:
    """One image for one platform. `raw` are the exact bytes, whose digest is `digest`."""

    digest: Digest
    media_type: str
    raw: bytes
    config: Descriptor
    layers: tuple[Descriptor, ...]


@dataclass(frozen=True, slots=True)
class Index:
    """A list of manifests by platform (OCI index, Docker manifest list)."""

    digest: Digest
    media_type: str
    raw: bytes
    manifests: tuple[Descriptor, ...]

    def choose(self, platform: Platform) -> Descriptor:
        """The manifest for a machine. Raises ManifestError with Docker's text."""
        for wanted in platform.runs():
            for entry in self.manifests:
                if entry.platform is not None and entry.platform.normalised() == wanted:
                    return entry
        shown = platform.normalised()
        variant = shown.variant or _DEFAULT_VARIANTS.get(shown.architecture, "")
        asked = Platform(shown.os, shown.architecture, variant)
        raise ManifestError(f"no matching manifest for {asked} in the manifest list entries")


def parse(raw: bytes, media_type: str = "") -> Manifest | Index:
    """Read a document; `media_type` is what the registry called it. Raises ManifestError.

    What a document calls itself must agree with what it holds: an index has no layers, a manifest no manifests.
    """
    try:
        document = json.loads(raw)
        if not isinstance(document, dict):
            raise ManifestError("manifest is not a JSON object")
        kind = _kind(document, media_type.partition(";")[0].strip())
        if document.get("schemaVersion") != 2:
            raise ManifestError(f"unrecognized manifest schema version {document.get('schemaVersion')}")
        if kind in _INDEXES:
            entries = tuple(_descriptor(entry) for entry in document.get("manifests") or ())
            return Index(Digest.of(raw), kind, raw, entries)
        layers = tuple(_descriptor(entry) for entry in document.get("layers") or ())
        return Manifest(Digest.of(raw), kind, raw, _descriptor(document["config"]), layers)
    except ManifestError:
        raise
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ManifestError(f"invalid manifest: {error}") from None


def _kind(document: dict[str, Any], announced: str) -> str:
    kind = str(document.get("mediaType") or "") or announced
    if not kind:  # OCI lets a document leave it out
        kind = OCI_INDEX if "manifests" in document else OCI_MANIFEST
    if announced in (*_MANIFESTS, *_INDEXES) and kind != announced:
        raise ManifestError(f"mediaType in manifest should be '{announced}' not '{kind}'")
    if kind not in (*_MANIFESTS, *_INDEXES):
        raise ManifestError(f'unsupported manifest media type and no default available: "{kind}"')
    if kind in _INDEXES and ("layers" in document or "config" in document):
        raise ManifestError("index: expected no 'config' or 'layers'")
    if kind in _MANIFESTS and "manifests" in document:
        raise ManifestError("manifest: expected no 'manifests'")
    return kind


def _descriptor(entry: dict[str, Any]) -> Descriptor:
    try:
        digest = Digest.parse(entry["digest"])
    except DigestError as error:
        raise ManifestError(str(error)) from None
    size = entry.get("size", -1)
    if not isinstance(size, int) or isinstance(size, bool):
        raise ManifestError("invalid manifest: size is not a number")
    return Descriptor(str(entry.get("mediaType") or ""), digest, size, _platform(entry.get("platform")))


def _platform(entry: dict[str, Any] | None) -> Platform | None:
    if entry is None:
        return None
    return Platform(str(entry.get("os") or ""), str(entry.get("architecture") or ""), str(entry.get("variant") or ""))


def _level(variant: str, default: int) -> int:
    """The number of "v7"."""
    return int(variant[1:]) if re.fullmatch(r"v[1-9]", variant) else default


def _one_word(text: str, machine: str) -> Platform:
    if text.lower() in _SYSTEMS:
        return Platform(text.lower(), machine).normalised()
    found = Platform("linux", text).normalised()
    if found.architecture in _MACHINES:
        return found
    raise PlatformError(f'"{text}": unknown operating system or architecture: invalid argument')
