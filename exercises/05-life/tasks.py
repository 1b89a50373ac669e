"""Lesson 5: created, running, paused, exited, removed: what each command does, and what is left of a container."""

from classroom.exercises.authoring import *

SMALL = OneOf("alpine", "busybox")
WORD = OneOf("salt", "pepper", "cumin", "ginger", "basil", "saffron", "clove", "mint", "anise", "sesame")
POLITE = "trap 'echo bye; exit 0' TERM; while true; do sleep 1; done"

TASKS = (
    Task(
        "three-states",
        Level.FOLLOW,
        misconceptions=(4,),
        draws={"image": SMALL, "born": Name(), "frozen": Name(), "ended": Name(), "code": Number(2, 90)},
        criteria=(
            Criterion("created", 1, Inspect("container", "{born}", "State.Status"), Is("created")),
            Criterion("paused", 1, Inspect("container", "{frozen}", "State.Status"), Is("paused")),
            Criterion("exited", 1, Inspect("container", "{ended}", "State.ExitCode"), Is("{code}")),
            Criterion(
                "never-ran",
                1,
                Inspect("container", "{born}", "State.StartedAt"),
                Is("0001-01-01T00:00:00Z"),
                hidden=True,
            ),
        ),
        solution=(
            "docker create --name {born} {image} echo hello",
            "docker run -d --name {frozen} {image} sleep 900",
            "docker pause {frozen}",
            "docker run --name {ended} {image} sh -c 'exit {code}'",
        ),
        wrong=(
            Wrong(
                (
                    "docker run -d --name {born} {image} echo hello",
                    "docker run -d --name {frozen} {image} sleep 900",
                    "docker pause {frozen}",
                    "docker run --name {ended} {image} sh -c 'exit {code}'",
                ),
                fails=("created", "never-ran"),
                says="“exited”",
            ),
            Wrong(
                (
                    "docker create --name {born} {image} echo hello",
                    "docker run -d --name {frozen} {image} sleep 900",
                    "docker stop {frozen}",
                    "docker run --name {ended} {image} echo {code}",
                ),
                fails=("paused", "exited"),
                says="“exited”",
            ),
        ),
    ),
    Task(
        "say-goodbye",
        Level.APPLY,
        misconceptions=(4,),
        draws={"image": SMALL, "polite": Name(), "other": Name()},
        setup=(
            'docker run -d --name {polite} {image} sh -c "' + POLITE + '"',
            'docker run -d --name {other} {image} sh -c "' + POLITE + '"',
        ),
        criteria=(
            Criterion("stopped", 2, Inspect("container", "{polite}", "State.ExitCode"), Is(0)),
            Criterion("over", 1, Inspect("container", "{polite}", "State.Status"), Is("exited")),
            Criterion("said", 1, Logs("{polite}"), Contains("bye")),
            Criterion("killed", 2, Inspect("container", "{other}", "State.ExitCode"), Is(137)),
            Criterion("kept", 1, Count("containers"), Is(2), hidden=True),
        ),
        solution=("docker stop {polite}", "docker kill {other}"),
        wrong=(
            Wrong(("docker kill {polite}", "docker kill {other}"), fails=("stopped", "said"), says="137"),
            Wrong(("docker stop {polite} {other}",), fails=("killed",), says=": 0"),
            Wrong(
                ("docker create --name bystander {image}",),
                fails=("stopped", "over", "said", "killed", "kept"),
                says="not there",
            ),
            Wrong(
                ("docker stop {polite}", "docker rm -f {other}"),
                fails=("killed", "kept"),
                says="number of containers: 1",
            ),
        ),
    ),
    Task(
        "what-survives",
        Level.APPLY,
        misconceptions=(3, 4),
        draws={"image": SMALL, "writer": Name(), "goner": Name(), "word": WORD},
        predictions=("stop", "rm"),
        criteria=(
            Criterion("predicted-stop", 1, Predicted("stop"), There()),
            Criterion("predicted-rm", 1, Predicted("rm"), There()),
            Criterion("note", 2, File("{writer}", "/note"), Is("{word}")),
            Criterion("restarted", 1, Events("container", "start", (("name", "{writer}"),)), AtLeast(2)),
            Criterion("removed", 1, Events("container", "destroy", (("name", "{goner}"),)), AtLeast(1)),
            Criterion("new", 1, File("{goner}", "/note"), Gone(Inspect("container", "{goner}"))),
        ),
        explain=Explain(3),
        solution=(
            "predict stop yes",
            "predict rm no",
            "docker run -d --name {writer} {image} sleep 900",
            "docker exec {writer} sh -c 'echo {word} > /note'",
            "docker restart -t 0 {writer}",
            "docker run -d --name {goner} {image} sleep 900",
            "docker exec {goner} sh -c 'echo {word} > /note'",
            "docker rm -f {goner}",
            "docker run -d --name {goner} {image} sleep 900",
        ),
        wrong=(
            Wrong(
                (
                    "predict stop yes",
                    "predict rm yes",
                    "docker run -d --name {writer} {image} sleep 900",
                    "docker exec {writer} sh -c 'echo {word} > /note'",
                    "docker rm -f {writer}",
                    "docker run -d --name {writer} {image} sleep 900",
                    "docker run -d --name {goner} {image} sleep 900",
                    "docker rm -f {goner}",
                    "docker run -d --name {goner} {image} sleep 900",
                ),
                fails=("note",),
                says="not there",
            ),
            Wrong(
                (
                    "predict stop yes",
                    "predict rm no",
                    "docker run -d --name {writer} {image} sleep 900",
                    "docker exec {writer} sh -c 'echo {word} > /note'",
                    "docker restart -t 0 {writer}",
                    "docker run -d --name {goner} {image} sleep 900",
                    "docker exec {goner} sh -c 'echo {word} > /note'",
                    "docker restart -t 0 {goner}",
                ),
                fails=("removed", "new"),
                says="Expected: nothing",
            ),
        ),
    ),
    Task(
        "deaf",
        Level.DIAGNOSE,
        misconceptions=(4, 12),
        draws={"image": SMALL, "service": Name()},
        setup=('docker run -d --name {service} {image} sh -c "while true; do sleep 1; done"',),
        criteria=(
            Criterion("listens", 2, Inspect("container", "{service}", "State.ExitCode"), Is(0)),
            Criterion("stopped", 1, Inspect("container", "{service}", "State.Status"), Is("exited")),
            Criterion("same-image", 1, Inspect("container", "{service}", "Config.Image"), Is("{image}")),
            Criterion("asked", 1, Requests("POST /containers/{service}/stop 204"), AtLeast(1), hidden=True),
        ),
        solution=(
            "docker rm -f {service}",
            'docker run -d --name {service} {image} sh -c "' + POLITE + '"',
            "docker stop {service}",
        ),
        wrong=(
            Wrong(("docker stop {service}",), fails=("listens",), says="137"),
            Wrong(("docker stop -t 60 {service}",), fails=("listens",), says="137"),
            Wrong(
                ("docker rm -f {service}", "docker run --name {service} {image} true"),
                fails=("asked",),
                says="requests",
            ),
        ),
    ),
    Task(
        "name-taken",
        Level.DIAGNOSE,
        misconceptions=(5,),
        draws={"image": SMALL, "site": Name(), "word": WORD, "seconds": Number(400, 900)},
        setup=(
            "docker run --name {site} {image} sh -c 'echo {word} > /page'",
            "docker create --name {site}-new {image} sleep {seconds}",
        ),
        criteria=(
            Criterion("runs", 2, Inspect("container", "{site}", "State.Status"), Is("running")),
            Criterion("command", 1, Inspect("container", "{site}", "Config.Cmd"), Is("sleep {seconds}")),
            Criterion("old", 2, File("{site}-old", "/page"), Is("{word}")),
            Criterion("two", 1, Count("containers"), Is(2), hidden=True),
        ),
        solution=(
            "docker rename {site} {site}-old",
            "docker rename {site}-new {site}",
            "docker start {site}",
        ),
        wrong=(
            Wrong(
                ("docker rm {site}", "docker rename {site}-new {site}", "docker start {site}"),
                fails=("old", "two"),
                says="number of containers: 1",
            ),
            Wrong(
                ("docker rename {site} {site}-old", "docker start {site}-new"),
                fails=("runs", "command"),
                says="not there",
            ),
        ),
    ),
)
