"""Lesson 13: who reaches whom: names, two localhosts, networks that do not meet, and what is only for those outside."""

from classroom.exercises.authoring import *

SMALL = OneOf("alpine", "busybox")
WORD = OneOf("salt", "pepper", "cumin", "ginger", "basil", "saffron", "clove", "mint", "anise", "sesame")
ALIAS = OneOf("books", "prices", "orders", "stock", "menu", "rates")
SERVE = "sh -c 'echo {word} > /index.html; httpd -f -h /'"
ASK = "sh -c 'wget -qO- http://localhost:{port}/ | tee /answer'"
ASK_TWICE = "sh -c 'wget -qO- http://localhost:{port}/ | tee /answer; wget -qO- http://localhost:80/ | tee /inside'"
KEEP_ASKING = "sh -c 'while true; do wget -qO /page http://{alias}/; sleep 1; done'"

TASKS = (
    Task(
        "by-name",
        Level.FOLLOW,
        misconceptions=(1, 9),
        draws={"net": Name(), "web": Name(), "client": Name(), "alias": ALIAS, "word": WORD},
        criteria=(
            Criterion(
                "network", 1, Inspect("container", "{web}", "NetworkSettings > Networks > {net} > NetworkID"), There()
            ),
            Criterion(
                "alias",
                1,
                Inspect("container", "{web}", "NetworkSettings > Networks > {net} > Aliases"),
                Has("{alias}"),
            ),
            Criterion("page", 2, File("{client}", "/page"), Is("{word}")),
            Criterion(
                "unpublished", 1, Length(Inspect("container", "{web}", "HostConfig.PortBindings")), Is(0), hidden=True
            ),
        ),
        solution=(
            "docker network create {net}",
            "docker run -d --name {web} --network {net} --network-alias {alias} busybox " + SERVE,
            "docker run --name {client} --network {net} busybox wget -qO /page http://{alias}/",
        ),
        wrong=(
            Wrong(
                (
                    "docker network create {net}",
                    "docker run -d --name {web} --network {net} --network-alias {alias} busybox " + SERVE,
                    "docker run --name {client} busybox wget -qO /page http://{alias}/",
                ),
                fails=("page",),
                says="/page in container",
            ),
            Wrong(
                (
                    "docker run -d --name {alias} -p 80:80 busybox " + SERVE,
                    "docker run --name {client} busybox wget -qO /page http://{alias}/",
                ),
                fails=("network", "alias", "page", "unpublished"),
                says="not there",
            ),
            Wrong(
                (
                    "docker network create {net}",
                    "docker run -d --name {web} --network {net} -p 8080:80 busybox " + SERVE,
                    "docker run --name {client} --network {net} busybox wget -qO /page http://{web}/",
                ),
                fails=("alias", "unpublished"),
                says="“{alias}” among it",
            ),
        ),
    ),
    Task(
        "behind-the-counter",
        Level.APPLY,
        misconceptions=(9, 11),
        draws={"store": Name(), "counter": Name(), "back": Name(), "port": Port(), "word": WORD},
        setup=(
            "docker run -d --name {store} busybox " + SERVE,
            "docker run -d --name {counter} busybox sh -c 'mkdir /www; httpd -f -h /www'",
        ),
        criteria=(
            Criterion("internal", 1, Inspect("network", "{back}", "Internal"), Is("true")),
            Criterion(
                "moved", 1, Inspect("container", "{store}", "NetworkSettings > Networks > {back} > NetworkID"), There()
            ),
            Criterion(
                "hidden-store",
                1,
                Inspect("container", "{store}", "NetworkSettings > Networks > bridge > NetworkID"),
                Gone(beside=Inspect("container", "{store}", "NetworkSettings > Networks > {back} > NetworkID")),
            ),
            Criterion(
                "both", 1, Inspect("container", "{counter}", "NetworkSettings > Networks > {back} > NetworkID"), There()
            ),
            Criterion("page", 2, Answer("{port}"), Contains("{word}")),
            Criterion("unbroken", 1, Events("container", "die", (("name", "{store}"),)), Is(0), hidden=True),
        ),
        solution=(
            "docker network create --internal {back}",
            "docker network connect {back} {store}",
            "docker network disconnect bridge {store}",
            "docker rm -f {counter}",
            "docker run -d --name {counter} -p {port}:80 busybox sh -c 'mkdir /www; httpd -f -h /www'",
            "docker network connect {back} {counter}",
            "docker exec {counter} wget -qO /www/index.html http://{store}/",
        ),
        wrong=(
            Wrong(  # no port can be added; and an internal network would publish none
                (
                    "docker network create --internal {back}",
                    "docker network connect {back} {store}",
                    "docker network disconnect bridge {store}",
                    "docker network connect {back} {counter}",
                    "docker exec {counter} wget -qO /www/index.html http://{store}/",
                    "docker restart -t 0 {counter}",
                ),
                fails=("page",),
                says="localhost:{port}",
            ),
            Wrong(
                (
                    "docker network create --internal {back}",
                    "docker rm -f {store} {counter}",
                    "docker run -d --name {store} --network {back} busybox " + SERVE,
                    "docker run -d --name {counter} --network {back} -p {port}:80 busybox "
                    "sh -c 'mkdir /www; httpd -f -h /www'",
                    "docker exec {counter} wget -qO /www/index.html http://{store}/",
                ),
                fails=("page", "unbroken"),
                says="not there",
            ),
            Wrong(
                (
                    "docker network create {back}",
                    "docker network connect {back} {store}",
                    "docker rm -f {counter}",
                    "docker run -d --name {counter} --network {back} -p {port}:80 busybox "
                    "sh -c 'mkdir /www; httpd -f -h /www'",
                    "docker exec {counter} wget -qO /www/index.html http://{store}/",
                ),
                fails=("internal", "hidden-store"),
                says="“true”",
            ),
        ),
    ),
    Task(
        "whose-localhost",
        Level.APPLY,
        misconceptions=(9, 10),
        draws={"web": Name(), "alone": Name(), "shared": Name(), "hostly": Name(), "port": Port(), "word": WORD},
        setup=("docker run -d --name {web} -p {port}:80 busybox " + SERVE,),
        predictions=("alone", "shared", "host"),
        criteria=(
            Criterion("predicted-alone", 1, Predicted("alone"), There()),
            Criterion("predicted-shared", 1, Predicted("shared"), There()),
            Criterion("predicted-host", 1, Predicted("host"), There()),
            Criterion("alone", 1, File("{alone}", "/answer"), Is("")),
            Criterion("shared", 1, File("{shared}", "/answer"), Is("")),
            Criterion("inside", 1, File("{shared}", "/inside"), Is("{word}")),
            Criterion("host", 1, File("{hostly}", "/answer"), Is("{word}")),
            Criterion(
                "own-network", 1, Inspect("container", "{alone}", "HostConfig.NetworkMode"), Is("bridge"), hidden=True
            ),
        ),
        explain=Explain(3),
        solution=(
            "predict alone no",
            "predict shared no",
            "predict host yes",
            "docker run --name {alone} busybox " + ASK,
            "docker run --name {shared} --network container:{web} busybox " + ASK_TWICE,
            "docker run --name {hostly} --network host busybox " + ASK,
        ),
        wrong=(
            Wrong(
                (
                    "docker run --name {alone} busybox " + ASK,
                    "predict alone no",
                    "predict shared yes",
                    "predict host yes",
                    "docker run --name {shared} --network container:{web} busybox " + ASK_TWICE,
                    "docker run --name {hostly} --network host busybox " + ASK,
                ),
                fails=("predicted-alone", "predicted-shared", "predicted-host"),
                says="before the experiment",
            ),
            Wrong(
                (
                    "predict alone yes",
                    "predict shared yes",
                    "predict host yes",
                    "docker run --name {alone} busybox " + ASK,
                    "docker run --name {shared} busybox " + ASK_TWICE,
                    "docker run --name {hostly} busybox " + ASK,
                ),
                fails=("inside", "host"),
                says="“{word}”",
            ),
            Wrong(
                (
                    "predict alone yes",
                    "predict shared yes",
                    "predict host yes",
                    "docker run --name {alone} --network host busybox " + ASK,
                    "docker run --name {shared} --network host busybox " + ASK_TWICE,
                    "docker run --name {hostly} --network host busybox " + ASK,
                ),
                fails=("alone", "shared", "inside", "own-network"),
                says="empty",
            ),
        ),
    ),
    Task(
        "too-early",
        Level.DIAGNOSE,
        misconceptions=(21,),
        draws={"net": Name(), "store": Name(), "app": Name(), "slow": Number(6, 15), "word": WORD},
        setup=(
            "docker network create {net}",
            "docker run -d --name {store} --network {net} busybox "
            "sh -c 'sleep {slow}; echo {word} > /index.html; httpd -f -h /'",
            "docker run --name {app} --network {net} busybox wget -qO /page http://{store}/",
        ),
        criteria=(
            Criterion("page", 2, File("{app}", "/page"), Is("{word}")),
            Criterion("ended", 1, Inspect("container", "{app}", "State.ExitCode"), Is(0)),
            Criterion("waited", 2, Logs("{app}"), Contains("wget: ")),
            Criterion("anew", 1, Events("container", "create", (("name", "{app}"),)), AtLeast(2), hidden=True),
            Criterion("slow", 1, Events("container", "destroy", (("name", "{store}"),)), Is(0), hidden=True),
        ),
        solution=(
            "docker rm {app}",
            "docker restart -t 0 {store}",
            "docker run -d --name {app} --network {net} busybox "
            "sh -c 'until wget -qO /page http://{store}/; do sleep 1; done'",
            "docker wait {app}",
        ),
        wrong=(
            Wrong(
                ("sleep 20", "docker start {app}", "docker wait {app}"),
                fails=("anew",),
                says="create name=",
            ),
            Wrong(
                (
                    "docker rm {app}",
                    "docker restart -t 0 {store}",
                    "docker run --name {app} --network {net} busybox sh -c 'sleep 30; wget -qO /page http://{store}/'",
                ),
                fails=("waited",),
                says="empty",
            ),
            Wrong(
                (
                    "docker rm {app}",
                    "docker restart -t 0 {store}",
                    "docker run --name {app} --network {net} busybox wget -qO /page http://{store}/",
                ),
                fails=("page", "ended"),
                says="exit code",
            ),
        ),
    ),
    Task(
        "old-address",
        Level.DIAGNOSE,
        misconceptions=(1,),
        draws={
            "store": Name(),
            "app": Name(),
            "stranger": Name(),
            "net": Name(),
            "alias": ALIAS,
            "word": WORD,
            "old": OneOf("closed", "moved", "stale", "empty"),
        },
        setup=(
            "docker run -d --name {store} busybox sh -c 'echo {old} > /index.html; httpd -f -h /'",
            "docker run -d --name {app} --link {store}:{alias} busybox " + KEEP_ASKING,
            "sleep 2",
            "docker rm -f {store}",
            "docker run -d --name {stranger} busybox sh -c 'echo nothing here > /index.html; httpd -f -h /'",
            "docker run -d --name {store} busybox " + SERVE,
            "sleep 2",
        ),
        criteria=(
            Criterion("page", 2, File("{app}", "/page"), Is("{word}")),
            Criterion(
                "network", 1, Inspect("container", "{app}", "NetworkSettings > Networks > {net} > NetworkID"), There()
            ),
            Criterion(
                "alias",
                1,
                Inspect("container", "{store}", "NetworkSettings > Networks > {net} > Aliases"),
                Has("{alias}"),
            ),
            Criterion(
                "no-link",
                1,
                Inspect("container", "{app}", "HostConfig.Links"),
                Gone(beside=Inspect("container", "{app}", "NetworkSettings > Networks > {net} > NetworkID")),
            ),
            Criterion("untouched", 1, Events("container", "die", (("name", "{stranger}"),)), Is(0), hidden=True),
        ),
        solution=(
            "docker network create {net}",
            "docker network connect --alias {alias} {net} {store}",
            "docker rm -f {app}",
            "docker run -d --name {app} --network {net} busybox " + KEEP_ASKING,
            "sleep 2",
        ),
        wrong=(
            Wrong(
                ("docker rm -f {stranger}", "sleep 2"),
                fails=("page", "network", "alias", "no-link", "untouched"),
                says="nothing here",
            ),
            Wrong(  # the link is gone, and with it the only place that knew the name
                (
                    "docker network create {net}",
                    "docker network connect {net} {store}",
                    "docker rm -f {app}",
                    "docker run -d --name {app} --network {net} busybox " + KEEP_ASKING,
                    "sleep 2",
                ),
                fails=("page", "alias"),
                says="/page in container",
            ),
            Wrong(
                ("docker restart -t 0 {app}", "sleep 2"),
                fails=("network", "alias", "no-link"),
                says="not there",
            ),
        ),
    ),
)
