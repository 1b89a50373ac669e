"""docker save and docker load as people use them, with Docker's own command and with ours."""

from __future__ import annotations

import gzip
import subprocess
from pathlib import Path
from typing import Any

import pytest
from saved_archive import check


@pytest.fixture
def images(docker: Any) -> Any:
    """busybox under two names, and nothing else."""
    for id in set(docker.out("images", "-aq").split()):
        docker("rmi", "-f", id)
    docker.out("pull", "-q", "busybox")
    docker.out("tag", "busybox", "mine:1")
    return docker


def run(docker: Any, line: str, folder: Path) -> subprocess.CompletedProcess[bytes]:
    """A shell's line in which `docker` is this command."""
    words = " ".join(docker.argv)
    script = f'docker() {{ command {words} "$@"; }}\n{line}'
    here = {"PYTHONPATH": str(Path(__file__).parents[2])}
    return subprocess.run(
        ["sh", "-c", script], env=docker.environment | here, cwd=folder, capture_output=True, check=False
    )


def test_a_story_of_save_and_load(images: Any, tmp_path: Path) -> None:
    id = images.out("inspect", "-f", "{{.Id}}", "busybox")
    images.out("save", "-o", str(tmp_path / "both.tar"), "busybox", "mine:1")
    archive = (tmp_path / "both.tar").read_bytes()
    assert check(archive) == {id: ["busybox:latest", "mine:1"]}
    images.out("rmi", "busybox", "mine:1")
    assert images.out("images", "-q") == ""
    assert images.out("load", "-i", str(tmp_path / "both.tar")) == "Loaded image: busybox:latest\nLoaded image: mine:1"
    assert images.out("inspect", "-f", "{{.Id}}", "mine:1") == id
    assert images.out("run", "--rm", "mine:1", "echo", "here") == "here"


def test_through_pipes_the_bytes_are_the_same(images: Any, tmp_path: Path) -> None:
    images.out("save", "-o", str(tmp_path / "a.tar"), "mine:1")
    done = run(images, "docker save mine:1 > b.tar && gzip -c b.tar > b.tar.gz && docker load < b.tar.gz", tmp_path)
    assert (done.returncode, done.stdout) == (0, b"Loaded image: mine:1\n"), done.stderr
    assert (tmp_path / "a.tar").read_bytes() == (tmp_path / "b.tar").read_bytes()
    assert gzip.decompress((tmp_path / "b.tar.gz").read_bytes()) == (tmp_path / "a.tar").read_bytes()
    assert (tmp_path / "a.tar").stat().st_mode & 0o777 == 0o600


def test_an_id_loads_without_a_name(images: Any, tmp_path: Path) -> None:
    id = images.out("inspect", "-f", "{{.Id}}", "busybox")
    images.out("save", "-o", str(tmp_path / "id.tar"), id[7:19])
    images.out("rmi", "-f", "busybox", "mine:1")
    assert images.out("load", "-q", "-i", str(tmp_path / "id.tar")) == f"Loaded image ID: {id}"
    assert images.out("images", "--format", "{{.Repository}}") == "<none>"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("docker save nosuch -o x.tar", "Error response from daemon: no such image: nosuch"),
        ("docker save nosuch:1", "Error response from daemon: reference does not exist"),
        ("docker save busybox -o /nosuch/x.tar",
         "failed to save image: invalid output path: stat /nosuch: no such file or directory"),
        ("docker save busybox -o .", "failed to save image: cannot write to a directory"),
        ("docker load -i nosuch.tar", "open nosuch.tar: no such file or directory"),
        ("echo garbage | docker load", "unexpected EOF"),
        ("docker load -i /dev/null", "open /var/lib/docker/tmp/docker-import-"),
        ("docker save --platform linux/s390x busybox", "Error response from daemon: image with reference "),
        ("docker save --platform a/b/c/d busybox",
         'invalid platform: "a/b/c/d": cannot parse platform specifier: invalid argument'),
    ],
)  # fmt: skip
def test_what_goes_wrong_is_told(images: Any, tmp_path: Path, line: str, message: str) -> None:
    done = run(images, line, tmp_path)
    assert done.returncode == 1 and done.stdout == b""
    assert done.stderr.decode().startswith(message)
    assert not list(tmp_path.glob("*.tar"))


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("save busybox", "cowardly refusing to save to a terminal. Use the -o flag or redirect"),
        ("load", "requested load from stdin, but stdin is empty"),
    ],
)
def test_a_terminal_is_no_place_for_an_archive(images: Any, line: str, message: str) -> None:
    pexpect = pytest.importorskip("pexpect")
    argv = [*images.argv, *line.split()]
    child = pexpect.spawn(argv[0], argv[1:], env=images.environment, timeout=20)
    child.expect_exact(message)
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 1


def test_system_df_tells_what_is_shared(images: Any) -> None:
    images.out("commit", images.out("create", "busybox"), "more:1")
    rows = {line.split()[0]: line.split("  ") for line in images.out("system", "df", "-v").splitlines()[3:5]}
    busybox, more = ([cell.strip() for cell in rows[name] if cell.strip()] for name in ("busybox", "more"))
    assert busybox[5:7] == more[5:7] and more[6] == "0B" and more[5][:3] == more[4][:3]
