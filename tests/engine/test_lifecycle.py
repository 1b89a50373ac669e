"""The table of states: what it allows, what it refuses and how, and that its pictures are drawn from it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import Conflict, EngineError, NotModified, System
from engine.lifecycle import ACTIVE, ALIVE, STOPPED, TABLE, State, Verb, after, dot, drawing, edges, refuse

ID, NAME = "4c01db0b339c" * 5 + "4c01", "web"

REFUSED = [
    (State.CREATED, Verb.KILL, Conflict, f"container {ID} is not running"),
    (State.CREATED, Verb.PAUSE, Conflict, f"container {ID} is not running"),
    (State.CREATED, Verb.EXEC, Conflict, f"container {ID} is not running"),
    (State.EXITED, Verb.TOP, Conflict, f"container {ID} is not running"),
    (State.CREATED, Verb.UNPAUSE, System, f"Container {ID} is not paused"),
    (State.RUNNING, Verb.UNPAUSE, System, f"Container {ID} is not paused"),
    (State.PAUSED, Verb.PAUSE, Conflict, f"Container {ID} is already paused"),
    (State.PAUSED, Verb.START, Conflict, "cannot start a paused container, try unpause instead"),
    (State.RUNNING, Verb.START, NotModified, "Container is already started"),
    (State.EXITED, Verb.STOP, NotModified, "Container is already stopped"),
    (State.REMOVING, Verb.START, Conflict, "container is marked for removal and cannot be started"),
    (State.PAUSED, Verb.EXEC, Conflict, f"Container {ID} is paused, unpause the container before exec"),
    (
        State.RUNNING,
        Verb.REMOVE,
        Conflict,
        'cannot remove container "/web": container is running: stop the container before removing or force remove',
    ),
    (
        State.PAUSED,
        Verb.REMOVE,
        Conflict,
        'cannot remove container "/web": container is paused and must be unpaused first',
    ),
    (State.REMOVING, Verb.FORCE_REMOVE, Conflict, f"removal of container {ID} is already in progress"),
]


@pytest.mark.parametrize(("state", "verb", "cause", "words"), REFUSED)
def test_a_refusal_has_dockers_words_and_status(state: State, verb: Verb, cause: type[EngineError], words: str) -> None:
    with pytest.raises(cause) as refused:
        after(state, verb, ID, NAME)
    assert refused.value.message == words


@given(st.sampled_from(State), st.sampled_from(Verb))
def test_every_verb_in_every_state_is_a_transition_or_a_told_refusal(state: State, verb: Verb) -> None:
    if verb in TABLE[state]:
        assert after(state, verb, ID, NAME) in State
    else:
        error = refuse(state, verb, ID, NAME)
        assert error.message and "{" not in error.message


@given(st.lists(st.sampled_from(Verb), max_size=60))
def test_no_order_of_verbs_leaves_the_table(verbs: list[Verb]) -> None:
    state = State.CREATED
    for verb in verbs:
        try:
            state = after(state, verb, ID, NAME)
        except EngineError:
            continue
        assert state in TABLE


def test_every_state_can_be_reached_and_left() -> None:
    reached = {State.CREATED}
    while (more := {to for state, to, _ in edges() if state in reached}) - reached:
        reached |= more
    assert reached == set(State)
    assert {state for state, _, _ in edges()} == set(State)


def test_the_groups_of_states_do_not_overlap() -> None:
    assert ALIVE < ACTIVE
    assert not ACTIVE & STOPPED


def test_the_pictures_show_every_arrow_and_where_we_are() -> None:
    for state, to, verbs in edges():
        assert f'{state} -> {to} [label="{verbs}"]' in dot()
    assert "fillcolor" in dot(State.PAUSED) and "fillcolor" not in dot()
    assert len(drawing().splitlines()) == len(edges())
    assert "[paused]" in drawing(State.PAUSED)
