"""Lesson 11: a process behind walls; each wall can be shared or left out, and root behind them is root."""

from classroom.exercises.authoring import *

SMALL = OneOf("alpine", "busybox")
WORD = OneOf("salt", "pepper", "cumin", "ginger", "basil", "saffron", "clove", "mint", "anise", "sesame")
JOINED = Matches("container:.+", Text("container: and an id", "container:와 id"))
ONE_RIGHT = Matches("CAP_[A-Z_]+", Text("one capability, and not ALL", "ALL이 아닌 capability 하나"))

TASKS = (
    Task(
        "one-list",
        Level.FOLLOW,
        misconceptions=(1, 6),
        draws={"image": SMALL, "first": Name(), "second": Name(), "seconds": Number(400, 890), "word": WORD},
        criteria=(
            Criterion("list", 2, File("{second}", "/list"), Contains("1 sleep {seconds}")),
            Criterion("note", 1, File("{first}", "/note"), Is("{word}")),
            Criterion("own-files", 1, File("{second}", "/note"), Gone(beside=File("{first}", "/note"))),
            Criterion("joined", 1, Inspect("container", "{second}", "HostConfig.PidMode"), JOINED, hidden=True),
        ),
        solution=(
            "docker run -d --name {first} {image} sleep {seconds}",
            "docker run -d --name {second} --pid container:{first} {image} sleep 900",
            "docker exec {second} sh -c 'ps -o pid,args > /list'",
            "docker exec {first} sh -c 'echo {word} > /note'",
        ),
        wrong=(
            Wrong(
                (
                    "docker run -d --name {first} {image} sleep {seconds}",
                    "docker run -d --name {second} {image} sleep 900",
                    "docker exec {second} sh -c 'ps -o pid,args > /list'",
                    "docker exec {first} sh -c 'echo {word} > /note'",
                ),
                fails=("list", "joined"),
                says="1 sleep 900",
            ),
            Wrong(
                (
                    "docker run -d --name {first} {image} sleep {seconds}",
                    "docker exec {first} sh -c 'ps -o pid,args > /list; echo {word} > /note'",
                ),
                fails=("list", "joined"),
                says="not there",
            ),
            Wrong(
                (
                    "docker run -d --name {first} {image} sleep {seconds}",
                    "docker run -d --name {second} --pid host {image} sleep 900",
                    "docker exec {second} sh -c 'ps -o pid,args > /list; echo {word} > /note'",
                ),
                fails=("list", "note", "own-files", "joined"),
                says="/sbin/init",
            ),
        ),
    ),
    Task(
        "shared-memory",
        Level.APPLY,
        misconceptions=(1,),
        draws={"image": SMALL, "writer": Name(), "reader": Name(), "title": Name(), "word": WORD},
        setup=("docker run -d --name {writer} {image} sh -c 'echo {word} > /dev/shm/note; sleep 900'",),
        criteria=(
            Criterion("copy", 2, File("{reader}", "/copy"), Is("{word}")),
            Criterion("title", 1, Inspect("container", "{reader}", "Config.Hostname"), Is("{title}")),
            Criterion("lent", 1, Inspect("container", "{writer}", "HostConfig.IpcMode"), Is("shareable")),
            Criterion("joined", 1, Inspect("container", "{reader}", "HostConfig.IpcMode"), JOINED, hidden=True),
        ),
        solution=(
            "docker rm -f {writer}",
            "docker run -d --name {writer} --ipc shareable {image} sh -c 'echo {word} > /dev/shm/note; sleep 900'",
            "docker run -d --name {reader} --ipc container:{writer} --hostname {title} {image} sleep 900",
            "docker exec {reader} cp /dev/shm/note /copy",
        ),
        wrong=(
            Wrong(
                (
                    "docker run -d --name {reader} --ipc container:{writer} --hostname {title} {image} sleep 900",
                    "docker exec {reader} cp /dev/shm/note /copy",
                ),
                fails=("copy", "lent"),
                says="“private”",
            ),
            Wrong(
                (
                    "docker rm -f {writer}",
                    "docker run -d --name {writer} --ipc host {image} sh -c 'echo {word} > /dev/shm/note; sleep 900'",
                    "docker run -d --name {reader} --ipc host --hostname {title} {image} sleep 900",
                    "docker exec {reader} cp /dev/shm/note /copy",
                ),
                fails=("lent", "joined"),
                says="“host”",
            ),
            Wrong(
                (
                    "docker run -d --name {reader} --pid container:{writer} {image} sleep 900",
                    "docker exec {reader} hostname {title}",
                    "docker exec {reader} cp /dev/shm/note /copy",
                ),
                fails=("copy", "title", "lent", "joined"),
                says="Config.Hostname",
            ),
        ),
    ),
    Task(
        "who-goes-along",
        Level.APPLY,
        misconceptions=(1,),
        draws={"image": SMALL, "home": Name(), "mate": Name(), "guest": Name()},
        predictions=("pid", "network"),
        criteria=(
            Criterion("predicted-pid", 1, Predicted("pid"), There()),
            Criterion("predicted-network", 1, Predicted("network"), There()),
            Criterion("ended", 1, Inspect("container", "{home}", "State.ExitCode"), Is(137)),
            Criterion("mate", 1, Inspect("container", "{mate}", "HostConfig.PidMode"), JOINED),
            Criterion("mate-after", 1, Inspect("container", "{mate}", "State.ExitCode"), Is(137)),
            Criterion("guest", 1, Inspect("container", "{guest}", "HostConfig.NetworkMode"), JOINED),
            Criterion("guest-after", 1, Inspect("container", "{guest}", "State.Status"), Is("running")),
            Criterion("one-kill", 1, Events("container", "kill", (("name", "{mate}"),)), Is(0), hidden=True),
        ),
        explain=Explain(3),
        solution=(
            "predict pid exited",
            "predict network running",
            "docker run -d --name {home} {image} sleep 900",
            "docker run -d --name {mate} --pid container:{home} {image} sleep 900",
            "docker run -d --name {guest} --network container:{home} {image} sleep 900",
            "docker kill {home}",
        ),
        wrong=(
            Wrong(
                (
                    "predict pid running",
                    "predict network running",
                    "docker run -d --name {home} {image} sleep 900",
                    "docker run -d --name {mate} {image} sleep 900",
                    "docker run -d --name {guest} {image} sleep 900",
                    "docker kill {home}",
                ),
                fails=("mate", "mate-after", "guest"),
                says="“bridge”",
            ),
            Wrong(
                (
                    "predict pid running",
                    "predict network exited",
                    "docker run -d --name {home} {image} sleep 900",
                    "docker run -d --name {mate} --pid container:{home} {image} sleep 900",
                    "docker run -d --name {guest} --network container:{home} {image} sleep 900",
                    "docker kill {mate} {guest}",
                ),
                fails=("ended", "guest-after", "one-kill"),
                says="“exited”",
            ),
            Wrong(
                (
                    "docker run -d --name {home} {image} sleep 900",
                    "docker run -d --name {mate} --pid container:{home} {image} sleep 900",
                    "docker run -d --name {guest} --network container:{home} {image} sleep 900",
                    "docker kill {home}",
                    "predict pid exited",
                    "predict network running",
                ),
                fails=("predicted-pid", "predicted-network"),
                says="before the experiment",
            ),
        ),
    ),
    Task(
        "root-may-not",
        Level.DIAGNOSE,
        misconceptions=(20,),
        draws={
            "image": SMALL,
            "box": Name(),
            "word": WORD,
            "deed": OneOf(
                "chown 1000 /etc/passwd", "hostname castle", "chroot / true", "ip link set lo down", "mknod /null c 1 3"
            ),
        },
        setup=(
            "docker run -d --name {box} --cap-drop ALL {image} sh -c '{deed} && echo {word} > /done; sleep 900'",
            "sleep 1",
        ),
        criteria=(
            Criterion("done", 2, File("{box}", "/done"), Is("{word}")),
            Criterion("one-right", 2, Inspect("container", "{box}", "HostConfig.CapAdd"), ONE_RIGHT),
            Criterion("no-others", 1, Inspect("container", "{box}", "HostConfig.CapDrop"), Is("ALL"), hidden=True),
            Criterion(
                "command",
                1,
                Inspect("container", "{box}", "Config.Cmd"),
                Is("sh -c {deed} && echo {word} > /done; sleep 900"),
                hidden=True,
            ),
        ),
        solution=(  # tries which right it is
            "docker rm -f {box}",
            "for right in CHOWN SYS_CHROOT NET_ADMIN MKNOD SYS_ADMIN; do "
            "docker run --rm --cap-drop ALL --cap-add $right {image} {deed} && "
            "docker run -d --name {box} --cap-drop ALL --cap-add $right {image} "
            "sh -c '{deed} && echo {word} > /done; sleep 900'; done",
            "sleep 1",
        ),
        wrong=(
            Wrong(
                (
                    "docker rm -f {box}",
                    "docker run -d --name {box} --privileged {image} sh -c '{deed} && echo {word} > /done; sleep 900'",
                    "sleep 1",
                ),
                fails=("one-right", "no-others"),
                says="not there",
            ),
            Wrong(
                (
                    "docker rm -f {box}",
                    "docker run -d --name {box} --user root --cap-drop ALL {image} "
                    "sh -c '{deed} && echo {word} > /done; sleep 900'",
                    "sleep 1",
                ),
                fails=("done", "one-right"),
                says="/done in container",
            ),
            Wrong(
                ("docker exec {box} sh -c 'echo {word} > /done'",),
                fails=("one-right",),
                says="one capability",
            ),
            Wrong(
                (
                    "docker rm -f {box}",
                    "docker run -d --name {box} --cap-drop ALL --cap-add ALL {image} "
                    "sh -c '{deed} && echo {word} > /done; sleep 900'",
                    "sleep 1",
                ),
                fails=("one-right", "no-others"),
                says="“ALL”",
            ),
        ),
    ),
    Task(
        "three-holes",
        Level.DIAGNOSE,
        misconceptions=(1, 20),
        draws={
            "image": SMALL,
            "sound": Name(),
            "mighty": Name(),
            "curious": Name(),
            "deputy": Name(),
            "seconds": Number(600, 900),
        },
        setup=(
            "docker run -d --name {mighty} --privileged {image} sleep {seconds}",
            "docker run -d --name {sound} -v {sound}-data:/data {image} sleep {seconds}",
            "docker run -d --name {curious} --pid host {image} sleep {seconds}",
            "docker run -d --name {deputy} -v /var/run/docker.sock:/var/run/docker.sock {image} sleep {seconds}",
        ),
        criteria=(
            Criterion("rights", 2, Inspect("container", "{mighty}", "HostConfig.Privileged"), Is("false")),
            Criterion("processes", 2, Inspect("container", "{curious}", "HostConfig.PidMode"), Is("")),
            Criterion("mounts", 2, Length(Inspect("container", "{deputy}", "Mounts")), Is(0)),
            Criterion("running", 1, Count("containers", ("State", "running")), Is(4), hidden=True),
            Criterion("sound", 1, Events("container", "die", (("name", "{sound}"),)), Is(0), hidden=True),
        ),
        solution=(
            "docker rm -f {mighty} {curious} {deputy}",
            "docker run -d --name {mighty} {image} sleep {seconds}",
            "docker run -d --name {curious} {image} sleep {seconds}",
            "docker run -d --name {deputy} {image} sleep {seconds}",
        ),
        wrong=(
            Wrong(
                ("docker rm -f {sound} {deputy}", "docker run -d --name {deputy} {image} sleep {seconds}"),
                fails=("rights", "processes", "running", "sound"),
                says="“host”",
            ),
            Wrong(
                (
                    "docker exec {deputy} rm -f /var/run/docker.sock",
                    "docker rm -f {mighty} {curious}",
                    "docker run -d --name {mighty} --cap-drop ALL {image} sleep {seconds}",
                    "docker run -d --name {curious} {image} sleep {seconds}",
                ),
                fails=("mounts",),
                says="Mounts",
            ),
            Wrong(
                ("docker restart -t 0 {mighty} {curious} {deputy}",),
                fails=("rights", "processes", "mounts"),
                says="true",
            ),
        ),
    ),
)
