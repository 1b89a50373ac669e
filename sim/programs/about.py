"""lscpu and lsb_release: what machine and what system this is. Source: lscpu(1), lsb_release(1)."""

from __future__ import annotations

from contextlib import suppress

from sim.abi import Proc
from sim.programs.options import Options, command


@command("aepJ", synopsis="[options]", about="Display information about the CPU architecture", most=0)
async def lscpu(proc: Proc, options: Options, operands: list[str]) -> int:
    facts: dict[str, str] = {}
    text = proc.read_file("/proc/cpuinfo").decode()
    for line in text.splitlines():
        name, _, value = line.partition(":")
        facts.setdefault(name.strip(), value.strip())
    count = text.count("processor\t")
    rows = [("Architecture:", proc.uname()["machine"]), ("CPU op-mode(s):", "32-bit, 64-bit"),
            ("Byte Order:", "Little Endian"), ("CPU(s):", str(count)), ("On-line CPU(s) list:", f"0-{count - 1}"),
            ("Vendor ID:", facts.get("vendor_id", "")), ("Model name:", facts.get("model name", "")),
            ("CPU family:", facts.get("cpu family", "")), ("Model:", facts.get("model", "")),
            ("Thread(s) per core:", "1"), ("Core(s) per socket:", str(count)), ("Socket(s):", "1"),
            ("Stepping:", facts.get("stepping", "")), ("BogoMIPS:", facts.get("bogomips", "")),
            ("Flags:", facts.get("flags", ""))]  # fmt: skip
    await proc.out("".join(f"{name:<24} {value}\n" for name, value in rows if value))
    return 0


@command("vidrcsa", synopsis="[options]", about="Print distribution-specific information", most=0,
         long={"all": "a", "id": "i", "description": "d", "release": "r", "codename": "c", "short": "s"})  # fmt: skip
async def lsb_release(proc: Proc, options: Options, operands: list[str]) -> int:
    known: dict[str, str] = {}
    with suppress(FileNotFoundError):
        for line in proc.read_file("/etc/os-release").decode().splitlines():
            name, _, value = line.partition("=")
            known[name] = value.strip('"')
    rows = [("i", "Distributor ID", known.get("NAME", "n/a").partition(" ")[0]),
            ("d", "Description", known.get("PRETTY_NAME", "n/a")), ("r", "Release", known.get("VERSION_ID", "n/a")),
            ("c", "Codename", known.get("VERSION_CODENAME", "n/a"))]  # fmt: skip
    chosen = [row for row in rows if row[0] in options or "a" in options]
    if not chosen or "a" in options:
        await proc.err("No LSB modules are available.\n")
    for _, name, value in chosen:
        await proc.out(f"{value}\n" if "s" in options else f"{name}:\t{value}\n")
    return 0
