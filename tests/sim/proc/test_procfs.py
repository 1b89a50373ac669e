"""/proc, read by programs on a small machine."""

from __future__ import annotations

import pytest

from machine import machine, run, write
from sim.kernel.kernel import Kernel


@pytest.fixture
def kernel() -> Kernel:
    return machine()


def text(kernel: Kernel, *command: str) -> str:
    status, out, err = run(kernel, command)
    assert (status, err) == (0, b""), err.decode()
    return out.decode()


def test_a_process_finds_itself(kernel: Kernel) -> None:
    fields = dict(line.split(":\t", 1) for line in text(kernel, "cat", "/proc/self/status").splitlines())
    assert (fields["Name"], fields["State"], fields["Uid"]) == ("cat", "R (running)", "0\t0\t0\t0")
    assert fields["Pid"] == fields["Tgid"]
    assert fields["CapEff"] == "000001ffffffffff"
    assert text(kernel, "cat", "/proc/self/cmdline") == "cat\0/proc/self/cmdline\0"
    assert text(kernel, "cat", "/proc/self/comm") == "cat\n"
    assert len(text(kernel, "cat", "/proc/self/stat").split()) == 52
    assert "HOME=/root\0" in text(kernel, "cat", "/proc/self/environ")


def test_numbers_in_proc_are_processes(kernel: Kernel) -> None:
    script = "exec 2>/dev/null; sleep 9 & test -d /proc/$! && kill $! && wait $!; test -d /proc/$! || echo gone"
    assert text(kernel, "sh", "-c", script) == "gone\n"


def test_descriptors_are_links_that_can_be_opened(kernel: Kernel) -> None:
    write(kernel, "/tmp/f", "content\n")
    assert text(kernel, "sh", "-c", "readlink /proc/self/fd/3 3</tmp/f") == "/tmp/f\n"
    assert text(kernel, "sh", "-c", "cat /dev/fd/3 3</tmp/f") == "content\n"
    assert text(kernel, "sh", "-c", "echo said > /dev/stdout") == "said\n"
    assert text(kernel, "sh", "-c", "echo through | cat /dev/stdin") == "through\n"


def test_namespaces_have_numbers(kernel: Kernel) -> None:
    one, other = (text(kernel, "readlink", "/proc/self/ns/pid") for _ in range(2))
    assert one == other and one.startswith("pid:[")


def test_the_machine_describes_itself(kernel: Kernel) -> None:
    assert text(kernel, "cat", "/proc/cpuinfo").count("processor\t:") == kernel.processors
    assert f"MemTotal:{kernel.memory // 1024:>15} kB" in text(kernel, "cat", "/proc/meminfo")
    assert text(kernel, "cat", "/proc/sys/kernel/hostname").strip() == kernel.host.uts.hostname
    assert kernel.uname["release"] in text(kernel, "cat", "/proc/version")
    assert "proc /proc proc rw,relatime 0 0" in text(kernel, "cat", "/proc/mounts")
    assert len(text(kernel, "cat", "/proc/uptime").split()) == 2
    assert text(kernel, "cat", "/proc/net/dev").splitlines()[2].split()[0] == "lo:"


def test_parameters_can_be_set(kernel: Kernel) -> None:
    script = "echo 1 > /proc/sys/net/ipv4/ip_forward; cat /proc/sys/net/ipv4/ip_forward /proc/sys/kernel/pid_max"
    assert text(kernel, "sh", "-c", script) == "1\n4194304\n"


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("touch /proc/new", "No such file or directory"),
        ("rm /proc/version", "Operation not permitted"),
        ("echo x > /proc/version", "Permission denied"),
        ("cat /proc/self/nothing", "No such file or directory"),
    ],
)
def test_proc_is_the_kernels_alone(kernel: Kernel, command: str, words: str) -> None:
    status, _, err = run(kernel, ["sh", "-c", command])
    assert status != 0 and words in err.decode()
