"""`--mount type=image`: the files of another image, read-only."""

from typing import Any

import pytest

Docker = Any


def mounted(source: str = "nginx", **more: Any) -> dict[str, Any]:
    return {"HostConfig": {"Mounts": [{"Type": "image", "Source": source, "Target": "/other", **more}]}}


@pytest.fixture
def docker(docker: Docker) -> Docker:
    docker.ask("POST", "/images/create", fromImage="nginx", tag="latest")
    return docker


def test_the_files_of_an_image_are_there_and_stay_as_they_are(docker: Docker) -> None:
    command = ("sh", "-c", "ls /other/etc/nginx/nginx.conf; touch /other/x; echo $?")
    docker.run(*command, **mounted())
    docker.wait()
    lines = docker.logs().decode().splitlines()
    assert lines == ["/other/etc/nginx/nginx.conf", "touch: /other/x: Read-only file system", "1"]
    (point,) = docker.get("/containers/c1/json")["Mounts"]
    assert (point["Type"], point["Destination"], point["RW"]) == ("image", "/other", False)
    assert point["Source"].endswith("/merged")


def test_it_is_mounted_while_the_container_runs(docker: Docker) -> None:
    docker.run("sleep", "1000", **mounted())
    folder = docker.get("/containers/c1/json")["Mounts"][0]["Source"]
    host = docker.engine.host
    assert host.has_path(f"{folder}/etc/nginx")
    docker.post("/containers/c1/restart", t=0)
    assert host.has_path(f"{folder}/etc/nginx")
    docker.post("/containers/c1/kill")
    docker.wait()
    assert not host.has_path(f"{folder}/etc/nginx")
    docker.delete("/containers/c1")


def test_only_a_folder_of_the_image(docker: Docker) -> None:
    docker.run("ls", "/other/nginx.conf", **mounted(ImageOptions={"Subpath": "etc/nginx"}))
    docker.wait()
    assert docker.logs() == b"/other/nginx.conf\n"
    docker.create("true", name="c2", **mounted(ImageOptions={"Subpath": "no/where"}))
    with pytest.raises(AssertionError, match=r"500 cannot access path .*/merged/no/where: lstat .*: no such file"):
        docker.post("/containers/c2/start")


def test_an_image_that_is_mounted_is_in_use(docker: Docker) -> None:
    docker.run("sleep", "1000", **mounted())
    with pytest.raises(AssertionError, match="409 conflict: unable to remove repository reference"):
        docker.delete("/images/nginx")
    docker.delete("/containers/c1", force=1)
    docker.delete("/images/nginx")


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        (mounted(""), '400 invalid mount config for type "image": field Source must not be empty'),
        (mounted("nosuch"), "400 No such image: nosuch:latest"),
        (mounted(ImageOptions={"Subpath": "../up"}), "subpath must be a relative path within the volume"),
        (mounted(BindOptions={}), "field BindOptions must not be specified"),
    ],
)
def test_what_makes_no_sense_is_refused(docker: Docker, request_: dict[str, Any], words: str) -> None:
    with pytest.raises(AssertionError, match=words):
        docker.create("true", **request_)
