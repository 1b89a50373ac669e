"""Making files that are not copies: mkdir, mkfifo, mknod, mktemp, ln, link."""

from __future__ import annotations

import stat
from contextlib import suppress
from hashlib import blake2b

from sim.abi import O_CREAT, O_EXCL, O_WRONLY, Proc
from sim.programs import modes
from sim.programs.options import Failure, Options, Usage, command, is_gnu, report

LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"


def is_directory(proc: Proc, path: str) -> bool:
    try:
        return stat.S_ISDIR(proc.stat(path).mode)
    except OSError:
        return False


def into(folder: str, path: str) -> str:
    """Where a file goes that is put into a folder: DIR/last part of its name."""
    return (
        f"{folder.rstrip('/')}/{path.rstrip('/').rpartition('/')[2]}"
        if folder != "/"
        else "/" + path.rpartition("/")[2]
    )


def parse_mode(proc: Proc, text: str, base: int) -> int:
    """The value of `-m`. Raises Failure."""
    try:
        return modes.change(text, base, proc.umask)
    except ValueError:
        raise Failure(f"invalid mode '{text}'") from None


@command(
    "m:pv",
    synopsis="[-m MODE] [-p] DIRECTORY...",
    about="Create DIRECTORY\n\n\t-m MODE\tMode\n\t-p\tNo error if exists; make parent directories as needed",
    long={"mode:": "m", "parents": "p", "verbose": "v"},
    least=1,
)
async def mkdir(proc: Proc, options: Options, operands: list[str]) -> int:
    status = 0
    mode = parse_mode(proc, options["m"], 0o777) if "m" in options else None
    for path in operands:
        try:
            if "p" in options:
                await _with_parents(proc, options, path)
            else:
                proc.mkdir(path)
                await _made(proc, options, path)
            if mode is not None:
                proc.chmod(path, mode)
        except OSError as error:
            status = 1
            verb = "create directory"
            await report(proc, path, error, verb)
    return status


async def _with_parents(proc: Proc, options: Options, path: str) -> None:
    parts = path.rstrip("/").split("/")
    for count in range(1, len(parts) + 1):
        parent = "/".join(parts[:count])
        if not parent or is_directory(proc, parent):
            continue
        proc.mkdir(parent)
        await _made(proc, options, parent if is_gnu(proc) or count == len(parts) else parent + "/")


async def _made(proc: Proc, options: Options, path: str) -> None:
    if "v" in options:
        await proc.out(f"mkdir: created directory '{path}'\n" if is_gnu(proc) else f"created directory: '{path}'\n")


@command(
    "m:",
    synopsis="[-m MODE] NAME",
    about="Create named pipe\n\n\t-m MODE\tMode (default a=rw)",
    long={"mode:": "m"},
    least=1,
)
async def mkfifo(proc: Proc, options: Options, operands: list[str]) -> int:
    mode = parse_mode(proc, options["m"], 0o666) if "m" in options else None
    return await _node(proc, operands[0], stat.S_IFIFO, (0, 0), mode)


@command(
    "m:",
    synopsis="[-m MODE] NAME TYPE [MAJOR MINOR]",
    about="Create a special file (block, character, or pipe)\n\n\t-m MODE\tCreation mode (default a=rw)\n"
    "TYPE:\n\tb\tBlock device\n\tc or u\tCharacter device\n\tp\tNamed pipe (MAJOR MINOR must be omitted)",
    long={"mode:": "m"},
    least=2,
)
async def mknod(proc: Proc, options: Options, operands: list[str]) -> int:
    path, type, *numbers = operands
    kinds = {"b": stat.S_IFBLK, "c": stat.S_IFCHR, "u": stat.S_IFCHR, "p": stat.S_IFIFO}
    if type not in kinds or len(numbers) != (0 if type == "p" else 2) or not all(n.isdigit() for n in numbers):
        raise Usage()
    mode = parse_mode(proc, options["m"], 0o666) if "m" in options else None
    device = (int(numbers[0]), int(numbers[1])) if numbers else (0, 0)
    return await _node(proc, path, kinds[type], device, mode)


async def _node(proc: Proc, path: str, kind: int, device: tuple[int, int], mode: int | None) -> int:
    try:
        proc.mknod(path, kind | 0o666, device)
        if mode is not None:
            proc.chmod(path, mode)
    except OSError as error:
        await report(proc, path, error, "create fifo" if is_gnu(proc) and kind == stat.S_IFIFO else "")
        return 1
    return 0


@command(
    "dqtup:",
    synopsis="[-dt] [-p DIR] [TEMPLATE]",
    about="Create a temporary file with name based on TEMPLATE and print its name\n\n"
    "\t-d\tMake directory, not file\n\t-q\tFail silently\n\t-t\tPrepend base directory name\n"
    "\t-p DIR\tUse DIR as a base directory\n\t-u\tDo not create anything; print a name",
    gnu={"directory": "d", "dry-run": "u", "tmpdir::": "p", "quiet": "q", "suffix:": "suffix"},
    most=1,
)
async def mktemp(proc: Proc, options: Options, operands: list[str]) -> int:
    template = operands[0] if operands else "tmp.XXXXXXXXXX" if is_gnu(proc) else "tmp.XXXXXX"
    folder = options.get("p") or proc.env.get("TMPDIR", "/tmp")
    if not operands or options.any("tp"):
        template = f"{folder}/{template}"
    count = len(template) - len(template.rstrip("X"))
    if count < (3 if is_gnu(proc) else 6):
        raise Failure(f"too few X's in template '{template}'" if is_gnu(proc) else "(null): Invalid argument")
    path = _fresh(proc, template[:-count], count) + options.get("suffix")
    try:
        if "d" in options:
            proc.mkdir(path, 0o700)
        elif "u" not in options:
            proc.close(proc.open(path, O_WRONLY | O_CREAT | O_EXCL, 0o600))
    except OSError as error:
        if "q" not in options:
            await report(proc, template, error, "" if not is_gnu(proc) else "create file via template")
        return 1
    await proc.out(path + "\n")
    return 0


def _fresh(proc: Proc, prefix: str, count: int) -> str:
    """A name that is not there yet, made of the time and the process's number."""
    for attempt in range(1000):
        seed = blake2b(f"{proc.now()}/{proc.pid}/{attempt}".encode(), digest_size=count).digest()
        path = prefix + "".join(LETTERS[byte % len(LETTERS)] for byte in seed)
        if not proc.access(path, 0):
            return path
    raise Failure("cannot find an unused name")


@command(
    "sfnbtvTS:r",
    synopsis="[-sfnbtv] [-S SUF] TARGET... LINK|DIR",
    about="Create a link LINK or DIR/TARGET to the specified TARGET(s)\n\n"
    "\t-s\tMake symlinks instead of hardlinks\n\t-f\tRemove existing destinations\n"
    "\t-n\tDon't dereference symlinks - treat like normal file\n\t-T\tTreat LINK as a file, not DIR\n\t-v\tVerbose",
    gnu={"symbolic": "s", "force": "f", "no-dereference": "n", "verbose": "v", "relative": "r"},
)
async def ln(proc: Proc, options: Options, operands: list[str]) -> int:
    if not operands:
        raise Usage("missing file operand" if is_gnu(proc) else "")
    *targets, last = operands if len(operands) > 1 else [operands[0], into(".", operands[0])]
    folder = is_directory(proc, last) and "T" not in options
    if folder and "n" in options and stat.S_ISLNK(proc.lstat(last).mode):
        folder = False
    if len(targets) > 1 and not folder:
        raise Failure(f"target '{last}' is not a directory" if is_gnu(proc) else f"'{last}' is not a directory")
    status = 0
    for target in targets:
        path = into(last, target) if folder else last
        try:
            _link(proc, options, target, path)
            if "v" in options:
                await proc.out(f"'{path}' {'->' if 's' in options else '=>'} '{target}'\n")
        except OSError as error:
            status = 1
            await _not_linked(proc, options, target, path, error)
    return status


def _link(proc: Proc, options: Options, target: str, path: str) -> None:
    if "s" not in options:
        proc.lstat(target)
    if "f" in options:
        with suppress(FileNotFoundError):
            proc.unlink(path)
    if "s" in options:
        proc.symlink(target, path)
    else:
        proc.link(target, path)


async def _not_linked(proc: Proc, options: Options, target: str, path: str, error: OSError) -> None:
    at_target = "s" not in options and not isinstance(error, FileExistsError)
    if not is_gnu(proc):
        await report(proc, target if at_target else path, error, "")
    elif at_target and isinstance(error, FileNotFoundError):
        await report(proc, target, error, "access")
    else:
        kind = "symbolic" if "s" in options else "hard"
        await proc.err(f"ln: failed to create {kind} link '{path}': {error.strerror}\n")


@command(synopsis="FILE LINK", about="Create hard LINK to FILE", least=2, most=2)
async def link(proc: Proc, options: Options, operands: list[str]) -> int:
    try:
        proc.link(*operands)
    except OSError as error:
        await proc.err(f"link: cannot create link '{operands[1]}' to '{operands[0]}': {error.strerror}\n")
        return 1
    return 0
