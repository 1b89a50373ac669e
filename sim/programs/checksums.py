"""md5sum and its relatives, cksum, dd: all that goes through a file from its beginning to its end."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from typing import Any

from sim.abi import Main, Proc
from sim.programs.options import Options, Output, command, complain, is_gnu, report

HASHING = 1 / (400 << 20)  # seconds of CPU time for each byte
LINE = re.compile(r"([0-9a-fA-F]+) [ *](.+)$")


def _summing(algorithm: str) -> Main:
    @command(
        "csw",
        synopsis="[-c[sw]] [FILE]...",
        about=f"Print or check {algorithm.upper()} checksums\n\n\t-c\tCheck sums against list in FILEs\n"
        "\t-s\tDon't output anything, status code shows success\n\t-w\tWarn about improperly formatted checksum lines",
        gnu={"check": "c", "status": "s", "quiet": "quiet", "warn": "w", "binary": "b", "text": "t", "tag": "tag"},
    )
    async def sums(proc: Proc, options: Options, operands: list[str]) -> int:
        if "c" in options:
            return await _check_lists(proc, options, algorithm, operands or ["-"])
        status = 0
        for path in operands or ["-"]:
            digest = await _digest(proc, algorithm, path)
            if digest is None:
                status = 1
            else:
                await proc.out(f"{digest}  {path}\n")
        return status

    return sums


async def _digest(proc: Proc, algorithm: str, path: str) -> str | None:
    """Hexadecimal; None after a message."""
    digest: Any = hashlib.new(algorithm)
    return digest.hexdigest() if await _feed(proc, path, digest.update) else None


async def _feed(proc: Proc, path: str, update: Callable[[bytes], object]) -> bool:
    try:
        fd = 0 if path == "-" else proc.open(path)
    except OSError as error:
        await report(proc, path, error)
        return False
    try:
        while data := await proc.read(fd):
            update(data)
            await proc.cpu(len(data) * HASHING)
    except IsADirectoryError as error:
        await complain(proc, f"{path}: {error.strerror}" if is_gnu(proc) else f"can't read '{path}': {error.strerror}")
        return False
    finally:
        if fd:
            proc.close(fd)
    return True


async def _check_lists(proc: Proc, options: Options, algorithm: str, lists: list[str]) -> int:
    failed = total = 0
    async with Output(proc) as out:
        for path in lists:
            try:
                fd = 0 if path == "-" else proc.open(path)
            except OSError as error:
                await report(proc, path, error, "open" if is_gnu(proc) else "")
                return 1
            async for line in proc.lines(fd):
                found = LINE.match(line.decode(errors="surrogateescape").rstrip("\n"))
                if not found:
                    continue
                total += 1
                digest = await _digest(proc, algorithm, found[2])
                right = digest == found[1].lower()
                failed += not right
                if "s" not in options and not (right and "quiet" in options):
                    said = "OK" if right else "FAILED" if digest or not is_gnu(proc) else "FAILED open or read"
                    await out.line(f"{found[2]}: {said}")
    if failed and "s" not in options:
        if is_gnu(proc):
            one = failed == 1
            await complain(proc, f"WARNING: {failed} computed checksum{' did' if one else 's did'} NOT match")
        else:
            await complain(proc, f"WARNING: {failed} of {total} computed checksums did NOT match")
    return int(failed > 0 or not total)


md5sum = _summing("md5")
sha1sum = _summing("sha1")
sha224sum = _summing("sha224")
sha256sum = _summing("sha256")
sha384sum = _summing("sha384")
sha512sum = _summing("sha512")


def _table() -> tuple[int, ...]:
    rows = []
    for number in range(256):
        value = number << 24
        for _ in range(8):
            value = (value << 1 ^ 0x04C11DB7 if value & 0x80000000 else value << 1) & 0xFFFFFFFF
        rows.append(value)
    return tuple(rows)


class _Cksum:
    """The CRC of POSIX's cksum: the length follows the data."""

    def __init__(self) -> None:
        self.table = _table()
        self.crc = self.size = 0

    def update(self, data: bytes) -> None:
        crc, table = self.crc, self.table
        for byte in data:
            crc = (crc << 8 & 0xFFFFFFFF) ^ table[crc >> 24 ^ byte]
        self.crc, self.size = crc, self.size + len(data)

    def value(self) -> int:
        crc, size = self.crc, self.size
        while size:
            crc = (crc << 8 & 0xFFFFFFFF) ^ self.table[crc >> 24 ^ size & 255]
            size >>= 8
        return crc ^ 0xFFFFFFFF


@command(synopsis="FILE...", about="Calculate CRC32 checksum of FILEs")
async def cksum(proc: Proc, options: Options, operands: list[str]) -> int:
    status = 0
    for path in operands or ["-"]:
        sum = _Cksum()
        if await _feed(proc, path, sum.update):
            await proc.out(f"{sum.value()} {sum.size}" + (f" {path}\n" if operands else "\n"))
        else:
            status = 1
    return status
