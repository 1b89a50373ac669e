"""sysctl: the kernel's settings, which are files below /proc/sys."""

from __future__ import annotations

from sim.abi import Proc
from sim.programs.options import Options, Output, command, is_gnu, name, report


@command(
    "aAneqwp",
    synopsis="[-neq] { -a | -p [FILE]... | [-w] [KEY[=VALUE]]... }",
    about="Show/set kernel parameters\n\n\t-e\tDon't warn about unknown keys\n\t-n\tDon't print key names\n"
    "\t-a\tPrint all values\n\t-w\tSet values\n\t-q\tSet values silently",
)
async def sysctl(proc: Proc, options: Options, operands: list[str]) -> int:
    status = 0
    async with Output(proc) as out:
        if options.any("aA"):
            await _all(proc, options, out, "/proc/sys")
        for word in operands:
            key, given, value = word.partition("=")
            path = "/proc/sys/" + key.strip().replace(".", "/")
            try:
                if given:
                    proc.write_file(path, value.strip().encode() + b"\n")
                if not (given and "q" in options):
                    await _show(proc, options, out, path)
            except FileNotFoundError as error:
                if "e" not in options:
                    status = 1 if not is_gnu(proc) else 255
                    said = f"cannot stat {path}" if is_gnu(proc) else f"error: '{key}' is an unknown key"
                    await proc.err(f"{name(proc)}: {said}" + (f": {error.strerror}\n" if is_gnu(proc) else "\n"))
            except OSError as error:
                status = 1
                verb = "setting" if given else "reading"
                await proc.err(f"{name(proc)}: error {verb} key '{key}': {error.strerror}\n")
    return status


async def _show(proc: Proc, options: Options, out: Output, path: str) -> None:
    text = proc.read_file(path).decode(errors="replace").rstrip("\n")
    key = path.removeprefix("/proc/sys/").replace("/", ".")
    for line in text.split("\n"):
        await out.line(line if "n" in options else f"{key} = {line}")


async def _all(proc: Proc, options: Options, out: Output, folder: str) -> None:
    for entry in sorted(proc.listdir(folder)):
        path = f"{folder}/{entry}"
        try:
            if proc.stat(path).mode & 0o170000 == 0o040000:
                await _all(proc, options, out, path)
            elif proc.access(path, 4):
                await _show(proc, options, out, path)
        except OSError as error:
            await report(proc, path, error, "read")
