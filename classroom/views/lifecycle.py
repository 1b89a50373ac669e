"""The life of a container: the engine's own table of states as a picture, with where it is and where it has been.

The arrows come from `engine.lifecycle`, so the picture cannot be wrong; only the places of the boxes are chosen here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from classroom.drawing import Canvas, Picture
from classroom.texts import tell
from classroom.words import short_ids
from engine.errors import EngineError
from engine.lifecycle import State, Verb, after, edges

S = State
WIDTH, HEIGHT = 116, 40
# middle of each box, pixels
PLACES = {
    S.CREATED: (90, 150), S.RUNNING: (350, 150), S.PAUSED: (350, 40), S.RESTARTING: (350, 270),
    S.EXITED: (640, 150), S.REMOVING: (930, 150), S.DEAD: (930, 270),
}  # fmt: skip
Point = tuple[float, float]
# (from, to): points of the arrow, and where its words stand
ARROWS: dict[tuple[State, State], tuple[tuple[Point, ...], Point, str]] = {
    (S.CREATED, S.RUNNING): (((148, 150), (292, 150)), (190, 143), "middle"),
    (S.CREATED, S.REMOVING): (((90, 170), (90, 330), (850, 330), (850, 160), (872, 160)), (480, 324), "middle"),
    (S.RUNNING, S.PAUSED): (((330, 130), (330, 60)), (322, 100), "end"),
    (S.PAUSED, S.RUNNING): (((370, 60), (370, 130)), (378, 100), "start"),
    (S.RUNNING, S.RESTARTING): (((330, 170), (330, 250)), (322, 215), "end"),
    (S.RESTARTING, S.RUNNING): (((370, 250), (370, 170)), (378, 215), "start"),
    (S.RUNNING, S.EXITED): (((408, 142), (582, 142)), (495, 135), "middle"),
    (S.EXITED, S.RUNNING): (((582, 160), (408, 160)), (495, 176), "middle"),
    (S.PAUSED, S.EXITED): (((408, 40), (640, 40), (640, 130)), (525, 34), "middle"),
    (S.PAUSED, S.RESTARTING): (((292, 40), (230, 40), (230, 270), (292, 270)), (238, 90), "start"),
    (S.RESTARTING, S.EXITED): (((408, 270), (640, 270), (640, 170)), (525, 264), "middle"),
    (S.EXITED, S.REMOVING): (((698, 150), (872, 150)), (785, 143), "middle"),
    (S.REMOVING, S.DEAD): (((910, 170), (910, 250)), (916, 215), "start"),
    (S.DEAD, S.REMOVING): (((950, 250), (950, 170)), (958, 215), "start"),
}
# what a learner can type, and the verb that it asks for
COMMANDS = {
    "docker start": Verb.START, "docker pause": Verb.PAUSE, "docker unpause": Verb.UNPAUSE, "docker stop": Verb.STOP,
    "docker kill": Verb.KILL, "docker exec": Verb.EXEC, "docker attach": Verb.ATTACH, "docker top": Verb.TOP,
    "docker rm": Verb.REMOVE, "docker rm -f": Verb.FORCE_REMOVE,
}  # fmt: skip


def draw(now: State | None = None, path: Sequence[State] = (), name: str = "", id: str = "") -> Picture:
    """`now`: the present state; `path`: all states so far, oldest first, `now` last; `name`, `id`: of the container."""
    canvas = Canvas(tell("life of", name=name) if name else tell("life"))
    walked = set(pairwise(path))
    for start, end, verbs in edges():
        _arrow(canvas, start, end, verbs, (start, end) in walked)
    for state, (x, y) in PLACES.items():
        here, been = state is now, state in path
        fill, edge = ("orange-soft", "orange") if here else ("blue-soft", "blue") if been else ("grey-soft", "line")
        canvas.box(x - WIDTH / 2, y - HEIGHT / 2, WIDTH, HEIGHT, fill=fill, edge=edge, heavy=here)
        canvas.text(x, y + 5, state, anchor="middle", bold=here)
    lines = [tell("state now", state=now) if now else tell("states")]
    if path:
        lines.append(tell("path so far", path=" → ".join(path)))
    lines += [f"  {start} ──{verbs}──▶ {end}" for start, end, verbs in edges()]
    if now is not None:
        answers = list(_answers(now, id or name, name))
        for at, (command, answer, fine) in enumerate(answers):
            y = 366 + 21 * at
            canvas.text(32, y, command, mono=True, size=13)
            canvas.text(190, y, answer, size=13, colour="ink" if fine else "orange", within=680)
        lines += [f"  {command:<15} {answer}" for command, answer, _ in answers]
    return canvas.picture("\n".join(lines))


def _answers(now: State, id: str, name: str) -> Iterator[tuple[str, str, bool]]:
    """(command, what it would do now, whether it would)"""
    for command, verb in COMMANDS.items():
        try:
            state = after(now, verb, id, name)
        except EngineError as error:
            kind = "does nothing" if error.status == 304 else "refused"
            yield command, tell(kind, reason=short_ids(error.message)), False
        else:
            yield command, f"→ {state}" if state is not now else tell("can be done"), True


def _arrow(canvas: Canvas, start: State, end: State, verbs: str, walked: bool) -> None:
    points, (x, y), anchor = ARROWS[start, end]
    colour = "blue" if walked else "faint"
    canvas.line(points, colour=colour, arrow=True, heavy=walked)
    canvas.text(x, y, verbs, anchor=anchor, size=12, colour=colour)
