"""Progress of pull and push: bars that move on a terminal, plain lines elsewhere (moby pkg/jsonmessage)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from engine.client.connection import ApiError
from engine.units import human_size


def show_progress(messages: Iterable[Mapping[str, Any]], write: Callable[[str], object], terminal: bool) -> None:
    """Print messages as they come. Raises ApiError for an `error` message."""
    rows: list[str] = []  # ids that have a line of their own, from the top
    for message in messages:
        if "error" in message:
            detail = message.get("errorDetail") or {}
            raise ApiError(int(detail.get("code") or 0), str(message["error"]))
        if "stream" in message:
            rows.clear()
            write(str(message["stream"]))
        if "status" not in message:
            continue
        id = message.get("id", "")
        line = f"{id}: {_text(message, terminal)}" if id else _text(message, terminal)
        if not terminal:
            if not message.get("progressDetail"):
                write(line + "\n")
        elif not id or "progressDetail" not in message:
            rows.clear()
            write(line + "\n")
        elif id in rows:
            up = len(rows) - rows.index(id)
            write(f"\x1b[{up}A\x1b[2K\r{line}\r\x1b[{up}B")
        else:
            rows.append(id)
            write(line + "\n")


def _text(message: Mapping[str, Any], terminal: bool) -> str:
    detail = message.get("progressDetail") or {}
    status = str(message["status"])
    if not terminal or not detail:
        return status
    return f"{status} {bar(int(detail.get('current', 0)), int(detail.get('total', 0)))}"


def bar(current: int, total: int) -> str:
    """How far: arrow and sizes.

    >>> bar(1_000_000, 4_000_000)
    '[============>                                     ]      1MB/4MB'
    """
    if total <= 0 or current > total:
        return human_size(current)
    filled = min(current * 50 // total, 50)
    arrow = "=" * filled + ">" + " " * (49 - filled) if filled < 50 else "=" * 50 + ">"
    return f"[{arrow}]  {human_size(current):>7}/{human_size(total)}"
