"""tar archives read: listed or extracted, as they come. Long names are GNU's or pax's."""

from __future__ import annotations

import fnmatch
import stat
import tarfile
from contextlib import suppress
from dataclasses import dataclass

from engine.loop import SECOND
from sim.abi import O_CREAT, O_TRUNC, O_WRONLY, Proc
from sim.programs.calendars import strftime
from sim.programs.compression import PIECE, BadArchive, Unpacked
from sim.programs.options import Options, complain, is_gnu

BLOCK = tarfile.BLOCKSIZE
KINDS = {stat.S_IFREG: tarfile.REGTYPE, stat.S_IFDIR: tarfile.DIRTYPE, stat.S_IFLNK: tarfile.SYMTYPE,
         stat.S_IFIFO: tarfile.FIFOTYPE, stat.S_IFCHR: tarfile.CHRTYPE, stat.S_IFBLK: tarfile.BLKTYPE}  # fmt: skip
FILE_TYPES = {kind: mode for mode, kind in KINDS.items()}


@dataclass(slots=True)
class Run:
    """One run of tar."""

    proc: Proc
    options: Options
    operands: list[str]
    excluded: list[str]
    status: int = 0
    told: bool = False  # that leading slashes are cut

    @property
    def gnu(self) -> bool:
        return is_gnu(self.proc)

    async def cut(self, path: str) -> str:
        """A member's name: no slash at its beginning."""
        name = path.lstrip("/")
        if name != path and not self.told:
            self.told = True
            said = "Removing leading `/' from member names" if self.gnu else "removing leading '/' from member names"
            await complain(self.proc, said)
        return name or "./"

    def skips(self, name: str) -> bool:
        bare = name.rstrip("/")
        return any(fnmatch.fnmatch(bare, pattern) or fnmatch.fnmatch(bare.rpartition("/")[2], pattern)
                   for pattern in self.excluded)  # fmt: skip


async def read(run: Run, stream: Unpacked, extracting: bool) -> None:
    long_name = long_link = ""
    found: set[str] = set()
    first = True
    while True:
        block = await stream.read(BLOCK)
        if len(block) < BLOCK or not block.strip(b"\0"):
            if first and len(block) < BLOCK:
                raise BadArchive("This does not look like a tar archive" if run.gnu else "short read")
            break
        try:
            header = tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
        except tarfile.TarError:
            raise BadArchive("This does not look like a tar archive" if run.gnu else "invalid tar magic") from None
        first = False
        if header.type in (tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK):
            text = (await _content(stream, header.size)).rstrip(b"\0").decode(errors="surrogateescape")
            long_name, long_link = (text, long_link) if header.type == tarfile.GNUTYPE_LONGNAME else (long_name, text)
            continue
        if header.type in (tarfile.XHDTYPE, tarfile.XGLTYPE):
            records = _pax(await _content(stream, header.size))
            long_name, long_link = records.get("path", long_name), records.get("linkpath", long_link)
            continue
        header.name, header.linkname = long_name or header.name, long_link or header.linkname
        long_name = long_link = ""
        await _visit(run, stream, header, extracting, found)
    while await stream.some():  # let who writes finish
        pass
    for operand in run.operands:
        if operand not in found:
            run.status = 2 if run.gnu else 1
            await complain(
                run.proc, f"{operand}: Not found in archive" if run.gnu else f"{operand}: not found in archive"
            )


async def _content(stream: Unpacked, size: int) -> bytes:
    data = await stream.read(size)
    await stream.read(-size % BLOCK)
    return data


def _pax(data: bytes) -> dict[str, str]:
    """ "LENGTH KEY=VALUE\\n" records: the values that matter for names."""
    records = {}
    while data:
        length = int(data.partition(b" ")[0])
        key, _, value = data[:length].partition(b" ")[2].rstrip(b"\n").partition(b"=")
        records[key.decode()] = value.decode(errors="surrogateescape")
        data = data[length:]
    return records


async def _visit(run: Run, stream: Unpacked, header: tarfile.TarInfo, extracting: bool, found: set[str]) -> None:
    wanted = not run.operands
    for operand in run.operands:
        bare = operand.rstrip("/")
        if header.name.rstrip("/") == bare or header.name.startswith(bare + "/"):
            wanted = True
            found.add(operand)
    size = header.size if header.isreg() else 0
    wanted = wanted and not run.skips(header.name)
    if wanted and header.isdir() and not header.name.endswith("/"):
        header.name += "/"
    if wanted and (not extracting or "v" in run.options):
        await tell(run, header, error_stream=extracting and "O" in run.options)
    if wanted and extracting:
        size -= await _extract(run, stream, header)
    while size > 0 and (data := await stream.read(min(PIECE, size))):
        size -= len(data)
    await stream.read(-header.size % BLOCK if header.isreg() else 0)


async def tell(run: Run, header: tarfile.TarInfo, error_stream: bool = False) -> None:
    """A name; with -tv or -vv a line as ls -l writes."""
    text = header.name
    if (run.options.last("cxt") == "t" and "v" in run.options) or run.options.count("v") > 1:
        mode = stat.filemode(FILE_TYPES.get(header.type, stat.S_IFREG) | header.mode)
        owner = f"{header.uname or header.uid}/{header.gname or header.gid}"
        if run.gnu:
            when = strftime("%Y-%m-%d %H:%M", int(header.mtime) * SECOND)
            text = f"{mode} {owner} {header.size:>{max(1, 18 - len(owner))}} {when} {text}"
        else:
            when = strftime("%Y-%m-%d %H:%M:%S", int(header.mtime) * SECOND)
            text = f"{mode} {owner} {header.size:9} {when} {text}"
        text += f" -> {header.linkname}" if header.issym() else f" link to {header.linkname}" if header.islnk() else ""
    await (run.proc.err if error_stream else run.proc.out)(text + "\n")


async def _extract(run: Run, stream: Unpacked, header: tarfile.TarInfo) -> int:
    """Make one member; the number of bytes of content that were used."""
    proc = run.proc
    strip = int(run.options.get("strip", "0"))
    parts = [part for part in (await run.cut(header.name)).split("/") if part not in ("", ".")]
    if ".." in parts:
        raise BadArchive(f"name with '..' skipped: '{header.name}'")
    path = "/".join(parts[strip:])
    if not path:
        return 0
    if "O" in run.options:
        return await _copy(stream, proc, 1, header.size) if header.isreg() else 0
    try:
        _parents(proc, path)
        if header.isreg():
            if "k" in run.options and proc.access(path, 0):
                return 0
            if not header.islnk():
                with suppress(OSError):
                    proc.unlink(path)
            fd = proc.open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
            used = await _copy(stream, proc, fd, header.size)
            proc.close(fd)
        else:
            used = 0
            _make(proc, header, path)
        _attributes(run, header, path)
        return used
    except OSError as error:
        run.status = 2 if run.gnu else 1
        await complain(
            proc, f"{path}: Cannot open: {error.strerror}" if run.gnu else f"can't open '{path}': {error.strerror}"
        )
        return 0


def _make(proc: Proc, header: tarfile.TarInfo, path: str) -> None:
    if header.isdir():
        with suppress(FileExistsError):
            proc.mkdir(path, 0o700)
        return
    with suppress(FileNotFoundError):
        proc.unlink(path)
    if header.issym():
        proc.symlink(header.linkname, path)
    elif header.islnk():
        proc.link(header.linkname.lstrip("/"), path)
    else:
        proc.mknod(path, FILE_TYPES[header.type] | 0o600, (header.devmajor, header.devminor))


def _parents(proc: Proc, path: str) -> None:
    folder = path.rpartition("/")[0]
    if folder and not proc.access(folder, 0):
        _parents(proc, folder)
        proc.mkdir(folder)


def _attributes(run: Run, header: tarfile.TarInfo, path: str) -> None:
    proc = run.proc
    if proc.getuid() == 0 and "o" not in run.options:
        proc.chown(path, header.uid, header.gid, follow=False)
    if header.issym() or header.islnk():
        return
    keep = proc.getuid() == 0 or "p" in run.options or not run.gnu
    proc.chmod(path, header.mode if keep else header.mode & ~proc.umask)
    if "m" not in run.options:
        proc.utime(path, int(header.mtime) * SECOND)


async def _copy(stream: Unpacked, proc: Proc, fd: int, size: int) -> int:
    left = size
    while left > 0:
        data = await stream.read(min(PIECE, left))
        if not data:
            raise BadArchive("short read" if not is_gnu(proc) else "Unexpected EOF in archive")
        await proc.write(fd, data)
        left -= len(data)
    return size
