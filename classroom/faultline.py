"""`glassdock fault`: break something on purpose, and see what Docker says.

glassdock fault                         what can be broken, and what is
glassdock fault hub.down=true           change one or more; a value as in JSON, or words with commas between
glassdock fault network.cut=web:db
glassdock fault --oom web               the OOM killer takes the container's biggest process
glassdock fault --heal                  all is as it should be
"""

from __future__ import annotations

import json
import sys
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from classroom.commands import parser
from engine.addresses import default_address
from engine.client.connection import Api, ApiError, CannotConnect, SocketConnection


def main(argv: Sequence[str], api: Api | None = None) -> int:
    """`api`: of an engine in this process, else the daemon at -H is asked.

    1: the daemon cannot be asked, or refuses; 2: words that are not understood.
    """
    words = parser("fault", __doc__)
    words.add_argument("-H", dest="host", metavar="ADDRESS", default=default_address("sim"), help="of the daemon")
    words.add_argument("--heal", action="store_true", help="all is as it should be")
    words.add_argument("--oom", metavar="CONTAINER", help="the OOM killer takes its biggest process")
    words.add_argument("changes", nargs="*", metavar="NAME=VALUE")
    options = words.parse_args(argv)
    changes = dict(word.partition("=")[::2] for word in options.changes)
    if not all("=" in word for word in options.changes):
        words.error("a change is NAME=VALUE")
    try:
        api = api or Api(SocketConnection(options.host))
        if options.oom:
            api.call("POST", f"/glassdock/containers/{options.oom}/oom")
        if options.heal:
            api.post("/glassdock/faults", body={})
        if changes:
            api.post("/glassdock/faults", body={name: value(text) for name, text in changes.items()})
        if changes or not (options.oom or options.heal):
            show(api.get("/glassdock/faults"), changes)
    except (CannotConnect, ApiError) as error:
        print(f"glassdock: {error}", file=sys.stderr)
        return 1
    return 0


def value(text: str) -> Any:
    """
    >>> value("true"), value("0"), value("web:db,web:cache")
    (True, 0, ['web:db', 'web:cache'])
    """
    try:
        return json.loads(text)
    except ValueError:
        return [word for word in text.split(",") if word]


def show(faults: Mapping[str, Any], only: Collection[str] = ()) -> None:
    """A line for each; if some were changed, for those."""
    for name, present in faults.items():
        if not only or name in only:
            print(f"{name:<20} {json.dumps(present)}")
