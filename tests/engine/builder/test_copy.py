"""COPY and ADD: what comes to lie where, whose it is, and what a hostile context cannot do."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import tarfile
from collections.abc import Callable

import pytest

FILES = {"a.txt": "a", "b.txt": "b", "c.md": "c", "dir/x.txt": "x", "dir/sub/y.txt": "y"}


def tree(
    docker, instruction: str, files=FILES, before: str = "RUN mkdir /there && echo old > /there/a.txt"
) -> list[str]:
    """What is below / beside the image's own files after a COPY."""
    docker.built(f"FROM busybox\n{before}\nWORKDIR /w\n{instruction}\n", files, t="copied")
    found = docker.run("copied", "sh", "-c", "find /w /there /new /un -type f -o -type l 2>/dev/null | sort")
    return found.split()


@pytest.mark.parametrize(
    ("instruction", "expected"),
    [
        ("COPY a.txt new", ["/there/a.txt", "/w/new"]),
        ("COPY a.txt .", ["/there/a.txt", "/w/a.txt"]),
        ("COPY a.txt /new/", ["/new/a.txt", "/there/a.txt"]),
        ("COPY a.txt /new/deep/er", ["/new/deep/er", "/there/a.txt"]),
        ("COPY a.txt /there", ["/there/a.txt"]),
        ("COPY *.txt sub/", ["/there/a.txt", "/w/sub/a.txt", "/w/sub/b.txt"]),
        ("COPY [ab].txt c.m? sub/", ["/there/a.txt", "/w/sub/a.txt", "/w/sub/b.txt", "/w/sub/c.md"]),
        ("COPY dir /new", ["/new/sub/y.txt", "/new/x.txt", "/there/a.txt"]),
        ("COPY dir/ /there", ["/there/a.txt", "/there/sub/y.txt", "/there/x.txt"]),
        ("COPY d* /new/", ["/new/sub/y.txt", "/new/x.txt", "/there/a.txt"]),
        ("COPY dir/*.txt /new/", ["/new/x.txt", "/there/a.txt"]),
        ("COPY ./dir/sub/../x.txt /new/", ["/new/x.txt", "/there/a.txt"]),
        ("COPY /a.txt ./dir/", ["/there/a.txt", "/w/dir/a.txt"]),
        ('COPY ["a.txt", "b.txt", "to a folder/"]', ["/there/a.txt", "/w/to", "a", "folder/a.txt", "/w/to", "a"]),
        ("COPY . .", ["/there/a.txt", "/w/Dockerfile", "/w/a.txt", "/w/b.txt", "/w/c.md", "/w/dir/sub/y.txt"]),
    ],
)
def test_where_a_copy_comes_to_lie(docker, instruction, expected):
    assert tree(docker, instruction)[: len(expected)] == expected


def test_names_with_the_letters_of_patterns_can_be_named(docker):
    files = {"arr[0].txt": "x", "s*r/f.txt": "y", "s*r/g.txt": "z", "sir/f.txt": "n"}
    assert tree(docker, "COPY arr[[]0].txt /new/", files)[0] == "/new/arr[0].txt"
    found = tree(docker, r'COPY ["s\\\\*r/?.txt", "/un/"]', files)
    assert found[1:] == ["/un/f.txt", "/un/g.txt"] and docker.run("copied", "cat", "/un/f.txt") == "y"


def test_the_ignored_do_not_come_with_all(docker):
    files = {**FILES, ".dockerignore": "Dockerfile\n.dockerignore\n"}
    assert tree(docker, "COPY . /new", files)[:2] == ["/new/a.txt", "/new/b.txt"]
    refused = docker.build("FROM busybox\nCOPY Dockerfile /\n", files)
    assert "excluded by .dockerignore: stat Dockerfile" in refused.error


def test_owners_and_modes(docker):
    docker.built(
        "FROM busybox\nRUN adduser -D -u 1234 ann\n"
        "COPY --chown=ann a.txt /by-name/new/\nCOPY --chown=7:8 --chmod=640 dir /by-number\nCOPY a.txt /plain\n"
        "COPY --from=busybox /etc/passwd /theirs\nADD --chown=:8 a.txt /group\n".replace("--chown=:8", "--chown=0:8"),
        FILES, t="app",
    )  # fmt: skip
    listed = docker.run(
        "app", "stat", "-c", "%u:%g %a %n", "/by-name", "/by-name/new/a.txt", "/by-number/sub/y.txt", "/plain", "/group"
    )
    assert listed.splitlines() == [
        "1234:1234 755 /by-name",
        "1234:1234 644 /by-name/new/a.txt",
        "7:8 640 /by-number/sub/y.txt",
        "0:0 644 /plain",
        "0:8 644 /group",
    ]


def test_a_link_is_followed_when_it_is_named_and_kept_inside_of_a_folder(docker, link):
    files = {
        **FILES,
        "to-a": link("to-a", "a.txt"),
        "dir/up": link("dir/up", "../b.txt"),
        "to-dir": link("to-dir", "dir"),
    }
    docker.built("FROM busybox\nCOPY to-a /new/\nCOPY dir /d\nCOPY to-dir /e\nCOPY to-dir/x.txt /f\n", files, t="app")
    told = docker.run("app", "sh", "-c", "cat /new/to-a; readlink /d/up; ls /e; cat /f; test -L /new/to-a || echo file")
    assert told.split() == ["a../b.txt", "sub", "up", "x.txt", "xfile"]


def test_a_destination_behind_a_link_is_where_the_link_leads(docker):
    found = tree(docker, "COPY a.txt /link/\nCOPY b.txt /link", before="RUN mkdir /there && ln -s there /link")
    assert found == ["/there/a.txt", "/there/b.txt"]


def test_documents_are_files(docker):
    docker.built(
        "FROM busybox\nARG WHO=ann\nCOPY <<one <<'two' /new/\nfor $WHO\none\nnot for $WHO\ntwo\n"
        "COPY <<x /script\n#!/bin/sh\nx\n",
        t="app",
    )
    assert docker.run("app", "sh", "-c", "cat /new/one /new/two /script") == "for ann\nnot for $WHO\n#!/bin/sh\n"


def packed(compress: Callable[[bytes], bytes], **files: str) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as tar:
        for name, text in files.items():
            member = tarfile.TarInfo(name)
            member.size, member.uid = len(text), 42
            tar.addfile(member, io.BytesIO(text.encode()))
    return compress(stream.getvalue())


@pytest.mark.parametrize("compress", [bytes, gzip.compress, bz2.compress, lzma.compress])
def test_add_unpacks_archives_however_they_are_compressed_and_copy_does_not(docker, compress):
    files = {"t": packed(compress, inside="i")}
    docker.built("FROM busybox\nADD t /un/\nCOPY t /copied\nADD t t /un2/\n", files, t="app")
    told = docker.run("app", "sh", "-c", "cat /un/inside; ls /un /un2; stat -c %u /un/inside; wc -c < /copied")
    assert told.split() == ["i/un:", "inside", "/un2:", "inside", "42", str(len(files["t"]))]


def test_a_root_is_made_from_an_archive(docker):
    saved = docker.connection.request("GET", "/v1.50/images/busybox/get").read()
    with tarfile.open(fileobj=io.BytesIO(saved)) as bundle:
        manifest = json.load(bundle.extractfile("manifest.json"))
        root = bundle.extractfile(manifest[0]["Layers"][0]).read()
    result = docker.built("FROM scratch\nADD root.tar /\nRUN ls -ld / /bin && cat /etc/passwd\n", {"root.tar": root})
    assert "root:x:0:0" in result.text and "drwxr-xr-x" in result.text


def test_add_leaves_alone_what_is_no_archive(docker):
    files = {"t.tar.gz": "only called so", "z.gz": gzip.compress(b"no tar in here"), "empty": ""}
    assert tree(docker, "ADD t.tar.gz z.gz empty /un/", files) == [
        "/there/a.txt",
        "/un/empty",
        "/un/t.tar.gz",
        "/un/z.gz",
    ]


def test_add_takes_a_page_from_the_simulated_internet(docker):
    result = docker.built("FROM busybox\nADD http://example.com/ /page\nRUN cat /page; stat -c %a /page\n")
    assert "<h1>Example Domain</h1>" in result.text and "600\n" in result.text
    assert docker.built("FROM busybox\nADD http://example.com/ /page\nRUN cat /page; stat -c %a /page\n").hits == 2


# -- contexts that mean harm


@pytest.mark.parametrize("names", [("../../evil",), ("/evil",), ("out", "out/evil"), ("abs", "abs/evil")])
def test_nothing_comes_to_lie_outside_of_the_context(docker, link, names):
    links = {"out": link("out", "../.."), "abs": link("abs", "/")}
    result = docker.build(
        "FROM busybox\nCOPY . /all\nRUN find / -name evil\n", {name: links.get(name, "x") for name in names}
    )
    assert "/all/evil" in result.steps, "as in a chroot"
    assert not docker.engine.host.has_path("/evil")


def test_links_lead_nowhere_else(docker, link):
    files = {"shadow": link("shadow", "/etc/shadow"), "up": link("up", "../../../../etc/passwd")}
    for name in files:
        assert "file does not exist" in docker.build(f"FROM busybox\nCOPY {name} /stolen\n", files).error
    hard = docker.build("FROM busybox\n", {"h": link("h", "/etc/passwd", tarfile.LNKTYPE)})
    assert hard.status >= 400 and "/etc/passwd" in hard.error


def test_a_link_to_itself_is_an_error(docker, link):
    files = {"me": link("me", "me"), "x": link("x", "y"), "y": link("y", "x")}
    for name in ("me", "x"):
        assert docker.build(f"FROM busybox\nCOPY {name} /f\n", files).error


def test_an_archive_inside_cannot_write_elsewhere(docker):
    files = {"t": packed(bytes, **{"../../evil": "x"})}
    result = docker.build("FROM busybox\nADD t /un/deep/\n", files)
    assert 'failed to copy files: "../../evil" is outside of "/un/deep"' in result.error


@pytest.mark.parametrize(
    "data",
    [b"", b"no archive at all", b"\x1f\x8b\x08" + b"\0" * 40, b"\0" * 100, gzip.compress(b"x" * 3000)[:40]],
    ids=["empty", "text", "a broken gzip", "zeros", "a gzip that is cut off"],
)
def test_what_is_no_archive_is_refused(docker, data):
    result = docker.build_archive(data)
    assert result.status >= 400 and result.error
    assert not [key for key in docker.engine.host.kernel.snapshots._active if key.startswith("build")]


def test_a_file_that_claims_to_be_huge_is_refused(docker):
    member = tarfile.TarInfo("huge")
    member.size = 1 << 50
    head = docker.archive({"Dockerfile": "FROM busybox\n"})[:1024]
    result = docker.build_archive(head + member.tobuf())
    assert result.status >= 400 and ("too large" in result.error or "EOF" in result.error)


def test_an_archive_that_ends_without_padding_is_whole(docker):
    whole = docker.archive({"Dockerfile": "FROM busybox\n"})
    assert not docker.build_archive(whole[: 512 + len("FROM busybox\n")]).error
    assert docker.build_archive(whole[:520]).error
