"""All questions to all machines at once: the table that `glassdock compare` prints.

`compare` is the model's answer. A measurement on a real machine can give the same shape, with another `origin`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sim.hypervisor import boot, cpu, io, network
from sim.hypervisor import memory as memories
from sim.hypervisor.boot import Phase
from sim.hypervisor.figures import Figure, total
from sim.hypervisor.machines import BadQuestion, Machine, Program, machine, program
from sim.hypervisor.memory import Memory
from sim.hypervisor.parameters import STATUS, Book

FIRST = ("bare", "container", "microvm", "type2", "type1")
STREAM, RANDOM, DISK, DEPTH, JOBS, ALONE = 22.527, 0.045792, 84_044, 128, 8, 60.7  # native, of the published machines
COPIED = 100  # MB of a file that is written to for the first time
CONNECTIONS = (1, 50)


@dataclass(frozen=True, slots=True)
class Question:
    """`ram`: of a guest; `budget`: of the host for its instances and all below them. MiB."""

    image: str = "redis"
    instances: tuple[int, ...] = (1, 2, 4, 8)
    machines: tuple[str, ...] = FIRST
    ram: float = 512
    budget: float = 16_384
    ksm: bool = False

    def check(self) -> None:
        """Raises BadQuestion."""
        if not self.instances or min(self.instances) < 1:
            raise BadQuestion("instances must be at least 1")
        if self.ram <= 0 or self.budget <= 0:
            raise BadQuestion("memory must be more than 0")


@dataclass(frozen=True, slots=True)
class Answer:
    """One line of the table: for each machine a figure, words, or None where there is no answer."""

    key: str
    label: str
    unit: str
    values: Mapping[str, Figure | str | None]

    def figures(self) -> Iterator[Figure]:
        return (value for value in self.values.values() if isinstance(value, Figure))


@dataclass(frozen=True, slots=True)
class Comparison:
    """`origin`: "model"; `starts` and `memory` are what the pictures are drawn from."""

    question: Question
    origin: str
    machines: Sequence[Machine]
    answers: Sequence[Answer]
    starts: Mapping[str, Sequence[Phase]]
    memory: Mapping[str, Memory]
    book: Book

    def founded(self, answer: Answer) -> str:
        """The weakest kind of source that the line rests on; "" for facts."""
        found = {parameter.status for parameter in self.book.behind(answer.figures())}
        return max(found, key=list(STATUS).index, default="")

    def document(self) -> dict[str, Any]:
        """As JSON, with every parameter that it rests on and its source."""
        question = self.question
        return {
            "origin": self.origin,
            "question": {name: getattr(question, name) for name in question.__slots__},
            "answers": [
                {
                    "key": answer.key, "label": answer.label, "unit": answer.unit,
                    "values": {name: _plain(value) for name, value in answer.values.items()},
                }
                for answer in self.answers
            ],
            "parameters": {
                parameter.name: {name: getattr(parameter, name) for name in parameter.__slots__ if name != "name"}
                for parameter in self.book.behind(figure for answer in self.answers for figure in answer.figures())
            },
        }  # fmt: skip


def _plain(value: Figure | str | None) -> Any:
    if isinstance(value, Figure):
        return {"value": value.value, "rests_on": sorted(value.rests_on)}
    return value


def compressed(image: str) -> float:
    """MB of an image of the hub's shelf as it travels. Raises BadQuestion if it is not there."""
    from sim.hub import shelf

    name, _, tag = image.partition(":")
    if name in shelf.folders():
        for version in shelf.repository(name).versions:
            if (tag or "latest") in version.tags:
                return float(sum(layer["size"] for layer in shelf.catalogue()[version.like]["layers"])) / 1e6
    raise BadQuestion(f"no image {image!r} on the shelf")


def compare(question: Question, book: Book) -> Comparison:
    """The model's answers. Raises BadQuestion."""
    question.check()
    image = program(question.image, compressed(question.image), book)
    machines = [machine(name) for name in dict.fromkeys(question.machines)]
    starts = {each.name: boot.phases(each, image, book) for each in machines}
    memory = {each.name: memories.memory(each, image, question.ram, book, ksm=question.ksm) for each in machines}
    answers = [
        *_times(machines, starts, book),
        *_room(machines, memory, image, question, book),
        *_speed(machines, book),
        Answer("kernel", "kernel that it talks to", "", {each.name: each.kernel for each in machines}),
        Answer("seen", "the host's process list shows", "", {each.name: each.sees for each in machines}),
    ]
    return Comparison(question, "model", machines, answers, starts, memory, book)


def _times(machines: Sequence[Machine], starts: Mapping[str, Sequence[Phase]], book: Book) -> Iterator[Answer]:
    def answer(machine: Machine) -> Figure:
        return boot.first_answer(starts[machine.name], network.round_trip(machine, book))

    yield Answer(
        "line", "first line of user space", "ms", {each.name: boot.first_line(starts[each.name]) for each in machines}
    )
    yield Answer("answer", "first answered request", "ms", {each.name: answer(each) for each in machines})
    yield Answer("alone", "first line, without an engine", "ms", {
        each.name: boot.without_engine(starts[each.name]) for each in machines
    })  # fmt: skip
    yield Answer("platform", "before all: the platform, from power on", "s", {
        each.name: total(phase.time for phase in boot.platform(each, book)) / 1000 for each in machines
    })  # fmt: skip


def _room(
    machines: Sequence[Machine], memory: Mapping[str, Memory], image: Program, question: Question, book: Book
) -> Iterator[Answer]:
    yield Answer("each", "memory of one more instance", "MiB", {
        each.name: Figure(0.0) if memory[each.name].taken else memory[each.name].sum("each") for each in machines
    })  # fmt: skip
    for count in question.instances:
        label = f"memory with {count} instance{'s' * (count != 1)}"
        yield Answer(f"memory_{count}", label, "MiB", {each.name: memory[each.name].at(count) for each in machines})
    yield Answer("density", f"instances in {question.budget:g} MiB", "", {
        each.name: Figure(memory[each.name].density(question.budget), _rests(memory[each.name])) for each in machines
    })  # fmt: skip
    yield Answer(
        "disk_1", "disk with 1 instance", "MB", {each.name: memories.disk(each, image, 1, book) for each in machines}
    )
    yield Answer("disk_each", "disk of one more instance", "MB", {
        each.name: memories.disk(each, image, 2, book) - memories.disk(each, image, 1, book) for each in machines
    })  # fmt: skip
    yield Answer("copy_up", f"first write to a {COPIED} MB file of the image", "ms", {
        each.name: io.copy_up(each, COPIED, book) for each in machines
    })  # fmt: skip


def _rests(memory: Memory) -> frozenset[str]:
    return total(part.size for part in memory.parts).rests_on


def _speed(machines: Sequence[Machine], book: Book) -> Iterator[Answer]:
    """Factors: of what the bare machine does."""
    alone = Figure(ALONE)
    yield Answer("compute", "a loop that computes", "x", {each.name: cpu.compute(each, 1, book) for each in machines})
    yield Answer(
        "stream", "memory in order", "x", {each.name: cpu.stream(each, STREAM, book) / STREAM for each in machines}
    )
    yield Answer("random", "memory at random", "x", {
        each.name: cpu.random_access(each, RANDOM, book) / RANDOM for each in machines
    })  # fmt: skip
    yield Answer("disk", f"disk, random reads, {DEPTH} in flight", "x", {
        each.name: io.requests(each, DISK, DEPTH, book, jobs=JOBS, alone=alone) / DISK for each in machines
    })  # fmt: skip
    yield Answer(
        "round_trip", "network, there and back", "us", {each.name: network.round_trip(each, book) for each in machines}
    )
    for count in CONNECTIONS:
        yield Answer(f"requests_{count}", f"Redis GET, {count} connection{'s' * (count != 1)}", "1/s", {
            each.name: network.served(each, book["redis.get"], book["redis.away"], count, book) for each in machines
        })  # fmt: skip
    yield Answer(
        "throughput", "network, a stream", "Gbit/s", {each.name: network.throughput(each, book) for each in machines}
    )
