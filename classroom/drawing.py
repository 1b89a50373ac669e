"""Pictures as SVG: a few shapes, one palette, text that is measured, and words for who cannot see it.

Only what the views need. Nothing here knows what a container is. The palette is Okabe and Ito's, which the colour-blind
can tell apart ("Color Universal Design", 2008), darker where it is text: each colour can be read on each soft one (WCAG
2.2, 1.4.3). It has a light and a dark form, chosen by the reader's own setting; if the reader's system forces its own
colours on all pages, those.
"""

from __future__ import annotations

import re
import unicodedata
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape

from classroom.texts import language, tell

FONT = "ui-sans-serif, 'Noto Sans', 'Noto Sans KR', 'Malgun Gothic', 'Apple SD Gothic Neo', sans-serif"
FITTING = ' style="max-width:100%;height:auto"'
VIEW_BOX = re.compile(r'viewBox="0 0 ([\d.e+]+) ([\d.e+]+)"')
MONO = "ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, 'D2Coding', monospace"
TEXT = 14  # pixels

# name: (light, dark)
COLOURS = {
    "paper": ("#ffffff", "#1b1f24"),
    "ink": ("#1b1f24", "#e8eaed"),
    "faint": ("#59626b", "#a5aeb8"),
    "line": ("#c9d1d9", "#444c56"),
    "blue": ("#006aa8", "#56b4e9"),
    "orange": ("#b34a00", "#e69f00"),
    "green": ("#007a5a", "#2cc295"),
    "purple": ("#a3397d", "#cc79a7"),
    "blue-soft": ("#dceef9", "#0f3a52"),
    "orange-soft": ("#fde3cf", "#55350a"),
    "green-soft": ("#d3efe6", "#0c4436"),
    "grey-soft": ("#eef1f4", "#2a3038"),
}

GROUNDS = {"paper", *(name for name in COLOURS if name.endswith("-soft"))}  # what text may stand on


def _style() -> str:
    """The palette as CSS. The reader's own setting chooses; JupyterLab's theme does, where it says which it is.

    Forced colours (CSS Color Adjustment, 3) reach the text of a picture but not its boxes: the palette follows.
    """
    light, dark = ("".join(f"--{name}:{pair[scheme]};" for name, pair in COLOURS.items()) for scheme in (0, 1))
    themes = f"[data-jp-theme-light=true] svg{{{light}}}[data-jp-theme-light=false] svg{{{dark}}}"
    forced = "".join(f"--{name}:{'Canvas' if name in GROUNDS else 'CanvasText'};" for name in COLOURS)
    return (
        f"svg{{{light}}}@media(prefers-color-scheme:dark){{svg{{{dark}}}}}{themes}"
        f"@media(forced-colors:active){{svg,[data-jp-theme-light] svg{{{forced}}}}}"
    )


STYLE = _style()


@dataclass(frozen=True, slots=True)
class Picture:
    """A still picture: `svg`, its name, and the same in words: `text`. Terminals show the words."""

    svg: str
    text: str
    title: str

    def __str__(self) -> str:
        return self.text

    @property
    def size(self) -> tuple[float, float]:
        """Width and height, pixels."""
        found = VIEW_BOX.search(self.svg)
        return (float(found[1]), float(found[2])) if found else (0, 0)

    def html(self) -> str:
        """For notebooks: the picture under its name, and below it its words, to be opened by mouse or keyboard.

        JupyterLab shows an SVG as an image without a name; an image in HTML has one, and is shown in a notebook that is
        not trusted yet as well.
        """
        data = b64encode(self.svg.encode()).decode()
        return (
            f'<figure lang="{language()}" style="margin:0">'
            f'<img alt="{escape(self.title)}" src="data:image/svg+xml;base64,{data}" style="max-width:100%">'
            f"<figcaption><details><summary>{tell('in words')}</summary>"
            f'<pre style="white-space:pre-wrap">{escape(self.text)}</pre></details></figcaption></figure>'
        )

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        return {"text/html": self.html(), "image/svg+xml": self.svg, "text/plain": self.text}


@dataclass(slots=True)
class Canvas:
    """Shapes in the order of drawing. Units: pixels, the origin at the top left."""

    title: str
    width: float = 0
    height: float = 0
    shapes: list[str] = field(default_factory=list)

    def box(
        self, x: float, y: float, width: float, height: float, *, fill: str = "paper", edge: str = "line",
        dashed: bool = False, radius: float = 6, heavy: bool = False,
    ) -> None:  # fmt: skip
        dash = ' stroke-dasharray="5 4"' if dashed else ""
        self.shapes.append(
            f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="{radius:g}" fill="var(--{fill})" '
            f'stroke="var(--{edge})" stroke-width="{2.5 if heavy else 1.2}"{dash}/>'
        )
        self._reach(x + width, y + height)

    def text(
        self, x: float, y: float, text: str, *, colour: str = "ink", size: float = TEXT, anchor: str = "start",
        mono: bool = False, bold: bool = False, within: float = 0,
    ) -> None:  # fmt: skip
        """`y` is the base line. `within`: cut to so many pixels, with an ellipsis; pointing at it shows the whole."""
        shown = shorten(text, within, size, mono, bold) if within else text
        hint = f"<title>{escape(text)}</title>" if shown != text else ""
        family = f' font-family="{MONO}"' if mono else ""
        weight = ' font-weight="600"' if bold else ""
        self.shapes.append(
            f'<text x="{x:g}" y="{y:g}" fill="var(--{colour})" font-size="{size:g}" text-anchor="{anchor}"{family}'
            f'{weight} xml:space="preserve">{escape(shown)}{hint}</text>'
        )
        length = measure(shown, size, mono, bold)
        self._reach(x + length * {"start": 1, "middle": 0.5, "end": 0}[anchor], y + size / 3)

    def line(self, points: Sequence[tuple[float, float]], *, colour: str = "line", arrow: bool = False,
             dashed: bool = False, heavy: bool = False) -> None:  # fmt: skip
        path = " ".join(f"{x:g},{y:g}" for x, y in points)
        dash = ' stroke-dasharray="4 4"' if dashed else ""
        head = f' marker-end="url(#arrow-{colour})"' if arrow else ""
        self.shapes.append(
            f'<polyline points="{path}" fill="none" stroke="var(--{colour})" stroke-width="{2.5 if heavy else 1.5}"'
            f"{dash}{head}/>"
        )
        for x, y in points:
            self._reach(x, y)

    def dot(self, x: float, y: float, *, colour: str = "blue", radius: float = 4) -> None:
        self.shapes.append(f'<circle cx="{x:g}" cy="{y:g}" r="{radius:g}" fill="var(--{colour})"/>')
        self._reach(x + radius, y + radius)

    def embed(self, x: float, y: float, picture: Picture) -> None:
        """A whole picture in this one."""
        self.shapes.append(picture.svg.replace("<svg ", f'<svg x="{x:g}" y="{y:g}" ', 1).replace(FITTING, "", 1))
        width, height = picture.size
        self._reach(x + width, y + height)

    def picture(self, text: str) -> Picture:
        """All of it, with a margin, and `text` as what a screen reader says."""
        width, height = self.width + 16, self.height + 16
        heads = "".join(
            f'<marker id="arrow-{name}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" '
            f'orient="auto-start-reverse"><path d="M0,0 L8,4 L0,8 z" fill="var(--{name})"/></marker>'
            for name in ("line", "ink", "faint", "blue", "orange", "green", "purple")
        )
        svg = (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" width="{width:g}" '
            f'height="{height:g}" role="img" font-family="{FONT}"{FITTING}>'
            f"<title>{escape(self.title)}</title><desc>{escape(text)}</desc><style>{STYLE}</style><defs>{heads}</defs>"
            f'<rect width="100%" height="100%" rx="8" fill="var(--paper)"/>{"".join(self.shapes)}</svg>'
        )
        return Picture(svg, text, self.title)

    def _reach(self, x: float, y: float) -> None:
        self.width, self.height = max(self.width, x), max(self.height, y)


def measure(text: str, size: float = TEXT, mono: bool = False, bold: bool = False) -> float:
    """About how wide a text is, pixels; Hangul and other wide letters count twice.

    >>> measure("한"), measure("n", mono=True)
    (14.0, 8.4)
    """
    em = 0.6 if mono else 0.58
    heavier = 1.08 if bold else 1.0
    return heavier * sum(1.0 if unicodedata.east_asian_width(letter) in "WF" else em for letter in text) * size


def shorten(text: str, within: float, size: float = TEXT, mono: bool = False, bold: bool = False) -> str:
    """Cut to `within` pixels, with an ellipsis for what is gone."""
    if measure(text, size, mono, bold) <= within:
        return text
    while text and measure(text + "…", size, mono, bold) > within:
        text = text[:-1]
    return text.rstrip() + "…"
