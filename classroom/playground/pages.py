"""What a browser on the simulated host gets from a published port, for the page's own little browser."""

from __future__ import annotations

from dataclasses import dataclass

from engine.distribution.dialled import Dialled
from engine.distribution.transport import Unreachable
from engine.host import Host

HEADERS = {"User-Agent": "Glassdock", "Connection": "close", "Accept": "*/*"}
LARGEST = 4_000_000  # bytes of one answer


@dataclass(frozen=True, slots=True)
class Page:
    """`status` is 0 if nobody answers; `type`: the Content-Type; `location`: where a redirection leads."""

    status: int
    type: str = ""
    body: bytes = b""
    location: str = ""


async def get(host: Host, port: int, path: str) -> Page:
    """`GET path`. What is longer than LARGEST is cut."""
    body = bytearray()
    try:
        reply = await Dialled(host).request("GET", f"http://localhost:{port}{_clean(path)}", HEADERS)
    except Unreachable:
        return Page(0)
    names = {name.lower(): value for name, value in reply.headers.items()}
    try:
        async for piece in reply.body:
            body += piece
            if len(body) > LARGEST:
                break
    except Unreachable:
        pass  # it broke off: what has come is shown
    return Page(reply.status, names.get("content-type", ""), bytes(body[:LARGEST]), names.get("location", ""))


def _clean(path: str) -> str:
    """A path as a request may have it: what HTTP does not allow there is written in per cent.

    >>> _clean("a b"), _clean("/x?y=1#z")
    ('/a%20b', '/x?y=1')
    """
    from urllib.parse import quote

    return quote("/" + path.partition("#")[0].lstrip("/"), safe="/?&=%:@!$'()*+,;~-._")
