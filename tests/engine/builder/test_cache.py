"""The build cache: a step is done again exactly when something that matters to it has changed."""

from __future__ import annotations

import pytest

TEXT = "FROM busybox\nRUN echo one > /one\nCOPY a.txt /\nRUN cat /a.txt\nCOPY b.txt /\n"
FILES = {"a.txt": "first\n", "b.txt": "b\n"}


def test_the_same_again_is_not_done_again(docker):
    first = docker.built(TEXT, FILES)
    again = docker.built(TEXT, FILES)
    assert (first.hits, again.hits, again.id) == (0, 4, first.id)
    assert again.steps[2:5] == ["Step 2/5 : RUN echo one > /one", " ---> Using cache", again.steps[4]]
    assert "Running in" not in again.text and "first\n" not in again.text


@pytest.mark.parametrize(
    ("text", "files", "hits"),
    [
        (TEXT, {**FILES, "a.txt": "other\n"}, 1),
        (TEXT, {**FILES, "b.txt": "other\n"}, 3),
        (TEXT, {**FILES, "c.txt": "nobody copies it\n"}, 4),
        (TEXT.replace("one", "uno"), FILES, 0),
        (TEXT.replace("RUN echo", "RUN  echo"), FILES, 4),
        (TEXT.replace("COPY b.txt /", "COPY b.txt /b"), FILES, 3),
        (TEXT.replace("COPY b.txt /", "COPY --chown=1 b.txt /"), FILES, 3),
        (TEXT.replace("COPY b.txt /", "ADD b.txt /"), FILES, 3),
        (TEXT.replace("FROM busybox\n", "FROM busybox\nENV A=1\n"), FILES, 0),
        (TEXT.replace("FROM", "# a comment\nFROM"), FILES, 4),
        (TEXT + "RUN true\n", FILES, 4),
        (TEXT.rsplit("COPY", 1)[0], FILES, 3),
    ],
)
def test_what_makes_a_step_another_one(docker, text, files, hits):
    docker.built(TEXT, FILES)
    assert docker.built(text, files).hits == hits


def test_modes_count_and_times_do_not(docker):
    import tarfile

    def file(mode: int, mtime: int) -> tarfile.TarInfo:
        member = tarfile.TarInfo("f")
        member.mode, member.mtime = mode, mtime
        return member

    text = "FROM busybox\nCOPY f /\n"
    docker.built(text, {"f": file(0o644, 1000)})
    assert docker.built(text, {"f": file(0o644, 2000)}).hits == 1
    assert docker.built(text, {"f": file(0o600, 1000)}).hits == 0


def test_what_was_built_once_is_found_again_later(docker):
    first = docker.built(TEXT, FILES)
    docker.built(TEXT, {**FILES, "a.txt": "other\n"})
    assert docker.built(TEXT, FILES).id == first.id


def test_the_newest_of_equal_steps_is_taken(docker):
    docker.built(TEXT, FILES)
    newest = docker.built(TEXT, FILES, nocache=1)
    again = docker.built(TEXT, FILES)
    assert newest.hits == 0 and (again.hits, again.id) == (4, newest.id)


def test_arguments_count_where_they_are_used(docker):
    text = "FROM busybox\nARG A=1\nENV B=2\nRUN echo $A\n"
    docker.built(text)
    assert docker.built(text, buildargs={"A": "2"}).hits == 2, "ARG and ENV are the same; RUN has another environment"
    assert docker.built(text, buildargs={"A": "1"}).hits == 3
    proxied = docker.built(text, buildargs={"HTTP_PROXY": "p"})
    assert proxied.hits == 3, "a proxy does not matter"


def test_a_miss_in_one_stage_says_nothing_of_the_next(docker):
    text = "FROM busybox AS a\nRUN echo {}\nFROM busybox\nRUN echo same\n"
    docker.built(text.format(1))
    assert docker.built(text.format(2)).hits == 1


def test_a_copy_from_a_stage_depends_on_what_it_copies(docker):
    text = "FROM busybox AS a\nRUN echo {} > /f; echo {} > /g\nFROM busybox\nCOPY --from=a /f /\n"
    docker.built(text.format(1, 1))
    assert docker.built(text.format(1, 2)).hits == 1
    assert docker.built(text.format(2, 2)).hits == 0


def test_what_was_removed_is_done_again(docker):
    docker.built(TEXT, FILES, t="app")
    docker.ask("DELETE", "/images/app")
    assert docker.built(TEXT, FILES).hits == 0
    assert not docker.engine.builds.index._by_parent.get("nothing")


def test_other_images_are_a_cache_when_they_are_named(docker, make_docker):
    docker.built(TEXT, FILES, t="app")
    saved = docker.connection.request("GET", "/v1.50/images/app/get").read()
    other = make_docker()
    other.connection.request("POST", "/v1.50/images/load", {}, {}, saved).read()
    assert other.built(TEXT, FILES, cachefrom=["nosuch"], t="x").hits == 0
    result = other.built(TEXT, FILES, cachefrom=["app"], t="y")
    assert result.hits == 4
    assert other.image("app")["Id"] == other.image("y")["Id"] == result.id
    assert other.built(TEXT, {**FILES, "b.txt": "other"}, cachefrom=["app"]).hits == 3


def test_the_cache_outlives_a_daemon_that_keeps_its_data(make_docker, tmp_path):
    first = make_docker(data_root=tmp_path)
    id = first.built(TEXT, FILES).id
    first.engine.loop.run(first.engine.close())
    second = make_docker(data_root=tmp_path)
    again = second.built(TEXT, FILES)
    assert (again.hits, again.id) == (4, id)
