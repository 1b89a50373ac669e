"""Who may do what with a file, and when it was changed: chmod, chown, chgrp, touch, truncate, sync."""

from __future__ import annotations

import stat
from collections.abc import Iterator

from sim.abi import O_CREAT, O_WRONLY, Proc
from sim.programs import modes
from sim.programs.accounts import gid_of, uid_of, user
from sim.programs.calendars import parse
from sim.programs.options import Failure, Options, Usage, command, is_gnu, name, report
from sim.programs.sizes import parse_size


def below(proc: Proc, path: str, recursive: bool) -> Iterator[str]:
    """The path, and with `recursive` all that is below it, links not followed."""
    yield path
    if recursive and stat.S_ISDIR(proc.lstat(path).mode):
        for entry in sorted(proc.listdir(path)):
            yield from below(proc, f"{path.rstrip('/')}/{entry}", True)


@command(
    "Rcvf",
    synopsis="[-Rcvf] MODE[,MODE]... FILE...",
    about="MODE is octal number (bit pattern sstrwxrwxrwx) or [ugoa]{+|-|=}[rwxXst]\n\n"
    "\t-R\tRecurse\n\t-c\tList changed files\n\t-v\tVerbose\n\t-f\tHide errors",
    gnu={"recursive": "R", "verbose": "v", "changes": "c", "quiet": "f", "silent": "f", "reference:": "reference"},
)
async def chmod(proc: Proc, options: Options, operands: list[str]) -> int:
    if len(operands) < 2:
        raise _missing(proc, operands)
    text, *paths = operands
    status = 0
    for start in paths:
        try:
            for path in below(proc, start, "R" in options):
                if path != start and stat.S_ISLNK(proc.lstat(path).mode):
                    continue
                found = proc.stat(path)
                mode = modes.change(text, found.mode, proc.umask, stat.S_ISDIR(found.mode))
                proc.chmod(path, mode)
                await _tell(proc, options, path, found.mode, mode)
        except ValueError:
            raise Failure(f"invalid mode: '{text}'" if is_gnu(proc) else f"invalid mode '{text}'") from None
        except OSError as error:
            status = 1
            await _complain(proc, options, start, error, "change permissions of")
    return status


async def _tell(proc: Proc, options: Options, path: str, old: int, new: int) -> None:
    changed = stat.S_IMODE(old) != new
    if "v" in options or ("c" in options and changed):
        letters = stat.filemode(stat.S_IFMT(old) | new)[1:]
        before = f"{stat.S_IMODE(old):04o} ({stat.filemode(old)[1:]})"
        if not is_gnu(proc):
            await proc.out(f"mode of '{path}' changed to {new:04o} ({letters})\n")
        elif changed:
            await proc.out(f"mode of '{path}' changed from {before} to {new:04o} ({letters})\n")
        else:
            await proc.out(f"mode of '{path}' retained as {new:04o} ({letters})\n")


async def _complain(proc: Proc, options: Options, start: str, error: OSError, gnu_verb: str) -> None:
    if "f" in options:
        return
    path = error.filename or start
    if not is_gnu(proc):
        await report(proc, path, error, "")
    elif isinstance(error, FileNotFoundError):
        await report(proc, path, error, "access")
    elif gnu_verb.endswith("of"):
        await proc.err(f"{name(proc)}: {gnu_verb.replace('change', 'changing', 1)} '{path}': {error.strerror}\n")


def _missing(proc: Proc, operands: list[str]) -> Exception:
    if not is_gnu(proc):
        return Usage()
    return Usage(f"missing operand after '{operands[0]}'" if operands else "missing operand")


OWNER_OPTIONS = {"recursive": "R", "verbose": "v", "changes": "c", "no-dereference": "h", "reference:": "reference"}


@command(
    "RhLHPcvf",
    synopsis="[-Rh]... USER[:[GRP]] FILE...",
    about="Change the owner and/or group of FILEs to USER and/or GRP\n\n"
    "\t-h\tAffect symlinks instead of symlink targets\n\t-R\tRecurse",
    gnu=OWNER_OPTIONS,
)
async def chown(proc: Proc, options: Options, operands: list[str]) -> int:
    if len(operands) < 2:
        raise _missing(proc, operands)
    text, *paths = operands
    separator = ":" if ":" in text else "."
    owner, given, group = text.partition(separator)
    if separator == "." and user(proc, text) is not None:  # a name with a dot
        owner, given, group = text, "", ""
    try:
        uid = uid_of(proc, owner) if owner else -1
        gid = gid_of(proc, group) if group else -1
    except Failure as failure:
        raise _invalid(proc, failure, text, group if failure.message.startswith("unknown group") else "") from None
    if given and not group and uid >= 0:
        login = user(proc, owner)
        gid = login.gid if login else -1
    return await _give(proc, options, paths, uid, gid, "ownership")


@command(
    "RhLHPcvf",
    synopsis="[-Rh]... GROUP FILE...",
    about="Change the group membership of FILEs to GROUP\n\n"
    "\t-h\tAffect symlinks instead of symlink targets\n\t-R\tRecurse",
    gnu=OWNER_OPTIONS,
)
async def chgrp(proc: Proc, options: Options, operands: list[str]) -> int:
    if len(operands) < 2:
        raise _missing(proc, operands)
    try:
        gid = gid_of(proc, operands[0])
    except Failure as failure:
        raise _invalid(proc, failure, operands[0], operands[0]) from None
    return await _give(proc, options, operands[1:], -1, gid, "group")


def _invalid(proc: Proc, failure: Failure, text: str, group: str) -> Failure:
    if not is_gnu(proc):
        return failure
    return Failure(f"invalid group: '{text}'" if group else f"invalid user: '{text}'")


async def _give(proc: Proc, options: Options, paths: list[str], uid: int, gid: int, what: str) -> int:
    status = 0
    for start in paths:
        try:
            for path in below(proc, start, "R" in options):
                proc.chown(path, uid, gid, follow="h" not in options and path == start)
                if "v" in options:
                    await proc.out(f"changed {what} of '{path}' to {uid}:{gid}\n")
        except OSError as error:
            status = 1
            await _complain(proc, options, start, error, f"change {what} of")
    return status


@command(
    "acd:fhmr:t:",
    synopsis="[-cham] [-d DATE] [-t DATE] [-r FILE] FILE...",
    about="Update mtime of FILEs\n\n\t-c\tDon't create files\n\t-d DT\tDate/time to use\n"
    "\t-t DT\tDate/time to use\n\t-r FILE\tUse FILE's date/time",
    long={"no-create": "c", "reference:": "r", "date:": "d"},
)
async def touch(proc: Proc, options: Options, operands: list[str]) -> int:
    if not operands:
        raise _no_file(proc)
    when = proc.now()
    if "r" in options:
        when = proc.stat(options["r"]).mtime
    text = options.get("d") or options.get("t")
    if text:
        try:
            when = parse(text, when, relative=is_gnu(proc))
        except ValueError:
            raise Failure(f"invalid date format '{text}'" if is_gnu(proc) else f"invalid date '{text}'") from None
    status = 0
    for path in operands:
        try:
            if not _exists(proc, path):
                if "c" in options:
                    continue
                proc.close(proc.open(path, O_WRONLY | O_CREAT, 0o666))
            proc.utime(path, when)
        except OSError as error:
            status = 1
            await report(proc, path, error, "touch" if is_gnu(proc) else "")
    return status


def _no_file(proc: Proc) -> Exception:
    return Usage("missing file operand" if is_gnu(proc) else "")


def _exists(proc: Proc, path: str) -> bool:
    try:
        proc.stat(path)
    except FileNotFoundError:
        return False
    return True


@command(
    "cs:r:",
    synopsis="[-c] -s SIZE FILE...",
    about="Truncate FILEs to SIZE\n\n\t-c\tDo not create files\n\t-s SIZE",
    gnu={"size:": "s", "no-create": "c", "reference:": "r"},
    least=1,
)
async def truncate(proc: Proc, options: Options, operands: list[str]) -> int:
    if "s" not in options and "r" not in options:
        raise Usage("you must specify either '--size' or '--reference'" if is_gnu(proc) else "")
    status = 0
    for path in operands:
        try:
            if not _exists(proc, path):
                if "c" in options:
                    continue
                proc.close(proc.open(path, O_WRONLY | O_CREAT, 0o666))
            proc.truncate(path, _size(proc, options, path))
        except OSError as error:
            status = 1
            await report(proc, path, error, "open" if not is_gnu(proc) else "truncate")
    return status


def _size(proc: Proc, options: Options, path: str) -> int:
    """`-s 1M`, or relative to what it has: `+1M`, `-1M`."""
    if "r" in options:
        return proc.stat(options["r"]).size
    text = options["s"]
    if text[:1] in "+-":
        size = parse_size(text[1:])
        return max(0, proc.stat(path).size + (size if text[0] == "+" else -size))
    return parse_size(text)


@command(synopsis="", about="Write all buffered blocks to disk", long={})
async def sync(proc: Proc, options: Options, operands: list[str]) -> int:
    await proc.cpu(0.001)
    return 0
