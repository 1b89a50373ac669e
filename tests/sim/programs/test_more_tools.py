"""split, xxd, tree, usermod, stress and others: what courses use beside the basic commands."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from containers import Host
from machine import machine, read, run, write


@pytest.fixture(scope="module")
def host() -> Host:
    return Host()


def test_pieces_of_a_file_give_the_file_again() -> None:
    kernel = machine()
    status, out, _ = run(
        kernel, ["sh", "-c", "cd /tmp; seq 2500 | split -l 1000; ls; cat x* | md5sum; seq 2500 | md5sum"]
    )
    names, first, second = out.split(b"\n", 3)[:3], *out.splitlines()[-2:]
    assert status == 0 and names == [b"xaa", b"xab", b"xac"] and first == second


def test_a_dump_can_be_turned_back() -> None:
    kernel = machine()
    write(kernel, "/tmp/a", bytes(range(256)))
    status, out, _ = run(kernel, ["xxd", "/tmp/a"])
    assert status == 0
    assert out.splitlines()[3] == b"00000030: 3031 3233 3435 3637 3839 3a3b 3c3d 3e3f  0123456789:;<=>?"
    run(kernel, ["sh", "-c", "xxd /tmp/a | xxd -r > /tmp/b; xxd -p /tmp/a | xxd -r -p > /tmp/c"])
    assert read(kernel, "/tmp/b") == read(kernel, "/tmp/c") == bytes(range(256))


@settings(max_examples=25, deadline=None)
@given(st.binary(max_size=80), st.integers(1, 20), st.integers(1, 4))
def test_any_bytes_survive_a_dump(data: bytes, columns: int, group: int) -> None:
    kernel = machine()
    _, dump, _ = run(kernel, ["xxd", "-c", str(columns), "-g", str(group)], stdin=data)
    assert run(kernel, ["xxd", "-r"], stdin=dump)[1] == data


def test_tabs_become_spaces_and_spaces_tabs() -> None:
    kernel = machine()
    assert run(kernel, ["expand", "-t", "4"], stdin=b"a\tb\n")[1] == b"a   b\n"
    assert run(kernel, ["unexpand"], stdin=b"        a\n")[1] == b"\ta\n"


def test_tree_draws_what_is_below() -> None:
    kernel = machine()
    run(kernel, ["sh", "-c", "mkdir -p /tmp/t/b/c; touch /tmp/t/a /tmp/t/b/d; ln -s a /tmp/t/l"])
    assert run(kernel, ["tree", "/tmp/t"])[1].decode() == (
        "/tmp/t\n├── a\n├── b\n│   ├── c\n│   └── d\n└── l -> a\n\n2 directories, 3 files\n"
    )


def test_neighbours_and_the_way_are_shown(host: Host) -> None:
    done = host.run("alpine", "ping -c1 8.8.8.8 >/dev/null; arp -a; traceroute -n example.com")
    lines = done.out.splitlines()
    assert lines[0].startswith("? (172.17.0.1) at ") and lines[1].startswith("traceroute to example.com (192.0.2.80)")
    assert lines[2].split()[:2] == ["1", "172.17.0.1"] and lines[-1].split()[1] == "192.0.2.80"


def test_accounts_are_made_changed_and_removed(host: Host) -> None:
    done = host.run("debian:trixie-slim", "useradd -m ann; groupadd dev; usermod -aG dev -s /bin/bash ann; id -Gn ann;"
                    "getent passwd ann; echo ann:secret | chpasswd; grep -c ^ann: /etc/shadow; groupdel dev;"
                    "userdel -r ann; id ann; ls /home")  # fmt: skip
    lines = done.out.splitlines()
    assert lines[0] == "ann dev" and lines[1].endswith(":/home/ann:/bin/bash") and lines[2] == "1"
    assert "no such user" in done.err


def test_stress_meets_the_limit_of_memory(host: Host) -> None:
    script = "apt-get update -qq; apt-get install -qq -y stress >/dev/null 2>&1; stress --vm 1 --vm-bytes 128M -t 2"
    done = host.run("debian:trixie-slim", script, Memory=64 << 20, MemorySwap=64 << 20)
    assert done.status == 1 and "got signal 9" in done.out
    done = host.run("debian:trixie-slim", script)
    assert done.status == 0 and "successful run completed in 2s" in done.out


def test_a_small_init_reaps_and_passes_the_status_on(host: Host) -> None:
    done = host.run("alpine", "apk add -q --no-cache tini; tini -- sh -c 'exit 7'; echo $?")
    assert done.out == "7\n"


def test_hello_world_says_what_has_happened(host: Host) -> None:
    host.call("POST", "/images/create", fromImage="hello-world", tag="latest")
    name = host.call("POST", "/containers/create", {"Image": "hello-world", "Tty": True})["Id"]
    host.call("POST", f"/containers/{name}/start")
    host.call("POST", f"/containers/{name}/wait")
    said = host.call("GET", f"/containers/{name}/logs", stdout="1")
    assert said.startswith("\r\nHello from Docker!\r\n") and "docker run -it debian bash" in said
