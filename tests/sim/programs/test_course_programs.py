"""Programs and images that pages of courses call: yarn, clients from packages, old systems."""

from __future__ import annotations

import pytest

from containers import Host

PACKAGE = '{"name": "a", "version": "1.0.0", "scripts": {"dev": "echo hi"}, "dependencies": {"express": "^4.18.2"}}'


@pytest.fixture(scope="module")
def host() -> Host:
    return Host()


def test_yarn_installs_what_a_dockerfile_of_a_course_asks_for(host: Host):
    done = host.run("node:18-alpine", f"mkdir a; cd a; echo '{PACKAGE}' > package.json; yarn install --production; ls; "
                    "grep -A1 express@ yarn.lock; yarn dev; yarn nope")  # fmt: skip
    said = done.out
    assert "yarn install v1.22.22\ninfo No lockfile found.\n[1/4] Resolving packages..." in said
    assert "\nnode_modules\npackage.json\nyarn.lock\nexpress@^4.18.2:\n" in said
    assert "$ echo hi\nhi\nDone in " in said
    assert (done.status, done.err) == (1, 'error Command "nope" not found.\n')


def test_the_whale_says_what_it_is_told(host: Host):
    said = host.run("docker/whalesay:latest", "cowsay boo").out
    assert said.startswith(" _____\n< boo >\n -----\n    \\\n")


def test_clients_of_databases_come_from_packages(host: Host):
    said = host.run("alpine:3.20", "apk add -q --no-cache mysql-client postgresql-client; mysql --version; psql -V").out
    assert said == "mariadb from 11.4.9-MariaDB, client 15.2 for Linux (x86_64)\npsql (PostgreSQL) 18.1\n"


@pytest.mark.parametrize(
    ("image", "line"),
    [("ubuntu:20.04", "Ubuntu 20.04.6 LTS"), ("ubuntu:16.04", "Ubuntu 16.04.7 LTS"),
     ("centos:7", "CentOS Linux 7 (Core)"), ("debian:bullseye-slim", "Debian GNU/Linux 11 (bullseye)"),
     ("alpine:3.18", "Alpine Linux v3.18")],
)  # fmt: skip
def test_old_systems_say_which_they_are(host: Host, image: str, line: str):
    assert f'PRETTY_NAME="{line}"' in host.run(image, "cat /etc/os-release").out


def test_an_old_system_installs_old_versions(host: Host):
    done = host.run("ubuntu:18.04", "apt-get update -qq; apt-get install -y -qq git > /dev/null 2>&1; git --version")
    assert done.out == "git version 2.17.1\n"


def test_a_number_is_drawn_into_a_file(host: Host):
    assert host.run("ubuntu:latest", "shuf -i 5-5 -n 1 -o /data.txt; cat /data.txt").out == "5\n"


def test_tar_names_what_it_packs_as_it_was_asked_for(host: Host):
    said = host.run("ubuntu:latest", "mkdir /d; touch /d/f; tar cvf /x.tar /d")
    assert (said.out, said.err) == ("/d/\n/d/f\n", "tar: Removing leading `/' from member names\n")


def test_ps_on_a_terminal_of_no_size_has_eighty_columns(host: Host):
    host.run("alpine:latest", "true")
    id = host.call("POST", "/containers/create", {"Image": "alpine:latest", "Cmd": ["ps"], "Tty": True})["Id"]
    host.call("POST", f"/containers/{id}/start")
    host.call("POST", f"/containers/{id}/wait")
    logs = host._connection.request("GET", f"/v1.50/containers/{id}/logs", {"stdout": "1"}, {}, b"").read()
    assert b"PID   USER     TIME  COMMAND\r\n    1 root      0:00 ps" in logs


def test_flask_finds_templates_beside_the_program(host: Host):
    app = "from flask import Flask, render_template\napp = Flask(__name__)\nprint(render_template('p.html', who='ann'))"
    done = host.run("python:3.9-slim", "pip install -q flask 2> /dev/null; mkdir -p /a/templates; echo 'hi {{who}}' > "
                    f"/a/templates/p.html; cat > /a/app.py << 'E'\n{app}\nE\ncd /; python /a/app.py")  # fmt: skip
    assert done.out.endswith("hi ann\n\n"), done
