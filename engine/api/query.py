"""Reading a request's query as moby's httputils does, and asking which version of the API is spoken."""

from __future__ import annotations

import re

from engine.api.messages import Query, Request
from engine.errors import InvalidParameter
from engine.image.manifest import Platform, PlatformError
from engine.image.reference import Reference

_FALSE = ("", "0", "no", "false", "none")
_INTEGER = re.compile(r"[+-]?[0-9]{1,18}")


def boolean(request: Request, name: str, default: bool = False) -> bool:
    """Everything but "", 0, no, false and none is true; `default` if it is not there at all."""
    value = request.query.get(name)
    return default if value is None else value.strip().lower() not in _FALSE


def values(request: Request, name: str) -> list[str]:
    """Every value of a name that may be given more than once."""
    query = request.query
    if isinstance(query, Query):
        return query.all(name)
    return [query[name]] if name in query else []


def image_name(request: Request) -> Reference | None:
    """`repo` and `tag`: the name that a new image gets; None if it gets none. Raises InvalidParameter."""
    repository, tag = request.query.get("repo", ""), request.query.get("tag", "")
    if not repository:
        return None
    reference = Reference.parse(repository)
    if reference.digest:
        raise InvalidParameter("cannot import digest reference")
    return reference.with_tag(tag) if tag else reference.with_default_tag()


def platform(request: Request) -> Platform | None:
    """`platform`, as "linux/arm64"; None if it is not asked for. Raises InvalidParameter."""
    text = request.query.get("platform", "")
    if not text or older(request, "1.32"):
        return None
    try:
        return Platform.parse(text)
    except PlatformError as error:
        raise InvalidParameter(str(error)) from None


def integer(request: Request, name: str, default: int = 0) -> int:
    """Raises InvalidParameter with Go's text."""
    value = request.query.get(name, "")
    if not value:
        return default
    if not _INTEGER.fullmatch(value):
        raise InvalidParameter(f'strconv.Atoi: parsing "{value}": invalid syntax')
    return int(value)


def older(request: Request, version: str) -> bool:
    """Does the client speak an API before this version? One that names none speaks the newest.

    >>> older(Request("GET", "/", version="1.9"), "1.43"), older(Request("GET", "/"), "1.43")
    (True, False)
    """
    return bool(request.version) and _numbers(request.version) < _numbers(version)


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part[:9] or 0) for part in version.split("."))
