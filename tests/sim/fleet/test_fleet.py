"""A fleet: nothing is lost or placed twice, the same seed gives the same, and images make a change quick and safe."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.fleet import placement, rollout
from sim.fleet.rollout import Change
from sim.hypervisor.machines import BadQuestion
from sim.hypervisor.parameters import book

BOOK = book()
seeds, ways = st.integers(0, 1000), st.sampled_from(sorted(placement.WAYS))


@settings(max_examples=40)
@given(ways, st.integers(1, 80), st.integers(1, 60), seeds)
def test_every_replica_is_somewhere_and_no_server_is_overfull(way, count, servers, seed):
    wanted = placement.programs(count, seed)
    placed = placement.place(way, wanted, servers, BOOK)
    there = Counter(each.program for server in placed.servers for each in server.instances)
    there += Counter(each.program for each in placed.left)
    assert there == Counter({each.name: each.replicas for each in wanted})
    for server in placed.servers:
        assert server.cpu >= -1e-6 and server.memory >= -1e-6
        names = [each.program for each in server.instances]
        assert len(names) == len(set(names))  # one dead server takes one replica at most


@settings(max_examples=40)
@given(ways, st.integers(1, 60), st.integers(1, 40), seeds, st.data())
def test_a_dead_servers_instances_move_or_are_counted_as_lost(way, count, servers, seed, data):
    before = placement.place(way, placement.programs(count, seed), servers, BOOK)
    number = data.draw(st.integers(0, servers - 1))
    were = [len(server.instances) for server in before.servers]
    after, recovery = placement.fail(before, number, BOOK)
    assert recovery.moved + recovery.lost == were[number]
    assert after.placed + len(after.left) == before.placed + len(before.left)
    assert [len(server.instances) for server in before.servers] == were  # asking changes nothing
    assert (recovery.seconds > 0) == (recovery.moved > 0)


def test_containers_need_fewer_servers_than_machines_and_machines_fewer_than_a_server_each():
    for seed in range(10):
        wanted = placement.programs(40, seed)
        used = {way: placement.place(way, wanted, 200, BOOK).used for way in placement.WAYS}
        assert used["containers"] <= used["machines"] <= used["servers"]
        assert used["servers"] == sum(each.replicas for each in wanted)


def test_the_same_seed_gives_the_same_programs():
    assert placement.programs(30, 5) == placement.programs(30, 5) != placement.programs(30, 6)


def test_a_server_that_is_on_needs_power_even_when_idle():
    placed = placement.place("containers", placement.programs(5, 1), 10, BOOK)
    assert placed.watts(BOOK, 0).value == placed.used * BOOK["fleet.idle_watts"].value
    assert placed.watts(BOOK, 4).value > placed.watts(BOOK, 0).value


changes = st.builds(
    Change, servers=st.integers(1, 60), at_once=st.integers(1, 20), people=st.integers(1, 5),
    uplink=st.floats(1, 1000), link=st.floats(1, 1000), mirror=st.booleans(),
)  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(rollout.WAYS), changes)
def test_a_change_reaches_every_server_and_never_takes_more_out_than_it_may(way, change):
    told = rollout.roll(way, change, BOOK)
    assert told.changed == change.servers and not told.broken
    assert told.lowest >= change.servers - change.at_once
    assert told.states[0][1:] == (change.servers, 0)
    assert told.states[-1][1:] == (change.servers, change.servers)
    assert rollout.roll(way, change, BOOK) == told


def test_a_health_gate_stops_a_bad_release_and_by_hand_all_are_broken():
    change = Change(servers=30, at_once=5, bad=True)
    by_hand, by_image = (rollout.roll(way, change, BOOK) for way in ("hand", "container"))
    assert by_hand.broken == 30 and by_hand.lowest == 0
    assert by_image.stopped and by_image.broken == by_image.changed == 0
    assert by_image.lowest == 25 and by_image.states[-1][1] == 30


def test_a_containers_image_moves_less_and_is_sooner_everywhere_than_a_machines():
    machine, container = (rollout.roll(way, Change(), BOOK) for way in ("machine", "container"))
    assert container.moved < machine.moved / 10
    assert container.seconds < machine.seconds
    assert container.down < machine.down


def test_layers_that_are_there_are_not_fetched_again():
    assert rollout.missing("nginx", "nginx")[:2] == (0, 0)
    megabytes, lacking, layers = rollout.missing("httpd", "nginx")
    assert 0 < lacking <= layers and megabytes > 0


def test_a_mirror_fetches_once_for_all():
    plain, mirrored = (rollout.roll("container", Change(mirror=each, uplink=10), BOOK) for each in (False, True))
    assert mirrored.moved * 100 == plain.moved
    assert mirrored.seconds < plain.seconds


def test_the_uplink_is_shared_and_the_link_is_a_limit():
    slow, fast = (rollout.roll("container", Change(uplink=each), BOOK).seconds for each in (10, 1000))
    assert slow > fast
    limited = rollout.roll("container", Change(servers=1, uplink=1000, link=1), BOOK).seconds
    assert limited > rollout.missing("httpd", "nginx")[0]


@pytest.mark.parametrize("change", [Change(servers=0), Change(at_once=0), Change(uplink=-1), Change(link=0),
                                    Change(new="nope"), Change(old="nope")])  # fmt: skip
def test_changes_that_cannot_be_are_refused(change):
    with pytest.raises(BadQuestion):
        rollout.roll("container", change, BOOK)


def test_fleets_that_cannot_be_are_refused():
    for question in (
        lambda: placement.programs(0, 1),
        lambda: placement.place("containers", [], 0, BOOK),
        lambda: placement.place("clouds", [], 1, BOOK),
        lambda: placement.fail(placement.place("containers", [], 1, BOOK), 1, BOOK),
        lambda: rollout.roll("wish", Change(), BOOK),
    ):
        with pytest.raises(BadQuestion):
            question()
