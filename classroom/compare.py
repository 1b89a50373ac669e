"""`glassdock compare`: one image as a process, a container, a microVM and a virtual machine, side by side.

glassdock compare                                   redis, 1, 2, 4 and 8 instances
glassdock compare --image nginx --instances 1,100,1000 --budget 64g
glassdock compare --machines all                    with Docker Desktop's three machines
glassdock compare --check                           the model against published results, with its errors
glassdock compare --svg FOLDER --json FILE          pictures, and all figures with their sources
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from classroom.commands import parser, told
from engine.units import ram_in_bytes
from sim.hypervisor.comparison import FIRST, Answer, Comparison, Question, compare
from sim.hypervisor.figures import Figure
from sim.hypervisor.machines import MACHINES, BadQuestion
from sim.hypervisor.parameters import STATUS, BadParameter, Book, book
from sim.hypervisor.validation import TOLERANCE, rows, table

MARKS = {
    "read_primary_data": "data", "read_abstract": "abstract", "read_secondary": "quoted", "memory_verify": "recalled",
    "measured": "measured", "assumed": "assumed", "definition": "by design", "": "",
}  # fmt: skip


def main(argv: Sequence[str]) -> int:
    """1: a file cannot be read or written, or the check fails; 2: words or a question that are not understood."""
    options = _parser().parse_args(argv)
    return told(lambda: _answer(options), BadQuestion, BadParameter, ValueError)


def _answer(options: argparse.Namespace) -> int:
    parameters = _calibrated(options.calibrate) if options.calibrate else book()
    if options.check:
        return _check(parameters)
    found = compare(_question(options), parameters)
    print("\n".join([*_table(found), "", *_notes(found, options.calibrate)]))
    if options.sources:
        print("\n".join(["", *_sources(found)]))
    if options.json:
        options.json.write_text(json.dumps(found.document(), indent=1) + "\n", "utf-8")
    if options.svg:
        _draw(found, options.svg)
    return 0


def _parser() -> argparse.ArgumentParser:
    words = parser("compare", __doc__)
    add = words.add_argument
    add("--image", default="redis", help="of the hub's shelf (default: redis)")
    add("--instances", metavar="N,…", default="1,2,4,8", help="how many (default: 1,2,4,8)")
    add("--machines", metavar="NAME,…", default=",".join(FIRST), help=f"all, or some of {', '.join(MACHINES)}")
    add("--vm-memory", metavar="SIZE", default="512m", help="of a guest (default: 512m)")
    add("--budget", metavar="SIZE", default="16g", help="the host's memory, for the density (default: 16g)")
    add("--ksm", action="store_true", help="the host merges equal pages of its guests")
    add("--calibrate", metavar="FILE", type=Path, help='JSON: {"source": "…", "values": {"boot.client": 20, …}}')
    add("--sources", action="store_true", help="every parameter that the figures rest on, with its source")
    add("--check", action="store_true", help="the model against published results")
    add("--json", metavar="FILE", type=Path, help="all figures and their sources")
    add("--svg", metavar="FOLDER", type=Path, help="draw the pictures there")
    return words


def _question(options: argparse.Namespace) -> Question:
    """Raises ValueError for what is no number or size."""
    try:
        counts = tuple(sorted({int(word) for word in options.instances.split(",")}))
    except ValueError:
        raise BadQuestion(f"instances are whole numbers with commas between, not {options.instances!r}") from None
    machines = tuple(MACHINES) if options.machines == "all" else tuple(options.machines.split(","))
    ram, budget = (ram_in_bytes(text) / (1 << 20) for text in (options.vm_memory, options.budget))
    return Question(options.image, counts, machines, ram, budget, options.ksm)


def _calibrated(file: Path) -> Book:
    """The book with what a measurement found. Raises OSError, ValueError, BadParameter."""
    document: Any = json.loads(file.read_text("utf-8"))
    if not isinstance(document, dict) or not isinstance(document.get("values"), dict):
        raise BadParameter(f'{file}: an object with "values" is wanted')
    return book().changed(document["values"], str(document.get("source", file)), date=str(document.get("date", "")))


def _check(parameters: Book) -> int:
    found = list(rows(parameters))
    print("\n".join(table(found)))
    counted = {kind: sum(row.kind == kind for row in found) for kind in ("held", "fitted", "excepted", "shown")}
    outside = [row for row in found if row.kind == "held" and abs(row.error) > TOLERANCE]
    print(
        f"\n{', '.join(f'{count} {kind}' for kind, count in counted.items())}; outside {TOLERANCE:.0%}: {len(outside)}"
    )
    return 1 if outside else 0


# -- words ----------------------------------------------------------------------------------------------------
def _table(found: Comparison) -> Iterator[str]:
    question = found.question
    yield (
        f"{question.image}, from the {found.origin}; guests have {question.ram:g} MiB"
        + (", equal pages are merged (KSM)" if question.ksm else "")
    )
    width = max(13, *(len(machine.label) + 2 for machine in found.machines))
    heads = "".join(f"{machine.label:>{width}}" for machine in found.machines)
    yield f"{'':<48}{heads}  rests on"
    words = []
    for answer in found.answers:
        if any(isinstance(value, str) for value in answer.values.values()):
            words.append(answer)
            continue
        label = f"{answer.label}{', ' + answer.unit if answer.unit else ''}"
        cells = "".join(f"{_cell(answer, machine.name):>{width}}" for machine in found.machines)
        yield f"{label:<48}{cells}  {MARKS[found.founded(answer)]}"
    for answer in words:
        yield f"{answer.label}:"
        yield from (f"    {machine.label:<22}{answer.values[machine.name]}" for machine in found.machines)


def _cell(answer: Answer, name: str) -> str:
    value = answer.values[name]
    if not isinstance(value, Figure):
        return "no room" if value is None else value
    number = value.value
    if answer.unit == "x":
        return f"{number:.2f}"
    return f"{number:,.0f}" if number >= 100 or number == int(number) else f"{number:.3g}"


def _notes(found: Comparison, calibrated: Path | None) -> Iterator[str]:
    yield "These figures are the model's: nothing was measured on this machine" + (
        f", but for the parameters in {calibrated}." if calibrated else "."
    )
    if missing := list(_missing()):
        yield f"A measurement with virtual machines would lack here: {'; '.join(missing)}."
    yield "A line is as good as its weakest source; `--sources` shows all of them, `--check` the model's errors."
    yield "Times and factors come from several machines and years: compare columns, not a cell with your own computer."


def _missing() -> Iterator[str]:
    """What real virtual machines would need. /dev/kvm alone proves nothing: the processor has to say so, too."""
    if not shutil.which("qemu-system-x86_64"):
        yield "QEMU (no qemu-system-x86_64 on the PATH)"
    if not os.access("/dev/kvm", os.R_OK | os.W_OK):
        yield "KVM (no /dev/kvm that may be opened)"
    elif not {"vmx", "svm"} & _flags():
        yield "KVM (/dev/kvm is there, but the processor shows neither vmx nor svm)"


def _flags() -> set[str]:
    try:
        return set(Path("/proc/cpuinfo").read_text("utf-8", "replace").split())
    except OSError:
        return set()


def _sources(found: Comparison) -> Iterator[str]:
    figures = [figure for answer in found.answers for figure in answer.figures()]
    for parameter in found.book.behind(figures):
        yield f"{parameter.name:<24} {parameter.value:>10g} {parameter.unit:<10} {parameter.about}"
        fit = f"; fitted: {parameter.fit}" if parameter.fit else ""
        yield f"{'':<24} {STATUS[parameter.status]} ({parameter.date}): {parameter.source}{fit}"


def _draw(found: Comparison, folder: Path) -> None:
    from classroom.views import comparison

    folder.mkdir(parents=True, exist_ok=True)
    for name, picture in comparison.pictures(found).items():
        (folder / f"{name}.svg").write_text(picture.svg, "utf-8")
        print(f"drawn: {folder / f'{name}.svg'}")
