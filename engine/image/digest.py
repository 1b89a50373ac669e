"""Names made from content: Digest, DiffID and ChainID (OCI image specification, "Descriptors" and "Layer ChainID").

All three look the same, `sha256:<64 hex digits>`, and mean different things:

- `Digest`: of the bytes as they travel (a compressed layer, a manifest, an image's configuration);
- `DiffID`: of a layer's tar *un*compressed; it does not change when somebody compresses better;
- `ChainID`: of a whole stack of layers; two images share what lies under an equal ChainID.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable

_ANY = re.compile(r"[a-z0-9]+(?:[.+_-][a-z0-9]+)*:[a-zA-Z0-9=_-]+")
_LENGTHS = {"sha256": 64, "sha384": 96, "sha512": 128}
_HEX = re.compile(r"[a-f0-9]+")


class DigestError(ValueError):
    """Not a digest; the texts are those of Go's `opencontainers/go-digest`."""


class Digest(str):
    """Algorithm and hex digits of some bytes' hash. Made by `parse` or `of`; compares and prints as its text."""

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> Digest:
        """Raises DigestError.

        >>> Digest.parse("sha256:1234")
        Traceback (most recent call last):
        engine.image.digest.DigestError: invalid checksum digest length
        """
        algorithm, _, encoded = text.partition(":")
        if algorithm not in _LENGTHS:
            raise DigestError(
                "unsupported digest algorithm" if _ANY.fullmatch(text) else "invalid checksum digest format"
            )
        if encoded and len(encoded) != _LENGTHS[algorithm]:
            raise DigestError("invalid checksum digest length")
        if not _HEX.fullmatch(encoded):
            raise DigestError("invalid checksum digest format")
        return cls(text)

    @classmethod
    def of(cls, data: bytes) -> Digest:
        return cls("sha256:" + hashlib.sha256(data).hexdigest())

    @property
    def algorithm(self) -> str:
        return self.partition(":")[0]

    @property
    def hex(self) -> str:
        return self.partition(":")[2]

    @property
    def short(self) -> str:
        """The first twelve hex digits, as Docker shows ids to people."""
        return self.hex[:12]


class DiffID(Digest):
    """The digest of one layer's uncompressed tar archive."""

    __slots__ = ()


class ChainID(Digest):
    """The digest of a stack of layers, bottom up."""

    __slots__ = ()


def chain(parent: ChainID | None, layer: DiffID) -> ChainID:
    """The stack with `layer` on top of `parent`: ChainID(L0|…|Ln) = SHA256(ChainID(L0|…|Ln-1) + " " + DiffID(Ln))."""
    if parent is None:
        return ChainID(layer)
    return ChainID("sha256:" + hashlib.sha256(f"{parent} {layer}".encode()).hexdigest())


def chains(layers: Iterable[DiffID]) -> list[ChainID]:
    """The ChainID at each height of a stack, bottom up."""
    result: list[ChainID] = []
    for layer in layers:
        result.append(chain(result[-1] if result else None, layer))
    return result
