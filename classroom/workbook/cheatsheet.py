"""One sheet of docker commands, in each language: `python -m classroom.workbook.cheatsheet docs`.

What stands on it lies in cheatsheet.toml, in an order in which it can be typed. Before the pages are written all of it
is: on a simulated host, every line must end as the sheet says.
"""

from __future__ import annotations

import os
import sys
import tempfile
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from classroom.lab import Lab
from classroom.texts import LANGUAGES, tell

SOURCE = Path(__file__).with_suffix(".toml")
STYLE = """
:root { color-scheme: light dark; --ink: light-dark(#1b1f24, #e8eaed); --line: light-dark(#c9d1d9, #444c56);
  --paper: light-dark(#ffffff, #1b1f24); --blue: light-dark(#006aa8, #56b4e9); }
body { margin: 1.2rem; color: var(--ink); background: var(--paper);
  font: 15px/1.35 ui-sans-serif, "Noto Sans", "Noto Sans KR", "Malgun Gothic", "Apple SD Gothic Neo", sans-serif; }
h1 { font-size: 1.5rem; margin: 0 0 .2rem; } h2 { font-size: 1.05rem; margin: .2rem 0; color: var(--blue); }
p { margin: 0 0 .6rem; } main { columns: 27rem; column-gap: 1.6rem; }
section { break-inside: avoid; margin: 0 0 .7rem; } dl { margin: 0; }
dt { font: 13px/1.3 ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, "D2Coding", monospace; overflow-wrap: anywhere;
  border-top: 1px solid var(--line); padding-top: .15rem; }
dd { margin: 0 0 .2rem 1rem; }
@page { size: A4; margin: 10mm; }
@media print { :root { color-scheme: light; } body { margin: 0; font-size: 10.5px; line-height: 1.3; }
  h1 { font-size: 18px; } h2 { font-size: 12.5px; } section { margin-bottom: 5px; } dt { font-size: 9.3px; }
  dd { margin-bottom: 1px; } main { columns: 2; } }
"""

Section = Mapping[str, Any]


def sections() -> Sequence[Section]:
    """Each: a title in every language (`en`, `ko`), `rows`, and whether they are the lines of a Dockerfile."""
    found: list[Section] = tomllib.loads(SOURCE.read_text("utf-8"))["section"]
    return found


def wrong(found: Sequence[Section]) -> Iterator[str]:
    """Type all of it, in a folder with a page and a Dockerfile; say what did not end as the sheet says."""
    lab = Lab(seed=7)
    recipe = [row["show"] for section in found if section.get("dockerfile") for row in section["rows"]]
    before = Path.cwd()
    with tempfile.TemporaryDirectory(prefix="glassdock-sheet-") as folder:
        os.chdir(folder)
        try:
            Path("index.html").write_text("hello\n", "utf-8")
            Path("Dockerfile").write_text("\n".join(recipe), "utf-8")
            for row in (row for section in found if not section.get("dockerfile") for row in section["rows"]):
                ran = lab.run(row.get("run", row["show"]))
                if ran.exit != row.get("exit", 0):
                    yield f"{row['show']}: {ran.exit}: {ran.err.strip()}"
        finally:
            os.chdir(before)


def page(found: Sequence[Section], lang: str) -> str:
    """HTML without anything from elsewhere; prints on one side of A4."""
    title = tell("cheat sheet", lang=lang)
    parts = "\n".join(_section(section, lang) for section in found)
    return (
        f'<!doctype html>\n<html lang="{lang}">\n<head>\n<meta charset="utf-8">\n<title>{title}</title>\n'
        f'<meta name="viewport" content="width=device-width">\n<style>{STYLE}</style>\n</head>\n<body>\n'
        f"<header>\n<h1>{title}</h1>\n<p>{tell('cheat sheet order', lang=lang)}</p>\n</header>\n"
        f"<main>\n{parts}\n</main>\n</body>\n</html>\n"
    )


def _section(section: Section, lang: str) -> str:
    rows = "\n".join(f"<dt>{escape(row['show'])}</dt>\n<dd>{escape(row[lang])}</dd>" for row in section["rows"])
    return f"<section>\n<h2>{escape(section[lang])}</h2>\n<dl>\n{rows}\n</dl>\n</section>"


def main(folder: str) -> int:
    found = sections()
    if complaints := list(wrong(found)):
        print("\n".join(complaints), file=sys.stderr)
        return 1
    for lang in LANGUAGES:
        (Path(folder) / f"cheatsheet-{lang}.html").write_text(page(found, lang), "utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
