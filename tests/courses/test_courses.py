"""Pages of single-host courses, typed with the docker command on the PATH and with ours: what they say comes back."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from course import Page, pages, table
from daemon import student

REPOSITORY = Path(__file__).parents[2]
PAGES = {page.name: page for page in pages()}
# of each kind one: first steps, files, networks, builds, a shell, three databases, another language
SELECTION = ("first-commands", "volumes", "tmpfs", "bridge", "dockerignore", "do-cleanup", "image-nginx", "image-mysql",
             "image-redis", "persisting", "build-tag-publish")  # fmt: skip


def type_it(page: Page, folder: Path, ours: bool) -> None:
    if not ours and shutil.which("docker") is None:
        told = "no docker command on the PATH: the real client has not been tried"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(told)
    with student(folder, ours) as someone:
        wrong = [f"$ {step.command}\n{answer.text}\n{fault}" for step, answer, fault in someone.types(page) if fault]
    assert not wrong, "\n\n".join(wrong)


@pytest.mark.parametrize("name", SELECTION)
def test_what_a_page_says_comes_back(name: str, tmp_path: Path) -> None:
    type_it(PAGES[name], tmp_path, ours=False)


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(PAGES.keys() - set(SELECTION)))
def test_what_the_other_pages_say_comes_back(name: str, tmp_path: Path) -> None:
    type_it(PAGES[name], tmp_path, ours=False)


@pytest.mark.slow
@pytest.mark.parametrize("name", PAGES)
def test_our_own_command_says_what_pages_say(name: str, tmp_path: Path) -> None:
    type_it(PAGES[name], tmp_path, ours=True)


def test_the_list_of_pages_is_that_of_the_files() -> None:
    assert table(list(PAGES.values())) in (REPOSITORY / "docs" / "courses.md").read_text("utf-8"), (
        "if it is meant: python tests/courses/type_pages.py --table > the table of docs/courses.md"
    )
