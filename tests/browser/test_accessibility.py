"""What axe-core says of every page that people open, and what it cannot see: keys, focus, sizes, forced colours.

No fault of any weight is let through. What axe-core leaves undecided is decided in DECIDED; colours are measured in
test_views.py and test_playground.py.
"""

from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import expect
from visiting import open_lesson, run_all

from classroom.exercises.course import main as course_main
from classroom.exercises.load import load
from classroom.grading.report import write
from classroom.grading.results import Mark, Reason, Result, State

pytestmark = pytest.mark.browser
ASSIGNMENT = load("04-images")
DOCS = Path(__file__).resolve().parents[2] / "docs"
WIDE, NARROW = {"width": 1280, "height": 900}, {"width": 360, "height": 740}
# Each language, theme and size meets each of the others once.
readers = pytest.mark.parametrize(
    ("page", "lang", "size"),
    [("light", "en", WIDE), ("dark", "ko", WIDE), ("light", "ko", NARROW), ("dark", "en", NARROW)],
    ids=["light-en-wide", "dark-ko-wide", "light-ko-narrow", "dark-en-narrow"],
    indirect=["page"],
)

# Rules that cannot always decide, and what was decided.
DECIDED = {
    "color-contrast": "measured where the colour behind a text is known",
    "frame-tested": "a page of a container is the learner's own",
    "label-content-name-mismatch": "a button that shows a sign (◀, ✓) has a name in words",
    "skip-link": "on a telephone the command line is brought to the front",
}

PLANTED = """<!doctype html><html lang="en"><title>Planted</title><main><h1>Planted</h1>
<img src="data:,"><button></button><p style="color: #bbb">too pale to be read</p></main></html>"""


def test_it_is_axe_core_and_it_finds_what_is_wrong(page, axe):
    page.set_content(PLANTED)
    assert {fault.rule for fault in axe.look(page).grave} == {"image-alt", "button-name", "color-contrast"}
    assert page.evaluate("axe.version") == axe.version
    assert axe.look(page, "p").grave[0].where == "p"
    page.set_content(
        PLANTED.replace("data:,", 'data:," alt="').replace("></button", ">x</button").replace("bbb", "444")
    )
    assert axe.look(page).faults == []


@readers
def test_the_playground_is_without_a_fault_in_every_state(visitor, address, axe, lang, size):
    page = visitor.page
    page.set_viewport_size(size)
    visitor.open(address, lang=lang)
    found = {}

    def look(state):
        findings = axe.look(page)
        assert findings.passes > 20
        undecided = [fault for fault in findings.undecided if fault.rule not in DECIDED]
        found[state] = [str(fault) for fault in [*findings.faults, *undecided]]

    look("at the start")
    page.locator("#show-tour").click()
    look("without the tour")
    page.locator("#show-tour").click()
    visitor.run("docker run -d -p 8080:80 --name web nginx")
    look("after a command")
    page.locator("#tab-glass").click()
    for button in page.locator("#views button").all():
        button.click()
        look(button.get_attribute("data-view"))
    page.locator("#as-words").click()
    page.locator("#back").click()
    look("in words, of the past")
    for panel in ("files", "browser"):
        page.locator(f"#tab-{panel}").click()
        look(panel)
    page.locator("#share").click()
    expect(page.locator("#notice")).not_to_be_empty()
    look("a notice")
    if size is NARROW:
        page.locator("#tab-terminal").click()
    page.locator("#command").fill("docker c")
    page.keyboard.press("Tab")
    expect(page.locator("#options")).to_be_visible()
    look("completions")
    page.locator("#command").fill("")
    page.locator("#show-faults").click()
    page.locator("[data-fault=disk-full]").click()
    expect(page.locator("[data-fault=disk-full]")).to_have_attribute("aria-pressed", "true")
    look("something is broken")
    page.keyboard.press("Escape")
    expect(page.locator("#show-faults")).to_be_focused()
    visitor.run("docker exec -it web sh", mode="keys")
    look("a program has the keys")
    assert {state: faults for state, faults in found.items() if faults} == {}


# What the focused element and its surroundings show of the focus; "" if nothing does.
SEEN = """() => {
  const element = document.activeElement;
  const shows = (each) => getComputedStyle(each).outlineStyle !== 'none' && getComputedStyle(each).outlineWidth;
  return shows(element) || (element.id === 'command' && shows(document.getElementById('screen'))) || '';
}"""


def test_the_first_link_leads_to_the_command_line_wherever_one_is(visitor, address):
    page = visitor.page
    page.set_viewport_size(NARROW)
    visitor.open(address)
    page.locator("#tab-files").click()
    page.locator(".skip").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#command")).to_be_focused()
    expect(page.locator("#notice")).to_be_empty()


REACHABLE = ":is(a[href], button, input, select, textarea, [tabindex='0']):not([tabindex='-1'], :disabled):visible"


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "telephone"])
def test_the_focus_goes_everywhere_in_the_order_of_the_page_is_seen_and_never_caught(visitor, address, size):
    page = visitor.page
    page.set_viewport_size(size)
    visitor.open(address)
    visitor.run("docker run -d --name web nginx")
    page.locator("#show-faults").click()
    page.locator(".skip").focus()
    place = "[...document.querySelectorAll('body *')].indexOf(document.activeElement)"
    passed, hidden = [page.evaluate(place)], []
    for _ in range(80):
        page.keyboard.press("Tab")
        here = page.evaluate(place)
        if here <= passed[0]:
            break  # round, or out of the page
        passed.append(here)
        if not page.evaluate(SEEN):
            hidden.append(page.evaluate("document.activeElement.outerHTML.slice(0, 80)"))
    else:
        pytest.fail("the focus does not come round")
    assert hidden == []
    assert passed == sorted(set(passed))
    assert len(passed) == page.locator(REACHABLE).count()


@pytest.mark.parametrize("size", [(640, 450), (320, 256)], ids=["200 %", "400 %"])
def test_a_zoomed_page_scrolls_one_way_only_and_keeps_its_parts_usable(visitor, address, size):
    page = visitor.page
    page.set_viewport_size({"width": size[0], "height": size[1]})
    visitor.open(address)
    visitor.run("docker run -d -p 8080:80 --name web nginx")
    expect(page.locator("#command")).to_be_in_viewport()
    for panel in ("terminal", "glass", "files", "browser"):
        page.locator(f"#tab-{panel}").click()
        assert page.locator(f"#{panel}").bounding_box()["height"] >= 240, panel
        assert page.evaluate("document.documentElement.scrollWidth") == size[0], panel


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_with_the_systems_own_colours_one_sees_what_is_chosen(visitor, address, scheme):
    page = visitor.page
    page.emulate_media(color_scheme=scheme, forced_colors="active")
    visitor.open(address)
    visitor.run("docker run -d --name web nginx")
    page.locator("#show-faults").click()
    page.locator("[data-fault=hub-down]").click()
    expect(page.locator("#faults-badge")).to_have_text("1")
    colour = "element => getComputedStyle(element).backgroundColor"
    for chosen, other in (
        ("[data-view=flow]", "[data-view=layers]"), ("[data-fault=hub-down]", "[data-fault=hub-slow]"),
        ("#tour-steps [aria-current]", "#tour-steps li:last-child button"),
    ):  # fmt: skip
        assert page.locator(chosen).evaluate(colour) != page.locator(other).evaluate(colour)
    assert page.locator("#picture svg > rect").first.evaluate("rect => getComputedStyle(rect).fill") == page.locator(
        "#picture"
    ).evaluate(colour)


def test_nothing_moves_for_who_wants_it_calm(visitor, address):
    page = visitor.page
    page.emulate_media(reduced_motion="reduce")
    visitor.open(address)
    moving = """() => [...document.querySelectorAll('*')].filter((each) => {
      const style = getComputedStyle(each);
      return parseFloat(style.transitionDuration) > 0 || style.animationName !== 'none';
    }).length"""
    assert page.evaluate(moving) == 0


# Everything that is put into the live region, in the order in which a screen reader would say it.
LISTEN = """() => {
  window.spoken = [];
  new MutationObserver(() => spoken.push(document.getElementById('said').textContent))
    .observe(document.getElementById('said'), {childList: true, characterData: true, subtree: true});
}"""


def test_a_screen_reader_hears_what_has_been_printed_once_and_what_programs_answer(visitor, address):
    page = visitor.open(address, lang="ko").page
    page.evaluate(LISTEN)
    visitor.run("docker run --rm alpine ping -c 30 -i 0.1 example.com")
    spoken = page.evaluate("spoken")
    assert len(spoken) == 1  # not thirty times
    assert "30 packets transmitted" in spoken[0]
    visitor.run("docker run --rm -it alpine sh", mode="keys")
    page.keyboard.type("echo so$((1+1))\n")
    expect(page.locator("#said")).to_contain_text("so2")
    assert page.locator("#said").get_attribute("lang") == page.locator("#rows").get_attribute("lang") == "en"
    assert page.evaluate("document.documentElement.lang") == "ko"


# -- notebooks: what our cells put into them; the rest of the page is JupyterLab's

OUTPUT = ".jp-OutputArea-output"
THEMES = {"light": "JupyterLab Light", "dark": "JupyterLab Dark"}


@pytest.fixture
def exercises(lab, lang, monkeypatch):
    """An assignment as students get it, in the learner's folder, with a student's name in it; returns its path."""
    name = ASSIGNMENT.name
    monkeypatch.setenv("GLASSDOCK_LANG", lang)
    course = lab.folder / f"course-{lang}"
    for words in (["build", str(course), name, "--seed", "7"], ["release", str(course), name]):
        assert course_main(words) == 0
    path = course / "release" / name / f"{name}.ipynb"
    text = path.read_text("utf-8")
    assert 'student = \\"\\"' in text
    path.write_text(text.replace('student = \\"\\"', 'student = \\"ada\\"'), "utf-8")
    return path.relative_to(lab.folder).as_posix()


@pytest.mark.parametrize(("page", "lang"), [("light", "en"), ("dark", "ko")], indirect=["page"])
def test_what_lessons_and_exercises_show_is_without_a_fault(page, lab, axe, lang, exercises, request):
    theme = THEMES[request.node.callspec.params["page"]]
    for path in (f"{lang}/00-workbook.ipynb", f"{lang}/14-vm-and-container.ipynb", exercises):
        open_lesson(page, lab, path)
        page.evaluate("theme => jupyterapp.commands.execute('apputils:change-theme', {theme})", theme)
        run_all(page)
        shown = page.locator(OUTPUT)
        words = shown.locator("details summary")
        if path != exercises:
            words.first.focus()
            page.keyboard.press("Space")
            expect(shown.locator("details pre").first).to_be_visible()
            assert shown.locator("figure").first.get_attribute("lang") == lang
        for each in words.all():
            each.evaluate("summary => { summary.parentElement.open = true }")
        findings = axe.look(page, OUTPUT)
        assert [str(fault) for fault in findings.faults] == [], path
        assert findings.passes > 5


# -- pages that stand alone


def graded(student: str, **more) -> Result:
    text = {"en": "It runs `nginx`.", "ko": "`nginx`를 실행하고 있어요."}
    first, second = (task.name for task in ASSIGNMENT.tasks[:2])
    marks = (
        Mark(first, "there", "there", True, 1, False, text, {}),
        Mark(first, "kept", "kept", False, 2, True, text, text),
        Mark(second, "explain", "explain", 0, 2, False, text, {}, manual=True),
    )
    return replace(Result(student, ASSIGNMENT.name, f"{student}.ipynb", "d", State.GRADED, None, marks), **more)


@readers
def test_sheets_and_reports_are_without_a_fault(page, axe, lang, size, tmp_path):
    page.set_viewport_size(size)
    refused = graded("cy", state=State.REFUSED, reason=Reason("empty file", {}), marks=())
    write(tmp_path, ASSIGNMENT, [graded("ada"), graded("bob"), refused], lang, "namespaces, seccomp")
    files = [*sorted(tmp_path.rglob("*.html")), DOCS / f"cheatsheet-{lang}.html"]
    assert len(files) == 5
    for file in files:
        page.goto(file.as_uri())
        assert [str(fault) for fault in axe.look(page).faults] == [], file.name
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), file.name
