"""HTTP/1.1 messages, from bytes: the grammar is h11's. What is written, http.js puts together itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import h11

from sim.programs.node.bindings.buffer import buffer
from sim.programs.node.values import JSObject

if TYPE_CHECKING:
    from sim.programs.node.realm import Realm


class Parser:
    """One side of a connection."""

    def __init__(self, realm: Realm, server: bool) -> None:
        self._realm, self._server = realm, server
        self._http = h11.Connection(h11.SERVER if server else h11.CLIENT)

    def asked(self, method: str, target: str) -> None:
        """What the client has sent: it decides how long the answer is."""
        self._http.send(h11.Request(method=method, target=target, headers=[("Host", "x")]))
        self._http.send(h11.EndOfMessage())

    def feed(self, data: bytes) -> list[Any]:
        """Events: ["head", …], ["body", data], ["end"], ["error", status]."""
        self._http.receive_data(data)
        found: list[Any] = []
        while True:
            try:
                event = self._http.next_event()
            except h11.RemoteProtocolError as error:
                return [*found, self._realm.array(["error", float(error.error_status_hint)])]
            if isinstance(event, h11.Request | h11.Response | h11.InformationalResponse):
                if not isinstance(event, h11.InformationalResponse):
                    found.append(self._head(event))
            elif isinstance(event, h11.Data):
                found.append(self._realm.array(["body", buffer(self._realm, bytes(event.data))]))
            elif isinstance(event, h11.EndOfMessage):
                found.append(self._realm.array(["end"]))
                if self._server:
                    self._turn()
                    continue
                return found
            else:
                return found

    def _turn(self) -> None:
        """Be ready for the next request: what the answer is, h11 need not know."""
        rest = self._http.trailing_data[0]
        self._http = h11.Connection(h11.SERVER)
        if rest:
            self._http.receive_data(rest)

    def _head(self, event: Any) -> JSObject:
        first: list[Any]
        headers = [self._realm.array([name.decode("latin-1"), value.decode("latin-1")])
                   for name, value in event.headers.raw_items()]  # fmt: skip
        version = event.http_version.decode()
        if isinstance(event, h11.Request):
            first = [event.method.decode(), event.target.decode("latin-1")]
        else:
            first = [float(event.status_code), bytes(event.reason).decode("latin-1")]
        return self._realm.array(["head", *first, version, self._realm.array(headers)])


def parser(realm: Realm, this: Any, server: Any) -> JSObject:
    """{ feed(buffer), asked(method, target) }"""
    held = Parser(realm, bool(server))
    made = realm.object()
    realm.methods(made, {
        "feed": lambda realm, this, data=None: realm.array(held.feed(bytes(data.data) if data is not None else b"")),
        "asked": lambda realm, this, method, target: held.asked(method, target),
    })  # fmt: skip
    return made
