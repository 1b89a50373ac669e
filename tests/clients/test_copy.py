"""A lesson on files: into containers and out again, what changed, an image of it, an archive of it."""

from __future__ import annotations

import json
import tarfile
from pathlib import Path

import pytest


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a page and a folder of two more, and the shell in it."""
    folder = tmp_path / "desk"
    (folder / "site" / "img").mkdir(parents=True)
    (folder / "index.html").write_text("<h1>Hello</h1>\n")
    (folder / "site" / "a.html").write_text("a\n")
    (folder / "site" / "img" / "b.png").write_bytes(bytes(range(256)))
    monkeypatch.chdir(folder)
    return folder


def test_a_page_is_copied_into_a_running_web_server_and_its_log_out_of_it(docker, desk):
    docker.out("run", "-d", "--name", "web", "httpd")
    docker.out("cp", "index.html", "web:/usr/local/apache2/htdocs/")
    assert docker.out("exec", "web", "cat", "/usr/local/apache2/htdocs/index.html") == "<h1>Hello</h1>"
    docker.out("cp", "web:/usr/local/apache2/conf/httpd.conf", "own.conf")
    assert "Listen" in (desk / "own.conf").read_text()


def test_folders_go_whole_and_a_dot_means_what_is_in_them(docker, desk):
    docker.out("create", "--name", "c1", "alpine", "true")
    docker.out("cp", "site", "c1:/srv")  # there: site goes into it
    docker.out("cp", "site", "c1:/new")  # not there: site is called so
    docker.out("cp", "site/.", "c1:/home")
    docker.out("cp", "c1:/srv", "srv")
    docker.out("cp", "c1:/new", ".")
    docker.out("cp", "c1:/home/.", "home")
    assert (desk / "srv" / "site" / "img" / "b.png").read_bytes() == bytes(range(256))
    assert sorted(path.name for path in (desk / "new").iterdir()) == ["a.html", "img"]
    assert (desk / "home" / "a.html").read_text() == "a\n"
    assert "A /new/img/b.png" in docker.out("diff", "c1").split("\n")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("c1:/none", "."), "Could not find the file /none in container c1"),
        (("none", "c1:/"), "no such file or directory"),
        (("index.html", "c1:/none/x"), "Could not find the file /none in container c1"),
        (("index.html", "c1:/none/"), "no such directory"),
        (("site", "c1:/etc/passwd"), "cannot copy directory"),
        (("c1:/etc", "c2:/"), "copying between containers is not supported"),
        (("index.html", "other"), "must specify at least one container source"),
        (("index.html", "c1:/fixed"), "mounted volume is marked read-only"),
        (("c1:/etc", "no/where"), "does not exist"),
        (("index.html", "c9:/tmp"), "No such container: c9"),
    ],
)
def test_what_cannot_be_copied_is_refused_in_dockers_words(docker, desk, words, said):
    docker.out("create", "--name", "c1", "-v", "fixed:/fixed:ro", "alpine", "true")
    refused = docker("cp", *words)
    assert refused.returncode == 1 and said in refused.stderr


def test_a_container_becomes_an_image_and_an_archive_becomes_one_too(docker, desk):
    docker.out("run", "--name", "c1", "alpine", "sh", "-c", "echo mine > /mine; rm /etc/motd")
    changed = docker.out("diff", "c1").split("\n")
    assert sorted(changed) == ["A /mine", "C /etc", "D /etc/motd"]
    id = docker.out("commit", "-m", "by hand", "-c", "CMD cat /mine", "c1", "mine:1")
    assert docker.out("run", "--rm", "mine:1") == "mine"
    assert docker.out("history", "--format", "{{.Comment}}", "mine:1").split("\n")[0] == "by hand"
    assert docker.out("images", "-q", "--no-trunc", "mine") == id
    docker.out("export", "-o", "c1.tar", "c1")
    with tarfile.open(desk / "c1.tar") as archive:
        names = archive.getnames()
    assert "mine" in names and "etc/motd" not in names
    docker.out("import", "-c", 'CMD ["cat", "/mine"]', "c1.tar", "flat:1")
    assert docker.out("run", "--rm", "flat:1") == "mine"
    layers = json.loads(docker.out("inspect", "-f", "{{json .RootFS.Layers}}", "flat:1"))
    assert len(layers) == 1
    docker.out("rmi", "-f", "mine:1", "flat:1")
