"""`docker run`'s options as the body of POST /containers/create (docker/cli: cli/command/container/opts.go)."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from engine.client import forms
from engine.client.attachments import networking
from engine.client.commandline import Parsed
from engine.client.mounts import volume_option
from engine.client.ports import exposed_ports, port_bindings


class BadSetting(Exception):
    """A value that is well written and makes no sense: docker says it with `docker: ` before it, exit code 125."""


# option → (where in the body, key, what to do with the value)
_KEEP: Callable[[Any], Any] = lambda value: value  # noqa: E731
_CONFIG: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "hostname": ("Hostname", _KEEP),
    "domainname": ("Domainname", _KEEP),
    "user": ("User", _KEEP),
    "workdir": ("WorkingDir", _KEEP),
    "tty": ("Tty", _KEEP),
    "stop-signal": ("StopSignal", _KEEP),
    "stop-timeout": ("StopTimeout", _KEEP),
}
_HOST: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "memory": ("Memory", _KEEP),
    "memory-reservation": ("MemoryReservation", _KEEP),
    "memory-swap": ("MemorySwap", _KEEP),
    "memory-swappiness": ("MemorySwappiness", _KEEP),
    "kernel-memory": ("KernelMemory", _KEEP),
    "cpus": ("NanoCpus", _KEEP),
    "cpu-shares": ("CpuShares", _KEEP),
    "cpu-period": ("CpuPeriod", _KEEP),
    "cpu-quota": ("CpuQuota", _KEEP),
    "cpu-rt-period": ("CpuRealtimePeriod", _KEEP),
    "cpu-rt-runtime": ("CpuRealtimeRuntime", _KEEP),
    "cpuset-cpus": ("CpusetCpus", _KEEP),
    "cpuset-mems": ("CpusetMems", _KEEP),
    "pids-limit": ("PidsLimit", _KEEP),
    "blkio-weight": ("BlkioWeight", _KEEP),
    "oom-kill-disable": ("OomKillDisable", _KEEP),
    "oom-score-adj": ("OomScoreAdj", _KEEP),
    "privileged": ("Privileged", _KEEP),
    "publish-all": ("PublishAllPorts", _KEEP),
    "read-only": ("ReadonlyRootfs", _KEEP),
    "rm": ("AutoRemove", _KEEP),
    "init": ("Init", _KEEP),
    "shm-size": ("ShmSize", _KEEP),
    "pid": ("PidMode", _KEEP),
    "ipc": ("IpcMode", _KEEP),
    "uts": ("UTSMode", _KEEP),
    "userns": ("UsernsMode", _KEEP),
    "cgroupns": ("CgroupnsMode", _KEEP),
    "cgroup-parent": ("CgroupParent", _KEEP),
    "runtime": ("Runtime", _KEEP),
    "isolation": ("Isolation", _KEEP),
    "volume-driver": ("VolumeDriver", _KEEP),
    "cidfile": ("ContainerIDFile", _KEEP),
    "ulimit": ("Ulimits", _KEEP),
    "dns": ("Dns", _KEEP),
    "dns-option": ("DnsOptions", _KEEP),
    "dns-search": ("DnsSearch", _KEEP),
    "add-host": ("ExtraHosts", lambda hosts: [h.replace("=", ":", 1) for h in hosts]),
    "group-add": ("GroupAdd", _KEEP),
    "link": ("Links", _KEEP),
    "volumes-from": ("VolumesFrom", _KEEP),
    "sysctl": ("Sysctls", lambda words: pairs(words)),
    "storage-opt": ("StorageOpt", lambda words: _storage(words)),
    "annotation": ("Annotations", lambda words: pairs(words)),
    "tmpfs": ("Tmpfs", lambda words: pairs(words, ":")),
    "blkio-weight-device": ("BlkioWeightDevice", _KEEP),
    "device-read-bps": ("BlkioDeviceReadBps", _KEEP),
    "device-read-iops": ("BlkioDeviceReadIOps", _KEEP),
    "device-write-bps": ("BlkioDeviceWriteBps", _KEEP),
    "device-write-iops": ("BlkioDeviceWriteIOps", _KEEP),
    "device-cgroup-rule": ("DeviceCgroupRules", _KEEP),
}


def pairs(words: Iterable[str], separator: str = "=") -> dict[str, str]:
    """ "a=b" words as a mapping; a word without the separator has the value ""."""
    return {key: value for key, _, value in (word.partition(separator) for word in words)}


def body(parsed: Parsed) -> dict[str, Any]:
    """The whole body. Raises BadSetting."""
    image, *command = parsed.arguments
    config: dict[str, Any] = {
        key: change(parsed.given[name]) for name, (key, change) in _CONFIG.items() if name in parsed.given
    }
    config |= {"Image": image, "Cmd": command or None, "Env": environment(parsed), "Labels": labels(parsed)}
    config |= _standard_streams(parsed)
    if "entrypoint" in parsed.given:
        config["Entrypoint"] = [parsed.given["entrypoint"]] if parsed.given["entrypoint"] else [""]
    if (check := _health(parsed)) is not None:
        config["Healthcheck"] = check
    exposed, bindings = _ports(parsed)
    config["ExposedPorts"] = exposed
    try:
        mode, endpoints = networking(parsed)
    except ValueError as error:
        raise BadSetting(str(error)) from None
    host = _host_config(parsed, bindings, config, mode)
    return config | {"HostConfig": host, "NetworkingConfig": {"EndpointsConfig": endpoints}}


def _standard_streams(parsed: Parsed) -> dict[str, Any]:
    attached = parsed.values("attach")
    interactive, detached = parsed.flag("interactive"), parsed.flag("detach")
    return {
        "AttachStdin": not detached and ("stdin" in attached if attached else interactive),
        "AttachStdout": not detached and ("stdout" in attached if attached else True),
        "AttachStderr": not detached and ("stderr" in attached if attached else True),
        "OpenStdin": interactive,
        "StdinOnce": interactive and not detached and (not attached or "stdin" in attached),
        "Tty": parsed.flag("tty"),
    }


def environment(parsed: Parsed) -> list[str]:
    """--env-file, then -e; a name without = takes its value from the caller's environment.

    If it has none there, one from a file goes, and one from -e is taken out of the image's (that is the daemon's part).
    """
    found = []
    for word in [line for name in parsed.values("env-file") for line in _lines(name)]:
        if "=" in word:
            found.append(word)
        elif word in os.environ:
            found.append(f"{word}={os.environ[word]}")
    for word in parsed.values("env"):
        found.append(word if "=" in word or word not in os.environ else f"{word}={os.environ[word]}")
    return found


def labels(parsed: Parsed) -> dict[str, str]:
    lines = [line for name in parsed.values("label-file") for line in _lines(name) if "=" in line]
    return pairs(lines + parsed.values("label"))


def _lines(name: str) -> list[str]:
    """The entries of an env file: no blanks in front, no comments, no empty lines."""
    try:
        raw = Path(name).read_bytes().removeprefix(b"\xef\xbb\xbf")
    except OSError as error:
        raise BadSetting(f"open {name}: {(error.strerror or str(error)).lower()}") from None
    kept = []
    for number, data in enumerate(raw.splitlines(), start=1):
        try:
            line = data.decode().lstrip()
        except UnicodeDecodeError:
            shown = " ".join(map(str, data))
            raise BadSetting(f"invalid env file ({name}): invalid utf8 bytes at line {number}: [{shown}]") from None
        if not line or line.startswith("#"):
            continue
        variable = line.partition("=")[0]
        if any(blank in variable for blank in " \t"):
            raise BadSetting(f"invalid env file ({name}): variable '{variable}' contains whitespaces")
        if not variable:
            raise BadSetting(f"invalid env file ({name}): no variable name on line '{line}'")
        kept.append(line)
    return kept


def _health(parsed: Parsed) -> dict[str, Any] | None:
    times = {"Interval": "health-interval", "Timeout": "health-timeout", "StartPeriod": "health-start-period",
             "StartInterval": "health-start-interval", "Retries": "health-retries"}  # fmt: skip
    given = {key: parsed.given[name] for key, name in times.items() if name in parsed.given}
    command = parsed.get("health-cmd", "")
    if parsed.flag("no-healthcheck"):
        if command or given:
            raise BadSetting("--no-healthcheck conflicts with --health-* options")
        return {"Test": ["NONE"]}
    for key, value in given.items():
        if value < 0:
            raise BadSetting(f"--{times[key]} cannot be negative")
    if not command and not given:
        return None
    return {"Test": ["CMD-SHELL", command] if command else None, **given}


def _ports(parsed: Parsed) -> tuple[dict[str, Any], dict[str, Any]]:
    try:
        bindings = port_bindings([_publish(word) for word in parsed.values("publish")])
        exposed = exposed_ports(parsed.values("expose"))
    except ValueError as error:
        raise BadSetting(str(error)) from None
    return {**{port: {} for port in bindings}, **exposed}, bindings


def _publish(word: str) -> str:
    """ "target=80,published=8080" in the short form. Raises ValueError."""
    if "=" not in word:
        return word
    words = {"protocol": "tcp"}
    for field in word.split(","):
        name, equals, value = field.partition("=")
        if not equals or not name:
            raise ValueError(f"invalid publish opts format (should be name=value but got '{field}')")
        words[name] = value
    return f"{words.get('published', '')}:{words.get('target', '')}/{words['protocol']}"


def _host_config(parsed: Parsed, bindings: dict[str, Any], config: dict[str, Any], mode: str) -> dict[str, Any]:
    host: dict[str, Any] = {
        key: change(parsed.given[name]) for name, (key, change) in _HOST.items() if name in parsed.given
    }
    host["PortBindings"] = bindings
    host["RestartPolicy"] = restart_policy(parsed.get("restart", "no"))
    if parsed.flag("rm") and host["RestartPolicy"]["Name"] not in ("", "no"):
        raise BadSetting("conflicting options: cannot specify both --restart and --rm")
    host["NetworkMode"] = mode
    host["LogConfig"] = _logging(parsed)
    for name, valid in MODES.items():
        if not valid(parsed.get(name, "")):
            raise BadSetting(f"--{name}: invalid {MODE_NAMES[name]} mode")
    if not -1 <= parsed.get("memory-swappiness", -1) <= 100:
        raise BadSetting(f"invalid value: {parsed.get('memory-swappiness')}. Valid memory swappiness range is 0-100")
    added, dropped = forms.capabilities(parsed.values("cap-add"), parsed.values("cap-drop"))
    host |= {"CapAdd": added or None, "CapDrop": dropped or None}
    host |= _devices(parsed) | _security(parsed) | _mounts(parsed, config)
    return host


# --pid, --uts, --userns and --cgroupns: which values there are, and what docker calls them
MODES: dict[str, Callable[[str], bool]] = {
    "pid": lambda mode: mode in ("", "host") or (mode.startswith("container:") and mode != "container:"),
    "uts": lambda mode: mode in ("", "host"),
    "userns": lambda mode: mode in ("", "host"),
    "cgroupns": lambda mode: mode in ("", "private", "host"),
}
MODE_NAMES = {"pid": "PID", "uts": "UTS", "userns": "USER", "cgroupns": "CGROUP"}


def _logging(parsed: Parsed) -> dict[str, Any]:
    driver, options = parsed.get("log-driver", ""), parsed.values("log-opt")
    if driver == "none" and options:
        raise BadSetting("invalid logging opts for driver none")
    return {"Type": driver, "Config": pairs(options)}


def _storage(words: list[str]) -> dict[str, str]:
    if not all("=" in word for word in words):
        raise BadSetting("invalid storage option")
    return pairs(words)


def _mounts(parsed: Parsed, config: dict[str, Any]) -> dict[str, Any]:
    binds: list[str] = []
    anonymous: dict[str, Any] = {}
    for word in parsed.values("volume"):
        try:
            bind = volume_option(word)
        except ValueError as error:
            raise BadSetting(str(error)) from None
        if bind is None:
            anonymous[word] = {}
        else:
            binds.append(bind)
    config["Volumes"] = anonymous
    mounts = parsed.values("mount")
    if parsed.flag("use-api-socket"):
        mounts.append({"Type": "bind", "Source": _socket(), "Target": "/var/run/docker.sock", "BindOptions": {}})
    return {"Binds": binds or None} | ({"Mounts": mounts} if mounts else {})


def _socket() -> str:
    """The daemon's socket, as this command reaches it."""
    from engine.addresses import default_address

    return (os.environ.get("DOCKER_HOST") or default_address("sim")).removeprefix("unix://")


def _devices(parsed: Parsed) -> dict[str, Any]:
    """Devices of the host, those that a driver hands out, and those that a CDI file describes."""
    named = [word for word in parsed.values("device") if forms.CDI_NAME.fullmatch(word)]
    requests = [parsed.given["gpus"][0]] if "gpus" in parsed.given else []
    if named:
        requests.append({"Driver": "cdi", "DeviceIDs": named})
    try:
        devices = [forms.device(word) for word in parsed.values("device") if word not in named]
    except ValueError as error:
        raise BadSetting(str(error)) from None
    return {"Devices": devices} | ({"DeviceRequests": requests} if requests else {})


def _security(parsed: Parsed) -> dict[str, Any]:
    """A seccomp profile is read here; `systempaths=unconfined` is said by empty lists."""
    kept: list[str] = []
    paths: dict[str, list[str]] = {}
    for word in parsed.values("security-opt"):
        name, equals, value = word.partition("=")
        if not equals and name != "no-new-privileges":
            name, equals, value = word.partition(":")
        if not (equals and value) and name != "no-new-privileges":
            raise BadSetting(f'Invalid --security-opt: "{word}"')
        if word == "systempaths=unconfined":
            paths = {"MaskedPaths": [], "ReadonlyPaths": []}
        elif name == "seccomp" and value not in ("builtin", "unconfined"):
            kept.append(f"seccomp={_profile(value)}")
        else:
            kept.append(word)
    return {"SecurityOpt": kept if kept or paths else None, **paths}


def _profile(name: str) -> str:
    """A file of JSON, made small."""
    try:
        text = Path(name).read_bytes()
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise BadSetting(f"opening seccomp profile ({name}) failed: open {name}: {reason}") from None
    from engine.api.body import parse_json
    from engine.errors import InvalidParameter

    try:
        return json.dumps(parse_json(text), separators=(",", ":"), ensure_ascii=False)
    except InvalidParameter as error:
        reason = error.message.removeprefix("invalid JSON: ")
        raise BadSetting(f"compacting json for seccomp profile ({name}) failed: {reason}") from None


def restart_policy(word: str) -> dict[str, Any]:
    """ "on-failure:3". Raises BadSetting."""
    name, colon, count = word.partition(":")
    if colon and not name:
        raise BadSetting("invalid restart policy format: no policy provided before colon")
    if count and not re.fullmatch(r"[+-]?\d+", count):
        raise BadSetting("invalid restart policy format: maximum retry count must be an integer")
    return {"Name": name, "MaximumRetryCount": int(count or 0)}
