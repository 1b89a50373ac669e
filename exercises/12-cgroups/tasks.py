"""Lesson 12: a limit is a number in a file; what happens at it, to whom, and what it does not promise."""

from classroom.exercises.authoring import *

BUSY = "while :; do :; done"
CALM = "while :; do sleep 1; done"
JOB = "docker run -d --name {name} -e JOB='{job}' {options} alpine sh -c 'eval \"$JOB\"'"


def job(name: str, what: str, options: str) -> str:
    return JOB.replace("{name}", name).replace("{job}", what).replace("{options}", options)


LOADED = "import time; table = bytearray({need} * 2**20); time.sleep(9000)"
TABLE = f"docker run -d --name {{table}} -m {{low}}m python:3.12-slim python -c '{LOADED}'"

WORKERS = "for n in $(seq {workers}); do sleep 9000 & done; wait"
POOL = f"docker run -d --name {{pool}} --pids-limit {{few}} alpine sh -c '{WORKERS}'"

GREEDY = "head -1 /proc/meminfo > /seen; exec dd if=/dev/zero of=/dev/null bs=1G count=1"

TASKS = (
    Task(
        "three-numbers",
        Level.FOLLOW,
        misconceptions=(19,),
        draws={
            "box": Name(),
            "mib": Number(96, 160, 4),
            "less": Number(48, 88, 4),
            "percent": Number(25, 75, 5),
            "pids": Number(12, 40),
        },
        criteria=(
            Criterion("before", 1, File("{box}", "/before"), Is("{mib*1048576}")),
            Criterion("cpus", 1, Inspect("container", "{box}", "HostConfig.NanoCpus"), Is("{percent*10000000}")),
            Criterion("pids", 1, Inspect("container", "{box}", "HostConfig.PidsLimit"), Is("{pids}")),
            Criterion("after", 2, File("{box}", "/after"), Is("{less*1048576}")),
            Criterion("once", 1, Events("container", "start", (("name", "{box}"),)), Is(1), hidden=True),
        ),
        solution=(
            "docker run -d --name {box} -m {mib}m --cpus 0.{percent} --pids-limit {pids} alpine sleep 9000",
            "docker exec {box} sh -c 'cat /sys/fs/cgroup/memory.max > /before'",
            "docker update -m {less}m {box}",
            "docker exec {box} sh -c 'cat /sys/fs/cgroup/memory.max > /after'",
        ),
        wrong=(
            Wrong(
                (
                    "docker run -d --name {box} -m {mib}m --cpus 0.{percent} --pids-limit {pids} alpine sleep 9000",
                    "docker exec {box} sh -c 'cat /sys/fs/cgroup/memory.max > /before'",
                    "docker rm -f {box}",
                    "docker run -d --name {box} -m {less}m --cpus 0.{percent} --pids-limit {pids} alpine sleep 9000",
                    "docker exec {box} sh -c 'cat /sys/fs/cgroup/memory.max > /after'",
                ),
                fails=("before", "once"),
                says="not there",
            ),
            Wrong(
                (
                    "docker run -d --name {box} -m {mib}m --cpu-shares {percent} --pids-limit {pids} alpine sleep 9000",
                    "docker exec {box} sh -c 'cat /sys/fs/cgroup/memory.max > /before'",
                    "docker exec {box} sh -c 'echo {less}m > /sys/fs/cgroup/memory.max'",
                    "docker exec {box} sh -c 'cat /sys/fs/cgroup/memory.max > /after'",
                ),
                fails=("cpus", "after"),
                says="“{mib*1048576}”",
            ),
        ),
    ),
    Task(
        "who-is-loud",
        Level.APPLY,
        misconceptions=(19,),
        draws={
            "web": Name(),
            "batch": Name(),
            "other": Name(),
            "loud": Name(),
            "shares": Number(128, 640, 32),
            "percent": Number(15, 45, 5),
        },
        setup=(
            job("{other}", CALM, "--cpuset-cpus 1"),
            job("{batch}", CALM, "--cpuset-cpus 0 --cpu-shares {shares}"),
            job("{loud}", BUSY, "--cpuset-cpus 1"),
            job("{web}", CALM, "--cpuset-cpus 0"),
        ),
        criteria=(
            Criterion("ceiling", 2, Inspect("container", "{loud}", "HostConfig.NanoCpus"), Is("{percent*10000000}")),
            Criterion("share", 2, Inspect("container", "{web}", "HostConfig.CpuShares"), Is("{shares*3}")),
            Criterion("once", 1, Events("container", "start", (("name", "{loud}"),)), Is(1)),
            Criterion("other", 1, Inspect("container", "{other}", "HostConfig.NanoCpus"), Is(0), hidden=True),
            Criterion("free", 1, Inspect("container", "{batch}", "HostConfig.NanoCpus"), Is(0), hidden=True),
            Criterion(
                "same-share", 1, Inspect("container", "{batch}", "HostConfig.CpuShares"), Is("{shares}"), hidden=True
            ),
        ),
        solution=(
            "sleep 3; docker stats --no-stream",
            "docker update --cpus 0.{percent} {loud}",
            "docker inspect -f '{{.HostConfig.CpuShares}}' {batch}",
            "docker update --cpu-shares {shares*3} {web}",
        ),
        wrong=(
            Wrong(
                (
                    "docker update --cpus 0.{percent} {loud} {other} {batch}",
                    "docker update --cpu-shares 3072 {web}",
                ),
                fails=("share", "other", "free"),
                says="CpuShares",
            ),
            Wrong(
                (
                    "docker update --cpu-shares {percent} {loud}",
                    "docker update --cpus 0.75 {web}",
                    "docker update --cpus 0.25 {batch}",
                ),
                fails=("ceiling", "share", "free"),
                says="NanoCpus",
            ),
            Wrong(
                (
                    "docker rm -f {loud}",
                    job("{loud}", BUSY, "--cpus 0.{percent}"),
                    "docker update --cpu-shares {shares*3} {web}",
                ),
                fails=("once",),
                says=": 2.",
            ),
        ),
    ),
    Task(
        "what-it-sees",
        Level.APPLY,
        misconceptions=(1, 19),
        draws={"giant": Name(), "dwarf": Name(), "gib": Number(24, 90), "mib": Number(48, 200, 4)},
        predictions=("start", "seen"),
        criteria=(
            Criterion("predicted-start", 1, Predicted("start"), There()),
            Criterion("predicted-seen", 1, Predicted("seen"), There()),
            Criterion("giant", 1, Inspect("container", "{giant}", "HostConfig.Memory"), Is("{gib*1073741824}")),
            Criterion("runs", 1, Inspect("container", "{giant}", "State.Status"), Is("running")),
            Criterion("dwarf", 1, Inspect("container", "{dwarf}", "HostConfig.Memory"), Is("{mib*1048576}")),
            Criterion("seen", 1, File("{dwarf}", "/seen"), Contains("MemTotal:")),
            Criterion("killed", 1, Inspect("container", "{dwarf}", "State.OOMKilled"), Is(True)),
            Criterion("code", 1, Inspect("container", "{dwarf}", "State.ExitCode"), Is(137), hidden=True),
        ),
        explain=Explain(3),
        solution=(
            "predict start yes",
            "predict seen machine",
            "docker run -d --name {giant} -m {gib}g alpine sleep 9000",
            f"docker run --name {{dwarf}} -m {{mib}}m alpine sh -c '{GREEDY}'",
        ),
        wrong=(
            Wrong(
                (
                    "docker run -d --name {giant} -m {gib}g alpine sleep 9000",
                    "predict start yes",
                    "predict seen limit",
                    f"docker run --name {{dwarf}} -m {{mib}}m alpine sh -c '{GREEDY}'",
                ),
                fails=("predicted-start", "predicted-seen"),
                says="before the experiment",
            ),
            Wrong(
                (
                    "predict start no",
                    "predict seen limit",
                    "docker run --name {giant} -m {gib}g alpine free",
                    "docker run --name {dwarf} -m {mib}m alpine sh -c 'head -1 /proc/meminfo > /seen; exit 137'",
                ),
                fails=("runs", "killed"),
                says="OOMKilled",
            ),
            Wrong(
                (
                    "predict start yes",
                    "predict seen machine",
                    "docker run -d --name {giant} -m {gib}m alpine sleep 9000",
                    f"docker run --name {{dwarf}} alpine sh -c '{GREEDY}'",
                ),
                fails=("giant", "dwarf", "killed", "code"),
                says="memory limit",
            ),
        ),
    ),
    Task(
        "three-times-137",
        Level.DIAGNOSE,
        misconceptions=(4, 19),
        draws={
            "deaf": Name(),
            "table": Name(),
            "shot": Name(),
            "need": Number(130, 180, 5),
            "low": Number(48, 100, 4),
            "more": Number(220, 300, 4),
        },
        setup=(
            f"docker run -d --name {{deaf}} -m {{low}}m alpine sh -c '{CALM}'",
            TABLE,
            "docker run -d --name {shot} -m {low}m alpine sleep 9000",
            "sleep 3",
            "docker stop -t 1 {deaf}",
            "docker kill {shot}",
            "sleep 2",  # `docker events --until 0s` leaves out the second that is not over
        ),
        criteria=(
            Criterion("more", 2, Inspect("container", "{table}", "HostConfig.Memory"), Is("{more*1048576}")),
            Criterion("runs", 2, Inspect("container", "{table}", "State.Status"), Is("running")),
            Criterion("deaf", 1, Inspect("container", "{deaf}", "State.Status"), Is("running")),
            Criterion("shot", 1, Inspect("container", "{shot}", "State.Status"), Is("running")),
            Criterion("same", 1, Events("container", "create", (("name", "{table}"),)), Is(1)),
            Criterion(
                "deaf-limit", 1, Inspect("container", "{deaf}", "HostConfig.Memory"), Is("{low*1048576}"), hidden=True
            ),
            Criterion(
                "shot-limit", 1, Inspect("container", "{shot}", "HostConfig.Memory"), Is("{low*1048576}"), hidden=True
            ),
        ),
        solution=(
            "docker inspect -f '{{.Name}} {{.State.OOMKilled}}' $(docker ps -aq)",
            "docker update -m {more}m --memory-swap {more}m {table}",
            "docker start {table} {deaf} {shot}",
            "sleep 3; docker stats --no-stream",
        ),
        wrong=(
            Wrong(
                ("docker start {table} {deaf} {shot}", "sleep 3; docker ps -a"),
                fails=("more", "runs"),
                says="“exited”",
            ),
            Wrong(
                (
                    "docker update -m {more}m --memory-swap {more}m {table} {deaf} {shot}",
                    "docker start {table} {deaf} {shot}",
                ),
                fails=("deaf-limit", "shot-limit"),
                says="memory limit",
            ),
            Wrong(
                (
                    "docker rm {table}",
                    f"docker run -d --name {{table}} python:3.12-slim python -c '{LOADED}'",
                    "docker start {deaf} {shot}",
                ),
                fails=("more", "same"),
                says=": 0.",
            ),
        ),
    ),
    Task(
        "too-few-workers",
        Level.DIAGNOSE,
        misconceptions=(19, 7),
        draws={"pool": Name(), "workers": Number(9, 16), "few": Number(4, 8)},
        setup=(POOL, "sleep 2"),
        criteria=(
            Criterion("workers", 2, Processes("{pool}", "sleep *"), Is("{workers}")),
            Criterion("room", 2, Inspect("container", "{pool}", "HostConfig.PidsLimit"), AtLeast("{workers+1}")),
            Criterion("wall", 1, Inspect("container", "{pool}", "HostConfig.PidsLimit"), AtMost("{workers+5}")),
            Criterion("same", 1, Events("container", "create", (("name", "{pool}"),)), Is(1), hidden=True),
        ),
        solution=(
            "docker logs {pool}",
            "docker update --pids-limit {workers+3} {pool}",
            "docker start {pool}",
            "sleep 2; docker stats --no-stream",
        ),
        wrong=(
            Wrong(("docker start {pool}",), fails=("workers", "room"), says="processes"),
            Wrong(
                ("docker update -m 1g --memory-swap 1g {pool}", "docker start {pool}"),
                fails=("workers", "room"),
                says="PidsLimit",
            ),
            Wrong(
                ("docker update --pids-limit 1000 {pool}", "docker start {pool}", "sleep 2"),
                fails=("wall",),
                says=": 1000.",
            ),
            Wrong(
                ("docker update --pids-limit {workers} {pool}", "docker start {pool}", "sleep 2"),
                fails=("workers", "room"),
                says="or more",
            ),
            Wrong(
                (
                    "docker rm {pool}",
                    f"docker run -d --name {{pool}} --pids-limit {{workers+3}} alpine sh -c '{WORKERS}'",
                    "sleep 2",
                ),
                fails=("same",),
                says="create",
            ),
        ),
    ),
)
