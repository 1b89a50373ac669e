"""Somebody in front of the playground."""

from playwright.sync_api import expect


class Visitor:
    """Somebody with a keyboard in front of the page."""

    def __init__(self, page) -> None:
        self.page = page
        self.rows = page.locator("#rows")

    def open(self, address: str, *, lang: str = "en"):
        separator = "&" if "?" in address else "?"
        base, _, link = address.partition("#")
        self.page.goto(f"{base}{separator}lang={lang}" + (f"#{link}" if link else ""))
        self.ready()
        return self

    def ready(self, mode: str = "line"):
        expect(self.page.locator("body")).to_have_attribute("data-mode", mode)

    def run(self, line: str, mode: str = "line"):
        """Type a line; until its prompt."""
        self.ready()
        steps = self.page.evaluate("Number(document.getElementById('step').max)")
        self.page.locator("#command").focus()
        self.page.keyboard.insert_text(line)
        self.page.keyboard.press("Enter")
        if mode == "line":
            expect(self.page.locator("#step")).to_have_attribute("max", str(steps + 1))
        self.ready(mode)

    def done(self, count: int):
        expect(self.page.locator("#tour-steps .done")).to_have_count(count)

    def frame(self):
        return self.page.frame_locator("#frame")
