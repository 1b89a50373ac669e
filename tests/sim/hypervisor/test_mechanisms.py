"""Laws that hold for every machine, image and size: what more instances, sharing and clients can never do."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.hypervisor import boot, cpu, io, memory, network
from sim.hypervisor.figures import Figure
from sim.hypervisor.machines import MACHINES, BadQuestion, Program, machine, program
from sim.hypervisor.parameters import book

BOOK = book()
ALL = list(MACHINES.values())
GUESTS = [each for each in ALL if each.guest]
machines = st.sampled_from(ALL)
images = st.builds(
    Program, st.just("web"), st.floats(1, 2000), *(st.builds(Figure, st.floats(0.1, high)) for high in (5000, 200, 100))
)
rams = st.sampled_from([512.0, 1024.0, 4096.0, 16384.0])
counts = st.integers(0, 10_000)


@given(machines, images, rams, counts, counts, st.booleans(), st.booleans())
def test_more_instances_never_use_less_memory_or_disk(machine, image, ram, some, more, ksm, shared):
    some, more = sorted((some, more))
    whole = memory.memory(machine, image, ram, BOOK, ksm=ksm, shared=shared)
    less, most = whole.at(some), whole.at(more)
    if most is not None:  # and what has room for more has room for some
        assert less is not None and less.value <= most.value
    disks = [memory.disk(machine, image, count, BOOK).value for count in (some, more)]
    assert disks[0] <= disks[1]


@given(machines, images, rams, counts)
def test_sharing_never_costs(machine, image, ram, count):
    shared, apart = (memory.memory(machine, image, ram, BOOK, shared=each).at(count) for each in (True, False))
    assert apart is None or (shared is not None and shared.value <= apart.value + 1e-6)
    merged, plain = (memory.memory(machine, image, ram, BOOK, ksm=each).at(count) for each in (True, False))
    assert (merged is None) == (plain is None)
    assert merged is None or plain is None or merged.value <= plain.value + 1e-6


@given(st.sampled_from(GUESTS), images)
def test_a_container_never_starts_slower_than_its_image_in_a_virtual_machine(guest, image):
    container, other = (boot.phases(each, image, BOOK) for each in (MACHINES["container"], guest))
    assert boot.first_line(container).value <= boot.first_line(other).value
    assert boot.without_engine(container).value <= boot.without_engine(other).value
    answers = [
        boot.first_answer(steps, network.round_trip(each, BOOK)).value
        for each, steps in ((MACHINES["container"], container), (guest, other))
    ]
    assert answers[0] <= answers[1]


@given(st.sampled_from(GUESTS), images, rams, st.integers(1, 5000))
def test_a_container_never_needs_more_memory_than_its_image_in_a_virtual_machine(guest, image, ram, count):
    container, other = (memory.memory(each, image, ram, BOOK).at(count) for each in (MACHINES["container"], guest))
    assert container is not None and other is not None and container.value <= other.value


@given(machines, images, rams, st.floats(100, 1e6))
def test_the_density_is_the_most_that_fits(machine, image, ram, budget):
    whole = memory.memory(machine, image, ram, BOOK)
    fitting = whole.density(budget)
    if fitting:
        found = whole.at(fitting)
        assert found is not None and found.value <= budget + 1e-3
    more = whole.at(fitting + 1)
    assert more is None or more.value > budget


@given(machines, st.integers(1, 500))
def test_more_clients_never_get_fewer_answers_in_all(machine, connections):
    work, away = BOOK["redis.get"], BOOK["redis.away"]
    few, more = (network.served(machine, work, away, count, BOOK).value for count in (connections, connections + 1))
    assert few <= more * (1 + 1e-9)
    assert more <= 1e6 / work.value + 1e-6


@given(machines, st.integers(1, 256), st.integers(1, 16), st.floats(100, 1e6))
def test_no_machine_is_faster_than_the_bare_one(machine, depth, jobs, native):
    bare = MACHINES["bare"]
    assert io.requests(machine, native, depth, BOOK, jobs=jobs).value <= native
    assert cpu.random_access(machine, 0.05, BOOK).value <= cpu.random_access(bare, 0.05, BOOK).value
    assert cpu.stream(machine, 25, BOOK).value <= 25 + 1e-9
    assert cpu.compute(machine, 100, BOOK).value <= 100
    assert network.round_trip(machine, BOOK).value >= network.round_trip(bare, BOOK).value
    assert network.throughput(machine, BOOK).value <= network.throughput(bare, BOOK).value


def test_a_nested_walk_reads_24_entries_and_15_with_huge_pages():
    assert [cpu.references(nested, BOOK, huge=huge).value for nested in (False, True) for huge in (False, True)] == [
        4, 3, 24, 15,
    ]  # fmt: skip


def test_a_guest_kernel_keeps_13_9_mebibytes_and_a_64th():
    assert memory.kernel_tax(1024, BOOK).value == pytest.approx(13.9 + 16)
    assert memory.kernel_tax(8192, BOOK).value == pytest.approx(13.9 + 128 + 64)


def test_several_jobs_share_the_exits_of_a_guest():
    alone, together = (io.requests(MACHINES["type2"], 100_000, 128, BOOK, jobs=jobs).value for jobs in (1, 8))
    assert together > 2 * alone


def test_a_first_write_copies_the_whole_file_up_and_only_in_containers():
    container = MACHINES["container"]
    assert io.copy_up(container, 200, BOOK).value > 1.9 * io.copy_up(container, 100, BOOK).value
    assert io.copy_up(MACHINES["type2"], 200, BOOK).value == 0


def test_a_type_1_machine_takes_all_its_memory_at_once_and_ksm_finds_nothing_to_merge():
    image = program("redis", 50, BOOK)
    whole = memory.memory(MACHINES["type1"], image, 1024, BOOK)
    assert whole.sum("each").value >= 1024
    assert memory.memory(MACHINES["type1"], image, 1024, BOOK, ksm=True).at(8) == whole.at(8)


def test_the_machine_of_docker_desktop_is_full_at_some_point():
    whole = memory.memory(MACHINES["hyperv"], program("redis", 50, BOOK), 512, BOOK)
    assert whole.at(1) == whole.at(200)  # taken at the start
    assert whole.at(100_000) is None
    assert whole.density(1024) == 0  # not even the machine fits


def test_a_guest_with_as_much_as_the_error_says_runs():
    image = program("redis", 50, BOOK)
    with pytest.raises(BadQuestion, match=r"needs (\d+) MiB") as refused:
        memory.memory(MACHINES["type2"], image, 64, BOOK)
    needed = int(str(refused.value).split("needs ")[1].split()[0])
    assert memory.memory(MACHINES["type2"], image, needed, BOOK).at(1)
    with pytest.raises(BadQuestion):
        memory.memory(MACHINES["type2"], image, needed - 1, BOOK)


def test_questions_that_cannot_be_are_refused():
    image = program("redis", 50, BOOK)
    questions = (
        lambda: machine("mainframe"),
        lambda: memory.memory(MACHINES["type2"], image, 64, BOOK),
        lambda: memory.memory(MACHINES["container"], image, 64, BOOK).at(-1),
        lambda: memory.disk(MACHINES["container"], image, -1, BOOK),
        lambda: io.requests(MACHINES["type2"], 1000, 0, BOOK),
        lambda: network.served(MACHINES["type2"], Figure(1), Figure(1), 0, BOOK),
    )
    for question in questions:
        with pytest.raises(BadQuestion):
            question()
