"""`docker manifest push`: a manifest list, whose manifests are in the registry already.

One of another repository is brought into this one first: its blobs are mounted, so that nothing travels, and its
manifest is put by digest. Source: docker/cli, cli/command/manifest/push.go.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine.distribution import sending
from engine.distribution.auth import Credentials
from engine.distribution.client import Repository, open_repository
from engine.distribution.errors import RegistryError
from engine.distribution.transport import Transport
from engine.image import manifest
from engine.image.digest import Digest
from engine.image.manifest import Manifest, ManifestError
from engine.image.reference import Reference
from engine.loop import Loop
from engine.trace import Trace


@dataclass(frozen=True, slots=True)
class Guest:
    """A manifest of another repository of the same registry."""

    path: str
    raw: bytes


async def push(
    transport: Transport, loop: Loop, trace: Trace, reference: Reference, credentials: Credentials,
    guests: Sequence[Guest], raw: bytes,
) -> Digest:  # fmt: skip
    """The list's digest. Raises RegistryError, Unreachable, BadContent, ManifestError."""
    top = manifest.parse(raw)
    repository = await open_repository(transport, loop, trace, reference, credentials, ("pull", "push"))
    for guest in guests:
        await _bring(repository, guest)
    await sending.put_manifest(repository, reference.tag, top.media_type, raw)
    return top.digest


async def _bring(repository: Repository, guest: Guest) -> None:
    document = manifest.parse(guest.raw)
    if not isinstance(document, Manifest):
        raise ManifestError("a manifest list must not list manifest lists")
    for blob in (document.config, *document.layers):
        there = await sending.has_blob(repository, blob.digest) is not None
        if not there and not await sending.mount(repository, blob.digest, guest.path):
            raise RegistryError("", f"couldn't mount blob {blob.digest} from {guest.path}", final=True)
    await sending.put_manifest(repository, document.digest, document.media_type, guest.raw)
