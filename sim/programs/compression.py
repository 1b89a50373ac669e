"""gzip, gunzip, zcat; and streams that pack or unpack on their way, which tar uses as well."""

from __future__ import annotations

import importlib
import zlib
from contextlib import suppress
from typing import Any, Protocol

from sim.abi import O_CREAT, O_EXCL, O_WRONLY, Proc
from sim.programs.options import Options, command, complain, is_gnu, report

PIECE = 1 << 16
PACKING, UNPACKING = 1 / (60 << 20), 1 / (300 << 20)  # seconds of CPU time for each byte
MAGIC = {b"\x1f\x8b": "gzip", b"BZh": "bzip2", b"\xfd7zXZ": "xz"}


class Packer(Protocol):
    def compress(self, data: bytes, /) -> bytes: ...

    def flush(self) -> bytes: ...


class BadArchive(Exception):
    """What was read is not what it should be; the text is for the user."""


def packer(kind: str, level: int = 6) -> Packer:
    if kind == "gzip":
        return zlib.compressobj(level, zlib.DEFLATED, 31)
    made: Packer = _library(kind)[0]()
    return made


def _library(kind: str) -> tuple[Any, Any]:
    """(compressor, decompressor), from a module that some Pythons lack."""
    if kind == "bzip2":
        module = importlib.import_module("bz2")
        return module.BZ2Compressor, module.BZ2Decompressor
    module = importlib.import_module("lzma")
    return module.LZMACompressor, module.LZMADecompressor


class Unpacked:
    """Reads a descriptor, unpacking what begins as a packed stream does. `kind` is "" for plain data."""

    def __init__(self, proc: Proc, fd: int) -> None:
        self.proc, self.fd = proc, fd
        self.kind: str | None = None
        self._held = b""
        self._engine: Any = None
        self._over = False

    async def read(self, size: int) -> bytes:
        """Exactly `size` bytes, fewer only at the end. Raises BadArchive."""
        parts, have = [self._held], len(self._held)
        while have < size and (data := await self._more()):
            parts.append(data)
            have += len(data)
        whole = b"".join(parts)
        self._held = whole[size:]
        return whole[:size]

    async def some(self) -> bytes:
        """What is there next, b"" at the end."""
        if self._held:
            held, self._held = self._held, b""
            return held
        return await self._more()

    async def _more(self) -> bytes:
        while not self._over:
            data = await self.proc.read(self.fd, PIECE)
            if self.kind is None:
                while data and len(data) < 6 and (rest := await self.proc.read(self.fd, PIECE)):
                    data += rest
                self._begin(data)
            if not self.kind:
                self._over = not data
                return data
            data = self._unpack(data)
            await self.proc.cpu(len(data) * UNPACKING)
            if data:
                return data
        return b""

    def _begin(self, data: bytes) -> None:
        self.kind = next((kind for magic, kind in MAGIC.items() if data.startswith(magic)), "")
        if self.kind:
            self._engine = self._decompressor()

    def _decompressor(self) -> Any:
        return zlib.decompressobj(31) if self.kind == "gzip" else _library(self.kind or "")[1]()

    def _unpack(self, data: bytes) -> bytes:
        """Members may follow each other."""
        if not data:
            if not self._engine.eof:
                raise BadArchive("unexpected end of file")
            self._over = True
            return b""
        try:
            out: bytes = b""
            while data:
                if self._engine.eof:
                    if not data.startswith(tuple(MAGIC)):  # padding
                        break
                    self._engine = self._decompressor()
                out += self._engine.decompress(data)
                data = self._engine.unused_data if self._engine.eof else b""
        except (zlib.error, OSError, EOFError) as error:
            raise BadArchive("corrupted data" if self.kind == "gzip" else str(error)) from None
        return out


HELP = (
    "\n\n\t-c\tWrite to stdout\n\t-d\tDecompress\n\t-f\tForce\n\t-k\tKeep input files\n\t-t\tTest integrity\n"
    "\t-1..9\tLevel"
)
GNU = {"stdout": "c", "to-stdout": "c", "decompress": "d", "uncompress": "d", "force": "f", "keep": "k", "test": "t",
       "list": "l", "best": "9", "fast": "1", "verbose": "v", "no-name": "n"}  # fmt: skip


@command(
    "cdfktvnqNl123456789S:r", synopsis="[-cfkdt123456789] [FILE]...", about=f"Compress FILEs (or stdin){HELP}", gnu=GNU
)
async def gzip(proc: Proc, options: Options, operands: list[str]) -> int:
    return await _files(proc, options, operands, "d" in options or "t" in options)


@command("cfktvnqNdS:", synopsis="[-cfkt] [FILE]...", about=f"Decompress FILEs (or stdin){HELP}", gnu=GNU)
async def gunzip(proc: Proc, options: Options, operands: list[str]) -> int:
    return await _files(proc, options, operands, True)


@command("fvq", synopsis="[FILE]...", about="Decompress to stdout")
async def zcat(proc: Proc, options: Options, operands: list[str]) -> int:
    return await _files(proc, Options([*options.given, ("c", "")]), operands, True)


async def _files(proc: Proc, options: Options, operands: list[str], unpacking: bool) -> int:
    status = 0
    for path in operands or ["-"]:
        try:
            if path == "-" or "t" in options:
                fd = 0 if path == "-" else proc.open(path)
                writer = -1 if "t" in options else 1
                if not unpacking and proc.isatty(1) and "f" not in options:
                    await complain(proc, "compressed data not written to a terminal. Use -f to force compression.")
                    return 1
                await _through(proc, options, fd, writer, unpacking)
            elif not await _file(proc, options, path, unpacking):
                status = 1
        except BadArchive as error:
            status = 1
            shown = "stdin" if path == "-" else path
            await complain(
                proc, f"{shown}: {error}" if is_gnu(proc) or str(error) == "unexpected end of file" else str(error)
            )
        except OSError as error:
            status = 1
            await report(proc, error.filename or path, error, "")
    return status


async def _file(proc: Proc, options: Options, path: str, unpacking: bool) -> bool:
    """A file is replaced by its packed (unpacked) self, unless -c or -k."""
    info = proc.stat(path)
    target = _target(path, unpacking)
    if target is None and "c" not in options:
        await complain(
            proc, f"{path}: unknown suffix -- ignored" if is_gnu(proc) else f"{path}: unknown suffix - ignored"
        )
        return False
    reader = proc.open(path)
    try:
        if "c" in options or target is None:
            await _through(proc, options, reader, 1, unpacking)
            return True
        if "f" in options:
            with suppress(OSError):
                proc.unlink(target)
        writer = proc.open(target, O_WRONLY | O_CREAT | O_EXCL, info.mode & 0o777)
        try:
            await _through(proc, options, reader, writer, unpacking)
        except BadArchive:
            proc.unlink(target)
            raise
        finally:
            proc.close(writer)
    finally:
        proc.close(reader)
    with suppress(OSError):
        proc.utime(target, info.mtime)
    if "k" not in options:
        proc.unlink(path)
    return True


def _target(path: str, unpacking: bool) -> str | None:
    if not unpacking:
        return path + ".gz"
    if path.endswith(".tgz"):
        return path[:-4] + ".tar"
    return path[:-3] if path.endswith(".gz") else None


async def _through(proc: Proc, options: Options, reader: int, writer: int, unpacking: bool) -> None:
    if unpacking:
        stream = Unpacked(proc, reader)
        data = await stream.some()
        if not stream.kind:
            raise BadArchive("not in gzip format" if is_gnu(proc) else "invalid magic")
        while data:
            if writer >= 0:
                await proc.write(writer, data)
            data = await stream.some()
        return
    level = next((int(option) for option, _ in reversed(options.given) if option.isdigit()), 6)
    engine = packer("gzip", level)
    while data := await proc.read(reader, PIECE):
        await proc.cpu(len(data) * PACKING)
        await proc.write(writer, engine.compress(data))
    await proc.write(writer, engine.flush())
