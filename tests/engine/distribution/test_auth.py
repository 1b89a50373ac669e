"""Challenges, tokens and credentials, as they come over the wire."""

from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.distribution.auth import NOBODY, Credentials, parse_challenges


def test_a_bearer_challenge_is_read_whole() -> None:
    header = (
        'Bearer realm="https://auth.docker.io/token",service="registry.docker.io",'
        'scope="repository:library/nosuch:pull",error="insufficient_scope"'
    )
    [challenge] = parse_challenges(header)
    assert challenge.scheme == "bearer"
    assert challenge.parameters == {
        "realm": "https://auth.docker.io/token",
        "service": "registry.docker.io",
        "scope": "repository:library/nosuch:pull",
        "error": "insufficient_scope",
    }


@pytest.mark.parametrize(
    ("header", "found"),
    [
        ("", []),
        ('Basic realm="a \\"quoted\\" realm"', [("basic", {"realm": 'a "quoted" realm'})]),
        ("Bearer realm=plain , service = x", [("bearer", {"realm": "plain", "service": "x"})]),
        ("Negotiate", [("negotiate", {})]),
        ('Bearer realm="unfinished', [("bearer", {"realm": '"unfinished'})]),
    ],
)
def test_odd_challenges_do_no_harm(header: str, found: list[tuple[str, dict[str, str]]]) -> None:
    assert [(challenge.scheme, challenge.parameters) for challenge in parse_challenges(header)] == found


@given(st.text(max_size=60))
def test_any_header_is_read_or_left(header: str) -> None:
    parse_challenges(header)


names = st.text(alphabet=st.characters(codec="utf-8", exclude_characters=":"), min_size=1, max_size=10)


@given(names, st.text(alphabet=st.characters(codec="utf-8"), max_size=10), st.booleans())
def test_credentials_survive_the_header(user: str, password: str, padded: bool) -> None:
    header = base64.urlsafe_b64encode(json.dumps({"username": user, "password": password}).encode()).decode()
    assert Credentials.from_header(header if padded else header.rstrip("=")) == Credentials(user, password)


def test_an_auth_field_counts_as_name_and_password() -> None:
    pair = base64.b64encode(b"alice:p:w").decode()
    assert Credentials.from_json({"auth": pair}) == Credentials("alice", "p:w")


@pytest.mark.parametrize("document", ["[]", "7", '{"username": 7}', '{"auth": "é"}', '{"auth": "_w=="}'])
def test_what_is_no_auth_configuration_is_refused(document: str) -> None:
    with pytest.raises(ValueError):
        Credentials.from_json(json.loads(document))


def test_no_header_is_nobody_and_secrets_are_not_shown() -> None:
    assert Credentials.from_header("") is NOBODY
    assert "hunter2" not in repr(Credentials("alice", "hunter2", identity_token="hunter2"))
