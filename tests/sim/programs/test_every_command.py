"""No command of the machine breaks, whatever it is given."""

from __future__ import annotations

from importlib import import_module

import pytest

from machine import machine, run
from sim.programs import registry

LIVE = ("top", "watch", "yes", "init")  # go on until they are interrupted
WORDS: tuple[tuple[str, ...], ...] = (
    (),
    ("--help",),
    ("--zz",),
    ("-Z",),
    ("nosuch",),
    ("/etc/passwd", "/tmp"),
    ("", "x"),
)
PLAIN = [
    name
    for name, row in sorted(registry.APPLETS.items())
    if row.count(".") == 2 and name not in LIVE and row.startswith("sim.programs.")
]


@pytest.mark.parametrize("name", PLAIN)
def test_wrong_words_end_in_a_message_and_not_in_a_crash(name: str) -> None:
    kernel = machine()
    crashes: list[BaseException] = []
    kernel.loop.on_unhandled = lambda task, error: crashes.append(error)
    for words in WORDS:
        run(kernel, [name, *words], limit=1000)
    assert not crashes


def test_every_row_of_the_registry_names_a_program() -> None:
    for row in registry.PROGRAMS.values():
        module, _, function = row.partition(":")
        assert callable(getattr(import_module(module), function)), row
