"""Numbers that people write and read: sizes (4.0K, 10M), durations (1m, 0.5)."""

from __future__ import annotations

from sim.programs.options import Failure

UNITS = "KMGTPE"
FACTORS = {
    "c": 1, "w": 2, "b": 512, "kB": 1000, "KB": 1000, "k": 1 << 10, "K": 1 << 10, "MB": 10**6, "m": 1 << 20,
    "M": 1 << 20, "GB": 10**9, "g": 1 << 30, "G": 1 << 30, "TB": 10**12, "T": 1 << 40, "KiB": 1 << 10,
    "MiB": 1 << 20, "GiB": 1 << 30,
}  # fmt: skip
SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}


def human(size: int) -> str:
    """Busybox's: one decimal above 1024, rounded. 4096 -> "4.0K"."""
    value, tenths, unit = size, 0, -1
    while value >= 1024 and unit < len(UNITS) - 1:
        tenths = (value % 1024 * 10 + 512) // 1024
        value //= 1024
        unit += 1
    if tenths >= 10:
        value, tenths = value + 1, 0
    return str(value) if unit < 0 else f"{value}.{tenths}{UNITS[unit]}"


def human_up(size: int) -> str:
    """GNU's: rounded up, one decimal below 10. 4097 -> "4.1K", 20000 -> "20K"."""
    if size < 1024:
        return str(size)
    unit, scale = 0, 1024
    while size >= 1024 * scale and unit < len(UNITS) - 1:
        unit, scale = unit + 1, scale * 1024
    tenths = -(-size * 10 // scale)
    return f"{tenths / 10:.1f}{UNITS[unit]}" if tenths < 100 else f"{-(-size // scale)}{UNITS[unit]}"


def parse_size(text: str) -> int:
    """ "10M" -> 10485760. Raises Failure with the C library's words."""
    digits = text.rstrip("cwbkKmMgGTBi")
    unit = text[len(digits) :]
    if not digits.isdigit() or (unit and unit not in FACTORS):
        raise Failure(f"invalid number '{text}'")
    return int(digits) * FACTORS.get(unit, 1)


def seconds(text: str) -> float:
    """ "1m" -> 60.0, "0.5" -> 0.5, "inf". Raises ValueError."""
    if text in ("inf", "infinity"):
        return float("inf")
    unit = text[-1:] if text[-1:] in "smhd" else ""
    digits = text[: len(text) - len(unit)]
    if not digits or digits.strip("0123456789.") or digits.count(".") > 1 or digits == ".":
        raise ValueError(text)
    return float(digits) * SECONDS[unit]
