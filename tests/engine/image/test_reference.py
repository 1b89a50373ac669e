"""Image names: what people type, what Docker makes of it, what it refuses."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import InvalidParameter
from engine.image.digest import Digest
from engine.image.reference import Reference, parse_any

HEX = "f" * 64
DIGEST = f"sha256:{HEX}"


@pytest.mark.parametrize(
    ("text", "full", "familiar"),
    [
        ("httpd", "docker.io/library/httpd:latest", "httpd:latest"),
        ("httpd:2.4", "docker.io/library/httpd:2.4", "httpd:2.4"),
        ("bitnami/redis", "docker.io/bitnami/redis:latest", "bitnami/redis:latest"),
        ("docker.io/httpd", "docker.io/library/httpd:latest", "httpd:latest"),
        ("index.docker.io/library/httpd", "docker.io/library/httpd:latest", "httpd:latest"),
        ("library/foo/bar", "docker.io/library/foo/bar:latest", "library/foo/bar:latest"),
        ("localhost/app", "localhost/app:latest", "localhost/app:latest"),
        ("localhost:5000/app:v1", "localhost:5000/app:v1", "localhost:5000/app:v1"),
        ("registry.lab.test:5000/team/app:v1", "registry.lab.test:5000/team/app:v1", None),
        ("192.168.0.1:80", "docker.io/library/192.168.0.1:80", "192.168.0.1:80"),
        ("[::1]:5000/debian", "[::1]:5000/debian:latest", None),
        ("Foo/bar", "Foo/bar:latest", "Foo/bar:latest"),
        ("test_com/foo", "docker.io/test_com/foo:latest", "test_com/foo:latest"),
        ("0.0_0/0", "0.0_0/0:latest", "0.0_0/0:latest"),
        ("docker---rules/dock__er", "docker.io/docker---rules/dock__er:latest", None),
        (f"busybox@{DIGEST}", f"docker.io/library/busybox@{DIGEST}", f"busybox@{DIGEST}"),
        (f"busybox:1@{DIGEST}", f"docker.io/library/busybox:1@{DIGEST}", f"busybox:1@{DIGEST}"),
        (f"docker.io/{HEX}", f"docker.io/library/{HEX}:latest", None),
        ("a/" * 127 + "a", "docker.io/" + "a/" * 127 + "a:latest", None),
    ],
)
def test_names_are_normalised_as_docker_does(text: str, full: str, familiar: str | None) -> None:
    reference = Reference.parse(text).with_default_tag()
    assert str(reference) == full
    assert familiar is None or reference.familiar == familiar


INVALID = "invalid reference format"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", INVALID),
        (":tag", INVALID),
        ("x:", INVALID),
        ("x:-tag", INVALID),
        ("x:" + "t" * 129, INVALID),
        ("-docker", INVALID),
        ("docker-/docker", INVALID),
        ("docker///docker", INVALID),
        ("dock..er/docker", INVALID),
        ("____/____", INVALID),
        ("docker/", INVALID),
        ("a b", INVALID),
        ("x\n", INVALID),
        ("https://github.com/docker/docker", INVALID),
        ("[fe80::1%eth0]:5000/debian", INVALID),
        ("fc00::1:5000/debian", INVALID),
        (f"@{DIGEST}", INVALID),
        ("x@sha256:12", INVALID),
        ("Busybox", f"{INVALID}: repository name (library/Busybox) must be lowercase"),
        ("docker/Docker", f"{INVALID}: repository name (docker/Docker) must be lowercase"),
        ("a.test/B:1", f"{INVALID}: repository name (B) must be lowercase"),
        (HEX, f"invalid repository name ({HEX}), cannot specify 64-byte hexadecimal strings"),
        ("a/" * 128 + "a", "repository name must not be more than 255 characters"),
        (f"x@sha256:{'f' * 34}", "invalid checksum digest length"),
        (f"x@sha256:{'F' * 64}", "invalid checksum digest format"),
        (f"x@nosuch:{HEX}", "unsupported digest algorithm"),
    ],
)
def test_malformed_names_are_refused_in_dockers_words(text: str, message: str) -> None:
    with pytest.raises(InvalidParameter) as caught:
        Reference.parse(text)
    assert caught.value.message == message


def test_an_id_is_not_a_name() -> None:
    assert parse_any(HEX) == parse_any(DIGEST) == Digest(DIGEST)
    assert isinstance(parse_any(HEX[:63]), Reference)


parts = st.from_regex(r"[a-z0-9]{1,8}((\.|_|__|-{1,3})[a-z0-9]{1,5}){0,2}", fullmatch=True)
domains = st.sampled_from(["", "localhost/", "localhost:5000/", "hub.test/", "10.0.0.1:80/", "[::1]/", "Team/"])
tags = st.one_of(st.just(""), st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,20}", fullmatch=True))
digests = st.sampled_from(["", DIGEST, "sha512:" + "0" * 128])


@st.composite
def names(draw: st.DrawFn) -> str:
    path = "/".join(draw(st.lists(parts, min_size=1, max_size=3)))
    tag, digest = draw(tags), draw(digests)
    return draw(domains) + path + (f":{tag}" if tag else "") + (f"@{digest}" if digest else "")


@given(names())
def test_a_parsed_name_parses_to_itself(name: str) -> None:
    reference = Reference.parse(name)
    assert Reference.parse(str(reference)) == reference
    assert Reference.parse(reference.familiar) == reference


@given(st.text(alphabet=string.ascii_letters + string.digits + "./:@_-[]% \n\0é", max_size=40))
def test_any_text_is_a_name_or_is_refused_without_harm(text: str) -> None:
    try:
        reference = Reference.parse(text)
    except InvalidParameter:
        return
    assert Reference.parse(str(reference)) == reference


def test_hostile_names_are_refused_quickly() -> None:
    for text in ("a" * 100_000 + "!", "a-" * 50_000, "a." * 50_000 + "/", "x:" + "t" * 100_000, "[" + ":" * 100_000):
        with pytest.raises(InvalidParameter):
            Reference.parse(text)
