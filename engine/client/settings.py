"""`docker run`'s options as the body of POST /containers/create (docker/cli: cli/command/container/opts.go)."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from engine.client.attachments import networking
from engine.client.commandline import Parsed
from engine.client.mounts import mount_option, volume_option
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
    "cap-add": ("CapAdd", _KEEP),
    "cap-drop": ("CapDrop", _KEEP),
    "dns": ("Dns", _KEEP),
    "dns-option": ("DnsOptions", _KEEP),
    "dns-search": ("DnsSearch", _KEEP),
    "add-host": ("ExtraHosts", lambda hosts: [h.replace("=", ":", 1) for h in hosts]),
    "group-add": ("GroupAdd", _KEEP),
    "link": ("Links", _KEEP),
    "volumes-from": ("VolumesFrom", _KEEP),
    "security-opt": ("SecurityOpt", _KEEP),
    "sysctl": ("Sysctls", lambda words: pairs(words)),
    "storage-opt": ("StorageOpt", lambda words: pairs(words)),
    "annotation": ("Annotations", lambda words: pairs(words)),
    "tmpfs": ("Tmpfs", lambda words: pairs(words, ":")),
    "device": ("Devices", lambda words: [_device(word) for word in words]),
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
    attached = [name.lower() for name in parsed.values("attach")]
    if wrong := [name for name in attached if name not in ("stdin", "stdout", "stderr")]:
        raise BadSetting(
            f'invalid argument "{wrong[0]}" for "-a, --attach" flag: valid streams are STDIN, STDOUT and STDERR'
        )
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
    """--env-file, then -e; a name without = takes its value from the caller's environment, or goes."""
    words = [line for name in parsed.values("env-file") for line in _lines(name)] + parsed.values("env")
    found = []
    for word in words:
        if "=" in word:
            found.append(word)
        elif word in os.environ:
            found.append(f"{word}={os.environ[word]}")
    return found


def labels(parsed: Parsed) -> dict[str, str]:
    return pairs([line for name in parsed.values("label-file") for line in _lines(name)] + parsed.values("label"))


def _lines(name: str) -> list[str]:
    """The entries of an env file: no blanks in front, no comments, no empty lines."""
    try:
        text = Path(name).read_text(encoding="utf-8-sig")
    except OSError as error:
        raise BadSetting(f"open {name}: {(error.strerror or str(error)).lower()}") from None
    except UnicodeDecodeError:
        raise BadSetting(f"env file {name} contains invalid utf8 bytes") from None
    kept = [line.lstrip() for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    for line in kept:
        if any(blank in line.partition("=")[0] for blank in " \t"):
            raise BadSetting(f"invalid env file ({name}): variable '{line.partition('=')[0]}' contains whitespaces")
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
        bindings = port_bindings(parsed.values("publish"))
        exposed = exposed_ports(parsed.values("expose"))
    except ValueError as error:
        raise BadSetting(str(error)) from None
    return {**{port: {} for port in bindings}, **exposed}, bindings


def _host_config(parsed: Parsed, bindings: dict[str, Any], config: dict[str, Any], mode: str) -> dict[str, Any]:
    host: dict[str, Any] = {
        key: change(parsed.given[name]) for name, (key, change) in _HOST.items() if name in parsed.given
    }
    host["PortBindings"] = bindings
    host["RestartPolicy"] = _restart(parsed.get("restart", "no"))
    if parsed.flag("rm") and host["RestartPolicy"]["Name"] not in ("", "no"):
        raise BadSetting("conflicting options: cannot specify both --restart and --rm")
    host["NetworkMode"] = mode
    host["LogConfig"] = {"Type": parsed.get("log-driver", ""), "Config": pairs(parsed.values("log-opt"))}
    binds: list[str] = []
    anonymous: dict[str, Any] = {}
    for word in parsed.values("volume"):
        bind = volume_option(word)
        if bind is None:
            anonymous[word] = {}
        else:
            binds.append(bind)
    host["Binds"] = binds
    config["Volumes"] = anonymous
    try:
        mounts = [mount_option(word) for word in parsed.values("mount")]
    except ValueError as error:
        raise BadSetting(str(error)) from None
    if mounts:
        host["Mounts"] = mounts
    return host


def _restart(word: str) -> dict[str, Any]:
    name, colon, count = word.partition(":")
    if colon and not count.isdigit():
        raise BadSetting("invalid restart policy format: maximum retry count must be an integer")
    return {"Name": name, "MaximumRetryCount": int(count or 0)}


def _device(word: str) -> dict[str, str]:
    source, _, rest = word.partition(":")
    target, _, permissions = rest.partition(":")
    if target and set(target) <= set("rwm"):
        target, permissions = "", target
    return {"PathOnHost": source, "PathInContainer": target or source, "CgroupPermissions": permissions or "rwm"}
