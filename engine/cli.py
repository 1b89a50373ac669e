"""`glassdock`: serve a daemon, or be its client. Words in, exit code out; what the words mean is elsewhere.

    glassdock serve sim [-H unix:///path | -H tcp://host:port …] [--data-root DIR] [--seed N] [--clock wall|stepped] …
    glassdock hub [--port 5000] [--data DIR] [--empty] [--auth USER:PASSWORD …]     a registry for any client
    glassdock serve real [-H …] [--data-root DIR]       the same on this machine's Linux kernel
    glassdock check         what the kernel offers to `serve real`
    glassdock images import-host                        a busybox image from this machine's own
    glassdock images build [--check]                    the hub's content from the folder images/
    glassdock docker …      our own docker command
    glassdock shell         a prompt where `docker` reaches a simulated daemon
    glassdock playground    a terminal beside glass walls, in the browser
    glassdock demo          a guided tour
    glassdock trace         what a daemon did, hop by hop; save the session
    glassdock replay FILE   live through a saved session again
    glassdock fault         break something on purpose
    glassdock exercises     graded exercises as a course for nbgrader
    glassdock grade DIR     marks for what was handed in, by what its commands did
    glassdock mark DIR …    points and comments by hand
    glassdock compare       a container, a microVM, a virtual machine: the model's figures and their sources
    glassdock fleet         what containers buy with a hundred servers
    glassdock lab           the lessons, in JupyterLab
    glassdock notebooks     each lesson's two files, and its languages, held in step
    glassdock site          the lessons, run, and the reference as a folder of pages

Only what a command needs is imported: `glassdock docker ps` must not wait for a web server.
"""

from __future__ import annotations

import argparse
import io
import sys
from collections.abc import Callable, Sequence
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ssl

# command -> module:function that takes the rest of the words
ELSEWHERE = {
    "docker": "engine.client.command:main",
    "shell": "engine.client.shell:main",
    "playground": "classroom.playground.command:main",
    "demo": "classroom.demo:main",
    "trace": "classroom.travel:trace",
    "replay": "classroom.travel:replay",
    "fault": "classroom.faultline:main",
    "exercises": "classroom.exercises.course:main",
    "grade": "classroom.grading.command:main",
    "mark": "classroom.grading.marking:main",
    "compare": "classroom.compare:main",
    "fleet": "classroom.fleetline:main",
    "lab": "classroom.workbook.lab:main",
    "notebooks": "classroom.workbook.pairs:main",
    "site": "classroom.site.command:main",
    "check": "real.probe:main",
    "images": "real.busybox:main",
    "images build": "sim.hub.shelf:main",
    "hub": "sim.hub.server:main",
}
OTHERS = {
    "docker": "the docker command",
    "hub": "a registry over HTTP, for any client",
    "shell": "a prompt with docker",
    "playground": "a terminal beside glass walls, in the browser",
    "demo": "a guided tour",
    "check": "what this machine's kernel offers to `serve real`",
    "images": "import-host: an image from this machine's own programs; build: the hub's content from images/",
    "trace": "what a daemon did, hop by hop; save the session",
    "replay": "live through a saved session again",
    "fault": "break something on purpose",
    "exercises": "graded exercises as a course for nbgrader: list, build, release",
    "grade": "marks, tables and feedback for a folder of submissions",
    "mark": "points and comments by hand, for what a machine cannot mark",
    "compare": "container, microVM and virtual machine side by side",
    "fleet": "a hundred servers: density, failure, rolling change",
    "lab": "the lessons, in JupyterLab",
    "notebooks": "sync, check or take: a lesson's text and its notebook in step",
    "site": "the lessons, run, and the reference as a folder of pages: build, serve",
}

CERTIFICATES = Path.home() / ".docker"
FILES = {"tlscacert": "ca.pem", "tlscert": "cert.pem", "tlskey": "key.pem"}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command line; the exit code is 2 for words that are not understood."""
    if argv is None:
        _print_anything()
    words = list(sys.argv[1:] if argv is None else argv)
    known = next((count for count in (2, 1) if " ".join(words[:count]) in ELSEWHERE), 0)
    if known:
        module, _, name = ELSEWHERE[" ".join(words[:known])].partition(":")
        try:
            command: Callable[[Sequence[str]], int] = getattr(import_module(module), name)
        except ModuleNotFoundError as error:
            print(f"glassdock: the package {error.name} is not here: `python3 start.py {words[0]}` installs it",
                  file=sys.stderr)  # fmt: skip
            return 2
        except ImportError as error:  # the real host's, where there is no Linux
            print(f"glassdock: {error}", file=sys.stderr)
            return 2
        return command(words[known:])
    options = parser().parse_args(words)
    if options.command is None:
        parser().print_help()
        return 2
    return serve(options)


def _print_anything() -> None:
    """A letter that the encoding of standard output lacks (a pipe or a file on Windows) becomes a question mark."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")


def parser() -> argparse.ArgumentParser:
    whole = argparse.ArgumentParser(prog="glassdock", description="Docker with glass walls.")
    commands = whole.add_subparsers(dest="command", metavar="COMMAND")
    serving = commands.add_parser("serve", help="start a daemon", description="Start a daemon and say how to reach it.")
    serving.add_argument("host", choices=["sim", "real"], help="what its containers run on")
    add = serving.add_argument
    add(
        "-H", dest="listen", metavar="ADDRESS", action="append", help="unix:///path or tcp://host:port; may be repeated"
    )
    add("--data-root", metavar="DIR", type=Path, help="keep images and containers there (default: in memory)")
    add("--live-restore", action="store_true", help="real: containers go on without the daemon, and are found again")
    add("--seed", metavar="N", type=int, help="the same seed and commands give the same ids and names")
    add(
        "--profile",
        choices=["linux", "wsl2", "hyperv", "macos"],
        default="linux",
        help="what machine is simulated: a Linux server, or the virtual machine of Docker Desktop",
    )
    add("--clock", choices=["wall", "stepped"], default="wall", help="stepped: time passes only while a command waits")
    add("--speed", metavar="X", type=speed, default=1.0, help="simulated seconds in a second of the wall clock")
    add(
        "--allow-bind",
        metavar="DIR[:rw]",
        action="append",
        default=None,
        help="a folder that `docker run -v` may reach, read-only unless :rw; may be repeated; `none` for none at all "
        "(default: the current folder, read-only)",
    )
    add("--hub", choices=["sim", "docker.io"], default="sim", help="docker.io: the real one, and the real Internet")
    add("--internet", action="store_true", help="registries of other names than docker.io are the real ones")
    add("--tls", action="store_true", help="TLS on tcp:// addresses")
    add("--tlsverify", action="store_true", help="TLS, and only clients with a certificate of the CA may come in")
    for name in ("tlscacert", "tlscert", "tlskey"):
        file = FILES[name]
        add(f"--{name}", metavar="FILE", type=Path, default=CERTIFICATES / file, help=f"default: ~/.docker/{file}")
    for name, text in OTHERS.items():
        commands.add_parser(name, help=text, add_help=False)
    return whole


def tls_context(options: argparse.Namespace) -> ssl.SSLContext | None:
    """As dockerd's flags say. Raises TlsError."""
    if not (options.tls or options.tlsverify):
        return None
    from engine.api.tls import server_context

    return server_context(options.tlscert, options.tlskey, options.tlscacert if options.tlsverify else None)


def speed(text: str) -> float:
    value = float(text)
    if not 0 < value < 1e6:
        raise ValueError
    return value


def serve(options: argparse.Namespace) -> int:
    """Until SIGINT or SIGTERM. 1: cannot listen or begin; 2: no such host."""
    if options.host == "real":
        return serve_real(options)
    from engine.serve import run

    make = import_module(f"{options.host}.make").make_engine
    try:
        shares = import_module("sim.shares").chosen(options.allow_bind)
    except ValueError as error:
        print(f"glassdock: --allow-bind {error}", file=sys.stderr)
        return 2
    try:
        tls = tls_context(options)
    except ValueError as error:
        print(f"glassdock: {error}", file=sys.stderr)
        return 1
    return run(
        options.host,
        lambda: make(
            seed=options.seed,
            clock=options.clock,
            speed=options.speed,
            data_root=options.data_root,
            profile=options.profile,
            shares=shares,
            hub=options.hub,
            internet=options.internet,
            record=True,
        ),
        options.listen or (),
        [str(share) for share in shares],
        tls,
    )


def serve_real(options: argparse.Namespace) -> int:
    """As `serve`, on this machine's kernel."""
    try:
        make = import_module("real.make").make_engine
    except ImportError as error:
        print(f"glassdock: {error}", file=sys.stderr)
        return 2
    from engine.serve import run

    engine = partial(make, seed=options.seed, data_root=options.data_root, live_restore=options.live_restore)
    return run("real", engine, options.listen or ())


if __name__ == "__main__":
    sys.exit(main())
