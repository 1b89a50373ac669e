"""apt, apk, pip, npm: what a student types in a container, and what that leaves in it."""

from __future__ import annotations

import pytest

from containers import Host

DEBIAN, ALPINE, PYTHON, NODE = "debian:trixie-slim", "alpine:latest", "python:slim", "node:slim"
TREE = """
apt-get update -qq
apt-get install -qq -y tree >/dev/null 2>&1
dpkg -s tree; dpkg -L tree; dpkg -S /usr/bin/tree
apt-get remove -qq -y tree >/dev/null
dpkg -s tree
"""
EXPRESS_AND_NODEMON = """
mkdir /app; cd /app
npm init -y >/dev/null
npm install -s express@4 nodemon
cat node_modules/debug/package.json node_modules/*/node_modules/debug/package.json
"""


@pytest.fixture(scope="module")
def host() -> Host:
    return Host()


# -- apt


def test_an_image_without_lists_must_be_updated_first(host: Host) -> None:
    done = host.run(DEBIAN, "apt-get install -y curl")
    assert done.status == 100 and done.err == "E: Unable to locate package curl\n"


def test_apt_get_installs_a_program_with_all_that_it_needs(host: Host) -> None:
    done = host.run(DEBIAN, "apt-get update -qq && apt-get install -y --no-install-recommends curl && curl --version")
    assert done.status == 0
    new = done.out.split("NEW packages will be installed:\n")[1].split("\n0 upgraded")[0].split()
    assert f"\n0 upgraded, {len(new)} newly installed, 0 to remove and 0 not upgraded.\n" in done.out
    assert "Recommended packages:\n  ca-certificates" in done.out
    lines = done.out.splitlines()
    assert lines.index("Setting up libcurl4t64:amd64 (8.14.1-2+deb13u2) ...") < lines.index(
        "Setting up curl (8.14.1-2+deb13u2) ..."
    )
    assert lines[-2].startswith("curl 8.") or lines[-1].startswith(("curl 8.", "Protocols"))
    assert {"Kind": 1, "Path": "/usr/bin/curl"} in host.changes


def test_the_database_of_dpkg_is_true(host: Host) -> None:
    done = host.run(DEBIAN, TREE)
    assert "Status: install ok installed" in done.out and "\n/usr/bin/tree\n" in done.out
    assert "tree: /usr/bin/tree\n" in done.out
    assert "package 'tree' is not installed and no information is available" in done.err
    assert done.status == 1


def test_what_nobody_needs_any_more_can_be_removed(host: Host) -> None:
    done = host.run(DEBIAN, "apt-get update -qq; apt-get install -qq -y curl >/dev/null 2>&1; apt-get purge -y curl;"
                            "apt-get autoremove -y; dpkg -l")  # fmt: skip
    assert "Use 'apt autoremove' to remove them." in done.out
    assert "ii  libc6:amd64 " in done.out and "libcurl4t64:amd64  " not in done.out


def test_the_size_that_is_announced_is_the_size_that_comes(host: Host) -> None:
    done = host.run(DEBIAN, "apt-get update -qq; apt-get install -y --no-install-recommends vim-tiny")
    need = done.out.split("\nNeed to get ")[1].split(" of")[0]
    assert f"Fetched {need} in" in done.out


@pytest.mark.parametrize(
    ("command", "message", "status"),
    [
        ("apt-get install -y nosuch", "E: Unable to locate package nosuch\n", 100),
        ("apt-get install -y curl=1.0", "E: Version '1.0' for 'curl' was not found\n", 100),
        ("apt-get frobnicate", "E: Invalid operation frobnicate\n", 100),
        ("apt-get remove -y nosuch", "E: Unable to locate package nosuch\n", 100),
        ("apt-get update nonsense", "E: The update command takes no arguments\n", 100),
        ("apt-get --nonsense install", "E: Command line option --nonsense is not understood in combination with", 100),
    ],
)
def test_apt_get_says_what_is_wrong(host: Host, command: str, message: str, status: int) -> None:
    done = host.run(DEBIAN, f"apt-get update -qq; {command}")
    assert message in done.err and done.status == status


def test_without_y_nothing_is_done_when_nobody_answers(host: Host) -> None:
    done = host.run(DEBIAN, "apt-get update -qq; apt-get install curl </dev/null; echo $?; which curl")
    assert done.out.endswith("Do you want to continue? [Y/n] Abort.\n1\n")


def test_who_is_not_root_is_told_so(host: Host) -> None:
    done = host.run(DEBIAN, "apt-get install -y curl", User="1000")
    assert "are you root?" in done.err and done.status == 100


def test_without_a_network_each_fails_in_its_own_words(host: Host) -> None:
    done = host.run(DEBIAN, "apt-get update", NetworkMode="none")
    assert done.status == 0 and "Temporary failure resolving 'deb.debian.org'" in done.err
    done = host.run(ALPINE, "apk add --no-cache curl", NetworkMode="none")
    assert done.status == 1 and "WARNING: fetching https://dl-cdn.alpinelinux.org/alpine/v3.24/main" in done.err
    done = host.run(PYTHON, "pip install flask", NetworkMode="none")
    assert done.status == 1 and "Failed to resolve 'pypi.org'" in done.err
    assert done.err.endswith("ERROR: No matching distribution found for flask\n")
    done = host.run(NODE, "npm install express", NetworkMode="none")
    assert done.status == 1 and "npm error code EAI_AGAIN\n" in done.err


def test_apt_shows_columns_where_apt_get_shows_lists(host: Host) -> None:
    done = host.run(DEBIAN, "apt-get update -qq; apt install -y redis-server; nginx -v; redis-server --version")
    assert "\nInstalling:\n  redis-server\n\nInstalling dependencies:\n  adduser" in done.out
    assert "\nSummary:\n  Upgrading: 0, Installing: " in done.out and "\n  Download size: " in done.out
    assert done.out.splitlines()[-1].startswith("Redis server v=8.0.2 ")
    older = host.run("debian:bookworm-slim", "apt-get update -qq; apt install -y tree")
    assert "The following NEW packages will be installed:\n  tree\n" in older.out


def test_apt_warns_that_it_is_for_people(host: Host) -> None:
    assert "WARNING: apt does not have a stable CLI interface." in host.run(DEBIAN, "apt update").err


@pytest.mark.parametrize("image", ["debian:trixie-slim", "ubuntu:22.04", "ubuntu:24.04"])
def test_nginx_of_the_distribution_serves_its_page(host: Host, image: str) -> None:
    done = host.run(image, "apt-get update -qq; apt-get install -qq -y nginx curl >/dev/null 2>&1; nginx; sleep 1;"
                           "curl -s localhost")  # fmt: skip
    assert "<h1>Welcome to nginx!</h1>" in done.out


def test_a_program_that_is_not_simulated_tells_its_version_and_no_more(host: Host) -> None:
    done = host.run(ALPINE, "apk add -q --no-cache git; git --version; git clone https://example.com/x")
    assert done.out == "git version 2.52.0\n" and "cannot run it" in done.err and done.status == 1


# -- apk


def test_apk_adds_and_deletes(host: Host) -> None:
    done = host.run(ALPINE, "apk add --no-cache curl && curl --version >/dev/null && apk del curl && apk info")
    lines = done.out.splitlines()
    assert "( 1/10) Installing brotli-libs (1.2.0-r0)" in lines and "(10/10) Installing curl (8.18.0-r1)" in lines
    assert "OK: 13.1 MiB in 26 packages" in lines and "OK: 8.2 MiB in 16 packages" in lines
    assert "(10/10) Purging brotli-libs (1.2.0-r0)" in lines or any("Purging brotli-libs" in line for line in lines)
    assert "curl" not in lines[-16:]


def test_the_older_apk_counts_as_it_did(host: Host) -> None:
    done = host.run("alpine:3.22", "apk add --no-cache tree")
    assert "(1/1) Installing tree (2.2.1-r0)\n" in done.out and "\nOK: 8 MiB in 16 packages\n" in done.out


def test_virtual_packages_are_removed_together(host: Host) -> None:
    done = host.run(
        ALPINE, "apk add -q --no-cache --virtual .deps tree xxd; which tree; apk del -q .deps; which tree xxd"
    )
    assert done.out.count("/usr/bin/tree") >= 1 and ".deps" not in host.run(ALPINE, "cat /etc/apk/world").out


def test_apk_names_each_package_that_there_is_not(host: Host) -> None:
    done = host.run(ALPINE, "apk add --no-cache nosuch1 nosuch2")
    assert done.status == 2
    assert done.err == ("ERROR: unable to select packages:\n"
                        "  nosuch1 (no such package):\n    required by: world[nosuch1]\n"
                        "  nosuch2 (no such package):\n    required by: world[nosuch2]\n")  # fmt: skip


def test_without_an_index_apk_finds_nothing(host: Host) -> None:
    done = host.run(ALPINE, "apk add curl")
    assert done.status == 1 and "curl (no such package):" in done.err


def test_apk_leaves_no_index_with_no_cache(host: Host) -> None:
    assert host.run(ALPINE, "apk add -q --no-cache tree; ls /var/cache/apk | wc -l").out == "0\n"
    assert host.run(ALPINE, "apk update -q; ls /var/cache/apk | wc -l").out == "2\n"


# -- pip


def test_pip_installs_what_a_file_asks_for(host: Host) -> None:
    done = host.run(PYTHON, "printf 'flask==3.0.3\\nredis\\n' > r.txt; pip install -r r.txt; pip freeze")
    assert done.status == 0
    assert "Collecting flask==3.0.3 (from -r r.txt (line 1))\n" in done.out
    assert "\nSuccessfully installed blinker-1.9.0 click-8.5.1 flask-3.0.3 " in done.out
    assert "flask==3.0.3\n" in done.out and "redis==8.1.0\n" in done.out
    assert done.err.startswith("WARNING: Running pip as the 'root' user")


def test_pip_keeps_what_it_fetched_unless_it_is_told_not_to(host: Host) -> None:
    kept = host.run(PYTHON, "pip install -q numpy 2>/dev/null; du -s /root/.cache | cut -f1")
    assert int(kept.out) > 16_000
    assert host.run(PYTHON, "pip install -q --no-cache-dir numpy 2>/dev/null; ls /root/.cache").status != 0
    again = "pip install -q redis 2>/dev/null; pip uninstall -q -y redis 2>/dev/null; pip install redis"
    assert "Using cached redis-8.1.0-py3-none-any.whl (356 kB)" in host.run(PYTHON, again).out


def test_pip_says_which_versions_there_are(host: Host) -> None:
    done = host.run(PYTHON, "pip install markupsafe==99")
    assert done.status == 1
    assert done.err == ("ERROR: Could not find a version that satisfies the requirement markupsafe==99 (from versions: "
                        "1.1.1, 2.0.1, 2.1.1, 2.1.2, 2.1.3, 2.1.5, 3.0.2, 3.0.4)\n"
                        "ERROR: No matching distribution found for markupsafe==99\n")  # fmt: skip


def test_pip_finds_out_that_wishes_exclude_each_other(host: Host) -> None:
    done = host.run(PYTHON, "pip install flask==3.1.3 'werkzeug<3'")
    assert done.status == 1 and "    flask 3.1.3 depends on werkzeug>=3.1.0\n" in done.err
    assert "ERROR: ResolutionImpossible" in done.err


def test_an_older_choice_is_taken_back_when_a_later_wish_rules_it_out(host: Host) -> None:
    done = host.run(PYTHON, "pip install -q numpy pandas 'numpy<2.3' 2>/dev/null; pip freeze")
    assert "numpy==2.2.0\n" in done.out and "pandas==3.1.1\n" in done.out


def test_virtual_environments_are_apart(host: Host) -> None:
    done = host.run(
        PYTHON, "python -m venv /v; /v/bin/pip install -q cowsay 2>/dev/null; /v/bin/pip freeze; pip freeze"
    )
    assert done.out == "cowsay==6.1\n"


def test_the_distributions_python_is_left_alone(host: Host) -> None:
    done = host.run(ALPINE, "apk add -q --no-cache py3-pip; pip install flask")
    assert done.status == 1 and done.err.startswith("error: externally-managed-environment\n")


def test_users_install_for_themselves(host: Host) -> None:
    done = host.run(PYTHON, "HOME=/tmp pip install cowsay; ls /tmp/.local/lib/python3.14/site-packages", User="1000")
    assert "Defaulting to user installation" in done.out and "cowsay-6.1.dist-info" in done.out


# -- python -m http.server


def test_pythons_web_server_serves_a_directory(host: Host) -> None:
    done = host.run(PYTHON, "mkdir w; echo hi > w/a.txt; python -m http.server -d w 9000 & sleep 1; exec 3<>/dev/null;"
                            "wget -qO- localhost:9000/ 2>/dev/null || true; kill -2 $!; wait")  # fmt: skip
    assert done.status in (0, 130)
    done = host.run("python:latest", "mkdir w; echo hi > w/a.txt; python -u -m http.server -d w 9000 & sleep 1;"
                                     "curl -s localhost:9000/; curl -s localhost:9000/a.txt")  # fmt: skip
    assert '<a href="a.txt">a.txt</a>' in done.out and done.out.endswith("hi\n")
    assert '"GET /a.txt HTTP/1.1" 200 -' in done.err


# -- npm


def test_npm_installs_a_tree_of_packages(host: Host) -> None:
    done = host.run(NODE, "mkdir /app; cd /app; npm init -y >/dev/null; npm install express; npm ls; cat package.json")
    assert "\nadded 65 packages, and audited 66 packages in " in done.out and "\nfound 0 vulnerabilities\n" in done.out
    assert "└── express@5.3.0\n" in done.out and '"express": "^5.3.0"' in done.out


def test_two_versions_of_a_package_lie_apart(host: Host) -> None:
    done = host.run(NODE, EXPRESS_AND_NODEMON)
    assert '"version": "2.6.9"' in done.out and '"version": "4.4.3"' in done.out


def test_ci_installs_what_the_lock_names_without_what_is_for_developers(host: Host) -> None:
    done = host.run(NODE, "mkdir /app; cd /app; npm init -y >/dev/null; npm ci; npm install -s express;"
                          "npm install -s -D nodemon; npm ci --omit=dev; ls node_modules/nodemon")  # fmt: skip
    assert "npm error code EUSAGE\n" in done.err
    assert "added 65 packages, and audited 66 packages" in done.out and done.status != 0


def test_npm_says_what_there_is_not(host: Host) -> None:
    done = host.run(NODE, "npm install nosuchpackage")
    assert done.status == 1
    assert "npm error 404 Not Found - GET https://registry.npmjs.org/nosuchpackage - Not found\n" in done.err
    assert host.run(NODE, "mkdir /app; cd /app; npm install").status == 254
    assert 'npm error Missing script: "start"\n' in host.run(NODE, "cd /tmp; npm init -y; npm start").err


# -- all of them


def test_the_same_seed_gives_the_same_words_at_the_same_times() -> None:
    script = "apt-get update; apt-get install -y git; date +%s%N"
    assert Host(9).run(DEBIAN, script) == Host(9).run(DEBIAN, script)


def test_what_dockerfiles_call_in_passing_succeeds(host: Host) -> None:
    script = ("ldconfig && echo 'tzdata tzdata/Areas select Asia' | debconf-set-selections && apt-get update -qq && "
              "apt-get install -qq -y locales ca-certificates >/dev/null 2>&1 && locale-gen en_US.UTF-8 && locale -a &&"
              "mkdir -p /usr/local/share/ca-certificates && echo mine > /usr/local/share/ca-certificates/a.crt &&"
              "update-ca-certificates && tail -1 /etc/ssl/certs/ca-certificates.crt | tail -c 5")  # fmt: skip
    done = host.run(DEBIAN, script)
    assert done.status == 0, done
    assert "  en_US.UTF-8... done\n" in done.out and "\nen_US.utf8\n" in done.out
    assert "\n1 added, 0 removed; done.\n" in done.out and done.out.endswith("mine\n")
