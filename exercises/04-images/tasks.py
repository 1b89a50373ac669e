"""Lesson 4: an image is files and a start command; a container adds a layer of its own and a process."""

from classroom.exercises.authoring import *

SMALL = OneOf("alpine", "busybox")
WORD = OneOf("salt", "pepper", "cumin", "ginger", "basil", "saffron", "clove", "mint", "anise", "sesame")

TASKS = (
    Task(
        "two-of-one",
        Level.FOLLOW,
        misconceptions=(2,),
        real=True,
        draws={"image": SMALL, "first": Name(), "second": Name(), "word": WORD},
        criteria=(
            Criterion("note", 2, File("{first}", "/note"), Is("{word}")),
            Criterion("second", 1, Inspect("container", "{second}", "Config.Image"), Is("{image}")),
            Criterion("clean", 1, File("{second}", "/note"), Gone(Inspect("container", "{second}"))),
            Criterion(
                "same-image",
                1,
                Inspect("container", "{second}", "Image"),
                Same(Inspect("container", "{first}", "Image")),
                hidden=True,
            ),
        ),
        solution=(
            "docker run --name {first} {image} sh -c 'echo {word} > /note'",
            "docker run --name {second} {image} ls /",
        ),
        wrong=(
            Wrong(
                (
                    "docker run --name {first} {image} sh -c 'echo {word} > /note'",
                    "docker run --name {second} {image} sh -c 'echo {word} > /note'",
                ),
                fails=("clean",),
                says="Expected: nothing",
            ),
            Wrong(
                (
                    "docker run --name {first} {image} sh -c 'echo {word} > /note'",
                    "docker commit {first} noted",
                    "docker run --name {second} noted ls /",
                ),
                fails=("second", "clean", "same-image"),
                says="“noted”",
            ),
            Wrong(
                ("docker run --name {first} {image} echo {word}", "docker run --name {second} {image} ls /"),
                fails=("note",),
                says="/note in container",
            ),
        ),
    ),
    Task(
        "other-command",
        Level.APPLY,
        misconceptions=(7, 12),
        real=True,
        draws={"image": SMALL, "sleeper": Name(), "seconds": Number(400, 900)},
        criteria=(
            Criterion("image", 1, Inspect("container", "{sleeper}", "Config.Image"), Is("{image}")),
            Criterion("command", 1, Inspect("container", "{sleeper}", "Config.Cmd"), Is("sleep {seconds}")),
            Criterion("runs", 2, Inspect("container", "{sleeper}", "State.Status"), Is("running")),
        ),
        solution=("docker run -d --name {sleeper} {image} sleep {seconds}",),
        wrong=(
            Wrong(("docker run -d --name {sleeper} {image}",), fails=("command", "runs"), says="exited"),
            Wrong(
                ("docker run -d --name {sleeper} {image} sh -c 'sleep {seconds}'",),
                fails=("command",),
                says="sh -c sleep",
            ),
            Wrong(("docker create --name {sleeper} {image} sleep {seconds}",), fails=("runs",), says="“created”"),
        ),
    ),
    Task(
        "does-it-change",
        Level.APPLY,
        misconceptions=(1, 2),
        real=True,
        draws={
            "image": SMALL,
            "eraser": Name(),
            "witness": Name(),
            "file": OneOf("/etc/passwd", "/etc/group", "/etc/shadow"),
        },
        predictions=("image",),
        criteria=(
            Criterion("predicted", 1, Predicted("image"), There()),
            Criterion("deleted", 2, Changes("{eraser}"), Has("D {file}")),
            Criterion("witness", 1, File("{witness}", "{file}"), There()),
        ),
        explain=Explain(3),
        solution=(
            "predict image no",
            "docker run --name {eraser} {image} rm {file}",
            "docker run --name {witness} {image} ls {file}",
        ),
        wrong=(
            Wrong(
                (
                    "docker run --name {eraser} {image} rm {file}",
                    "predict image no",
                    "docker run --name {witness} {image} ls {file}",
                ),
                fails=("predicted",),
                says="before the experiment",
            ),
            Wrong(
                (
                    "predict image yes",
                    "docker run --name {eraser} {image} rm {file}",
                    "docker commit {eraser} {image}",
                    "docker run --name {witness} {image} ls /etc",
                ),
                fails=("witness",),
                says="not there",
            ),
            Wrong(
                (
                    "predict image no",
                    "docker run --rm --name {eraser} {image} rm {file}",
                    "docker run --name {witness} {image} ls {file}",
                ),
                fails=("deleted",),
                says="docker diff",
            ),
        ),
    ),
    Task(
        "never-started",
        Level.DIAGNOSE,
        misconceptions=(12,),
        real=True,
        draws={
            "image": SMALL,
            "service": Name(),
            "seconds": Number(400, 900),
            "program": OneOf("slep", "slleep", "/etc/passwd", "/usr/bin/sleeep", "wait-for"),
        },
        setup=("docker run -d --name {service} {image} {program} {seconds}",),
        criteria=(
            Criterion("runs", 2, Inspect("container", "{service}", "State.Status"), Is("running")),
            Criterion("command", 2, Inspect("container", "{service}", "Config.Cmd"), Is("sleep {seconds}")),
            Criterion("alone", 1, Count("containers"), Is(1), hidden=True),
        ),
        solution=("docker rm {service}", "docker run -d --name {service} {image} sleep {seconds}"),
        wrong=(
            Wrong(("docker start {service}",), fails=("runs", "command"), says="“created”"),
            Wrong(
                ("docker run -d --name {service}-2 {image} sleep {seconds}",),
                fails=("runs", "command", "alone"),
                says="number of containers: 2",
            ),
            Wrong(
                ("docker rm {service}", "docker run -d --name {service} {image}"),
                fails=("runs", "command"),
                says="“exited”",
            ),
        ),
    ),
    Task(
        "old-version",
        Level.DIAGNOSE,
        misconceptions=(2, 17),
        real=True,
        draws={"app": Name(), "shop": OneOf("shop", "forum", "mail", "wiki", "chat")},
        setup=(
            "docker run --name draft alpine sh -c 'echo 1.0 > /version'",
            "docker commit draft {shop}",
            "docker run -d --name {app} {shop} sleep 900",
            "docker rm draft",
            "docker run --name draft {shop} sh -c 'echo 2.0 > /version'",
            "docker commit draft {shop}",
            "docker rm draft",
        ),
        criteria=(
            Criterion("version", 2, File("{app}", "/version"), Is("2.0")),
            Criterion("runs", 1, Inspect("container", "{app}", "State.Status"), Is("running")),
            Criterion("from-image", 2, Inspect("container", "{app}", "Image"), Same(Inspect("image", "{shop}"))),
            Criterion("by-hand", 1, Changes("{app}"), Lacks("C /version"), hidden=True),
        ),
        solution=("docker rm -f {app}", "docker run -d --name {app} {shop} sleep 900"),
        wrong=(
            Wrong(("docker restart {app}",), fails=("version", "from-image"), says="“1.0”"),
            Wrong(
                ("docker exec {app} sh -c 'echo 2.0 > /version'",),
                fails=("from-image", "by-hand"),
                says="the same as image",
            ),
            Wrong(
                ("docker rm -f {app}", "docker run --name {app} {shop} cat /version"), fails=("runs",), says="exited"
            ),
        ),
    ),
)
