"""What a check sees of an engine, what it expects, and how that is said and sent."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classroom.exercises import authoring, expectations, looks
from classroom.exercises.authoring import (
    Among,
    Answer,
    AtLeast,
    AtMost,
    Changes,
    Contains,
    Count,
    Differs,
    Disk,
    Events,
    Fewest,
    File,
    Gone,
    Has,
    Info,
    Inspect,
    Is,
    IsNot,
    Lacks,
    Length,
    Logs,
    Matches,
    Predicted,
    Processes,
    Requests,
    Same,
    Shared,
    There,
)
from classroom.exercises.codec import BadDocument, from_data, to_data
from classroom.exercises.expectations import plain, shown
from classroom.exercises.fill import filled
from classroom.exercises.load import load, names
from classroom.exercises.task import Criterion, Text
from classroom.exercises.world import World, asked
from classroom.lab import Lab


@pytest.fixture(scope="module")
def world():
    """An engine on which a few things were done; one for all tests, since looking changes nothing."""
    lab = Lab("sim", seed=11)
    lab.docker("pull -q busybox")
    setup = asked(lab.connection)
    for line in (
        "run -d --name web -p 8123:80 -m 64m nginx",
        "run --name note busybox sh -c 'echo hello > /note; echo said; exit 3'",
        "volume create stock",
        "network create --label team=blue yard",
        "tag busybox mine:1",
        "run --name typed -t busybox echo from-a-terminal",
        "exec -d web sleep 900",
    ):
        lab.docker(line)
    return World(lab.connection, setup, {"guess": "no"})


SEEN = [
    (Inspect("container", "web", "State.Status"), "running"),
    (Inspect("container", "web", "HostConfig.Memory"), 64 << 20),
    (Inspect("container", "web", "NetworkSettings > Ports > 80/tcp > 0 > HostPort"), "8123"),
    (Inspect("container", "web", "NetworkSettings > Ports > 81/tcp > 0"), None),
    (Inspect("container", "none", "State.Status"), None),
    (Inspect("volume", "stock"), "stock"),
    (Inspect("volume", "none"), None),
    (Inspect("network", "yard", "Labels.team"), "blue"),
    (Inspect("container", "note", "State.ExitCode"), 3),
    (Inspect("image", "mine:1", "Config.Cmd.0"), "sh"),
    (Count("containers"), 3),
    (Count("containers", ("State", "running")), 1),
    (Count("containers", ("Image", "busybox"), ("State", "exited")), 2),
    (Count("volumes"), 1),
    (Count("networks", ("Name", "yard")), 1),
    (Count("images"), 2),
    (File("note", "/note"), "hello"),
    (File("note", "/etc"), None),
    (File("note", "/none"), None),
    (File("none", "/note"), None),
    (Changes("note"), ["A /note"]),
    (Changes("none"), None),
    (Logs("note"), "said"),
    (Logs("typed"), "from-a-terminal"),
    (Logs("none"), None),
    (Processes("web", "sleep *"), 1),
    (Processes("none"), 0),
    (Shared("busybox", "mine:1"), 1),
    (Shared("busybox", "nginx"), 0),
    (Shared("busybox", "none"), None),
    (Length(Inspect("image", "busybox", "RootFS.Layers")), 1),
    (Length(Inspect("image", "none", "RootFS.Layers")), None),
    (Events("container", "die", (("name", "note"),)), 1),
    (Events("volume", "create"), 1),
    (Fewest("web", "note"), 1),  # note has ended since
    (Fewest("web", "none"), None),
    (Info("KernelVersion"), "6.12.43-glassdock"),
    (Info("NoSuchThing"), None),
    (Requests("POST /volumes/create 201"), 1),
    (Requests("POST /images/create *"), 1),  # nginx; busybox belongs to the set-up
    (Requests("GET *"), 0),
    (Predicted("guess"), "no"),
    (Predicted("other"), None),
    (Answer("8124"), None),
]


@pytest.mark.parametrize(("look", "value"), SEEN, ids=str)
def test_a_look_sees(world, look, value):
    assert look.see(world) == value


def test_a_browser_gets_the_page(world):
    assert "Welcome to nginx" in Answer("8123").see(world)
    assert Disk("LayersSize").see(world) > 4_000_000


def test_a_container_that_is_replaced_under_its_name_was_away_for_a_while():
    lab = Lab("sim", seed=12)
    one_by_one = Fewest("ant", "bee", "cat")
    for name in ("ant", "bee", "cat"):
        assert one_by_one.see(World(lab.connection)) is None
        lab.docker(f"run -d --name {name} alpine sleep 900")
    assert one_by_one.see(World(lab.connection)) == 3
    lab.docker("run -d --name bee-2 alpine sleep 900")
    lab.docker("rm -f bee")
    lab.docker("rename bee-2 bee")
    lab.docker("restart -t 0 ant")
    assert one_by_one.see(World(lab.connection)) == 2
    lab.docker("stop -t 0 ant bee")
    assert one_by_one.see(World(lab.connection)) == 1


def test_every_look_was_looked_at_and_every_word_is_an_authors():
    assert {type(look) for look, _ in SEEN} | {Disk} == set(looks.LOOKS)
    for kind in (*looks.LOOKS, *expectations.EXPECTATIONS):
        assert kind.__name__ in authoring.__all__


def test_looking_changes_nothing(world):
    before = asked(world._connection)
    again = World(world._connection)
    for look, value in SEEN:
        if not isinstance(look, Predicted | Requests):
            assert look.see(again) == value
    assert asked(world._connection) == before


NOTE = Inspect("container", "note", "Image")


@pytest.mark.parametrize(
    ("expectation", "met", "missed"),
    [
        (Is("8080"), [8080, "8080"], [None, 80]),
        (Is(True), [True, "true"], [False, None]),
        (Is("sh -c ls"), [["sh", "-c", "ls"]], [["sh"], None]),
        (IsNot("root"), ["", "ada"], ["root", None]),
        (Among("a", "b"), ["a", "b"], ["c", None]),
        (Contains("ell"), ["hello"], ["help", None]),
        (Has("A /x"), [["A /x", "C /"]], [["A /x/y"], None, "A /x"]),
        (Lacks("A /x"), [["A /x/y"], []], [["A /x"], None]),
        (Matches("[ab]+", Text("as", "에이")), ["abba"], ["abc", None]),
        (AtLeast("3"), [3, 4], [2, None, "9"]),
        (AtMost(3), [3, 0], [4, None]),
        (There(), [0, "", False], [None]),
        (Gone(), [None], [0, ""]),
        (Gone(NOTE), [None], [0]),
        (Gone(Inspect("container", "none")), [], [None]),
        (Differs(Inspect("container", "web", "Image")), ["x"], [None]),
        (Differs(Inspect("container", "none")), [], ["x"]),
    ],
    ids=str,
)
def test_an_expectation_is_met_or_missed(world, expectation, met, missed):
    assert all(expectation.met(value, world) for value in met)
    assert not any(expectation.met(value, world) for value in missed)
    assert expectation.words.en and expectation.words.ko


def test_two_looks_can_be_compared(world):
    same = Same(Inspect("image", "busybox"))
    assert same.met(NOTE.see(world), world)
    assert not same.met(Inspect("container", "web", "Image").see(world), world)
    assert not Same(Inspect("image", "none")).met(None, world)


def test_values_are_told_shortly():
    assert shown(None, "en") == "not there" and shown([], "ko") == "비어 있음"
    assert shown("sha256:" + "ab" * 32, "en") == "“sha256:abababababab”"
    assert shown("a\nb", "en") == "“a ⏎ b”"
    assert len(shown("x" * 1000, "en")) < 130
    assert plain(True) == "true" and plain(8080) == "8080"


def test_tasks_survive_the_way_to_a_student_and_back():
    for name in names():
        assignment = load(name)
        assert from_data(to_data(assignment)) == assignment


def test_what_an_older_release_did_not_have_is_as_usual():
    task = load("04-images").tasks[0]
    data = to_data(task)
    del data["profile"], data["files"]
    assert from_data(data) == task


@pytest.mark.parametrize(
    "data", [{"is": "Popen"}, {"is": "Is"}, {"is": "Is", "value": 1, "more": 2}, {"is": ["Is"]}, {"is": None}]
)
def test_only_what_an_exercise_is_made_of_is_ever_made(data):
    with pytest.raises(BadDocument):
        from_data(data)


VALUES = st.dictionaries(st.sampled_from(["first", "port", "mib"]), st.integers(0, 9999).map(str))


@settings(deadline=None)
@given(st.text(), VALUES)
def test_what_has_no_hole_stays_as_it_is(text, values):
    plainly = text.replace("{", "(")
    assert filled(plainly, values) == plainly


def test_holes_are_filled_however_deep():
    values = {"first": "otter-100", "mib": "32", "port": "8100"}
    assert filled("docker inspect -f '{{.Name}}' {first}", values) == "docker inspect -f '{{.Name}}' otter-100"
    assert filled("{port+1} {mib*1048576} {other} ${n}", values) == "8101 33554432 {other} ${n}"
    assert filled({"page/{first}.html": "<h1>{first}</h1>"}, values) == {"page/{first}.html": "<h1>otter-100</h1>"}
    criterion = Criterion("c", 1, Inspect("container", "{first}"), Among("{port}", "b"))
    assert filled(criterion, values) == Criterion("c", 1, Inspect("container", "otter-100"), Among("8100", "b"))
