"""Pseudo-terminals inside a container: pty(7). The master goes to the daemon, the slave is the program's terminal."""

from __future__ import annotations

import fcntl
import os
import struct
import termios

from real import syscalls

TIOCGPTPEER = 0x5441  # opens the slave of a master without a path, which a container could have replaced
TIOCGPTN, TIOCSPTLCK = 0x8004_5430, 0x4004_5431  # the slave's number; is it locked?


def make(size: tuple[int, int], at_console: bool) -> int:
    """A master of the container's own devpts, unlocked, with its size set; the slave is bound to /dev/console if asked.

    Raises OSError; a /dev/ptmx that is something else is refused.
    """
    master = os.open("/dev/pts/ptmx", os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC | os.O_NOFOLLOW)
    if os.major(os.fstat(master).st_rdev) != 5 or os.minor(os.fstat(master).st_rdev) != 2:
        os.close(master)
        raise OSError(22, "/dev/pts/ptmx is not a terminal multiplexer")
    fcntl.ioctl(master, TIOCSPTLCK, struct.pack("i", 0))
    if any(size):
        resize(master, *size)
    if at_console:
        number = struct.unpack("I", fcntl.ioctl(master, TIOCGPTN, bytes(4)))[0]
        with open("/dev/console", "ab"):
            pass
        syscalls.mount(f"/dev/pts/{number}", "/dev/console", None, syscalls.MS_BIND)
    return master


def resize(master: int, rows: int, columns: int) -> None:
    """The kernel tells the foreground group (SIGWINCH)."""
    fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


def take(size: tuple[int, int], at_console: bool) -> int:
    """`make`, and its slave becomes the standard streams and the controlling terminal of this session."""
    master = make(size, at_console)
    slave = fcntl.ioctl(master, TIOCGPTPEER, os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC)
    fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
    for number in (0, 1, 2):
        os.dup2(slave, number)
    os.close(slave)
    return master
