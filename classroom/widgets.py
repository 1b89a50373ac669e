"""Pictures that follow along: drawn anew after each cell of the notebook, or stepped through with a slider.

What is shown is always one of the still pictures (classroom/views), so a saved notebook, a print and a screen reader
have the same. ipywidgets only; without a notebook there is nothing to follow.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import ipywidgets

from classroom.drawing import Picture
from classroom.texts import tell

if TYPE_CHECKING:
    from classroom.lab import Lab


def follow(draw: Callable[[], Picture]) -> ipywidgets.HTML:
    """A picture that is drawn again after each cell, for as long as the notebook lives."""
    shown = ipywidgets.HTML(value=draw().svg)

    def again(*_: object) -> None:
        svg = draw().svg
        if svg != shown.value:
            shown.value = svg

    after_each_cell(again)
    return shown


def after_each_cell(act: Callable[..., None]) -> None:
    """For as long as the notebook lives."""
    from IPython.core.getipython import get_ipython

    if (notebook := get_ipython()) is not None:
        notebook.events.register("post_run_cell", act)


def stepper(lab: Lab) -> ipywidgets.VBox:
    """The session's timeline with a slider and two buttons: what was there after each command."""
    last = max(1, len(lab.moments))
    slider = ipywidgets.IntSlider(value=last, min=1, max=last, description=tell("command"), continuous_update=True)
    back, on = (ipywidgets.Button(description=sign, tooltip=tell(word), layout={"width": "3em"})
                for sign, word in (("◀", "one back"), ("▶", "one on")))  # fmt: skip
    picture = ipywidgets.HTML(value=lab.view.timeline(last).svg)

    def draw(change: dict[str, Any]) -> None:
        picture.value = lab.view.timeline(change["new"]).svg

    def longer(*_: object) -> None:
        slider.max = max(1, len(lab.moments))

    slider.observe(draw, names="value")
    after_each_cell(longer)
    back.on_click(lambda _: setattr(slider, "value", max(slider.min, slider.value - 1)))
    on.on_click(lambda _: setattr(slider, "value", min(slider.max, slider.value + 1)))
    return ipywidgets.VBox([ipywidgets.HBox([back, slider, on]), picture])
