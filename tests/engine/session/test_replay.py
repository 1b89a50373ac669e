"""A session can be saved and lived through again: the same requests give the same engine, up to any step."""

import json
import os
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classroom.lab import Lab
from engine.api.inprocess import Connection
from engine.client.command import main
from engine.client.connection import Api
from engine.client.console import BufferConsole
from engine.daemon.engine import Engine
from engine.session.recorder import Recorder, TooLong
from engine.session.replay import Replay, replay
from engine.session.steps import BadRecord, Record, Step
from sim.make import make_engine, remake

STORY = (
    "docker run -d --name web -p 8080:80 httpd",
    "docker run --rm alpine sh -c 'echo hello; sleep 3; exit 4'",
    "docker exec web sh -c 'echo changed > /usr/local/apache2/htdocs/index.html'",
    "docker volume create data",
    "docker run -d --name db -v data:/data redis; docker stop db; docker start db",
    "docker run --name random alpine cat /proc/sys/kernel/random/uuid",
    "docker pause web; sleep 60; docker unpause web; docker tag alpine mine:1; docker rmi mine:1",
    "docker kill db; docker rename web shop",
    "echo words | docker run -i --name cat alpine cat",
)


def told(engine: Engine) -> str:
    """Everything that the API says of an engine's objects."""
    api = Api(Connection(engine))
    found = {"time": engine.loop.time}
    for row in api.get("/containers/json", {"all": "1"}):
        found[row["Id"]] = [row, api.get(f"/containers/{row['Id']}/json"), api.get(f"/containers/{row['Id']}/changes")]
        found[row["Id"]].append(api.call("GET", f"/containers/{row['Id']}/logs", {"stdout": "1"}).read().hex())
    for what in ("/images/json", "/volumes", "/networks", "/info"):
        found[what] = api.get(what)
    found["events"] = list(api.lines("GET", "/events", {"since": "0", "until": str(engine.loop.time // 10**9 + 1)}))
    return json.dumps(found, sort_keys=True)


def recorded(*lines: str, seed: int | None = 7) -> tuple[Engine, Record]:
    lab = Lab("sim", seed=seed)
    for line in lines:
        lab.run(line)
    engine = lab.connection.engine
    return engine, engine.session.record()


@pytest.mark.parametrize("seed", [7, None])
def test_a_replayed_session_is_the_same_engine(seed):
    engine, record = recorded(*STORY, seed=seed)
    again = replay(Record.from_json(record.to_json()), remake)
    assert [(step.at, step.line) for step in again.session.record().requests] == [
        (step.at, step.line) for step in record.requests
    ]
    assert told(again) == told(engine)


def test_the_same_in_another_process():
    """Nothing depends on the order in which Python's sets or addresses come out."""
    engine, record = recorded(*STORY)
    program = (
        "import sys; sys.path[:0] = ['tests/engine/session', '.']\n"
        "import test_replay as t; from engine.session.steps import Record\n"
        "print(t.told(t.replay(Record.from_json(sys.stdin.read()), t.remake)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], input=record.to_json(), capture_output=True, text=True, check=False,
        env=os.environ | {"PYTHONHASHSEED": "12345"},
    )  # fmt: skip
    assert done.stdout.strip() == told(engine), done.stderr


def test_undo_is_a_replay_to_the_step_before():
    engine, record = recorded("docker run -d --name web httpd", seed=7)
    before = told(engine)
    lab_engine, longer = recorded("docker run -d --name web httpd", "docker rm -f web", seed=7)
    assert told(lab_engine) != before
    assert told(replay(longer.cut(len(record.requests)), remake)) == before


def test_a_replayed_engine_goes_on_and_can_be_saved_again():
    engine, record = recorded("docker run -d --name web httpd")
    again = replay(record, remake)
    for one in (engine, again):
        main(["run", "-d", "--name", "more", "alpine", "sleep", "9"], Connection(one), BufferConsole())
    assert again.session.record() == engine.session.record()
    assert told(again) == told(engine)


def test_each_step_can_be_looked_at():
    _, record = recorded("docker run -d --name web httpd", "docker stop web")
    travel = Replay(remake(record), record)
    seen = [(step.line, [str(each.state) for each in travel.engine.containers]) for step in travel]
    assert seen[0] == ("POST /v1.50/containers/create", [])
    assert seen[-1][0].endswith("/stop")
    assert [str(each.state) for each in travel.engine.containers] == ["exited"]


def test_a_client_that_leaves_a_pull_leaves_it_in_the_replay_too():
    engine = make_engine(seed=5, record=True)
    answer = Connection(engine).request("POST", "/images/create", {"fromImage": "httpd", "tag": "latest"})
    next(answer.chunks())
    answer.close()
    record = engine.session.record()
    assert [step.kind for step in record.steps] == ["request", "leave"]
    assert told(replay(record, remake)) == told(engine)


def test_what_only_looks_is_not_recorded():
    _, record = recorded("docker ps -a", "docker images", "docker version")
    assert record.steps == ()


def test_a_session_that_is_too_long_cannot_be_saved_but_goes_on():
    engine = make_engine(seed=5)
    engine.session = Recorder(engine.loop, 5, limit=100_000)
    for n in range(3):
        Api(Connection(engine)).post("/volumes/create", {}, {"Name": f"v{n}", "Labels": {"x": "y" * 50_000}})
    with pytest.raises(TooLong):
        engine.session.record()
    assert len(Api(Connection(engine)).get("/volumes")["Volumes"]) == 3


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", "null", '{"glassdock-session": 9}', '{"glassdock-session": 1, "steps": [{}]}']
)
def test_a_file_that_is_no_session_is_refused(text):
    with pytest.raises(BadRecord):
        Record.from_json(text)


steps = st.builds(
    Step, st.sampled_from(["request", "input", "end", "leave"]), st.integers(1, 9), st.integers(0, 2**62),
    st.integers(0, 99), body=st.binary(max_size=20),
)  # fmt: skip


@settings(max_examples=50)
@given(st.lists(steps, max_size=5), st.integers(0, 2**53))
def test_a_record_survives_its_file(steps, seed):
    record = Record(seed, 1, 2, 3, "linux", tuple(steps))
    assert Record.from_json(record.to_json()) == record
