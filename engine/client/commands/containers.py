"""Commands on containers that exist: stop, kill, rm, logs, top and so on."""

from __future__ import annotations

from typing import Any

from engine.client.commandline import Parsed
from engine.client.context import ApiError, Context, Failure
from engine.client.session import show
from engine.client.settings import BadSetting, restart_policy
from engine.client.tables import aligned
from engine.client.times import moment


def _each(context: Context, parsed: Parsed, verb: str, query: dict[str, Any] | None = None) -> int:
    return context.each(parsed.arguments, lambda name: context.api.post(f"/containers/{name}/{verb}", query))


def _grace(parsed: Parsed) -> dict[str, Any]:
    seconds = parsed.get("timeout", parsed.get("time"))
    return {"signal": parsed.get("signal"), "t": None if seconds is None else str(seconds)}


def stop(context: Context, parsed: Parsed) -> int:
    return _each(context, parsed, "stop", _grace(parsed))


def restart(context: Context, parsed: Parsed) -> int:
    return _each(context, parsed, "restart", _grace(parsed))


def kill(context: Context, parsed: Parsed) -> int:
    return _each(context, parsed, "kill", {"signal": parsed.get("signal")})


def pause(context: Context, parsed: Parsed) -> int:
    return _each(context, parsed, "pause")


def unpause(context: Context, parsed: Parsed) -> int:
    return _each(context, parsed, "unpause")


# options of `docker update`, as the API calls them
LIMITS = {
    "blkio-weight": "BlkioWeight", "cpu-period": "CpuPeriod", "cpu-quota": "CpuQuota",
    "cpu-rt-period": "CpuRealtimePeriod", "cpu-rt-runtime": "CpuRealtimeRuntime", "cpu-shares": "CpuShares",
    "cpus": "NanoCpus", "cpuset-cpus": "CpusetCpus", "cpuset-mems": "CpusetMems", "memory": "Memory",
    "memory-reservation": "MemoryReservation", "memory-swap": "MemorySwap", "pids-limit": "PidsLimit",
}  # fmt: skip


def update(context: Context, parsed: Parsed) -> int:
    if not parsed.given:
        raise Failure("you must provide one or more flags when using this command")
    body: dict[str, Any] = {key: parsed.given[name] for name, key in LIMITS.items() if name in parsed.given}
    if policy := parsed.get("restart"):
        try:
            body["RestartPolicy"] = restart_policy(policy)
        except BadSetting as error:
            raise Failure(str(error)) from None
    warnings: list[str] = []
    failed: list[str] = []
    for name in parsed.arguments:
        try:
            warnings += context.api.post(f"/containers/{name}/update", None, body).get("Warnings") or ()
            context.console.out(name)
        except ApiError as error:
            failed.append(f"Error response from daemon: {error}")
    if warnings:
        context.console.out("\n".join(warnings))
    if failed:
        raise Failure("\n".join(failed))
    return 0


def rm(context: Context, parsed: Parsed) -> int:
    query = {"force": parsed.flag("force"), "v": parsed.flag("volumes"), "link": parsed.flag("link")}

    def remove(name: str) -> None:
        context.api.call("DELETE", f"/containers/{name.strip('/')}", query).read()

    force, failed = parsed.flag("force"), 0
    for name in parsed.arguments:
        try:
            remove(name)
            context.console.out(name)
        except ApiError as error:
            context.console.err(f"Error response from daemon: {error}")
            failed |= not (force and error.status == 404)  # what is not there needs no force
    return int(failed)


def rename(context: Context, parsed: Parsed) -> int:
    old, new = (name.strip() for name in parsed.arguments)
    if not old or not new:
        raise Failure("Error: Neither old nor new names may be empty")
    try:
        context.api.post(f"/containers/{old}/rename", {"name": new})
    except ApiError as error:
        context.console.err(f"Error response from daemon: {error}")
        raise Failure(f"Error: failed to rename container named {old}") from None
    return 0


def wait(context: Context, parsed: Parsed) -> int:
    failed = 0
    for name in parsed.arguments:
        try:
            ended = context.api.json("POST", f"/containers/{name}/wait")
            context.console.out(str(ended["StatusCode"]))
        except ApiError as error:
            context.console.err(f"Error response from daemon: {error}")
            failed = 1
    return failed


def port(context: Context, parsed: Parsed) -> int:
    name, wanted = parsed.arguments[0], parsed.arguments[1:]
    ports = context.api.get(f"/containers/{name}/json")["NetworkSettings"]["Ports"] or {}
    if wanted:
        key = wanted[0] if "/" in wanted[0] else f"{wanted[0]}/tcp"
        if not ports.get(key):
            raise Failure(f"no public port '{wanted[0]}' published for {name}")
        lines = [_endpoint(binding) for binding in ports[key]]
    else:
        by_number = sorted(ports.items(), key=lambda item: (int(item[0].split("/")[0]), item[0]))
        lines = [f"{key} -> {_endpoint(binding)}" for key, bindings in by_number for binding in bindings or ()]
    for line in lines:
        context.console.out(line)
    return 0


def _endpoint(binding: dict[str, str]) -> str:
    ip = binding["HostIp"]
    return f"[{ip}]:{binding['HostPort']}" if ":" in ip else f"{ip}:{binding['HostPort']}"


def top(context: Context, parsed: Parsed) -> int:
    name, *options = parsed.arguments
    found = context.api.get(f"/containers/{name}/top", {"ps_args": " ".join(options)})
    rows = ["\t".join(row) for row in [found["Titles"], *found["Processes"]]]
    context.console.out(aligned(rows, minimum=20))
    return 0


def diff(context: Context, parsed: Parsed) -> int:
    for change in context.api.get(f"/containers/{parsed.arguments[0]}/changes") or ():
        context.console.out(f"{'CAD'[change['Kind']]} {change['Path']}")
    return 0


def logs(context: Context, parsed: Parsed) -> int:
    found = context.api.get(f"/containers/{parsed.arguments[0]}/json")
    query = {
        "stdout": True, "stderr": True, "follow": parsed.flag("follow"), "timestamps": parsed.flag("timestamps"),
        "tail": parsed.get("tail", "all"), "details": parsed.flag("details"),
        "since": moment(parsed.get("since"), context.api), "until": moment(parsed.get("until"), context.api),
    }  # fmt: skip
    answer = context.api.call("GET", f"/containers/{found['Id']}/logs", query)
    show(context.console, answer.chunks(), found["Config"]["Tty"])
    return 0
