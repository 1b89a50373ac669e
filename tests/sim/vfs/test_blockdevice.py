"""df(1) tells what Docker's layers, containers and volumes take of the disk, and that it is given back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import classroom

MB = 1 << 20


@pytest.fixture
def lab() -> Any:
    return classroom.Lab("sim", seed=5)


def used(lab: Any) -> int:
    """MiB, as the host's df sees them."""
    return int(str(lab.host("df -m /")).splitlines()[1].split()[2])


def test_layers_take_room_once_and_give_it_back(lab: Any) -> None:
    before = used(lab)
    lab.docker("pull -q redis")
    redis = used(lab)
    assert redis - before > 100, "the size that docker images tells"
    lab.docker("pull -q httpd")
    shared = used(lab) - redis
    assert 0 < shared < 60, "its Debian was there already"
    lab.docker("rmi httpd")
    assert used(lab) == redis
    lab.docker("image prune -af")
    assert used(lab) == before


def test_what_a_container_writes_is_its_own_until_it_is_removed(lab: Any) -> None:
    lab.docker("run --name writer alpine dd if=/dev/zero of=/big bs=1M count=100")
    full = used(lab)
    script = "dd if=/dev/zero of=/x bs=1M count=50 2> /dev/null; df -m / | tail -1"
    said = str(lab.docker(f"run --rm alpine sh -c '{script}'"))
    assert int(said.split()[2]) == full + 50, "inside it is the same disk"
    assert used(lab) == full
    lab.docker("commit writer kept")
    assert used(lab) == full + 100
    lab.docker("rm writer")
    assert used(lab) == full
    lab.docker("rmi kept")
    assert used(lab) == full - 100


def test_volumes_lie_on_the_disk_and_tmpfs_does_not(lab: Any) -> None:
    lab.docker("pull -q alpine")
    before = used(lab)
    lab.docker("run --rm -v data:/data --tmpfs /fast alpine sh -c 'head -c 30000000 /dev/zero > /data/x'")
    lab.docker("run --rm --tmpfs /fast alpine sh -c 'head -c 30000000 /dev/zero > /fast/x'")
    assert used(lab) - before in (28, 29)
    lab.docker("volume rm data")
    assert used(lab) == before


def test_a_disk_has_an_end(lab: Any) -> None:
    script = "truncate -s 63G /big; truncate -s 1000M /rest; dd if=/dev/zero of=/x bs=1M"
    assert "No space left on device" in str(lab.docker(f"run --name greedy alpine sh -c '{script}'"))
    full = str(lab.docker("run --rm alpine true"))
    assert "no space left on device" in full, "not even the daemon's own files have room"
    lab.docker("rm greedy")
    assert "No space" not in str(lab.docker("run --rm alpine sh -c 'echo x > /y'"))


def test_dockers_own_table_counts_the_steps_of_a_build_with_their_image(lab: Any, tmp_path: Path) -> None:
    for name, rest in (("one", "RUN head -c 2000000 /dev/zero > /b\n"), ("two", "RUN echo x > /c\n")):
        (tmp_path / "Dockerfile").write_text(f"FROM alpine\nRUN head -c 1000000 /dev/zero > /a\n{rest}RUN rm /a\n")
        lab.docker(f"build -q -t {name} {tmp_path}")
    lines = str(lab.docker("system df -v")).split("Containers space")[0].splitlines()[3:]
    rows = {line.split()[0]: line.split()[-3:-1] for line in lines if line}
    assert rows == {"one": ["11.02MB", "2MB"], "two": ["11.02MB", "2B"], "alpine": ["10.02MB", "0B"]}
    everything = str(lab.docker("images -a"))
    assert everything.count("<none>") == 6, "the steps are there, and belong to those images"
