"""What can go wrong, by cause. The class carries the HTTP status; the text is Docker's own, word for word.

docker-py and the docker CLI tell errors apart by these texts ("No such image: …"), so a text is part of the API. A text
that more than one place raises has its function here. Classes: moby, `errdefs`.
"""

from __future__ import annotations

import errno


class EngineError(Exception):
    """The root of all errors that reach a client as `{"message": text}`."""

    status = 500

    @property
    def message(self) -> str:
        return str(self.args[0]) if self.args else type(self).__name__


class InvalidParameter(EngineError):
    """The request itself is wrong."""

    status = 400


class Unauthorized(EngineError):
    """Wrong or missing credentials."""

    status = 401


class Forbidden(EngineError):
    """Understood and refused."""

    status = 403


class NotFound(EngineError):
    """No object of that name."""

    status = 404


class Conflict(EngineError):
    """The object's state forbids it."""

    status = 409


class NotModified(EngineError):
    """It is as asked already; answered without a body."""

    status = 304


class TooManyRequests(EngineError):
    """Asked too often; a registry's limit."""

    status = 429


class System(EngineError):
    """The host could not do it."""

    status = 500


class Unimplemented(EngineError):
    status = 501


class Unavailable(EngineError):
    status = 503


def no_such_container(name: str) -> NotFound:
    return NotFound(f"No such container: {name}")


def no_such_image(reference: str) -> NotFound:
    return NotFound(f"No such image: {reference}")


def no_such_exec(exec_id: str) -> NotFound:
    return NotFound(f"No such exec instance: {exec_id}")


def from_os(error: OSError) -> System:
    """What the operating system refused, in Go's words ("write /var/lib/docker/…: no space left on device")."""
    words = error.strerror.lower() if error.strerror else str(error)
    verb = "write " if error.errno in (errno.ENOSPC, errno.EFBIG, errno.EIO) else ""
    return System(f"{verb}{error.filename}: {words}" if error.filename else words)
