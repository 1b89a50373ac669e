"""Values of `docker run`'s options that have a form of their own: devices, limits of disks, GPUs, ulimits, sysctls, …

Each function reads one value and raises ValueError with docker's words (docker/cli opts, docker/go-units).
"""

from __future__ import annotations

import posixpath
import re
from typing import Any

from engine.units import ram_in_bytes

ULIMITS = frozenset(
    ("core", "cpu", "data", "fsize", "locks", "memlock", "msgqueue", "nice", "nofile", "nproc", "rss", "rtprio",
     "rttime", "sigpending", "stack")
)  # fmt: skip
SYSCTLS = frozenset(
    ("kernel.msgmax", "kernel.msgmnb", "kernel.msgmni", "kernel.sem", "kernel.shmall", "kernel.shmmax", "kernel.shmmni",
     "kernel.shm_rmid_forced")
)  # fmt: skip
CDI_NAME = re.compile(r"[A-Za-z][\w.-]*/[A-Za-z][\w-]*=[\w.:-]+")
CGROUP_RULE = re.compile(r"[acb] ([0-9]+|\*):([0-9]+|\*) [rwm]{1,3}")
DOMAIN = re.compile(
    r"(:?(:?[a-zA-Z0-9]|(:?[a-zA-Z0-9][a-zA-Z0-9\-]*[a-zA-Z0-9]))(:?\.(:?[a-zA-Z0-9]|(:?[a-zA-Z0-9][a-zA-Z0-9\-]*[a-zA-Z0-9])))*)\.?\s*"
)
QUOTED, PLAIN = re.compile(r'"(?:[^"]|"")*"'), re.compile(r"[^,\n]*")
RATE = "The correct format is <device-path>:<number>{unit}. Number must be a positive integer"
UNITS = ". Unit is optional and can be kb, mb, or gb"


def csv_fields(text: str) -> list[str]:
    """One line of comma-separated fields, as Go's encoding/csv reads it, with its words for wrong quotes.

    >>> csv_fields('type=volume,"volume-opt=o=a,b"')
    ['type=volume', 'volume-opt=o=a,b']
    """
    text = text.replace("\r\n", "\n").lstrip("\n")
    if not text:
        raise ValueError("EOF")
    fields, start = [], 0
    while True:
        if quoted := QUOTED.match(text, start):
            end = quoted.end()
            if text[end : end + 1] not in ("", ",", "\n"):
                raise ValueError(f'parse error on line 1, column {end}: extraneous or missing " in quoted-field')
            fields.append(quoted[0][1:-1].replace('""', '"'))
        else:
            plain = PLAIN.match(text, start)
            assert plain is not None
            if (quote := plain[0].find('"')) >= 0:
                raise ValueError(f'parse error on line 1, column {start + quote + 1}: bare " in non-quoted-field')
            fields.append(plain[0])
            end = plain.end()
        if text[end : end + 1] != ",":
            return fields
        start = end + 1


# -- limits


def ulimit(text: str) -> dict[str, Any]:
    """
    >>> ulimit("nofile=1024:2048")
    {'Name': 'nofile', 'Hard': 2048, 'Soft': 1024}
    """
    name, equals, limits = text.partition("=")
    if not equals:
        raise ValueError(f"invalid ulimit argument: {text}")
    if name not in ULIMITS:
        raise ValueError(f"invalid ulimit type: {name}")
    parts = limits.split(":")
    if len(parts) > 2:
        raise ValueError(f"too many limit value arguments - {limits}, can only have up to two, `soft[:hard]`")
    numbers = []
    for part in parts:
        if not re.fullmatch(r"[+-]?\d+", part):
            raise ValueError(f'strconv.ParseInt: parsing "{part}": invalid syntax')
        numbers.append(int(part))
    soft, hard = numbers[0], numbers[-1]
    if hard != -1 and soft == -1:
        raise ValueError(
            f"ulimit soft limit must be less than or equal to hard limit: soft: -1 (unlimited), hard: {hard}"
        )
    if hard != -1 and soft > hard:
        raise ValueError(f"ulimit soft limit must be less than or equal to hard limit: {soft} > {hard}")
    return {"Name": name, "Hard": hard, "Soft": soft}


def sysctl(text: str) -> str:
    name, equals, _ = text.partition("=")
    if not equals or not (name in SYSCTLS or name.startswith(("net.", "fs.mqueue."))):
        raise ValueError(f"sysctl '{text}' is not allowed")
    return text


def weight_device(text: str) -> dict[str, Any]:
    """ "/dev/sda:300" """
    path, weight = _path_and_number(text)
    if not weight.isdecimal() or not (weight == "0" or 10 <= int(weight) <= 1000):
        raise ValueError(f"invalid weight for device: {text}")
    return {"Path": path, "Weight": int(weight)}


def bytes_rate(text: str) -> dict[str, Any]:
    """ "/dev/sda:1mb" """
    path, rate = _path_and_number(text)
    try:
        return {"Path": path, "Rate": ram_in_bytes(rate)}
    except ValueError:
        raise ValueError(f"invalid rate for device: {text}. {RATE.format(unit='[<unit>]')}{UNITS}") from None


def operations_rate(text: str) -> dict[str, Any]:
    """ "/dev/sda:100" """
    path, rate = _path_and_number(text)
    if not rate.isdecimal():
        raise ValueError(f"invalid rate for device: {text}. {RATE.format(unit='')}")
    return {"Path": path, "Rate": int(rate)}


def _path_and_number(text: str) -> tuple[str, str]:
    path, colon, number = text.partition(":")
    if not colon or not number:
        raise ValueError(f"bad format: {text}")
    if not path.startswith("/dev/"):
        raise ValueError(f"bad format for device path: {text}")
    return path, number


# -- devices


def device(text: str) -> dict[str, str]:
    """ "/dev/fuse:/dev/inside:rwm" as the API's DeviceMapping."""
    parts = text.split(":")
    if len(parts) > 3 or not parts[0]:
        raise ValueError(f"bad format for path: {text}")
    source, inside, access = parts[0], parts[0], "rwm"
    if len(parts) == 3:
        inside, access = parts[1], parts[2]
        if not _is_access(access):
            raise ValueError(f"bad mode specified: {access}")
    elif len(parts) == 2 and _is_access(parts[1]):
        access = parts[1]
    elif len(parts) == 2:
        inside = parts[1]
    if not inside.startswith("/"):
        raise ValueError(f"{inside} is not an absolute path")
    return {"PathOnHost": source, "PathInContainer": posixpath.normpath(inside), "CgroupPermissions": access}


def _is_access(text: str) -> bool:
    return bool(text) and set(text) <= set("rwm") and len(set(text)) == len(text)


def cgroup_rule(text: str) -> str:
    if not CGROUP_RULE.fullmatch(text):
        raise ValueError(f"invalid device cgroup format '{text}'")
    return text


def gpu_request(text: str) -> dict[str, Any]:
    """ "all", "2" or "device=0,driver=nvidia" as the API's DeviceRequest."""
    request: dict[str, Any] = {"Driver": "", "Count": 0, "DeviceIDs": None, "Capabilities": [["gpu"]], "Options": {}}
    seen: set[str] = set()
    for field in csv_fields(text):
        key, equals, value = field.partition("=")
        if key in seen:
            raise ValueError(f"gpu request key '{key}' can be specified only once")
        seen.add(key)
        if not equals or key == "count":
            request["Count"] = _count(value if equals else key)
            seen.add("count")
        elif key == "driver":
            request["Driver"] = value
        elif key == "device":
            request["DeviceIDs"] = value.split(",")
        elif key == "capabilities":
            request["Capabilities"] = [[*value.split(","), "gpu"]]
        elif key == "options":
            request["Options"] = dict(each.partition("=")[::2] for each in csv_fields(value))
        else:
            raise ValueError(f"unexpected key '{key}' in '{field}'")
    if "count" not in seen and request["DeviceIDs"] is None:
        request["Count"] = 1
    return request


def _count(text: str) -> int:
    if text == "all":
        return -1
    if not re.fullmatch(r"[+-]?\d+", text):
        raise ValueError(f'invalid count ({text}): value must be either "all" or an integer: invalid syntax')
    return int(text)


# -- words


def stream(text: str) -> str:
    if text.lower() not in ("stdin", "stdout", "stderr"):
        raise ValueError("valid streams are STDIN, STDOUT and STDERR")
    return text.lower()


def label(text: str) -> str:
    if not text.partition("=")[0]:
        raise ValueError(f"invalid label '{text}': empty name")
    return text


def search_domain(text: str) -> str:
    """ "." is none at all."""
    if text.strip(" ") != "." and not DOMAIN.fullmatch(text):
        raise ValueError(f"{text} is not a valid domain")
    return text


def link(text: str) -> str:
    if not text:
        raise ValueError("empty string specified for links")
    if text.count(":") > 1:
        raise ValueError(f"bad format for links: {text}")
    return text


def capabilities(added: list[str], dropped: list[str]) -> tuple[list[str], list[str]]:
    """Both in one form, sorted; "all" takes the rest in, and what is added is not dropped.

    >>> capabilities(["net_admin", "CAP_CHOWN"], ["chown"])
    (['CAP_CHOWN', 'CAP_NET_ADMIN'], [])
    """
    plus, minus = ({_capability(name) for name in names} for names in (added, dropped))
    plus = {"ALL"} if "ALL" in plus else plus
    minus = {"ALL"} if "ALL" in minus else minus
    return sorted(plus), sorted(minus - plus)


def _capability(name: str) -> str:
    name = name.strip().upper()
    return name if name == "ALL" or name.startswith("CAP_") else f"CAP_{name}"
