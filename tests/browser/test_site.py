"""The site as people open it: at an address of this computer, on wide and narrow screens, by light and by dark."""

import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import expect

from classroom.site.command import main

pytestmark = pytest.mark.browser
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def shown(tmp_path_factory):
    """`glassdock site serve`: its address."""
    folder = tmp_path_factory.mktemp("site")
    assert main(["build", str(folder), "--only", "02"]) == 0
    command = [sys.executable, "-m", "engine.cli", "site", "serve", str(folder), "--port", "0"]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    try:
        yield server.stdout.readline().strip()
    finally:
        server.terminate()
        server.wait(30)


@pytest.mark.parametrize("page", ["light", "dark"], indirect=True)
@pytest.mark.parametrize("path", ["index.html", "notebooks/en/02-hello-world.html", "notebooks/ko/02-hello-world.html",
                                  "docs/coverage.html"])  # fmt: skip
def test_a_page_can_be_read_by_everybody(page, axe, outside, keep, shown, path):
    page.goto(shown + path)
    keep(f"site-{path.replace('/', '-')}.png")
    assert [str(fault) for fault in axe.look(page).grave] == []
    page.set_viewport_size({"width": 360, "height": 740})
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), "no scrolling sideways"
    assert outside.asked == []


def test_the_keyboard_leads_from_page_to_page(page, shown):
    page.goto(f"{shown}notebooks/en/02-hello-world.html")
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    page.locator("[rel=next]").focus()
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{shown}notebooks/en/03-engine.html")
    page.locator("header [hreflang=ko]").click()
    expect(page).to_have_url(f"{shown}notebooks/ko/03-engine.html")
    expect(page.locator("nav [aria-current]")).to_contain_text("3.")
