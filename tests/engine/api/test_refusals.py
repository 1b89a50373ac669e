"""Odd requests that Docker refuses plainly, and that leave everything as it was."""

import pytest

from engine.api.inprocess import Connection
from engine.client.connection import Api, ApiError
from sim.make import make_engine


@pytest.fixture
def api() -> Api:
    return Api(Connection(make_engine(seed=5)))


def refused(api: Api, method: str, path: str, body: object = None) -> tuple[int, str]:
    with pytest.raises(ApiError) as raised:
        api.json(method, path, None, body)
    return raised.value.status, str(raised.value)


def test_a_volumes_name_that_no_disk_takes(api):
    status, words = refused(api, "POST", "/volumes/create", {"Name": "v" * 5000})
    assert status == 500 and "error while creating volume root path" in words and "file name too long" in words
    assert api.get("/volumes")["Volumes"] == []


def test_a_volumes_name_of_one_letter(api):
    status, words = refused(api, "POST", "/volumes/create", {"Name": "v"})
    assert (status, words) == (
        400,
        "create v: volume name is too short, names should be at least two alphanumeric characters",
    )


def test_a_login_to_what_is_no_address(api):
    status, words = refused(api, "POST", "/auth", {"username": "ada", "password": "x", "serveraddress": "["})
    assert status == 400 and "unable to parse server address" in words


def test_a_volume_is_updated_in_a_swarm_only(api):
    status, words = refused(api, "PUT", "/volumes/data", {})
    assert status == 503 and "cluster volumes" in words


def test_a_session_of_buildkit_is_not_to_be_had(api):
    assert refused(api, "POST", "/session") == (400, "no upgrade proto in request")
