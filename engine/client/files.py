"""Files that a command line names for the daemon's archives: what `-o` writes and what `-i` reads (docker/cli)."""

from __future__ import annotations

import stat as st
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from engine.client.context import Context, Failure

PIECE = 64 << 10  # bytes


def deliver(context: Context, output: str, ask: Iterable[bytes], failing: str) -> None:
    """Write what is asked for to a file, which appears when it is whole, or to standard output for "".

    `ask` is not begun if that cannot be. `failing`: how an error begins, "failed to save image". Raises Failure.
    """
    if not output:
        if context.console.stdout_tty:
            raise Failure("cowardly refusing to save to a terminal. Use the -o flag or redirect")
        for piece in ask:
            context.console.write(1, piece)
        return
    path = Path(output)
    if problem := _problem(path):
        raise Failure(f"{failing}: {problem}")
    try:
        _write(path, ask)
    except OSError as error:
        raise Failure(f"{failing}: {error.filename or path}: {(error.strerror or '').lower()}") from None


def _problem(path: Path) -> str:
    """Why it cannot be written; "" if it can."""
    if not path.parent.is_dir():
        return f"invalid output path: stat {path.parent}: no such file or directory"
    try:
        mode = path.stat().st_mode
    except OSError:
        return ""
    if st.S_ISDIR(mode):
        return "cannot write to a directory"
    if st.S_ISCHR(mode):
        return "cannot write to a character device file"
    return "" if st.S_ISREG(mode) else "cannot write to an irregular file"


def _write(path: Path, pieces: Iterable[bytes]) -> None:
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".tmp-{path.name}", delete=False) as file:
        part = Path(file.name)
        try:
            for piece in pieces:
                file.write(piece)
            file.close()
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)


def pieces(path: str) -> Iterator[bytes]:
    """A file's content. Raises Failure at once if it cannot be opened."""
    try:
        file = Path(path).open("rb")  # noqa: SIM115 (it is closed when it has been read)
    except OSError as error:
        raise Failure(f"open {path}: {(error.strerror or '').lower()}") from None

    def read() -> Iterator[bytes]:
        with file:
            while piece := file.read(PIECE):
                yield piece

    return read()
