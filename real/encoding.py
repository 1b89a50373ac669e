"""Operations and settings as the zygote takes them: tuples and dictionaries of plain values."""

from __future__ import annotations

from dataclasses import fields
from functools import lru_cache
from typing import Any

from engine.operations import Operation
from engine.spec import Process, Spec


def new_namespaces(spec: Spec) -> set[str]:
    return {each.type for each in spec.namespaces if not each.path}


def options(process: Process) -> dict[str, Any]:
    return {"terminal": process.terminal, "size": process.console_size}


def exec_steps(spec: Spec, process: Process) -> list[tuple[Any, ...]]:
    """What an exec gives up before it becomes the program, in the order of engine.plan."""
    steps: list[tuple[Any, ...]] = [("SetRlimit", *limit) for limit in process.rlimits]
    if process.no_new_privileges:
        steps.append(("NoNewPrivileges",))
    if spec.seccomp:
        steps.append(("LoadSeccomp", spec.seccomp))
    steps.append(("EnterDirectory", process.cwd))
    steps.append(("SetUser", process.user, process.groups))
    steps.append(("SetCapabilities", process.capabilities))
    return steps


@lru_cache(4096)
def encode(operation: Operation) -> tuple[Any, ...]:
    """An operation as the zygote takes it: its name and its fields.

    >>> from engine.operations import MaskPath
    >>> encode(MaskPath("/proc/kcore"))
    ('MaskPath', '/proc/kcore')
    """
    return (type(operation).__name__, *(_plain(getattr(operation, each.name)) for each in fields(operation)))


def _plain(value: Any) -> Any:
    """Without subclasses of str (a ChainID is one), which no marshalled message can hold."""
    if isinstance(value, tuple):
        return tuple(_plain(each) for each in value)
    return str.__str__(value) if isinstance(value, str) else value
