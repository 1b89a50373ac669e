"""--since and --until: a moment, a duration back from now, or seconds since 1970 (docker: api/types/time)."""

from __future__ import annotations

import re
from datetime import datetime

from engine.client.connection import Api
from engine.client.context import Failure
from engine.client.values import duration


def moment(text: str | None, api: Api) -> str:
    """Seconds since 1970 with nine decimals where they are known; "" for none. Raises Failure.

    A duration goes back from the daemon's time: its clock may be another than ours.
    """
    if not text:
        return ""
    if re.fullmatch(r"\d+(\.\d+)?", text):
        return text
    try:
        ago = duration(text)
        then = int(api.now * 10**9) - ago
        return f"{then // 10**9}.{then % 10**9:09d}" if then % 10**9 else f"{then // 10**9}"
    except ValueError:
        pass
    match = re.fullmatch(
        r"(\d{4}-\d\d-\d\d)(?:[T ](\d\d(?::\d\d(?::\d\d)?)?))?(?:\.(\d{1,9}))?(Z|[+-]\d\d:?\d\d)?", text
    )
    if match is None:
        raise Failure(f'failed to parse value as time or duration: "{text}"')
    clock = (match[2] or "00") + ":00:00"[3 * (match[2] or "00").count(":") :]
    zone = "+00:00" if match[4] == "Z" else match[4] or ""
    seconds = int(datetime.fromisoformat(f"{match[1]}T{clock}{zone}").timestamp())
    return f"{seconds}.{(match[3] or '').ljust(9, '0')}"
