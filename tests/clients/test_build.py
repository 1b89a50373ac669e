"""`docker build` as a course types it, by Docker's own command and by ours."""

from __future__ import annotations

import re
import signal
import sys
import time

import pytest

DOCKERFILE = """FROM busybox AS build
COPY src/ /src/
RUN cat /src/*.txt > /all
FROM busybox
ARG WHO=world
ENV GREETING="hello, $WHO"
COPY --from=build /all /all
CMD echo $GREETING; cat /all
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "src").mkdir()
    for name, text in {"Dockerfile": DOCKERFILE, "src/a.txt": "a\n", "src/b.txt": "b\n", "src/c.log": "c\n"}.items():
        (tmp_path / name).write_text(text)
    (tmp_path / ".dockerignore").write_text("**/*.log\nDockerfile\n")
    return tmp_path


def test_a_folder_becomes_an_image_and_the_next_time_nothing_is_done(docker, folder):
    first = docker("build", "--no-cache", "-t", "story", str(folder))
    assert first.returncode == 0, first.stderr
    assert re.match(r"Sending build context to Docker daemon +[\d.]+kB\s", first.stdout)
    assert "Step 8/8 : CMD echo $GREETING; cat /all\n ---> Running in " in first.stdout
    assert first.stdout.endswith("Successfully tagged story:latest\n")
    assert docker.out("run", "--rm", "story") == "hello, world\na\nb"
    second = docker.out("build", "-t", "story", str(folder))
    assert second.count("Using cache") == 6
    (folder / "src" / "c.log").write_text("ignored")
    assert docker.out("build", str(folder)).count("Using cache") == 6
    new = folder.name  # nobody has built with it before
    (folder / "src" / "b.txt").write_text(f"{new}\n")
    third = docker.out("build", "--build-arg", f"WHO={new}", "-t", "story", str(folder))
    assert third.count("Using cache") == 1
    assert docker.out("run", "--rm", "story") == f"hello, {new}\na\n{new}"


def test_a_dockerfile_may_come_through_the_pipe(docker, folder):
    docker.out("build", "-q", "-t", "piped", "-", stdin="FROM busybox\nCMD echo piped\n")
    assert docker.out("run", "--rm", "piped") == "piped"
    docker.out("build", "-q", "-t", "piped", "-f", "-", str(folder), stdin="FROM busybox\nCOPY src /src\nCMD ls /src\n")
    assert docker.out("run", "--rm", "piped") == "a.txt\nb.txt"


def test_a_failing_step_gives_its_exit_code(docker):
    failed = docker("build", "-", stdin="FROM busybox\nRUN echo before; exit 7\n")
    assert failed.returncode == 7
    assert failed.stderr.endswith("The command '/bin/sh -c echo before; exit 7' returned a non-zero code: 7\n")
    assert "before\n" in failed.stdout
    wrong = docker("build", "-", stdin="FROM busybox\nRUM x\n")
    assert wrong.returncode == 1
    assert wrong.stderr.endswith(
        "Error response from daemon: dockerfile parse error line 2: unknown instruction: RUM (did you mean RUN?)\n"
    )


def test_options_reach_the_build(docker, folder):
    out = docker.out(
        "build", "--target", "build", "--label", "x=y", "--no-cache", "-t", "a:1", "-t", "a:2", str(folder)
    )
    assert "Step 4/4 : LABEL x=y" in out and out.endswith("Successfully tagged a:1\nSuccessfully tagged a:2")
    assert docker.out("inspect", "-f", "{{.Config.Labels.x}}", "a:2") == "y"
    id_file = folder / "id"
    quiet = docker.out("build", "-q", "--iidfile", str(id_file), "--rm=false", str(folder))
    assert quiet == id_file.read_text().strip() == docker.out("build", "-q", str(folder))
    assert docker.out("builder", "prune", "-f") == "Total reclaimed space: 0B"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT for another process")
def test_control_c_ends_the_build_and_leaves_nothing(docker, folder):
    (folder / "Dockerfile").write_text("FROM busybox\nRUN echo begun; sleep 1000\n")
    build = docker.start("build", str(folder))
    assert build.stdout is not None
    while "begun\n" not in build.stdout.readline().removeprefix("Step"):
        pass
    assert docker.out("ps", "-q")
    build.send_signal(signal.SIGINT)
    assert build.wait(20) != 0
    deadline = time.monotonic() + 20
    while docker.out("ps", "-aq") and time.monotonic() < deadline:
        pass
    assert docker.out("ps", "-aq") == ""
