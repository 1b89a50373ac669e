"""Lesson 2: who does what in `docker run`; a container can be started again; the cache answers first."""

from classroom.exercises.authoring import *

TASKS = (
    Task(
        "first-run",
        Level.FOLLOW,
        misconceptions=(2,),
        draws={"hello": Name()},
        criteria=(
            Criterion("made", 1, Inspect("container", "{hello}", "Config.Image"), Is("hello-world")),
            Criterion("ran", 2, Inspect("container", "{hello}", "State.Status"), Is("exited")),
            Criterion("spoke", 1, Logs("{hello}"), Contains("Hello from Docker!"), hidden=True),
        ),
        solution=("docker run --name {hello} hello-world",),
        wrong=(
            Wrong(("docker pull hello-world",), fails=("made", "ran", "spoke"), says="not there"),
            Wrong(("docker create --name {hello} hello-world",), fails=("ran", "spoke"), says="created"),
        ),
    ),
    Task(
        "again",
        Level.APPLY,
        misconceptions=(5,),
        draws={"hello": Name()},
        setup=("docker run --name {hello} hello-world",),
        criteria=(
            Criterion("started", 2, Events("container", "start", (("name", "{hello}"),)), AtLeast(2)),
            Criterion("one", 1, Count("containers"), Is(1)),
            Criterion("kept", 1, Events("container", "destroy"), Is(0)),
        ),
        solution=("docker start -a {hello}",),
        wrong=(
            Wrong(("docker run hello-world",), fails=("started", "one"), says="number of containers: 2"),
            Wrong(
                ("docker rm {hello}", "docker run --name {hello} hello-world"),
                fails=("kept",),
                says="number of events “container destroy”: 1",
            ),
        ),
    ),
    Task(
        "fetched-once",
        Level.APPLY,
        misconceptions=(16,),
        draws={"image": OneOf("alpine", "busybox", "hello-world"), "many": Number(3, 6), "last": Name()},
        predictions=("downloads",),
        criteria=(
            Criterion("predicted", 1, Predicted("downloads"), There()),
            Criterion("containers", 2, Count("containers", ("Image", "{image}")), AtLeast("{many}")),
            Criterion("last", 1, Inspect("container", "{last}", "Config.Image"), Is("{image}")),
            Criterion("downloads", 1, Requests("POST /images/create 200"), Is(1)),
        ),
        explain=Explain(3),
        solution=(
            "predict downloads 1",
            "for n in 1 2 3 4 5; do docker run {image}; done",
            "docker run --name {last} {image}",
        ),
        wrong=(
            Wrong(
                (
                    "for n in 1 2 3 4 5; do docker run {image}; done",
                    "predict downloads 1",
                    "docker run --name {last} {image}",
                ),
                fails=("predicted",),
                says="before the experiment: not there",
            ),
            Wrong(("predict downloads 1", "docker run --name {last} {image}"), fails=("containers",), says="or more"),
            Wrong(
                (
                    "predict downloads 3",
                    "for n in 1 2 3 4 5; do docker pull {image}; docker run {image}; done",
                    "docker run --name {last} {image}",
                ),
                fails=("downloads",),
                says="“POST /images/create 200”",
            ),
        ),
    ),
    Task(
        "wrong-greeting",
        Level.DIAGNOSE,
        misconceptions=(17,),
        draws={"hello": Name(), "other": OneOf("busybox", "alpine")},
        setup=(
            "docker pull -q {other}",
            "docker tag {other} hello-world",
            "docker run --name {hello} hello-world",
        ),
        criteria=(
            Criterion("image", 2, Inspect("image", "hello-world"), Differs(Inspect("image", "{other}"))),
            Criterion("greeting", 2, Logs("{hello}"), Contains("Hello from Docker!")),
            Criterion(
                "from-image",
                1,
                Inspect("container", "{hello}", "Image"),
                Same(Inspect("image", "hello-world")),
                hidden=True,
            ),
        ),
        solution=("docker pull hello-world", "docker rm {hello}", "docker run --name {hello} hello-world"),
        wrong=(
            Wrong(
                ("docker rm {hello}", "docker run --name {hello} hello-world"),
                fails=("image", "greeting"),
                says="other than image",
            ),
            Wrong(("docker pull hello-world",), fails=("greeting", "from-image"), says="the log of container"),
            Wrong(
                (
                    "docker pull hello-world",
                    "docker rm {hello}",
                    "docker run --name {hello} {other} echo 'Hello from Docker!'",
                ),
                fails=("from-image",),
                says="the same as image hello-world",
            ),
        ),
    ),
)
