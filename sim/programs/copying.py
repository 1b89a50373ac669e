"""cp, mv and install: files and trees from one place to another, in pieces."""

from __future__ import annotations

import errno
import stat
from contextlib import suppress

from sim.abi import O_CREAT, O_EXCL, O_TRUNC, O_WRONLY, Proc, Stat
from sim.programs.accounts import gid_of, uid_of
from sim.programs.making import into, is_directory, parse_mode
from sim.programs.options import Failure, Options, Usage, command, complain, is_gnu, name, report
from sim.programs.removing import read_line

PIECE = 1 << 16
COPYING = 1 / (1 << 30)  # seconds of CPU time for each byte


@command(
    "arRPLHpdfinlsTut:vxb",
    synopsis="[-arPLHpfinlsTu] SOURCE DEST\nor: cp [-arPLHpfinlsu] SOURCE... { -t DIRECTORY | DIRECTORY }",
    about="Copy SOURCEs to DEST\n\n\t-a\tSame as -dpR\n\t-R,-r\tRecurse\n\t-d,-P\tPreserve symlinks (default if -R)\n"
    "\t-L\tFollow all symlinks\n\t-H\tFollow symlinks on command line\n\t-p\tPreserve file attributes if possible\n"
    "\t-f\tOverwrite\n\t-i\tPrompt before overwrite\n\t-n\tDon't overwrite\n\t-l,-s\tCreate (sym)links\n"
    "\t-T\tRefuse to copy if DEST is a directory\n\t-t DIR\tCopy all SOURCEs into DIR\n\t-u\tCopy only newer files",
    long={"archive": "a", "recursive": "r", "verbose": "v", "force": "f", "interactive": "i", "no-clobber": "n",
          "target-directory:": "t", "no-target-directory": "T", "dereference": "L", "no-dereference": "P",
          "symbolic-link": "s", "link": "l", "update": "u", "parents": "parents"},
    gnu={"preserve::": "p"},
)  # fmt: skip
async def cp(proc: Proc, options: Options, operands: list[str]) -> int:
    copier = Copier(proc, options)
    for source, target in await _pairs(proc, options, operands):
        if "parents" in options:
            target = f"{target.rstrip('/').rpartition('/')[0]}/{source.lstrip('/')}"
        await copier.copy(source, target, top=True)
    return copier.status


async def _pairs(proc: Proc, options: Options, operands: list[str]) -> list[tuple[str, str]]:
    """(source, target) of each file. Raises Usage, Failure."""
    if "t" in options:
        return [(source, into(options["t"], source)) for source in operands]
    if len(operands) < 2:
        after = f"missing destination file operand after '{operands[0]}'" if operands else "missing file operand"
        raise Usage(after if is_gnu(proc) else "")
    *sources, last = operands
    if "T" not in options and is_directory(proc, last):
        return [(source, into(last, source)) for source in sources]
    if len(sources) > 1:
        if is_gnu(proc):
            why = "No such file or directory" if not proc.access(last, 0) else "Not a directory"
            raise Failure(f"target '{last}': {why}")
        return [(source, into(last, source)) for source in sources]
    if last.endswith("/") and not is_directory(proc, sources[0]):
        if is_gnu(proc):
            raise Failure(f"cannot create regular file '{last}': Not a directory")
        return [(sources[0], last.rstrip("/") + "/" + sources[0].rpartition("/")[2])]
    return [(sources[0], last)]


class Copier:
    """One run of cp, or of mv between filesystems."""

    def __init__(self, proc: Proc, options: Options, moving: bool = False) -> None:
        self.proc, self.options = proc, options
        self.recursive = moving or options.any("aRr")
        self.preserve = moving or options.any("ap")
        self.follow = options.last("LPdaH") == "L" or (not self.recursive and not options.any("Pd"))
        self.moving = moving
        self.status = 0

    async def copy(self, source: str, target: str, top: bool = False) -> bool:
        """True if all of it was copied."""
        proc, before = self.proc, self.status
        follow = self.follow or (top and self.options.last("LPdaH") == "H")
        try:
            found = proc.stat(source) if follow else proc.lstat(source)
        except OSError as error:
            return await self._failed(source, error, "stat")
        if stat.S_ISDIR(found.mode) and not self.recursive:
            advice = "-r not specified; " if is_gnu(proc) else ""
            return await self._refuse(f"{advice}omitting directory '{source}'")
        if self._same(found, target):
            return await self._refuse(f"'{source}' and '{target}' are the same file")
        if stat.S_ISDIR(found.mode):
            await self._folder(source, target, found)
        elif await self._may_replace(found, target):
            await self._file(source, target, found)
        return self.status == before

    def _same(self, found: Stat, target: str) -> bool:
        try:
            there = self.proc.stat(target) if not stat.S_ISLNK(found.mode) else self.proc.lstat(target)
        except OSError:
            return False
        return (there.dev, there.ino) == (found.dev, found.ino) and not stat.S_ISDIR(found.mode)

    async def _may_replace(self, found: Stat, target: str) -> bool:
        try:
            there = self.proc.lstat(target)
        except OSError:
            return True
        if "n" in self.options or ("u" in self.options and there.mtime >= found.mtime):
            return False
        return "i" not in self.options or await confirm(self.proc, target)

    async def _folder(self, source: str, target: str, found: Stat) -> None:
        proc = self.proc
        if (proc.realpath(source) + "/") == (_parents(proc, target) + "/")[: len(proc.realpath(source)) + 1]:
            said = f"cannot copy a directory, '{source}', into itself, '{target}'"
            await self._refuse(said if is_gnu(proc) else f"recursion detected, omitting directory '{source}'")
            return
        made = False
        try:
            if not is_directory(proc, target):
                proc.mkdir(target, stat.S_IMODE(found.mode) | 0o700)
                made = True
        except OSError as error:
            verb = "create directory"
            await self._failed(target, error, verb)
            return
        for entry in sorted(proc.listdir(source)):
            await self.copy(f"{source.rstrip('/')}/{entry}", f"{target.rstrip('/')}/{entry}")
        if made or self.preserve:
            self._attributes(target, found, not self.preserve)
        await self._told(source, target)

    async def _file(self, source: str, target: str, found: Stat) -> None:
        try:
            await self._make(source, target, found)
        except OSError as error:
            reading = error.filename == source
            gnu = "open" if reading else "create regular file"
            await self._failed(
                source if reading else target,
                error,
                ("open" if reading else "create") if not is_gnu(self.proc) else gnu,
            )
            return
        if not self.options.any("ls") and not stat.S_ISLNK(found.mode):
            self._attributes(target, found, not self.preserve)
        elif self.preserve:
            with suppress(OSError):
                self.proc.chown(target, found.uid, found.gid, follow=False)
        await self._told(source, target)

    async def _make(self, source: str, target: str, found: Stat) -> None:
        proc, kind = self.proc, stat.S_IFMT(found.mode)
        if "l" in self.options:
            proc.link(source, target)
        elif "s" in self.options:
            proc.symlink(source, target)
        elif kind == stat.S_IFREG or (not self.recursive and kind != stat.S_IFLNK):
            await self._data(source, target, stat.S_IMODE(found.mode) & 0o777)
        else:
            with suppress(FileNotFoundError):
                proc.unlink(target)
            if kind == stat.S_IFLNK:
                proc.symlink(proc.readlink(source), target)
            else:
                proc.mknod(target, found.mode, found.rdev)

    async def _data(self, source: str, target: str, mode: int) -> None:
        proc = self.proc
        reader = proc.open(source)
        try:
            try:
                writer = proc.open(target, O_WRONLY | O_CREAT | O_TRUNC, mode)
            except OSError:
                if "f" not in self.options or is_directory(proc, target):
                    raise
                proc.unlink(target)
                writer = proc.open(target, O_WRONLY | O_CREAT | O_EXCL, mode)
            try:
                await pump(proc, reader, writer)
            finally:
                proc.close(writer)
        finally:
            proc.close(reader)

    def _attributes(self, target: str, found: Stat, mode_only: bool) -> None:
        """Owner first: chown takes the set-user-ID bit away."""
        proc, mode = self.proc, stat.S_IMODE(found.mode)
        if mode_only:
            if stat.S_ISDIR(found.mode):
                proc.chmod(target, mode & ~proc.umask & 0o777)
            return
        with suppress(OSError):
            proc.chown(target, found.uid, found.gid)
        with suppress(OSError):
            proc.chmod(target, mode)
            proc.utime(target, found.mtime)

    async def _told(self, source: str, target: str) -> None:
        if "v" in self.options:
            start = "copied " if self.moving and is_gnu(self.proc) else ""
            await self.proc.out(f"{start}'{source}' -> '{target}'\n")

    async def _refuse(self, message: str) -> bool:
        self.status = 1
        await complain(self.proc, message)
        return False

    async def _failed(self, path: str, error: OSError, verb: str) -> bool:
        self.status = 1
        if verb == "open" and is_gnu(self.proc):
            await complain(self.proc, f"cannot open '{path}' for reading: {error.strerror}")
        else:
            await report(self.proc, path, error, verb)
        return False


def _parents(proc: Proc, target: str) -> str:
    """The real path of a target that need not be there yet."""
    folder, slash, base = target.rstrip("/").rpartition("/")
    try:
        above = proc.realpath(folder or slash or ".")
    except OSError:
        return target
    return f"{above.rstrip('/')}/{base}"


async def pump(proc: Proc, reader: int, writer: int) -> int:
    """Copy all of one descriptor to another; the number of bytes."""
    total = 0
    while data := await proc.read(reader, PIECE):
        await proc.write(writer, data)
        await proc.cpu(len(data) * COPYING)
        total += len(data)
    return total


async def confirm(proc: Proc, target: str) -> bool:
    await proc.err(f"{name(proc)}: overwrite '{target}'? ")
    return (await read_line(proc))[:1] in (b"y", b"Y")


@command(
    "finTvut:",
    synopsis="[-finT] SOURCE DEST\nor: mv [-fin] SOURCE... { -t DIRECTORY | DIRECTORY }",
    about="Rename SOURCE to DEST, or move SOURCEs to DIRECTORY\n\n\t-f\tDon't prompt before overwriting\n"
    "\t-i\tInteractive, prompt before overwrite\n\t-n\tDon't overwrite an existing file\n"
    "\t-T\tRefuse to move if DEST is a directory\n\t-t DIR\tMove all SOURCEs into DIR",
    long={"interactive": "i", "force": "f", "no-clobber": "n", "verbose": "v", "update": "u",
          "target-directory:": "t", "no-target-directory": "T"},
)  # fmt: skip
async def mv(proc: Proc, options: Options, operands: list[str]) -> int:
    status = 0
    for source, target in await _pairs(proc, options, operands):
        if not await _move(proc, options, source, target):
            status = 1
    return status


async def _move(proc: Proc, options: Options, source: str, target: str) -> bool:
    exists = proc.access(target, 0)
    if exists and ("n" in options or (options.last("fin") == "i" and not await confirm(proc, target))):
        return True
    try:
        if exists and "u" in options and proc.stat(target).mtime >= proc.lstat(source).mtime:
            return True
        proc.rename(source, target)
    except OSError as error:
        if error.errno == errno.EXDEV:
            return await _move_away(proc, options, source, target)
        await _not_moved(proc, source, target, error)
        return False
    if "v" in options:
        await proc.out(f"{'renamed ' if is_gnu(proc) else ''}'{source}' -> '{target}'\n")
    return True


async def _not_moved(proc: Proc, source: str, target: str, error: OSError) -> None:
    if not is_gnu(proc):
        await report(proc, source, error, "rename")
    elif isinstance(error, FileNotFoundError) and not proc.access(source, 0):
        await report(proc, source, error, "stat")
    elif error.errno == errno.EINVAL:
        await complain(proc, f"cannot move '{source}' to a subdirectory of itself, '{target}'")
    else:
        await complain(proc, f"cannot move '{source}' to '{target}': {error.strerror}")


async def _move_away(proc: Proc, options: Options, source: str, target: str) -> bool:
    """To another filesystem: copy, then remove."""
    with suppress(OSError):
        if not stat.S_ISDIR(proc.lstat(source).mode):
            proc.unlink(target)
    if not await Copier(proc, options, moving=True).copy(source, target):
        return False
    try:
        remove_tree(proc, source)
    except OSError as error:
        await report(proc, error.filename or source, error, "remove")
        return False
    return True


def remove_tree(proc: Proc, path: str) -> None:
    """rm -r without words. Raises OSError."""
    if not stat.S_ISDIR(proc.lstat(path).mode):
        proc.unlink(path)
        return
    for entry in proc.listdir(path):
        remove_tree(proc, f"{path}/{entry}")
    proc.rmdir(path)


@command(
    "cdDpsvo:g:m:t:T",
    synopsis="[-cdDsp] [-o USER] [-g GRP] [-m MODE] [-t DIR] [SOURCE]... DEST",
    about="Copy files and set attributes\n\n\t-c\tJust copy (default)\n\t-d\tCreate directories\n"
    "\t-D\tCreate leading target directories\n\t-p\tPreserve date\n\t-o USER\tSet ownership\n\t-g GRP\tSet group\n"
    "\t-m MODE\tSet permissions\n\t-t DIR\tInstall to DIR",
    long={"directory": "d", "preserve-timestamps": "p", "group:": "g", "mode:": "m", "owner:": "o", "verbose": "v"},
    least=1,
)
async def install(proc: Proc, options: Options, operands: list[str]) -> int:
    mode = parse_mode(proc, options.get("m", "0755"), 0)
    uid = uid_of(proc, options["o"]) if "o" in options else -1
    gid = gid_of(proc, options["g"]) if "g" in options else -1
    copier = Copier(proc, options)
    folders = "d" in options
    pairs = [("", path) for path in operands] if folders else await _pairs(proc, options, operands)
    for source, target in pairs:
        if folders or "D" in options:
            _leading(proc, target if folders else target.rpartition("/")[0])
        if folders or await copier.copy(source, target, top=True):
            proc.chmod(target, mode)
            proc.chown(target, uid, gid)
    return copier.status


def _leading(proc: Proc, path: str) -> None:
    """mkdir -p."""
    if path and not is_directory(proc, path):
        _leading(proc, path.rstrip("/").rpartition("/")[0])
        proc.mkdir(path)
