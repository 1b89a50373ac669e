"""`docker search`: the old index API (v1) over what the pretended hub has, the shelf's images and what was pushed."""

from __future__ import annotations

from collections.abc import Container
from typing import Any

from engine.api.messages import Request, Response, json_response
from engine.distribution.registry import Storage
from sim.hub.shelf import OFFICIAL, Shelf

PAGE = 25  # rows, if the client does not say


def search(storage: Storage, shelf: Shelf | None, hidden: Container[str], request: Request) -> Response:
    """Repositories whose name or description has the term; first the one of that name, then by stars."""
    asked = request.query.get("n", "")
    wanted, size = request.query.get("q", "").lower(), int(asked) if asked.isdecimal() else PAGE
    wanted = wanted.removeprefix(OFFICIAL)
    known = (_about(name, shelf) for name in storage.repositories() if name not in hidden)
    found = [row for row in known if wanted in row["name"] or wanted in row["description"].lower()]
    found.sort(key=lambda row: (row["name"] != wanted, -row["star_count"]))
    pages = -(-len(found) // size) if size else 0
    answer = {"query": wanted, "num_results": len(found), "num_pages": pages, "page": 1, "page_size": size}
    return json_response({**answer, "results": found[:size]})


def _about(name: str, shelf: Shelf | None) -> dict[str, Any]:
    """A row of the catalogue. What people push has no description and no stars."""
    row = {"name": name, "description": "", "star_count": 0, "is_official": False}
    if shelf is not None and name in shelf.repositories():
        about = shelf.about(name)
        row = {"name": about.name, "description": about.description, "star_count": about.stars,
               "is_official": about.official}  # fmt: skip
    return row | {"is_automated": False, "is_trusted": False}
