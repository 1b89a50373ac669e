"""The default filter, run by an interpreter of its own: what each system call would get."""

from __future__ import annotations

import errno
import struct
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

if sys.platform != "linux":
    pytest.skip("the real host is Linux only", allow_module_level=True)

from engine.spec import ALL_CAPABILITIES, DEFAULT_CAPABILITIES
from real import seccomp

MACHINE = "x86_64"
ALLOWED, REFUSED, UNKNOWN, KILLED = "allowed", errno.EPERM, errno.ENOSYS, "killed"


def verdict(program: bytes, architecture: int, number: int, argument: int = 0) -> object:
    """seccomp_filter.rst: the filter's answer for a call."""
    data = struct.pack("<IIQ6Q", number, architecture, 0, argument, 0, 0, 0, 0, 0)
    at, accumulator = 0, 0
    for _ in range(4096):
        code, true, false, k = struct.unpack_from("<HBBI", program, at * 8)
        at += 1
        if code == seccomp.LOAD:
            (accumulator,) = struct.unpack_from("<I", data, k)
        elif code == seccomp.AND:
            accumulator &= k
        elif code == seccomp.JUMP:
            at += k
        elif code in (seccomp.EQUAL, seccomp.AT_LEAST):
            holds = accumulator == k if code == seccomp.EQUAL else accumulator >= k
            at += true if holds else false
        else:
            assert code == seccomp.RETURN
            return ALLOWED if k == seccomp.ALLOW else KILLED if k == seccomp.KILL else k & 0xFFFF
    raise AssertionError("the filter does not end")


def ask(
    name: str, argument: int = 0, capabilities: tuple[str, ...] = DEFAULT_CAPABILITIES, on: str = MACHINE
) -> object:
    return verdict(_program(capabilities), seccomp.AUDIT[on], seccomp.numbers(on)[name], argument)


def _program(capabilities: tuple[str, ...]) -> bytes:
    return seccomp.program("default", capabilities, MACHINE)


def test_what_every_program_needs_is_allowed() -> None:
    for name in ("read", "write", "openat", "execve", "mmap", "clone", "futex", "exit_group", "rseq", "faccessat2"):
        assert ask(name) == ALLOWED
    for name in ("read", "socketcall", "mmap2", "futex_time64"):
        assert ask(name, on="i386") == ALLOWED


def test_what_reaches_the_host_is_refused() -> None:
    for name in ("mount", "umount2", "unshare", "setns", "pivot_root", "init_module", "kexec_load", "bpf", "keyctl",
                 "add_key", "reboot", "swapon", "open_by_handle_at", "clock_settime", "perf_event_open", "userfaultfd",
                 "io_uring_setup", "move_mount", "fsopen", "quotactl", "syslog", "acct", "iopl"):  # fmt: skip
        assert ask(name) == REFUSED, name


def test_arguments_decide_where_they_must() -> None:
    assert ask("clone", 0x11) == ALLOWED and ask("clone", 0x1000_0011) == REFUSED  # CLONE_NEWUSER
    assert ask("clone3") == UNKNOWN  # so that a C library uses clone
    assert ask("socket", 2) == ALLOWED and ask("socket", 40) == REFUSED  # AF_VSOCK
    assert ask("personality", 0) == ALLOWED and ask("personality", 0xFFFFFFFF) == ALLOWED
    assert ask("personality", 0x0040000) == REFUSED  # ADDR_NO_RANDOMIZE


def test_a_capability_brings_its_calls() -> None:
    for capability, names in seccomp.WITH_CAPABILITY.items():
        for name in set(names) & seccomp.numbers(MACHINE).keys():
            assert ask(name, 0x1000_0000, capabilities=(capability,)) == ALLOWED, (capability, name)
    assert ask("mount", capabilities=ALL_CAPABILITIES) == ALLOWED


def test_a_call_from_the_future_is_unknown_and_another_architecture_is_killed() -> None:
    program = _program(DEFAULT_CAPABILITIES)
    assert verdict(program, seccomp.AUDIT[MACHINE], 9999) == UNKNOWN
    assert verdict(program, seccomp.AUDIT[MACHINE], 0x4000_0000) == UNKNOWN  # x32
    assert verdict(program, 0x4000_0028, 1) == KILLED  # ARM


@given(st.integers(0, 600), st.sampled_from(["x86_64", "i386"]))
def test_the_search_finds_what_the_table_says(number: int, architecture: str) -> None:
    """The filter's binary search against a look-up in the table."""
    known = {value: name for name, value in seccomp.numbers(architecture).items()}
    found = verdict(_program(DEFAULT_CAPABILITIES), seccomp.AUDIT[architecture], number)
    rules = seccomp.rules(architecture, DEFAULT_CAPABILITIES)
    if number > max(known):
        assert found == UNKNOWN
    elif known.get(number) not in rules:
        assert found == REFUSED
    elif len(rules[known[number]]) == 1 and known[number] != "clone3":
        assert found == ALLOWED
