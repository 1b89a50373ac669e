"""The formats in which packages travel: written for the mirrors, read by the package managers.

- `.deb`: an ar archive with `debian-binary`, `control.tar`, `data.tar` (deb(5)); members whose names begin with an
  underscore are to be ignored by readers, and one of them fills the archive up to its published size.
- `.apk` and npm's `.tgz`: tar archives in gzip members, as long as they should be (sim/hub/deflate.py).
- `.whl`: a zip archive (PEP 427); a comment of zeros cannot be long enough, so a first stretch of zeros is.
"""

from __future__ import annotations

import io
import tarfile
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from sim.hub import deflate
from sim.hub.segments import Segments, zeros
from sim.hub.tarball import DIRECTORY, END, FILE, SYMBOLIC_LINK, Entry, archived

AR_MAGIC = b"!<arch>\n"
_TYPES = {tarfile.DIRTYPE: DIRECTORY, tarfile.SYMTYPE: SYMBOLIC_LINK}


class BadPackage(ValueError):
    """Not a package, or a damaged one."""


def tar(members: Iterable[Entry]) -> bytes:
    return b"".join(map(archived, members)) + END


def read_tar(data: bytes) -> Iterator[Entry]:
    """Raises BadPackage."""
    try:
        with tarfile.open(fileobj=io.BytesIO(data)) as opened:
            for info in opened:
                begin = b""
                if info.isreg() and (stream := opened.extractfile(info)) is not None:
                    stretches: Any = info.sparse  # [(offset, size)] of a file with holes
                    stored = sum(size for _, size in stretches) if stretches is not None else info.size
                    begin = stream.read(stored)
                kind = _TYPES.get(info.type, FILE)
                yield Entry(info.name, kind, info.mode, info.uid, info.gid, int(info.mtime), info.linkname, begin,
                            info.size)  # fmt: skip
    except (tarfile.TarError, EOFError) as error:
        raise BadPackage(str(error)) from None


def deb(control: Mapping[str, bytes], members: Iterable[Entry], size: int) -> Segments:
    """A Debian package of `size` bytes, or of as many as it needs. `control`: {"control": …, "postinst": …}."""
    scripts = [Entry(name, mode=0o644 if name == "control" else 0o755, data=data) for name, data in control.items()]
    parts = [
        AR_MAGIC,
        *_member("debian-binary", b"2.0\n"),
        *_member("control.tar", tar(scripts)),
        *_member("data.tar", tar(members)),
    ]
    missing = size - sum(map(len, parts)) - 60
    if missing < 0:
        return Segments(parts)
    return Segments([*parts, _header("_size", missing), zeros(missing)])


def read_deb(data: bytes) -> tuple[dict[str, bytes], Iterator[Entry]]:
    """(control files, members). Raises BadPackage."""
    found = dict(_members(data))
    if "data.tar" not in found or "control.tar" not in found:
        raise BadPackage("not a Debian format archive")
    control = {entry.path: entry.data for entry in read_tar(found["control.tar"])}
    return control, read_tar(found["data.tar"])


def gzipped(members: Iterable[Entry], size: int) -> Segments:
    """A tar archive that is `size` bytes long when it travels, or as many as it needs."""
    data = tar(members)
    crc = zlib.crc32(data)
    try:
        return Segments(deflate.gzip(data, crc, size))
    except ValueError:
        packed = deflate.text(data)
        return Segments(deflate.gzip(data, crc, len(packed) + 18))


def read_gzipped(data: bytes) -> Iterator[Entry]:
    """Raises BadPackage. Of an archive's members the first has everything; what follows it is its length."""
    try:
        return read_tar(zlib.decompressobj(wbits=31).decompress(data))
    except zlib.error as error:
        raise BadPackage(str(error)) from None


def wheel(members: Iterable[Entry], size: int) -> Segments:
    """A zip archive of `size` bytes, or of as many as it needs. A hole in a file is zeros, compressed."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as packed:
        for entry in members:
            if entry.type == FILE:
                info = zipfile.ZipInfo(entry.path, (1980, 1, 1, 0, 0, 0))
                info.external_attr, info.compress_type = (0o100000 | entry.mode) << 16, zipfile.ZIP_DEFLATED
                packed.writestr(info, entry.data.ljust(entry.size, b"\0"))
    data = buffer.getvalue()
    return Segments([zeros(max(0, size - len(data))), data])


def read_wheel(data: bytes) -> Iterator[tuple[str, int, bytes]]:
    """(path, mode, bytes) of each file. Raises BadPackage."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            for info in packed.infolist():
                yield info.filename, info.external_attr >> 16 & 0o777, packed.read(info)
    except (zipfile.BadZipFile, zlib.error) as error:
        raise BadPackage(str(error)) from None


def _header(name: str, size: int) -> bytes:
    return f"{name:<16}{0:<12}{0:<6}{0:<6}{100644:<8}{size:<10}`\n".encode()


def _member(name: str, data: bytes) -> list[bytes]:
    return [_header(name, len(data)), data, b"\n" if len(data) % 2 else b""]


def _members(data: bytes) -> Iterator[tuple[str, bytes]]:
    """Raises BadPackage."""
    if not data.startswith(AR_MAGIC):
        raise BadPackage("not a Debian format archive")
    at = len(AR_MAGIC)
    while at + 60 <= len(data):
        name, size = data[at : at + 16].decode("ascii", "replace").strip(), data[at + 48 : at + 58].strip()
        if not size.isdigit():
            raise BadPackage("damaged archive")
        at += 60
        if not name.startswith("_"):
            yield name.rstrip("/"), data[at : at + int(size)]
        at += int(size) + int(size) % 2
