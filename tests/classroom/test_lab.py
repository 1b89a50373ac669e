"""A learner has one Docker under glass: types commands, sees what they did, and reaches it from Python as well."""

import pytest

from classroom import Lab


@pytest.fixture
def lab() -> Lab:
    return Lab("sim", seed=7)


def test_a_command_gives_its_output_its_exit_code_and_its_steps(lab):
    ran = lab.docker("run --rm alpine sh -c 'echo hello; exit 3'")
    assert (ran.out, ran.exit) == ("hello\n", 3)
    assert "Unable to find image 'alpine:latest' locally" in ran.err
    assert {"client", "api", "daemon", "cache", "hub", "host"} == {span["where"] for span in ran.spans}


def test_looking_is_no_part_of_the_next_commands_steps(lab):
    lab.docker("run -d --name web alpine sleep 100")
    lab.view.lifecycle("web")
    lab.inspect("web")
    ran = lab.docker("ps -q")
    assert [span["name"] for span in ran.spans if span["where"] == "api"] == ["GET /containers/json"]


def test_the_same_seed_gives_the_same_session():
    ran = [Lab("sim", seed=3).docker("run -d redis").out for _ in range(2)]
    assert ran[0] == ran[1]


def test_sleep_in_a_line_is_the_hosts_time(lab):
    lab.docker("run -d --name nap alpine sleep 30")
    lab.run("sleep 29")
    assert lab.inspect("nap")["State"]["Running"]
    lab.run("sleep 2")
    assert lab.inspect("nap")["State"]["Status"] == "exited"


def test_docker_py_reaches_the_same_engine(lab):
    lab.docker("run -d --name web alpine sleep 100")
    assert [container.name for container in lab.client.containers.list()] == ["web"]
    lab.client.containers.run("alpine", "true", name="other")
    assert {row["Names"][0] for row in lab.containers} == {"/web", "/other"}
    assert [row["RepoTags"] for row in lab.images] == [["alpine:latest"]]


def test_the_session_can_be_looked_back_on(lab):
    lab.docker("run -d --name web alpine sleep 100")
    lab.docker("pause web")
    lab.docker("rm -f web")
    assert [dict(moment.states) for moment in lab.moments] == [{"web": "running"}, {"web": "paused"}, {}]


def test_commands_can_be_taken_back(lab):
    lab.docker("run -d --name web alpine sleep 100")
    before = lab.inspect("web")
    lab.docker("rm -f web")
    lab.docker("volume create data")
    lab.undo(2)
    assert lab.inspect("web") == before
    assert [container.name for container in lab.client.containers.list()] == ["web"]
    assert len(lab.moments) == 1
    lab.docker("kill web")
    assert lab.inspect("web")["State"]["ExitCode"] == 137
    with pytest.raises(ValueError, match="there are 2 commands"):
        lab.undo(3)


def test_a_command_that_would_wait_for_ever_is_ended(lab):
    lab.docker("run -d -i --name patient alpine cat")
    ran = lab.docker("wait patient")
    assert ran.exit == 130
    assert "nobody can type" in ran.err


@pytest.mark.parametrize(("profile", "kernel"), [("linux", "glassdock"), ("wsl2", "WSL2"), ("macos", "linuxkit")])
def test_a_lab_may_stand_on_another_kind_of_machine_and_stays_there_when_commands_are_taken_back(profile, kernel):
    lab = Lab(seed=7, profile=profile)
    lab.docker("volume create data")
    lab.undo()
    assert lab.docker("run --rm alpine uname -r").out.strip().endswith(kernel)


def test_what_prints_for_ever_ends_when_its_pipe_has_had_enough(lab):
    lab.docker("run -d --name steady alpine sleep 100000")
    ran = lab.run("docker stats --format '{{.Name}}' steady | head -2")
    lab.docker("rm -f steady")
    assert ran.out.split() == ["steady", "steady"]
