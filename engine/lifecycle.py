"""The life of a container: its states, what may be done in each, and Docker's words when it may not.

Rules
1. Everything that compares states is in this file; no other module asks "is it running, and not paused?".
2. `TABLE` is the whole truth: `TABLE[state][verb]` is the state after the verb. A verb that changes nothing but needs a
   certain state (exec, top) leads back to where it began.
3. A missing entry is a refusal; `refuse` gives it Docker's words. A refusal changes nothing.
4. The pictures (`dot`, `drawing`) are made from the table, so they cannot be wrong.

Words and states: moby, daemon/container/state.go and the guards of daemon/{start,stop,pause,kill,exec,delete}.go.
"""

from __future__ import annotations

from enum import StrEnum

from engine.errors import Conflict, EngineError, NotModified, System


class State(StrEnum):
    """What `docker inspect` shows as State.Status."""

    CREATED = "created"
    RUNNING = "running"
    PAUSED = "paused"
    RESTARTING = "restarting"
    REMOVING = "removing"
    EXITED = "exited"
    DEAD = "dead"


class Verb(StrEnum):
    """What somebody asks for, or what happens."""

    START = "start"
    PAUSE = "pause"
    UNPAUSE = "unpause"
    STOP = "stop"  # ask the program to end; that it has ended is EXIT
    KILL = "kill"  # send a signal
    EXEC = "exec"
    TOP = "top"
    ATTACH = "attach"
    RENAME = "rename"
    EXIT = "exit"  # the first process has ended, and that is that
    RETRY = "retry"  # it has ended, and the restart policy will start it again
    GIVE_UP = "give up"  # stopped while it waited for its restart
    REMOVE = "remove"
    FORCE_REMOVE = "force remove"  # what runs has to be killed first
    FAIL = "fail"  # it could not be removed


S, V = State, Verb

TABLE: dict[State, dict[Verb, State]] = {
    S.CREATED: {
        V.START: S.RUNNING,
        V.REMOVE: S.REMOVING,
        V.FORCE_REMOVE: S.REMOVING,
        V.ATTACH: S.CREATED,
        V.RENAME: S.CREATED,
    },
    S.RUNNING: {
        V.PAUSE: S.PAUSED,
        V.STOP: S.RUNNING,
        V.KILL: S.RUNNING,
        V.EXEC: S.RUNNING,
        V.TOP: S.RUNNING,
        V.ATTACH: S.RUNNING,
        V.RENAME: S.RUNNING,
        V.EXIT: S.EXITED,
        V.RETRY: S.RESTARTING,
        V.FORCE_REMOVE: S.RUNNING,
    },
    S.PAUSED: {
        V.UNPAUSE: S.RUNNING,
        V.STOP: S.PAUSED,
        V.KILL: S.PAUSED,
        V.TOP: S.PAUSED,
        V.RENAME: S.PAUSED,
        V.EXIT: S.EXITED,
        V.RETRY: S.RESTARTING,
        V.FORCE_REMOVE: S.PAUSED,
    },
    S.RESTARTING: {
        V.START: S.RUNNING,
        V.STOP: S.RESTARTING,
        V.KILL: S.RESTARTING,
        V.GIVE_UP: S.EXITED,
        V.RENAME: S.RESTARTING,
        V.FORCE_REMOVE: S.RESTARTING,
    },
    S.EXITED: {
        V.START: S.RUNNING,
        V.REMOVE: S.REMOVING,
        V.FORCE_REMOVE: S.REMOVING,
        V.ATTACH: S.EXITED,
        V.RENAME: S.EXITED,
    },
    S.REMOVING: {V.FAIL: S.DEAD},
    S.DEAD: {V.REMOVE: S.REMOVING, V.FORCE_REMOVE: S.REMOVING},
}

ALIVE = frozenset((S.RUNNING, S.PAUSED))  # a process is there
ACTIVE = ALIVE | {S.RESTARTING}  # what `docker ps` shows without -a, and what moby calls "Running"
STOPPED = frozenset((S.CREATED, S.EXITED, S.DEAD))  # what `docker container prune` removes


def after(state: State, verb: Verb, id: str, name: str) -> State:
    """The state after the verb. Raises an EngineError with Docker's words if there is no such entry.

    `id` and `name` (without its slash) are the container's, for the words.

    >>> after(State.CREATED, Verb.START, "4ac…", "web")
    <State.RUNNING: 'running'>
    """
    try:
        return TABLE[state][verb]
    except KeyError:
        raise refuse(state, verb, id, name) from None


def refuse(state: State, verb: Verb, id: str, name: str) -> EngineError:
    """The error for a missing entry."""
    for verbs, states, cause, words in REFUSALS:
        if verb in verbs and state in states:
            return cause(words.format(id=id, name=name, state=state))
    return Conflict(f"cannot {verb} container {id}: container is {state}")


ANY = tuple(State)

# Of the rows for a verb, the first that names the state counts: (verbs, states, class of the error, words).
REFUSALS: tuple[tuple[tuple[Verb, ...], tuple[State, ...], type[EngineError], str], ...] = (
    ((V.START,), (S.PAUSED,), Conflict, "cannot start a paused container, try unpause instead"),
    ((V.START,), (S.RUNNING,), NotModified, "Container is already started"),
    ((V.START,), ANY, Conflict, "container is marked for removal and cannot be started"),
    ((V.STOP,), ANY, NotModified, "Container is already stopped"),
    ((V.PAUSE,), (S.PAUSED,), Conflict, "Container {id} is already paused"),
    ((V.UNPAUSE,), ANY, System, "Container {id} is not paused"),
    ((V.EXEC,), (S.PAUSED,), Conflict, "Container {id} is paused, unpause the container before exec"),
    ((V.ATTACH,), (S.PAUSED,), Conflict, "container {name} is paused, unpause the container before attach"),
    (
        (V.PAUSE, V.EXEC, V.TOP, V.ATTACH),
        (S.RESTARTING,),
        Conflict,
        "Container {id} is restarting, wait until the container is running",
    ),
    ((V.PAUSE, V.KILL, V.EXEC, V.TOP, V.ATTACH), ANY, Conflict, "container {id} is not running"),
    ((V.REMOVE, V.FORCE_REMOVE), (S.REMOVING,), Conflict, "removal of container {id} is already in progress"),
    (
        (V.REMOVE,),
        (S.PAUSED,),
        Conflict,
        'cannot remove container "/{name}": container is paused and must be unpaused first',
    ),
    (
        (V.REMOVE,),
        ANY,
        Conflict,
        'cannot remove container "/{name}": container is {state}: stop the container before removing or force remove',
    ),
    ((V.RENAME,), ANY, Conflict, "Container {id} is marked for removal and cannot be renamed"),
)


def edges() -> list[tuple[State, State, str]]:
    """(from, to, verbs) of all entries that change the state, in the table's order."""
    found: dict[tuple[State, State], list[str]] = {}
    for state, verbs in TABLE.items():
        for verb, to in verbs.items():
            if to is not state:
                found.setdefault((state, to), []).append(verb)
    return [(state, to, ", ".join(verbs)) for (state, to), verbs in found.items()]


def dot(now: State | None = None) -> str:
    """The table as a Graphviz graph; `now` is filled."""
    lines = ["digraph lifecycle {", "  rankdir=LR;", '  node [shape=box, style="rounded"];']
    if now is not None:
        lines.append(f'  {now} [style="rounded,filled", fillcolor="lightblue"];')
    lines += [f'  {state} -> {to} [label="{verbs}"];' for state, to, verbs in edges()]
    return "\n".join([*lines, "}"]) + "\n"


def drawing(now: State | None = None) -> str:
    """The table as text, one line for each arrow; `now` is marked by brackets.

    >>> print(drawing(State.DEAD).splitlines()[-1])
         [dead]    ──remove, force remove──▶ removing
    """
    lines = []
    for state, to, verbs in edges():
        shown = f"[{state}]" if state is now else f" {state} "
        lines.append(f"  {shown:^12} ──{verbs}──▶ {to}")
    return "\n".join(lines) + "\n"
