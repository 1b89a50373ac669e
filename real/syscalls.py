"""Linux system calls that Python's os module lacks, by ctypes; the only module that knows numbers and structures.

Each function is one system call and raises OSError with its errno. Numbers: the kernel's syscall tables; structures and
flags: include/uapi/linux/{mount,openat2,sched,seccomp,capability}.h. Each call is described by its manual page of that
name in section 2.
"""

from __future__ import annotations

import ctypes
import os
import signal

MACHINE = os.uname().machine

# calls without a wrapper in older C libraries; from 424 on, all architectures have the same numbers
CLONE, PIVOT_ROOT, SECCOMP, CAPSET, BPF = {
    "x86_64": (56, 155, 317, 126, 321),
    "aarch64": (220, 41, 277, 91, 280),
}.get(MACHINE, (-1, -1, -1, -1, -1))
PIDFD_OPEN, OPEN_TREE, MOVE_MOUNT, FSOPEN, FSCONFIG, FSMOUNT = 434, 428, 429, 430, 431, 432
CLONE3, CLOSE_RANGE, OPENAT2, MOUNT_SETATTR = 435, 436, 437, 442

# clone(2), unshare(2), setns(2)
NAMESPACES = {
    "mount": 0x0002_0000,
    "cgroup": 0x0200_0000,
    "uts": 0x0400_0000,
    "ipc": 0x0800_0000,
    "user": 0x1000_0000,
    "pid": 0x2000_0000,
    "network": 0x4000_0000,
    "time": 0x0000_0080,
}
CLONE_PARENT, CLONE_INTO_CGROUP = 0x8000, 0x2_0000_0000

# mount(2)
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC, MS_SYNCHRONOUS, MS_REMOUNT = 1, 2, 4, 8, 16, 32
MS_NOATIME, MS_NODIRATIME, MS_BIND, MS_REC = 1024, 2048, 4096, 16384
MS_UNBINDABLE, MS_PRIVATE, MS_SLAVE, MS_SHARED = 1 << 17, 1 << 18, 1 << 19, 1 << 20
MS_RELATIME, MS_STRICTATIME = 1 << 21, 1 << 24
MNT_DETACH = 2

# fsopen(2) and its family
AT_FDCWD, AT_EMPTY_PATH, AT_RECURSIVE, AT_SYMLINK_NOFOLLOW = -100, 0x1000, 0x8000, 0x100
OPEN_TREE_CLONE, OPEN_TREE_CLOEXEC, MOVE_FROM_FD, MOVE_TO_FD = 1, os.O_CLOEXEC, 4, 0x40
FSCONFIG_SET_FLAG, FSCONFIG_SET_STRING, FSCONFIG_SET_FD, FSCONFIG_CREATE = 0, 1, 5, 6
MOUNT_ATTR_RDONLY, MOUNT_ATTR_NOSUID, MOUNT_ATTR_NODEV, MOUNT_ATTR_NOEXEC = 1, 2, 4, 8
MOUNT_ATTR_NOATIME, MOUNT_ATTR_STRICTATIME = 0x10, 0x20

# openat2(2)
RESOLVE_NO_MAGICLINKS, RESOLVE_NO_SYMLINKS, RESOLVE_IN_ROOT = 2, 4, 16

# prctl(2)
PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_KEEPCAPS, PR_SET_NAME = 1, 4, 8, 15
PR_CAPBSET_READ, PR_CAPBSET_DROP, PR_SET_CHILD_SUBREAPER = 23, 24, 36
PR_SET_NO_NEW_PRIVS, PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL = 38, 47, 4

CLOSE_RANGE_CLOEXEC = 4
SECCOMP_SET_MODE_FILTER = 1
CAPABILITY_VERSION_3 = 0x2008_0522

_libc = ctypes.CDLL(None, use_errno=True)
_same_thread = ctypes.PyDLL(None, use_errno=True)  # keeps the interpreter's lock: for clone, in a single thread
_call, _clone_call = _libc.syscall, _same_thread.syscall
_call.restype = _clone_call.restype = ctypes.c_long
_mount, _umount2, _setns, _unshare, _prctl = _libc.mount, _libc.umount2, _libc.setns, _libc.unshare, _libc.prctl
_mount.argtypes = (ctypes.c_char_p, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_ulong, ctypes.c_char_p)
_umount2.argtypes = (ctypes.c_char_p, ctypes.c_int)
_setns.argtypes, _unshare.argtypes = (ctypes.c_int, ctypes.c_int), (ctypes.c_int,)
_prctl.argtypes = (ctypes.c_int, ctypes.c_ulong, ctypes.c_ulong, ctypes.c_ulong, ctypes.c_ulong)


def _checked(result: int, name: str | None = None) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), name)
    return result


def _long(number: int) -> ctypes.c_long:
    return ctypes.c_long(number)


# -- processes


def clone(flags: int, cgroup: int = -1) -> int:
    """A copy of this process in new namespaces: its number, and 0 in the copy. For a process with one thread only.

    `cgroup`: a descriptor of the cgroup v2 folder that it begins in (clone3, Linux 5.7), or -1. With CLONE_PARENT its
    end is told as this process's own would be: clone3 refuses to hear which signal that is.
    """
    if cgroup < 0:
        return _checked(
            _clone_call(_long(CLONE), _long(flags | signal.SIGCHLD), _long(0), _long(0), _long(0), _long(0))
        )
    on_exit = 0 if flags & CLONE_PARENT else int(signal.SIGCHLD)
    fields = (flags | CLONE_INTO_CGROUP, 0, 0, 0, on_exit, 0, 0, 0, 0, 0, cgroup)
    arguments = (ctypes.c_uint64 * len(fields))(*fields)
    return _checked(_clone_call(_long(CLONE3), ctypes.byref(arguments), _long(ctypes.sizeof(arguments))))


def unshare(flags: int) -> None:
    _checked(_unshare(flags))


def setns(fd: int, flags: int) -> None:
    """Enter namespaces: of a process, if `fd` is a pidfd (Linux 5.8)."""
    _checked(_setns(fd, flags))


def pidfd_open(pid: int) -> int:
    return _checked(_call(_long(PIDFD_OPEN), _long(pid), _long(0)))


def prctl(option: int, value: int = 0, third: int = 0) -> int:
    return _checked(_prctl(option, value, third, 0, 0))


def prctl_name(name: bytes) -> None:
    """What `ps -o comm` shows; 15 bytes."""
    text = ctypes.create_string_buffer(name[:15])
    _checked(_prctl(PR_SET_NAME, ctypes.addressof(text), 0, 0, 0))


def close_on_exec(first: int) -> None:
    """All descriptors from this one up close when the process becomes another program."""
    _checked(_call(_long(CLOSE_RANGE), _long(first), ctypes.c_ulong(0xFFFF_FFFF), _long(CLOSE_RANGE_CLOEXEC)))


def close_range(first: int, last: int = 0xFFFF_FFFF) -> None:
    if first <= last:
        _checked(_call(_long(CLOSE_RANGE), _long(first), ctypes.c_ulong(last), _long(0)))


def capset(effective: int, permitted: int, inheritable: int) -> None:
    """Bit n of each is capability number n."""
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0)
    low, high = 0xFFFF_FFFF, 32
    words = [value & low for value in (effective, permitted, inheritable)]
    words += [value >> high for value in (effective, permitted, inheritable)]
    _checked(_call(_long(CAPSET), ctypes.byref(header), ctypes.byref((ctypes.c_uint32 * 6)(*words))))


class _Program(ctypes.Structure):
    """struct sock_fprog"""

    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))


def seccomp(program: bytes) -> None:
    """Load a filter: BPF instructions of 8 bytes each."""
    code = ctypes.create_string_buffer(program, len(program))
    filled = _Program(len(program) // 8, ctypes.addressof(code))
    _checked(_call(_long(SECCOMP), _long(SECCOMP_SET_MODE_FILTER), _long(0), ctypes.byref(filled)))


def bpf(command: int, attributes: bytes) -> int:
    """`attributes`: a union bpf_attr."""
    union = ctypes.create_string_buffer(attributes, len(attributes))
    return _checked(_call(_long(BPF), _long(command), ctypes.byref(union), _long(len(attributes))))


def address_of(data: ctypes.Array[ctypes.c_char]) -> int:
    """Where a buffer is, for a union bpf_attr."""
    return ctypes.addressof(data)


def sethostname(name: bytes) -> None:
    _checked(_libc.sethostname(name, len(name)))


def setdomainname(name: bytes) -> None:
    _checked(_libc.setdomainname(name, len(name)))


# -- mounts


def mount(source: str | None, target: str, type: str | None, flags: int = 0, data: str | None = None) -> None:
    _checked(_mount(_bytes(source), _bytes(target), _bytes(type), flags, _bytes(data)), target)


def umount2(target: str, flags: int = 0) -> None:
    _checked(_umount2(_bytes(target), flags), target)


def pivot_root(new: str, old: str) -> None:
    _checked(_call(_long(PIVOT_ROOT), _bytes(new), _bytes(old)))


def fsopen(type: str) -> int:
    return _checked(_call(_long(FSOPEN), _bytes(type), _long(1)), type)


def fsconfig(fd: int, command: int, key: str | None = None, value: str | None = None, auxiliary: int = 0) -> None:
    _checked(_call(_long(FSCONFIG), _long(fd), _long(command), _bytes(key), _bytes(value), _long(auxiliary)), key)


def fsmount(fd: int, attributes: int = 0) -> int:
    """The mount, not attached to any place yet; it goes when its descriptor is closed."""
    return _checked(_call(_long(FSMOUNT), _long(fd), _long(1), _long(attributes)))


def open_tree(path: str, flags: int, at: int = AT_FDCWD) -> int:
    return _checked(_call(_long(OPEN_TREE), _long(at), _bytes(path), _long(flags | OPEN_TREE_CLOEXEC)), path)


def move_mount(mount_fd: int, target_fd: int, target: str = "") -> None:
    """Attach a detached mount at the place of `target_fd`, or at a path from there."""
    flags = MOVE_FROM_FD | (0 if target else MOVE_TO_FD)
    _checked(_call(_long(MOVE_MOUNT), _long(mount_fd), b"", _long(target_fd), _bytes(target), _long(flags)), target)


def mount_setattr(path: str, flags: int, on: int = 0, off: int = 0, propagation: int = 0, at: int = AT_FDCWD) -> None:
    """Change the attributes (MOUNT_ATTR_*) of a mount, with AT_RECURSIVE of all below it."""
    attributes = (ctypes.c_uint64 * 4)(on, off, propagation, 0)
    size = _long(ctypes.sizeof(attributes))
    _checked(_call(_long(MOUNT_SETATTR), _long(at), _bytes(path), _long(flags), ctypes.byref(attributes), size), path)


# -- paths


def openat2(at: int, path: str, flags: int, resolve: int, mode: int = 0) -> int:
    """open(2) with rules for the walk: RESOLVE_IN_ROOT keeps it below `at`, whatever links say or who moves them."""
    how = (ctypes.c_uint64 * 3)(flags | os.O_CLOEXEC, mode, resolve)
    size = _long(ctypes.sizeof(how))
    while True:
        result = _call(_long(OPENAT2), _long(at), _bytes(path), ctypes.byref(how), size)
        if result >= 0 or ctypes.get_errno() not in (4, 11):  # EINTR; EAGAIN: somebody renamed meanwhile
            return _checked(result, path)


def _bytes(text: str | None) -> bytes | None:
    return None if text is None else os.fsencode(text)
