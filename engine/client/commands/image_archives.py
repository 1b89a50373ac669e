"""save and load: images to a file or a pipe, and back."""

from __future__ import annotations

import json
from collections.abc import Iterator

from engine.client.commandline import Parsed
from engine.client.context import ApiError, Context, Failure
from engine.client.files import deliver, pieces
from engine.client.progress import show_progress
from engine.image.manifest import Platform, PlatformError


def save(context: Context, parsed: Parsed) -> int:
    query = {"names": tuple(parsed.arguments), "platform": _platform(parsed)}

    def archive() -> Iterator[bytes]:
        yield from context.api.call("GET", "/images/get", query).chunks()

    deliver(context, parsed.get("output", ""), archive(), "failed to save image")
    return 0


def load(context: Context, parsed: Parsed) -> int:
    console, input = context.console, parsed.get("input", "")
    if not input and console.stdin_tty:
        raise Failure("requested load from stdin, but stdin is empty")
    quiet = parsed.flag("quiet") or not console.stdout_tty
    query = {"quiet": quiet or "0", "platform": _platform(parsed)}
    archive = pieces(input) if input else iter(console.read, b"")
    messages = context.api.lines("POST", "/images/load", query, {"Content-Type": "application/x-tar"}, archive)
    try:
        show_progress(messages, lambda text: console.write(1, text.encode()), console.stdout_tty)
    except ApiError as error:
        if error.status:
            raise
        raise Failure(str(error)) from None
    return 0


def _platform(parsed: Parsed) -> str:
    """As the API takes it: a JSON object."""
    text = parsed.get("platform", "")
    if not text:
        return ""
    try:
        platform = Platform.parse(text)
    except PlatformError as error:
        raise Failure(f"invalid platform: {error}") from None
    shown = {"architecture": platform.architecture, "os": platform.os}
    return json.dumps(shown | ({"variant": platform.variant} if platform.variant else {}))
