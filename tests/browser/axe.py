"""axe-core, Deque Systems' accessibility checker, as Chromium brings it: a piece of the Lighthouse in its DevTools.

Nothing of it is kept here; the browser that shows a page also gives the checker for it. It sees names, roles,
structure, contrast and sizes; keys, focus and speech have tests of their own (test_accessibility.py).
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass

BUNDLE = "devtools://devtools/bundled/third_party/lighthouse/lighthouse-dt-bundle.js"
LITERAL = re.compile(r"`/\*! axe v(?P<version>[\d.]+)\n(?:[^`\\]|\\.)*`", re.DOTALL)  # its source, a template literal
GRAVE = ("serious", "critical")
# Rules that axe-core leaves off: 24 pixels to aim at (WCAG 2.2, 2.5.8); what is said contains what is seen (2.5.3).
MORE_RULES = {"target-size": {"enabled": True}, "label-content-name-mismatch": {"enabled": True}}
RUN = """async ([include, exclude, rules]) => {
  const context = {include: include.map((one) => [one]), exclude: exclude.map((one) => [one])};
  const found = await axe.run(context, {rules, iframes: false, resultTypes: ['violations', 'incomplete']});
  const short = (rules) => rules.flatMap((rule) => rule.nodes.map((node) => ({
    rule: rule.id, impact: node.impact ?? rule.impact, where: node.target.join(' '), what: node.html.slice(0, 160),
    why: [...node.any, ...node.all, ...node.none].map((check) => check.message).join('; '),
  })));
  return {violations: short(found.violations), incomplete: short(found.incomplete), passes: found.passes.length};
}"""


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault in one element. `impact`: minor, moderate, serious or critical; `where`: a CSS selector."""

    rule: str
    impact: str
    where: str
    what: str
    why: str

    def __str__(self) -> str:
        return f"{self.impact} {self.rule} at {self.where}: {self.what}\n    {self.why}"


@dataclass(frozen=True, slots=True)
class Findings:
    """`passes`: how many rules had something to look at and were content with it."""

    faults: Sequence[Fault]
    undecided: Sequence[Fault]
    passes: int

    @property
    def grave(self) -> list[Fault]:
        return [fault for fault in self.faults if fault.impact in GRAVE]


class Axe:
    """The checker of one browser (playwright's). Raises LookupError if this Chromium's DevTools have none."""

    def __init__(self, browser) -> None:
        page = browser.new_page()
        try:
            answer = page.goto(BUNDLE)
            found = LITERAL.search(page.locator("body").inner_text()) if answer is not None else None
            if found is None:
                raise LookupError(f"no axe-core in this browser's DevTools (looked in {BUNDLE})")
            page.goto("about:blank")
            self.version = found["version"]
            self.source = page.evaluate(found[0])
        finally:
            page.close()

    def look(self, page, *include: str, without: Sequence[str] = ()) -> Findings:
        """What is wrong in these parts of the page (CSS selectors; without any: in all of it)."""
        self._bring(page)
        found = page.evaluate(RUN, [list(include) or ["html"], list(without), MORE_RULES])
        faults, undecided = ([Fault(**each) for each in found[kind]] for kind in ("violations", "incomplete"))
        return Findings(faults, undecided, found["passes"])

    def _bring(self, page) -> None:
        """By the debugger's door: the page's own Content-Security-Policy lets no foreign script in."""
        if page.evaluate("typeof axe") == "undefined":
            session = page.context.new_cdp_session(page)
            result = session.send("Runtime.evaluate", {"expression": self.source})
            session.detach()
            assert "exceptionDetails" not in result, json.dumps(result)
