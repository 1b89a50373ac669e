"""`glassdock notebooks`: each lesson is two files, and each file is there in every language. This holds them together.

glassdock notebooks sync [FOLDER]     write each lesson's .ipynb anew from its .md
glassdock notebooks check [FOLDER]    say what is not in step; the exit code is 1 if anything is not
glassdock notebooks take FILE.ipynb   write the .md of a notebook that was edited in Jupyter
glassdock notebooks answers [FILE]    for teachers: run the lessons, and say what the engine answers to their questions

Where jupytext is installed it does the same while you edit: the files say `formats: md:myst,ipynb`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from classroom.commands import parser, told
from classroom.texts import LANGUAGES
from classroom.workbook import ipynb, myst
from classroom.workbook.cells import Notebook, NotebookError
from classroom.workbook.execute import LessonError, run

LESSONS = Path(__file__).resolve().parents[2] / "notebooks"


def main(argv: Sequence[str]) -> int:
    commands = parser("notebooks", __doc__)
    commands.add_argument("action", choices=["sync", "check", "take", "answers"])
    commands.add_argument("path", nargs="?", type=Path, default=LESSONS, help="a folder with en and ko, or a notebook")
    options = commands.parse_args(argv)
    act = {"sync": sync, "check": check, "take": take, "answers": answers}[options.action]
    return told(lambda: act(options.path), NotebookError, LessonError)


def sync(folder: Path) -> int:
    """Write what has changed, and say which."""
    for source in lessons(folder):
        text = ipynb.write(load(source))
        target = source.with_suffix(".ipynb")
        if not target.exists() or target.read_text("utf-8") != text:
            save(target, text)
            print(target)
    return 0


def check(folder: Path) -> int:
    """Say what is not in step."""
    found = list(complaints(folder))
    print("\n".join(found) if found else f"{len(list(lessons(folder)))} lessons, each in step with its notebook")
    return 1 if found else 0


def take(path: Path) -> int:
    """The text form of an edited notebook, beside it; and the notebook once more, without outputs."""
    if path.suffix != ".ipynb":
        raise NotebookError(f"{path}: give the .ipynb file that you edited")
    try:
        notebook = myst.tidy(ipynb.read(path.read_text("utf-8")))
        text = myst.write(notebook)
    except NotebookError as error:
        raise NotebookError(f"{path}: {error}") from None
    save(path.with_suffix(".md"), text)
    save(path, ipynb.write(notebook))
    print(path.with_suffix(".md"))
    return 0


def answers(path: Path) -> int:
    """Computed anew each time. Of a folder: its English lessons; the other languages ask the same. LessonError."""
    found = [path.with_suffix(".md")] if path.suffix else [each for each in lessons(path) if each.parent.name == "en"]
    for source in found:
        lesson = load(source)
        print(f"\n{lesson.title}", flush=True)
        for question, answer in run(lesson, f"{source.parent.name}/{source.stem}").answers.items():
            print(f"  {question}: {answer}")
    return 0


def complaints(folder: Path) -> Iterator[str]:
    """What is not in step, in words; nothing if all is."""
    names = {language: {path.name for path in lessons(folder) if path.parent.name == language}
             for language in LANGUAGES}  # fmt: skip
    for name in sorted(set.union(*names.values())):
        missing = [language for language in LANGUAGES if name not in names[language]]
        yield from (f"{language}/{name}: missing" for language in missing)
        codes = [] if missing else [load(folder / language / name).code for language in LANGUAGES]
        if any(code != codes[0] for code in codes):
            yield f"{name}: the code cells differ between {', '.join(LANGUAGES)}"
    for source in lessons(folder):
        yield from _out_of_step(source)
    for orphan in sorted(folder.glob("*/[0-9]*.ipynb")):
        if not orphan.with_suffix(".md").exists():
            yield f"{orphan}: has no .md"


def _out_of_step(source: Path) -> Iterator[str]:
    notebook, target = load(source), source.with_suffix(".ipynb")
    if not target.exists():
        yield f"{target}: missing (glassdock notebooks sync)"
    elif target.read_text("utf-8") != ipynb.write(notebook):
        yield f"{target}: not what {source.name} says (glassdock notebooks sync; or take, if the notebook is newer)"
    if myst.write(notebook) != source.read_text("utf-8"):
        yield f"{source}: not in the form that is written from a notebook"


def lessons(folder: Path = LESSONS) -> Iterator[Path]:
    """The text of each lesson, in order, one language after the other. Raises NotebookError if there is none."""
    found = [path for language in LANGUAGES for path in sorted((folder / language).glob("[0-9]*.md"))]
    if not found:
        raise NotebookError(f"no lessons in {folder}")
    yield from found


def load(path: Path) -> Notebook:
    """A lesson from its text. Raises NotebookError, with the file's name."""
    try:
        return myst.read(path.read_text("utf-8"))
    except NotebookError as error:
        raise NotebookError(f"{path}: {error}") from None


def save(path: Path, text: str) -> None:
    """UTF-8 and line feeds on every system, as git has them."""
    path.write_text(text, "utf-8", newline="\n")
