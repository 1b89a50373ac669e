"""Which handler answers a request: a table of routes, looked up segment by segment.

Patterns are paths with variables: `{id}` matches one segment, `{name:path}` one or more (names of images have slashes,
and those of links: "web/db").
A word beats a variable: "/images/json" is the list and not an image called "json". Paths may begin with an API version
("/v1.43/info"). This module knows nothing about HTTP beyond method and path; statuses are the application's.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.api.messages import Request, Response

if TYPE_CHECKING:
    from engine.daemon.engine import Engine

Handler = Callable[["Engine", Request], Awaitable[Response]]

VERSION = re.compile(r"/v([0-9.]+)(?=/)")  # moby, api/server: versionMatcher
VARIABLE = re.compile(r"\{(\w+)(:path)?\}")
ANY = "/"  # in the tree: a segment that is a variable; no segment of a path is spelled so


@dataclass(frozen=True, slots=True)
class Route:
    """`upload`: the handler reads `Request.stream` itself (a tar of any size); else it gets the whole `body`."""

    method: str
    pattern: str
    handler: Handler
    upload: bool = False


@dataclass(frozen=True, slots=True)
class Match:
    route: Route
    vars: dict[str, str]


class Node:
    """One place in the tree of segments: the next segments, and the routes that end here, by method."""

    __slots__ = ("next", "routes")

    def __init__(self) -> None:
        self.next: dict[str, Node] = {}
        self.routes: dict[str, tuple[Route, tuple[str, ...]]] = {}


class Router:
    """All routes. `match` costs one dictionary look-up for each segment; only names with slashes need an expression."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._tree = Node()
        self._expressions: dict[str, list[tuple[re.Pattern[str], Route]]] = {}  # by method
        for route in routes:
            if ":path}" in route.pattern:
                self._expressions.setdefault(route.method, []).append((compile_pattern(route.pattern), route))
            self._add(route)

    def _add(self, route: Route) -> None:
        node, names = self._tree, []
        for segment in route.pattern.split("/")[1:]:
            if variable := VARIABLE.fullmatch(segment):
                names.append(variable[1])
                segment = ANY
            node = node.next.setdefault(segment, Node())
        if route.method in node.routes:
            raise ValueError(f"two routes for {route.method} {route.pattern}")
        node.routes[route.method] = (route, tuple(names))

    def match(self, method: str, path: str) -> Match | None:
        """The route for a path without version, and its variables; None if there is none."""
        node, values = self._tree, []
        for segment in path.split("/")[1:]:
            if (after := node.next.get(segment)) is None:
                if (after := node.next.get(ANY)) is None or not segment:
                    break
                values.append(segment)
            node = after
        else:
            if found := node.routes.get(method):
                return Match(found[0], dict(zip(found[1], values, strict=True)))
        for expression, route in self._expressions.get(method, ()):
            if matched := expression.fullmatch(path):
                return Match(route, matched.groupdict())
        return None


def compile_pattern(pattern: str) -> re.Pattern[str]:
    """
    >>> compile_pattern("/images/{name:path}/json").pattern
    '/images/(?P<name>.+)/json'
    """
    parts, end = [], 0
    for variable in VARIABLE.finditer(pattern):
        parts.append(re.escape(pattern[end : variable.start()]))
        parts.append(f"(?P<{variable[1]}>{'.+' if variable[2] else '[^/]+'})")
        end = variable.end()
    return re.compile("".join(parts) + re.escape(pattern[end:]), re.DOTALL)


def split_version(path: str) -> tuple[str, str]:
    """
    >>> split_version("/v1.43/containers/json")
    ('1.43', '/containers/json')
    >>> split_version("/_ping")
    ('', '/_ping')
    """
    matched = VERSION.match(path)
    return (matched[1], path[matched.end() :]) if matched else ("", path)
