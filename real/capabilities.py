"""Capabilities by name, and the sets that a program begins with. Twin: the capabilities of sim/credentials.py.

Source: capabilities(7); include/uapi/linux/capability.h.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable

from engine.linux import ALL_CAPABILITIES
from real import syscalls

NUMBERS = {name: number for number, name in enumerate(ALL_CAPABILITIES)}


def mask(names: Iterable[str]) -> int:
    """
    >>> hex(mask(["CAP_CHOWN", "CAP_KILL"]))
    '0x21'
    """
    return sum(1 << NUMBERS[name] for name in set(names))


def own() -> tuple[int, int, int]:
    """Effective, permitted and bounding set of this process."""
    found = {}
    with open("/proc/thread-self/status") as file:
        for line in file:
            if line.startswith("Cap"):
                name, _, value = line.partition(":")
                found[name] = int(value, 16)
    return found["CapEff"], found["CapPrm"], found["CapBnd"]


def keep(names: Iterable[str], permitted: int, bounding: int) -> None:
    """These and no others from now on, in all sets; those that this process has not got cannot be given.

    After setuid: the permitted ones were kept (PR_SET_KEEPCAPS), the effective ones are raised again for the last step.
    """
    wanted = mask(names) & permitted
    syscalls.capset(permitted, permitted, 0)
    dropped = bounding & ~wanted
    while dropped:
        number = dropped.bit_length() - 1
        syscalls.prctl(syscalls.PR_CAPBSET_DROP, number)
        dropped ^= 1 << number
    syscalls.prctl(syscalls.PR_SET_KEEPCAPS, 0)
    syscalls.capset(wanted, wanted, 0)
    with contextlib.suppress(OSError):  # Linux before 4.3 has no ambient set
        syscalls.prctl(syscalls.PR_CAP_AMBIENT, syscalls.PR_CAP_AMBIENT_CLEAR_ALL)
