"""Lesson 9: a name is an address and a label; labels move, digests do not; nothing goes while something holds it."""

from classroom.exercises.authoring import *

SMALL = OneOf("alpine", "busybox")
WORDS = OneOf("salt", "pepper", "cumin", "ginger", "basil", "saffron", "clove", "mint", "anise", "sesame")
TOOL = OneOf("clock", "radio", "lamp", "camera", "printer", "drum", "kettle", "scale")
TAGS = "/v2/{team}/{tool}/tags/list"
NAMELESS = "$(docker images -q --filter dangling=true)"
IT = "localhost:{port}/{tool}"
OURS = "localhost:{port}/{team}/{tool}"
BY_DIGEST = "$(docker image inspect -f '{{index .RepoDigests 0}}' alpine:{version})"


def version(word: str, image: str) -> tuple[str, ...]:
    """Lines that make an image with a file /version, and leave nothing else behind."""
    return (
        "docker run --name draft alpine sh -c 'echo " + word + " > /version'",
        "docker commit draft " + image,
        "docker rm draft",
    )


TASKS = (
    Task(
        "own-hub",
        Level.FOLLOW,
        misconceptions=(16,),
        draws={
            "image": SMALL,
            "hub": Name(),
            "app": Name(),
            "port": Port(),
            "team": OneOf("red", "blue", "green", "violet", "orange"),
            "tool": TOOL,
            "tag": Number(1, 9),
        },
        criteria=(
            Criterion("pushed", 2, Answer("{port}", TAGS), Contains('"{tag}"')),
            Criterion("stable", 1, Answer("{port}", TAGS), Contains('"stable"')),
            Criterion("app", 1, Inspect("container", "{app}", "Config.Image"), Is(OURS + ":{tag}")),
            Criterion("runs", 1, Inspect("container", "{app}", "State.Status"), Is("running")),
            Criterion("fetched", 1, Events("image", "pull", (("name", OURS),)), AtLeast(1), hidden=True),
        ),
        solution=(
            "docker run -d -p {port}:5000 --name {hub} registry:2",
            "docker pull {image}",
            "docker tag {image} " + OURS + ":{tag}",
            "docker tag {image} " + OURS + ":stable",
            "docker push " + OURS + ":{tag}",
            "docker push " + OURS + ":stable",
            "docker rmi " + OURS + ":{tag} " + OURS + ":stable",
            "docker run -d --name {app} " + OURS + ":{tag} sleep 900",
        ),
        wrong=(
            Wrong(
                (
                    "docker run -d -p {port}:5000 --name {hub} registry:2",
                    "docker pull {image}",
                    "docker tag {image} {team}/{tool}:{tag}",
                    "docker push {team}/{tool}:{tag}",
                    "docker run -d --name {app} {team}/{tool}:{tag} sleep 900",
                ),
                fails=("pushed", "stable", "app", "fetched"),
                says="/tags/list",
            ),
            Wrong(
                (
                    "docker run -d -p {port}:5000 --name {hub} registry:2",
                    "docker pull {image}",
                    "docker tag {image} " + OURS + ":{tag}",
                    "docker tag {image} " + OURS + ":stable",
                    "docker push -a " + OURS,
                    "docker run -d --name {app} " + OURS + ":{tag} sleep 900",
                ),
                fails=("fetched",),
                says="image pull",
            ),
            Wrong(
                (
                    "docker run -d -p {port}:5000 --name {hub} registry:2",
                    "docker pull {image}",
                    "docker tag {image} " + OURS + ":{tag}",
                    "docker push " + OURS + ":{tag}",
                    "docker rmi " + OURS + ":{tag}",
                    "docker run -d --name {app} " + OURS + " sleep 900",
                ),
                fails=("stable", "app", "runs", "fetched"),
                says="stable",
            ),
        ),
    ),
    Task(
        "pinned",
        Level.APPLY,
        misconceptions=(17, 2),
        draws={
            "version": OneOf("3.10", "3.22", "3.23"),
            "other": OneOf("3.10", "3.22", "3.23"),
            "app": Name(),
            "later": Name(),
        },
        setup=("docker pull -q alpine:{version}", "docker pull -q alpine:{other}"),
        criteria=(
            Criterion(
                "pinned",
                2,
                Inspect("container", "{app}", "Config.Image"),
                Matches(
                    r"(docker\.io/)?(library/)?alpine@sha256:[0-9a-f]{64}",
                    Text("alpine, and its digest behind an @", "alpine, @, 다이제스트"),
                ),
            ),
            Criterion("release", 1, File("{app}", "/etc/alpine-release"), Contains("{version}.")),
            Criterion("moved", 1, Inspect("image", "alpine:{version}"), Same(Inspect("image", "alpine:{other}"))),
            Criterion("later", 1, File("{later}", "/etc/alpine-release"), Contains("{version}.")),
            Criterion(
                "same-name",
                1,
                Inspect("container", "{later}", "Config.Image"),
                Same(Inspect("container", "{app}", "Config.Image")),
                hidden=True,
            ),
        ),
        solution=(
            "docker run -d --name {app} " + BY_DIGEST + " sleep 900",
            "docker tag alpine:{other} alpine:{version}",
            "docker run -d --name {later} $(docker inspect -f '{{.Config.Image}}' {app}) sleep 900",
        ),
        wrong=(
            Wrong(
                (
                    "docker run -d --name {app} alpine:{version} sleep 900",
                    "docker tag alpine:{other} alpine:{version}",
                    "docker run -d --name {later} alpine:{version} sleep 900",
                ),
                fails=("pinned", "later"),
                says="its digest",
            ),
            Wrong(
                (
                    "docker run -d --name {app} $(docker image inspect -f '{{.Id}}' alpine:{version}) sleep 900",
                    "docker tag alpine:{other} alpine:{version}",
                    "docker run -d --name {later} $(docker inspect -f '{{.Image}}' {app}) sleep 900",
                ),
                fails=("pinned",),
                says="its digest",
            ),
            Wrong(
                (
                    "docker run -d --name {app} " + BY_DIGEST + " sleep 900",
                    "docker run -d --name {later} alpine:{version} sleep 900",
                ),
                fails=("moved", "same-name"),
                says="the same as image",
            ),
        ),
    ),
    Task(
        "what-latest-is",
        Level.APPLY,
        misconceptions=(17,),
        draws={"hub": Name(), "colleague": Name(), "port": Port(), "tool": TOOL, "old": Number(1, 8)},
        setup=(
            "docker run -d -p {port}:5000 --name {hub} registry:2",
            *version("{old}", "{tool}:{old}"),
            *version("{old+1}", "{tool}:{old+1}"),
        ),
        predictions=("version",),
        criteria=(
            Criterion("predicted", 1, Predicted("version"), There()),
            Criterion("newest", 1, Answer("{port}", "/v2/{tool}/tags/list"), Contains('"{old+1}"')),
            Criterion("image", 1, Inspect("container", "{colleague}", "Config.Image"), Among(IT, IT + ":latest")),
            Criterion("version", 2, File("{colleague}", "/version"), Is("{old}")),
            Criterion("fetched", 1, Events("image", "pull", (("name", IT),)), AtLeast(1), hidden=True),
        ),
        explain=Explain(3),
        solution=(
            "predict version {old}",
            "docker tag {tool}:{old} " + IT + ":{old}",
            "docker tag {tool}:{old} " + IT,
            "docker push " + IT + ":{old}",
            "docker push " + IT,
            "docker tag {tool}:{old+1} " + IT + ":{old+1}",
            "docker push " + IT + ":{old+1}",
            "docker rmi " + IT + ":{old} " + IT + " " + IT + ":{old+1}",
            "docker run --name {colleague} " + IT + " cat /version",
        ),
        wrong=(
            Wrong(
                (
                    "predict version {old+1}",
                    "docker tag {tool}:{old} " + IT + ":{old}",
                    "docker tag {tool}:{old+1} " + IT + ":{old+1}",
                    "docker push -a " + IT,
                    "docker run --name {colleague} " + IT + " cat /version",
                ),
                fails=("image", "version", "fetched"),
                says="not there",
            ),
            Wrong(
                (
                    "predict version {old+1}",
                    "docker tag {tool}:{old} " + IT + ":{old}",
                    "docker tag {tool}:{old+1} " + IT + ":{old+1}",
                    "docker tag {tool}:{old+1} " + IT,
                    "docker push -a " + IT,
                    "docker rmi " + IT,
                    "docker run --name {colleague} " + IT + " cat /version",
                ),
                fails=("version",),
                says="/version in container",
            ),
            Wrong(
                (
                    "docker tag {tool}:{old} " + IT,
                    "docker push " + IT,
                    "docker tag {tool}:{old+1} " + IT + ":{old+1}",
                    "docker push " + IT + ":{old+1}",
                    "docker run --name {colleague} " + IT + " cat /version",
                    "predict version {old}",
                ),
                fails=("predicted", "fetched"),
                says="before the experiment",
            ),
        ),
    ),
    Task(
        "lost-label",
        Level.DIAGNOSE,
        misconceptions=(2, 17),
        draws={"tool": TOOL, "app": Name(), "today": Name(), "older": WORDS, "good": WORDS, "bad": WORDS},
        setup=(
            *version("{older}", "{tool}"),
            *version("{good}", "{tool}"),
            *version("{bad}", "{tool}"),
            "docker run -d --name {today} {tool} sleep 900",
            "fault hub.down=true",
        ),
        criteria=(
            Criterion("version", 2, File("{app}", "/version"), Is("{good}")),
            Criterion("label", 1, Inspect("container", "{app}", "Image"), Same(Inspect("image", "{tool}"))),
            Criterion("broken", 1, Inspect("image", "{tool}:broken"), Same(Inspect("container", "{today}", "Image"))),
            Criterion("nameless", 1, Count("images", ("RepoTags", "[]")), Is(0)),
            Criterion("by-hand", 1, Changes("{app}"), Lacks("C /version"), hidden=True),
        ),
        solution=(
            "docker tag {tool} {tool}:broken",
            "for id in " + NAMELESS + "; do docker run --rm $id grep -q {good} /version && docker tag $id {tool}; done",
            "docker image prune -f",
            "docker run -d --name {app} {tool} sleep 900",
        ),
        wrong=(
            Wrong(
                (
                    "docker image prune -f",
                    "docker tag {tool} {tool}:broken",
                    "docker run -d --name {app} {tool} sleep 900",
                ),
                fails=("version",),
                says="/version in container",
            ),
            Wrong(
                (
                    "docker tag {tool} {tool}:broken",
                    "docker run -d --name {app} {tool} sleep 900",
                    "docker exec {app} sh -c 'echo {good} > /version'",
                    "docker image prune -f",
                ),
                fails=("by-hand",),
                says="“C /version”",
            ),
            Wrong(
                (
                    "for id in "
                    + NAMELESS
                    + "; do docker run --rm $id grep -q {good} /version && docker tag $id {tool}; done",
                    "docker image prune -f",
                    "docker run -d --name {app} {tool} sleep 900",
                ),
                fails=("broken", "nameless"),
                says="not there",
            ),
        ),
    ),
    Task(
        "still-full",
        Level.DIAGNOSE,
        misconceptions=(22,),
        draws={
            "big": OneOf("httpd", "nginx", "redis", "python"),
            "shop": OneOf("shop", "forum", "mail", "wiki", "chat"),
            "old": Name(),
            "keep": Name(),
            "service": Name(),
            "port": Port(),
            "word": WORDS,
        },
        setup=(
            "docker pull -q {big}",
            "docker tag {big} {shop}:1",
            "docker tag {big} localhost:{port}/{shop}",
            "docker create --name {old} {big}",
            *version("{word}", "{keep}"),
            "docker run -d --name {service} alpine sleep 9000",
            "fault hub.down=true",
            "docker rmi {big}",
        ),
        criteria=(
            Criterion("space", 2, Disk("LayersSize"), AtMost(20_000_000)),
            Criterion("holder", 1, Inspect("container", "{old}"), Gone(Inspect("container", "{service}"))),
            Criterion("keep", 2, Inspect("image", "{keep}"), There()),
            Criterion("service", 1, Inspect("container", "{service}", "State.Status"), Is("running"), hidden=True),
        ),
        solution=("docker rm {old}", "docker rmi {shop}:1 localhost:{port}/{shop}"),
        wrong=(
            Wrong(("docker system prune -af",), fails=("keep",), says="not there"),
            Wrong(
                ("docker image prune -f", "docker rmi {shop}:1 localhost:{port}/{shop}"),
                fails=("space", "holder"),
                says="LayersSize",
            ),
            Wrong(
                ("docker rm {old}", "docker rmi {shop}:1", "docker image prune -f"),
                fails=("space",),
                says="20000000",
            ),
            Wrong(
                (
                    "docker rm -f {old} {service}",
                    "docker rmi {shop}:1 localhost:{port}/{shop}",
                ),
                fails=("holder", "service"),
                says="nothing, while there is container",
            ),
        ),
    ),
)
