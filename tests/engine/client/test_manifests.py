"""`docker manifest`: one name for images of several platforms, put together here and pushed."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.api.inprocess import Connection
from engine.client.command import main
from engine.client.console import BufferConsole
from sim.make import make_engine

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    engine = make_engine(seed=1)

    def docker(*words: str) -> tuple[int, str, str]:
        console = BufferConsole(b"")
        code = main(list(words), Connection(engine), console)
        return code, console.stdout.decode(), console.stderr.decode()

    docker("login", "-u", "ann", "-p", "pw")
    for machine in ("amd64", "arm64"):
        docker("pull", "-q", "--platform", f"linux/{machine}", "alpine")
        docker("tag", "alpine", f"ann/app:{machine}")
        assert docker("push", "-q", f"ann/app:{machine}")[0] == 0
    return docker


def test_a_list_is_made_here_shown_pushed_and_pulled_by_platform(run: Run) -> None:
    made = run("manifest", "create", "ann/app:1", "ann/app:amd64", "ann/app:arm64")
    assert made == (0, "Created manifest list docker.io/ann/app:1\n", "")
    shown = json.loads(run("manifest", "inspect", "ann/app:1")[1])
    machines = [entry["platform"]["architecture"] for entry in shown["manifests"]]
    assert (shown["mediaType"].rpartition(".")[0].endswith("manifest.list"), machines) == (True, ["amd64", "arm64"])
    code, digest, error = run("manifest", "push", "ann/app:1")
    assert (code, error) == (0, "") and digest.startswith("sha256:")
    assert run("manifest", "rm", "ann/app:1") == (0, "", "")
    assert json.loads(run("manifest", "inspect", "ann/app:1")[1]) == shown  # now it is the registry's
    for machine in machines:
        run("pull", "-q", "--platform", f"linux/{machine}", "ann/app:1")
        assert run("image", "inspect", "-f", "{{.Architecture}}", "ann/app:1")[1] == f"{machine}\n"


def test_images_of_another_repository_are_brought_along(run: Run) -> None:
    run("manifest", "create", "ann/other:1", "ann/app:amd64")
    code, said, _ = run("manifest", "push", "--purge", "ann/other:1")
    first, second = said.splitlines()
    digest = first.rpartition(" ")[2]
    assert (code, first) == (0, f"Pushed ref docker.io/ann/other@{digest} with digest: {digest}")
    assert second.startswith("sha256:") and second != digest
    assert run("manifest", "push", "ann/other:1") == (1, "", "docker.io/ann/other:1 not found\n")
    assert run("pull", "-q", "ann/other:1")[0] == 0


def test_an_entry_can_be_annotated(run: Run) -> None:
    run("manifest", "create", "ann/app:1", "ann/app:amd64")
    words = ("--os", "linux", "--arch", "arm", "--variant", "v7", "--os-features", "a,b")
    assert run("manifest", "annotate", *words, "ann/app:1", "ann/app:amd64") == (0, "", "")
    entry = json.loads(run("manifest", "inspect", "ann/app:1")[1])["manifests"][0]
    assert entry["platform"] == {"architecture": "arm", "os": "linux", "os.features": ["a", "b"], "variant": "v7"}
    wrong = run("manifest", "annotate", "--arch", "toaster", "ann/app:1", "ann/app:amd64")
    assert wrong[2] == "manifest entry for image has unsupported os/arch combination: /toaster\n"
    missing = run("manifest", "annotate", "--arch", "arm", "ann/app:1", "ann/app:arm64")
    assert missing[2] == "manifest for image ann/app:arm64 does not exist in ann/app:1\n"


def test_a_list_is_not_changed_by_accident(run: Run) -> None:
    run("manifest", "create", "ann/app:1", "ann/app:amd64")
    again = ("manifest", "create", "ann/app:1", "ann/app:arm64")
    assert run(*again)[2] == "refusing to amend an existing manifest list with no --amend flag\n"
    assert run(*again, "--amend")[0] == 0
    assert len(json.loads(run("manifest", "inspect", "-v", "ann/app:1")[1])) == 2


def test_what_is_not_there_is_named(run: Run) -> None:
    assert run("manifest", "create", "ann/app:1", "ann/no:1") == (1, "", "no such manifest: ann/no:1\n")
    assert run("manifest", "create", "ann/app:1", "alpine")[2] == "docker.io/library/alpine:latest is a manifest list\n"
    assert run("manifest", "rm", "ann/x")[2] == "No such manifest: docker.io/ann/x:latest\n"
