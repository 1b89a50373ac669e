"""The default seccomp filter: a table, equal in effect to Docker's default profile, and BPF made from it.

What is not named is refused with EPERM, what the table does not know with ENOSYS, so that a C library falls back. A
filter depends on the capabilities: who has CAP_SYS_ADMIN may mount. Twin: `load_seccomp` in sim/credentials.py.

Source: seccomp(2); the kernel's Documentation/userspace-api/seccomp_filter.rst; moby, profiles/seccomp.
"""

from __future__ import annotations

import errno
import os
import struct
from functools import lru_cache
from pathlib import Path

_ALLOWED = """
accept accept4 access adjtimex alarm bind brk cachestat capget capset chdir chmod chown chown32 clock_adjtime
clock_adjtime64 clock_getres clock_getres_time64 clock_gettime clock_gettime64 clock_nanosleep clock_nanosleep_time64
close close_range connect copy_file_range creat dup dup2 dup3 epoll_create epoll_create1 epoll_ctl epoll_ctl_old
epoll_pwait epoll_pwait2 epoll_wait epoll_wait_old eventfd eventfd2 execve execveat exit exit_group faccessat
faccessat2 fadvise64 fadvise64_64 fallocate fanotify_mark fchdir fchmod fchmodat fchmodat2 fchown fchown32 fchownat
fcntl fcntl64 fdatasync fgetxattr flistxattr flock fork fremovexattr fsetxattr fstat fstat64 fstatat64 fstatfs
fstatfs64 fsync ftruncate ftruncate64 futex futex_requeue futex_time64 futex_wait futex_waitv futex_wake futimesat
get_robust_list get_thread_area getcpu getcwd getdents getdents64 getegid getegid32 geteuid geteuid32 getgid getgid32
getgroups getgroups32 getitimer getpeername getpgid getpgrp getpid getppid getpriority getrandom getresgid getresgid32
getresuid getresuid32 getrlimit getrusage getsid getsockname getsockopt gettid gettimeofday getuid getuid32 getxattr
getxattrat inotify_add_watch inotify_init inotify_init1 inotify_rm_watch io_cancel io_destroy io_getevents
io_pgetevents io_pgetevents_time64 io_setup io_submit ioctl ioprio_get ioprio_set ipc kill landlock_add_rule
landlock_create_ruleset landlock_restrict_self lchown lchown32 lgetxattr link linkat listen listxattr listxattrat
llistxattr _llseek lremovexattr lseek lsetxattr lstat lstat64 madvise map_shadow_stack membarrier memfd_create
memfd_secret mincore mkdir mkdirat mknod mknodat mlock mlock2 mlockall mmap mmap2 mprotect mq_getsetattr mq_notify
mq_open mq_timedreceive mq_timedreceive_time64 mq_timedsend mq_timedsend_time64 mq_unlink mremap mseal msgctl msgget
msgrcv msgsnd msync munlock munlockall munmap name_to_handle_at nanosleep newfstatat _newselect open openat openat2
pause pidfd_open pidfd_send_signal pipe pipe2 pkey_alloc pkey_free pkey_mprotect poll ppoll ppoll_time64 prctl pread64
preadv preadv2 prlimit64 process_mrelease process_vm_readv process_vm_writev pselect6 pselect6_time64 ptrace pwrite64
pwritev pwritev2 read readahead readlink readlinkat readv recv recvfrom recvmmsg recvmmsg_time64 recvmsg
remap_file_pages removexattr removexattrat rename renameat renameat2 restart_syscall rmdir rseq rt_sigaction
rt_sigpending rt_sigprocmask rt_sigqueueinfo rt_sigreturn rt_sigsuspend rt_sigtimedwait rt_sigtimedwait_time64
rt_tgsigqueueinfo sched_get_priority_max sched_get_priority_min sched_getaffinity sched_getattr sched_getparam
sched_getscheduler sched_rr_get_interval sched_rr_get_interval_time64 sched_setaffinity sched_setattr sched_setparam
sched_setscheduler sched_yield seccomp select semctl semget semop semtimedop semtimedop_time64 send sendfile
sendfile64 sendmmsg sendmsg sendto set_robust_list set_thread_area set_tid_address setfsgid setfsgid32 setfsuid
setfsuid32 setgid setgid32 setgroups setgroups32 setitimer setpgid setpriority setregid setregid32 setresgid
setresgid32 setresuid setresuid32 setreuid setreuid32 setrlimit setsid setsockopt setuid setuid32 setxattr setxattrat
shmat shmctl shmdt shmget shutdown sigaltstack signalfd signalfd4 sigprocmask sigreturn socketcall socketpair splice
stat stat64 statfs statfs64 statx symlink symlinkat sync sync_file_range syncfs sysinfo tee tgkill time timer_create
timer_delete timer_getoverrun timer_gettime timer_gettime64 timer_settime timer_settime64 timerfd_create
timerfd_gettime timerfd_gettime64 timerfd_settime timerfd_settime64 times tkill truncate truncate64 ugetrlimit umask
uname unlink unlinkat utime utimensat utimensat_time64 utimes vfork vmsplice wait4 waitid waitpid write writev
"""
ALLOWED = tuple(_ALLOWED.split())

OF_ARCHITECTURE = {
    "x86_64": ("arch_prctl", "modify_ldt"),
    "i386": ("modify_ldt",),
    "aarch64": ("arm_fadvise64_64", "arm_sync_file_range", "sync_file_range2", "breakpoint", "cacheflush", "set_tls"),
}

WITH_CAPABILITY = {
    "CAP_DAC_READ_SEARCH": ("open_by_handle_at",),
    "CAP_SYS_ADMIN": (
        "bpf", "clone", "clone3", "fanotify_init", "fsconfig", "fsmount", "fsopen", "fspick", "listmount",
        "lookup_dcookie", "lsm_get_self_attr", "lsm_list_modules", "lsm_set_self_attr", "mount", "mount_setattr",
        "move_mount", "open_tree", "perf_event_open", "quotactl", "quotactl_fd", "setdomainname", "sethostname",
        "setns", "statmount", "syslog", "umount", "umount2", "unshare",
    ),
    "CAP_SYS_BOOT": ("reboot",),
    "CAP_SYS_CHROOT": ("chroot",),
    "CAP_SYS_MODULE": ("delete_module", "init_module", "finit_module"),
    "CAP_SYS_PACCT": ("acct",),
    "CAP_SYS_PTRACE": ("kcmp", "pidfd_getfd", "process_madvise"),
    "CAP_SYS_RAWIO": ("iopl", "ioperm"),
    "CAP_SYS_TIME": ("settimeofday", "stime", "clock_settime", "clock_settime64"),
    "CAP_SYS_TTY_CONFIG": ("vhangup",),
    "CAP_SYS_NICE": ("get_mempolicy", "mbind", "set_mempolicy", "set_mempolicy_home_node"),
    "CAP_SYSLOG": ("syslog",),
    "CAP_BPF": ("bpf",),
    "CAP_PERFMON": ("perf_event_open",),
}  # fmt: skip

NEW_NAMESPACES = 0x7E02_0000  # clone(2)'s flags that only CAP_SYS_ADMIN may use
PERSONALITIES = (0, 0x8, 0x2_0000, 0x2_0008, 0xFFFF_FFFF)
AF_VSOCK = 40

# classic BPF (include/uapi/linux/bpf_common.h), offsets in struct seccomp_data, and what a filter returns
LOAD, JUMP, EQUAL, AT_LEAST, AND, RETURN = 0x20, 0x05, 0x15, 0x35, 0x54, 0x06
NUMBER, ARCHITECTURE, FIRST_ARGUMENT = 0, 4, 16  # the low half of an argument comes first
ALLOW, REFUSE, UNKNOWN, KILL = 0x7FFF_0000, 0x5_0000 | errno.EPERM, 0x5_0000 | errno.ENOSYS, 0
AUDIT = {"x86_64": 0xC000_003E, "i386": 0x4000_0003, "aarch64": 0xC000_00B7}  # AUDIT_ARCH_*
FAMILIES = {"x86_64": ("x86_64", "i386"), "aarch64": ("aarch64",)}
LONGEST_JUMP = 255

Instruction = tuple[int, int, int, int]  # code, jump if true, jump if false, k
Code = list[Instruction]


@lru_cache(64)
def program(profile: str, capabilities: tuple[str, ...], machine: str = os.uname().machine) -> bytes:
    """The filter for a machine, as seccomp(2) takes it. Raises KeyError for an architecture without a table."""
    code: Code = [(LOAD, 0, 0, ARCHITECTURE)]
    for name in FAMILIES[machine]:
        part = [(LOAD, 0, 0, NUMBER), *search(ranges(rules(name, capabilities), numbers(name)))]
        code += [(EQUAL, 0, 1, AUDIT[name]), (JUMP, 0, 0, 1), (JUMP, 0, 0, len(part)), *part]
    code.append((RETURN, 0, 0, KILL))
    return b"".join(struct.pack("<HBBI", *each) for each in code)


@lru_cache(8)
def numbers(architecture: str) -> dict[str, int]:
    """Of all system calls that the table knows."""
    lines = Path(__file__).with_name("numbers.tsv").read_text().splitlines()
    head, *rows = (line.split("\t") for line in lines if not line.startswith("#"))
    column = head.index(architecture)
    return {row[0]: int(row[column]) for row in rows if row[column] != "-"}


def rules(architecture: str, capabilities: tuple[str, ...]) -> dict[str, Code]:
    """What to do for each call that is not simply refused."""
    allowed: Code = [(RETURN, 0, 0, ALLOW)]
    found = dict.fromkeys((*ALLOWED, *OF_ARCHITECTURE[architecture]), allowed)
    found["socket"] = [(LOAD, 0, 0, FIRST_ARGUMENT), *_unless(AF_VSOCK)]
    found["personality"] = [(LOAD, 0, 0, FIRST_ARGUMENT), *_if_one_of(PERSONALITIES)]
    found["clone"] = [(LOAD, 0, 0, FIRST_ARGUMENT), (AND, 0, 0, NEW_NAMESPACES), *_if_one_of((0,))]
    found["clone3"] = [(RETURN, 0, 0, UNKNOWN)]  # its flags are behind a pointer: let the C library use clone
    for capability, names in WITH_CAPABILITY.items():
        if capability in capabilities:
            found |= dict.fromkeys(names, allowed)
    return found


def _unless(value: int) -> Code:
    return [(EQUAL, 0, 1, value), (RETURN, 0, 0, REFUSE), (RETURN, 0, 0, ALLOW)]


def _if_one_of(values: tuple[int, ...]) -> Code:
    tests: Code = [(EQUAL, len(values) - number, 0, value) for number, value in enumerate(values)]
    return [*tests, (RETURN, 0, 0, REFUSE), (RETURN, 0, 0, ALLOW)]


def ranges(wanted: dict[str, Code], known: dict[str, int]) -> list[tuple[int, Code]]:
    """(first number, what to do from there on), ascending, neighbours merged; ends with what is not known."""
    by_number = {known[name]: code for name, code in wanted.items() if name in known}
    refuse: Code = [(RETURN, 0, 0, REFUSE)]
    found: list[tuple[int, Code]] = []
    for number in range(max(known.values()) + 1):
        code = by_number.get(number, refuse)
        if not found or found[-1][1] != code:
            found.append((number, code))
    return [*found, (max(known.values()) + 1, [(RETURN, 0, 0, UNKNOWN)])]


def search(parts: list[tuple[int, Code]]) -> Code:
    """A binary search for the range that the number in the accumulator is in: some seven steps instead of hundreds."""
    if len(parts) == 1:
        return parts[0][1]
    middle = len(parts) // 2
    below, above = search(parts[:middle]), search(parts[middle:])
    if len(below) <= LONGEST_JUMP:
        return [(AT_LEAST, len(below), 0, parts[middle][0]), *below, *above]
    return [(AT_LEAST, 0, 1, parts[middle][0]), (JUMP, 0, 0, len(below)), *below, *above]
