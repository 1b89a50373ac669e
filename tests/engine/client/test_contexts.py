"""docker context, word for word as docker 28.2.2 answers; the files are those that it reads."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from engine.client.command import main
from engine.client.contexts import Contexts

FAR = ["context", "create", "far", "--docker", "host=tcp://10.0.0.1:2375", "--description", "a far one"]


@pytest.fixture(autouse=True)
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    for name in ("DOCKER_HOST", "DOCKER_CONTEXT"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@pytest.fixture
def docker(capsys: pytest.CaptureFixture[str]):
    def run(*words: str) -> tuple[int, str, str]:
        code = main(words)
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


def test_a_context_is_made_used_shown_and_removed(docker):
    assert docker(*FAR) == (0, "far\n", 'Successfully created context "far"\n')
    assert docker("context", "use", "far") == (0, "far\n", 'Current context is now "far"\n')
    assert docker("context", "show")[1] == "far\n"
    rows = docker("context", "ls")[1].splitlines()
    assert rows[-1].split("  ")[0] == "far *"
    assert rows[-1].split()[2:] == ["a", "far", "one", "tcp://10.0.0.1:2375"]
    assert docker("context", "rm", "far") == (1, "", 'context "far" is in use, set -f flag to force remove\n')
    assert docker("context", "rm", "-f", "far")[:2] == (0, "far\n")
    assert docker("context", "show")[1] == "default\n"
    assert docker("context", "ls", "-q")[1].split() == ["default", "sim", "real"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["create", "b@d"], 'context name "b@d" is invalid, names are validated against regexp '
         '"^[a-zA-Z0-9][a-zA-Z0-9_.+-]+$"'),
        (["create", "default"], '"default" is a reserved context name'),
        (["create", "x", "--docker", "a=1"], "unable to create docker endpoint config: unrecognized config key: a"),
        (["rm", "nope"], 'context "nope" does not exist'),
        (["rm", "default"], 'context "default" cannot be removed'),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_in_dockers_words(docker, words: list[str], said: str):
    assert docker("context", *words) == (1, "", f"{said}\n")


def test_a_context_that_is_not_there(docker, config: Path):
    place = Contexts(config).place("meta", "nope") / "meta.json"
    missing = f'context "nope": context not found: open {place}: no such file or directory\n'
    assert docker("context", "use", "nope") == (1, "", missing)
    assert docker("--context", "nope", "ps") == (
        1, "", f"Failed to initialize: unable to resolve docker endpoint: {missing}",
    )  # fmt: skip


def test_one_that_is_there_already_and_a_copy(docker):
    docker(*FAR)
    assert docker("context", "create", "far")[2] == 'context "far" already exists\n'
    assert docker("context", "create", "copy", "--docker", "from=far")[0] == 0
    assert (
        json.loads(docker("context", "inspect", "copy")[1])[0]["Endpoints"]["docker"]["Host"] == "tcp://10.0.0.1:2375"
    )


def test_logins_stay_when_another_context_is_used(docker, config: Path):
    (config / "config.json").write_text('{"auths": {"x": {}}}')
    docker(*FAR)
    docker("context", "use", "far")
    assert json.loads((config / "config.json").read_text()) == {"auths": {"x": {}}, "currentContext": "far"}
    docker("context", "use", "default")
    assert json.loads((config / "config.json").read_text()) == {"auths": {"x": {}}}


@pytest.mark.skipif(shutil.which("docker") is None, reason="needs the real docker command")
def test_the_real_docker_finds_our_contexts_and_we_find_its(docker, config: Path):
    docker(*FAR)
    docker("context", "use", "far")

    def real(*words: str) -> str:
        done = subprocess.run(
            ["docker", *words], capture_output=True, text=True, check=False, timeout=60,
            env={"PATH": "/usr/local/bin:/usr/bin:/bin", "DOCKER_CONFIG": str(config), "HOME": str(config)},
        )  # fmt: skip
        return done.stdout

    assert real("context", "show") == "far\n"
    assert json.loads(real("context", "inspect", "far")) == json.loads(docker("context", "inspect", "far")[1])
    assert real("context", "create", "theirs", "--docker", "host=tcp://10.0.0.2:2375") == "theirs\n"
    assert "theirs" in docker("context", "ls", "-q")[1].split()
