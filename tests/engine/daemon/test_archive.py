"""`docker cp`, `export` and `diff` on a simulated host: what is in view, what is refused, what stays."""

from __future__ import annotations

import base64
import gzip
import io
import json
import tarfile
from collections.abc import Iterator
from typing import Any

import pytest

from engine.errors import InvalidParameter

Docker = Any
DIRECTORY, LINK = 1 << 31, 1 << 27  # Go's os.FileMode


def tar(**members: bytes) -> bytes:
    """Files by name, with __ for a slash."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        for name, data in members.items():
            info = tarfile.TarInfo(name.replace("__", "/"))
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return stream.getvalue()


def put(docker: Docker, path: str, data: bytes, name: str = "c1", **query: str) -> tuple[int, str]:
    """Status and message of an upload."""
    answer = docker.connection.request(
        "PUT", f"/v1.50/containers/{name}/archive", {"path": path, **query}, {}, iter([data])
    )
    said = answer.read()
    return answer.status, json.loads(said)["message"] if said else ""


def fetch(docker: Docker, path: str, name: str = "c1") -> bytes:
    answer = docker.connection.request("GET", f"/v1.50/containers/{name}/archive", {"path": path}, {}, b"")
    data = answer.read()
    assert answer.status == 200, data
    return data


def get(docker: Docker, path: str, name: str = "c1") -> list[tarfile.TarInfo]:
    data = fetch(docker, path, name)
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        return archive.getmembers()


def content(docker: Docker, path: str, name: str = "c1") -> bytes:
    data = fetch(docker, path, name)
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        file = archive.extractfile(archive.getmembers()[0])
        assert file is not None
        return file.read()


def look(docker: Docker, path: str, method: str = "HEAD") -> dict[str, Any]:
    answer = docker.connection.request(method, "/v1.50/containers/c1/archive", {"path": path}, {}, b"")
    assert answer.status == 200, answer.read()
    found: dict[str, Any] = json.loads(base64.b64decode(answer.headers["x-docker-container-path-stat"]))
    answer.close()
    return found


def test_files_go_into_a_container_that_never_ran_and_come_out_again(docker: Docker) -> None:
    docker.create("cat", "/home/f")
    assert put(docker, "/home", tar(f=b"a file", d__x=b"deeper")) == (200, "")
    assert [member.name for member in get(docker, "/home/.")] == [".", "./d", "./d/x", "./f"]
    docker.post("/containers/c1/start")
    docker.wait()
    assert docker.logs() == b"a file"
    assert content(docker, "home/d/x") == b"deeper"  # a path begins at the root, also without a slash
    assert docker.actions(type=["container"])[:2] == ["create", "extract-to-dir"]
    assert docker.actions(event=["archive-path"]) == ["archive-path"] * 2


def test_a_running_container_sees_what_is_copied_and_the_other_way_round(docker: Docker) -> None:
    docker.run("sleep", "1000")
    assert put(docker, "/tmp", tar(f=b"from outside")) == (200, "")
    assert docker.exec("cat", "/tmp/f") == (0, b"from outside")
    docker.exec("sh", "-c", "echo -n from inside > /tmp/f")
    assert content(docker, "/tmp/f") == b"from inside"


def test_a_path_is_described_in_a_header_as_go_would(docker: Docker) -> None:
    docker.create("true")
    put(docker, "/home", tar(f=b"12345"))
    docker.engine.loop.run(docker.engine.loop.sleep(1))
    found = look(docker, "/home/f")
    assert found == {"name": "f", "size": 5, "mode": 0o644, "mtime": "1970-01-01T00:00:00Z", "linkTarget": ""}
    assert look(docker, "/tmp")["mode"] == DIRECTORY | 1 << 20 | 0o777  # sticky
    assert look(docker, "/", "GET")["name"] == "/"
    link = look(docker, "/etc/mtab")
    assert (link["mode"] & LINK, link["linkTarget"]) == (LINK, "/proc/mounts")


@pytest.mark.parametrize(
    ("path", "status", "message"),
    [
        ("/none", 404, "Could not find the file /none in container c1"),
        ("/etc/passwd/", 500, "lstat /etc/passwd/: not a directory"),
        ("/proc/version", 404, "Could not find the file /proc/version in container c1"),
        ("", 400, "bad parameter: path cannot be empty"),
    ],
)
def test_what_is_not_there_is_told_in_dockers_words(docker: Docker, path: str, status: int, message: str) -> None:
    docker.run("sleep", "1000")  # even of one that runs /proc is not in view
    answer = docker.connection.request("GET", "/containers/c1/archive", {"path": path}, {}, b"")
    assert (answer.status, json.loads(answer.read())["message"]) == (status, message)
    assert docker.connection.request("HEAD", "/containers/c1/archive", {"path": path}, {}, b"").status == status
    assert docker.connection.request("HEAD", "/containers/no/archive", {"path": "/"}, {}, b"").status == 404


def test_unpacking_needs_a_directory_that_is_there(docker: Docker) -> None:
    docker.create("true")
    assert put(docker, "/none", b"") == (404, "Could not find the file /none in container c1")
    assert put(docker, "/etc/passwd", b"") == (400, "extraction point is not a directory")
    assert put(docker, "/etc/passwd/", b"") == (500, "lstat /etc/passwd/: not a directory")
    assert put(docker, "/", b"", name="none") == (404, "No such container: none")


def test_read_only_roots_and_volumes_are_refused_but_not_what_lies_in_a_writable_volume(docker: Docker) -> None:
    settings = {"ReadonlyRootfs": True, "Binds": ["rw:/data", "ro:/data/fixed:ro"], "Tmpfs": {"/tmp": ""}}
    docker.create("true", HostConfig=settings)
    assert put(docker, "/home", tar(f=b"")) == (400, "container rootfs is marked read-only")
    assert put(docker, "/tmp", tar(f=b"")) == (400, "container rootfs is marked read-only")
    assert put(docker, "/data/fixed", tar(f=b"")) == (400, "mounted volume is marked read-only")
    assert put(docker, "/data", tar(f=b"in the volume")) == (200, "")
    docker.create("true", name="other", HostConfig={"Binds": ["rw:/elsewhere"]})
    assert content(docker, "/elsewhere/f", "other") == b"in the volume"
    # a link from a volume back into the root does not help
    put(docker, "/elsewhere", _link("out", "/home"), "other")
    assert put(docker, "/data/out", tar(f=b"")) == (400, "container rootfs is marked read-only")


def _link(name: str, target: str) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        info = tarfile.TarInfo(name)
        info.type, info.linkname = tarfile.SYMTYPE, target
        archive.addfile(info)
    return stream.getvalue()


def test_dockers_own_files_over_etc_are_seen_once_it_has_run(docker: Docker) -> None:
    docker.create("true")
    assert content(docker, "/etc/hostname") == b""
    docker.post("/containers/c1/start")
    docker.wait()
    assert content(docker, "/etc/hostname").decode().strip() == docker.get("/containers/c1/json")["Id"][:12]
    status, message = put(docker, "/etc", tar(hostname=b"other"))
    assert status == 500 and message.endswith("unlinkat /etc/hostname: device or resource busy")


def test_kinds_are_kept_if_asked_and_files_may_belong_to_the_containers_user(docker: Docker) -> None:
    docker.create("true", User="nobody")
    status, message = put(docker, "/", tar(etc=b""), noOverwriteDirNonDir="true")
    assert status == 500 and 'cannot overwrite directory "/etc" with non-directory "/"' in message
    put(docker, "/home", tar(a=b""), copyUIDGID="1")
    put(docker, "/home", tar(b=b""))
    owners = {member.name: member.uid for member in get(docker, "/home/.")}
    assert (owners["./a"], owners["./b"]) == (65534, 0)
    docker.create("true", name="c2", User="stranger")
    status, message = put(docker, "/home", tar(a=b""), "c2", copyUIDGID="1")
    assert (status, message) == (400, "unable to find user stranger: no matching entries in passwd file")


def test_compressed_archives_are_unpacked_and_broken_ones_as_far_as_they_go(docker: Docker) -> None:
    docker.create("true")
    whole = tar(a=b"a" * 3000, b=bytes(range(256)) * 40)
    assert put(docker, "/home", gzip.compress(whole)) == (200, "")
    assert content(docker, "/home/b") == bytes(range(256)) * 40
    for path, broken in (("/tmp", whole[:9000]), ("/root", gzip.compress(whole)[:-20])):
        status, message = put(docker, path, broken)
        assert (status, message) == (500, "error processing tar file(exit status 1): unexpected EOF")
        assert content(docker, f"{path}/a") == b"a" * 3000
    assert put(docker, "/home", b"\x28\xb5\x2f\xfd" + bytes(50))[0] == 500  # zstd, or what claims to be it
    assert put(docker, "/home", b"PK\x03\x04 a zip file")[0] == 500


def test_a_client_that_goes_away_in_the_middle_leaves_the_container_whole(docker: Docker) -> None:
    docker.create("true")
    whole = tar(a=b"came", b=b"x" * 5000)

    def cut() -> Iterator[bytes]:
        yield whole[:3000]
        raise InvalidParameter("unexpected EOF")  # as the server says of a connection that breaks

    before = docker.loop.run(_tasks(docker))
    answer = docker.connection.request("PUT", "/containers/c1/archive", {"path": "/home"}, {}, cut())
    assert answer.status >= 400
    assert content(docker, "/home/a") == b"came"
    assert put(docker, "/home", whole) == (200, "")  # nothing is locked
    assert docker.loop.run(_tasks(docker)) == before


async def _tasks(docker: Docker) -> int:
    return len(docker.engine.loop._ready) + len(docker.engine.loop._timers)


def test_a_full_disk_is_told_and_the_container_stays_usable(docker: Docker) -> None:
    from sim.vfs import mounting
    from sim.vfs.mounting import Superuser

    kernel = docker.engine.host.kernel
    docker.engine.host.make_directory("/small")
    mounting.mount(Superuser(kernel.root.space), "tmpfs", "/small", "tmpfs", ("size=4k",))
    docker.create("true", HostConfig={"Binds": ["/small:/small"]})
    status, message = put(docker, "/small", tar(a=b"1" * 3000, b=b"2" * 3000))
    assert status == 500 and message.endswith("write /small/b: no space left on device")
    assert content(docker, "/small/a") == b"1" * 3000
    assert put(docker, "/home", tar(b=b"2" * 3000)) == (200, "")


def test_an_archive_in_the_making_survives_what_the_container_does_meanwhile(docker: Docker) -> None:
    docker.run("sleep", "1000")
    put(docker, "/home", tar(a=b"a" * 100_000, b=b"b" * 100_000, c=b"c"))
    answer = docker.connection.request("GET", "/containers/c1/archive", {"path": "/home"}, {}, b"")
    chunks = answer.chunks()
    data = next(chunks)
    docker.exec("sh", "-c", "echo > /home/a; rm /home/b; echo more >> /home/c")
    data += b"".join(chunks)
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        sizes = {member.name: member.size for member in archive.getmembers()}
    assert sizes["home/a"] == 100_000 and "home/c" in sizes


def test_an_export_is_the_whole_tree_without_volumes(docker: Docker) -> None:
    docker.run("sh", "-c", "echo hi > /new; echo v > /data/v; rm /etc/group", HostConfig={"Binds": ["vol:/data"]})
    docker.wait()
    with tarfile.open(fileobj=io.BytesIO(docker.ask("GET", "/containers/c1/export"))) as archive:
        names = archive.getnames()
    assert {"new", "data", "bin/busybox", "etc/passwd"} <= set(names)
    assert "data/v" not in names and "etc/group" not in names
    assert docker.actions(event=["export"]) == ["export"]


def test_what_was_copied_into_a_stopped_container_outlives_the_daemon(make_docker: Any, tmp_path: Any) -> None:
    first = make_docker(tmp_path)
    first.create("cat", "/home/f")
    put(first, "/home", tar(f=b"kept"))
    first.loop.run(first.engine.close())
    second = make_docker(tmp_path, pull=False)
    assert content(second, "/home/f") == b"kept"
