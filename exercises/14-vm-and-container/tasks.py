"""Lesson 14: what tells a container from a virtual machine, looked at in an engine: kernel, processes, memory, disk."""

from classroom.exercises.authoring import *

WORD = OneOf("salt", "pepper", "cumin", "ginger", "basil", "saffron", "clove", "mint", "anise", "sesame")
SYSTEM = ". /etc/os-release; echo $ID > /system; uname -r > /kernel"
TAKES_MEMORY = """docker build -q -t memo - <<EOF
FROM python:3.12-slim
CMD ["python", "-c", "import os, time; x = bytearray(int(os.environ['MIB']) << 20); time.sleep(9000)"]
EOF"""
PAGE = "/usr/local/apache2/htdocs/index.html"


def own_disk(name: str, port: str, word: str) -> tuple[str, ...]:
    """A service as for a virtual machine: all files that it needs are copied into one disk of its own."""
    return (
        f"""docker build -q -t {name}-disk - <<EOF
FROM httpd AS installed
RUN echo {word} > {PAGE}
FROM scratch
COPY --from=installed / /
EOF""",
        f"docker run -d --name {name} -p {port}:80 -e PATH=/usr/local/apache2/bin:/usr/local/bin:/usr/bin:/bin "
        f"{name}-disk httpd-foreground",
    )


def own_page(name: str, port: str, word: str) -> str:
    """The same service: the common image, and one file of its own."""
    return f"docker run -d --name {name} -p {port}:80 httpd sh -c 'echo {word} > {PAGE}; exec httpd-foreground'"


TASKS = (
    Task(
        "whose-kernel",
        Level.FOLLOW,
        misconceptions=(1, 19),
        profile="{machine}",
        draws={"machine": OneOf("wsl2", "hyperv", "macos"), "first": Name(), "second": Name()},
        criteria=(
            Criterion("first", 1, File("{first}", "/kernel"), Same(Info("KernelVersion"))),
            Criterion("second", 1, File("{second}", "/kernel"), Same(Info("KernelVersion"))),
            Criterion("systems", 1, File("{first}", "/system"), Differs(File("{second}", "/system"))),
            Criterion("limit", 1, Inspect("container", "{second}", "HostConfig.NanoCpus"), Is(1_000_000_000)),
            Criterion("processors", 1, File("{second}", "/processors"), Same(Info("NCPU"))),
            Criterion("image", 1, File("{first}", "/system"), Is("debian"), hidden=True),
        ),
        solution=(
            f"docker run --name {{first}} debian sh -c '{SYSTEM}'",
            f"docker run --name {{second}} --cpus 1 alpine sh -c '{SYSTEM}; nproc > /processors'",
        ),
        wrong=(
            Wrong(
                (
                    "docker run --name {first} debian sh -c 'echo 6.12+deb13-amd64 > /kernel; echo debian > /system'",
                    f"docker run --name {{second}} --cpus 1 alpine sh -c '{SYSTEM}; nproc > /processors'",
                ),
                fails=("first",),
                says="deb13",
            ),
            Wrong(
                (
                    f"docker run --name {{first}} debian sh -c '{SYSTEM}'",
                    f"docker run --name {{second}} --cpuset-cpus 0 alpine sh -c '{SYSTEM}; nproc > /processors'",
                ),
                fails=("limit", "processors"),
                says="/processors",
            ),
            Wrong(
                (
                    f"docker run --name {{first}} alpine sh -c '{SYSTEM}'",
                    f"docker run --name {{second}} --cpus 1 alpine sh -c '{SYSTEM}; nproc > /processors'",
                ),
                fails=("systems", "image"),
                says="“alpine”",
            ),
        ),
    ),
    Task(
        "from-outside",
        Level.APPLY,
        misconceptions=(1,),
        draws={"box": Name(), "other": Name(), "eye": Name(), "seconds": Number(1000, 9000)},
        setup=(
            "docker run -d --name {other} alpine sh -c 'sleep {seconds} & exec sleep 900'",
            "docker run -d --name {box} alpine sh -c 'sleep {seconds} & exec sleep 900'",
        ),
        criteria=(
            Criterion("sees-all", 1, Inspect("container", "{eye}", "HostConfig.PidMode"), Is("host")),
            Criterion("number", 2, File("{eye}", "/pid"), Same(Inspect("container", "{box}", "State.Pid"))),
            Criterion("runs", 1, Inspect("container", "{box}", "State.Status"), Is("running")),
            Criterion("ended", 2, Processes("{box}", "sleep {seconds}"), Is(0)),
            Criterion("other", 1, Processes("{other}", "sleep {seconds}"), Is(1)),
            Criterion("no-door", 1, Events("container", "exec_create*", (("name", "{box}"),)), Is(0), hidden=True),
        ),
        solution=(
            "docker run -d --name {eye} --pid host alpine sleep 900",
            "docker exec {eye} sh -c \"echo $(docker inspect -f '{{.State.Pid}}' {box}) > /pid\"",
            "docker exec {eye} sh -c 'pkill -P $(cat /pid)'",
        ),
        wrong=(
            Wrong(
                (
                    "docker run -d --name {eye} alpine sh -c 'echo 1 > /pid; sleep 900'",
                    "docker exec {eye} pkill -f 'sleep {seconds}'",
                ),
                fails=("sees-all", "number", "ended"),
                says="HostConfig.PidMode",
            ),
            Wrong(
                (
                    "docker run -d --name {eye} --pid host alpine sleep 900",
                    "docker exec {eye} sh -c \"echo $(docker inspect -f '{{.State.Pid}}' {box}) > /pid\"",
                    "docker exec {eye} pkill -f 'sleep {seconds}'",
                ),
                fails=("other",),
                says="in container {other}: 0",
            ),
            Wrong(
                (
                    "docker run -d --name {eye} --pid host alpine sh -c 'echo 1 > /pid; sleep 900'",
                    "docker exec {box} pkill -f 'sleep {seconds}'",
                ),
                fails=("number", "no-door"),
                says="/pid in container {eye}: “1”",
            ),
        ),
    ),
    Task(
        "promised-memory",
        Level.APPLY,
        misconceptions=(1, 19),
        profile="hyperv",
        draws={
            "first": Name(),
            "second": Name(),
            "glutton": Name(),
            "mib": Number(1100, 1700, 50),
            "small": Number(60, 120, 10),
            "big": Number(200, 400, 10),
        },
        predictions=("start", "code"),
        criteria=(
            Criterion("predicted-start", 1, Predicted("start"), There()),
            Criterion("predicted-code", 1, Predicted("code"), There()),
            Criterion("first", 1, Count("containers", ("Names.0", "/{first}"), ("State", "running")), Is(1)),
            Criterion("second", 1, Count("containers", ("Names.0", "/{second}"), ("State", "running")), Is(1)),
            Criterion("killed", 2, Inspect("container", "{glutton}", "State.OOMKilled"), Is("true")),
            Criterion(
                "limits",
                1,
                Inspect("container", "{first}", "HostConfig.Memory"),
                Same(Inspect("container", "{second}", "HostConfig.Memory")),
                hidden=True,
            ),
        ),
        explain=Explain(3),
        solution=(
            "predict start yes",
            "predict code 137",
            "docker run -d --name {first} -m {mib}m alpine sleep 900",
            "docker run -d --name {second} -m {mib}m alpine sleep 900",
            "docker run --name {glutton} -m {small}m python:3.12-slim python -c 'x = bytearray({big} << 20)'",
        ),
        wrong=(
            Wrong(
                (
                    "predict start no",
                    "predict code 1",
                    "docker run -d --name {first} -m {mib}m alpine sleep 900",
                    "docker run -d --name {second} -m {mib}m alpine sleep 900",
                    "docker run --name {glutton} python:3.12-slim python -c 'x = bytearray({big} << 20)'",
                ),
                fails=("killed",),
                says="OOMKilled",
            ),
            Wrong(
                (
                    "predict start no",
                    "docker run -d --name {first} -m {mib}m alpine sleep 900",
                    "predict code 1",
                    "docker run -d --name {glutton} -m {small}m python:3.12-slim sleep 900",
                    "docker kill {glutton}",
                ),
                fails=("predicted-code", "second", "killed", "limits"),
                says="before the experiment",
            ),
        ),
    ),
    Task(
        "innocent",
        Level.DIAGNOSE,
        misconceptions=(19,),
        profile="hyperv",
        draws={
            "store": Name(),
            "report": Name(),
            "big": Number(800, 900, 20),
            "hungry": Number(750, 950, 25),
            "mib": Number(160, 320, 20),
        },
        setup=(
            TAKES_MEMORY,
            "docker run -d --name {store} -e MIB={big} memo",
            "sleep 2",
            "docker run -d --name {report} -e MIB={hungry} memo",
            "sleep 2",
        ),
        criteria=(
            Criterion("limit", 1, Inspect("container", "{report}", "HostConfig.Memory"), Is("{mib*1048576}")),
            Criterion("report", 2, Inspect("container", "{report}", "State.Status"), Is("running")),
            Criterion("store", 2, Inspect("container", "{store}", "State.Status"), Is("running")),
            Criterion("size", 1, Inspect("container", "{store}", "Config.Env"), Has("MIB={big}")),
            Criterion("two", 1, Count("containers", ("State", "running")), Is(2), hidden=True),
        ),
        solution=(
            "docker rm -f {report}",
            "docker run -d --name {report} -m {mib}m -e MIB=100 memo",
            "docker start {store}",
            "sleep 2",
        ),
        wrong=(
            Wrong(("docker start {store}", "sleep 2"), fails=("limit", "report", "two"), says="“exited”"),
            Wrong(
                (
                    "docker rm {store}",
                    "docker run -d --name {store} -m 1800m -e MIB={big} memo",
                    "sleep 2",
                ),
                fails=("limit", "report", "two"),
                says="memory limit",
            ),
            Wrong(
                (
                    "docker rm -f {report}",
                    "docker run -d --name {report} -m {mib}m -e MIB={hungry} memo",
                    "docker start {store}",
                    "sleep 2",
                ),
                fails=("report", "two"),
                says="“exited”",
            ),
        ),
    ),
    Task(
        "own-disks",
        Level.DIAGNOSE,
        misconceptions=(1, 22),
        draws={
            "first": Name(),
            "second": Name(),
            "third": Name(),
            "port": Port(),
            "one": WORD,
            "two": WORD,
            "three": WORD,
        },
        setup=(
            *own_disk("{first}", "{port}", "{one}"),
            *own_disk("{second}", "{port+1}", "{two}"),
            *own_disk("{third}", "{port+2}", "{three}"),
            "docker image prune -f",
        ),
        criteria=(
            Criterion("first", 1, Answer("{port}"), Is("{one}\n")),
            Criterion("second", 1, Answer("{port+1}"), Is("{two}\n")),
            Criterion("third", 1, Answer("{port+2}"), Is("{three}\n")),
            Criterion("disk", 2, Disk("LayersSize"), AtMost(120_000_000)),
            Criterion("three", 1, Count("containers"), Is(3), hidden=True),
        ),
        solution=(
            "docker rm -f {first} {second} {third}",
            "docker rmi {first}-disk {second}-disk {third}-disk",
            own_page("{first}", "{port}", "{one}"),
            own_page("{second}", "{port+1}", "{two}"),
            own_page("{third}", "{port+2}", "{three}"),
            "sleep 2",
        ),
        wrong=(
            Wrong(("docker image prune -a -f",), fails=("disk",), says="LayersSize"),
            Wrong(
                (
                    "docker rm -f {first} {second} {third}",
                    own_page("{first}", "{port}", "{one}"),
                    own_page("{second}", "{port+1}", "{two}"),
                    own_page("{third}", "{port+2}", "{three}"),
                    "sleep 2",
                ),
                fails=("disk",),
                says="LayersSize",
            ),
            Wrong(
                (
                    "docker rm -f {first} {second} {third}",
                    "docker image prune -a -f",
                    "docker run -d --name {first} -p {port}:80 httpd",
                    "docker run -d --name {second} -p {port+1}:80 httpd",
                    "docker run -d --name {third} -p {port+2}:80 httpd",
                    "sleep 2",
                ),
                fails=("first", "second", "third"),
                says="It works!",
            ),
        ),
    ),
)
