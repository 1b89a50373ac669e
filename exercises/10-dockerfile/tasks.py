"""Lesson 10: what a build sends, what each line leaves behind, what comes from the cache, and what runs at last."""

from classroom.exercises.authoring import *

WORD = OneOf("salt", "pepper", "cumin", "ginger", "basil", "saffron", "clove", "mint", "anise", "sesame")
GUEST = OneOf("Ada", "Grace", "Linus", "Margaret", "Dennis", "Radia", "Edsger", "Barbara", "Ken", "Hedy")

SPEAKER = """docker build -t {speaker} - <<EOF
FROM alpine
{lines}
EOF"""


def speaker(*lines: str) -> str:
    return SPEAKER.replace("{lines}", "\n".join(lines))


SERVICE = {
    "app.py": """\
from pathlib import Path

from flask import Flask

app = Flask(__name__)


@app.get("/")
def version():
    return "version " + Path("version.txt").read_text().strip()
""",
    "version.txt": "1.0\n",
    "requirements.txt": "flask\n",
    "Dockerfile": """\
FROM python:3.12-slim
WORKDIR /app
COPY . .
RUN pip install -r requirements.txt
CMD ["flask", "run", "--host", "0.0.0.0"]
""",
}
SERVED = "docker run -d --name {web} -p {port}:5000 {shop}:2.0"
QUICK = """docker build -t {shop}:1.0 -f - second-build <<EOF
FROM python:3.12-slim
WORKDIR /app
COPY requirements.txt .
RUN pip install -r requirements.txt
COPY . .
CMD ["flask", "run", "--host", "0.0.0.0"]
EOF"""

TOKEN = "open-sesame-7391"
LEAKY = """\
FROM alpine
COPY token.txt /token.txt
RUN wc -c < /token.txt > /length
RUN rm /token.txt
CMD ["cat", "/length"]
"""
FOUND = (
    "for id in $(docker history -q {safe}); do docker run --rm $id ls /token.txt && docker tag $id {safe}:step; done"
)
CLEAN = """docker build -t {safe}:clean -f - deleted-token <<EOF
FROM alpine AS workshop
COPY token.txt /token.txt
RUN wc -c < /token.txt > /length
FROM alpine
COPY --from=workshop /length /length
CMD ["cat", "/length"]
EOF"""

PAGES = "/usr/share/nginx/html"
SITE = {
    "site/Dockerfile": f"FROM nginx:alpine\nCOPY ../pages {PAGES}\n",
    "pages/index.html": "<h1>Bakery: open from seven</h1>\n",
    "pages/prices.html": "<h1>Bread 4, roll 1</h1>\n",
    "pages/salaries.txt": "not for the public\n",
    ".dockerignore": "# not for the image\n**/*.html\n",
}
MENDED = f"""docker build -t {{bakery}} -f - outside <<EOF
FROM nginx:alpine
COPY pages {PAGES}
EOF"""
OPENED = "docker run -d --name {site} -p {port}:80 {bakery}"

WASTEFUL = """docker build -t {shop} - <<EOF
FROM alpine
RUN echo {version} > /version
RUN dd if=/dev/urandom of=/scratch bs=1M count={mib}
RUN wc -c < /scratch > /result
RUN rm /scratch
CMD ["sleep", "9000"]
EOF"""
THRIFTY = """docker build -t {shop} - <<EOF
FROM alpine
RUN dd if=/dev/urandom of=/scratch bs=1M count={mib} && wc -c < /scratch > /result && rm /scratch
RUN echo 3 > /version
CMD ["sleep", "9000"]
EOF"""


def wasteful(version: int) -> str:
    return WASTEFUL.replace("{version}", str(version))


TASKS = (
    Task(
        "two-halves",
        Level.FOLLOW,
        misconceptions=(12,),
        draws={
            "speaker": Name(),
            "plain": Name(),
            "other": Name(),
            "mute": Name(),
            "guest": GUEST,
            "word": WORD,
            "code": Number(3, 90),
        },
        files={"Dockerfile": "FROM alpine\n"},
        criteria=(
            Criterion("entrypoint", 1, Inspect("image", "{speaker}", "Config.Entrypoint"), Is("echo {word}")),
            Criterion("cmd", 1, Inspect("image", "{speaker}", "Config.Cmd"), Is("nobody")),
            Criterion("plain", 1, Logs("{plain}"), Is("{word} nobody")),
            Criterion("other", 1, Logs("{other}"), Is("{word} {guest}")),
            Criterion("mute", 1, Inspect("container", "{mute}", "State.ExitCode"), Is("{code}")),
            Criterion(
                "one-image",
                1,
                Inspect("container", "{other}", "Image"),
                Same(Inspect("image", "{speaker}")),
                hidden=True,
            ),
        ),
        solution=(
            speaker('ENTRYPOINT ["echo", "{word}"]', 'CMD ["nobody"]'),
            "docker run --name {plain} {speaker}",
            "docker run --name {other} {speaker} {guest}",
            "docker run --name {mute} --entrypoint sh {speaker} -c 'exit {code}'",
        ),
        wrong=(
            Wrong(
                (
                    speaker("ENTRYPOINT echo {word}", 'CMD ["nobody"]'),
                    "docker run --name {plain} {speaker}",
                    "docker run --name {other} {speaker} {guest}",
                    "docker run --name {mute} --entrypoint sh {speaker} -c 'exit {code}'",
                ),
                fails=("entrypoint", "plain", "other"),
                says="/bin/sh -c echo",
            ),
            Wrong(
                (
                    speaker('CMD ["echo", "{word}", "nobody"]'),
                    "docker run --name {plain} {speaker}",
                    "docker run --name {other} {speaker} {guest}",
                    "docker run --name {mute} {speaker} sh -c 'exit {code}'",
                ),
                fails=("entrypoint", "cmd", "other"),
                says="the command of image",
            ),
            Wrong(
                (
                    speaker("RUN echo {word} nobody"),
                    "docker run --name {plain} {speaker}",
                    "docker run --name {other} {speaker} echo {word} {guest}",
                    "docker run --name {mute} --entrypoint sh {speaker} -c 'exit {code}'",
                ),
                fails=("entrypoint", "cmd", "plain"),
                says="empty",
            ),
        ),
    ),
    Task(
        "second-build",
        Level.APPLY,
        misconceptions=(15,),
        draws={"shop": Name(), "web": Name(), "port": Port()},
        files=SERVICE,
        criteria=(
            Criterion("two", 1, Inspect("image", "{shop}:2.0"), Differs(Inspect("image", "{shop}:1.0"))),
            Criterion("shared", 2, Shared("{shop}:1.0", "{shop}:2.0"), AtLeast(6)),
            Criterion("answer", 2, Answer("{port}"), Is("version 2.0")),
            Criterion(
                "same-recipe",
                1,
                Length(Inspect("image", "{shop}:2.0", "RootFS.Layers")),
                Same(Length(Inspect("image", "{shop}:1.0", "RootFS.Layers"))),
                hidden=True,
            ),
            Criterion(
                "from-image",
                1,
                Inspect("container", "{web}", "Image"),
                Same(Inspect("image", "{shop}:2.0")),
                hidden=True,
            ),
        ),
        solution=(
            QUICK,
            "echo 2.0 > second-build/version.txt",
            QUICK.replace(":1.0", ":2.0"),
            SERVED,
        ),
        wrong=(
            Wrong(
                (
                    "docker build -t {shop}:1.0 second-build",
                    "echo 2.0 > second-build/version.txt",
                    "docker build -t {shop}:2.0 second-build",
                    SERVED,
                ),
                fails=("shared",),
                says=": 5.",
            ),
            Wrong(
                (QUICK, "docker tag {shop}:1.0 {shop}:2.0", SERVED),
                fails=("two", "answer"),
                says="version 1.0",
            ),
            Wrong(
                (
                    QUICK,
                    "echo 2.0 > second-build/version.txt",
                    "docker build -t {shop}:2.0 -f - second-build <<EOF\nFROM {shop}:1.0\nCOPY version.txt .\nEOF",
                    SERVED,
                ),
                fails=("same-recipe",),
                says="the same as",
            ),
        ),
    ),
    Task(
        "deleted-token",
        Level.APPLY,
        misconceptions=(14, 2),
        draws={"safe": Name(), "thief": Name(), "honest": Name()},
        files={"Dockerfile": LEAKY, "token.txt": TOKEN + "\n"},
        predictions=("token",),
        criteria=(
            Criterion("predicted", 1, Predicted("token"), There()),
            Criterion("built", 1, Length(Inspect("image", "{safe}", "RootFS.Layers")), Is(4)),
            Criterion("found", 1, File("{thief}", "/token.txt"), Is(TOKEN)),
            Criterion("step", 1, Shared("{safe}", "{safe}:step"), AtLeast(2)),
            Criterion("length", 1, File("{honest}", "/length"), Is(len(TOKEN) + 1)),
            Criterion("clean", 2, Shared("{safe}:clean", "{safe}:step"), Is(1)),
            Criterion(
                "no-token",
                1,
                File("{honest}", "/token.txt"),
                Gone(Inspect("image", "{safe}:clean")),
                hidden=True,
            ),
            Criterion(
                "from-step",
                1,
                Inspect("container", "{thief}", "Image"),
                Same(Inspect("image", "{safe}:step")),
                hidden=True,
            ),
        ),
        explain=Explain(3),
        solution=(
            "predict token there",
            "docker build -t {safe} deleted-token",
            FOUND,
            "docker run --name {thief} {safe}:step cat /token.txt",
            CLEAN,
            "docker run --name {honest} {safe}:clean",
        ),
        wrong=(
            Wrong(
                (
                    "docker build -t {safe} deleted-token",
                    "predict token there",
                    FOUND,
                    "docker run --name {thief} {safe}:step cat /token.txt",
                    CLEAN,
                    "docker run --name {honest} {safe}:clean",
                ),
                fails=("predicted",),
                says="before the experiment",
            ),
            Wrong(
                (
                    "predict token gone",
                    "docker build -t {safe} deleted-token",
                    "docker run --name {thief} {safe} cat /token.txt",
                    CLEAN,
                    "docker run --name {honest} {safe}:clean",
                ),
                fails=("found", "step", "clean", "from-step"),
                says="/token.txt in container",
            ),
            Wrong(
                (
                    "predict token there",
                    "docker build -t {safe} deleted-token",
                    FOUND,
                    "docker run --name {thief} {safe}:step cat /token.txt",
                    "docker tag {safe} {safe}:clean",
                    "docker run --name {honest} {safe}:clean",
                ),
                fails=("clean",),
                says=": 2.",
            ),
        ),
    ),
    Task(
        "outside",
        Level.DIAGNOSE,
        misconceptions=(13,),
        draws={"bakery": Name(), "site": Name(), "port": Port()},
        files=SITE,
        criteria=(
            Criterion("index", 2, Answer("{port}"), Contains("open from seven")),
            Criterion("prices", 1, Answer("{port}", "/prices.html"), Contains("Bread 4")),
            Criterion("secret", 2, File("{site}", f"{PAGES}/salaries.txt"), Gone(Inspect("container", "{site}"))),
            Criterion("image", 1, Inspect("container", "{site}", "Config.Image"), Is("{bakery}")),
            Criterion("by-hand", 1, Changes("{site}"), Lacks(f"A {PAGES}/prices.html"), hidden=True),
        ),
        solution=("echo 'site\n**/*.txt' > outside/.dockerignore", MENDED, OPENED),
        wrong=(
            Wrong(
                (MENDED, OPENED),
                fails=("index", "prices", "secret"),
                says="Welcome to nginx",
            ),
            Wrong(
                ("docker build -t {bakery} -f outside/site/Dockerfile outside", OPENED),
                fails=("index", "prices", "secret", "image", "by-hand"),
                says="not there",
            ),
            Wrong(
                ("echo 'site' > outside/.dockerignore", MENDED, OPENED),
                fails=("secret",),
                says="not for the public",
            ),
            Wrong(
                (
                    "docker run -d --name {site} -p {port}:80 nginx:alpine",
                    "docker tag nginx:alpine {bakery}",
                    f"docker cp outside/pages/index.html {{site}}:{PAGES}",
                    f"docker cp outside/pages/prices.html {{site}}:{PAGES}",
                ),
                fails=("image", "by-hand"),
                says="“nginx:alpine”",
            ),
        ),
    ),
    Task(
        "full-disk",
        Level.DIAGNOSE,
        misconceptions=(14, 15, 22),
        draws={"shop": Name(), "app": Name(), "mib": Number(8, 16)},
        setup=(wasteful(1), "docker run -d --name {app} {shop}", wasteful(2), wasteful(3)),
        criteria=(
            Criterion("version", 1, File("{app}", "/version"), Is(3)),
            Criterion("result", 1, File("{app}", "/result"), Is("{mib*1048576}")),
            Criterion("slim", 2, Inspect("image", "{shop}", "Size"), AtMost(11_000_000)),
            Criterion("disk", 2, Disk("LayersSize"), AtMost(11_000_000)),
            Criterion("runs", 1, Inspect("container", "{app}", "State.Status"), Is("running")),
            Criterion(
                "from-image", 1, Inspect("container", "{app}", "Image"), Same(Inspect("image", "{shop}")), hidden=True
            ),
        ),
        solution=(
            THRIFTY,
            "docker rm -f {app}",
            "docker run -d --name {app} {shop}",
            "docker image prune -f",
        ),
        wrong=(
            Wrong(
                ("docker image prune -f",),
                fails=("version", "slim", "disk", "from-image"),
                says="LayersSize",
            ),
            Wrong(
                ("docker rm -f {app}", "docker run -d --name {app} {shop}", "docker image prune -f"),
                fails=("slim", "disk"),
                says="11000000 or less",
            ),
            Wrong(
                (THRIFTY, "docker image prune -f"),
                fails=("version", "disk", "from-image"),
                says="“1”",
            ),
            Wrong(
                (THRIFTY, "docker rm -f {app}", "docker run -d --name {app} {shop}"),
                fails=("disk",),
                says="LayersSize",
            ),
        ),
    ),
)
