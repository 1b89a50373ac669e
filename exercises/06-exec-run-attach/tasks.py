"""Lesson 6: exec adds a process to a container, run makes another container, attach listens to the first process."""

from classroom.exercises.authoring import *

SMALL = OneOf("alpine", "busybox")
COLOUR = OneOf("red", "green", "blue", "violet", "amber", "teal", "coral", "olive")

TASKS = (
    Task(
        "second-program",
        Level.FOLLOW,
        misconceptions=(6,),
        draws={"image": SMALL, "box": Name(), "seconds": Number(400, 900), "colour": COLOUR},
        setup=("docker run -d --name {box} {image} sleep 900",),
        criteria=(
            Criterion("process", 2, Processes("{box}", "sleep {seconds}"), Is(1)),
            Criterion("file", 2, File("{box}", "/colour"), Is("{colour}")),
            Criterion("one", 1, Count("containers"), Is(1)),
            Criterion("untouched", 1, Events("container", "start", (("name", "{box}"),)), Is(1), hidden=True),
        ),
        solution=(
            "docker exec -d {box} sleep {seconds}",
            "docker exec {box} sh -c 'echo {colour} > /colour'",
        ),
        wrong=(
            Wrong(
                (
                    "docker run -d {image} sleep {seconds}",
                    "docker exec {box} sh -c 'echo {colour} > /colour'",
                ),
                fails=("process", "one"),
                says="number of containers: 2",
            ),
            Wrong(
                (
                    "docker exec -d {box} sleep {seconds}",
                    "docker run {image} sh -c 'echo {colour} > /colour'",
                ),
                fails=("file", "one"),
                says="/colour",
            ),
        ),
    ),
    Task(
        "another-user",
        Level.APPLY,
        misconceptions=(6, 20),
        draws={"image": SMALL, "box": Name(), "folder": OneOf("/work", "/data", "/inbox"), "colour": COLOUR},
        setup=(
            "docker run -d --name {box} {image} sleep 900",
            "docker exec {box} sh -c 'mkdir {folder}; chmod 777 {folder}'",
        ),
        criteria=(
            Criterion("where", 1, File("{box}", "{folder}/where"), Is("{folder}")),
            Criterion("colour", 1, File("{box}", "{folder}/colour"), Is("{colour}")),
            Criterion("who", 2, File("{box}", "{folder}/who"), Is("nobody")),
            Criterion("kept", 1, Inspect("container", "{box}", "Config.User"), Is(""), hidden=True),
        ),
        solution=(
            "docker exec -u nobody -w {folder} -e COLOUR={colour} {box} "
            "sh -c 'pwd > where; echo $COLOUR > colour; id -un > who'",
        ),
        wrong=(
            Wrong(
                (
                    "docker exec -w {folder} -e COLOUR={colour} {box} "
                    "sh -c 'pwd > where; echo $COLOUR > colour; id -un > who'",
                ),
                fails=("who",),
                says="root",
            ),
            Wrong(
                ("docker exec -u nobody {box} sh -c 'cd {folder}; pwd > where; echo $COLOUR > colour; id -un > who'",),
                fails=("colour",),
                says="{colour}",
            ),
        ),
    ),
    Task(
        "who-ends-it",
        Level.APPLY,
        misconceptions=(6, 7),
        draws={"image": SMALL, "first": Name(), "second": Name(), "code": Number(3, 90)},
        predictions=("exec", "first"),
        criteria=(
            Criterion("predicted-exec", 1, Predicted("exec"), There()),
            Criterion("predicted-first", 1, Predicted("first"), There()),
            Criterion("runs", 2, Inspect("container", "{first}", "State.Status"), Is("running")),
            Criterion(
                "exec", 1, Events("container", "exec_die", (("name", "{first}"), ("exitCode", "{code}"))), AtLeast(1)
            ),
            Criterion("ended", 2, Inspect("container", "{second}", "State.Status"), Is("exited")),
        ),
        explain=Explain(3),
        solution=(
            "predict exec no",
            "predict first yes",
            "docker run -d --name {first} {image} sleep 900",
            "docker exec {first} sh -c 'exit {code}'",
            "docker run -d --name {second} {image} sh -c 'trap exit TERM; while true; do sleep 1; done'",
            "sleep 1",
            "docker exec {second} kill 1",
            "docker wait {second}",
        ),
        wrong=(
            Wrong(
                (
                    "predict exec yes",
                    "predict first yes",
                    "docker run -d --name {first} {image} sh -c 'exit {code}'",
                    "docker run -d --name {second} {image} sh -c 'trap exit TERM; while true; do sleep 1; done'",
                    "docker exec {second} kill 1",
                    "sleep 3",
                ),
                fails=("runs", "exec"),
                says="“exited”",
            ),
            Wrong(
                (
                    "predict exec no",
                    "predict first no",
                    "docker run -d --name {first} {image} sleep 900",
                    "docker exec {first} sh -c 'exit {code}'",
                    "docker run -d --name {second} {image} sleep 900",
                    "docker exec {second} kill 1",
                ),
                fails=("ended",),
                says="“running”",
            ),
        ),
    ),
    Task(
        "nobody-listens",
        Level.DIAGNOSE,
        misconceptions=(7, 8),
        draws={"image": SMALL, "shell": Name(), "colour": COLOUR},
        setup=("docker run -d --name {shell} {image} sh", "sleep 1"),
        criteria=(
            Criterion("runs", 2, Inspect("container", "{shell}", "State.Status"), Is("running")),
            Criterion("shell", 1, Inspect("container", "{shell}", "Config.Cmd"), Is("sh")),
            Criterion("input", 1, Inspect("container", "{shell}", "Config.OpenStdin"), Is("true")),
            Criterion("file", 1, File("{shell}", "/colour"), Is("{colour}")),
            Criterion("alone", 1, Count("containers"), Is(1), hidden=True),
        ),
        solution=(
            "docker rm {shell}",
            "docker run -di --name {shell} {image} sh",
            "docker exec {shell} sh -c 'echo {colour} > /colour'",
        ),
        wrong=(
            Wrong(("docker start {shell}",), fails=("runs", "input", "file"), says="“exited”"),
            Wrong(
                (
                    "docker rm {shell}",
                    "docker run -d --name {shell} {image} sleep 900",
                    "docker exec {shell} sh -c 'echo {colour} > /colour'",
                ),
                fails=("shell", "input"),
                says="sleep 900",
            ),
        ),
    ),
    Task(
        "lost-setting",
        Level.DIAGNOSE,
        misconceptions=(5, 6),
        draws={"image": SMALL, "store": Name(), "colour": COLOUR, "wrong": OneOf("none", "empty", "unset")},
        setup=(
            "docker run -d --name {store} {image} sh -c 'echo {wrong} > /colour; sleep 900'",
            "docker run {image} sh -c 'echo {colour} > /colour'",
        ),
        criteria=(
            Criterion("colour", 2, File("{store}", "/colour"), Is("{colour}")),
            Criterion("runs", 1, Inspect("container", "{store}", "State.Status"), Is("running")),
            Criterion("one", 1, Count("containers"), Is(1)),
            Criterion("same", 1, Events("container", "destroy", (("name", "{store}"),)), Is(0), hidden=True),
        ),
        solution=(
            "docker exec {store} sh -c 'echo {colour} > /colour'",
            "docker container prune -f",
        ),
        wrong=(
            Wrong(
                ("docker container prune -f", "docker run {image} sh -c 'echo {colour} > /colour'"),
                fails=("colour", "one"),
                says="{wrong}",
            ),
            Wrong(
                (
                    "docker rm -f {store}",
                    "docker container prune -f",
                    "docker run -d --name {store} {image} sh -c 'echo {colour} > /colour; sleep 900'",
                ),
                fails=("same",),
                says="1",
            ),
        ),
    ),
)
