"""Package managers in builds: what every course's Dockerfiles do, and the layers that come of it."""

from __future__ import annotations

import io
import tarfile
from typing import Any

import pytest

from containers import Host


@pytest.fixture(scope="module")
def host() -> Host:
    host = Host()
    for name, tag in (("debian", "trixie-slim"), ("alpine", "latest"), ("python", "slim"), ("node", "slim")):
        host.call("POST", "/images/create", fromImage=name, tag=tag)
    return host


FLASK = """\
FROM python:slim
WORKDIR /app
COPY requirements.txt .
RUN pip install --no-cache-dir -r requirements.txt
COPY app.py .
CMD ["python", "app.py"]
"""
EXPRESS = """\
FROM node:slim AS build
WORKDIR /app
COPY package.json .
RUN npm install
FROM alpine
COPY --from=build /app /app
"""
TWO_STEPS = """\
FROM debian:trixie-slim
RUN apt-get update && apt-get install -y tree
RUN rm -rf /var/lib/apt/lists/*
"""
ONE_STEP = """\
FROM debian:trixie-slim
RUN apt-get update && apt-get install -y tree && rm -rf /var/lib/apt/lists/*
"""


def build(host: Host, dockerfile: str, **files: str) -> tuple[str, list[dict[str, Any]]]:
    """What the builder said, and the lines of the history, last step first."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        for name, text in {"Dockerfile": dockerfile, **files}.items():
            info = tarfile.TarInfo(name)
            info.size = len(text)
            archive.addfile(info, io.BytesIO(text.encode()))
    said = host.send("/build", stream.getvalue(), t="built")
    history = host.call("GET", "/images/built/history") if "Successfully built" in said else []
    return said, history


def test_lists_that_are_removed_in_a_later_step_stay_in_the_image(host: Host) -> None:
    _, apart = build(host, TWO_STEPS)
    _, together = build(host, ONE_STEP)
    assert apart[0]["Size"] == 0 and apart[1]["Size"] > 19_000_000
    assert together[0]["Size"] < 1_000_000


def test_tools_that_only_the_build_needs_go_with_their_layer(host: Host) -> None:
    _, history = build(host, "FROM alpine\nRUN apk add --no-cache --virtual .build gcc musl-dev && apk del .build\n")
    assert history[0]["Size"] < 200_000
    _, history = build(host, "FROM alpine\nRUN apk add --no-cache gcc musl-dev\nRUN apk del gcc musl-dev\n")
    assert history[0]["Size"] < 200_000 and history[1]["Size"] > 100_000_000


def test_requirements_before_the_code_keep_the_cache_warm(host: Host) -> None:
    files = {"requirements.txt": "flask==3.1.3\n", "app.py": "print(1)\n"}
    first, history = build(host, FLASK, **files)
    assert "Successfully installed " in first and history[2]["Size"] > 2_000_000
    again, _ = build(host, FLASK, **{**files, "app.py": "print(2)\n"})
    assert "Successfully installed " not in again and again.count("Using cache") == 3
    changed, _ = build(host, FLASK, **{**files, "requirements.txt": "flask==3.0.3\n"})
    assert "flask-3.0.3" in changed


def test_node_modules_are_built_in_one_stage_and_copied_into_another(host: Host) -> None:
    package = '{"name": "app", "version": "1.0.0", "dependencies": {"express": "^4"}}'
    _, history = build(host, EXPRESS, **{"package.json": package})
    assert 1_500_000 < history[0]["Size"] < 4_000_000


@pytest.mark.parametrize(
    ("step", "status"),
    [
        ("apk add --no-cache nosuch", 1),
        ("pip install nosuch", 127),
        ("apt-get install -y curl", 127),
    ],
)
def test_a_step_that_fails_ends_the_build_with_the_tools_own_status(host: Host, step: str, status: int) -> None:
    said, _ = build(host, f"FROM alpine\nRUN {step}\n")
    assert f"The command '/bin/sh -c {step}' returned a non-zero code: {status}" in said


def test_nginx_of_a_students_image_serves_its_page(host: Host) -> None:
    build(host, "FROM debian:trixie-slim\nRUN apt-get update && apt-get install -y nginx curl\n"
                "COPY index.html /var/www/html/\n", **{"index.html": "<h1>mine</h1>\n"})  # fmt: skip
    assert host.run("built:latest", "nginx; sleep 1; curl -s localhost").out == "<h1>mine</h1>\n"
