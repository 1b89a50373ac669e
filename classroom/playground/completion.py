"""What could stand at the cursor: docker's commands and options from their help pages, names from the engine, files."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from engine.client.commandline import Command, UsageError, command, resolve
from engine.client.connection import Api

MOST = 60  # that are offered at once
_COMMAND = re.compile(r"^  ([a-z]+)\*? {2,}\S", re.M)
PLAIN = ("docker", "ls", "cat", "cd", "echo", "edit", "clear", "sleep", "grep", "mkdir", "rm", "cp", "mv",
         "glassdock")  # fmt: skip
# what a command's arguments are, by the first word of its path or by the whole of it
CONTAINERS = {
    "start", "stop", "restart", "kill", "pause", "unpause", "rm", "rename", "wait", "port", "top", "diff", "logs",
    "attach", "exec", "stats", "commit", "export", "update", "container inspect",
}  # fmt: skip
IMAGES = {"run", "create", "rmi", "history", "tag", "save", "push", "image inspect"}
OTHERS = {
    "network rm": "/networks", "network inspect": "/networks", "network connect": "/networks",
    "network disconnect": "/networks", "volume rm": "/volumes", "volume inspect": "/volumes",
}  # fmt: skip
HUB = ("alpine", "busybox", "debian", "hello-world", "httpd", "mysql", "nginx", "node", "postgres", "python", "redis",
       "registry", "ubuntu")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Offer:
    """`options` could stand in place of the text from `start` to the cursor."""

    start: int
    options: list[str]


def complete(text: str, at: int, api: Api, files: Callable[[], Sequence[str]]) -> Offer:
    """`at`: where the cursor is. `files`: asked for where a file could be meant."""
    head = re.split(r"[|;&(\n]", text[:at])[-1].lstrip()
    words = head.split(" ")
    typed = words.pop()
    known = [word for word in words if word]
    start = at - len(typed)
    if not known:
        return _offer(start, typed, PLAIN)
    if known[0] == "glassdock":
        faults = [f"{name}=" for name in api.get("/glassdock/faults")]
        return _offer(start, typed, ["--heal", "--oom", *faults] if len(known) > 1 else ["fault"])
    if known[0] != "docker":
        return _offer(start, typed, files())
    return _offer(start, typed, _docker(known[1:], typed, api, files))


def _offer(start: int, typed: str, all_options: Sequence[str]) -> Offer:
    fitting = dict.fromkeys(option for option in all_options if option.startswith(typed))
    return Offer(start, [*fitting][:MOST])


def _docker(words: list[str], typed: str, api: Api, files: Callable[[], Sequence[str]]) -> Sequence[str]:
    if not words:
        return _COMMAND.findall(command("docker").page)
    try:
        which, rest = resolve(words)
    except UsageError:
        return ()
    if not which.options and _COMMAND.search(which.page) and not rest:
        return _COMMAND.findall(which.page)
    if typed.startswith("-"):
        return [f"--{name}" for name in which.options]
    if _wants_value(which, rest):
        return _values(rest[-1], api)
    return _arguments(which, typed, api, files)


def _wants_value(which: Command, rest: Sequence[str]) -> bool:
    """Is the last word an option that takes one?"""
    if not rest or not rest[-1].startswith("-") or "=" in rest[-1]:
        return False
    last = rest[-1]
    option = which.options.get(last[2:]) if last.startswith("--") else which.by_letter(last[-1])
    return option is not None and option.kind != "bool"


def _values(option: str, api: Api) -> Sequence[str]:
    if option in ("--network", "--net"):
        return [str(row["Name"]) for row in api.get("/networks")]
    if option in ("-v", "--volume"):
        return [f"{row['Name']}:" for row in api.get("/volumes")["Volumes"] or ()]
    return ()


def _arguments(which: Command, typed: str, api: Api, files: Callable[[], Sequence[str]]) -> Sequence[str]:
    path = which.path
    if path in CONTAINERS:
        return _containers(api)
    if path == "cp":
        return [*(f"{name}:" for name in _containers(api)), *files()]
    if path == "inspect":
        return [*_containers(api), *_images(api)]
    if path == "pull":
        return HUB
    if path in IMAGES:
        return [*_images(api), *(HUB if path in ("run", "create") else ())]
    if path in OTHERS:
        rows = api.get(OTHERS[path])
        return [str(row["Name"]) for row in (rows.get("Volumes") or () if isinstance(rows, dict) else rows)]
    return files()


def _containers(api: Api) -> list[str]:
    return [str(row["Names"][0]).lstrip("/") for row in api.get("/containers/json", {"all": "1"})]


def _images(api: Api) -> list[str]:
    return [tag.removesuffix(":latest") for row in api.get("/images/json") for tag in row["RepoTags"] or ()]
