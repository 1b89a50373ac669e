"""The two-way talk of attach, run and exec: keys in, output out, until the process ends or detach keys are typed."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from engine.api.streams import Unframer
from engine.client.connection import CannotConnect, Stream
from engine.client.console import STDERR, STDOUT, Console
from engine.detach import DEFAULT, Detector, key_bytes

PROXIED = ("SIGHUP", "SIGINT", "SIGQUIT", "SIGTERM", "SIGUSR1", "SIGUSR2")


def split_frames(chunks: Iterator[bytes]) -> Iterator[tuple[int, bytes]]:
    """(stream, data) of Docker's multiplexed stream. Raises CannotConnect for what is no such stream."""
    unframer = Unframer()
    try:
        for chunk in chunks:
            yield from unframer.feed(chunk)
    except ValueError as error:
        raise CannotConnect(str(error)) from None


def received(stream: Stream) -> Iterator[bytes]:
    with suppress(ConnectionError):
        while data := stream.recv():
            yield data


def talk(console: Console, stream: Stream, tty: bool, interactive: bool, keys: str = DEFAULT) -> bool:
    """Run the session; True if it was left by the detach keys."""
    detector = Detector(key_bytes(keys) if tty or console.stdin_tty else b"")
    left = threading.Event()
    raw = tty and interactive
    with _raw(console, raw):
        if not interactive:
            stream.half_close()
        elif stream.patient:
            threading.Thread(target=_pump, args=(console, stream, detector, left), daemon=True).start()
        else:
            _pump(console, stream, detector, left)
        try:
            show(console, received(stream), tty)
        finally:
            stream.close()
    return left.is_set()


def show(console: Console, chunks: Iterator[bytes], tty: bool) -> None:
    """Write a container's output where it belongs."""
    if tty:
        for chunk in chunks:
            console.write(STDOUT, chunk)
    else:
        for which, data in split_frames(chunks):
            console.write(STDERR if which == 2 else STDOUT, data)


def _pump(console: Console, stream: Stream, detector: Detector, left: threading.Event) -> None:
    with suppress(OSError):
        while data := console.read():
            passed, detach = detector.feed(data)
            if passed:
                stream.send(passed)
            if detach:
                left.set()
                stream.hang_up()
                return
        stream.half_close()


@contextmanager
def _raw(console: Console, wanted: bool) -> Iterator[None]:
    if wanted:
        with console.raw():
            yield
    else:
        yield


@contextmanager
def forwarded(kill: Callable[[str], Any], wanted: bool) -> Iterator[None]:
    """While inside, signals sent to this command go to the container (`--sig-proxy`)."""
    if not wanted or threading.current_thread() is not threading.main_thread():
        yield
        return
    numbers = [getattr(signal, name) for name in PROXIED if hasattr(signal, name)]
    saved = {
        number: signal.signal(number, lambda n, _: kill(signal.Signals(n).name.removeprefix("SIG")))
        for number in numbers
    }
    try:
        yield
    finally:
        for number, handler in saved.items():
            signal.signal(number, handler)


@contextmanager
def resized(console: Console, resize: Callable[[int, int], Any], wanted: bool) -> Iterator[None]:
    """Tell the container's terminal our size, now and when it changes."""
    if not wanted or not console.stdout_tty:
        yield
        return

    def tell(*_: object) -> None:
        resize(*console.size())

    tell()
    if sys.platform == "win32" or threading.current_thread() is not threading.main_thread():
        yield
        return
    saved = signal.signal(signal.SIGWINCH, tell)
    try:
        yield
    finally:
        signal.signal(signal.SIGWINCH, saved)
