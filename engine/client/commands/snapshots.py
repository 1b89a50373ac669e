"""commit, export and import: a container's files as an image or an archive, and an archive as an image."""

from __future__ import annotations

from collections.abc import Iterator

from engine.client.commandline import Parsed
from engine.client.context import ApiError, Context, Failure
from engine.client.files import deliver, pieces
from engine.client.progress import show_progress
from engine.image.reference import InvalidReference, Reference

URLS = ("http://", "https://")


def commit(context: Context, parsed: Parsed) -> int:
    container, name = [*parsed.arguments, ""][:2]
    reference = _reference(name) if name else None
    if reference is not None and reference.digest:
        raise Failure("refusing to create a tag with a digest reference")
    query = {
        "container": container,
        "repo": reference.name if reference else "",
        "tag": (reference.tag or "latest") if reference else "",
        "comment": parsed.get("message", ""),
        "author": parsed.get("author", ""),
        "changes": tuple(parsed.values("change")),
        "pause": "" if parsed.get("pause", True) else "0",
    }
    context.console.out(context.api.post("/commit", query)["Id"])
    return 0


def export(context: Context, parsed: Parsed) -> int:
    def archive() -> Iterator[bytes]:
        yield from context.api.call("GET", f"/containers/{parsed.arguments[0]}/export").chunks()

    deliver(context, parsed.get("output", ""), archive(), "failed to export container")
    return 0


def import_(context: Context, parsed: Parsed) -> int:
    source, name = [*parsed.arguments, ""][:2]
    if name:
        _reference(name)
    is_url = source.startswith(URLS)
    query = {
        "fromSrc": source if is_url else "-",
        "repo": name,
        "message": parsed.get("message", ""),
        "platform": parsed.get("platform", "").lower(),
        "changes": tuple(parsed.values("change")),
    }
    body = None if is_url else iter(context.console.read, b"") if source == "-" else pieces(source)
    messages = context.api.lines("POST", "/images/create", query, body=body)
    try:
        show_progress(messages, lambda text: context.console.write(1, text.encode()), context.console.stdout_tty)
    except ApiError as error:
        if error.status:
            raise
        raise Failure(str(error)) from None
    return 0


def _reference(name: str) -> Reference:
    try:
        return Reference.parse(name)
    except InvalidReference as error:
        raise Failure(error.message) from None
