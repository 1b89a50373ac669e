"""save and load: images to a file or a pipe, and back."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from engine.client.commandline import Parsed
from engine.client.context import ApiError, Context, Failure
from engine.client.progress import show_progress
from engine.image.manifest import Platform, PlatformError

PIECE = 1 << 16  # bytes


def save(context: Context, parsed: Parsed) -> int:
    console, output = context.console, parsed.get("output", "")
    if not output and console.stdout_tty:
        raise Failure("cowardly refusing to save to a terminal. Use the -o flag or redirect")
    if output:
        _check_output(Path(output))
    query = {"names": tuple(parsed.arguments), "platform": _platform(parsed)}
    chunks = context.api.call("GET", "/images/get", query).chunks()
    if output:
        _write(Path(output), chunks)
    else:
        for chunk in chunks:
            console.write(1, chunk)
    return 0


def load(context: Context, parsed: Parsed) -> int:
    console, input = context.console, parsed.get("input", "")
    if not input and console.stdin_tty:
        raise Failure("requested load from stdin, but stdin is empty")
    quiet = parsed.flag("quiet") or not console.stdout_tty
    query = {"quiet": quiet or "0", "platform": _platform(parsed)}
    pieces = _pieces(_open(input)) if input else iter(console.read, b"")
    messages = context.api.lines("POST", "/images/load", query, {"Content-Type": "application/x-tar"}, pieces)
    try:
        show_progress(messages, lambda text: console.write(1, text.encode()), console.stdout_tty)
    except ApiError as error:
        if error.status:
            raise
        raise Failure(str(error)) from None
    return 0


def _check_output(path: Path) -> None:
    """Before the daemon is asked for what could not be written. Texts: docker/cli."""
    if path.is_dir():
        raise Failure("failed to save image: cannot write to a directory")
    if not path.parent.is_dir():
        raise Failure(f"failed to save image: invalid output path: stat {path.parent}: no such file or directory")


def _write(path: Path, chunks: Iterator[bytes]) -> None:
    """The file appears when it is whole."""
    try:
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".tmp-{path.name}", delete=False) as file:
            part = Path(file.name)
            try:
                for chunk in chunks:
                    file.write(chunk)
                file.close()
                part.replace(path)
            finally:
                part.unlink(missing_ok=True)
    except OSError as error:
        raise Failure(f"failed to save image: {error.filename or path}: {(error.strerror or '').lower()}") from None


def _open(path: str) -> BinaryIO:
    try:
        return Path(path).open("rb")
    except OSError as error:
        raise Failure(f"open {path}: {(error.strerror or '').lower()}") from None


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    with file:
        while piece := file.read(PIECE):
            yield piece


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
