"""Exercises that say so can be solved on this machine's kernel as well, and are checked there by the same criteria."""

import pytest

from classroom.exercises.desk import Desk
from classroom.exercises.load import load, names
from classroom.exercises.released import Release

TASKS = [(name, task.name) for name in names() for task in load(name).tasks if task.real]


@pytest.fixture
def desk_of(daemon, tmp_path, monkeypatch):
    """A student's desk on the daemon, whose busybox goes by the name alpine as well."""
    monkeypatch.chdir(tmp_path)
    daemon.docker.images.get("busybox").tag("alpine")
    yield lambda name: Desk(Release(load(name)), "ada", host=lambda: f"unix://{daemon.socket}")
    for container in daemon.docker.containers.list(all=True):
        container.remove(force=True)


@pytest.mark.parametrize(("name", "task"), TASKS)
def test_the_solution_has_full_marks(desk_of, name, task):
    desk = desk_of(name)
    place = desk.begin(task)
    assert sum(each.points for each in desk.look(task)) == 0
    for line in desk.task(task).solution:
        if line.startswith("predict "):
            desk.predict(*line.split(" ", 2)[1:])
        else:
            place.lab.run(line)
            desk.noted()
    found = desk.look(task)
    assert all(each.passed for each in found), [each.message for each in found if not each.passed]


@pytest.mark.parametrize(("name", "task"), TASKS)
def test_beginning_again_clears_away_what_bears_the_students_names(desk_of, name, task):
    desk = desk_of(name)
    for _ in range(2):
        place = desk.begin(task)
        for line in desk.task(task).solution:
            if not line.startswith("predict "):
                assert place.lab.run(line).exit in (0, None)
