"""Somebody in front of the playground, or of a lesson in JupyterLab."""

from playwright.sync_api import expect

# Runs all cells of the notebook in front; what became of each code cell.
RUN_ALL = """async () => {
  const app = window.jupyterapp;
  const panel = app.shell.currentWidget;
  await panel.revealed; await panel.context.ready; await panel.sessionContext.ready;
  await app.commands.execute('notebook:run-all-cells');
  return panel.content.widgets.filter(cell => cell.model.type === 'code').map(cell => ({
    count: cell.model.executionCount,
    announced: (cell.model.getMetadata('tags') ?? []).includes('raises-exception'),
    errors: cell.model.outputs.toJSON().filter(each => each.output_type === 'error').map(each => each.evalue),
  }));
}"""


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


def run_all(page):
    cells = page.evaluate(RUN_ALL)
    assert len(cells) > 10
    for cell in cells:
        assert cell["count"] is not None
        assert cell["announced"] or not cell["errors"], cell
    return cells


def open_lesson(page, lab, path):
    page.goto(lab.at(path))
    expect(page.locator(".jp-Notebook .jp-CodeCell").first).to_be_visible()
