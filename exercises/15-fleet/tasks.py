"""Lesson 15: many servers in small: change them one by one, go back, find what was done by hand, keep data and disk."""

from classroom.exercises.authoring import *

WORD = OneOf("salt", "pepper", "cumin", "ginger", "basil", "saffron", "clove", "mint", "anise", "sesame")
APP = OneOf("shop", "forum", "mail", "wiki", "chat", "tickets", "menu", "library", "garden", "weather")
HTDOCS, HTML = "/usr/local/apache2/htdocs", "/usr/share/nginx/html"
FIVE = ("{fleet}-1", "{fleet}-2", "{fleet}-3", "{fleet}-4", "{fleet}-5")


def release(tag: str, page: str, command: str = "httpd -f -h /www") -> str:
    """A small web service that says how it is."""
    return f"""docker build -q -t {tag} - <<EOF
FROM busybox
RUN mkdir /www && echo {page} > /www/index.html
HEALTHCHECK --interval=2s --retries=2 CMD wget -q -O /dev/null http://127.0.0.1/
CMD {command}
EOF"""


def page_on(base: str, tag: str, word: str, folder: str) -> str:
    return f"docker build -q -t {tag} - <<EOF\nFROM {base}\nRUN echo {word} > {folder}/index.html\nEOF"


def apache(name: str, port: str) -> str:
    return f"docker run -d --name {name} -p {port}:80 -v {{site}}:{HTDOCS} httpd"


def nginx(name: str, port: str, folder: str = HTML) -> tuple[str, str]:
    return f"docker rm -f {name}", f"docker run -d --name {name} -p {port}:80 -v {{site}}:{folder} nginx"


def five(image: str) -> tuple[str, ...]:
    return tuple(f"docker run -d --name {name} -p {{port+{n}}}:80 {image}" for n, name in enumerate(FIVE))


def each_of_five(image: str) -> tuple[str, ...]:
    """One is removed and made again, then the next."""
    return tuple(line for name, run in zip(FIVE, five(image), strict=True) for line in (f"docker rm -f {name}", run))


def service(name: str, port: str, image: str) -> str:
    return f"docker run -d --name {name} --restart always -p {port}:80 {image}"


def house(tag: str) -> tuple[str, str]:
    """What the registry in the house is given."""
    return f"docker tag draft localhost:{{port}}/{{app}}:{tag}", f"docker push -q localhost:{{port}}/{{app}}:{tag}"


TASKS = (
    Task(
        "one-by-one",
        Level.FOLLOW,
        misconceptions=(3,),
        draws={"first": Name(), "second": Name(), "third": Name(), "site": Name(), "port": Port(), "word": WORD},
        setup=(
            "docker volume create {site}",
            "docker run --rm -v {site}:/site alpine sh -c 'echo {word} > /site/index.html'",
            apache("{first}", "{port}"),
            apache("{second}", "{port+1}"),
            apache("{third}", "{port+2}"),
        ),
        criteria=(
            Criterion("nginx", 1, Inspect("container", "{first}", "Config.Image"), Is("nginx")),
            Criterion("all", 1, Count("containers", ("Image", "nginx"), ("State", "running")), Is(3)),
            Criterion("first", 1, Answer("{port}"), Is("{word}\n")),
            Criterion("second", 1, Answer("{port+1}"), Is("{word}\n")),
            Criterion("third", 1, Answer("{port+2}"), Is("{word}\n")),
            Criterion("serving", 2, Fewest("{first}", "{second}", "{third}"), AtLeast(2)),
            Criterion("volume", 1, Inspect("container", "{second}", "Mounts.0.Name"), Is("{site}"), hidden=True),
        ),
        solution=(
            "docker pull nginx",
            *nginx("{first}", "{port}"),
            *nginx("{second}", "{port+1}"),
            *nginx("{third}", "{port+2}"),
        ),
        wrong=(
            Wrong(
                (
                    "docker rm -f {first} {second} {third}",
                    *nginx("{first}", "{port}"),
                    *nginx("{second}", "{port+1}"),
                    *nginx("{third}", "{port+2}"),
                ),
                fails=("serving",),
                says=": 0",
            ),
            Wrong(
                (
                    *nginx("{first}", "{port}", HTDOCS),
                    *nginx("{second}", "{port+1}", HTDOCS),
                    *nginx("{third}", "{port+2}", HTDOCS),
                ),
                fails=("first", "second", "third"),
                says="Welcome to nginx",
            ),
        ),
    ),
    Task(
        "house-registry",
        Level.APPLY,
        misconceptions=(17,),
        draws={
            "registry": Name(),
            "app": APP,
            "web": Name(),
            "reserve": Name(),
            "port": Port(),
            "site": Port(),
            "minor": Number(10, 30),
        },
        setup=(
            "docker run -d --name {registry} -p {port}:5000 registry:2",
            *(line for tag in ("1.8", "1.9") for line in (release("draft", f"{{app}} {tag}"), *house(tag))),
            *house("latest"),
            release("draft", "{app} 1.{minor}"),
            *house("1.{minor}"),
            "docker rmi draft",
            "docker image prune -a -f",
            "fault hub.down=true",
        ),
        criteria=(
            Criterion(
                "image", 2, Inspect("container", "{web}", "Config.Image"), Is("localhost:{port}/{app}:1.{minor}")
            ),
            Criterion("answer", 2, Answer("{site}"), Is("{app} 1.{minor}\n")),
            Criterion(
                "reserve", 1, Inspect("container", "{reserve}", "Config.Image"), Is("localhost:{port}/{app}:1.9")
            ),
            Criterion("waits", 1, Inspect("container", "{reserve}", "State.Status"), Is("created"), hidden=True),
        ),
        solution=(
            "docker run -d --name {web} -p {site}:80 localhost:{port}/{app}:1.{minor}",
            "docker create --name {reserve} localhost:{port}/{app}:1.9",
            "sleep 1",
        ),
        wrong=(
            Wrong(
                ("docker run -d --name {web} -p {site}:80 {app}:1.{minor}",),
                fails=("image", "answer", "reserve", "waits"),
                says="not there",
            ),
            Wrong(
                (
                    "docker run -d --name {web} -p {site}:80 localhost:{port}/{app}",
                    "docker create --name {reserve} localhost:{port}/{app}:1.9",
                    "sleep 1",
                ),
                fails=("image", "answer"),
                says="{app} 1.9",
            ),
            Wrong(
                (
                    "docker run -d --name {web} -p {site}:80 localhost:{port}/{app}:1.9",
                    "docker run -d --name {reserve} localhost:{port}/{app}:1.8",
                    "sleep 1",
                ),
                fails=("image", "answer", "reserve", "waits"),
                says="{app} 1.9",
            ),
        ),
    ),
    Task(
        "new-base",
        Level.APPLY,
        misconceptions=(16, 22),
        draws={"first": Name(), "second": Name(), "port": Port(), "one": WORD, "two": WORD},
        setup=(
            page_on("httpd", "{first}:1", "{one}", HTDOCS),
            page_on("httpd", "{second}:1", "{two}", HTDOCS),
            "docker run -d --name {first} -p {port}:80 {first}:1",
            "docker run -d --name {second} -p {port+1}:80 {second}:1",
        ),
        predictions=("downloads", "freed"),
        criteria=(
            Criterion("predicted-downloads", 1, Predicted("downloads"), There()),
            Criterion("predicted-freed", 1, Predicted("freed"), There()),
            Criterion("shared", 1, Shared("{first}:2", "{second}:2"), AtLeast(7)),
            Criterion("first", 1, Answer("{port}"), Is("{one}\n")),
            Criterion("second", 1, Answer("{port+1}"), Is("{two}\n")),
            Criterion("disk", 2, Disk("LayersSize"), AtMost(165_000_000)),
            Criterion("image", 1, Inspect("container", "{second}", "Config.Image"), Is("{second}:2"), hidden=True),
        ),
        explain=Explain(3),
        solution=(
            "predict downloads once",
            "predict freed no",
            page_on("nginx", "{first}:2", "{one}", HTML),
            page_on("nginx", "{second}:2", "{two}", HTML),
            "docker rm -f {first} {second}",
            "docker run -d --name {first} -p {port}:80 {first}:2",
            "docker run -d --name {second} -p {port+1}:80 {second}:2",
            "docker system df",
            "docker rmi {first}:1 {second}:1 httpd",
            "sleep 1",
        ),
        wrong=(
            Wrong(
                (
                    "predict downloads twice",
                    page_on("nginx", "{first}:2", "{one}", HTML),
                    "predict freed yes",
                    page_on("nginx", "{second}:2", "{two}", HTML),
                    "docker rm -f {first} {second}",
                    "docker run -d --name {first} -p {port}:80 {first}:2",
                    "docker run -d --name {second} -p {port+1}:80 {second}:2",
                    "sleep 1",
                ),
                fails=("predicted-freed", "disk"),
                says="LayersSize",
            ),
            Wrong(
                (
                    "predict downloads once",
                    "predict freed no",
                    page_on("nginx", "{first}:2", "{one}", HTML),
                    page_on("nginx:alpine", "{second}:2", "{two}", HTML),
                    "docker rm -f {first} {second}",
                    "docker run -d --name {first} -p {port}:80 {first}:2",
                    "docker run -d --name {second} -p {port+1}:80 {second}:2",
                    "docker rmi {first}:1 {second}:1 httpd",
                    "sleep 1",
                ),
                fails=("shared", "disk"),
                says="share",
            ),
        ),
    ),
    Task(
        "by-hand",
        Level.DIAGNOSE,
        misconceptions=(2,),
        draws={
            "fleet": Name(),
            "port": Port(),
            "odd": OneOf("1", "2", "3", "4", "5"),
            "old": Number(1000, 4999),
            "phone": Number(5000, 9999),
        },
        setup=(
            page_on("httpd", "{fleet}:1", "call {old}", HTDOCS),
            *five("{fleet}:1"),
            f"docker exec {{fleet}}-{{odd}} sh -c 'echo call {{phone}} > {HTDOCS}/index.html'",
        ),
        criteria=(
            Criterion("all", 2, Count("containers", ("Image", "{fleet}:2"), ("State", "running")), Is(5)),
            Criterion("first", 1, Answer("{port}"), Is("call {phone}\n")),
            Criterion("third", 1, Answer("{port+2}"), Is("call {phone}\n")),
            Criterion("fifth", 1, Answer("{port+4}"), Is("call {phone}\n")),
            Criterion("serving", 2, Fewest(*FIVE), AtLeast(4)),
            Criterion("by-hand", 1, Changes("{fleet}-2"), Lacks(f"C {HTDOCS}/index.html"), hidden=True),
        ),
        solution=(
            page_on("{fleet}:1", "{fleet}:2", "call {phone}", HTDOCS),
            *each_of_five("{fleet}:2"),
            "sleep 1",
        ),
        wrong=(
            Wrong(
                tuple(f"docker exec {name} sh -c 'echo call {{phone}} > {HTDOCS}/index.html'" for name in FIVE),
                fails=("all", "by-hand"),
                says="number of containers",
            ),
            Wrong(
                ("docker tag {fleet}:1 {fleet}:2", *each_of_five("{fleet}:2"), "sleep 1"),
                fails=("first", "third", "fifth"),
                says="call {old}",
            ),
            Wrong(
                (
                    page_on("{fleet}:1", "{fleet}:2", "call {phone}", HTDOCS),
                    "docker rm -f " + " ".join(FIVE),
                    *five("{fleet}:2"),
                    "sleep 1",
                ),
                fails=("serving",),
                says=": 0",
            ),
        ),
    ),
    Task(
        "bad-release",
        Level.DIAGNOSE,
        misconceptions=(2, 17),
        draws={
            "app": APP,
            "first": Name(),
            "second": Name(),
            "third": Name(),
            "port": Port(),
            "good": OneOf("2.4", "2.5", "2.6"),
            "bad": OneOf("2.7", "2.8", "2.9"),
            "fault": OneOf("httpd -f -h /nowhere", "httpd -f -p 8000 -h /www", "sleep 9000"),
        },
        setup=(
            release("{app}:2.3", "{app} 2.3", "sleep 9000"),
            release("{app}:{good}", "{app} {good}"),
            "docker tag {app}:{good} {app}",
            service("{third}", "{port+2}", "{app}"),
            release("{app}:{bad}", "{app} {bad}", "{fault}"),
            "docker tag {app}:{bad} {app}",
            service("{first}", "{port}", "{app}"),
            service("{second}", "{port+1}", "{app}"),
            "sleep 8",
        ),
        criteria=(
            Criterion("back", 2, Count("containers", ("Image", "{app}:{good}"), ("State", "running")), AtLeast(2)),
            Criterion("first", 1, Answer("{port}"), Is("{app} {good}\n")),
            Criterion("healthy", 1, Inspect("container", "{second}", "State.Health.Status"), Is("healthy")),
            Criterion("policy", 1, Inspect("container", "{first}", "HostConfig.RestartPolicy.Name"), Is("always")),
            Criterion("latest", 1, Inspect("image", "{app}:latest"), Same(Inspect("image", "{app}:{good}"))),
            Criterion("third", 1, Events("container", "destroy", (("name", "{third}"),)), Is(0), hidden=True),
        ),
        solution=(
            "docker rm -f {first} {second}",
            service("{first}", "{port}", "{app}:{good}"),
            service("{second}", "{port+1}", "{app}:{good}"),
            "docker tag {app}:{good} {app}",
            "docker exec {second} sleep 5",
        ),
        wrong=(
            Wrong(
                ("docker restart -t 0 {first} {second}", "sleep 5"),
                fails=("back", "first", "healthy", "latest"),
                says="number of containers",
            ),
            Wrong(
                (
                    "docker rm -f {first} {second} {third}",
                    service("{first}", "{port}", "{app}"),
                    service("{second}", "{port+1}", "{app}"),
                    service("{third}", "{port+2}", "{app}"),
                    "sleep 5",
                ),
                fails=("back", "first", "healthy", "latest", "third"),
                says="http://localhost",
            ),
            Wrong(
                (
                    "docker rm -f {first} {second}",
                    "docker run -d --name {first} -p {port}:80 {app}:{good}",
                    "docker run -d --name {second} -p {port+1}:80 {app}:{good}",
                    "sleep 5",
                ),
                fails=("policy", "latest"),
                says="RestartPolicy",
            ),
        ),
    ),
)
