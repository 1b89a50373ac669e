"""From an executable file to the coroutine that runs it: what execve(2) does with the file's first bytes.

A program of the simulation begins with the ELF magic and a line `glassdock:NAME`; the registry knows the names. A
script begins with `#!`. A real executable (of an image that was loaded or pulled from elsewhere) cannot run here; if
the registry has a program of its name, that one runs in its place. Anything else is ENOEXEC.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from sim.abi import Main
from sim.programs import registry
from sim.vfs.filesystem import File
from sim.vfs.paths import EXECUTE, Caller, allowed, error, existing

MAGIC = b"\x7fELFglassdock:"
BINPRM_BUF_SIZE = 256  # how much of a file the kernel looks at
ELF, X86_64 = b"\x7fELF\2\1", b"\x3e\0"  # elf(5): 64 bits, little-endian; e_machine
MANY_NAMES = 50  # a file with so many is busybox
SCRIPTS = 5  # scripts that are interpreted by scripts that are … (BINPRM_MAX_RECURSION)


@dataclass(frozen=True, slots=True)
class Program:
    """What to run: `argv` with an interpreter's words in front; `path` of the executed file and its `name`.

    `comm` is what ps(1) calls the process: the name by which execve(2) was asked for it, a link's or a script's.
    """

    main: Main
    argv: Sequence[str]
    path: str
    name: str
    comm: str = ""


def load(caller: Caller, path: str, argv: Sequence[str]) -> Program:
    """Raises OSError ENOENT, EACCES (a directory, not executable), ENOEXEC, ELOOP, …"""
    comm = path.rpartition("/")[2]
    for _ in range(SCRIPTS):
        place = existing(caller, path)
        node = place.found()
        if not isinstance(node, File) or not allowed(caller, node, EXECUTE):
            raise error(errno.EACCES, path)
        head = node.read(0, BINPRM_BUF_SIZE)
        if head.startswith(MAGIC) or (head.startswith(ELF) and head[18:20] == X86_64):
            name = _name(head) if head.startswith(MAGIC) else _name_of_real(node, place.names[-1])
            main = registry.find(name, argv)
            if main is None:
                raise error(errno.ENOEXEC, path)
            return Program(main, argv, place.path, name, comm)
        if not head.startswith(b"#!"):
            raise error(errno.ENOEXEC, path)
        interpreter, words = _interpreter(head)
        if not interpreter:
            raise error(errno.ENOEXEC, path)
        argv = (*words, path, *argv[1:])
        path = interpreter
    raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), path)


def executable(name: str, size: int = 0) -> bytes:
    """The contents of a file that runs the program `name`; zeros up to `size`."""
    return (MAGIC + name.encode() + b"\n").ljust(size, b"\0")


@lru_cache(maxsize=64)
def _name(head: bytes) -> str:
    return head[len(MAGIC) :].partition(b"\n")[0].decode(errors="replace")


def _name_of_real(node: File, name: str) -> str:
    return "busybox" if node.nlink >= MANY_NAMES else name


def _interpreter(head: bytes) -> tuple[str, list[str]]:
    """ "#!/bin/sh -e" -> ("/bin/sh", ["/bin/sh", "-e"]): at most one argument, as the kernel splits it."""
    line = head[2:].partition(b"\n")[0].strip(b" \t").decode(errors="surrogateescape")
    path, _, argument = line.replace("\t", " ").partition(" ")
    return path, [path, argument.strip()] if argument.strip() else [path]
