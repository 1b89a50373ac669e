"""ADD from a URL, and a build context that is one: fetched through the engine's own way to the network.

Texts: moby, builder/remotecontext/remote.go and builder/dockerfile/copy.go.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from urllib.parse import urljoin, urlsplit

from engine.distribution.download import fetch
from engine.distribution.transport import Transport

URL = re.compile(r"https?://", re.IGNORECASE)
GIT = re.compile(r"git://|github\.com/|git@|https?://[^#]*\.git(#|$)", re.IGNORECASE)
FILENAME = re.compile(r'filename="?([^";]+)"?')
REDIRECTED = (301, 302, 303, 307, 308)
REDIRECTS = 10  # Go, net/http: defaultCheckRedirect
SECOND = 1_000_000_000


@dataclass(slots=True)
class Download:
    """`name` is "" if neither the URL nor the server says one; `modified` in ns since 1970, 0 if unknown."""

    name: str
    body: AsyncIterator[bytes]
    size: int = 0
    modified: int = 0
    content_type: str = ""


def is_url(text: str) -> bool:
    return bool(URL.match(text))


def is_git(text: str) -> bool:
    """As `docker build` sees it: git://, git@, github.com/, or a URL that ends in .git."""
    return bool(GIT.match(text))


async def get(transport: Transport, url: str) -> Download:
    """What lies there, at the end of all redirects. Raises EngineError."""
    reply, left = await fetch(transport, url), REDIRECTS
    at = url
    while reply.status in REDIRECTED and "location" in reply.headers and left:
        await reply.aclose()
        at, left = urljoin(at, reply.headers["location"]), left - 1
        reply = await fetch(transport, at)
    size = reply.headers.get("content-length", "")
    return Download(
        _name(urlsplit(url).path, reply.headers.get("content-disposition", "")),
        reply.body,
        int(size) if size.isdecimal() else 0,
        _moment(reply.headers.get("last-modified", "")),
        reply.headers.get("content-type", ""),
    )


def _name(path: str, disposition: str) -> str:
    if path and not path.endswith("/"):
        return posixpath.basename(path)
    found = FILENAME.search(disposition)
    return posixpath.basename(found[1]) if found and not found[1].endswith("/") else ""


def _moment(text: str) -> int:
    try:
        return int(parsedate_to_datetime(text).timestamp()) * SECOND if text else 0
    except ValueError:
        return 0
