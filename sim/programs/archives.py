"""tar: its command line, and archives written member by member, piece by piece. Reading is in unpacking.py.

Headers are Python's tarfile's.
"""

from __future__ import annotations

import stat
import tarfile
from copy import copy

from engine.loop import SECOND
from sim.abi import O_CREAT, O_TRUNC, O_WRONLY, Proc, Stat
from sim.programs import accounts
from sim.programs.compression import PACKING, PIECE, BadArchive, Packer, Unpacked, packer
from sim.programs.options import BANNER, Failure, Grammar, Options, Usage, complain, is_gnu, parse, report
from sim.programs.unpacking import BLOCK, KINDS, Run, read, tell

GRAMMAR = Grammar.of(
    "cxtf:zjJaC:vkOmpohT:X:",
    {"create": "c", "extract": "x", "get": "x", "list": "t", "file:": "f", "gzip": "z", "gunzip": "z", "bzip2": "j",
     "xz": "J", "directory:": "C", "verbose": "v", "keep-old-files": "k", "to-stdout": "O", "exclude:": "exclude",
     "strip-components:": "strip", "dereference": "h", "same-permissions": "p", "preserve-permissions": "p",
     "no-same-owner": "o", "no-same-permissions": "m", "numeric-owner": "numeric", "overwrite": "overwrite",
     "auto-compress": "a", "sort:": "sort", "owner:": "owner", "group:": "group", "mtime:": "mtime"},
)  # fmt: skip
USAGE = (
    f"{BANNER}\n\nUsage: tar c|x|t [-ZzJjahmvokO] [-f TARFILE] [-C DIR] [FILE]...\n\n"
    "Create, extract, or list files from a tar file\n\n\tc\tCreate\n\tx\tExtract\n\tt\tList\n"
    "\t-f FILE\tName of TARFILE ('-' for stdin/out)\n\t-C DIR\tChange to DIR before operation\n\t-v\tVerbose\n"
    "\t-O\tExtract to stdout\n\t-k\tDon't replace existing files\n\t-z\tFilter through gzip\n\t-h\tFollow symlinks\n"
)
GNU_USAGE = (
    "tar: You must specify one of the '-Acdtrux', '--delete' or '--test-label' options\n"
    "Try 'tar --help' or 'tar --usage' for more information.\n"
)


async def tar(proc: Proc) -> int:
    words = proc.argv[1:]
    if words and not words[0].startswith("-"):  # tar xzf FILE: the values follow in the letters' order
        letters, *rest = words
        values = [["-" + letter, rest.pop(0)] if GRAMMAR.letters.get(letter) and rest else ["-" + letter]
                  for letter in letters]  # fmt: skip
        words = [word for pair in values for word in pair] + rest
    try:
        options, operands = parse(GRAMMAR, words)
        action = options.last("cxt")
        if not action or proc.argv[1:] == ["--help"]:
            raise Usage()
        return await _run(Run(proc, options, operands, options.all("exclude")), action)
    except Usage as usage:
        said = f"tar: {usage.message}\n" if usage.message else ""
        await proc.err(said + (USAGE if not is_gnu(proc) else GNU_USAGE if not said else GNU_USAGE.partition("\n")[2]))
        return 2 if is_gnu(proc) else 1
    except Failure as failure:
        await complain(proc, failure.message)
        return failure.status
    except BadArchive as error:
        await complain(proc, str(error))
        if is_gnu(proc):
            await proc.err("tar: Error is not recoverable: exiting now\n")
        return 2 if is_gnu(proc) else 1


async def _run(run: Run, action: str) -> int:
    proc, path = run.proc, run.options.get("f", "-")
    writing = action == "c"
    if writing and not run.operands:
        raise Failure(
            "Cowardly refusing to create an empty archive" if run.gnu else "empty archive", 2 if run.gnu else 1
        )
    try:
        fd = (1 if writing else 0) if path == "-" else proc.open(path, O_WRONLY | O_CREAT | O_TRUNC if writing else 0)
    except OSError as error:
        if run.gnu:
            raise BadArchive(f"{path}: Cannot open: {error.strerror}") from None
        await report(proc, path, error)
        return 1
    if run.options.get("C"):
        for folder in run.options.all("C"):
            _enter(run, folder)
    if writing:
        await _Writer(run, fd).write()
    else:
        await read(run, Unpacked(proc, fd), action == "x")
    if run.status:
        later = (
            "Exiting with failure status due to previous errors"
            if run.gnu
            else "error exit delayed from previous errors"
        )
        await complain(proc, later)
    return run.status


def _enter(run: Run, folder: str) -> None:
    try:
        run.proc.chdir(folder)
    except OSError as error:
        if run.gnu:
            raise BadArchive(f"{folder}: Cannot open: {error.strerror}") from None
        raise Failure(f"can't change directory to '{folder}': {error.strerror}") from None


# -- writing


class _Writer:
    """Writes members to a descriptor, packed if asked for."""

    def __init__(self, run: Run, fd: int) -> None:
        self.run, self.proc, self.fd = run, run.proc, fd
        self.users, self.groups = accounts.user_names(run.proc), accounts.group_names(run.proc)
        self.packer = _packer(run.options)
        self.links: dict[tuple[int, int], str] = {}
        self.size = 0
        self.archive = run.proc.fstat(fd)

    async def write(self) -> None:
        for path in self.run.operands:
            await self._add(path)
        end = 2 * BLOCK
        rest = -(self.size + end) % tarfile.RECORDSIZE
        await self._put(bytes(end + rest))
        if self.packer is not None:
            await self.proc.write(self.fd, self.packer.flush())

    async def _put(self, data: bytes) -> None:
        self.size += len(data)
        if self.packer is not None:
            await self.proc.cpu(len(data) * PACKING)
            data = self.packer.compress(data)
        await self.proc.write(self.fd, data)

    async def _add(self, path: str) -> None:
        proc, run = self.proc, self.run
        if run.skips(path):
            return
        try:
            info = proc.stat(path) if "h" in run.options else proc.lstat(path)
            names = sorted(proc.listdir(path)) if stat.S_ISDIR(info.mode) else []
            reader = proc.open(path) if stat.S_ISREG(info.mode) else -1
        except OSError as error:
            run.status = 2 if run.gnu else 1
            await complain(proc, f"{path}: Cannot stat: {error.strerror}" if run.gnu else f"{path}: {error.strerror}")
            return
        if (info.dev, info.ino) == (self.archive.dev, self.archive.ino) or stat.S_ISSOCK(info.mode):
            said = f"{path}: file is the archive; not dumped" if run.gnu else f"{path}: file is the archive; skipping"
            await complain(proc, said)
            return
        await self._member(path, info, reader)
        for entry in names:
            await self._add(f"{path.rstrip('/')}/{entry}")

    async def _member(self, path: str, info: Stat, reader: int) -> None:
        name = await self.run.cut(path)
        header = self._header(name, path, info)
        if "v" in self.run.options:
            shown = copy(header)
            if self.run.gnu:  # as it was asked for, with the slash that is cut off
                shown.name = path.rstrip("/") + "/" if header.isdir() else path
            await tell(self.run, shown, error_stream=self.fd == 1)
        await self._put(header.tobuf(tarfile.GNU_FORMAT, "utf-8", "surrogateescape"))
        if reader < 0:
            return
        left = header.size
        while left > 0 and (data := await self.proc.read(reader, min(PIECE, left))):
            await self._put(data)
            left -= len(data)
        self.proc.close(reader)
        await self._put(bytes(left + -header.size % BLOCK))

    def _header(self, name: str, path: str, info: Stat) -> tarfile.TarInfo:
        header = tarfile.TarInfo(name.rstrip("/") + "/" if stat.S_ISDIR(info.mode) else name)
        header.mode, header.uid, header.gid = stat.S_IMODE(info.mode), info.uid, info.gid
        header.mtime = info.mtime // SECOND
        header.uname, header.gname = self.users.get(info.uid, ""), self.groups.get(info.gid, "")
        header.type = KINDS[stat.S_IFMT(info.mode)]
        key = (info.dev, info.ino)
        if stat.S_ISLNK(info.mode):
            header.linkname = self.proc.readlink(path)
        elif key in self.links:
            header.type, header.linkname = tarfile.LNKTYPE, self.links[key]
        elif stat.S_ISREG(info.mode):
            header.size = info.size
            if info.nlink > 1:
                self.links[key] = name
        elif not stat.S_ISDIR(info.mode):
            header.devmajor, header.devminor = info.rdev
        return header


def _packer(options: Options) -> Packer | None:
    kind = {"z": "gzip", "j": "bzip2", "J": "xz"}.get(options.last("zjJ"), "")
    if not kind and "a" in options:
        path = options.get("f")
        kind = (
            "gzip"
            if path.endswith(("gz", "tgz"))
            else "bzip2"
            if path.endswith("bz2")
            else "xz"
            if path.endswith("xz")
            else ""
        )
    return packer(kind) if kind else None
