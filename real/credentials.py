"""Who the program is and what it may do: users, capabilities, limits, filters, the directory it begins in: operations.

Twin: sim/credentials.py. Source: runc, libcontainer/init_linux.go.
"""

from __future__ import annotations

import errno
import os
import resource
from collections.abc import Sequence

from engine import users
from real import capabilities, syscalls
from real.performing import Container, Failure, Handler, reason

LARGEST = 10 << 20  # bytes that are read of a container's /etc/passwd


def set_rlimit(container: Container, name: str, soft: int, hard: int) -> None:
    try:
        resource.setrlimit(getattr(resource, f"RLIMIT_{name.upper()}"), (soft, hard))
    except ValueError as error:  # Python's name for EPERM and EINVAL
        refused = errno.EPERM if soft <= hard or hard < 0 else errno.EINVAL
        raise OSError(refused, os.strerror(refused)) from error


def set_oom_score(container: Container, adjustment: int) -> None:
    fd = os.open("/proc/self/oom_score_adj", os.O_WRONLY | os.O_CLOEXEC)
    try:
        os.write(fd, str(adjustment).encode())
    finally:
        os.close(fd)


def no_new_privileges(container: Container) -> None:
    """execve gives no rights that are not here already (set-user-ID files, file capabilities)."""
    syscalls.prctl(syscalls.PR_SET_NO_NEW_PRIVS, 1)


def load_seccomp(container: Container, profile: str) -> None:
    """The daemon has made the filter: it depends on the capabilities, and many containers have the same."""
    program: bytes = container.options["seccomp"]
    syscalls.seccomp(program)


def change_directory(container: Container, path: str) -> None:
    """Made if it is missing; a first process's only."""
    try:
        os.makedirs(path, exist_ok=True)
    except (FileExistsError, NotADirectoryError):
        raise Failure(f"Cannot mkdir: {path} is not a directory") from None
    except OSError:
        pass  # a read-only root: it is there, or chdir says why not
    enter_directory(container, path)


def enter_directory(container: Container, path: str) -> None:
    """An exec's must be there. What is not below the container's root is refused (CVE-2024-21626)."""
    try:
        os.chdir(path)
        os.getcwd()
    except FileNotFoundError as error:
        if os.path.isdir(path):
            raise Failure("current working directory is outside of container mount namespace root") from None
        raise _no_directory(path, error) from None
    except OSError as error:
        raise _no_directory(path, error) from None
    container.directory = path


def _no_directory(path: str, error: OSError) -> Failure:
    return Failure(f'chdir to cwd ("{path}") set in config.json failed: {reason(error)}')


def set_user(container: Container, user: str, groups: Sequence[str]) -> None:
    """Names are looked up in the container's files; its standard streams become the user's."""
    try:
        who = users.look_up(_text("/etc/passwd"), _text("/etc/group"), user, tuple(groups))
    except users.UnknownUser as error:
        raise Failure(str(error)) from None
    container.user, container.home = who, who.home
    if container.surroundings.rootless and (who.uid or who.gid):
        raise Failure("cannot set uid or gid to an unmapped one: without root, a container has root alone")
    if who.uid:
        for fd in {0, 1, 2, container.terminal} - {-1}:
            if not _is_null(fd):
                os.fchown(fd, who.uid, -1)
    syscalls.prctl(syscalls.PR_SET_KEEPCAPS, 1)
    if not container.surroundings.rootless:
        os.setgroups(who.groups)
    os.setresgid(who.gid, who.gid, who.gid)
    os.setresuid(who.uid, who.uid, who.uid)


def _is_null(fd: int) -> bool:
    try:
        return os.fstat(fd).st_rdev == os.makedev(1, 3)
    except OSError:
        return True


def _text(path: str) -> bytes:
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError:
        return b""
    try:
        return os.read(fd, LARGEST)
    except OSError:
        return b""
    finally:
        os.close(fd)


def set_capabilities(container: Container, keep: Sequence[str]) -> None:
    """The last right to go: none of the steps before could do without."""
    permitted, bounding = container.options["own_capabilities"]
    capabilities.keep(keep, permitted, bounding)


HANDLERS: dict[str, Handler] = {
    "SetRlimit": set_rlimit,
    "SetOomScore": set_oom_score,
    "NoNewPrivileges": no_new_privileges,
    "LoadSeccomp": load_seccomp,
    "ChangeDirectory": change_directory,
    "EnterDirectory": enter_directory,
    "SetUser": set_user,
    "SetCapabilities": set_capabilities,
}
