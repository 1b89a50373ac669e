"""Type pages and print where they differ: `python tests/courses/type_pages.py [-v] [--ours] [NAME…]`.

`--table` prints the list of docs/courses.md instead.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from course import pages, table
from daemon import student


def main(words: list[str]) -> int:
    if "--table" in words:
        print(table(pages()), end="")
        return 0
    names = [word for word in words if not word.startswith("-")]
    typed = agreed = 0
    for page in pages():
        if names and page.name not in names:
            continue
        with tempfile.TemporaryDirectory() as folder, student(Path(folder), "--ours" in words) as someone:
            good = 0
            for step, answer, fault in someone.types(page):
                good += not fault
                if fault or "-v" in words:
                    print(f"--- {page.name}: {step.command}\n{answer.text.rstrip()[-3000:]}\n=== {fault or 'ok'}")
            typed, agreed = typed + len(page.steps), agreed + good
            print(f"{page.name}: {good} of {len(page.steps)}, {len(page.differences)} different on purpose", flush=True)
    print(f"{agreed} of {typed}")
    return int(agreed < typed)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except subprocess.TimeoutExpired as late:
        sys.exit(f"too slow: {late}")
