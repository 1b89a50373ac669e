"""Our `docker cp`: where things come to lie, and what a hostile daemon's archive cannot do."""

from __future__ import annotations

import base64
import io
import json
import os
import stat
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.api.inprocess import Connection
from engine.client import copying, localfiles
from engine.client.command import main
from engine.client.console import BufferConsole
from engine.client.context import Failure
from engine.client.copying import End, Plan
from sim.make import make_engine

links = pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege on Windows")


@pytest.mark.parametrize(
    ("source", "destination", "expected"),
    [
        (End("/s/f", True), End("/d", True, True), Plan("/d")),
        (End("/s/f", True), End("/d/old", True), Plan("/d", "f", "old")),
        (End("/s/f", True), End("/d/new"), Plan("/d", "f", "new")),
        (End("/s/f", True), End("/d/new/"), "no such directory"),
        (End("/s/f", True), End("/d/new/."), "no such directory"),
        (End("/s/d", True, True), End("/d/old", True), "cannot copy directory"),
        (End("/s/d", True, True), End("/d/new"), Plan("/d", "d", "new")),
        (End("/s/d", True, True), End("/d/new/"), Plan("/d", "d", "new")),
        (End("/s/d/.", True, True), End("/d/new"), Plan("/d", ".", "new")),
        (End("/s/target/", True, True, "link"), End("/d/new"), Plan("/d", "link", "new")),
        (End("/", True, True), End("/d/new"), Plan("/d", "/", "new")),
    ],
)
def test_the_rules_of_cp(source: End, destination: End, expected: Plan | str) -> None:
    if isinstance(expected, str):
        with pytest.raises(Failure, match=expected):
            copying.plan(source, destination)
    else:
        assert copying.plan(source, destination) == expected


@pytest.mark.parametrize(
    ("plan", "names"),
    [
        (Plan("/d", "f", "new"), {"f": "new", "f/f": "new/f"}),
        (Plan("/d", ".", "new"), {".": "new", "./a.b": "new/a.b"}),
        (Plan("/d", "/", "new"), {"": "new", "/etc": "new/etc"}),
        (Plan("/d"), {"a": "a", "/b": "/b"}),
    ],
)
def test_only_the_first_name_changes(plan: Plan, names: dict[str, str]) -> None:
    assert {name: plan.rename(name) for name in names} == names


# -- a whole command, in process


class Shell:
    def __init__(self) -> None:
        self.engine = make_engine(seed=3)
        self("pull", "-q", "busybox")
        self("create", "--name", "c1", "busybox", "true")

    def __call__(self, *words: str, stdin: bytes = b"", code: int = 0) -> str:
        console = BufferConsole(stdin)
        assert main(list(words), Connection(self.engine), console) == code, bytes(console.both)
        return bytes(console.both).decode()


@pytest.fixture(scope="module")
def docker() -> Shell:
    return Shell()


def test_a_folder_goes_in_and_comes_back_the_same(docker: Shell, tmp_path: Path) -> None:
    source = tmp_path / "d"
    (source / "sub").mkdir(parents=True)
    (source / "sub" / "f").write_bytes(bytes(range(256)) * 1000)
    (source / "empty").write_bytes(b"")
    (source / "sub" / "f").chmod(0o640)
    os.utime(source / "sub", (1_600_000_000, 1_600_000_000))
    assert docker("cp", str(source), "c1:/home/x") == ""
    docker("cp", "c1:/home/x", str(tmp_path / "back"))
    assert _tree(tmp_path / "back") == _tree(source)
    said = docker("cp", "--quiet=false", str(source / "empty"), "c1:/tmp")
    assert said == "Successfully copied 1.54kB to c1:/tmp\n"


def _tree(folder: Path) -> dict[str, Any]:
    return {
        str(path.relative_to(folder)): (
            stat.S_IMODE(path.stat().st_mode),
            int(path.stat().st_mtime),
            path.read_bytes() if path.is_file() else None,
        )
        for path in sorted(folder.rglob("*"))
    }


def test_pipes_carry_archives_both_ways(docker: Shell, tmp_path: Path) -> None:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as tar:
        info = tarfile.TarInfo("piped")
        info.size = 3
        tar.addfile(info, io.BytesIO(b"abc"))
    docker("cp", "-", "c1:/root", stdin=stream.getvalue())
    console = BufferConsole()
    assert main(["cp", "c1:/root/piped", "-"], Connection(docker.engine), console) == 0
    with tarfile.open(fileobj=io.BytesIO(bytes(console.stdout))) as tar:
        assert tar.getnames() == ["piped"]
    assert docker("cp", "-", "c1:/root/piped", code=1) == 'destination "c1:/root/piped" must be a directory\n'


@links
def test_links_are_followed_only_where_docker_follows(docker: Shell, tmp_path: Path) -> None:
    (tmp_path / "f").write_text("the file")
    (tmp_path / "l").symlink_to("f")
    docker("cp", str(tmp_path / "l"), "c1:/tmp/as-link")
    docker("cp", "-L", str(tmp_path / "l"), "c1:/tmp/as-file")
    docker("cp", "c1:/tmp/as-link", str(tmp_path / "out1"))
    docker("cp", "c1:/tmp/as-file", str(tmp_path / "out2"))
    assert (tmp_path / "out1").is_symlink() and (tmp_path / "out2").read_text() == "the file"
    docker("cp", "-L", "c1:/etc/mtab", str(tmp_path), code=1)  # it leads to /proc/mounts, which is not in view
    (tmp_path / "dangling").symlink_to("made")
    docker("cp", "c1:/tmp/as-file", str(tmp_path / "dangling"))  # a link at the destination is followed
    assert (tmp_path / "made").read_text() == "the file"


def test_refusals_are_dockers(docker: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("f").write_text("x", encoding="utf-8")
    here = tmp_path.as_posix()
    for words, said in (
        (("c1:/a", "c1:/b"), "copying between containers is not supported"),
        (("a", "b"), "must specify at least one container source"),
        (("", "c1:/"), "source can not be empty"),
        (("f", "c1:/none/"), "no such directory"),
        (("none", "c1:/"), f"lstat {here}/none: no such file or directory"),
        (("c1:/none", "."), "Error response from daemon: Could not find the file /none in container c1"),
        (("c1:/etc", "f"), "cannot copy directory"),
        (("c1:/etc", "no/where"), f'invalid output path: directory "{here}/no" does not exist'),
        (("f", "nobody:/x"), "Error response from daemon: No such container: nobody"),
    ):
        assert docker("cp", *words, code=1) == said + "\n"


def test_an_archive_can_be_kept_and_made_an_image_of(docker: Shell, tmp_path: Path) -> None:
    out = str(tmp_path / "c1.tar")
    assert docker("export", "-o", out, "c1") == ""
    id = docker("import", "-c", "CMD true", "-m", "mine", out, "again:1").strip()
    assert docker("images", "-q", "--no-trunc", "again").strip() == id
    assert docker("commit", "-a", "Ann", "-c", "ENV A=1", "c1", "mine").startswith("sha256:")
    assert docker("inspect", "-f", "{{.Author}} {{.Config.Env}}", "mine").strip().endswith("A=1]")
    folder = str(tmp_path)
    assert docker("export", "-o", folder, "c1", code=1) == "failed to export container: cannot write to a directory\n"
    assert docker("import", "none.tar", code=1) == "open none.tar: no such file or directory\n"
    refused = docker("commit", "c1", "a@sha256:" + "0" * 64, code=1)
    assert refused == "refusing to create a tag with a digest reference\n"


# -- a daemon that means harm


class HostileDaemon:
    """Answers every download with one archive."""

    where = "nowhere"

    def __init__(self, archive: bytes, is_directory: bool = True) -> None:
        self._archive = archive
        mode = 1 << 31 if is_directory else 0
        found = {"name": "d", "size": 0, "mode": mode, "mtime": "2026-01-01T00:00:00Z", "linkTarget": ""}
        self._header = base64.b64encode(json.dumps(found).encode()).decode()

    def command(self, line: str) -> Any:
        from contextlib import nullcontext

        return nullcontext()

    def request(self, method: str, path: str, query: Any, headers: Any, body: Any) -> Any:
        return HostileAnswer(self._archive, self._header)


class HostileAnswer:
    status = 200

    def __init__(self, archive: bytes, header: str) -> None:
        self._archive = archive
        self.headers = {"x-docker-container-path-stat": header}

    def read(self) -> bytes:
        return self._archive

    def chunks(self) -> Iterator[bytes]:
        yield self._archive

    def close(self) -> None:
        pass


def hostile(*members: tuple[str, bytes, str | bytes]) -> bytes:
    """(name, type, link target or content)"""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as tar:
        for name, kind, value in members:
            info = tarfile.TarInfo(name)
            info.type, info.mode = kind, 0o755
            if isinstance(value, str):
                info.linkname = value
            else:
                info.size = len(value)
            tar.addfile(info, io.BytesIO(value) if isinstance(value, bytes) else None)
    return stream.getvalue()


D, F, L, H = tarfile.DIRTYPE, tarfile.REGTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE
OUTSIDE = "SECRET"

ATTACKS = [
    hostile(("../evil", F, b"x")),
    hostile(("d/../../evil", F, b"x")),
    hostile(("d", L, "../.."), ("d/evil", F, b"x")),
    hostile(("d", L, "@outside"), ("d/evil", F, b"x")),  # an absolute link, then through it (CVE-2018-15664's way)
    hostile(("d", D, b""), ("d/l", L, "@outside"), ("d/l/evil", F, b"x")),
    hostile(("d", D, b""), ("d/l", L, "@outside"), ("d/l", D, b""), ("d/l/evil", F, b"x")),
    hostile(("d", D, b""), ("d/l", L, f"@outside/{OUTSIDE}"), ("d/l", F, b"x")),
    hostile(("d", D, b""), ("d/l", L, f"@outside/{OUTSIDE}"), ("d/h", H, "d/l"), ("d/h", F, b"x")),
    hostile(("d", D, b""), ("d/l", L, "@outside"), ("d/h", H, f"d/l/{OUTSIDE}"), ("d/h", F, b"x")),
    hostile(("h", H, f"../outside/{OUTSIDE}")),
    hostile(("there", D, b""), ("there/evil", F, b"x")),  # a link that the student has
    hostile(("..", D, b"")),
    hostile(("d/dev", tarfile.CHRTYPE, b"")),
]


@links
@pytest.mark.parametrize("attack", ATTACKS)
def test_a_hostile_archive_writes_nowhere_else(attack: bytes, tmp_path: Path) -> None:
    outside, home = tmp_path / "outside", tmp_path / "home"
    outside.mkdir()
    home.mkdir()
    (outside / OUTSIDE).write_text("as it was")
    (home / "there").symlink_to(outside)
    archive = _aimed(attack, outside)
    before = _tree(outside), outside.stat().st_mode
    console = BufferConsole()
    main(["cp", "c1:/d", str(home)], HostileDaemon(archive), console)  # type: ignore[arg-type]
    assert (_tree(outside), outside.stat().st_mode) == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["home", "outside"]


def _aimed(attack: bytes, outside: Path) -> bytes:
    """The attack with the real folder's name in its links."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=io.BytesIO(attack)) as source, tarfile.open(fileobj=stream, mode="w") as target:
        for member in source:
            member.linkname = member.linkname.replace("@outside", str(outside))
            target.addfile(member, source.extractfile(member) if member.isreg() else None)
    return stream.getvalue()


def test_a_broken_archive_is_an_error_and_no_traceback(tmp_path: Path) -> None:
    whole = hostile(("d", D, b""), ("d/f", F, b"x" * 5000))
    for archive in (whole[:3000], b"x" * 2048, whole[:1024] + b"junk" * 200):
        console = BufferConsole()
        assert main(["cp", "c1:/d", str(tmp_path / "new")], HostileDaemon(archive), console) == 1  # type: ignore[arg-type]
        assert bytes(console.stderr).strip() in (b"unexpected EOF", b"archive/tar: invalid tar header")


def test_control_characters_in_names_are_only_names(tmp_path: Path) -> None:
    if sys.platform == "win32":
        pytest.skip("Windows has no such names")
    archive = io.BytesIO(hostile(("d", D, b""), ("d/a\nb\x1b[31m", F, b"x"), ("d/ü\udcff", F, b"y")))
    localfiles.unpack(io.BufferedReader(archive), tmp_path, str)  # type: ignore[arg-type]
    assert len(list((tmp_path / "d").iterdir())) == 2
