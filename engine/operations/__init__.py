"""Kernel operations as data: what a container is made of.

Each says itself as the shell command that a person could type (`shell()`), at the height of unshare(1), mount(8) and
ip(8). A host performs a list of them in order; when one fails, `undo` of those already done is performed in reverse.
Both hosts get the same list. Paths inside the container are written as the container sees them; `{root}` in a shell
line stands for the container's root directory.
"""

from engine.operations.base import Operation, Performed, undo_list
from engine.operations.cgroups import (
    JoinCgroup,
    MakeCgroup,
    RemoveCgroup,
    WriteCgroup,
)
from engine.operations.files import (
    MakeDevice,
    MakeDevices,
    MaskPath,
    MountFilesystem,
    MountOverlay,
    PivotRoot,
    ReadonlyPath,
    Unmount,
)
from engine.operations.namespaces import (
    JoinNamespace,
    SetHostname,
    SetSysctl,
    Unshare,
)
from engine.operations.network import (
    AddRoute,
    AddRule,
    LoopbackUp,
    MakeBridge,
    MakeDummy,
    MakeSublink,
    MakeVeth,
    RemoveLink,
    RemoveRule,
    ReplaceRoute,
    SetAddress,
)
from engine.operations.process import (
    ChangeDirectory,
    Execve,
    LoadSeccomp,
    NoNewPrivileges,
    SetCapabilities,
    SetOomScore,
    SetRlimit,
    SetUser,
)

__all__ = [
    "AddRoute",
    "AddRule",
    "ChangeDirectory",
    "Execve",
    "JoinCgroup",
    "JoinNamespace",
    "LoadSeccomp",
    "LoopbackUp",
    "MakeBridge",
    "MakeCgroup",
    "MakeDevice",
    "MakeDevices",
    "MakeDummy",
    "MakeSublink",
    "MakeVeth",
    "MaskPath",
    "MountFilesystem",
    "MountOverlay",
    "NoNewPrivileges",
    "Operation",
    "Performed",
    "PivotRoot",
    "ReadonlyPath",
    "RemoveCgroup",
    "RemoveLink",
    "RemoveRule",
    "ReplaceRoute",
    "SetAddress",
    "SetCapabilities",
    "SetHostname",
    "SetOomScore",
    "SetRlimit",
    "SetSysctl",
    "SetUser",
    "Unmount",
    "Unshare",
    "WriteCgroup",
    "undo_list",
]
