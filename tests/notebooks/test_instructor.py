"""The instructor's guides say what the lessons and the engine say."""

import re
from pathlib import Path

import pytest

from classroom import Lab
from classroom.texts import LANGUAGES
from classroom.workbook.contents import LASTS
from classroom.workbook.pairs import lessons, load

DOCS = Path(__file__).resolve().parents[2] / "docs"
GUIDES = {language: (DOCS / f"instructor-{language}.md").read_text("utf-8") for language in LANGUAGES}
# A message that the guide quotes, and commands that end with it.
QUOTED = {
    "repository does not exist or may require 'docker login'": ["run helo-world"],
    "executable file not found": ["run alpine -d"],
    "is already in use": ["create --name site alpine", "create --name site alpine"],
    "the input device is not a TTY": ["run -it alpine sh"],
    "port is already allocated": ["run -d -p 80:80 httpd", "run -d -p 80:80 httpd"],
    "No such container": ["start nobody"],
    "denied": ["pull alpine", "push alpine"],
}


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_lesson_has_its_place_and_its_time(language):
    times = dict(re.findall(r"^### (\d+)\. .*\((\d+)(?: min|분)\)$", GUIDES[language], re.MULTILINE))
    said = {}
    for path in lessons():
        if path.parent.name == language:
            opening = next(cell.source for cell in load(path).cells)
            said[str(int(path.name[:2]))] = LASTS.findall(opening)[0]
    assert times == said


@pytest.mark.parametrize("message", QUOTED)
def test_a_message_that_is_quoted_is_the_engines(message):
    lab = Lab(seed=7)
    last = [lab.docker(command) for command in QUOTED[message]][-1]
    assert message in last.err
    assert last.exit != 0
    for guide in GUIDES.values():
        assert message in " ".join(guide.split())


def test_both_guides_have_the_same_parts():
    english, korean = (re.findall(r"^(#+|\* \*\*|\|)", guide, re.MULTILINE) for guide in GUIDES.values())
    assert english == korean
