"""Device rules for cgroup v2: an eBPF program that the kernel asks before a device is opened or made.

v1 has files for that (devices.allow). Source: bpf(2); the kernel's Documentation/bpf/prog_cgroup_sysctl.rst and
include/uapi/linux/bpf.h (struct bpf_cgroup_dev_ctx: access_type = access << 16 | type, major, minor).
"""

from __future__ import annotations

import ctypes
import os
import struct
from collections.abc import Sequence

from real import syscalls
from real.cgroups import Device

PROG_LOAD, PROG_ATTACH = 5, 8
TYPE_CGROUP_DEVICE, ATTACH_CGROUP_DEVICE = 15, 6
BLOCK, CHARACTER = 1, 2
ACCESS = {"m": 1, "r": 2, "w": 4}
# eBPF: opcodes, and the registers: 0 is the answer, 1 the question
LOAD_WORD, MOVE, MOVE_IMMEDIATE, AND, RIGHT, UNEQUAL, UNEQUAL_REGISTER, EXIT = (
    0x61, 0xBF, 0xB7, 0x57, 0x77, 0x55, 0x5D, 0x95,
)  # fmt: skip
TYPE, WANTED, MAJOR, MINOR, SCRATCH = 2, 3, 4, 5, 1


def restrict(group: str, devices: Sequence[Device]) -> None:
    """Processes of this group (a folder of cgroup2) may use these devices only. Raises OSError."""
    code = program(devices)
    instructions = ctypes.create_string_buffer(code, len(code))
    licence = ctypes.create_string_buffer(b"Apache-2.0")
    attributes = struct.pack(
        "IIQQIIQII16sII", TYPE_CGROUP_DEVICE, len(code) // 8, syscalls.address_of(instructions),
        syscalls.address_of(licence), 0, 0, 0, 0, 0, b"glassdock", 0, ATTACH_CGROUP_DEVICE,
    )  # fmt: skip
    loaded = syscalls.bpf(PROG_LOAD, attributes)
    folder = os.open(group, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        syscalls.bpf(PROG_ATTACH, struct.pack("IIII", folder, loaded, ATTACH_CGROUP_DEVICE, 0))
    finally:
        os.close(folder)
        os.close(loaded)


def program(devices: Sequence[Device]) -> bytes:
    """One test after the other; the answer is 1 for allowed."""
    code = [
        _instruction(LOAD_WORD, TYPE, 1, 0),
        _instruction(MOVE, WANTED, TYPE),
        _instruction(AND, TYPE, value=0xFFFF),
        _instruction(RIGHT, WANTED, value=16),
        _instruction(LOAD_WORD, MAJOR, 1, 4),
        _instruction(LOAD_WORD, MINOR, 1, 8),
    ]
    for type, major, minor, access in devices:
        allowed = sum(ACCESS[letter] for letter in access)
        tests = [(UNEQUAL, TYPE, BLOCK if type == "b" else CHARACTER)] if type != "a" else []
        tests += [(UNEQUAL, MAJOR, major)] if major >= 0 else []
        tests += [(UNEQUAL, MINOR, minor)] if minor >= 0 else []
        mask = [_instruction(MOVE, SCRATCH, WANTED), _instruction(AND, SCRATCH, value=allowed)]
        answer = [_instruction(MOVE_IMMEDIATE, 0, value=1), _instruction(EXIT)]
        rest = len(tests) + len(mask) + 1 + len(answer)
        for number, (test, register, value) in enumerate(tests):
            code.append(_instruction(test, register, offset=rest - number - 1, value=value))
        code += [*mask, _instruction(UNEQUAL_REGISTER, SCRATCH, WANTED, len(answer)), *answer]
    return b"".join([*code, _instruction(MOVE_IMMEDIATE, 0, value=0), _instruction(EXIT)])


def _instruction(code: int, to: int = 0, source: int = 0, offset: int = 0, value: int = 0) -> bytes:
    return struct.pack("<BBhi", code, to | source << 4, offset, value)
