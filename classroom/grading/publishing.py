"""The folder of results: what people have entered comes in, pages and tables go out.

A worksheet is never written over before it was taken in: a mark that was entered by hand is in the database first.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from rich.console import Console

from classroom.exercises.load import load, names
from classroom.grading import worksheet
from classroom.grading.report import write
from classroom.grading.results import State
from classroom.grading.store import Store

DATABASE = "grades.db"
STRAYS = "no-assignment"  # the folder of what belongs to none that there is
WALLS = "walls"  # a fact: what stood between the notebooks and this computer


def take_in(out: Path, store: Store, screen: Console) -> None:
    """What was filled in by hand, of all assignments. Raises BadWorksheet: then nothing of that one was taken."""
    for name in store.assignments():
        path = out / name / worksheet.NAME
        if name and path.exists() and (entered := worksheet.read(path, store.results(name))):
            store.enter(name, entered)
            screen.print(f"{name}: {len(entered)} entered by hand, taken from {path}", markup=False)


def publish(out: Path, found: Iterable[str], exercises: Path, store: Store, lang: str, screen: Console) -> None:
    """Pages and tables of these assignments, and a line for each that says where. Raises OSError.

    Worksheets are written anew, so `take_in` comes first.
    """
    known = sorted(set(found) & set(names(exercises)))
    for name in known:
        assignment = load(name, exercises)
        results = store.results(name)
        write(out / name, assignment, results, lang, store.noted(WALLS))
        counts = ", ".join(f"{sum(each.state is state for each in results)} {state.value}" for state in State)
        screen.print(f"{name}: {counts}; see {out / name / 'index.html'}", markup=False)
    if strays := [result for name in sorted(set(found) - set(known)) for result in store.results(name)]:
        write(out / STRAYS, None, strays, lang, "")
        screen.print(f"{STRAYS}: {len(strays)}; see {out / STRAYS / 'index.html'}", markup=False)
