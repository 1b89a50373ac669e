"""Pictures that follow along: drawn anew after each cell of the notebook, or stepped through.

What is shown is always one of the still pictures (classroom/views), so a saved notebook, a print and a screen reader
have the same. ipywidgets only; without a notebook there is nothing to follow.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import ipywidgets

from classroom.drawing import Picture
from classroom.texts import language, tell

if TYPE_CHECKING:
    from classroom.lab import Lab

LONGEST = 70  # letters of a command in the list

def follow(draw: Callable[[], Picture]) -> ipywidgets.HTML:
    """A picture that is drawn again after each cell, for as long as the notebook lives."""
    shown = ipywidgets.HTML(value=_drawn(draw()))

    def again(*_: object) -> None:
        value = _drawn(draw())
        if value != shown.value:
            shown.value = value

    after_each_cell(again)
    return shown


def after_each_cell(act: Callable[..., None]) -> None:
    """For as long as the notebook lives."""
    from IPython.core.getipython import get_ipython

    if (notebook := get_ipython()) is not None:
        notebook.events.register("post_run_cell", act)


def stepper(lab: Lab) -> ipywidgets.VBox:
    """The session's timeline with a list of its commands and two buttons: what was there after each of them.

    A list and not a slider: it says which command is chosen, and ipywidgets' slider has no name for a screen reader.
    """
    lines = ipywidgets.Dropdown(options=_lines(lab), description=tell("after"), layout={"width": "36em"})
    lines.value = len(lines.options)
    back, on = (ipywidgets.Button(description=tell(word), layout={"width": "auto"}) for word in ("one back", "one on"))
    picture = ipywidgets.HTML(value=_drawn(lab.view.timeline(lines.value)))

    def draw(change: dict[str, Any]) -> None:
        picture.value = _drawn(lab.view.timeline(change["new"]))

    def longer(*_: object) -> None:
        if len(lines.options) < len(lab.moments):
            chosen = lines.value
            lines.options = _lines(lab)
            lines.value = chosen

    def move(by: int) -> None:
        lines.value = max(1, min(lines.value + by, len(lines.options)))

    lines.observe(draw, names="value")
    after_each_cell(longer)
    back.on_click(lambda _: move(-1))
    on.on_click(lambda _: move(1))
    return ipywidgets.VBox([ipywidgets.HBox([back, lines, on]), picture])


def _lines(lab: Lab) -> list[tuple[str, int]]:
    """(what the list shows, number of the command) of every command so far."""
    found = [(f"{number}  $ {moment.line}"[:LONGEST], number) for number, moment in enumerate(lab.moments, 1)]
    return found or [(tell("nothing typed"), 1)]


def _drawn(picture: Picture) -> str:
    """In the page itself: it has JupyterLab's theme, its name, and its words as a description."""
    return f'<div lang="{language()}">{picture.svg}</div>'
