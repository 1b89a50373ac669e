"""What `glassdock compare` draws: what lies on what, how a start passes, where memory goes, how many fit.

Drawn from the comparison itself (sim/hypervisor/comparison.py), so that a picture cannot say what the table does not.
"""

from __future__ import annotations

from collections.abc import Mapping

from classroom.drawing import Canvas, Picture
from classroom.texts import tell
from classroom.views.charts import Piece, bars, lines
from classroom.views.names import named
from sim.hypervisor import network
from sim.hypervisor.comparison import Comparison
from sim.hypervisor.figures import Figure

LOOKS = {
    "engine": ("grey-soft", "faint"), "machine": ("orange-soft", "orange"), "kernel": ("green-soft", "green"),
    "user space": ("blue-soft", "blue"),
}  # fmt: skip
COLUMN, CELL, SLIVER, MORE = 150, 34, 18, 2  # pixels; how many more instances are hinted at


def pictures(found: Comparison) -> Mapping[str, Picture]:
    """All of them, by a name for a file."""
    return {
        "stacks": stacks(found),
        "start": start(found),
        "memory": memory(found),
        "growth": growth(found),
        "density": density(found),
        "requests": requests(found),
    }


def stacks(found: Comparison) -> Picture:
    """What lies on what, the hardware below; what is there for each instance is drawn more than once."""
    canvas = Canvas(tell("what lies"))
    canvas.text(16, 28, canvas.title, bold=True, size=16)
    floor = 46 + CELL * (max(len(machine.stack) for machine in found.machines) - 2)
    words = []
    for column, machine in enumerate(found.machines):
        x = 16 + column * (COLUMN + 18)
        cut = machine.stack.index("|")
        common, own = ([named(name) for name in part] for part in (machine.stack[:cut], machine.stack[cut + 1 :]))
        for level, name in enumerate(common):
            _level(canvas, x, floor - level * CELL, COLUMN, name, "grey-soft", "line")
        for level, name in enumerate(own, len(common)):
            fill, edge = ("blue-soft", "blue") if name == own[-1] else ("orange-soft", "orange")
            y = floor - level * CELL
            for more in range(MORE):
                _level(canvas, x + COLUMN - (MORE - more) * SLIVER + 3, y, SLIVER - 3, "", fill, edge)
            _level(canvas, x, y, COLUMN - MORE * SLIVER, name, fill, edge)
        canvas.text(
            x + COLUMN / 2, floor + CELL + 18, named(machine.label), anchor="middle", bold=True, within=COLUMN + 10
        )
        once, each = " < ".join(common), " < ".join(own)
        words.append(tell("stack", name=named(machine.label), once=once, each=each, kernel=named(machine.kernel)))
    return canvas.picture("\n".join([canvas.title, *words]))


def _level(canvas: Canvas, x: float, y: float, width: float, name: str, fill: str, edge: str) -> None:
    canvas.box(x, y, width, CELL - 4, fill=fill, edge=edge, radius=4)
    canvas.text(x + width / 2, y + 20, name, anchor="middle", size=12, within=width - 8)


def start(found: Comparison) -> Picture:
    """From the command to a program that listens."""
    rows = {
        named(machine.label): [
            Piece(named(part), sum(step.time.value for step in found.starts[machine.name] if step.part == part), *look)
            for part, look in LOOKS.items()
        ]
        for machine in found.machines
    }
    return bars(tell("until it listens", image=found.question.image), "ms", rows, tell("model note"))


def memory(found: Comparison) -> Picture:
    """With the most instances that were asked for, by who has it."""
    count = max(found.question.instances)
    rows = {}
    for machine in found.machines:
        parts = found.memory[machine.name]
        if (whole := parts.at(count)) is None:
            continue
        fixed, once, each = (parts.sum(kind).value for kind in ("fixed", "once", "each"))
        pieces = [
            Piece(tell("the platform"), fixed, "grey-soft", "faint"),
            Piece(tell("shared by all"), once, "green-soft", "green", True),
        ]
        if parts.taken:
            rows[named(machine.label)] = [
                pieces[0],
                Piece(tell("taken at the start"), whole.value - fixed, "orange-soft", "orange"),
            ]
        else:
            rows[named(machine.label)] = [*pieces, Piece(tell("each its own"), count * each, "blue-soft", "blue")]
    return bars(tell("memory of", count=count, image=found.question.image), "MiB", rows, tell("model note"))


def growth(found: Comparison) -> Picture:
    """Memory over the number of instances."""
    series = {
        named(machine.label): [
            (float(count), figure.value)
            for count in found.question.instances
            if (figure := found.memory[machine.name].at(count)) is not None
        ]
        for machine in found.machines
    }
    return lines(
        tell("memory growing", image=found.question.image), tell("instances"), "MiB", series, tell("model note")
    )


def density(found: Comparison) -> Picture:
    """How many fit."""
    answer = next(answer for answer in found.answers if answer.key == "density")
    rows = {}
    for machine in found.machines:
        value = answer.values[machine.name]
        rows[named(machine.label)] = [Piece(tell("instances"), value.value if isinstance(value, Figure) else 0.0)]
    title = tell("instances in", image=found.question.image, budget=f"{found.question.budget:,.0f}")
    return bars(title, tell("instances"), rows, tell("model note"))


def requests(found: Comparison) -> Picture:
    """Redis GET over the number of connections: where a guest passes a container behind NAT."""
    book, counts = found.book, (1, 2, 5, 10, 15, 20, 30, 40, 60, 80, 100)
    series = {
        named(machine.label): [
            (float(count), network.served(machine, book["redis.get"], book["redis.away"], count, book).value)
            for count in counts
        ]
        for machine in found.machines
    }
    return lines(tell("redis get"), tell("connections"), tell("a second"), series, tell("model note"))
