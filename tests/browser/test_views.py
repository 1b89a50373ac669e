"""Every picture that the lessons draw can be read: no text is cut, none lies on another, none is tiny or pale.

GLASSDOCK_VIEWS=FOLDER keeps them all, light and dark, to be looked at.
"""

import os
from pathlib import Path

import pytest

from classroom import drawing
from classroom.workbook import pairs
from classroom.workbook.execute import run

pytestmark = pytest.mark.browser
SMALLEST = 12  # pixels of a letter's size
CONTRAST = 4.5

# What is wrong with the texts of each picture in the page.
COMPLAINTS = """(smallest) => [...document.querySelectorAll('body > svg')].map((svg) => {
  const frame = svg.getBoundingClientRect(), found = [];
  const texts = [...svg.querySelectorAll('text')].filter((text) => text.textContent.trim());
  const boxes = texts.map((text) => text.getBoundingClientRect());
  const said = (text) => [...text.childNodes].filter((n) => n.nodeType === 3).map((n) => n.data).join('');
  boxes.forEach((box, i) => {
    if (parseFloat(getComputedStyle(texts[i]).fontSize) < smallest) found.push(`small: ${said(texts[i])}`);
    if (box.left < frame.left || box.right > frame.right || box.top < frame.top || box.bottom > frame.bottom)
      found.push(`cut: ${said(texts[i])}`);
    boxes.slice(i + 1).forEach((other, j) => {
      const wide = Math.min(box.right, other.right) - Math.max(box.left, other.left);
      const high = Math.min(box.bottom, other.bottom) - Math.max(box.top, other.top);
      if (wide > 1 && high > 4) found.push(`on each other: ${said(texts[i])} | ${said(texts[i + 1 + j])}`);
    });
  });
  return found;
})"""

# Texts without enough contrast to what was drawn below them, at both ends and in the middle: WCAG 2.2, 1.4.3.
PALE = """(least) => {
  const rgb = (text) => text.match(/[\\d.]+/g).slice(0, 3).map(Number);
  const light = (colour) => rgb(colour).map((x) => x / 255)
    .map((x) => x <= 0.04045 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4)
    .reduce((sum, x, at) => sum + x * [0.2126, 0.7152, 0.0722][at], 0);
  const contrast = (one, two) => {
    const [dark, bright] = [light(one), light(two)].sort((a, b) => a - b);
    return (bright + 0.05) / (dark + 0.05);
  };
  const found = new Set();
  for (const svg of document.querySelectorAll('svg')) {
    const shapes = [...svg.querySelectorAll('rect, circle, text')].map((shape) => ({
      shape, fill: getComputedStyle(shape).fill, box: shape.getBoundingClientRect(),
      text: shape.localName === 'text'}));
    const grounds = shapes.filter((each) => !each.text && each.fill !== 'none');
    for (const {shape, fill, box} of shapes.filter((each) => each.text && each.shape.textContent.trim())) {
      const y = (box.top + box.bottom) / 2;
      for (const x of [box.left + 1, (box.left + box.right) / 2, box.right - 1]) {
        const ground = grounds.findLast(({shape: other, box: {left, right, top, bottom}}) => left <= x && x <= right
          && top <= y && y <= bottom && other.compareDocumentPosition(shape) & Node.DOCUMENT_POSITION_FOLLOWING);
        const seen = contrast(fill, ground.fill);
        const names = [shape, ground.shape].map((each) => each.getAttribute('fill'));
        if (seen < least) found.add(`${names.join(' on ')}: ${seen.toFixed(2)}`);
      }
    }
  }
  return [...found];
}"""
READERS = ({"color_scheme": "light"}, {"color_scheme": "dark"}, {"color_scheme": "light", "forced_colors": "active"},
           {"color_scheme": "dark", "forced_colors": "active"})  # fmt: skip


def drawn(lesson: Path) -> list[drawing.Picture]:
    """All pictures that a lesson makes when it is run."""
    found: list[drawing.Picture] = []
    draw = drawing.Canvas.picture

    def kept(canvas, text):
        found.append(draw(canvas, text))
        return found[-1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(drawing.Canvas, "picture", kept)
        run(pairs.load(lesson), f"{lesson.parent.name}/{lesson.stem}")
    return list({picture.svg: picture for picture in found}.values())


@pytest.mark.parametrize("language", ["en", "ko"])
def test_every_picture_of_every_lesson_can_be_read(page, language):
    lessons = [path for path in pairs.lessons() if path.parent.name == language]
    complaints = []
    for lesson in lessons:
        pictures = drawn(lesson)
        assert pictures
        page.set_content("<body>" + "<br>".join(picture.svg for picture in pictures) + "</body>")
        if folder := os.environ.get("GLASSDOCK_VIEWS"):
            for scheme in ("light", "dark"):
                page.emulate_media(color_scheme=scheme)
                page.screenshot(path=f"{folder}/{language}-{scheme}-{lesson.stem}.png", full_page=True)
        for picture, found in zip(pictures, page.evaluate(COMPLAINTS, SMALLEST), strict=True):
            complaints += [f"{lesson.stem}: {picture.title[:40]}: {each}" for each in found]
        for reader in READERS:
            page.emulate_media(**reader)
            complaints += [f"{lesson.stem}: {reader}: {each}" for each in page.evaluate(PALE, CONTRAST)]
    assert not complaints, "\n".join(complaints)
