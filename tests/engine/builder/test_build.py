"""`docker build` through the API: its words, its images, what it leaves, and what the trace shows of it."""

from __future__ import annotations

import json

import pytest

from engine.builder.options import Options
from engine.distribution.auth import NOBODY, Credentials
from engine.image.reference import Reference


def said(result) -> list[str]:
    """The output with ids as <1>, <2>, … in the order in which they come."""
    known: dict[str, str] = {}
    words = []
    for line in result.steps:
        for word in line.split(" "):
            if len(word) == 12 and all(letter in "0123456789abcdef" for letter in word):
                line = line.replace(word, known.setdefault(word, f"<{len(known) + 1}>"))
        words.append(line)
    return words


def test_every_step_is_told_in_the_builders_words(docker):
    result = docker.built("FROM busybox\nENV A=1\nCOPY f /\nRUN cat /f\n", {"f": "hello\n"}, t="app")
    assert said(result) == [
        "Step 1/4 : FROM busybox",
        " ---> <1>",
        "Step 2/4 : ENV A=1",
        " ---> Running in <2>",
        "Removing intermediate container <2>",
        " ---> <3>",
        "Step 3/4 : COPY f /",
        " ---> <4>",
        "Step 4/4 : RUN cat /f",
        " ---> Running in <5>",
        "hello",
        "Removing intermediate container <5>",
        " ---> <6>",
        "Successfully built <6>",
        "Successfully tagged app:latest",
    ]
    streams = [line["stream"] for line in result.lines if "stream" in line]
    assert streams[:2] == ["Step 1/4 : FROM busybox", "\n"]  # two messages; every other line is one
    assert streams[-1] == "Successfully tagged app:latest\n"
    assert docker.image("app")["Id"] == result.id
    assert docker.containers() == []


def test_what_an_image_is_made_of_can_be_read_in_its_history(docker):
    docker.built("FROM busybox\nENV A=1 B=2\nWORKDIR /w\nCOPY f .\nARG X=1\nRUN true\nCMD echo $A", {"f": "x"}, t="app")
    rows = docker.ask("GET", "/images/app/history")
    made = [row["CreatedBy"] for row in rows[:6]]
    digest = made[3].split("file:")[1].split(" ")[0]
    assert made == [
        '/bin/sh -c #(nop)  CMD ["/bin/sh" "-c" "echo $A"]',
        "|1 X=1 /bin/sh -c true",
        "/bin/sh -c #(nop)  ARG X=1",
        f"/bin/sh -c #(nop) COPY file:{digest} in . ",
        "/bin/sh -c #(nop) WORKDIR /w",
        "/bin/sh -c #(nop)  ENV A=1 B=2",
    ]
    assert [row["Size"] for row in rows[:6]] == [0, 0, 0, 1, 0, 0]
    assert len(docker.image("app")["RootFS"]["Layers"]) == len(docker.image("busybox")["RootFS"]["Layers"]) + 2


def test_settings_reach_the_image(docker):
    docker.built(
        "FROM busybox\nMAINTAINER ann\nLABEL a=b\nEXPOSE 80\nVOLUME /v\nUSER 1\nSTOPSIGNAL INT\n"
        'SHELL ["/bin/ash","-c"]\nONBUILD RUN x\nHEALTHCHECK --retries=3 CMD y\nENTRYPOINT ["e"]\nCMD c1\nCMD ["c2"]\n',
        t="app",
    )
    image = docker.image("app")
    config = image["Config"]
    assert image["Author"] == "ann"
    assert (
        config["Labels"] == {"a": "b"} and config["ExposedPorts"] == {"80/tcp": {}} and config["Volumes"] == {"/v": {}}
    )
    assert (config["User"], config["StopSignal"], config["Shell"]) == ("1", "INT", ["/bin/ash", "-c"])
    assert (config["OnBuild"], config["Entrypoint"], config["Cmd"]) == (["RUN x"], ["e"], ["c2"])
    assert config["Healthcheck"] == {"Test": ["CMD-SHELL", "y"], "Retries": 3}


def test_a_later_healthcheck_is_noted(docker):
    result = docker.built("FROM busybox\nHEALTHCHECK CMD a\nHEALTHCHECK CMD b\n")
    assert "Note: overriding previous HEALTHCHECK: [CMD-SHELL a]" in result.steps


# -- stages and arguments


def test_stages_take_files_from_each_other_by_name_number_and_image(docker):
    result = docker.built(
        "FROM busybox AS one\nRUN echo 1 > /1\nFROM busybox AS Two\nRUN echo 2 > /2\n"
        "FROM one\nCOPY --from=two /2 /\nCOPY --from=0 /1 /again\nCOPY --from=busybox /etc/passwd /theirs\n",
        t="app",
    )
    assert [line["aux"]["ID"][7:19] for line in result.lines if "aux" in line][-1] in result.steps[-2]
    assert docker.run("app", "sh", "-c", "cat /1 /2 /again; grep -c root /theirs") == "1\n2\n1\n1\n"


def test_a_target_ends_the_build(docker):
    text = "FROM busybox AS a\nRUN echo in a\nFROM busybox AS b\nRUN echo in b\nFROM busybox\nRUN false\n"
    result = docker.built(text, target="B")
    assert "in b" in result.text and "Step 4/4 : RUN echo in b" in result.text
    refused = docker.build(text, target="z")
    assert (refused.status, refused.error) == (400, "failed to reach build target z in Dockerfile")


def test_arguments_are_for_the_build_alone(docker):
    text = (
        "ARG BASE=nosuch\nFROM $BASE\nARG BASE\nARG WHO=world\nARG NONE\nENV SAVED=${WHO}\n"
        "RUN echo $BASE $WHO $NONE $HTTP_PROXY.\n"
    )
    result = docker.built(text, t="app", buildargs={"BASE": "busybox", "HTTP_PROXY": "p", "OTHER": "x"})
    assert "busybox world p." in result.text
    assert "[Warning] One or more build-args [OTHER] were not consumed" in result.steps
    assert docker.run("app", "sh", "-c", "echo $SAVED $WHO.") == "world .\n"


def test_the_environment_counts_more_than_an_argument(docker):
    assert (
        "from env" in docker.built("FROM busybox\nENV A=env\nARG A=arg\nRUN echo from $A\n", buildargs={"A": "x"}).text
    )


def test_triggers_are_executed_by_the_next_build(docker):
    docker.built("FROM busybox\nONBUILD COPY f /got\nONBUILD RUN cat /got\n", {"f": ""}, t="base")
    result = docker.built("FROM base\n", {"f": "mine\n"}, t="app")
    assert result.steps[1] == "# Executing 2 build triggers" and "mine" in result.steps
    assert docker.image("app")["Config"]["OnBuild"] is None


def test_a_platform_may_be_asked_for(docker):
    docker.built("FROM --platform=linux/arm64 busybox\nENV a=b\n", t="app")
    assert docker.image("app")["Architecture"] == "arm64"


def test_scratch_is_an_image_of_nothing(docker):
    docker.built("FROM scratch\nLABEL a=b\nCOPY f /f\n", {"f": "x"}, t="s")
    assert docker.image("s")["Config"]["Env"] == ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"]
    assert len(docker.image("s")["RootFS"]["Layers"]) == 1
    assert docker.build("FROM scratch\n").error == "No image was generated. Is your Dockerfile empty?"
    assert "no such file or directory" in docker.build("FROM scratch\nRUN x\n").error
    assert [container["Image"] for container in docker.containers()] == ["<no image>"] or docker.containers()


# -- RUN


def test_here_documents_are_run(docker):
    result = docker.built(
        "FROM busybox\nRUN <<EOF\nx=1\necho plain $x\nEOF\nRUN cat <<A - <<B\nin a\nA\nin b\nB\n"
        "RUN <<'S'\n#!/bin/sh\necho script ${0##*/}\nS\nRUN <<-T\n\techo no tabs\nT\n"
    )
    assert [line for line in ("plain 1", "in b", "script S", "no tabs") if line not in result.steps] == []


def test_standard_error_is_red_and_in_order(docker):
    text = docker.built("FROM busybox\nRUN echo a; echo b >&2; echo c\n").text
    assert "a\n\x1b[91mb\n\x1b[0mc\n" in text


def test_limits_and_names_reach_the_containers_of_run(docker):
    result = docker.built(
        "FROM busybox\nRUN cat /sys/fs/cgroup/memory.max; ulimit -n; grep other /etc/hosts; ip addr | grep -c eth\n",
        memory=33554432, extrahosts=("other:1.2.3.4",), ulimits=[{"Name": "nofile", "Soft": 77, "Hard": 77}],
        networkmode="bridge", shmsize=1 << 20,
    )  # fmt: skip
    assert [line for line in ("33554432", "77", "1.2.3.4\tother") if line not in result.steps] == []
    assert "Minimum memory limit" in docker.build("FROM busybox\nRUN x\n", memory=1000).error


def test_a_network_that_is_not_there_is_named(docker):
    assert "No such container: nosuch" in docker.build("FROM busybox\nRUN x\n", networkmode="container:nosuch").error
    assert "network nosuch not found" in docker.build("FROM busybox\nRUN x\n", networkmode="nosuch").error


def test_a_run_that_changes_nothing_adds_no_layer(docker):
    docker.built("FROM busybox\nRUN true\n", t="app")
    assert docker.image("app")["RootFS"] == docker.image("busybox")["RootFS"]
    assert docker.ask("GET", "/images/app/history")[0]["Size"] == 0


def test_what_lies_in_a_volume_is_not_kept(docker):
    docker.built("FROM busybox\nVOLUME /v\nRUN echo x > /v/f; echo y > /f\n", t="app")
    assert docker.run("app", "sh", "-c", "ls /v; cat /f") == "y\n"
    assert not docker.ask("GET", "/volumes")["Volumes"], "and its volume went with the container"


# -- failures


def test_a_failing_step_says_its_command_and_leaves_its_container(docker):
    result = docker.build("FROM busybox\nRUN echo before; exit 7\nRUN never\n", t="app")
    assert result.status == 200
    assert (result.error, result.code) == (
        "The command '/bin/sh -c echo before; exit 7' returned a non-zero code: 7",
        7,
    )
    assert result.steps[-2:] == [result.steps[-2], "before"] and "Removing" not in result.text
    (left,) = docker.containers()
    assert left["State"] == "exited" and "(7)" in left["Status"]


def test_force_rm_leaves_nothing_and_rm_0_leaves_all(docker):
    docker.build("FROM busybox\nRUN false\n", forcerm=1)
    assert docker.containers() == []
    docker.built("FROM busybox\nENV a=b\nRUN true\n", rm=0)
    assert sorted(container["State"] for container in docker.containers()) == ["created", "exited"]


FAILURES = [
    ("RUN --mount=type=cache,target=/x y", "the --mount option requires BuildKit. Refer to https://docs.docker.com"),
    ('RUN ["nope"]', "failed to create task for container:"),
    ("EXPOSE x", "invalid containerPort: x"),
    ("STOPSIGNAL x", "invalid signal: x"),
    ("WORKDIR /etc/passwd", "Cannot mkdir: /etc/passwd is not a directory"),
    ("ENV A=${B:?needed}", 'failed to process "${B:?needed}": B: needed'),
    ("COPY nope /", "COPY failed: file not found in build context or excluded by .dockerignore: stat nope: file does"),
    ("COPY no* /", "COPY failed: no source files were specified"),
    ("COPY ../f /", "COPY failed: forbidden path outside the build context: ../f ()"),
    ("COPY http://example.com/ /", "COPY failed: source can't be a URL for COPY"),
    ("COPY f g /h", "When using COPY with more than one source file, the destination must be a directory and end with"),
    ("COPY --from=9 f /", "invalid from flag value 9: index out of bounds"),
    ("COPY --from=0 f /", "invalid from flag value 0: refers to current build stage"),
    ("COPY --from=busybox /nope /", "COPY failed: stat nope: file does not exist"),
    ("COPY --from=nosuch f /", "invalid from flag value nosuch: pull access denied for nosuch"),
    (
        "COPY --chown=x f /",
        "unable to convert uid/gid chown string to host mapping: can't find uid for user x: no such",
    ),
    (
        "COPY --chown=0:x f /",
        "unable to convert uid/gid chown string to host mapping: can't find gid for group x: no s",
    ),
    ("COPY --chown=a:b:c f /", "invalid chown string format: a:b:c"),
    ("COPY --chmod=9 f /", "invalid chmod parameter: '9'. it should be octal string and between 0 and 07777"),
    ("ADD t /etc/passwd", "failed to copy files: cannot copy to non-directory: /etc/passwd"),
    (
        "COPY --chown=-1 f /",
        "unable to convert uid/gid chown string to host mapping: can't find uid for user -1: no suc",
    ),
    ("COPY d /etc/passwd", "failed to copy files: cannot copy to non-directory: /etc/passwd"),
    (
        "ADD http://nosuch.test/x /",
        'ADD failed: Get "http://nosuch.test/x": dial tcp: lookup nosuch.test: no such host',
    ),
    ("ADD http://example.com/ /d/", "ADD failed: cannot determine filename for source http://example.com/"),
    ("ADD --checksum=sha256:00 http://example.com/ /x", "ADD failed: digest mismatch sha256:"),
]


@pytest.mark.parametrize(("instruction", "message"), FAILURES)
def test_a_step_that_cannot_be_done_says_why(docker, instruction, message):
    files = {"f": "1", "g": "2", "d/e": "3", "t": docker.archive({"x": "y"})}
    result = docker.build(f"FROM busybox\n{instruction}\n", files)
    assert result.status == 200 and result.error.startswith(message)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("FROM nosuch", "pull access denied for nosuch, repository does not exist or may require 'docker login'"),
        ("FROM $X", "base name ($X) should not be blank"),
        ("FROM Busybox", "invalid reference format: repository name (library/Busybox) must be lowercase"),
        ("FROM --platform=a/b/c/d busybox", "failed to parse platform a/b/c/d:"),
        ("FROM busybox AS a\nFROM busybox AS A", "a stage name already used"),
    ],
)
def test_a_stage_that_cannot_begin_says_why(docker, text, message):
    assert docker.build(text).error.startswith(message)


def test_a_dockerfile_that_cannot_be_read_is_an_error_of_http(docker):
    for text, message in (
        ("FROM a\nFLY b\n", "dockerfile parse error line 2: unknown instruction: FLY"),
        ("FROM a\nENV b\n", "failed to parse Dockerfile: ENV must have two arguments"),
        ("", "the Dockerfile (Dockerfile) cannot be empty"),
        ("\n", "failed to parse Dockerfile: file with no instructions"),
        ("RUN a\n", "no build stage in current context"),
    ):
        result = docker.build(text)
        assert (result.status, result.error) == (400, message)


BAD_QUERIES = [
    ({"t": "Bad"}, "invalid reference format: repository name (library/Bad) must be lowercase"),
    ({"t": "a@sha256:" + "0" * 64}, "build tag cannot contain a digest"),
    ({"squash": 1}, "squash is only supported with experimental mode"),
    ({"version": 3}, 'invalid version "3"'),
    ({"buildargs": "{"}, "error reading build args: unexpected EOF"),
    ({"buildargs": "[]"}, "error reading build args: json: cannot unmarshal into Go value of type map[string]string"),
    ({"labels": '{"a": 1}'}, "error reading labels: json: cannot unmarshal into Go value of type string"),
    ({"cachefrom": "x"}, "error reading cache-from: invalid character 'x' looking for beginning of value"),
    ({"isolation": "hyperv"}, 'unsupported isolation: "hyperv"'),
    ({"securityopt": "x"}, "security options are not supported on linux"),
    ({"shmsize": "much"}, 'strconv.ParseInt: parsing "much": invalid syntax'),
    ({"remote": "nonsense"}, "remoteURL (nonsense) could not be recognized as URL"),
    ({"remote": "http://nosuch.test/x"}, 'error downloading remote context http://nosuch.test/x: Get "http://nosuch'),
    (
        {"remote": "http://example.com/"},
        'error detecting content type for remote http://example.com/: unsupported Content-Type "text/html"',
    ),
    ({"remote": "https://github.com/a/b.git"}, "unable to 'git clone' to temporary context directory: exec: \"git\":"),
    ({"platform": "x/y/z/w"}, '"x/y/z/w": cannot parse platform specifier: invalid argument'),
]


@pytest.mark.parametrize(("query", "message"), BAD_QUERIES)
def test_a_wrong_request_is_refused_at_once(docker, query, message):
    result = docker.build("FROM busybox\n", **query)
    assert result.status >= 400 and result.error.startswith(message)


# -- other ways to ask


def test_quiet_says_the_id_alone_or_everything_if_it_fails(docker):
    result = docker.built("FROM busybox\nRUN echo x\n", q=1)
    assert [*result.lines] == [{"stream": result.text}] and result.text.startswith("sha256:")
    failed = docker.build("FROM busybox\nRUN echo x; false\n", q=1, nocache=1)
    assert "Step 2/2" in failed.text and failed.code == 1


def test_labels_and_several_names(docker):
    result = docker.built("FROM busybox\n", labels={"b": "2", "a": "$x"}, t=("one", "two:v", "one"))
    assert result.steps[2] == "Step 2/3 : LABEL a=$x"
    assert result.steps[-2:] == ["Successfully tagged one:latest", "Successfully tagged two:v"]
    assert docker.image("two:v")["Config"]["Labels"] == {"a": "$x", "b": "2"}


def test_each_registry_is_told_its_own_password():
    hub, own = Credentials("ann", "1"), Credentials("ann", "2")
    options = Options(credentials={"https://index.docker.io/v1/": hub, "reg.test:5000": own})
    known = {"busybox": hub, "ann/x": hub, "reg.test:5000/x": own, "other.test/x": NOBODY}
    assert {name: options.credentials_for(Reference.parse(name)) for name in known} == known


def test_pull_asks_the_registry_again(docker):
    told = [line.get("status", "") for line in docker.built("FROM busybox\n", pull=1).lines]
    assert any("Image is up to date" in status for status in told)
    fetched = [line.get("status", "") for line in docker.built("FROM alpine\n").lines]
    assert "Pulling from library/alpine" in fetched


def test_prune_finds_nothing_since_the_cache_are_images(docker):
    docker.built("FROM busybox\nRUN true\n")
    assert docker.ask("POST", "/build/prune") == {"CachesDeleted": None, "SpaceReclaimed": 0}


# -- cancelling


def test_a_client_that_leaves_ends_the_build_and_nothing_runs_on(docker):
    body = docker.archive({"Dockerfile": "FROM busybox\nRUN echo begun; sleep 1000\n"})
    answer = docker.connection.request("POST", "/v1.50/build", {}, {}, body)
    chunks = iter(answer.chunks())
    while b'"begun' not in next(chunks):
        pass
    assert [container["State"] for container in docker.containers()] == ["running"]
    answer.close()
    docker.let_pass(1)
    assert docker.containers() == []
    assert not [key for key in docker.engine.host.kernel.snapshots._active if key.startswith("build")]


def test_a_program_waits_for_a_client_that_does_not_read(docker):
    body = docker.archive({"Dockerfile": "FROM busybox\nRUN yes begun | head -c 30000000; echo over\n"})
    answer = docker.connection.request("POST", "/v1.50/build", {}, {}, body)
    chunks = iter(answer.chunks())
    while b'"begun' not in next(chunks):
        pass
    docker.let_pass(1000)
    assert [container["State"] for container in docker.containers()] == ["running"]
    assert b"over" in b"".join(chunks)


def test_a_build_can_be_cancelled_by_its_id(docker):
    body = docker.archive({"Dockerfile": "FROM busybox\nRUN echo begun; sleep 1000\n"})
    answer = docker.connection.request("POST", "/v1.50/build", {"buildid": "b1"}, {}, body)
    chunks = iter(answer.chunks())
    while b'"begun' not in next(chunks):
        pass
    docker.ask("POST", "/build/cancel", id="b1")
    assert b'"error":"Build cancelled"' in b"".join(chunks)
    assert docker.containers() == []


# -- what can be seen


def test_the_trace_has_each_step_and_why_the_cache_missed(docker):
    docker.built("FROM busybox\nCOPY f /\nRUN true\n", {"f": "1"})
    docker.built("FROM busybox\nCOPY f /\nRUN true\n", {"f": "2"})
    docker.built("FROM busybox\nCOPY f /\nRUN true\n", {"f": "2"})
    steps = [(span.name, span.attributes.get("cache"), span.attributes.get("reason"), span.attributes["line"])
             for span in docker.spans("daemon", "step ")]  # fmt: skip
    assert steps[3:6] == [
        ("step 1/3 FROM busybox", None, None, 1),
        ("step 2/3 COPY f /", "miss", "the same instruction, but the files have changed", 2),
        ("step 3/3 RUN true", "miss", "an earlier step of this stage was not in the cache", 3),
    ]
    assert [cache for _, cache, _, _ in steps[6:]] == [None, "hit", "hit"]
    last = [span for span in docker.spans("daemon", "build") if span.name == "build"][-1]
    assert last.attributes["image"].startswith("sha256:")
    assert json.dumps([span.json() for span in docker.engine.trace.finished])
