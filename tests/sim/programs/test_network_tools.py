"""Network tools on a machine of its own, without any container: what they print and how they end."""

from __future__ import annotations

import pytest

from machine import machine, read, run, write


def test_ping_tells_of_every_packet_and_sums_up() -> None:
    status, out, err = run(machine(), ["ping", "-c", "2", "127.0.0.1"])
    lines = out.decode().splitlines()
    assert (status, err) == (0, b"")
    assert lines[0] == "PING 127.0.0.1 (127.0.0.1): 56 data bytes"
    assert lines[1].startswith("64 bytes from 127.0.0.1: seq=0 ttl=64 time=0.0")
    assert lines[3:6] == ["", "--- 127.0.0.1 ping statistics ---",
                          "2 packets transmitted, 2 packets received, 0% packet loss"]  # fmt: skip
    assert lines[6].startswith("round-trip min/avg/max = 0.0")


def test_ping_of_nobody_ends_with_1() -> None:
    kernel = machine()
    began = kernel.loop.time
    status, out, _ = run(kernel, ["ping", "-q", "-c", "2", "-W", "1", "10.9.9.9"])
    assert status == 1 and out.endswith(b"2 packets transmitted, 0 packets received, 100% packet loss\n")
    assert kernel.loop.time - began == pytest.approx(2e9, rel=0.01)
    assert run(machine(), ["ping", "nobody.test"])[::2] == (1, b"ping: bad address 'nobody.test'\n")
    assert run(machine(), ["ping", "-w", "3", "127.0.0.1"])[1].count(b"64 bytes") == 3


def test_ping_sums_up_when_it_is_interrupted() -> None:
    _, out, _ = run(machine(), ["sh", "-c", "ping 127.0.0.1 & sleep 2.5; kill -INT $!; wait $!; echo $?"])
    assert b"3 packets transmitted, 3 packets received" in out and out.endswith(b"\n0\n")


def test_ip_shows_links_and_addresses() -> None:
    out = run(machine(), ["ip", "-4", "addr", "show", "lo"])[1].decode()
    assert out == (
        "1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536 qdisc noqueue state UNKNOWN qlen 1000\n"
        "    inet 127.0.0.1/8 scope host lo\n"
        "       valid_lft forever preferred_lft forever\n"
    )
    assert b"link/loopback 00:00:00:00:00:00 brd 00:00:00:00:00:00" in run(machine(), ["ip", "a"])[1]
    assert b"inet addr:127.0.0.1  Mask:255.0.0.0" in run(machine(), ["ifconfig", "lo"])[1]
    assert run(machine(), ["ip", "addr", "show", "eth7"])[2] == b"ip: can't find device 'eth7'\n"


def test_routes_are_shown_alike_by_ip_route_and_netstat() -> None:
    kernel = machine()
    assert run(kernel, ["ip", "route"])[1].startswith(b"default via ")
    table = run(kernel, ["route", "-n"])[1].decode().splitlines()
    assert table[1].split() == ["Destination", "Gateway", "Genmask", "Flags", "Metric", "Ref", "Use", "Iface"]
    assert table[2].split()[0] == "0.0.0.0" and table[2].split()[3] == "UG"
    assert run(kernel, ["netstat", "-rn"])[1].decode().splitlines() == table
    assert run(kernel, ["route"])[1].split(b"\n")[2].startswith(b"default ")


def test_nc_carries_both_ways_and_ends_with_its_input() -> None:
    script = (
        "nc -l -p 4000 > heard & sleep 1; netstat -tln | grep :4000; echo hello | nc 127.0.0.1 4000; wait; cat heard"
    )
    status, out, err = run(machine(), ["sh", "-c", f"cd /tmp; {script}"])
    assert (status, err) == (0, b"")
    assert out.decode().split() == ["tcp", "0", "0", "0.0.0.0:4000", "0.0.0.0:*", "LISTEN", "hello"]


def test_nc_answers_with_a_program() -> None:
    script = "nc -l -p 4000 -e sh -c 'read name; echo hello $name' & sleep 1; echo Ann | nc localhost 4000"
    kernel = machine()
    write(kernel, "/etc/hosts", "127.0.0.1 localhost\n")
    assert run(kernel, ["sh", "-c", script])[1] == b"hello Ann\n"


def test_nc_looks_whether_a_port_is_open() -> None:
    script = "nc -l -p 4000 & sleep 1; nc -zv 127.0.0.1 4000; echo $?; nc -z 127.0.0.1 4001; echo $?"
    _, out, err = run(machine(), ["sh", "-c", script])
    assert (out, err) == (b"0\n1\n", b"127.0.0.1 (127.0.0.1:4000) open\n")


ANSWER = "HTTP/1.1 %s\\r\\nContent-Length: 6\\r\\nX-Day: today\\r\\n\\r\\nhello\\n"
SERVER = f"printf '{ANSWER}' | nc -l -p 8080 >request & sleep 1; "


def serve(kernel: object, answer: str, command: str) -> tuple[int, bytes, bytes]:
    """Run a command line while a server gives one answer on port 8080; `request` is what it heard."""
    return run(kernel, ["sh", "-c", "cd /tmp; " + SERVER % answer.replace("%", "%%") + command])  # type: ignore[arg-type]


def test_wget_saves_or_prints() -> None:
    kernel = machine()
    status, out, err = serve(kernel, "200 OK", "wget http://127.0.0.1:8080/a/b.txt && cat b.txt")
    assert (status, out) == (0, b"hello\n")
    assert err.decode().splitlines() == [
        "Connecting to 127.0.0.1:8080 (127.0.0.1:8080)",
        "saving to 'b.txt'",
        "b.txt                100% |********************************|     6  0:00:00 ETA",
        "'b.txt' saved",
    ]
    assert read(kernel, "/tmp/request").startswith(
        b"GET /a/b.txt HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nUser-Agent: Wget\r\n"
    )
    assert serve(machine(), "200 OK", "wget -qO- 127.0.0.1:8080") == (0, b"hello\n", b"")
    assert b"  X-Day: today\n" in serve(machine(), "200 OK", "wget -qSO- 127.0.0.1:8080")[2]


def test_wget_says_why_not() -> None:
    assert serve(machine(), "404 Not Found", "wget -q 127.0.0.1:8080")[::2] == (
        1, b"wget: server returned error: HTTP/1.1 404 Not Found\n")  # fmt: skip
    refused = run(machine(), ["wget", "-q", "127.0.0.1:1"])
    assert refused[::2] == (1, b"wget: can't connect to remote host (127.0.0.1): Connection refused\n")
    assert run(machine(), ["wget", "-q", "nobody.test"])[::2] == (1, b"wget: bad address 'nobody.test'\n")
    assert run(machine(), ["wget", "gopher://x/"])[::2] == (1, b"wget: not an http or ftp url: gopher://x/\n")


def test_wget_posts() -> None:
    kernel = machine()
    assert serve(kernel, "200 OK", "wget -qO- --post-data a=b --header 'X-Me: ann' http://127.0.0.1:8080/x")[0] == 0
    request = read(kernel, "/tmp/request").decode()
    assert request.startswith("POST /x HTTP/1.1\r\n") and request.endswith("\r\n\r\na=b") and "X-Me: ann" in request


def test_nc_speaks_udp() -> None:
    script = "echo answer | nc -u -l -p 4000 -w 1 > heard & sleep 0.1; netstat -uln | grep :4000; "
    _, out, err = run(
        machine(), ["sh", "-c", f"cd /tmp; {script} echo hello | nc -u -w 1 127.0.0.1 4000; wait; cat heard"]
    )
    assert (out.splitlines()[1:], err) == ([b"answer", b"hello"], b"")
    assert out.split()[0] == b"udp"
    assert run(machine(), ["nc", "-u", "-w", "1", "127.0.0.1", "4001"], stdin=b"x")[2] == b"nc: Connection refused\n"


def test_nslookup_of_an_address_tells_its_name() -> None:
    kernel = machine()
    write(kernel, "/etc/resolv.conf", "nameserver 8.8.8.8\n")
    assert b"8.8.8.8.in-addr.arpa\tname = dns.google\n" in run(kernel, ["nslookup", "8.8.8.8"])[1]
    status, out, _ = run(kernel, ["nslookup", "10.9.8.7"])
    assert (status, out.splitlines()[-2]) == (1, b"** server can't find 7.8.9.10.in-addr.arpa: NXDOMAIN")
