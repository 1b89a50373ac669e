"""Four small tasks for the tests and the benchmark of grading: one to follow, two to apply, one to diagnose."""

from classroom.exercises.expectations import Is
from classroom.exercises.looks import Count, File, Inspect
from classroom.exercises.task import Criterion, Explain, Level, Task
from classroom.exercises.variants import Name, Number

TASKS = (
    Task(
        "named",
        Level.FOLLOW,
        (1,),
        (
            Criterion("there", 1, Inspect("container", "{box}", "State.Status"), Is("exited")),
            Criterion("code", 1, Inspect("container", "{box}", "State.ExitCode"), Is("{code}")),
        ),
        draws={"box": Name(), "code": Number(1, 99)},
        solution=("docker run --name {box} alpine sh -c 'exit {code}'",),
    ),
    Task(
        "kept",
        Level.APPLY,
        (3,),
        (
            Criterion("volume", 1, Inspect("volume", "{data}", "Name"), Is("{data}")),
            Criterion("file", 2, File("{box}", "/data/note"), Is("{word}"), hidden=True),
        ),
        draws={"box": Name(), "data": Name(), "word": Name()},
        solution=(
            "docker volume create {data}",
            "docker run --name {box} -v {data}:/data alpine sh -c 'echo {word} > /data/note'",
        ),
    ),
    Task(
        "limited",
        Level.APPLY,
        (19,),
        (Criterion("memory", 2, Inspect("container", "{box}", "HostConfig.Memory"), Is("{mib*1048576}")),),
        draws={"box": Name(), "mib": Number(16, 64, 4)},
        explain=Explain(2),
        solution=("docker run -d --name {box} -m {mib}m alpine sleep 60",),
    ),
    Task(
        "tidy",
        Level.DIAGNOSE,
        (22,),
        (Criterion("none", 2, Count("containers"), Is("0")),),
        draws={"box": Name()},
        setup=("docker run -d --name {box} alpine sleep 1000",),
        solution=("docker rm -f {box}",),
    ),
)
