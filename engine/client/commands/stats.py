"""stats: usage, computed from two readings as docker does (cli/command/container/stats_helpers.go)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine.client.commandline import Parsed
from engine.client.commands.lists import print_list
from engine.client.context import Context
from engine.client.tables import Columns
from engine.units import bytes_size, human_size

Row = dict[str, Any]


def stats(context: Context, parsed: Parsed) -> int:
    names = parsed.arguments or [row["Id"] for row in context.api.get("/containers/json", {"all": parsed.flag("all")})]
    while True:
        rows = [_reading(context, name) for name in names]
        text_clear = not parsed.flag("no-stream") and context.console.stdout_tty
        if text_clear:
            context.console.write(1, b"\x1b[2J\x1b[H")
        _show(context, parsed, rows)
        if parsed.flag("no-stream"):
            return 0


def _reading(context: Context, name: str) -> Row:
    """One answer with its predecessor inside (the daemon waits a second between the two)."""
    found: Row = context.api.get(f"/containers/{name}/stats", {"stream": "0"})
    return found | {"asked": name}


def _show(context: Context, parsed: Parsed, rows: list[Row]) -> None:
    cut = not parsed.flag("no-trunc")
    fields: dict[str, tuple[str, Callable[[Row], Any]]] = {
        "Container": ("CONTAINER", lambda row: row["asked"][:12] if cut and len(row["asked"]) == 64 else row["asked"]),
        "ID": ("CONTAINER ID", lambda row: row["id"][:12] if cut else row["id"]),
        "Name": ("NAME", lambda row: row["name"].lstrip("/") or "--"),
        "CPUPerc": ("CPU %", lambda row: f"{cpu_percent(row):.2f}%"),
        "MemUsage": (
            "MEM USAGE / LIMIT",
            lambda row: f"{bytes_size(memory(row))} / {bytes_size(row['memory_stats'].get('limit', 0))}",
        ),
        "MemPerc": ("MEM %", lambda row: f"{memory_percent(row):.2f}%"),
        "NetIO": ("NET I/O", _network),
        "BlockIO": ("BLOCK I/O", _blocks),
        "PIDs": ("PIDS", lambda row: str((row.get("pids_stats") or {}).get("current", 0))),
    }
    table = "{{.ID}}\t{{.Name}}\t{{.CPUPerc}}\t{{.MemUsage}}\t{{.MemPerc}}\t{{.NetIO}}\t{{.BlockIO}}\t{{.PIDs}}"
    print_list(context, rows, Columns("*container.statsContext", fields, {}), parsed.get("format", ""), table)


def cpu_percent(row: Row) -> float:
    """Share of the host's CPU time between the readings, times the number of CPUs."""
    now, before = row["cpu_stats"], row["precpu_stats"]
    used = now["cpu_usage"]["total_usage"] - before["cpu_usage"]["total_usage"]
    whole = now.get("system_cpu_usage", 0) - before.get("system_cpu_usage", 0)
    cpus = now.get("online_cpus", 0) or len(now["cpu_usage"].get("percpu_usage") or ())
    return used / whole * cpus * 100.0 if used > 0 and whole > 0 else 0.0


def memory(row: Row) -> int:
    """Without what is only cached: usage - inactive_file."""
    usage = int(row["memory_stats"].get("usage", 0))
    details = row["memory_stats"].get("stats") or {}
    cached = int(details.get("inactive_file", details.get("total_inactive_file", 0)))
    return usage - cached if cached < usage else usage


def memory_percent(row: Row) -> float:
    limit = row["memory_stats"].get("limit", 0)
    return memory(row) / limit * 100.0 if limit else 0.0


def _network(row: Row) -> str:
    links = (row.get("networks") or {}).values()
    return " / ".join(human_size(sum(link[key] for link in links), 3) for key in ("rx_bytes", "tx_bytes"))


def _blocks(row: Row) -> str:
    entries = (row.get("blkio_stats") or {}).get("io_service_bytes_recursive") or ()
    return " / ".join(
        human_size(sum(e["value"] for e in entries if e["op"].lower() == op), 3) for op in ("read", "write")
    )
