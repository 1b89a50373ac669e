"""Log drivers and their options: which there are, what they accept (moby, daemon/logger).

json-file and local keep what a container prints, in files that are rotated; none keeps nothing. The files themselves
are one buffer here (engine/daemon/logs.py) that forgets its oldest part as the files would.
"""

from __future__ import annotations

import re
from fractions import Fraction

from engine.daemon.config import LogConfig
from engine.daemon.logs import Rotation
from engine.errors import InvalidParameter, System

JSON_FILE, LOCAL, NONE = "json-file", "local", "none"
COMMON = ("mode", "max-buffer-size")  # of every driver, read by what is in front of it
OPTIONS = {
    JSON_FILE: ("max-file", "max-size", "compress", "labels", "labels-regex", "env", "env-regex", "tag"),
    LOCAL: ("max-file", "max-size", "compress"),
    NONE: (),
}
UNKNOWN = {
    JSON_FILE: "unknown log opt '{}' for json-file log driver",
    LOCAL: "unknown log opt '{}' for log driver local",
}
SIZE = re.compile(r"(\d+(?:\.\d+)?) ?([kmgtp]?)i?b?", re.IGNORECASE)
DEFAULTS = {JSON_FILE: (0, 1), LOCAL: (20_000_000, 5)}  # bytes in a file (0: any number), files


def check(config: LogConfig) -> None:
    """At creation only the names are looked at. Raises InvalidParameter."""
    driver = config.type or JSON_FILE
    if driver not in OPTIONS:
        raise InvalidParameter(f"logger: no log driver named '{driver}' is registered")
    mode = config.config.get("mode", "")
    if mode not in ("", "blocking", "non-blocking"):
        raise InvalidParameter(f"logger: logging mode not supported: {mode}")
    if "max-buffer-size" in config.config:
        if mode != "non-blocking":
            raise InvalidParameter("logger: max-buffer-size option is only supported with 'mode=non-blocking'")
        _parse(config.config["max-buffer-size"], InvalidParameter, "logger: error parsing option max-buffer-size: ")
    if driver == NONE:
        return
    for name in config.config:
        if name not in COMMON and name not in OPTIONS[driver]:
            raise InvalidParameter(UNKNOWN[driver].format(name))


def rotation(config: LogConfig) -> Rotation:
    """At the start the values are. Raises System."""
    if config.type == NONE or not config.config:
        return Rotation(*DEFAULTS.get(config.type, (0, 1)))
    wrong = "failed to create task for container: failed to initialize logging driver: "
    size, files = DEFAULTS.get(config.type, (0, 1))
    if "max-size" in config.config:
        size = _parse(config.config["max-size"], System, wrong)
        if size <= 0:
            raise System(f"{wrong}max-size must be a positive number")
    if text := config.config.get("max-file", ""):
        if not re.fullmatch(r"[+-]?\d+", text):
            raise System(f'{wrong}strconv.Atoi: parsing "{text}": invalid syntax')
        files = int(text)
        if files < 1:
            raise System(f"{wrong}max-file cannot be less than 1")
    if config.config.get("compress") == "true" and config.type == JSON_FILE and (files < 2 or not size):
        raise System(f"{wrong}compress cannot be true when max-file is less than 2 or max-size is not set")
    return Rotation(size, files)


def _parse(text: str, kind: type[InvalidParameter] | type[System], before: str) -> int:
    """go-units' FromHumanSize: powers of 1000."""
    match = SIZE.fullmatch(text)
    if match is None:
        raise kind(f"{before}invalid size: '{text}'")
    return int(Fraction(match[1]) * 1000 ** " kmgtp".index(match[2].lower() or " "))
