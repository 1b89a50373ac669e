"""Signal names and numbers as `docker kill -s` and STOPSIGNAL take them (moby/sys/signal, signal_linux.go)."""

from __future__ import annotations

from engine.errors import InvalidParameter

SIGKILL, SIGTERM = 9, 15
LAST = 64  # of Linux

NAMES = (
    "HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT CHLD CONT STOP TSTP TTIN TTOU URG "
    "XCPU XFSZ VTALRM PROF WINCH IO PWR SYS"
)
NUMBERS = {name: number for number, name in enumerate(NAMES.split(), start=1)}
NUMBERS |= {"CLD": 17, "POLL": 29, "IOT": 6, "UNUSED": 31, "RTMIN": 34, "RTMAX": LAST}
NUMBERS |= {f"RTMIN+{n}": 34 + n for n in range(1, 16)} | {f"RTMAX-{n}": LAST - n for n in range(1, 15)}


def parse_signal(text: str) -> int:
    """
    >>> parse_signal("SIGHUP"), parse_signal("usr1"), parse_signal("15")
    (1, 10, 15)
    """
    try:
        number = int(text)
    except ValueError:
        number = NUMBERS.get(text.upper().removeprefix("SIG"), 0)
    if number == 0:
        raise InvalidParameter(f"invalid signal: {text}")
    return number


def check_platform(number: int) -> None:
    """Raises InvalidParameter for a number that Linux does not have."""
    if not 0 < number <= LAST:
        raise InvalidParameter(f"the linux daemon does not support signal {number}")
