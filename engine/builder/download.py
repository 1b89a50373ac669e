"""ADD from a URL, and a build context that is one: fetched through the engine's own way to the network.

Texts: moby, builder/remotecontext/remote.go.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from urllib.parse import urljoin, urlsplit

from engine.builder.sources import BuildError
from engine.distribution.transport import Reply, Transport, Unreachable

URL = re.compile(r"https?://", re.IGNORECASE)
GIT = re.compile(r"git://|github\.com/|git@|https?://[^#]*\.git(#|$)", re.IGNORECASE)
FILENAME = re.compile(r'filename="?([^";]+)"?')
REDIRECTS = 10  # Go, net/http: defaultCheckRedirect
MOST = 1 << 20  # bytes of an error page that are shown
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
    """Raises BuildError."""
    reply = await _follow(transport, url)
    if reply.status >= 400:
        raise await _refusal(url, reply)
    size = reply.headers.get("content-length", "")
    return Download(
        _name(urlsplit(url).path, reply.headers.get("content-disposition", "")),
        reply.body,
        int(size) if size.isdecimal() else 0,
        _moment(reply.headers.get("last-modified", "")),
        reply.headers.get("content-type", ""),
    )


async def _follow(transport: Transport, url: str) -> Reply:
    """The reply at the end of all redirects."""
    at = url
    for _ in range(REDIRECTS):
        try:
            reply = await transport.request("GET", at, {"user-agent": "Go-http-client/1.1"})
        except Unreachable as error:
            raise BuildError(f'Get "{at}": {error}') from None
        if reply.status not in (301, 302, 303, 307, 308) or "location" not in reply.headers:
            return reply
        await reply.aclose()
        at = urljoin(at, reply.headers["location"])
    raise BuildError(f'Get "{at}": stopped after {REDIRECTS} redirects')


async def _refusal(url: str, reply: Reply) -> BuildError:
    try:
        text = (await reply.read(MOST)).decode(errors="replace").strip()
    except (ValueError, Unreachable):
        text = "error reading body"
    known = {status.value: status.phrase for status in HTTPStatus}
    status = f"{reply.status} {known.get(reply.status, '')}".strip()
    return BuildError(f"failed to GET {url} with status {status}: {text}")


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
