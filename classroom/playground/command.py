"""`glassdock playground`: a terminal beside glass walls, in the browser of this computer."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import sys
import webbrowser
from collections.abc import Sequence

from classroom.playground.protocol import LANGUAGES
from classroom.playground.server import Playground, serve


def main(argv: Sequence[str]) -> int:
    """Until Ctrl-C. 1: the port is taken."""
    parser = argparse.ArgumentParser(prog="glassdock playground", description=__doc__.partition(": ")[2])
    parser.add_argument("--port", type=int, default=8899, metavar="N", help="on 127.0.0.1 (default: 8899; 0: any)")
    parser.add_argument("--lang", choices=LANGUAGES, default="", help="default: the browser's")
    parser.add_argument("--open", action="store_true", help="open it in the browser")
    options = parser.parse_args(argv)

    def ready(playground: Playground) -> None:
        print(f"The playground is open: {playground.address}\nCtrl-C closes it.", flush=True)
        if options.open:
            webbrowser.open(playground.address)

    try:
        with contextlib.suppress(KeyboardInterrupt):
            asyncio.run(serve(Playground(options.port, options.lang), ready))
    except OSError as error:
        print(f"glassdock: cannot listen on 127.0.0.1:{options.port}: {error.strerror}", file=sys.stderr)
        return 1
    return 0
