"""All official images of Docker Hub on 15 March 2018, layer by layer: data to count for oneself.

Source: docker-library/repo-info, the copy of that day (github.com/mariko011/centos, commit 455ffd17), for amd64. Sizes
are of layers as the hub sends them, compressed.
"""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files

DATA = "official-images-2018.csv.gz"


@dataclass(frozen=True, slots=True)
class Layer:
    """`digest`: the first 16 digits of its SHA-256; `size`: bytes, compressed."""

    digest: str
    size: int


def official_images() -> Mapping[str, tuple[Layer, ...]]:
    """{"httpd:2.4": its layers, the lowest first}. Several names may belong to one image."""
    found: dict[str, list[Layer]] = {}
    with gzip.open(io.BytesIO(files("classroom").joinpath(DATA).read_bytes()), "rt", encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            found.setdefault(row["image"], []).append(Layer(row["layer_sha256_prefix"], int(row["compressed_bytes"])))
    return {name: tuple(layers) for name, layers in found.items()}
