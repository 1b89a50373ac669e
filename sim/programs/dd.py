"""dd: copy in blocks of a chosen size. Runs of zeros cost simulated time, not memory."""

from __future__ import annotations

import errno
from dataclasses import dataclass

from engine.loop import SECOND
from sim.abi import O_APPEND, O_CREAT, O_TRUNC, O_WRONLY, Proc
from sim.programs.options import Failure, Usage, complain, is_gnu, report
from sim.programs.sizes import human, parse_size

PIECE = 1 << 16
COPYING = 1 / (2 << 30)  # seconds of CPU time for each byte
KEYS = frozenset(("if", "of", "bs", "ibs", "obs", "count", "skip", "seek", "conv", "status", "iflag", "oflag", "cbs"))
USAGE = "Usage: dd [if=FILE] [of=FILE] [bs=N] [count=N] [skip=N] [seek=N] [conv=notrunc|noerror|sync|fsync]\n"


@dataclass(slots=True)
class Counts:
    """What is reported at the end."""

    whole_in: int = 0
    part_in: int = 0
    whole_out: int = 0
    part_out: int = 0
    bytes: int = 0


async def dd(proc: Proc) -> int:
    started, counts = proc.now(), Counts()
    try:
        settings = _settings(proc)
        status = await _copy(proc, settings, counts)
    except Failure as failure:
        await complain(proc, failure.message)
        return failure.status
    except Usage as usage:
        await proc.err(f"dd: {usage.message}\nTry 'dd --help' for more information.\n" if is_gnu(proc) else USAGE)
        return 1
    if status >= 0 and settings.get("status") != "none":
        await proc.err(_summary(proc, counts, proc.now() - started, settings.get("status") == "noxfer"))
    return max(0, abs(status))


def _settings(proc: Proc) -> dict[str, str]:
    settings = {}
    for word in proc.argv[1:]:
        key, equals, value = word.partition("=")
        if not equals or key not in KEYS:
            raise Usage(f"unrecognized operand '{word}'")
        settings[key] = value
    return settings


async def _copy(proc: Proc, settings: dict[str, str], counts: Counts) -> int:
    """0, 1 after an error while copying, -1 if nothing could be opened."""
    block = parse_size(settings.get("bs") or settings.get("ibs") or "512")
    limit = parse_size(settings["count"]) if "count" in settings else None
    if not block:
        raise Failure("invalid number '0'")
    await proc.allocate(block)
    conversions = settings.get("conv", "").split(",")
    reader, writer = 0, 1
    try:
        path = settings.get("if", "")
        reader = proc.open(path) if path else 0
        path = settings.get("of", "")
        if path:
            keep = "notrunc" in conversions or "seek" in settings
            flags = O_WRONLY | O_CREAT | (0 if keep else O_TRUNC)
            writer = proc.open(path, flags | (O_APPEND if settings.get("oflag") == "append" else 0), 0o666)
    except OSError as error:
        if is_gnu(proc):
            await complain(proc, f"failed to open '{path}': {error.strerror}")
        else:
            await report(proc, path, error)
        return -1
    if skip := parse_size(settings.get("skip", "0")):
        await _skip(proc, reader, skip * block)
    if seek := parse_size(settings.get("seek", "0")):
        out_block = parse_size(settings.get("bs") or settings.get("obs") or "512")
        proc.lseek(writer, seek * out_block)
        if "notrunc" not in conversions:
            proc.ftruncate(writer, seek * out_block)
    while limit is None or counts.whole_in + counts.part_in < limit:
        try:
            if not await _block(proc, reader, writer, block, counts, "sync" in conversions):
                break
        except OSError as error:
            where = f"error writing '{settings.get('of', 'standard output')}'" if is_gnu(proc) else "write error"
            if error.errno not in (errno.ENOSPC, errno.EPIPE, errno.EFBIG):
                where = f"error reading '{settings.get('if', 'standard input')}'" if is_gnu(proc) else "read error"
            await complain(proc, f"{where}: {error.strerror}")
            return 1
    return 0


async def _skip(proc: Proc, reader: int, size: int) -> None:
    try:
        proc.lseek(reader, size)
    except OSError:  # a pipe
        while size > 0 and (data := await proc.read(reader, min(PIECE, size))):
            size -= len(data)


async def _block(proc: Proc, reader: int, writer: int, size: int, counts: Counts, pad: bool) -> bool:
    """Read and write one block, piece by piece; False at the end of the input."""
    done = 0
    while done < size:
        data = await proc.read(reader, min(PIECE, size - done))
        if not data:
            break
        await _write(proc, writer, data, counts)
        done += len(data)
        if len(data) < PIECE and done < size:  # a short read is a short block
            break
    if not done:
        return False
    counts.whole_in += done == size
    counts.part_in += done != size
    if pad and done < size:
        await _write(proc, writer, bytes(size - done), counts)
        done = size
    counts.whole_out += done == size
    counts.part_out += done != size
    return True


async def _write(proc: Proc, writer: int, data: bytes, counts: Counts) -> None:
    written = 0
    while written < len(data):
        written += await proc.write(writer, data[written:] if written else data)
    counts.bytes += len(data)
    await proc.cpu(len(data) * COPYING)


def _summary(proc: Proc, counts: Counts, elapsed: int, short: bool) -> str:
    text = f"{counts.whole_in}+{counts.part_in} records in\n{counts.whole_out}+{counts.part_out} records out\n"
    if short:
        return text
    seconds = max(elapsed / SECOND, 1e-6)
    rate = counts.bytes / seconds
    if not is_gnu(proc):
        return (
            text
            + f"{counts.bytes} bytes ({human(counts.bytes)}B) copied, {seconds:.6f} seconds, {human(int(rate))}B/s\n"
        )
    sizes = "" if counts.bytes < 1000 else f" ({_decimal(counts.bytes)}, {_binary(counts.bytes)})"
    if 1000 <= counts.bytes < 1024:
        sizes = f" ({_decimal(counts.bytes)})"
    return text + f"{counts.bytes} bytes{sizes} copied, {seconds:.6g} s, {_decimal(rate)}/s\n"


def _decimal(size: float) -> str:
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1000 or unit == "GB":
            break
        size /= 1000
    return f"{size:.1f} {unit}" if size < 9.95 and unit != "B" else f"{size:.0f} {unit}"


def _binary(size: float) -> str:
    for unit in ("B", "KiB", "MiB", "GiB"):
        if size < 1024 or unit == "GiB":
            break
        size /= 1024
    return f"{size:.1f} {unit}" if size < 9.95 and unit != "B" else f"{size:.0f} {unit}"
