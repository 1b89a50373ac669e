"""The smallest commands: true, false, echo, cat, pwd, and those that take names apart."""

from __future__ import annotations

from sim.abi import Proc
from sim.programs.options import Options, Output, Usage, command, complain, is_gnu, report
from sim.programs.printf import unescape_echo


async def true(proc: Proc) -> int:
    return 0


async def false(proc: Proc) -> int:
    return 1


async def echo(proc: Proc) -> int:
    """Unknown options are ordinary words, as every echo has it."""
    words = proc.argv[1:]
    flags = ""
    while words and words[0][:1] == "-" and words[0][1:] and not words[0][1:].strip("neE"):
        flags += words.pop(0)[1:]
    text, ended = " ".join(words), False
    if "e" in flags and flags.rfind("e") > flags.rfind("E"):
        text, ended = unescape_echo(text)
    await proc.out(text + ("" if "n" in flags or ended else "\n"))
    return 0


@command(
    "nbvteAsTEu",
    synopsis="[-nbvteA] [FILE]...",
    about="Print FILEs to stdout\n\n\t-n\tNumber output lines\n\t-b\tNumber nonempty lines\n"
    "\t-v\tShow nonprinting characters as ^x or M-x\n\t-t\t...and tabs as ^I\n\t-e\t...and end lines with $\n"
    "\t-A\tSame as -vte",
    gnu={"number": "n", "number-nonblank": "b", "show-all": "A", "show-ends": "E", "show-tabs": "T",
         "show-nonprinting": "v", "squeeze-blank": "s"},
)  # fmt: skip
async def cat(proc: Proc, options: Options, operands: list[str]) -> int:
    status = 0
    printer = _Printer(proc, options)
    for path in operands or ["-"]:
        try:
            fd = 0 if path == "-" else proc.open(path)
        except OSError as error:
            status = 1
            await report(proc, path, error)
            continue
        try:
            await printer.copy(fd)
        except IsADirectoryError as error:
            status = 1
            await complain(proc, f"{path if is_gnu(proc) else 'read error'}: {error.strerror}")
        finally:
            if fd:
                proc.close(fd)
    return status


class _Printer:
    """cat's way of showing lines; the numbers go on from file to file."""

    def __init__(self, proc: Proc, options: Options) -> None:
        self.proc = proc
        self.numbers = "b" if "b" in options else "n" if "n" in options else ""
        self.ends, self.tabs, self.visible = options.any("eAE"), options.any("tAT"), options.any("vteA")
        self.squeeze = "s" in options
        self.plain = not options.given or all(option == "u" for option, _ in options.given)
        self.line, self.blank = 0, False

    async def copy(self, fd: int) -> None:
        if self.plain:
            while data := await self.proc.read(fd):
                await self.proc.write(1, data)
            return
        async for line in self.proc.lines(fd):
            empty = line == b"\n"
            if not (self.squeeze and empty and self.blank):
                await self.proc.write(1, self._shown(line, empty))
            self.blank = empty

    def _shown(self, line: bytes, empty: bool) -> bytes:
        text, newline = line.removesuffix(b"\n"), line.endswith(b"\n")
        if self.visible:
            text = b"".join(_visible(byte, self.tabs) for byte in text)
        elif self.tabs:
            text = text.replace(b"\t", b"^I")
        if self.numbers and not (self.numbers == "b" and empty):
            self.line += 1
            text = b"%6d\t%s" % (self.line, text)
        return text + (b"$" if self.ends and newline else b"") + (b"\n" if newline else b"")


def _visible(byte: int, tabs: bool) -> bytes:
    if byte >= 128:
        return b"M-" + _visible(byte - 128, True)
    if byte == 9 and not tabs:
        return b"\t"
    return b"^" + bytes([byte ^ 64]) if byte < 32 or byte == 127 else bytes([byte])


async def pwd(proc: Proc) -> int:
    await proc.out(proc.cwd + "\n")
    return 0


@command(
    "as:z",
    synopsis="FILE [SUFFIX] | -a FILE... | -s SUFFIX FILE...",
    about="Strip directory path and SUFFIX from FILE\n\n\t-a\tAll arguments are FILEs\n"
    "\t-s SUFFIX\tRemove SUFFIX (implies -a)",
    gnu={"multiple": "a", "suffix:": "s", "zero": "z"},
    least=1,
)
async def basename(proc: Proc, options: Options, operands: list[str]) -> int:
    suffix = options.get("s")
    if not options.any("as"):
        if len(operands) > 2:
            raise Usage(f"extra operand '{operands[2]}'" if is_gnu(proc) else "")
        suffix = "".join(operands[1:])
        operands = operands[:1]
    for path in operands:
        base = path.rstrip("/").rpartition("/")[2] or path[:1]
        await proc.out((base.removesuffix(suffix) or base) + "\n")
    return 0


@command("z", synopsis="FILENAME", about="Strip non-directory suffix from FILENAME", least=1)
async def dirname(proc: Proc, options: Options, operands: list[str]) -> int:
    for path in operands if is_gnu(proc) else operands[:1]:
        folder, slash, _ = path.rstrip("/").rpartition("/")
        await proc.out((folder.rstrip("/") or ("/" if slash or path.startswith("/") else ".")) + "\n")
    return 0


@command(
    "fnvemqsz",
    synopsis="[-fnv] FILE",
    about="Display the value of a symlink\n\n\t-f\tCanonicalize by following all symlinks\n"
    "\t-n\tDon't add newline\n\t-v\tVerbose",
    gnu={"canonicalize": "f", "no-newline": "n", "verbose": "v", "canonicalize-existing": "e",
         "canonicalize-missing": "m"},
    least=1,
)  # fmt: skip
async def readlink(proc: Proc, options: Options, operands: list[str]) -> int:
    status = 0
    for path in operands:
        try:
            target = canonical(proc, path, options.last("fem")) if options.any("fem") else proc.readlink(path)
            await proc.out(target + ("" if "n" in options else "\n"))
        except OSError as error:
            status = 1
            if "v" in options:
                await report(proc, path, error, "")
    return status


@command("emsqzLP", synopsis="FILE...", about="Print absolute pathnames of FILEs", least=1)
async def realpath(proc: Proc, options: Options, operands: list[str]) -> int:
    status = 0
    for path in operands:
        try:
            await proc.out(canonical(proc, path, options.last("em") or "f") + "\n")
        except OSError as error:
            status = 1
            await report(proc, path, error, "")
    return status


def canonical(proc: Proc, path: str, missing: str) -> str:
    """Without links and dots. `missing`: "e" nothing may be missing, "f" the last part may, "m" all may."""
    try:
        return proc.realpath(path)
    except FileNotFoundError:
        if missing == "e":
            raise
    folder, _, base = path.rstrip("/").rpartition("/")
    try:
        above = proc.realpath(folder or ("/" if path.startswith("/") else "."))
    except FileNotFoundError:
        if missing != "m":
            raise
        above = canonical(proc, folder, missing)
    return f"{above.rstrip('/')}/{base}"


@command("a", synopsis="[-a] COMMAND...", about="Locate COMMAND\n\n\t-a\tShow all matches")
async def which(proc: Proc, options: Options, operands: list[str]) -> int:
    if not operands and not is_gnu(proc):
        raise Usage()
    status = 0 if operands else 1
    for word in operands:
        folders = proc.env.get("PATH", "/sbin:/usr/sbin:/bin:/usr/bin").split(":")
        places = (proc.which(word, folder) for folder in folders) if "/" not in word else (proc.which(word),)
        found = [place for place in places if place is not None]
        if not found:
            status = 1
        for place in found if "a" in options else found[:1]:
            await proc.out(place + "\n")
    return status


@command("T:Vqw:s", synopsis="", about="Clear screen", long={})
async def clear(proc: Proc, options: Options, operands: list[str]) -> int:
    await proc.out("\x1b[H\x1b[J" if not is_gnu(proc) else "\x1b[H\x1b[2J\x1b[3J")
    return 0


@command("Qe:", synopsis="", about="Reset terminal (ESC codes) and termios (signals, buffering, echo)")
async def reset(proc: Proc, options: Options, operands: list[str]) -> int:
    if proc.isatty(1):
        await proc.out("\x1bc\x1b(B\x1b[m\x1b[J\x1b[?25h")
        proc.tcsetattr(1, icanon=True, echo=True, isig=True, opost=True, icrnl=True)
    return 0


async def vi(proc: Proc) -> int:
    """A full-screen editor would be a project of its own."""
    await complain(
        proc, "this machine has no full-screen editor; write files with cat >FILE <<END, or change them with sed -i"
    )
    return 1


async def nologin(proc: Proc) -> int:
    await proc.out("This account is not available\n")
    return 1


@command("0hv", synopsis="[-0] [VARIABLE]...", about="Print environment VARIABLEs")
async def printenv(proc: Proc, options: Options, operands: list[str]) -> int:
    async with Output(proc) as out:
        if not operands:
            for variable, value in proc.env.items():
                await out.line(f"{variable}={value}")
        for variable in operands:
            if variable in proc.env:
                await out.line(proc.env[variable])
    return int(any(variable not in proc.env for variable in operands))
