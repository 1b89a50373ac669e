"""Lesson 3: the client asks, the daemon does; which room says no; whoever may ask the daemon has the machine."""

from classroom.exercises.authoring import *

SMALL = OneOf("alpine", "busybox")
WORD = OneOf("salt", "pepper", "cumin", "ginger", "basil", "saffron", "clove", "mint", "anise", "sesame")
PAGES = "/usr/local/apache2/htdocs"
SLOWLY = "sh -c 'sleep {seconds}; exit 137'"

TASKS = (
    Task(
        "one-request-each",
        Level.FOLLOW,
        misconceptions=(5, 16),
        draws={"image": SMALL, "before": Name(), "after": Name(), "seconds": Number(400, 900)},
        criteria=(
            Criterion("create", 1, Requests("POST /containers/create 201"), Is(1)),
            Criterion("no-refusal", 2, Requests("POST /containers/create 404"), Is(0)),
            Criterion("runs", 1, Inspect("container", "{after}", "State.Status"), Is("running")),
            Criterion("command", 1, Inspect("container", "{after}", "Config.Cmd"), Is("sleep {seconds}")),
            Criterion("renamed", 1, Requests("POST /containers/{before}/rename 204"), Is(1), hidden=True),
        ),
        solution=(
            "docker pull {image}",
            "docker create --name {before} {image} sleep {seconds}",
            "docker start {before}",
            "docker rename {before} {after}",
        ),
        wrong=(
            Wrong(
                (
                    "docker run -d --name {before} {image} sleep {seconds}",
                    "docker rename {before} {after}",
                ),
                fails=("no-refusal",),
                says="POST /containers/create 404",
            ),
            Wrong(
                ("docker pull {image}", "docker run -d --name {after} {image} sleep {seconds}"),
                fails=("renamed",),
                says="rename",
            ),
            Wrong(
                ("docker pull {image}", "docker create --name {before} {image} sleep {seconds}"),
                fails=("runs", "command", "renamed"),
                says="not there",
            ),
        ),
    ),
    Task(
        "whose-file",
        Level.APPLY,
        misconceptions=(13,),
        draws={"web": Name(), "copy": Name(), "site": Name(), "port": Port(), "other": Port(), "word": WORD},
        files={"index.html": "<h1>{word}</h1>\n", "Dockerfile": f"FROM httpd\nCOPY index.html {PAGES}/\n"},
        setup=("docker run -d -p {port}:80 --name {web} -v /srv/{site}:" + PAGES + " httpd",),
        criteria=(
            Criterion("page", 2, Answer("{port}"), Contains("{word}")),
            Criterion("image", 1, Inspect("container", "{copy}", "Config.Image"), Is("{site}")),
            Criterion("copy", 2, Answer("{other}"), Contains("{word}")),
            Criterion("crossed", 1, Requests("PUT /containers/{web}/archive 200"), AtLeast(1), hidden=True),
        ),
        solution=(
            "docker cp whose-file/index.html {web}:" + PAGES + "/index.html",
            "docker build -t {site} whose-file",
            "docker run -d -p {other}:80 --name {copy} {site}",
        ),
        wrong=(
            Wrong(
                (
                    "docker rm -f {web}",
                    "docker run -d -p {port}:80 --name {web} -v ./whose-file:" + PAGES + " httpd",
                    "docker build -t {site} whose-file",
                    "docker run -d -p {other}:80 --name {copy} {site}",
                ),
                fails=("page", "crossed"),
                says="the answer of http://localhost",
            ),
            Wrong(
                (
                    "docker exec {web} sh -c 'echo {word} > " + PAGES + "/index.html'",
                    "docker build -t {site} whose-file",
                    "docker run -d -p {other}:80 --name {copy} {site}",
                ),
                fails=("crossed",),
                says="PUT /containers/",
            ),
            Wrong(
                (
                    "docker cp whose-file/index.html {web}:" + PAGES + "/index.html",
                    "docker commit {web} {site}",
                    "docker run -d -p {other}:80 --name {copy} {site}",
                ),
                fails=("copy",),
                says="the answer of http://localhost",
            ),
        ),
    ),
    Task(
        "key-to-the-house",
        Level.APPLY,
        misconceptions=(20,),
        draws={"image": SMALL, "writer": Name(), "witness": Name(), "note": Name(), "word": WORD},
        predictions=("host",),
        criteria=(
            Criterion("predicted", 1, Predicted("host"), There()),
            Criterion("left", 2, File("{witness}", "/host/{note}"), Is("{word}")),
            Criterion("gone", 1, Inspect("container", "{writer}"), Gone(Inspect("container", "{witness}"))),
            Criterion("read-only", 1, Inspect("container", "{witness}", "Mounts.0.RW"), Is("false")),
            Criterion("hosts-own", 1, Inspect("container", "{witness}", "Mounts.0.Source"), Is("/etc"), hidden=True),
        ),
        explain=Explain(3),
        solution=(
            "predict host yes",
            "docker run --name {writer} -v /etc:/host {image} sh -c 'echo {word} > /host/{note}'",
            "docker rm {writer}",
            "docker run -d --name {witness} -v /etc:/host:ro {image} sleep 900",
        ),
        wrong=(
            Wrong(
                (
                    "predict host no",
                    "docker run --name {writer} {image} sh -c 'mkdir /host; echo {word} > /host/{note}'",
                    "docker rm {writer}",
                    "docker run -d --name {witness} {image} sleep 900",
                ),
                fails=("left", "read-only", "hosts-own"),
                says="/host/",
            ),
            Wrong(
                (
                    "predict host no",
                    "docker run --rm --name {writer} -v etc:/host {image} sh -c 'echo {word} > /host/{note}'",
                    "docker run -d --name {witness} -v etc:/host:ro {image} sleep 900",
                ),
                fails=("hosts-own",),
                says="“/etc”",
            ),
            Wrong(
                (
                    "predict host yes",
                    "docker run -d --name {witness} -v /etc:/host {image} sh -c 'echo {word} > /host/{note}; sleep 90'",
                ),
                fails=("read-only",),
                says="Mounts.0.RW",
            ),
        ),
    ),
    Task(
        "who-ended-it",
        Level.DIAGNOSE,
        misconceptions=(4,),
        draws={"image": SMALL, "killed": Name(), "failed": Name(), "stopped": Name(), "seconds": Number(60, 300)},
        setup=(
            "docker run -d --name {killed} {image} " + SLOWLY,
            "sleep 20",
            "docker kill {killed}",
            "docker run -d --name {failed} {image} " + SLOWLY,
            "sleep {seconds+1}",
            "docker run -d --name {stopped} {image} " + SLOWLY,
            "sleep 30",
            "docker stop -t 5 {stopped}",
            "sleep 3",
        ),
        criteria=(
            Criterion("killed", 1, Inspect("container", "{killed}", "State.Status"), Is("running")),
            Criterion("stopped", 1, Inspect("container", "{stopped}", "State.Status"), Is("running")),
            Criterion("failed", 2, Inspect("container", "{failed}-failed", "State.Status"), Is("exited")),
            Criterion("kept", 1, Events("container", "destroy"), Is(0)),
            Criterion("left-alone", 1, Events("container", "start", (("name", "{failed}"),)), Is(1), hidden=True),
        ),
        solution=("docker rename {failed} {failed}-failed", "docker start {killed} {stopped}"),
        wrong=(
            Wrong(
                ("docker start {killed} {failed} {stopped}",),
                fails=("failed", "left-alone"),
                says="container start",
            ),
            Wrong(
                ("docker rename {stopped} {stopped}-failed", "docker start {killed} {failed}"),
                fails=("stopped", "failed", "left-alone"),
                says="not there",
            ),
            Wrong(
                (
                    "docker rename {failed} {failed}-failed",
                    "docker rm {killed} {stopped}",
                    "docker run -d --name {killed} {image} sleep {seconds}",
                    "docker run -d --name {stopped} {image} sleep {seconds}",
                ),
                fails=("kept",),
                says="container destroy",
            ),
        ),
    ),
    Task(
        "three-refusals",
        Level.DIAGNOSE,
        misconceptions=(16, 11),
        draws={
            "image": SMALL,
            "one": Name(),
            "two": Name(),
            "three": Name(),
            "old": Name(),
            "port": Port(),
            "seconds": Number(400, 900),
        },
        setup=(
            "docker pull -q {image}",
            "docker run -d --name {old} -p {port}:80 httpd",
            "fault hub.down=true",
        ),
        criteria=(
            Criterion("one", 2, Inspect("container", "{one}", "State.Status"), Is("running")),
            Criterion("two", 1, Inspect("container", "{two}", "State.Status"), Is("running")),
            Criterion("three", 1, Inspect("container", "{three}", "State.Status"), Is("running")),
            Criterion(
                "port",
                1,
                Inspect("container", "{three}", "NetworkSettings > Ports > 80/tcp > 0 > HostPort"),
                Is("{port}"),
            ),
            Criterion("old", 1, Inspect("container", "{old}", "State.Status"), Is("exited")),
            Criterion("images", 1, Count("containers", ("Image", "{image}"), ("State", "running")), Is(2), hidden=True),
        ),
        solution=(
            "docker run -d --name {one} {image} sleep {seconds}",
            "docker run -d --name {two} {image} sleep {seconds}",
            "docker stop {old}",
            "docker run -d --name {three} -p {port}:80 httpd",
        ),
        wrong=(
            Wrong(
                (
                    "docker pull {image}",
                    "docker run -d --pull always --name {one} {image} sleep {seconds}",
                    "docker run -d --name {two} {image} sleep {seconds}",
                    "docker stop {old}",
                    "docker run -d --name {three} -p {port}:80 httpd",
                ),
                fails=("one", "images"),
                says="not there",
            ),
            Wrong(
                (
                    "docker run -d --name {one} {image} sleep {seconds}",
                    "docker run -d --name {two} {image} sleep {seconds}",
                    "docker run -d --name {three} -p {port+1}:80 httpd",
                ),
                fails=("port", "old"),
                says="HostPort",
            ),
            Wrong(
                (
                    "docker run -d --name {one} httpd",
                    "docker run -d --name {two} httpd",
                    "docker rm -f {old}",
                    "docker run -d --name {three} -p {port}:80 httpd",
                ),
                fails=("old", "images"),
                says="number of containers",
            ),
        ),
    ),
)
