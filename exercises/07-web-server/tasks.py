"""Lesson 7: which port is whose, whose localhost it is, and where a server's pages and settings are kept."""

from classroom.exercises.authoring import *

WORD = OneOf("salt", "pepper", "cumin", "ginger", "basil", "saffron", "clove", "mint", "anise", "sesame")
MOTTO = OneOf("fresh bread", "warm soup", "cold tea", "ripe plums", "good cheese", "sweet corn", "hot coffee")
PAGES = "/usr/local/apache2/htdocs"
SHOP = (  # {shop}: Apache with a front page of its own
    'docker run --name draft httpd sh -c \'echo "<h1>{motto}</h1>" > ' + PAGES + "/index.html'",
    "docker commit -c 'CMD [\"httpd-foreground\"]' draft {shop}",
    "docker rm draft",
)
LISTENING = "echo listening on port $PORT; mkdir -p /www; echo $PAGE > /www/index.html; exec httpd -f -p $PORT -h /www"

TASKS = (
    Task(
        "two-doors",
        Level.FOLLOW,
        misconceptions=(2, 9),
        draws={"mine": Name(), "other": Name(), "port": Port(), "second": Port()},
        files={"index.html": "<h1>My first page in a container</h1>\n"},
        criteria=(
            Criterion("page", 2, Answer("{port}"), Contains("My first page")),
            Criterion("other", 1, Answer("{second}"), Contains("It works!")),
            Criterion(
                "door",
                1,
                Inspect("container", "{mine}", "NetworkSettings > Ports > 80/tcp > 0 > HostPort"),
                Is("{port}"),
            ),
            Criterion(
                "same-image",
                1,
                Inspect("container", "{other}", "Image"),
                Same(Inspect("container", "{mine}", "Image")),
                hidden=True,
            ),
        ),
        solution=(
            "docker run -d -p {port}:80 --name {mine} httpd",
            "docker cp two-doors/index.html {mine}:" + PAGES + "/index.html",
            "docker run -d -p {second}:80 --name {other} httpd",
        ),
        wrong=(
            Wrong(
                (
                    "docker run -d -p 80:{port} --name {mine} httpd",
                    "docker cp two-doors/index.html {mine}:" + PAGES + "/index.html",
                    "docker run -d -p {second}:80 --name {other} httpd",
                ),
                fails=("page", "door"),
                says="not there",
            ),
            Wrong(  # EXPOSE was thought to publish
                (
                    "docker run -d --name {mine} httpd",
                    "docker cp two-doors/index.html {mine}:" + PAGES + "/index.html",
                    "docker run -d --name {other} httpd",
                ),
                fails=("page", "other", "door"),
                says="http://localhost:",
            ),
            Wrong(
                (
                    "docker run -d -p {port}:80 --name {mine} httpd",
                    "docker cp two-doors/index.html {mine}:" + PAGES + "/index.html",
                    "docker commit {mine} httpd",
                    "docker run -d -p {second}:80 --name {other} httpd",
                ),
                fails=("other", "same-image"),
                says="My first page",
            ),
        ),
    ),
    Task(
        "its-own-port",
        Level.APPLY,
        misconceptions=(9, 11),
        draws={
            "server": Name(),
            "fixed": Name(),
            "chosen": Name(),
            "inner": Number(3000, 6900),
            "port": Port(),
            "usual": OneOf("7000", "7700", "9000", "9900"),
            "word": WORD,
        },
        setup=(
            "docker create --name draft busybox",
            "docker commit -c 'EXPOSE 80' -c 'ENV PORT={usual} PAGE=empty' "
            '-c \'CMD ["sh", "-c", "' + LISTENING + "\"]' draft {server}",
            "docker rm draft",
        ),
        criteria=(
            Criterion("answer", 2, Answer("{port}"), Contains("{word}")),
            Criterion("inside", 1, Processes("{fixed}", "httpd * -p {inner} *"), Is(1)),
            Criterion("chosen", 1, Inspect("container", "{chosen}", "HostConfig.PublishAllPorts"), Is("true")),
            Criterion("listens", 2, Processes("{chosen}", "httpd * -p 80 *"), Is(1)),
            Criterion("image", 1, Inspect("container", "{chosen}", "Config.Image"), Is("{server}"), hidden=True),
        ),
        solution=(
            "docker run -d --name {fixed} -p {port}:{inner} -e PORT={inner} -e PAGE={word} {server}",
            "docker run -d --name {chosen} -P -e PORT=80 {server}",
        ),
        wrong=(
            Wrong(  # the port of the EXPOSE line, whatever the server listens on
                (
                    "docker run -d --name {fixed} -p {port}:80 -e PORT={inner} -e PAGE={word} {server}",
                    "docker run -d --name {chosen} -P {server}",
                ),
                fails=("answer", "listens"),
                says="not there",
            ),
            Wrong(
                (
                    "docker run -d --name {fixed} -p {inner}:{port} -e PORT={inner} -e PAGE={word} {server}",
                    "docker run -d --name {chosen} -p 80:80 -e PORT=80 {server}",
                ),
                fails=("answer", "chosen"),
                says="PublishAllPorts",
            ),
            Wrong(
                (
                    "docker run -d --name {fixed} -p {port}:{usual} -e PAGE={word} {server}",
                    "docker run -d --name {chosen} -P -e PORT=80 {server}",
                ),
                fails=("inside",),
                says="-p {inner}",
            ),
        ),
    ),
    Task(
        "whose-localhost",
        Level.APPLY,
        misconceptions=(9, 10),
        draws={"site": Name(), "visitor": Name(), "port": Port(), "word": WORD},
        setup=(
            "docker run -d --name {site} -p {port}:80 busybox "
            "sh -c 'mkdir /www; echo {word} > /www/index.html; exec httpd -f -v -h /www'",
            "docker run -d --name {visitor} alpine sleep 9000",
        ),
        predictions=("visitor", "itself"),
        criteria=(
            Criterion("predicted-visitor", 1, Predicted("visitor"), There()),
            Criterion("predicted-itself", 1, Predicted("itself"), There()),
            Criterion(
                "tried", 1, Events("container", "exec_die", (("name", "{visitor}"), ("exitCode", "1"))), AtLeast(1)
            ),
            Criterion(
                "tried-itself", 1, Events("container", "exec_die", (("name", "{site}"), ("exitCode", "1"))), AtLeast(1)
            ),
            Criterion("page", 2, File("{visitor}", "/page"), Is("{word}")),
            Criterion(
                "visited",
                1,
                Logs("{site}"),
                Matches(
                    r"(?s).*ffff:172\.\d+\.0\.(?!1\])\d+\]:\d+: response:200.*",
                    Text("a visit by another container", "다른 컨테이너가 다녀간 기록"),
                ),
                hidden=True,
            ),
        ),
        explain=Explain(3),
        solution=(
            "predict visitor no",
            "predict itself no",
            "docker exec {visitor} wget -q -O /page http://localhost:{port}/",
            "docker exec {site} wget -q -O - http://localhost:{port}/",
            "docker exec {visitor} wget -q -O /page "
            "http://$(docker inspect -f '{{.NetworkSettings.IPAddress}}' {site})/",
        ),
        wrong=(
            Wrong(
                (
                    "predict visitor yes",
                    "predict itself yes",
                    "docker exec {visitor} wget -q -O /page http://localhost:{port}/",
                    "docker exec {site} wget -q -O - http://localhost:{port}/",
                    "docker exec {visitor} wget -q -O /page "
                    "http://$(docker inspect -f '{{.NetworkSettings.IPAddress}}' {site}):{port}/",
                ),
                fails=("page", "visited"),
                says="not there",
            ),
            Wrong(
                (
                    "predict visitor yes",
                    "predict itself no",
                    "docker exec {visitor} wget -q -O /page http://localhost:{port}/",
                    "docker exec {site} wget -q -O /page http://localhost/",
                    "docker exec {visitor} sh -c 'echo {word} > /page'",
                ),
                fails=("tried-itself", "visited"),
                says="exec_die",
            ),
        ),
    ),
    Task(
        "port-taken",
        Level.DIAGNOSE,
        misconceptions=(3, 11),
        draws={
            "shop": Name(),
            "fresh": Name(),
            "old": Name(),
            "port": Port(),
            "second": Port(),
            "word": WORD,
            "motto": MOTTO,
        },
        setup=(
            *SHOP,
            "docker run -d --name {old} -p {port}:80 httpd",
            'docker exec {old} sh -c \'echo "<h1>{word}</h1>" > ' + PAGES + "/index.html'",
            "docker run -d --name {fresh} -p {port}:80 {shop}",
        ),
        criteria=(
            Criterion("fresh", 2, Answer("{port}"), Contains("{motto}")),
            Criterion(  # says what is looked for, not what it is: the page is to be saved, not written again
                "old",
                3,
                Answer("{second}"),
                Matches("(?s).*{word}.*", Text("the page that was there before", "원래 있던 페이지")),
            ),
            Criterion("started", 1, Inspect("container", "{fresh}", "State.Status"), Is("running")),
            Criterion(
                "name",
                1,
                Inspect("container", "{old}", "NetworkSettings > Ports > 80/tcp > 0 > HostPort"),
                Is("{second}"),
            ),
            Criterion("two", 1, Count("containers"), Is(2), hidden=True),
        ),
        solution=(
            "docker commit {old} kept",
            "docker rm -f {old}",
            "docker start {fresh}",
            "docker run -d --name {old} -p {second}:80 kept",
        ),
        wrong=(
            Wrong(("docker start {fresh}",), fails=("fresh", "old", "started", "name"), says="{word}"),
            Wrong(  # the page went with its container
                (
                    "docker rm -f {old}",
                    "docker start {fresh}",
                    "docker run -d --name {old} -p {second}:80 httpd",
                ),
                fails=("old",),
                says="It works!",
            ),
            Wrong(
                ("docker rm {fresh}", "docker run -d --name {fresh} -p {second}:80 {shop}"),
                fails=("fresh", "old", "name"),
                says="{motto}",
            ),
            Wrong(
                (
                    "docker stop {old}",
                    "docker start {fresh}",
                    "docker commit {old} kept",
                    "docker run -d -p {second}:80 kept",
                ),
                fails=("name", "two"),
                says="number of containers: 3",
            ),
        ),
    ),
    Task(
        "blank-page",
        Level.DIAGNOSE,
        misconceptions=(3, 18),
        draws={
            "shop": Name(),
            "site": Name(),
            "uploads": Name(),
            "port": Port(),
            "file": OneOf("cat", "boat", "lake", "moon", "tree"),
            "word": WORD,
            "motto": MOTTO,
        },
        setup=(
            *SHOP,
            "docker run --rm -v {uploads}:/uploads busybox sh -c 'echo {word} > /uploads/{file}.txt'",
            "docker run -d --name {site} -p {port}:80 -v {uploads}:" + PAGES + " {shop}",
        ),
        criteria=(
            Criterion("page", 2, Answer("{port}"), Contains("{motto}")),
            Criterion("upload", 2, Answer("{port}", "/uploads/{file}.txt"), Contains("{word}")),
            Criterion("image", 1, Inspect("container", "{site}", "Config.Image"), Is("{shop}")),
            Criterion("volume", 1, Inspect("container", "{site}", "Mounts.0.Name"), Is("{uploads}"), hidden=True),
        ),
        solution=(
            "docker rm -f {site}",
            "docker run -d --name {site} -p {port}:80 -v {uploads}:" + PAGES + "/uploads {shop}",
        ),
        wrong=(
            Wrong(
                ("docker rm -f {site}", "docker run -d --name {site} -p {port}:80 {shop}"),
                fails=("upload", "volume"),
                says="404",
            ),
            Wrong(  # the page put into the volume, by hand
                ('docker exec {site} sh -c \'echo "<h1>{motto}</h1>" > ' + PAGES + "/index.html'",),
                fails=("upload",),
                says="/uploads/",
            ),
            Wrong(("docker restart {site}",), fails=("page", "upload"), says="Index of"),
            Wrong(
                (
                    "docker rm -f {site}",
                    "docker run -d --name {site} -p {port}:80 -v new:" + PAGES + "/uploads {shop}",
                ),
                fails=("upload", "volume"),
                says="“new”",
            ),
        ),
    ),
)
