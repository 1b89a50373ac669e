"""What our `docker build` sends, and what it makes of its options; to an engine in this process."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.api.inprocess import Connection
from engine.client import buildcontext
from engine.client.command import main
from engine.client.console import BufferConsole
from engine.client.context import Failure
from sim.make import make_engine


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in {
        "Dockerfile": "FROM busybox\n",
        "keep/a.txt": "a",
        "keep/b.log": "b",
        "node_modules/m/index.js": "m",
        "other/D": "FROM busybox\n",
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True, parents=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def sent(context: buildcontext.BuildContext) -> dict[str, tarfile.TarInfo]:
    with tarfile.open(fileobj=io.BytesIO(b"".join(context.archive))) as tar:
        return {member.name: member for member in tar}


def test_a_folder_is_sent_without_owners_and_without_what_is_ignored(folder):
    (folder / ".dockerignore").write_text("**/*.log\nnode_modules\nDockerfile\n.dockerignore\n")
    (folder / "link").symlink_to("keep/a.txt")
    members = sent(buildcontext.of_folder(str(folder), "", None))
    assert sorted(members) == [".dockerignore", "Dockerfile", "keep", "keep/a.txt", "link", "other", "other/D"]
    assert {(member.uid, member.gid) for member in members.values()} == {(0, 0)}
    assert members["link"].linkname == "keep/a.txt" and members["keep/a.txt"].size == 1


def test_an_exception_brings_back_what_lies_deep(folder):
    (folder / ".dockerignore").write_text("node_modules\n!node_modules/m/index.js\nother\n")
    members = sent(buildcontext.of_folder(str(folder), str(folder / "other" / "D"), None))
    assert "node_modules/m/index.js" in members and "node_modules" not in members
    assert "other/D" in members, "the Dockerfile comes in any case"


def test_a_dockerfile_from_elsewhere_has_a_name_of_its_own_and_is_not_for_copy(folder, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "D"
    elsewhere.write_text("FROM scratch\n")
    for context in (
        buildcontext.of_folder(str(folder), str(elsewhere), None),
        buildcontext.of_folder(str(folder), "-", b"FROM scratch\n"),
    ):
        members = sent(context)
        assert context.dockerfile.startswith(".dockerfile.") and context.dockerfile in members
        assert ".dockerignore" in members and "Dockerfile" in members


def test_standard_input_is_an_archive_or_a_dockerfile():
    context = buildcontext.of_stdin(b"FROM busybox\n", "")
    assert (list(sent(context)), context.dockerfile) == (["Dockerfile"], "Dockerfile")
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as tar:
        tar.addfile(tarfile.TarInfo("x"))
    assert list(sent(buildcontext.of_stdin(stream.getvalue(), "D"))) == ["x"]


@pytest.mark.parametrize(
    ("where", "dockerfile", "message"),
    [
        ("nosuchdir", "", 'unable to prepare context: path "nosuchdir" not found'),
        ("{folder}/Dockerfile", "", "unable to prepare context: context must be a directory: {folder}/Dockerfile"),
        (
            "{folder}",
            "{folder}/nope",
            "unable to prepare context: unable to evaluate symlinks in Dockerfile path: "
            "lstat {folder}/nope: no such file or directory",
        ),
    ],
)
def test_what_cannot_be_sent_is_named(folder, where, dockerfile, message):
    with pytest.raises(Failure) as caught:
        b"".join(buildcontext.of_folder(where.format(folder=folder), dockerfile.format(folder=folder), None).archive)
    assert str(caught.value) == message.format(folder=folder)


Run = Callable[..., tuple[int, str]]


@pytest.fixture
def docker(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    connection = Connection(make_engine(seed=1))
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "config"))
    monkeypatch.setenv("WHO", "me")

    def run(*words: str, stdin: str = "") -> tuple[int, str]:
        console = BufferConsole(stdin.encode())
        code = main(words, connection, console)
        return code, bytes(console.both).decode()

    return run


def test_options_become_what_the_engine_is_asked(docker, folder):
    text = "FROM busybox\nARG WHO\nARG X\nRUN echo $WHO $X; cat /sys/fs/cgroup/memory.max; grep there /etc/hosts\n"
    code, out = docker(
        "build", "--build-arg", "WHO", "--build-arg", "X=1", "--memory", "64m", "--add-host", "there:1.2.3.4",
        "--ulimit", "nofile=9", "--label", "a=b", "--compress", "--no-cache", "-t", "x", "-f", "-", str(folder),
        stdin=text,
    )  # fmt: skip
    assert code == 0 and "me 1\n67108864\n1.2.3.4\tthere\n" in out and "LABEL a=b" in out


def test_errors_have_the_codes_that_scripts_look_at(docker, folder):
    assert docker("build", "-", stdin="FROM busybox\nRUN exit 9\n")[0] == 9
    assert docker("build", "-", stdin="FROM busybox\nCOPY nope /\n")[0] == 1
    assert docker("build", "-", stdin="FRM busybox\n") == (
        1,
        "Sending build context to Docker daemon  2.048kB\r\r\n"
        "Error response from daemon: dockerfile parse error line 1: unknown instruction: FRM (did you mean FROM?)\n",
    )
    code, out = docker("build", "-q", "-", stdin="FROM busybox\nRUN echo x; exit 3\n")
    assert code == 3 and "Step 2/2 : RUN echo x; exit 3" in out
    assert docker("build", "-f", "-", "-")[1] == (
        "invalid argument: can't use stdin for both build context and dockerfile\n"
    )
    assert docker("build")[0] == 1 and docker("build", "-t", "No", ".")[0] == 125


def test_builder_prune_asks_before_it_does_nothing(docker):
    assert docker("builder", "prune", "-f") == (0, "Total reclaimed space: 0B\n")
    assert "This will remove all dangling build cache." in docker("builder", "prune", stdin="n\n")[1]
    assert "This will remove all build cache." in docker("builder", "prune", "-a", stdin="n\n")[1]
