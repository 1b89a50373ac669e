"""A Python on Linux that lacks what Python lacks on Windows, and refuses what Windows refuses. It is not Windows.

    python windows.py ENCODING[+LIBRARY…] [-m MODULE | -c CODE | FILE] WORDS…      a LIBRARY would call Windows' DLLs

What is pretended: sys.platform and os.name (of our modules' `os`); the functions, constants and modules that are not
there; the encoding of files and of standard output; an asyncio loop without readers and signal handlers; no links
without a privilege; names that no file can have; no path of 260 characters; no deleting and renaming of a file that
is open or read-only; no two names that differ in their capitals. What is not: the backslash, the drives, the console,
Ctrl-C, the clock's grain. Those parts are tested where they are, on words.

The standard library goes on as on Linux: it was imported before, and keeps the whole `os`. Who imports now gets what is
left of it. Source: the platform checks in typeshed's stubs; learn.microsoft.com, Naming Files, Paths, and Namespaces.
"""

from __future__ import annotations

import asyncio
import atexit
import builtins
import importlib
import io
import locale
import os
import re
import runpy
import select
import shlex
import signal
import socket
import ssl
import stat
import subprocess
import sys
import tarfile
import tempfile
import time
import types
from contextlib import suppress
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

NO_MODULES = ("crypt", "curses", "fcntl", "grp", "nis", "posix", "pty", "pwd", "readline", "resource", "spwd", "syslog",
              "termios", "tty")  # fmt: skip
LACKING = {  # module: what is not there, as patterns
    os: "CLD_* EFD_* EX_* F_* GRND_* MFD_* NGROUPS_MAX O_A[CS]* O_CLOEXEC O_D* O_FSYNC O_LARGEFILE O_N* O_PATH "
    "O_RSYNC O_SYNC O_TMPFILE POSIX_* PRIO_* P_ALL P_P* RTLD_* RWF_* SCHED_* SEEK_DATA SEEK_HOLE SPLICE_* ST_* "
    "W[A-Z]* XATTR_* *chown chroot confstr* copy_file_range ctermid environb eventfd* fchdir fchmod fdatasync "
    "fork* *pathconf* *statvfs fwalk *et_blocking get*gid get*uid getenvb getgrouplist getgroups getloadavg *pgrp "
    "*priority getrandom *etsid *pgid *xattr initgroups killpg lockf login_tty major makedev memfd_create minor "
    "mk[fn]* nice openpty pidfd_open pipe2 posix_* pread* pwrite* readv register_at_fork sched_* sendfile set*id "
    "setgroups spawn?p* splice sync sysconf* ttyname uname wait wait[34] waitid* writev",
    signal: "ITIMER_* ItimerError SIG_BLOCK SIG_SETMASK SIG_UNBLOCK SIG[BCHKPQRSTUVWX][A-Z]* SIGALRM SIGIO SIGIOT "
    "alarm *etitimer pause p* siginterrupt sig[ptw]* struct_siginfo",
    socket: "AF_ALG AF_NETLINK AF_PACKET AF_UNIX AF_VSOCK CMSG_* MSG_CMSG_CLOEXEC MSG_DONTWAIT MSG_NOSIGNAL SCM_* "
    "SOCK_CLOEXEC SOCK_NONBLOCK SO_BINDTODEVICE SO_PEERCRED SO_REUSEPORT TCP_CORK TCP_INFO TCP_QUICKACK recv_fds "
    "send_fds sethostname",
    select: "EPOLL* POLL* PIPE_BUF epoll poll",
    time: "CLOCK_* clock_* pthread_* tzset",
}
KEPT = {"SIGTERM", "SIGSEGV", "SIGINT", "SIGABRT", "SIGFPE", "SIGILL", "F_OK"}
RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com[1-9]|lpt[1-9])(\..*)?")
NOT_IN_NAMES = re.compile(r'[\x00-\x1f<>:"\\|?*]|[. ]$')
LONGEST = 259  # characters of a path, without the final zero (MAX_PATH)
BEFORE = (  # imported on Linux: the standard library's modules that look at the platform
    "ast concurrent.futures.thread ctypes email.utils http.server importlib.metadata importlib.resources mimetypes "
    "logging.handlers multiprocessing.connection pathlib platform random shutil sqlite3 ssl threading traceback "
    "urllib.request uuid webbrowser zipfile zoneinfo"
)
LAUNCHER = "PRETENDED_PYTHON"  # in the environment: the program that children are started by
OF_LINUX = ("/proc/", "/dev/", "/sys/")


def refused(number: int, text: str, path: object) -> OSError:
    return OSError(number, text, str(path))


# -- modules


def without(module: types.ModuleType, **more: object) -> None:
    """Who imports it from now on gets a copy in which something is lacking."""
    left = types.ModuleType(module.__name__, module.__doc__)
    patterns = LACKING.get(module, "").split()
    for name, value in vars(module).items():
        if name in KEPT or not any(fnmatchcase(name, pattern) for pattern in patterns):
            setattr(left, name, value)
    vars(left).update(more)
    sys.modules[module.__name__] = left


class Loop(asyncio.SelectorEventLoop):
    """As the proactor's: sockets by their coroutines only. (asyncio itself goes on with readers, underneath.)"""


def not_for_us(name: str) -> Any:
    real = getattr(asyncio.SelectorEventLoop, name)

    def method(self: Loop, *words: Any, **more: Any) -> Any:
        if sys._getframe(1).f_globals["__name__"].startswith("asyncio."):
            return real(self, *words, **more)
        raise NotImplementedError(name)

    return method


for lacking in ("add_reader", "remove_reader", "add_writer", "remove_writer", "add_signal_handler",
                "remove_signal_handler", "create_unix_connection", "create_unix_server"):  # fmt: skip
    setattr(Loop, lacking, not_for_us(lacking))


class Policy(asyncio.DefaultEventLoopPolicy):
    _loop_factory = Loop


def locks() -> types.ModuleType:
    """msvcrt, of which a file's lock is used."""
    import fcntl

    module = types.ModuleType("msvcrt")

    def locking(fd: int, mode: int, size: int) -> None:
        fcntl.lockf(fd, mode, size)

    vars(module).update(locking=locking, LK_NBLCK=fcntl.LOCK_EX | fcntl.LOCK_NB)
    return module


def popen(*words: Any, creationflags: int = 0, startupinfo: object = None, **more: Any) -> subprocess.Popen[Any]:
    """Takes what only Windows takes, and no more of what it does not."""
    for name in ("preexec_fn", "pass_fds", "user", "group", "umask", "process_group"):
        if more.get(name) is not None:
            raise ValueError(f"{name} is not supported on Windows platforms")
    return subprocess.Popen(*words, **more)


# -- text


def set_encoding(encoding: str) -> None:
    """What is opened as text without a word about its encoding has this one."""
    real_open = io.open

    def open_(file: Any, mode: str = "r", buffering: int = -1, given: Any = None, *rest: Any, **more: Any) -> Any:
        given = more.pop("encoding", given)
        if "b" not in mode and given in (None, "locale"):
            given = encoding
        return real_open(file, mode, buffering, given, *rest, **more)

    class Wrapper(io.TextIOWrapper):
        def __init__(self, buffer: Any, encoding_: str | None = None, *rest: Any, **more: Any) -> None:
            given = more.pop("encoding", encoding_)
            super().__init__(buffer, encoding if given in (None, "locale") else given, *rest, **more)

    builtins.open = io.open = open_  # type: ignore[assignment]
    subprocess.io = types.SimpleNamespace(**{**vars(io), "TextIOWrapper": Wrapper})  # type: ignore[attr-defined]
    locale.getpreferredencoding = lambda do_setlocale=True: encoding
    locale.getencoding = lambda: encoding


# -- files


def held() -> set[str]:
    """Files that this process has open; none if it may not look (another audit hook)."""
    found = set()
    with suppress(PermissionError):
        for fd in os.listdir("/proc/self/fd"):
            with suppress(FileNotFoundError):
                found.add(os.readlink(f"/proc/self/fd/{fd}"))
    return found


def whole(path: Any, folder: object = -1) -> str:
    """The whole path, its folder's links resolved."""
    name = os.fsdecode(path)
    if isinstance(folder, int) and folder >= 0:
        name = os.path.join(os.readlink(f"/proc/self/fd/{folder}"), name)
    head, tail = os.path.split(os.path.abspath(name))
    return os.path.join(os.path.realpath(head), tail)


def check_name(path: str) -> None:
    if path.startswith(OF_LINUX):
        return
    if len(path) > LONGEST:
        raise refused(2, "No such file or directory", path)
    for part in path.split("/"):
        if NOT_IN_NAMES.search(part) or RESERVED.fullmatch(part):
            raise refused(22, "Invalid argument", path)


def check_capitals(path: str) -> None:
    """Is there one already whose name differs in capitals only? (On Windows this would be the same file.)"""
    folder, name = os.path.split(path)
    try:
        there = os.listdir(folder)
    except OSError:
        return
    if name not in there and name.casefold() in map(str.casefold, there):
        raise refused(17, "on Windows this is the same as another that is there", path)


def check_free(path: str) -> None:
    """To be deleted, renamed or replaced it must be neither open nor read-only."""
    try:
        mode = os.lstat(path).st_mode
    except OSError:
        return
    if stat.S_ISREG(mode) and not mode & stat.S_IWUSR:
        raise PermissionError(13, "Access is denied", path)
    if stat.S_ISREG(mode) and path in held():
        text = "The process cannot access the file because it is being used by another process"
        raise PermissionError(13, text, path)


def watch(event: str, words: tuple[Any, ...]) -> None:
    """An audit hook (PEP 578): what Windows would not do is not done."""
    if event == "open" and isinstance(words[0], (str, bytes)):
        path = whole(words[0])
        check_name(path)
        if words[2] & os.O_CREAT and words[2] & os.O_TMPFILE != os.O_TMPFILE:
            check_capitals(path)
    elif event == "os.mkdir":
        check_name(path := whole(words[0], words[2]))
        check_capitals(path)
    elif event == "os.remove":
        check_free(whole(words[0], words[1]))
    elif event == "os.rename":
        check_free(whole(words[0], words[2]))
        check_free(target := whole(words[1], words[3]))
        check_name(target)
    elif event == "os.symlink":
        raise OSError(22, "A required privilege is not held by the client", os.fsdecode(words[1]))
    elif event == "os.rmdir" and whole(words[0], words[1]) == os.getcwd():
        raise PermissionError(13, "it is the current folder of a process", os.fsdecode(words[0]))


# -- all of it


def pretend(encoding: str, *libraries: str) -> None:
    for name in (*BEFORE.split(), *libraries):
        importlib.import_module(name)
    set_encoding(encoding)
    tempfile.TemporaryFile = tempfile.NamedTemporaryFile  # deletes when closed, as there
    tarfile.pwd = tarfile.grp = None  # type: ignore[attr-defined]
    ssl.enum_certificates = lambda store: []  # type: ignore[attr-defined]
    asyncio.set_event_loop_policy(Policy())
    sys.modules["msvcrt"] = locks()
    real_os = os
    for name in NO_MODULES:
        sys.modules[name] = None  # type: ignore[assignment]
    without(os, name="nt", O_BINARY=0, supports_dir_fd=set(), supports_fd=set(), supports_follow_symlinks={os.stat})
    for module in (signal, socket, select, time):
        without(module)
    without(subprocess, Popen=popen, CREATE_NEW_PROCESS_GROUP=0, CREATE_NO_WINDOW=0)
    sys.modules["os"].environ = real_os.environ  # type: ignore[attr-defined]
    sys.platform = "win32"
    sys.executable = launcher("+".join((encoding, *libraries)))
    sys.addaudithook(watch)


def launcher(kind: str) -> str:
    """A program that starts this Python, pretending the same: for the children. Who has made it removes it."""
    if LAUNCHER in os.environ:
        return os.environ[LAUNCHER]
    path = Path(tempfile.gettempdir()) / f"python-{os.getpid()}-{time.time_ns()}"
    words = " ".join(map(shlex.quote, (sys.executable, str(Path(__file__).resolve()), kind)))
    path.write_text(f'#!/bin/sh\nexec {words} "$@"\n', "ascii")
    path.chmod(0o755)
    atexit.register(path.unlink)
    os.environ[LAUNCHER] = str(path)
    return str(path)


def main() -> None:
    kind, *words = sys.argv[1:]
    while words[0] in ("-I", "-u", "-B", "-E", "-s"):
        words.pop(0)
    pretend(*kind.split("+"))
    if words[0] == "-m":
        sys.argv = words[1:]
        sys.path[0] = os.getcwd()
        runpy.run_module(words[1], run_name="__main__", alter_sys=True)
    elif words[0] == "-c":
        sys.argv = ["-c", *words[2:]]
        sys.path[0] = os.getcwd()
        exec(compile(words[1], "<string>", "exec"), {"__name__": "__main__"})
    else:
        sys.argv = words
        sys.path[0] = os.path.dirname(os.path.abspath(words[0]))
        runpy.run_path(words[0], run_name="__main__")


if __name__ == "__main__":
    main()
