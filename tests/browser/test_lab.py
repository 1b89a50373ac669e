"""A learner opens JupyterLab, goes to a lesson, runs it, and uses its widgets; nothing comes from outside."""

import pytest
from playwright.sync_api import expect
from visiting import open_lesson, run_all

pytestmark = pytest.mark.browser


def to_top(notebook, code):
    """For the picture: the first cell with this code is at the top."""
    notebook.locator(".jp-CodeCell", has_text=code).first.evaluate("cell => cell.scrollIntoView({block: 'start'})")


def test_the_contents_lead_to_a_lesson_and_the_lesson_runs(page, lab, outside, keep):
    page.goto(lab.at("en/contents.md"))
    expect(page.get_by_role("heading", name="Docker with glass walls")).to_be_visible()
    keep("lab-contents.png")
    page.get_by_role("link", name="four rooms and one command").click()
    notebook = page.locator(".jp-Notebook")
    expect(notebook.get_by_role("heading", name="2. docker run hello-world")).to_be_visible()
    run_all(page)
    expect(notebook.get_by_text("Hello from Docker!").first).to_be_visible()
    picture = notebook.get_by_role("img", name="The way of docker run hello-world").first
    expect(picture).to_be_visible()
    to_top(notebook, "view.flow()")
    keep("lab-lesson.png")
    assert outside.asked == []


def test_the_korean_lesson_speaks_korean(page, lab, outside, keep):
    open_lesson(page, lab, "ko/02-hello-world.ipynb")
    run_all(page)
    notebook = page.locator(".jp-Notebook")
    expect(notebook.get_by_text("엔진의 답은").first).to_be_visible()
    expect(notebook.get_by_role("img", name="docker run hello-world 명령이 지나간 길").first).to_be_visible()
    to_top(notebook, "view.flow()")
    keep("lab-lesson-ko.png")
    assert outside.asked == []


def pointed_at(picture):
    return int(picture.text_content().partition("▶")[2].split()[0])


def test_the_widget_steps_through_the_session_by_mouse_and_by_keyboard(page, lab, keep):
    open_lesson(page, lab, "en/00-workbook.ipynb")
    run_all(page)
    stepper = page.locator(".widget-vbox")
    picture = stepper.locator("svg desc")
    back, on = stepper.get_by_role("button").all()[:2]
    now = pointed_at(picture)
    back.click()
    expect(picture).to_contain_text(f"▶ {now - 1:>3} $")
    keep("lab-stepper.png")
    on.click()
    expect(picture).to_contain_text(f"▶ {now:>3} $")
    back.focus()
    page.keyboard.press("Space")
    expect(picture).to_contain_text(f"▶ {now - 1:>3} $")
    stepper.get_by_role("spinbutton", name="command").focus()
    page.keyboard.press("ArrowUp")
    expect(picture).to_contain_text(f"▶ {now:>3} $")
