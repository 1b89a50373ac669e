"""A picture can follow along: it changes when a cell has changed what it shows."""

import pytest
from IPython.core.interactiveshell import InteractiveShell


@pytest.fixture(scope="module")
def notebook() -> InteractiveShell:
    InteractiveShell.clear_instance()
    shell = InteractiveShell.instance()
    shell.run_line_magic("load_ext", "classroom")
    yield shell
    InteractiveShell.clear_instance()


def test_a_followed_picture_is_drawn_anew_after_a_cell(notebook):
    notebook.run_cell("w = view.follow('lifecycle', 'web')").raise_error()
    picture = notebook.user_ns["w"]
    assert "No such container: web" in picture.value
    notebook.run_cell("!docker run -d --name web alpine sleep 100").raise_error()
    assert "docker pause" in picture.value
    before = picture.value
    notebook.run_cell("1 + 1").raise_error()
    assert picture.value is before


def test_one_can_step_back_and_forth_through_the_commands(notebook):
    notebook.run_cell("!docker run -d --name other alpine sleep 100").raise_error()
    notebook.run_cell("s = view.step()").raise_error()
    buttons, picture = notebook.user_ns["s"].children
    back, number, on = buttons.children
    last = number.value
    on.click()
    assert number.value == last
    newest = picture.value
    assert f"▶ {last:>3} $ docker run -d --name other" in newest
    number.value = 1
    assert picture.value != newest
    on.click()
    back.click()
    back.click()
    assert number.value == 1
    assert notebook.user_ns["view"].timeline(1).svg in picture.value


def test_one_can_step_to_commands_that_came_later(notebook):
    notebook.run_cell("s = view.step()").raise_error()
    _, number, on = notebook.user_ns["s"].children[0].children
    before = number.value
    notebook.run_cell("!docker rm -f other").raise_error()
    assert number.value == before
    on.click()
    assert number.value == before + 1
