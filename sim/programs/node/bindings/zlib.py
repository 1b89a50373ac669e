"""Compression, by Python's zlib."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from sim.programs.node.bindings.buffer import LARGEST, buffer

if TYPE_CHECKING:
    from sim.programs.node.machine import Machine
    from sim.programs.node.realm import Realm

WINDOWS = {"gzip": 31, "deflate": 15, "deflateRaw": -15, "gunzip": 31, "inflate": 15, "inflateRaw": -15}


def _made(name: str) -> Callable[..., Any]:
    def pack(realm: Realm, this: Any, data: Any) -> Any:
        packer = zlib.compressobj(wbits=WINDOWS[name])
        return buffer(realm, packer.compress(bytes(data.data)) + packer.flush())

    def unpack(realm: Realm, this: Any, data: Any) -> Any:
        unpacker = zlib.decompressobj(wbits=WINDOWS[name])
        try:
            found = unpacker.decompress(bytes(data.data), LARGEST >> 4)
        except zlib.error:
            raise realm.error("Error", "incorrect header check", "Z_DATA_ERROR") from None
        if not unpacker.eof:
            raise realm.error("Error", "unexpected end of file", "Z_BUF_ERROR")
        return buffer(realm, found)

    return unpack if "un" in name or "inf" in name else pack


def table(machine: Machine) -> dict[str, Any]:
    return {name: _made(name) for name in WINDOWS}
