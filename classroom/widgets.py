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
    """The session's timeline with a number and two buttons: what was there after each command.

    A number field and not a slider or a list: the slider's handle has no name for a screen reader, and on a list
    JupyterLab takes the arrow keys for itself.
    """
    last = max(1, len(lab.moments))
    number = ipywidgets.BoundedIntText(value=last, min=1, max=last, description=tell("command"),
                                       continuous_update=True, layout={"width": "11em"})  # fmt: skip
    back, on = (ipywidgets.Button(description=tell(word), layout={"width": "auto"}) for word in ("one back", "one on"))
    picture = ipywidgets.HTML(value=_drawn(lab.view.timeline(last)))

    def draw(change: dict[str, Any]) -> None:
        picture.value = _drawn(lab.view.timeline(change["new"]))

    def longer(*_: object) -> None:
        number.max = max(1, len(lab.moments))

    number.observe(draw, names="value")
    after_each_cell(longer)
    back.on_click(lambda _: setattr(number, "value", max(number.min, number.value - 1)))
    on.on_click(lambda _: setattr(number, "value", min(number.max, number.value + 1)))
    return ipywidgets.VBox([ipywidgets.HBox([back, number, on]), picture])


def _drawn(picture: Picture) -> str:
    """In the page itself: it has JupyterLab's theme, its name, and its words as a description."""
    return f'<div lang="{language()}">{picture.svg}</div>'
